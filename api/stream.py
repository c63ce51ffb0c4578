"""Send every change to whoever may see it, as Server-Sent Events that can be resumed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.changes import Change, Follower
from api.desk import Asking, Desk, Route
from api.problems import Problem
from api.reads import visible
from api.sight import Sight
from api.views import KIND_OF
from schemas.errors import Unavailable

router = APIRouter(prefix="/v1", tags=["stream"], route_class=Route)

_SEND_S = 30.0
_RETRY_MS = 2_000
_KINDS = frozenset({*KIND_OF.values(), "command"})

_EXAMPLE = (
    'id: 1629756000000-0\nevent: truck\ndata: {"id":"truck-001","truck_id":"truck-001",…}\n\n'
)


@router.get(
    "/stream",
    summary="Changes as they are applied",
    response_model=None,
    responses={
        200: {
            "description": "One event a change, named by its kind; `removed`: one is no more; "
            "`reset`: read everything anew.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
async def stream(
    asking: Asking,
    last_event_id: Annotated[str | None, Header(max_length=60)] = None,
    kinds: Annotated[
        str | None, Query(max_length=200, description="Only these kinds, with commas.")
    ] = None,
) -> Response:
    """Follow the changes from now on, or from after `Last-Event-ID`."""
    desk = asking.desk
    wanted = frozenset(kinds.split(",")) if kinds else _KINDS
    if not wanted <= _KINDS:
        raise Problem("invalid", f"kinds are {', '.join(sorted(_KINDS))}")
    if desk.open_streams.full:
        raise Problem("streams_full", "too many event streams are open here; try again later")
    await asking.sight.load(desk.views)
    follower = await desk.changes.follow(last_event_id)
    return EventStream(desk, asking.sight, follower, wanted)


class EventStream(Response):
    """Answer with changes until the reader leaves, its log-in ends or the process stops.

    Parameters
    ----------
    desk
        What the process works with.
    sight
        Whose eyes look.
    follower
        Where the changes come from.
    kinds
        Which kinds are wanted.
    """

    media_type = "text/event-stream"

    def __init__(self, desk: Desk, sight: Sight, follower: Follower, kinds: frozenset[str]) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._desk = desk
        self._sight = sight
        self._follower = follower
        self._kinds = kinds
        self._is_over = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        del scope
        start: Message = {
            "type": "http.response.start",
            "status": 200,
            "headers": self.raw_headers,
        }
        await send(start)
        with self._desk.open_streams:
            tasks = [
                asyncio.create_task(work)
                for work in (self._pump(send), _left(receive), self._over())
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._is_over.set()  # a client library may swallow the cancellation
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
        pumped, left, _ = ended
        if isinstance(pumped, Exception) and not isinstance(pumped, TimeoutError | OSError):
            raise pumped
        if not isinstance(pumped, Exception) and left is not None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, send: Send) -> None:
        async for text in self._texts():
            async with asyncio.timeout(_SEND_S):
                await send({"type": "http.response.body", "body": text, "more_body": True})

    async def _over(self) -> None:
        """Wait for the end of the log-in, by time or by somebody's word, or of the process."""
        actor = self._sight.actor
        left_s = max(0.0, actor.expires_at - time.time())
        with self._desk.door.watched(actor) as ended:
            ends = [asyncio.ensure_future(one.wait()) for one in (self._desk.stopping, ended)]
            try:
                await asyncio.wait(ends, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in ends:
                    one.cancel()

    async def _texts(self) -> AsyncIterator[bytes]:
        heartbeat_s = self._desk.config.heartbeat_s
        yield b"retry: %d\n%b" % (_RETRY_MS, self._mark())
        said_at = time.monotonic()
        while not self._is_over.is_set():
            try:
                changes = await self._follower.read(heartbeat_s)
            except Unavailable:
                if self._is_over.is_set():
                    return
                await asyncio.sleep(1)
                changes = []
            if changes is None:
                text = b"event: reset\ndata: {}\n" + self._mark()
            else:
                text = b"".join(self._written(changes))
            if not text and (changes == [] or time.monotonic() - said_at >= heartbeat_s):
                text = b": still here\n" + self._mark()
            if text:
                yield text
                said_at = time.monotonic()

    def _mark(self) -> bytes:
        """Tell the position alone: browsers keep it for `Last-Event-ID` and raise no event."""
        return b"id: %b\n\n" % self._follower.position.encode()

    def _written(self, changes: list[Change]) -> Iterator[bytes]:
        for change in changes:
            if change.kind not in _KINDS or not change.doc.startswith(b"{"):
                continue
            seen = visible(self._sight, change.kind, change.entity_id, change.doc)
            if seen is None or change.kind not in self._kinds:
                continue
            name, data = change.kind.encode(), seen.replace(b"\n", b"").replace(b"\r", b"")
            if change.removed:
                name = b"removed"
                data = orjson.dumps({"kind": change.kind, "id": change.entity_id})
            yield b"id: %b\nevent: %b\ndata: %b\n\n" % (change.change_id.encode(), name, data)


async def _left(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
