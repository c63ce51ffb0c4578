"""Read what is known, and keep in Redis the little that the API may forget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from pydantic import ValidationError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from api.changes import Changes, Entry
from api.mirror import Mirror
from schemas.clock import ClockAnchored
from schemas.errors import Unavailable

Doc = dict[str, Any]

_ANSWER_S = 2.0
_CONNECTIONS = 32
_PENDING_S = 3_600


class RedisViews:
    """Read views; every method raises `Unavailable` where Redis does not answer.

    Parameters
    ----------
    url
        The Redis with the views.

    Attributes
    ----------
    changes
        Where views and their changes are read.
    mirror
        The views in memory.
    """

    def __init__(self, url: str) -> None:
        self.changes = Changes(url)
        self.mirror = Mirror(self.changes)
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_ANSWER_S,
            socket_timeout=_ANSWER_S,
            socket_connect_timeout=_ANSWER_S,
            retry=Retry(NoBackoff(), 1),
            protocol=2,
        )
        self._redis: Any = Redis.from_pool(pool)

    async def get(self, kind: str, entity_id: str) -> bytes | None:
        """Return one entity's state as JSON; None where it is not known.

        Parameters
        ----------
        kind
            A kind of view, such as `truck`.
        entity_id
            The entity's id.
        """
        entry = (await self.mirror.fresh()).shelf(kind).get(entity_id)
        return None if entry is None else entry.raw

    async def find(self, kind: str, entity_id: str, *, wait_s: float = 0) -> Doc | None:
        """Return one entity's state, waiting for it a little where it may be on its way.

        Parameters
        ----------
        kind, entity_id
            As for `get`.
        wait_s
            How long to look again, in seconds.
        """
        deadline = asyncio.get_running_loop().time() + wait_s
        while True:
            if raw := await self.get(kind, entity_id):
                doc: Doc = orjson.loads(raw)
                return doc
            if asyncio.get_running_loop().time() >= deadline:
                return None
            await asyncio.sleep(0.1)

    async def entries(self, kind: str) -> dict[str, Entry]:
        """Return the states of one kind by id, in the order of the ids: to be looked at only.

        Parameters
        ----------
        kind
            A kind of view.
        """
        return dict((await self.mirror.fresh()).shelf(kind).items())

    async def every(self, kind: str) -> dict[str, bytes]:
        """Return the states of one kind as JSON by id, in the order of the ids.

        Parameters
        ----------
        kind
            A kind of view.
        """
        return {name: entry.raw for name, entry in (await self.entries(kind)).items()}

    async def anchor(self) -> ClockAnchored | None:
        """Return the last anchor of the stack's clock that was projected."""
        async with _answering():
            raw: bytes | None = await self._redis.get("clock")
        if raw is None:
            return None
        try:
            return ClockAnchored.model_validate_json(raw)
        except ValidationError as error:
            raise Unavailable("the view of the clock cannot be read") from error

    async def remember_command(self, command_id: str, doc: Doc) -> None:
        """Keep for an hour that a command was sent, so that its outcome can be waited for.

        Parameters
        ----------
        command_id
            The command's id.
        doc
            What to say of it meanwhile.
        """
        async with _answering():
            await self._redis.set(f"pending:{command_id}", orjson.dumps(doc), ex=_PENDING_S)

    async def pending_command(self, command_id: str) -> Doc | None:
        """Return what `remember_command` kept.

        Parameters
        ----------
        command_id
            The command's id.
        """
        async with _answering():
            raw: bytes | None = await self._redis.get(f"pending:{command_id}")
        return orjson.loads(raw) if raw else None

    async def spend(self, token_id: str, *, keep_s: int) -> bool:
        """Use a one-time log-in up; False where it was used before.

        Parameters
        ----------
        token_id
            The log-in token's own name.
        keep_s
            How long to remember it: at least until the token ends.
        """
        async with _answering():
            return bool(await self._redis.set(f"login:{token_id}", b"1", nx=True, ex=keep_s))

    async def unspend(self, token_id: str) -> None:
        """Let a one-time log-in be used after all: nobody came in by it.

        Parameters
        ----------
        token_id
            As for `spend`.
        """
        async with _answering():
            await self._redis.delete(f"login:{token_id}")

    async def counters(self) -> dict[str, float]:
        """Return the counters that workers and the projector keep."""
        async with _answering():
            found: dict[bytes, bytes] = await self._redis.hgetall("counters")
        return {
            name.decode("utf-8", "replace"): number
            for name, raw in sorted(found.items())
            if (number := _number(raw)) is not None
        }

    async def answers(self) -> bool:
        """Tell whether Redis answers."""
        try:
            async with _answering():
                await self._redis.ping()
        except Unavailable:
            return False
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self.changes.close()
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(2 * _ANSWER_S):
            yield
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable(
            "Redis, which holds the views, does not answer; repeat in a moment"
        ) from error


def _number(raw: bytes) -> float | None:
    try:
        return float(raw)
    except ValueError:
        return None
