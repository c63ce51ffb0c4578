"""Read regimes from mappings, and tell which field is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, cast

from pydantic import ValidationError

from schemas.errors import InvalidRegime
from schemas.regimes.book import Book
from schemas.regimes.model import Regime


def read_regime(doc: Mapping[str, Any], *, name: str) -> Regime:
    """Read one regime.

    Parameters
    ----------
    doc
        What a TOML or JSON file holds.
    name
        The file's name, for the error.

    Raises
    ------
    InvalidRegime
        Names the file, the first field that is wrong, and what is expected.
    """
    try:
        return Regime.model_validate(doc)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        more = error.error_count() - 1
        field = _path(doc, first["loc"])
        said = str(first["msg"]).removeprefix("Value error, ")
        also = f" (and {more} more)" if more else ""
        raise InvalidRegime(f"{name}: {field or 'the regime'}: {said}{also}") from None


def parse_regime(text: str, *, name: str) -> Regime:
    """Read one regime from the text of a TOML file.

    Raises
    ------
    InvalidRegime
        It is no TOML, or no regime.
    """
    try:
        doc = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRegime(f"{name}: {error}") from None
    return read_regime(doc, name=name)


@lru_cache(maxsize=1)
def bundled() -> Book:
    """Read the regimes that come with the product: `schemas/regimes/data`."""
    folder = files("schemas.regimes").joinpath("data")
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return Book(
        parse_regime(folder.joinpath(name).read_text(encoding="utf-8"), name=name) for name in found
    )


def _path(doc: Mapping[str, Any], loc: tuple[int | str, ...]) -> str:
    """Write where a field stands: `rules[2].permit`, with the rule's id where it has one."""
    said, node = "", cast("Any", doc)
    for step in loc:
        if isinstance(step, int):
            node = node[step] if isinstance(node, list | tuple) and step < len(node) else {}
            own = node.get("id") if isinstance(node, Mapping) else None
            said += f"[{step}{f' {own}' if isinstance(own, str) else ''}]"
        else:
            node = node.get(step, {}) if isinstance(node, Mapping) else {}
            said += f".{step}" if said else step
    return said
