"""Say which methods an address takes, by all of its routes and not the first alone."""

from __future__ import annotations

import re

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

_PARAMETER = re.compile(r"\{[^}]*\}")


def methods_of(app: FastAPI, path: str) -> list[str]:
    """Name the methods of an address, in their order; none where there is no such address.

    Parameters
    ----------
    app
        The application.
    path
        What was asked for. Of `/assignments/{id}/accept` and `/assignments/{id}`, whose id may
        hold a slash, the one that says more of it counts.
    """
    found: dict[int, set[str]] = {}
    for context in iter_route_contexts(app.routes):
        route = context.route
        template, methods = getattr(route, "path", None), getattr(route, "methods", None)
        if template and methods and compile_path(template)[0].match(path):
            said = len(_PARAMETER.sub("", template))
            found.setdefault(said, set()).update(methods)
    return sorted(found[max(found)]) if found else []
