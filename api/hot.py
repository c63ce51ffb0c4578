"""Find the busiest routes at once, where the others are looked for one after another."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

_ITEM = "{entity_id:path}"


class HotRoutes(BaseRoute):
    """Stand before all other routes and take what is asked for most: exact paths and single items.

    A third of a read's time went into looking for its route among sixty (cProfile of 9,000 reads).
    What is not found here is looked for as ever.

    Parameters
    ----------
    routes
        Routes without a variable part, or with an item's id as their last part.
    """

    def __init__(self, routes: Iterable[APIRoute]) -> None:
        self._exact: dict[tuple[str, str], APIRoute] = {}
        self._items: dict[tuple[str, str], APIRoute] = {}
        for route in routes:
            known = self._items if route.path.endswith(_ITEM) else self._exact
            path = route.path.removesuffix(_ITEM)
            if "{" not in path:
                known.update({(method, path): route for method in route.methods or ()})

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for one of these routes."""
        if scope["type"] != "http":
            return Match.NONE, {}
        method, path = scope["method"], scope["path"]
        parameters: dict[str, str] = {}
        route = self._exact.get((method, path))
        if route is None:
            start, _, entity_id = path.rpartition("/")
            route = self._items.get((method, start + "/"))
            parameters["entity_id"] = entity_id
            if route is None or not entity_id:
                return Match.NONE, {}
        found = {"endpoint": route.endpoint, "path_params": parameters, "route": route}
        return Match.FULL, found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was found answer."""
        await scope["route"].handle(scope, receive, send)
