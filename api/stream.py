"""Send every change to whoever may see it, as Server-Sent Events that can be resumed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.changes import Position, parse_id
from api.desk import Asking, Desk, Route
from api.hub import RESET, Channel, Waiting, mark, put_last, told
from api.mirror import KINDS
from api.problems import Problem
from api.sight import Sight

router = APIRouter(prefix="/v1", tags=["stream"], route_class=Route)

_log = logging.getLogger(__name__)
_SEND_S = 30.0
_RETRY_MS = 2_000
_AT_ONCE = 200

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
    wanted = frozenset(kinds.split(",")) if kinds else KINDS
    if not wanted <= KINDS:
        raise Problem("invalid", f"kinds are {', '.join(sorted(KINDS))}")
    if desk.open_streams.full:
        raise Problem("streams_full", "too many event streams are open here; try again later")
    channel = await desk.hub.join(asking.sight, wanted)
    return EventStream(desk, asking.sight, channel, last_event_id)


class EventStream(Response):
    """Answer with changes until the reader leaves, its log-in ends or the process stops.

    Parameters
    ----------
    desk
        What the process works with.
    sight
        Whose eyes look.
    channel
        What they hear; left when the stream ends.
    last_event_id
        The last change that the reader knows; None for those from now on.
    """

    media_type = "text/event-stream"

    def __init__(
        self, desk: Desk, sight: Sight, channel: Channel, last_event_id: str | None
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._desk = desk
        self._sight = sight
        self._channel = channel
        self._last = last_event_id
        self._is_over = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        del scope
        start: Message = {
            "type": "http.response.start",
            "status": 200,
            "headers": self.raw_headers,
        }
        try:
            await send(start)
            with self._desk.open_streams:
                await self._serve(receive, send)
        finally:
            self._desk.hub.leave(self._channel)

    async def _serve(self, receive: Receive, send: Send) -> None:
        works = (self._pump(send), _left(receive), self._over())
        tasks = [asyncio.create_task(work) for work in works]
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
        channel = self._channel
        turn, position = channel.end, channel.position
        yield b"retry: %d\n" % _RETRY_MS + (mark(position) if self._last is None else b"\n")
        if self._last is not None:
            async for text in self._missed(self._last, position):
                yield text
            yield mark(position)
        while not self._is_over.is_set():
            if turn == channel.end:
                await channel.wait()
                continue
            found = channel.since(turn)
            if found is None:
                _log.info("a reader of the stream was too slow and was let go")
                return
            turn = channel.end
            yield found

    async def _missed(self, last: str, position: str) -> AsyncIterator[bytes]:
        """Tell what changed since a reader left, of each entity the latest, or to read all anew."""
        known, upto = parse_id(last), parse_id(position)
        if known is None or upto is None or known > upto:
            yield RESET
            return
        eyes = Sight(self._sight.actor)
        await eyes.load(self._desk.views)
        place = Position(known)
        latest: Waiting = {}
        while place.at < upto:
            found = await self._desk.views.changes.since(place, Position(upto))
            if found is None:
                yield RESET
                return
            for change in found.changes:
                if text := told(change, eyes, self._channel.kinds):
                    put_last(latest, change, text)
            place = found.position
            if found.is_all:
                break
        texts = list(latest.values())
        for at in range(0, len(texts), _AT_ONCE):
            yield b"".join(texts[at : at + _AT_ONCE])


async def _left(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
