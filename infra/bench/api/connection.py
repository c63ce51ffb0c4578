"""Ask an API over connections that stay open, at as little cost as Python has."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Mapping

import httptools

_FILES = 16_384
Answer = tuple[int, bytes]
"""Status and body; status 0 where the connection broke."""


def raise_file_limit() -> int:
    """Let this process and its children open as many files as a benchmark needs.

    Returns
    -------
    int
        How many they may open.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft


def request(
    method: str, path: str, token: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """Write one request as it goes over the wire.

    Parameters
    ----------
    method, path, body
        What is asked.
    token
        The bearer token.
    headers
        Further headers.
    """
    lines = [
        f"{method} {path} HTTP/1.1",
        "host: 127.0.0.1",
        f"authorization: Bearer {token}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    if body:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connection(asyncio.Protocol):
    """Hold one connection, on which one request after the other is asked."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; called by asyncio."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that nothing more will come; called by asyncio."""
        del exc
        self._transport = None
        self._finish((0, b""))

    def data_received(self, data: bytes) -> None:
        """Read what came; called by asyncio."""
        self._parser.feed_data(data)

    def on_body(self, part: bytes) -> None:
        """Keep a part of the body; called by the parser."""
        self._parts.append(part)

    def on_message_complete(self) -> None:
        """Give the answer; called by the parser."""
        body = b"".join(self._parts)
        self._parts.clear()
        self._finish((self._parser.get_status_code(), body))

    def ask(self, wire: bytes) -> asyncio.Future[Answer]:
        """Send a request that `request` wrote.

        Parameters
        ----------
        wire
            The request.

        Returns
        -------
        Future of Answer
            What came back.
        """
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is None:
            self._finish((0, b""))
            return asyncio.ensure_future(_broken())
        self._transport.write(wire)
        return self._answer

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def _finish(self, answer: Answer) -> None:
        waiting, self._answer = self._answer, None
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)


async def _broken() -> Answer:
    return 0, b""


async def connect(port: int, count: int) -> list[Connection]:
    """Open connections to a port of this machine.

    Parameters
    ----------
    port
        Where the API listens.
    count
        How many.
    """
    loop = asyncio.get_running_loop()
    opened = []
    for _ in range(count):
        _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
        opened.append(connection)
    return opened
