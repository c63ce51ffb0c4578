"""Run the folds in one Faust worker: agents, tables, ticks; every failure ends the process.

Faust's own defaults lose data: an exception acknowledges its event, a failed changelog record is
only logged. So one agent a fold takes batches, and whatever goes wrong in it ends the process with
nothing acknowledged; the supervisor starts it again (`docs/decisions/0001`).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from faust.types import TP

from schemas.clock import ClockTicked
from schemas.envelope import Record, encode
from schemas.topics import ENTITY_PARTITIONS
from streams.clock import StackClock
from streams.counters import Counters
from streams.dispatch import DISPATCH_FOLD
from streams.fold import Fold, Raw
from streams.lot import LOT_FOLD
from streams.mended import MendedApp
from streams.place import PLACE_FOLD
from streams.planner import Planner
from streams.shell import JOURNAL, Shell, Work
from streams.table import ConfirmedTable, read_rows, write
from streams.truck import TRUCK_FOLD

log = logging.getLogger(__name__)

APP_ID = "harvestlane-workers"
"""The consumer group; changelog topics begin with it."""

INBOX = TP("dispatch.inbox.v1", 0)

_BATCH = {"dispatch": 40}
_BATCH_ELSE = 200
_WITHIN_S = 0.03
_BATCH_BYTES = 4 << 20
"""A batch is cut here, so that its journal is a record that the broker takes."""
_STALLED_S = 6.0
"""A process that stood still this long may have lost its partitions: it must not write."""
_WARY_S = 5.0
"""How long after a standstill: by then it has heard from the group, and knows what is its own."""
_STUCK_S = 30.0
"""Offsets that do not move for so long, though there is more to read, never will."""
_FAILED = 70


@dataclass(frozen=True)
class WorkerConfig:
    """What one worker has to know.

    Attributes
    ----------
    name
        The worker's name, such as ``worker-1``: its place in the group, kept over restarts.
    bootstrap_servers, redis_url
        The brokers, ``host:port[,…]``, and Redis (for counters only).
    tables_dir
        Folder of this worker's tables.
    network_dir
        Folder of the road network.
    log_level
        Least severe level that is logged.
    """

    name: str
    bootstrap_servers: str
    redis_url: str
    tables_dir: Path
    network_dir: Path
    log_level: str = "info"


class _Heart:
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
            _die("this process stood still; its partitions may be another's by now")


def _die(why: str) -> NoReturn:
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
    """

    def __init__(
        self, app: Any, fold: Fold, clock: StackClock, counters: Counters, heart: _Heart
    ) -> None:
        self.app = app
        self.shell = Shell(fold, clock.now)
        self.written = asyncio.Event()
        """Set after every batch that changed something."""
        self._counters = counters
        self._heart = heart
        self._generation: int | None = None
        self._batch = _BATCH.get(fold.name, _BATCH_ELSE)
        self._topic = fold.topics[0]
        self.table: ConfirmedTable = app.Table(
            fold.name,
            key_type=bytes,
            value_type=bytes,
            options={"driver": "rocksdict", "block_cache_size": 8 << 20, "max_open_files": 64},
        )
        source = app.topic(*fold.topics, key_serializer="raw", value_serializer="raw")
        app.agent(source, name=fold.name)(self._run)

    @property
    def leads(self) -> bool:
        """Whether dispatch is this worker's, and what is in memory is of the present generation."""
        present = self._generation == self.app.consumer_generation_id
        return bool(present and INBOX in self.app.assignor.assigned_actives())

    async def _run(self, stream: Any) -> None:
        async for events in stream.take_events(self._batch, within=_WITHIN_S):
            try:
                await self._take(events)
            except asyncio.CancelledError:
                _leave_unread(events)
                raise
            except BaseException:  # noqa: BLE001 - whatever it is, nothing may be acknowledged
                _die(f"the {self.shell.fold.name} fold failed")

    async def _take(self, events: Sequence[Any]) -> None:
        generation = self.app.consumer_generation_id
        current = [e for e in events if e.message.generation_id == generation]
        _leave_unread([e for e in events if e.message.generation_id != generation])
        if not current:
            return
        if self._generation != generation:
            await self._take_over(generation)
        current.sort(key=lambda event: int(event.message.partition))
        for partition, batch in _portions(current):
            work = self.shell.work(partition, batch)
            if generation != self.app.consumer_generation_id:
                self._generation = None  # the memory holds what was never written: load it anew
                _leave_unread(current)
                return
            if work.changes or work.records:
                await self._write(work)
            self._counters.add(self.shell.fold.name, work.outcomes)

    async def _take_over(self, generation: int) -> None:
        """Load the tables of the partitions that are ours now, and finish what was begun."""
        for work in self.shell.memory.load(read_rows(self.table)):
            await self._write(work)
        self._generation = generation
        log.info("%s: generation %s loaded", self.shell.fold.name, generation)
        self.written.set()

    async def _write(self, work: Work) -> None:
        """Make a batch durable, then say it, then write what it changed."""
        self._heart.refuse_stalled()
        journal = [(JOURNAL, work.journal())]
        await write(self.table, self._topic, work.partition, journal)
        await send_all(self.app, work.records)
        await write(self.table, self._topic, work.partition, work.rows())
        self.written.set()


def _leave_unread(events: Sequence[Any]) -> None:
    """Let Faust's own acknowledgement of these events do nothing, so that they are read again."""
    for event in events:
        event.message.acked = True


def _portions(events: Sequence[Any]) -> Iterator[tuple[int, list[tuple[Raw, int]]]]:
    """Cut events into batches of one partition each, none of them too large."""
    for partition, group in itertools.groupby(events, lambda e: int(e.message.partition)):
        portion: list[tuple[Raw, int]] = []
        size = 0
        for event in group:
            raw, appended_ms = _read(event.message)
            size += len(raw.value or b"")
            if portion and size > _BATCH_BYTES:
                yield partition, portion
                portion, size = [], len(raw.value or b"")
            portion.append((raw, appended_ms))
        yield partition, portion


def _read(message: Any) -> tuple[Raw, int]:
    headers = message.headers or ()
    pairs = headers.items() if hasattr(headers, "items") else headers
    raw = Raw(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value,
        headers=tuple((str(name), value or b"") for name, value in pairs),
    )
    return raw, int(message.timestamp * 1000)


async def send_all(app: Any, records: Sequence[tuple[Record, int | None]]) -> None:
    """Send records and wait until the broker has confirmed every one.

    Parameters
    ----------
    app
        The Faust app.
    records
        What to send, and the partition, where the key does not decide it.
    """
    promises: list[Awaitable[Any]] = [
        await app.producer.send(
            record.topic,
            record.key,
            record.value,
            partition=partition,
            timestamp=None,
            headers=list(record.headers),
        )
        for record, partition in records
    ]
    if promises:
        await asyncio.gather(*promises)


def _tick(topic: str, partition: int, now: datetime) -> tuple[Record, int]:
    stamp = time.time_ns() // 1_000_000
    record = encode(
        topic,
        "clock.ticked",
        ClockTicked(now=now),
        event_id=f"{topic}/{partition}/{stamp}",
        source="/streams/clock",
        time=now,
    )
    return record, partition


class Worker:
    """One process with all folds.

    Parameters
    ----------
    config
        Addresses and folders.
    report
        Called about once a second with whether this worker does its work.
    """

    def __init__(self, config: WorkerConfig, report: Callable[[bool], None]) -> None:
        self._config = config
        self._report = report
        self._clock = StackClock(config.bootstrap_servers)
        self._counters = Counters(config.redis_url)
        self._heart = _Heart()
        self.app = self._build()
        folds = (TRUCK_FOLD, PLACE_FOLD, LOT_FOLD, DISPATCH_FOLD)
        self.runners = {
            fold.name: Runner(self.app, fold, self._clock, self._counters, self._heart)
            for fold in folds
        }
        dispatch = self.runners["dispatch"]
        self.planner = Planner(config.network_dir, self._clock.now, self._publish)
        self._beside: list[asyncio.Task[None]] = []
        for work in (
            self._counters.keep_sending,
            self._watch_commits,
            self._tick_entities,
            self._tick_inbox,
        ):
            self.app.task(_never_failing(work))
        self.app.task(_never_failing(lambda: self.planner.run(dispatch)))

    def _build(self) -> MendedApp:
        config = self._config
        return MendedApp(
            APP_ID,
            broker=[f"kafka://{server}" for server in config.bootstrap_servers.split(",")],
            store="rocksdb://",
            datadir=str(config.tables_dir),
            Table=ConfirmedTable,
            autodiscover=False,
            web_enabled=False,
            version=1,
            key_serializer="raw",
            value_serializer="raw",
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=ENTITY_PARTITIONS,
            topic_replication_factor=1,
            table_standby_replicas=0,
            stream_recovery_delay=0.0,
            stream_buffer_maxsize=4096,
            consumer_auto_offset_reset="earliest",
            consumer_group_instance_id=config.name,
            consumer_max_fetch_size=4 << 20,
            broker_client_id=f"harvestlane-{config.name}",
            broker_commit_interval=0.25,
            broker_session_timeout=10.0,
            broker_heartbeat_interval=2.0,
            broker_request_timeout=30.0,
            producer_acks=-1,
            producer_max_request_size=16 << 20,
            producer_request_timeout=30.0,
            worker_redirect_stdouts=False,
        )

    async def _publish(self, records: Sequence[Record]) -> None:
        await send_all(self.app, [(record, 0) for record in records])

    @property
    def _ready(self) -> bool:
        app = self.app
        return bool(app.started and not app.rebalancing and not app.in_recovery)

    @property
    def _leads(self) -> bool:
        """Whether this worker owns the dispatch partition, and so lets time pass."""
        return self._ready and INBOX in self.app.assignor.assigned_actives()

    async def _report_always(self) -> None:
        while True:
            self._report(self._ready)
            await asyncio.sleep(1.0)

    async def _watch_commits(self) -> None:
        """End a worker whose offsets stand still: read again, its records are done again."""
        since: dict[TP, tuple[int, float]] = {}
        while True:
            await asyncio.sleep(1.0)
            behind = self.app.consumer.behind() if self._ready else {}
            now = time.monotonic()
            since = {
                tp: since[tp] if tp in since and since[tp][0] == at else (at, now)
                for tp, at in behind.items()
            }
            for tp, (at, first) in since.items():
                if now - first > _STUCK_S:
                    _die(f"the offset of {tp} stands at {at} though there are records after it")

    async def _tick_entities(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            if self._leads:
                now = self._clock.now()
                ticks = [_tick("stack.tick.v1", p, now) for p in range(ENTITY_PARTITIONS)]
                await send_all(self.app, ticks)

    async def _tick_inbox(self) -> None:
        while True:
            await asyncio.sleep(0.25)
            if self._leads:
                await send_all(self.app, [_tick(INBOX.topic, 0, self._clock.now())])

    async def begin(self) -> None:
        """Start what must run before, and beside, Faust: the clock, the heart, the report."""
        await self._clock.start()
        for work in (self._heart.beat, self._report_always):
            self._beside.append(asyncio.create_task(_never_failing(work)()))


def _never_failing(
    work: Callable[[], Awaitable[None]],
) -> Callable[[], Coroutine[Any, Any, None]]:
    """Let a task's failure end the process: Faust would let the worker go on without it."""

    async def run() -> None:
        try:
            await work()
        except Exception:  # noqa: BLE001 - whatever it is, the supervisor starts us again
            _die("a task of this worker failed")

    return run


def run_worker(config: WorkerConfig, report: Callable[[bool], None]) -> None:
    """Run one stream worker until SIGTERM or SIGINT.

    A worker ends in one way only, at once: what it was about is read again by the next one, which
    has to be sound after a crash anyway, so that every stop is a test of that.

    Parameters
    ----------
    config
        Addresses and folders.
    report
        Called about once a second with whether this worker does its work.
    """
    config.tables_dir.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(config, report))


async def _serve(config: WorkerConfig, report: Callable[[bool], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _leave)
    worker = Worker(config, report)
    await worker.begin()
    worker.app.in_worker = True
    await worker.app.start()
    await worker.app.wait_until_stopped()
    _die(f"Faust stopped ({worker.app.crash_reason!r})")


def _leave() -> NoReturn:
    log.info("told to stop")
    logging.shutdown()
    os._exit(0)
