"""Put one stream worker together: the Faust app, a runner for each fold, ticks, the planner."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from faust.types import TP

from schemas.clock import ClockTicked
from schemas.envelope import Record, encode
from schemas.topics import ENTITY_PARTITIONS
from streams.clock import StackClock
from streams.counters import Counters
from streams.dispatch import DISPATCH_FOLD, DispatchFold
from streams.entity import KEPT
from streams.fold import Fold
from streams.lot import LOT_FOLD, lot_fold
from streams.mended import MendedApp
from streams.outbox import BATCH_BYTES, send_all
from streams.place import PLACE_FOLD, place_fold
from streams.planner import Planner
from streams.planning import BUDGET_S, solve, start
from streams.pool import ANSWER_S, Limits, Pool
from streams.progress import Progress
from streams.runner import INBOX, Heart, Runner, die
from streams.table import FencedTable
from streams.truck import TRUCK_FOLD

log = logging.getLogger(__name__)

APP_ID = "harvestlane-workers"
"""The consumer group; changelog topics begin with it."""

FOLDS: tuple[Fold, ...] = (TRUCK_FOLD, PLACE_FOLD, LOT_FOLD, DISPATCH_FOLD)
"""The folds, with what they keep by default."""


def folds(kept: timedelta) -> tuple[Fold, ...]:
    """Make the folds, which forget what is over after so long."""
    return (TRUCK_FOLD, place_fold(kept), lot_fold(kept), DispatchFold(kept))


BULK_TOPICS = frozenset({"truck.position.v1"})
"""Topics that come by the ten thousand; the changelogs that fill tables are read like them."""

_TOPICS_SEEN_MS = 10_000
"""How often the group's leader looks which topics there are: it gives no partitions of those that a
broker which has only just started does not name yet, and Faust's default is five minutes."""

_STUCK_S = 30.0
"""Offsets that do not move for so long, though there is more to read, never will."""


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
    planner_budget_s, planner_limit_s
        How long the planner may search for a better plan, and how long it may take in all before
        its process is ended.
    metering
        Whether the planner holds departures for the sake of checkpoints.
    standbys
        How many other workers keep a copy of each table.
    kept
        How long what is over is remembered.
    """

    name: str
    bootstrap_servers: str
    redis_url: str
    tables_dir: Path
    network_dir: Path
    log_level: str = "info"
    planner_budget_s: float = BUDGET_S
    planner_limit_s: float = ANSWER_S
    metering: bool = True
    standbys: int = 0
    kept: timedelta = KEPT


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
        self._heart = Heart()
        self.app = self._build()
        self.runners = {
            fold.name: Runner(
                self.app,
                fold,
                self._clock,
                self._counters,
                self._heart,
                name=config.name,
                servers=config.bootstrap_servers,
            )
            for fold in folds(config.kept)
        }
        dispatch = self.runners["dispatch"]
        self.planner = Planner(
            Pool(
                partial(solve, budget_s=config.planner_budget_s, metering=config.metering),
                start=start,
                arguments=(config.network_dir,),
                limits=Limits(answer_s=config.planner_limit_s),
            ),
            now=self._clock.now,
            publish=self._publish,
            count=self._counters.add,
        )
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
            Table=FencedTable,
            bulk_topics=BULK_TOPICS | {f"{APP_ID}-{fold.name}-changelog" for fold in FOLDS},
            autodiscover=False,
            web_enabled=False,
            version=1,
            key_serializer="raw",
            value_serializer="raw",
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=ENTITY_PARTITIONS,
            topic_replication_factor=1,
            table_standby_replicas=config.standbys,
            stream_recovery_delay=0.0,
            stream_buffer_maxsize=4096,
            consumer_auto_offset_reset="earliest",
            consumer_group_instance_id=config.name,
            consumer_max_fetch_size=4 << 20,
            consumer_metadata_max_age_ms=_TOPICS_SEEN_MS,
            broker_client_id=f"harvestlane-{config.name}",
            broker_commit_interval=0.25,
            broker_session_timeout=10.0,
            broker_heartbeat_interval=2.0,
            broker_request_timeout=30.0,
            producer_acks=-1,
            producer_max_batch_size=BATCH_BYTES,
            producer_max_request_size=16 << 20,
            producer_request_timeout=30.0,
            worker_redirect_stdouts=False,
        )

    async def _publish(self, records: Sequence[Record]) -> None:
        await self._send([(record, 0) for record in records])

    async def _send(self, records: Sequence[tuple[Record, int | None]]) -> None:
        await send_all(self.app.sender, records)

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
        progress: Progress[TP] = Progress(_STUCK_S)
        consumer = self.app.consumer
        while True:
            await asyncio.sleep(1.0)
            behind = consumer.behind() if self._ready else {}
            ends = {tp: consumer.highwater(tp) or 0 for tp in behind}
            for tp in progress.note(behind, ends, time.monotonic()):
                die(f"the offset of {tp} stands at {behind[tp]} though there are records after it")

    async def _tick_entities(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            if self._leads:
                now = self._clock.now()
                ticks = [_tick("stack.tick.v1", p, now) for p in range(ENTITY_PARTITIONS)]
                await self._send(ticks)

    async def _tick_inbox(self) -> None:
        while True:
            await asyncio.sleep(0.25)
            if self._leads:
                await self._send([_tick(INBOX.topic, 0, self._clock.now())])

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
            die("a task of this worker failed")

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
    gc.collect()
    gc.freeze()  # Faust collects garbage whenever partitions go: not through all that is imported
    gc.set_threshold(20_000, 20, 50)  # a poll is thousands of objects that are soon gone
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
    die(f"Faust stopped ({worker.app.crash_reason!r})")


def _leave() -> NoReturn:
    log.info("told to stop")
    logging.shutdown()
    os._exit(0)
