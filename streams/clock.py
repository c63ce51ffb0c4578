"""Follow the stack's one clock: wall time, or the scenario's, as `stack.clock.v1` anchors it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.clock import ClockAnchored, read_clock
from schemas.envelope import decode
from schemas.errors import MalformedEvent

log = logging.getLogger(__name__)

CLOCK = "stack.clock.v1"
_RETRY_S = 1.0


class StackClock:
    """Tell what the stack's clock shows; it follows the anchors from `start` to `stop`.

    Parameters
    ----------
    bootstrap_servers
        The brokers, ``host:port[,…]``.
    """

    def __init__(self, bootstrap_servers: str) -> None:
        self._servers = bootstrap_servers
        self._anchor: ClockAnchored | None = None
        self._caught_up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """Return what the clock shows, aware, in UTC."""
        return read_clock(self._anchor, datetime.now(UTC)).now

    async def start(self) -> None:
        """Start to follow, and wait until the latest anchor is known."""
        self._task = asyncio.create_task(self._follow(), name="stack-clock")
        await self._caught_up.wait()

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        while True:
            try:
                await self._read()
            except KafkaError as error:
                log.warning("the clock's topic cannot be read (%s); trying again", error)
                await asyncio.sleep(_RETRY_S)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._servers, enable_auto_commit=False)
        await consumer.start()
        try:
            partition = TopicPartition(CLOCK, 0)
            consumer.assign([partition])
            end = (await consumer.end_offsets([partition]))[partition]
            await consumer.seek_to_beginning(partition)
            while True:
                polled = await consumer.getmany(timeout_ms=200)
                for record in polled.get(partition, []):
                    self._take(record.key, record.value, record.headers)
                if await consumer.position(partition) >= end:
                    self._caught_up.set()
        finally:
            await consumer.stop()

    def _take(
        self, key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...]
    ) -> None:
        try:
            data = decode(CLOCK, key, value, headers).data
        except MalformedEvent as error:
            log.warning("passing over a record of %s: %s", CLOCK, error)
            return
        if isinstance(data, ClockAnchored):
            self._anchor = data
