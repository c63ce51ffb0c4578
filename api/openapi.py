"""Describe the API as OpenAPI 3.1, with how to log in and what errors look like."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.config import COOKIE
from api.devices.trackers import OWN_LOG_IN
from api.identity.recognition import OPEN
from api.links import add_links
from api.mirror import KIND_OF
from api.problems import ProblemDocument

_ABOUT = """Keep harvests moving when rules, roads and checkpoints change by the hour.

A write answers 202 once the broker has acknowledged its events; what they change can be read a
moment later. Every error is a problem document (RFC 9457) with a stable `code`. Send the same
`Idempotency-Key` when you repeat a write."""

_ANY_ID = "entity_id"

_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "For scripts: `harvestlane token --role ROLE [--subject ID]`; for machines, "
        "a key (`hlk_…`) of `POST /v1/keys`.",
    },
    "device": {
        "type": "http",
        "scheme": "basic",
        "description": "For trackers: a key (`hlk_…`) as password, or as the device's name.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "For pages: set by `POST /v1/session` with a one-time code or a password.",
    },
}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description, made once.

    Parameters
    ----------
    app
        The application.
    """
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def _made(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="harvestlane",
        version="1",
        openapi_version="3.1.0",
        summary="Event-driven logistics coordination.",
        description=_ABOUT,
        routes=app.routes,
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    schema = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= schema.pop("$defs", {}) | {"ProblemDocument": schema}
    document["paths"] = _merged(document["paths"])
    add_links(document)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["responses"].pop("422", None)  # among the default's problems
            if path.startswith("/osrm/"):  # open to this machine, to others with a token
                operation["security"] = [{}, {"token": []}, {"session": []}]
                continue
            if path in OWN_LOG_IN:
                operation["security"] = [{"device": []}, {"token": []}]
                continue
            is_open = not path.startswith("/v1/") or (method.upper(), path) in OPEN
            operation["security"] = [] if is_open else [{"token": []}, {"session": []}]
    return document


def _merged(paths: dict[str, Any]) -> dict[str, Any]:
    """Give one address one entry, with the id by its name: a lot's is `lot_id` for every method."""
    merged: dict[str, Any] = {}
    for path, methods in paths.items():
        plural = path.removeprefix("/v1/").partition("/")[0]
        name = f"{KIND_OF.get(plural, 'entity')}_id"
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == _ANY_ID:
                    parameter["name"] = name
        merged.setdefault(path.replace(_ANY_ID, name), {}).update(methods)
    return merged
