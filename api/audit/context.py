"""Remember which request is being served, so that what it does can be traced to it."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from typing import Any

from starlette.types import Scope


class Asked:
    """One request, as far as an audit entry names it.

    Parameters
    ----------
    scope
        The connection's.
    """

    __slots__ = ("_scope", "request_id")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.request_id: str | None = None

    @property
    def address(self) -> str | None:
        """The network address that it came from."""
        client: tuple[str, int] | None = self._scope.get("client")
        return client[0] if client else None

    @property
    def route(self) -> str:
        """Its method and route: never its path, which may name people."""
        path: Any = getattr(self._scope.get("route"), "path", "none")
        return f"{self._scope['method']} {path}"

    def name(self) -> str:
        """Return the request's id; it is drawn when first asked for."""
        if self.request_id is None:
            self.request_id = uuid.uuid4().hex
        return self.request_id


ASKED: ContextVar[Asked | None] = ContextVar("asked", default=None)
"""The request that is being served; None in jobs."""
