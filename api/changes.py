"""Follow the stream of changes in Redis, and notice when it cannot be followed on."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from schemas.errors import Unavailable

KEY = "changes"
START = "0-0"
_ID = re.compile(r"(\d{1,20})-(\d{1,20})", re.ASCII)
_AT_ONCE = 200
_ANSWER_S = 2.0


@dataclass(frozen=True, slots=True)
class Change:
    """One applied change: the state of an entity from then on, or its last one where it is gone."""

    change_id: str
    kind: str
    entity_id: str
    doc: bytes
    removed: bool = False


@dataclass(frozen=True, slots=True)
class _Facts:
    first: tuple[int, int] | None
    last: tuple[int, int]
    length: int
    added: int


class Changes:
    """Give every follower a connection of its own, so that a slow one waits for itself only.

    Parameters
    ----------
    url
        The Redis with the changes.
    most
        How many followers there can be.
    """

    def __init__(self, url: str, most: int) -> None:
        pool = ConnectionPool.from_url(
            url,
            max_connections=most + 1,
            socket_timeout=30,
            socket_connect_timeout=_ANSWER_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._redis: Any = Redis.from_pool(pool)

    async def follow(self, after: str | None) -> Follower:
        """Start to follow.

        Parameters
        ----------
        after
            The id of the last change that is known already; None for those from now on.

        Raises
        ------
        Unavailable
            Redis does not answer.
        """
        facts = await self._facts()
        now = facts.last if facts else (0, 0)
        if after is None:
            return Follower(self, now, facts.added if facts else 0)
        known = parse_id(after)
        return Follower(self, known if known is not None else (-1, 0), 0)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def _facts(self) -> _Facts | None:
        try:
            async with asyncio.timeout(_ANSWER_S):
                found = await self._redis.xinfo_stream(KEY)
        except (RedisError, OSError, TimeoutError) as error:
            if isinstance(error, ResponseError) and "no such key" in str(error):
                return None
            raise Unavailable("Redis, which holds the changes, does not answer") from error
        first = found["first-entry"]
        return _Facts(
            first=_pair(first[0]) if first else None,
            last=_pair(found["last-generated-id"]),
            length=int(found["length"]),
            added=int(found.get("entries-added", found["length"])),
        )

    async def _read(self, after: tuple[int, int], wait_s: float) -> list[Change]:
        try:
            async with asyncio.timeout(wait_s + _ANSWER_S):
                found = await self._redis.xread(
                    {KEY: _text(after)}, count=_AT_ONCE, block=max(1, int(wait_s * 1000))
                )
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("Redis, which holds the changes, does not answer") from error
        return [_change(raw_id, fields) for _, entries in found or () for raw_id, fields in entries]


class Follower:
    """Read changes one after another; made by `Changes.follow`."""

    def __init__(self, changes: Changes, at: tuple[int, int], added: int) -> None:
        self._changes = changes
        self._at = at
        self._added = added

    @property
    def position(self) -> str:
        """The id of the last change read."""
        return _text(self._at)

    async def read(self, wait_s: float) -> list[Change] | None:
        """Wait for the next changes.

        Parameters
        ----------
        wait_s
            How long to wait, in seconds.

        Returns
        -------
        list of Change or None
            Nothing where none came; None where some are lost for this follower, so that it must
            read the collections again, and goes on from `position`.

        Raises
        ------
        Unavailable
            Redis does not answer.
        """
        facts = await self._changes._facts()  # noqa: SLF001 - two halves of one thing
        if self._is_torn(facts):
            self._at = facts.last if facts else (0, 0)
            self._added = facts.added if facts else 0
            return None
        self._added = facts.added if facts else 0
        found = await self._changes._read(self._at, wait_s)  # noqa: SLF001
        if found:
            self._at = _pair(found[-1].change_id)
        return found

    def _is_torn(self, facts: _Facts | None) -> bool:
        if self._at < (0, 0):
            return True
        if facts is None:
            return self._at > (0, 0)
        if self._at > facts.last or facts.added < self._added:
            return True
        is_whole = facts.added == facts.length
        return not is_whole and facts.first is not None and self._at < facts.first


def parse_id(text: str) -> tuple[int, int] | None:
    """Read the id of a change; None where it is none."""
    found = _ID.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else None


def _pair(raw: bytes | str) -> tuple[int, int]:
    text = raw.decode() if isinstance(raw, bytes) else raw
    return parse_id(text) or (0, 0)


def _text(pair: tuple[int, int]) -> str:
    return f"{max(pair[0], 0)}-{pair[1]}"


def _change(raw_id: bytes, fields: dict[bytes, bytes] | None) -> Change:
    found = fields or {}
    return Change(
        change_id=raw_id.decode(),
        kind=found.get(b"kind", b"").decode("utf-8", "replace"),
        entity_id=found.get(b"id", b"").decode("utf-8", "replace"),
        doc=found.get(b"doc", b""),
        removed=b"removed" in found,
    )
