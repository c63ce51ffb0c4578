"""Read the views and the stream of their changes from Redis, and notice what is missing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from schemas.errors import Unavailable

Doc = dict[str, Any]

KEY = "changes"
_ID = re.compile(r"(\d{1,20})-(\d{1,20})", re.ASCII)
_AT_ONCE = 1_000
_ANSWER_S = 2.0
_ALL_S = 30.0
"""Longest time for reading every view, in seconds."""
_CONNECTIONS = 4


class Entry:
    """One entity's state: as JSON, and read where somebody needs that.

    Parameters
    ----------
    raw
        The state as JSON.
    """

    __slots__ = ("_doc", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._doc: Doc | None = None

    @property
    def doc(self) -> Doc:
        """The state, to be looked at and never changed."""
        if self._doc is None:
            self._doc = orjson.loads(self.raw)
        return self._doc


@dataclass(frozen=True)
class Change:
    """One applied change: the state of an entity from then on, or its last one where it is gone."""

    change_id: str
    kind: str
    entity_id: str
    doc: bytes
    removed: bool = False

    @cached_property
    def entry(self) -> Entry:
        """The state, read at most once for all who look at it."""
        return Entry(self.doc)


@dataclass(frozen=True, slots=True)
class Position:
    """Where somebody stands in the stream of changes.

    Attributes
    ----------
    at
        The last change that is known, as the two numbers of its id.
    added
        How many changes had been told when that was read: fewer later mean another Redis.
    """

    at: tuple[int, int] = (0, 0)
    added: int = 0

    @property
    def text(self) -> str:
        """The id of the last change that is known."""
        return f"{self.at[0]}-{self.at[1]}"


@dataclass(frozen=True, slots=True)
class Found:
    """What followed a position, and where it leads; `is_all` where no more was there."""

    changes: list[Change]
    position: Position
    is_all: bool


class Changes:
    """Read the changes of one stack.

    Parameters
    ----------
    url
        The Redis with the views and their changes.
    """

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_ANSWER_S,
            socket_timeout=_ALL_S,
            socket_connect_timeout=_ANSWER_S,
            retry=Retry(NoBackoff(), 1),
            protocol=2,
        )
        self._redis: Any = Redis.from_pool(pool)

    async def since(self, known: Position, upto: Position | None = None) -> Found | None:
        """Return what followed, at most so much at once.

        Parameters
        ----------
        known
            What is known already.
        upto
            The last change that is wanted; None for all.

        Returns
        -------
        Found or None
            None where some of it is lost: everything is to be read again.

        Raises
        ------
        Unavailable
            Redis does not answer.
        """
        last = "+" if upto is None else upto.text
        try:
            async with asyncio.timeout(_ANSWER_S), self._redis.pipeline(transaction=True) as pipe:
                pipe.xinfo_stream(KEY)
                pipe.xrange(KEY, f"({known.text}", last, count=_AT_ONCE)
                facts, entries = await pipe.execute(raise_on_error=False)
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("Redis, which holds the changes, does not answer") from error
        if isinstance(facts, RedisError):
            return _of_none(facts, known)
        if isinstance(entries, RedisError):
            raise Unavailable("Redis, which holds the changes, does not answer") from entries
        if _is_torn(facts, known):
            return None
        added = int(facts.get("entries-added", facts["length"]))
        changes = [_change(raw_id, fields) for raw_id, fields in entries]
        at = _pair(entries[-1][0]) if entries else known.at
        return Found(changes, Position(at, added), len(entries) < _AT_ONCE)

    async def wait(self, known: Position, wait_s: float) -> None:
        """Wait until something follows, or so long.

        Parameters
        ----------
        known
            What is known already.
        wait_s
            How long, in seconds.

        Raises
        ------
        Unavailable
            Redis does not answer.
        """
        try:
            async with asyncio.timeout(wait_s + _ANSWER_S):
                await self._redis.xread(
                    {KEY: known.text}, count=1, block=max(1, int(wait_s * 1000))
                )
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("Redis, which holds the changes, does not answer") from error

    async def everything(
        self, kinds: Iterable[str]
    ) -> tuple[Position, dict[str, dict[str, bytes]]]:
        """Return every state of some kinds, and the change up to which they are known whole.

        Parameters
        ----------
        kinds
            Kinds of views.

        Raises
        ------
        Unavailable
            Redis does not answer.
        """
        names = sorted(kinds)
        try:
            async with asyncio.timeout(_ALL_S), self._redis.pipeline(transaction=True) as pipe:
                pipe.xinfo_stream(KEY)
                for name in names:
                    pipe.hgetall(f"view:{name}")
                facts, *views = await pipe.execute(raise_on_error=False)
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("Redis, which holds the views, does not answer") from error
        if failed := [view for view in views if isinstance(view, RedisError)]:
            raise Unavailable("Redis, which holds the views, cannot be read") from failed[0]
        position = Position()
        if not isinstance(facts, RedisError):
            added = int(facts.get("entries-added", facts["length"]))
            position = Position(_pair(facts["last-generated-id"]), added)
        found = {
            name: {raw.decode("utf-8", "replace"): doc for raw, doc in view.items()}
            for name, view in zip(names, views, strict=True)
        }
        return position, found

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()


def _of_none(error: RedisError, known: Position) -> Found | None:
    """Answer where there is no stream: nothing ever changed, or what changed is lost."""
    if "no such key" not in str(error):
        raise Unavailable("Redis, which holds the changes, cannot be read") from error
    return Found([], known, is_all=True) if known.at == (0, 0) and not known.added else None


def _is_torn(facts: dict[str, Any], known: Position) -> bool:
    """Tell whether changes behind what is known are lost, or another Redis told of other ones."""
    added = int(facts.get("entries-added", facts["length"]))
    last, first = _pair(facts["last-generated-id"]), facts["first-entry"]
    if known.at > last or added < known.added:
        return True
    if known.at == (0, 0) and added == int(facts["length"]):
        return False
    return known.at < (_pair(first[0]) if first else last)


def parse_id(text: str) -> tuple[int, int] | None:
    """Read the id of a change; None where it is none."""
    found = _ID.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else None


def _pair(raw: bytes | str) -> tuple[int, int]:
    text = raw.decode() if isinstance(raw, bytes) else raw
    return parse_id(text) or (0, 0)


def _change(raw_id: bytes, fields: dict[bytes, bytes] | None) -> Change:
    found = fields or {}
    return Change(
        change_id=raw_id.decode(),
        kind=found.get(b"kind", b"").decode("utf-8", "replace"),
        entity_id=found.get(b"id", b"").decode("utf-8", "replace"),
        doc=found.get(b"doc", b""),
        removed=b"removed" in found,
    )
