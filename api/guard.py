"""Stand before the application: know who asks, bound what comes in, harden what goes out."""

from __future__ import annotations

import asyncio
import logging
import time
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.audit import note
from api.audit.context import ASKED, Asked
from api.config import MOST_BODY_BYTES, MOST_FILE_BYTES
from api.depth import refuse_deep
from api.desk import Desk
from api.devices.positions import LINES
from api.devices.trackers import OWN_LOG_IN
from api.identity.recognition import OPEN, recognise, refuse_without_password
from api.problems import Problem, answer
from api.rights import refuse_outside_scopes

_log = logging.getLogger("api.requests")

_BODY_S = 15.0
_STREAM = "/v1/stream"
_FILES = "/v1/imports/"
_ASKED_ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})
"""Machines ask these every other second; a log that people read need not say so, nor of reads."""

SECURITY_HEADERS = {
    # the map engine runs its worker from a blob and draws images from blobs and data
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "connect-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; "
        "child-src blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
}
_HEADERS = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_DATA_HEADERS = [*_HEADERS, (b"cache-control", b"no-store")]
_ONLY_TLS = {"strict-transport-security": "max-age=31536000"}


class Guard:
    """Wrap an application.

    Parameters
    ----------
    app
        What to guard.
    desk
        What the process works with.
    """

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Asked(scope)
        ASKED.set(asked)
        is_tls = scope.get("scheme") == "https"
        reply = _Reply(send, asked, is_data=scope["path"].startswith("/v1/"), is_tls=is_tls)
        started = time.perf_counter()
        try:
            await self._serve(scope, receive, reply)
        except Problem as problem:
            await self._refuse(problem, scope, receive, reply)
        except Exception:
            _log.exception("a request failed")
            if reply.status and not reply.is_whole:
                raise
            if not reply.status:
                detail = "something went wrong here; it was written to the log"
                await self._refuse(Problem("internal", detail), scope, receive, reply)
        finally:
            if reply.status == 403 and "actor" in scope:
                self._remember_refusal(scope)
            self._note(scope, reply.status, time.perf_counter() - started)

    async def _serve(self, scope: Scope, receive: Receive, send: _Reply) -> None:
        method, path = scope["method"], scope["path"]
        headers = Headers(scope=scope)
        if path.startswith("/v1/") and (method, path) not in OPEN and path not in OWN_LOG_IN:
            found = await recognise(self._desk, method, headers, is_tls=send.is_tls)
            send.cookies = found.cookies
            scope["actor"] = found.actor
            self._desk.door.attempts.take(found.actor)
            refuse_without_password(found.actor, path)
            refuse_outside_scopes(found.actor, method, path)
        if method in {"POST", "PATCH", "PUT", "DELETE"} and not _is_streamed(path, headers):
            most = MOST_FILE_BYTES if path.startswith(_FILES) else MOST_BODY_BYTES
            body = await _body(headers, receive, most)
            refuse_deep(headers.get("content-type", ""), body)
            receive = _Replay(body, receive)
        await self._app(scope, receive, send)

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        said = answer(
            problem,
            instance=quote(scope["path"]),
            accept_language=Headers(scope=scope).get("accept-language"),
        )
        await said(scope, receive, send)

    def _remember_refusal(self, scope: Scope) -> None:
        """Write down that somebody known was refused; the same a minute long only once."""
        actor = scope["actor"]
        note(self._desk, actor, "access.refused", once_for=f"{actor.name} {actor.user_id}")

    def _note(self, scope: Scope, status: int, took_s: float) -> None:
        """Count and log by the route, never by the path or query: these may name people."""
        route = getattr(scope.get("route"), "path", "none")
        self._desk.metrics.requests.labels(scope["method"], route, status).inc()
        if route != _STREAM:
            self._desk.metrics.seconds.labels(route).observe(took_s)
        is_quiet = scope["method"] == "GET" or route in _ASKED_ALWAYS
        level = logging.DEBUG if is_quiet and status < 400 else logging.INFO
        _log.log(level, "%s %s %d %.0f ms", scope["method"], route, status, took_s * 1000)


class _Reply:
    """Send on, with the headers that every answer has."""

    def __init__(self, send: Send, asked: Asked, *, is_data: bool, is_tls: bool) -> None:
        self._send = send
        self._asked = asked
        self._is_data = is_data
        self.is_tls = is_tls
        self.cookies: tuple[str, ...] = ()
        self.status = 0
        self.is_whole = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = {name for name, _ in message["headers"]}
            always = _DATA_HEADERS if self._is_data else _HEADERS
            more = [pair for pair in always if pair[0] not in given]
            message["headers"] = [*message["headers"], *more]
            headers = MutableHeaders(scope=message)
            if self._asked.request_id is not None:  # it stands in the audit log
                request_id = self._asked.request_id.encode()
                message["headers"].append((b"x-request-id", request_id))
            if self.is_tls:
                headers.update(_ONLY_TLS)
            if "set-cookie" not in headers:  # else the answer itself logs in or out
                for cookie in self.cookies:
                    headers.append("set-cookie", cookie)
        await self._send(message)
        if message["type"] == "http.response.body":
            self.is_whole = not message.get("more_body", False)


class _Replay:
    """Give a body that was read already, then listen on."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        message = {"type": "http.request", "body": self._body, "more_body": False}
        self._body = None
        return message


def _is_streamed(path: str, headers: Headers) -> bool:
    """Tell whether a body is read as it comes, with bounds of its own (`api.devices.lines`)."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    return path == "/v1/positions" and media == LINES


async def _body(headers: Headers, receive: Receive, most: int) -> bytes:
    told = headers.get("content-length", "0")
    if told.isdigit() and int(told[:20]) > most:
        raise _too_large(most)
    parts, size = [], 0
    try:
        async with asyncio.timeout(_BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Problem("bad_request", "the client left before its request was whole")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > most:
                    raise _too_large(most)
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise Problem("bad_request", "the body took too long to arrive") from None


def _too_large(most: int) -> Problem:
    return Problem("too_large", f"a body holds at most {most} bytes; send less at once")
