"""Run one fold on the partitions that this worker owns: batches in, journals, outputs, rows out.

Whatever goes wrong ends the process with nothing acknowledged: Faust itself would acknowledge the
event that failed and go on with the next.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from faust.types import TP

from streams.bulk import Bulk
from streams.clock import StackClock
from streams.counters import Counters
from streams.fold import Fold, Raw
from streams.memory import JOURNAL
from streams.outbox import send_all
from streams.shell import Shell, Work
from streams.table import FencedTable, TableRows, TableWriter

log = logging.getLogger(__name__)

INBOX = TP("dispatch.inbox.v1", 0)

_BATCH = {"dispatch": 120}
_BATCH_ELSE = 200
_WITHIN_S = 0.03
_BATCH_BYTES = 4 << 20
_BATCH_RECORDS = 5_000
"""A batch is cut here, so that its journal is a record that the broker takes."""
_CLOCKS = ("stack.tick.v1", INBOX.topic)
"""The topics on which time passes."""
_RESTORED_AT_ONCE = 4
"""So many bulk messages of a changelog are written into a table in one go."""
_STALLED_S = 6.0
"""A process that stood still this long may have lost its partitions: it must not write."""
_WARY_S = 5.0
"""How long after a standstill: by then it has heard from the group, and knows what is its own."""
_UNHEARD_S = 7.0
"""A worker that the group has not answered for so long may have lost its partitions soon: at ten
seconds they are another's."""
_FAILED = 70


class Heart:
    """Notices that the whole process stood still."""

    def __init__(self) -> None:
        self._beat = time.monotonic()
        self._stood_still = -math.inf

    async def beat(self) -> None:
        """Beat for ever."""
        self._beat = time.monotonic()
        while True:
            await asyncio.sleep(0.5)
            self._notice()
            self._beat = time.monotonic()

    def _notice(self) -> None:
        if time.monotonic() - self._beat > _STALLED_S:
            self._stood_still = time.monotonic()

    def refuse_stalled(self) -> None:
        """End the process where it stood still for too long, now or a moment ago."""
        self._notice()
        if time.monotonic() - self._stood_still < _WARY_S:
            die("this process stood still; its partitions may be another's by now")


def die(why: str) -> NoReturn:
    """End this process at once, acknowledging nothing, to be started again."""
    log.critical("%s; ending, to be started again", why, exc_info=sys.exc_info()[0] is not None)
    logging.shutdown()
    os._exit(_FAILED)


class Runner:
    """One fold at work on the partitions that this worker owns.

    Parameters
    ----------
    app
        The Faust app.
    fold
        What events mean.
    clock
        The stack's clock.
    counters
        Where outcomes are counted.
    heart
        Refuses to write after a standstill.
    name, servers
        The worker's name, and the brokers, ``host:port[,…]``.
    """

    def __init__(
        self,
        app: Any,
        fold: Fold,
        clock: StackClock,
        counters: Counters,
        heart: Heart,
        *,
        name: str,
        servers: str,
    ) -> None:
        self.app = app
        self.shell = Shell(fold, clock.now)
        self.written = asyncio.Event()
        """Set after every batch that changed something."""
        self._counters = counters
        self._heart = heart
        self._generation: int | None = None
        self._batch = _BATCH.get(fold.name, _BATCH_ELSE)
        self.table: FencedTable = app.Table(
            fold.name,
            key_type=bytes,
            value_type=bytes,
            recovery_buffer_size=_RESTORED_AT_ONCE,
            options={"driver": "rocksdict"},
        )
        self._writer = TableWriter(self.table, name, servers)
        source = app.topic(*fold.topics, key_serializer="raw", value_serializer="raw")
        app.agent(source, name=fold.name)(self._run)

    @property
    def leads(self) -> bool:
        """Whether dispatch is this worker's, and what is in memory is of the present generation."""
        present = self._generation == self.app.consumer_generation_id
        return bool(present and INBOX in self.app.assignor.assigned_actives())

    async def _run(self, stream: Any) -> None:
        async for events in stream.take_events(self._batch, within=_WITHIN_S):
            if not self.app.flow_control.is_active():  # the partitions are about to be given away
                _leave_unread(events)
                continue
            try:
                with self.app.batch_in_hand():
                    await self._take(events)
            except asyncio.CancelledError:
                _leave_unread(events)
                raise
            except BaseException:  # noqa: BLE001 - whatever it is, nothing may be acknowledged
                die(f"the {self.shell.fold.name} fold failed")

    async def _take(self, events: Sequence[Any]) -> None:
        generation = self.app.consumer_generation_id
        current = [e for e in events if e.message.generation_id == generation]
        _leave_unread([e for e in events if e.message.generation_id != generation])
        if not current:
            return
        if self._generation != generation and not await self._take_over(generation):
            _leave_unread(current)
            return
        groups = itertools.groupby(sorted(current, key=_partition_of), _partition_of)
        done = await asyncio.gather(
            *[self._work_through(number, list(group), generation) for number, group in groups]
        )
        if not all(done):
            self._generation = None  # the memory holds what was never written: load it anew
            _leave_unread(current)

    async def _work_through(self, partition: int, events: Sequence[Any], generation: int) -> bool:
        """Work through one partition's events, batch by batch; say whether all was done."""
        for batch in _portions(events):
            work = self.shell.work(partition, batch, behind=self._behind(partition, batch))
            if (work.changes or work.events) and not await self._write(work, generation):
                return False
            self._counters.add(self.shell.fold.name, work.outcomes)
        return True

    def _behind(self, partition: int, batch: Sequence[tuple[Raw, int]]) -> set[str]:
        """Name the fold's topics of which records of a partition stand unread behind a batch."""
        if all(raw.topic not in _CLOCKS for raw, _ in batch):
            return set()
        read = {raw.topic: raw.offset + 1 for raw, _ in batch}
        consumer, topics = self.app.consumer, self.shell.fold.topics
        return {
            tp.topic
            for tp in consumer.behind()
            if tp.partition == partition
            and tp.topic in topics
            and read.get(tp.topic, 0) < consumer.highwater(tp)
        }

    async def _take_over(self, generation: int) -> bool:
        """Load the tables of the partitions that are ours now, and finish what was begun."""
        if not await self._owns(generation):
            return False
        rows = TableRows(self.table)
        await asyncio.gather(*(self._writer.begin(number) for number in rows.partitions()))
        for work in self.shell.take_over(rows):
            if not await self._write(work, generation):
                return False
        self._generation = generation
        log.info("%s: generation %s loaded", self.shell.fold.name, generation)
        self.written.set()
        return True

    async def _write(self, work: Work, generation: int) -> bool:
        """Make a batch durable, then say it, then write what it changed.

        Returns
        -------
        bool
            Whether all of it was done; if not, the partition is another's by now, or may be.
        """
        if not await self._owns(generation):
            return False
        await self._writer.write(work.partition, [(JOURNAL, work.journal())])
        if not await self._owns(generation):
            return False
        await send_all(self.app.sender, work.records)
        await self._writer.write(work.partition, work.rows())
        self.written.set()
        return True

    async def _owns(self, generation: int) -> bool:
        """Say whether our partitions are surely ours; wait where the group is silent."""
        self._heart.refuse_stalled()
        while self.app.consumer.unheard_s() > _UNHEARD_S:
            if not self.app.flow_control.is_active():
                return False
            await asyncio.sleep(0.1)
        return bool(generation == self.app.consumer_generation_id)


def _partition_of(event: Any) -> int:
    return int(event.message.partition)


def _leave_unread(events: Sequence[Any]) -> None:
    """Let Faust's own acknowledgement of these events do nothing, so that they are read again."""
    for event in events:
        event.message.acked = True


def _portions(events: Sequence[Any]) -> Iterator[list[tuple[Raw, int]]]:
    """Cut one partition's events into batches, none of them too large."""
    portion: list[tuple[Raw, int]] = []
    size = 0
    for raw, appended_ms in (pair for event in events for pair in _read(event.message)):
        size += len(raw.value or b"")
        if portion and (size > _BATCH_BYTES or len(portion) == _BATCH_RECORDS):
            yield portion
            portion, size = [], len(raw.value or b"")
        portion.append((raw, appended_ms))
    if portion:
        yield portion


def _read(message: Any) -> Iterator[tuple[Raw, int]]:
    """Yield the records that a message stands for, with the broker's append times."""
    topic, partition = message.topic, message.partition
    if not isinstance(message.value, Bulk):
        headers = _pairs(message.headers)
        raw = Raw(topic, partition, message.offset, message.key, message.value, headers)
        yield raw, int(message.timestamp * 1000)
        return
    for record in message.value.records:
        raw = Raw(topic, partition, record.offset, record.key, record.value, record.headers)
        yield raw, record.timestamp


def _pairs(headers: Any) -> tuple[tuple[str, bytes], ...]:
    pairs = headers.items() if hasattr(headers, "items") else headers or ()
    return tuple((name, value or b"") for name, value in pairs)
