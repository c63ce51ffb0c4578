"""Send the head and the body of an answer at once: each write is a call to the system."""

from __future__ import annotations

import asyncio
from typing import Any

from api.connections import BoundedProtocol

_MOST_BYTES = 64 << 10


class Corked(BoundedProtocol):
    """The bounded protocol, over a transport that gathers what one turn of the loop writes."""

    def connection_made(self, transport: Any) -> None:
        """Take the transport; called by asyncio."""
        super().connection_made(_Cork(transport, self.loop))  # type: ignore[arg-type]


class _Cork:
    """A transport that writes at the end of the loop's turn, or once there is much to write."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > _MOST_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        if parts:
            self._transport.write(b"".join(parts))
