"""Tell changes to all who follow them: written once for all who see the same, together in turns.

A *channel* is what everybody with the same rights hears. A turn writes what changed since the last
one, of each entity the latest state only, and every follower sends the same bytes. Whoever is too
slow falls out of the turns that are kept, and is let go; nobody waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

import orjson

from api.changes import Change
from api.mirror import KINDS
from api.sight import Sight
from api.tokens import Actor
from api.views import RedisViews
from schemas.errors import Unavailable

_log = logging.getLogger(__name__)

TURN_S = 0.4
"""Shortest time between two turns: a change after a quiet time is told at once."""
KEPT_BYTES = 4 << 20
"""So much of what was told is kept for those who have not sent it yet, in each channel."""
_LOOK_S = 0.05
"""Shortest time between two looks at Redis."""
_RETRY_S = 1.0


Waiting = dict[tuple[str, str, bool], bytes]
"""What is to be told: by kind and id the latest state, and apart that an entity was removed."""


class Channel:
    """What everybody with the same rights, who wants the same kinds, hears.

    Parameters
    ----------
    sight
        Whose eyes look.
    kinds
        Which kinds are wanted.
    position
        The id of the last change that is not told any more.
    """

    def __init__(self, sight: Sight, kinds: frozenset[str], position: str) -> None:
        self.sight = sight
        self.kinds = kinds
        self.followers = 0
        self._position = position
        self._waiting: Waiting = {}
        self._turns: deque[bytes] = deque()
        self._first = 0
        self._size = 0
        self._told_at = time.monotonic()
        self._turned = asyncio.Event()
        self._loading = asyncio.Lock()
        self._is_loaded = False

    async def load(self, views: RedisViews) -> None:
        """Learn once what is the channel's own; changes are heard meanwhile.

        Parameters
        ----------
        views
            Where to read.
        """
        async with self._loading:
            if not self._is_loaded:
                await self.sight.load(views)
                self._is_loaded = True

    @property
    def position(self) -> str:
        """The id of the last change that was looked at."""
        return self._position

    @property
    def end(self) -> int:
        """The number of the next turn."""
        return self._first + len(self._turns)

    def hear(self, changes: Sequence[Change]) -> None:
        """Keep what the channel may see of changes until the next turn.

        Parameters
        ----------
        changes
            In their order.
        """
        for change in changes:
            if text := told(change, self.sight, self.kinds):
                put_last(self._waiting, change, text)
        self._position = changes[-1].change_id

    def turn(self, *, after_s: float) -> None:
        """Tell what waits; or, after so long a silence, that one is still here.

        Parameters
        ----------
        after_s
            How long nothing may be told, in seconds.
        """
        if self._waiting:
            self._tell(b"".join(self._waiting.values()))
            self._waiting.clear()
        elif time.monotonic() - self._told_at >= after_s:
            self._tell(b": still here\n" + mark(self._position))

    def reset(self, sight: Sight, position: str) -> None:
        """Tell everybody to read all anew.

        Parameters
        ----------
        sight
            The same eyes, knowing what is their own by now.
        position
            The id of the last change that is in what they will read.
        """
        self.sight, self._position = sight, position
        self._waiting.clear()
        self._tell(RESET + mark(position))

    def since(self, turn: int) -> bytes | None:
        """Return everything from a turn on; None where some of it is kept no more.

        Parameters
        ----------
        turn
            Its number.
        """
        if turn < self._first:
            return None
        if turn == self.end - 1:
            return self._turns[-1]
        return b"".join(list(self._turns)[turn - self._first :])

    async def wait(self) -> None:
        """Wait for the next turn."""
        await self._turned.wait()

    def _tell(self, text: bytes) -> None:
        self._turns.append(text)
        self._size += len(text)
        while self._size > KEPT_BYTES and len(self._turns) > 1:
            self._size -= len(self._turns.popleft())
            self._first += 1
        self._told_at = time.monotonic()
        self._turned.set()
        self._turned = asyncio.Event()


class Hub:
    """Follow the changes for as long as anybody wants to hear of them.

    Parameters
    ----------
    views
        The views, which are brought up to date on the way.
    heartbeat_s
        Silence after which a sign of life is told, in seconds.
    """

    def __init__(self, views: RedisViews, heartbeat_s: float) -> None:
        self._views = views
        self._heartbeat_s = heartbeat_s
        self._channels: dict[tuple[Actor, frozenset[str]], Channel] = {}
        self._works: list[asyncio.Task[None]] = []
        self._dirty = asyncio.Event()
        self._is_torn = False

    async def join(self, sight: Sight, kinds: frozenset[str]) -> Channel:
        """Let somebody follow from now on; to be left again.

        Parameters
        ----------
        sight
            Whose eyes look.
        kinds
            Which kinds are wanted.

        Raises
        ------
        Unavailable
            Redis does not answer.
        """
        mirror = await self._views.mirror.fresh()
        key = (_rights(sight.actor), kinds)
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(Sight(sight.actor), kinds, mirror.position)
        channel.followers += 1
        if not self._works:
            mirror.listen(self._heard)
            self._works = [asyncio.create_task(work) for work in (self._follow(), self._turns())]
        try:
            await channel.load(self._views)
        except BaseException:
            self.leave(channel)
            raise
        return channel

    def leave(self, channel: Channel) -> None:
        """Follow a channel no more.

        Parameters
        ----------
        channel
            As `join` gave it.
        """
        channel.followers -= 1
        if channel.followers:
            return
        self._channels = {key: one for key, one in self._channels.items() if one.followers}
        if not self._channels:
            self._stop()

    async def close(self) -> None:
        """Stop to follow."""
        works = self._works
        self._stop()
        await asyncio.gather(*works, return_exceptions=True)

    def _stop(self) -> None:
        if self._works:
            self._views.mirror.unlisten(self._heard)
        for work in self._works:
            work.cancel()
        self._works = []

    def _heard(self, changes: Sequence[Change] | None) -> None:
        if changes is None:
            self._is_torn = True
        else:
            for channel in self._channels.values():
                channel.hear(changes)
        self._dirty.set()

    async def _reset(self) -> None:
        self._is_torn = False
        for channel in list(self._channels.values()):
            eyes = Sight(channel.sight.actor)
            with contextlib.suppress(Unavailable):
                await eyes.load(self._views)
            channel.reset(eyes, self._views.mirror.position)

    async def _follow(self) -> None:
        mirror = self._views.mirror
        while True:
            try:
                await self._views.changes.wait(mirror.standing, self._heartbeat_s)
                await mirror.fresh()
                await asyncio.sleep(_LOOK_S)
            except Unavailable as error:
                _log.info("the changes cannot be followed now: %s", error)
                await asyncio.sleep(_RETRY_S)

    async def _turns(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._heartbeat_s):
                    await self._dirty.wait()
            self._dirty.clear()
            if self._is_torn:
                await self._reset()
            for channel in list(self._channels.values()):
                channel.turn(after_s=self._heartbeat_s)
            await asyncio.sleep(min(TURN_S, self._heartbeat_s))


def put_last(waiting: Waiting, change: Change, text: bytes) -> None:
    """Let a change stand for all that is to be told of its entity.

    A state behind a removal does not stand for it: its version begins anew, and whoever has not
    heard that the old one is gone would take it for something older.

    Parameters
    ----------
    waiting
        What is to be told, in the order of the changes.
    change, text
        The latest change of all, and how it is told.
    """
    key = (change.kind, change.entity_id)
    waiting.pop((*key, False), None)
    if change.removed:
        waiting.pop((*key, True), None)
    waiting[*key, change.removed] = text


RESET = b"event: reset\ndata: {}\n"


def mark(position: str) -> bytes:
    """Tell a position alone: browsers keep it for `Last-Event-ID` and raise no event.

    Parameters
    ----------
    position
        The id of a change.
    """
    return b"id: %b\n\n" % position.encode()


def told(change: Change, sight: Sight, kinds: Iterable[str]) -> bytes:
    """Write a change as an event of the stream; empty where it is not to be seen.

    Parameters
    ----------
    change
        What changed.
    sight
        Whose eyes look; it learns from all changes, also from those of kinds that are not wanted.
    kinds
        Which kinds are wanted.
    """
    if change.kind not in KINDS:
        return b""
    if sight.is_whole:
        seen = change.doc
    else:
        shown = sight.show(change.kind, change.entity_id, change.entry.doc)
        seen = b"" if shown is None else orjson.dumps(shown)
    if not seen or change.kind not in kinds:
        return b""
    name, data = change.kind.encode(), with_id(change.entity_id, seen)
    if change.removed:
        name = b"removed"
        data = orjson.dumps({"kind": change.kind, "id": change.entity_id})
    if b"\n" in data or b"\r" in data:
        data = data.replace(b"\n", b"").replace(b"\r", b"")
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (change.change_id.encode(), name, data)


def with_id(entity_id: str, raw: bytes) -> bytes:
    """Put the id first into a JSON object, without reading it.

    Parameters
    ----------
    entity_id
        The id.
    raw
        The object.
    """
    rest = raw.lstrip()[1:].lstrip()
    comma = b"" if rest.startswith(b"}") else b","
    return b'{"id":' + orjson.dumps(entity_id) + comma + rest


def _rights(actor: Actor) -> Actor:
    """Leave of an actor what decides about what is seen."""
    return replace(
        actor, expires_at=0.0, token_id="", page="/", session_id=None, key_id=None, user_id=None
    )
