"""Watch how far the stack lags: the age of the oldest record that it has still to process."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Mapping
from typing import Protocol, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.settings import Settings
from schemas.topics import CATALOGUE, POSTABLE, TOPIC_OF_TYPE

GROUP = "harvestlane-workers"
"""The consumer group of the stream workers."""
MEASURE_EVERY_S = 0.3
_PATIENCE_MS = 5_000


class Ages:
    """Remember when each topic partition was how long, to tell how old an unread record is.

    No record has to be fetched: what lies before an end that was observed is at least as old as
    the observation, to within the time between two of them.
    """

    def __init__(self) -> None:
        self._ends: dict[str, deque[tuple[float, int]]] = {}

    def observe(self, now_s: float, ends: Mapping[str, int]) -> None:
        """Note where the partitions end now."""
        for place, end in ends.items():
            seen = self._ends.setdefault(place, deque())
            if not seen or seen[-1][1] < end:
                seen.append((now_s, end))

    def oldest_s(self, now_s: float, read: Mapping[str, int]) -> float:
        """Return the age of the oldest record that was not read yet, 0 where all were.

        Parameters
        ----------
        now_s
            The time of `observe`'s clock.
        read
            The next offset to read of each partition; one that is not named has not begun.
        """
        return max((self._age_s(now_s, place, at) for place, at in read.items()), default=0.0)

    def _age_s(self, now_s: float, place: str, at: int) -> float:
        seen = self._ends.get(place, deque())
        while seen and seen[0][1] <= at:
            seen.popleft()
        return now_s - seen[0][0] if seen else 0.0


class Lag(Protocol):
    """Tells how far the stack lags, while its context is entered."""

    @property
    def lag_s(self) -> float:
        """Seconds by which the stack lags."""
        ...

    @property
    def measured_at_s(self) -> float:
        """When the last measure was begun, in `time.monotonic`'s seconds."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *error: object) -> None: ...


class LagWatch:
    """Measure, again and again, how far workers and projector are behind.

    Parameters
    ----------
    settings
        Name broker and Redis.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin = AIOKafkaAdminClient(
            bootstrap_servers=settings.bootstrap_servers, request_timeout_ms=_PATIENCE_MS
        )
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap_servers, enable_auto_commit=False
        )
        self._redis = Redis.from_url(
            settings.redis_url, socket_timeout=2, socket_connect_timeout=2, decode_responses=True
        )
        self._places = _places(sorted({TOPIC_OF_TYPE[name].name for name in POSTABLE}))
        self._views = _places([name for name in CATALOGUE if name.endswith(".state.v1")])
        self._read_ages, self._view_ages = Ages(), Ages()
        self._projected: dict[str, int] = {}
        self._lag_s = 0.0
        self._measured_at_s = float("-inf")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._admin.start()
            await self._consumer.start()
        except BaseException:
            await self._close()
            raise
        self._task = asyncio.create_task(self._measure_for_ever(), name="lag")
        return self

    async def __aexit__(self, *error: object) -> None:
        del error
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._close()

    async def _close(self) -> None:
        await self._admin.close()
        await self._consumer.stop()
        await self._redis.aclose()

    @property
    def measured_at_s(self) -> float:
        """When the last measure was begun, in `time.monotonic`'s seconds."""
        return self._measured_at_s

    @property
    def lag_s(self) -> float:
        """Seconds by which the stack lags; while nothing can be measured it grows."""
        return self._lag_s + max(0.0, time.monotonic() - self._measured_at_s - MEASURE_EVERY_S)

    async def _measure_for_ever(self) -> None:
        while True:
            with contextlib.suppress(KafkaError, OSError):
                await self._measure()
            await asyncio.sleep(MEASURE_EVERY_S)

    async def _measure(self) -> None:
        begun_s = time.monotonic()
        await self._read_projected()
        committed = await self._admin.list_consumer_group_offsets(GROUP)
        read = dict.fromkeys(self._places, 0) | {
            _name(place): max(found.offset, 0) for place, found in committed.items()
        }
        viewed = dict.fromkeys(self._views, 0) | self._projected
        ends = await self._consumer.end_offsets([_partition(name) for name in read | viewed])
        found = {_name(place): end for place, end in ends.items()}
        self._read_ages.observe(begun_s, {name: found[name] for name in read})
        self._view_ages.observe(begun_s, {name: found[name] for name in viewed})
        read_s = self._read_ages.oldest_s(begun_s, read)
        self._lag_s = max(read_s, self._view_ages.oldest_s(begun_s, viewed))
        self._measured_at_s = begun_s

    async def _read_projected(self) -> None:
        """Ask Redis how far the views are; while it does not answer, they stand still."""
        with contextlib.suppress(RedisError, OSError):
            offsets = await self._redis.hgetall("offsets")
            self._projected = {str(place): int(at) for place, at in offsets.items()}


def _places(topics: list[str]) -> list[str]:
    return [f"{name}:{number}" for name in topics for number in range(CATALOGUE[name].partitions)]


def _partition(name: str) -> TopicPartition:
    topic, _, number = name.rpartition(":")
    return TopicPartition(topic, int(number))


def _name(place: TopicPartition) -> str:
    return f"{place.topic}:{place.partition}"
