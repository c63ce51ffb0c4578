"""Bound what a connection sends before its request is known: in bytes, and in time."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.guard import SECURITY_HEADERS
from api.problems import Problem, answer

MOST_HEAD_BYTES = 98_304
"""Longest head, address and headers together; clients of OSRM write every point into it."""
_PER_HEADER = 4  # `: ` and the end of its line


class BoundedProtocol(HttpToolsProtocol):
    """Speak HTTP as uvicorn does, but wait for no head without end.

    httptools refuses what two servers could read differently; it does not count, and uvicorn waits
    for a first request as long as its sender likes.
    """

    head_s = 20.0
    """How long a head may take to arrive, in seconds."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._is_in_head = False
        self._head_bytes = 0
        self._deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came in, unless the head that it belongs to is too long by now."""
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        super().data_received(data)
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(_too_long())

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._is_in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Hand the request on, if its head is short enough."""
        self._is_in_head = False
        self._stop_waiting()
        size = sum(len(name) + len(value) + _PER_HEADER for name, value in self.headers)
        if size + len(self.url) > MOST_HEAD_BYTES:
            self._refuse(_too_long())
            raise ValueError  # the parser stops
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or may be read in two ways."""
        self._refuse(Problem("bad_request", msg))

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_s, self._close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self) -> None:
        self._deadline = None
        self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        if self.transport.is_closing():
            return
        if self._is_heard():
            self._answer(problem)
        self.transport.close()

    def _is_heard(self) -> bool:
        """Tell whether an answer now could not be taken for an earlier request's."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return True
        return cycle.more_body and not cycle.response_started

    def _answer(self, problem: Problem) -> None:
        said = answer(problem, instance="/")
        said.headers.update({**SECURITY_HEADERS, "connection": "close"})
        status = HTTPStatus(said.status_code)
        lines = [f"HTTP/1.1 {status} {status.phrase}".encode()]
        lines += [name + b": " + value for name, value in said.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(said.body)]))


def _too_long() -> Problem:
    detail = f"address and headers hold at most {MOST_HEAD_BYTES} bytes"
    return Problem("head_too_large", detail)
