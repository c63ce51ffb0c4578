"""Write the API's description and the typed clients made of it; `make clients` runs this."""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from infra.settings import PROJECT

DESCRIPTION = PROJECT / "docs" / "openapi.json"
PYTHON = PROJECT / "api" / "clients" / "python"
TYPESCRIPT = PROJECT / "api" / "clients" / "typescript" / "schema.d.ts"
_PAGES = PROJECT / "api" / "pages"

_HEAD = '''"""Call each operation of the API; made by `make clients` of `docs/openapi.json`."""

from __future__ import annotations

from typing import Any

import httpx

from api.clients.python import models
from api.clients.python.core import Caller, read


class Client(Caller):
    """One method for each operation, by the name of its `operationId`."""
'''
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


def description() -> dict[str, Any]:
    """Return the API's description, as `/openapi.json` answers it."""
    from api.app import create_app  # noqa: PLC0415 - heavy
    from api.config import ApiConfig  # noqa: PLC0415

    nowhere = ApiConfig(
        bootstrap="127.0.0.1:1",
        redis_url="redis://127.0.0.1:1/0",
        secret=bytes(32),
        network_dir=Path("none"),
        pages_dir=Path("none"),
    )
    document: dict[str, Any] = create_app(nowhere).openapi()
    return document


def written(document: dict[str, Any]) -> str:
    """Write a description as text, one thing a line.

    Parameters
    ----------
    document
        The description.
    """
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def models() -> str:
    """Return the models of the description that is written, as Python."""
    options = [
        *("--input-file-type", "openapi", "--openapi-scopes", "schemas"),
        *("--output-model-type", "pydantic_v2.BaseModel", "--target-python-version", "3.11"),
        *("--enum-field-as-literal", "all", "--collapse-root-models", "--use-annotated"),
        *("--use-standard-collections", "--use-union-operator", "--use-double-quotes"),
        *("--disable-timestamp", "--formatters", "builtin"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "models.py"
        files = ["--input", str(DESCRIPTION), "--output", str(out)]
        run = [sys.executable, "-m", "datamodel_code_generator", *files, *options]
        subprocess.run(run, check=True)  # noqa: S603 - our own tool
        return out.read_text(encoding="utf-8")


def operations(document: dict[str, Any]) -> str:
    """Return a method for each operation of a description, as Python.

    Parameters
    ----------
    document
        The description.
    """
    methods = [
        _method(verb.upper(), path, operation)
        for path, verbs in sorted(document["paths"].items())
        for verb, operation in sorted(verbs.items())
        if operation["operationId"] != "stream"  # it never ends
    ]
    return _HEAD + "\n".join(methods)


def _method(verb: str, path: str, operation: dict[str, Any]) -> str:
    told = operation.get("parameters", ())
    ids, query, headers = (
        [one for one in told if one["in"] == place] for place in ("path", "query", "header")
    )
    arguments = ["self", *(f"{_name(one['name'])}: str" for one in ids)]
    body = operation.get("requestBody")
    if body is not None:
        arguments.append(f"body: {_body(body)}")
    named = [*query, *headers]
    if named:
        arguments.append("*")
        arguments += [f"{_name(one['name'])}: {_type(one)} | None = None" for one in named]
    answer = _answer(operation)
    begin, end = (f"return read(models.{answer}, ", ")") if answer else ("return ", "")
    return f"""
    def {operation["operationId"]}({", ".join(arguments)}) -> {_returned(answer)}:
        \"\"\"{operation["summary"]}.\"\"\"
        {begin}self._send(
            "{verb}",
            "{path}",
            {_mapping(ids)},
            query={_mapping(query)},
            headers={_mapping(headers)},{" body=body," if body is not None else ""}
        ){end}
"""


def _mapping(parameters: list[dict[str, Any]]) -> str:
    pairs = (f'"{one["name"]}": {_name(one["name"])}' for one in parameters)
    return "{" + ", ".join(pairs) + "}"


def _name(told: str) -> str:
    name = re.sub(r"\W", "_", told).lower()
    return f"{name}_" if keyword.iskeyword(name) or name in {"self", "body"} else name


def _type(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    kinds = {one.get("type", "string") for one in schema.get("anyOf", [schema])} - {"null"}
    return " | ".join(sorted(_TYPES.get(kind, "Any") for kind in kinds))


def _body(body: dict[str, Any]) -> str:
    schema = body["content"].get("application/json", {}).get("schema", {})
    found = [_model(one) for one in schema.get("anyOf", [schema])]
    named = [f"models.{name}" for name in found if name]
    kind = " | ".join([*named, "dict[str, Any]"]) if named else "Any"
    return kind if body.get("required") else f"{kind} | None = None"


def _answer(operation: dict[str, Any]) -> str | None:
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            return _model(schema)
    return None


def _model(schema: dict[str, Any]) -> str | None:
    name: str = schema.get("$ref", "").rpartition("/")[2].replace("-", "")
    return name or None


def _returned(answer: str | None) -> str:
    return f"models.{answer}" if answer else "httpx.Response"


def formatted(code: str) -> str:
    """Return Python code as our own is laid out.

    Parameters
    ----------
    code
        The code.
    """
    run = [sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename", "x.py", "-"]
    done = subprocess.run(  # noqa: S603 - our own tool
        run, input=code, capture_output=True, check=True, text=True, cwd=PROJECT
    )
    return done.stdout


def main() -> None:
    """Write everything anew."""
    document = description()
    DESCRIPTION.write_text(written(document), encoding="utf-8")
    (PYTHON / "models.py").write_text(formatted(models()), encoding="utf-8")
    (PYTHON / "operations.py").write_text(formatted(operations(document)), encoding="utf-8")
    subprocess.run(  # noqa: S603 - our own tool
        ["npx", "openapi-typescript", str(DESCRIPTION), "-o", str(TYPESCRIPT)],  # noqa: S607
        cwd=_PAGES,
        check=True,
    )


if __name__ == "__main__":
    main()
