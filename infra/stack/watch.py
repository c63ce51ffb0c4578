"""Watch the workers from outside: end those whose offsets stand still, and warn people.

It runs in a thread beside the supervisor, who does the ending: whatever Kafka does to this thread,
the supervisor goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError
from redis import Redis
from redis.exceptions import RedisError

from infra.kafka.groups import WORKERS, admin_of, committed
from infra.settings import Settings
from infra.supervisor import Child, Report, Stage
from schemas.alert import AlertCleared, AlertRaised
from schemas.clock import ClockAnchored, read_clock
from schemas.envelope import Record, encode
from schemas.errors import Unavailable
from schemas.model import format_time
from streams.progress import Progress

EVERY_S = 2.0
STALLED_S = 20.0
"""An offset that stands still for longer, with records after it, has stopped for good."""

_WORKER = "worker-"
_SOURCE = "/streams/supervisor"
_FIRST_PATIENCE_S = 30.0  # before the same worker is ended for the same reason again; then twice …
_MOST_PATIENCE_S = 480.0
_SEND_WITHIN_S = 10.0


@dataclass(slots=True)
class _Worker:
    """What is known of one worker."""

    pid: int | None = None
    ready: bool = False
    ready_since: float = 0.0
    blamed: bool = False
    endings: int = 0
    spared_until: float = 0.0
    reason: str | None = None
    """Why people should be warned of it, as the alert's code."""
    warned: str | None = None
    """What they have been warned of."""


class Watch:
    """Watch the workers of one stack.

    Parameters
    ----------
    settings
        Name broker and Redis.
    say
        Takes one line for people.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._workers: dict[str, _Worker] = {}
        self._progress: Progress[TopicPartition] = Progress(STALLED_S)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def over(self, stages: Iterable[Stage]) -> list[Stage]:
        """Let the supervisor end the workers that this watch finds stalled.

        Parameters
        ----------
        stages
            What the supervisor starts.
        """
        return [
            replace(stage, children=tuple(self._watched(child) for child in stage.children))
            for stage in stages
        ]

    def start(self) -> None:
        """Begin; it ends with the process."""
        if self._workers:
            self._thread.start()

    def note(self, reports: Iterable[Report]) -> None:
        """Take in how the processes are.

        Parameters
        ----------
        reports
            Of all of them, from the supervisor.
        """
        now = time.monotonic()
        with self._lock:
            for report in reports:
                worker = self._workers.get(report.name)
                if worker is None:
                    continue
                if report.pid != worker.pid:
                    worker.pid, worker.blamed = report.pid, False
                if report.ready and not worker.ready:
                    worker.ready_since = now
                worker.ready = report.ready

    def look(self, admin: Any, now: float) -> None:
        """Look once at what has been committed, and blame whoever owns what stands still.

        Parameters
        ----------
        admin
            From `infra.kafka.groups.admin_of`.
        now
            In seconds, as `time.monotonic` has it.
        """
        done = committed(admin, WORKERS)
        ends = admin.list_partition_offsets(dict.fromkeys(done, OffsetSpec.LATEST))
        stalled = self._progress.note(done, {place: ends[place].offset for place in ends}, now)
        if not stalled:
            return
        known = owners(admin.describe_groups([WORKERS])[WORKERS])
        for place, since in stalled.items():
            self._blame(known.get((place.topic, place.partition)), place, since, now)

    def _watched(self, child: Child) -> Child:
        if not child.name.startswith(_WORKER):
            return child
        worker = self._workers.setdefault(child.name, _Worker())

        def is_still(pid: int) -> bool:
            if child.is_still(pid):
                worker.reason = "worker_still"
                return True
            return worker.blamed and worker.pid == pid

        return replace(child, is_still=is_still)

    def _blame(self, name: str | None, place: TopicPartition, since: float, now: float) -> None:
        with self._lock:
            worker = self._workers.get(name or "")
            if worker is None or worker.blamed or now < worker.spared_until:
                return
            if not worker.ready or worker.ready_since > since:  # it has only begun with these
                return
            worker.blamed, worker.reason = True, "worker_stalled"
            patience_s = min(_FIRST_PATIENCE_S * 2.0**worker.endings, _MOST_PATIENCE_S)
            worker.endings, worker.spared_until = worker.endings + 1, now + patience_s
        self._say(
            f"the offset of {place.topic}:{place.partition} stands still for {now - since:.0f} s "
            f"though there are records after it: {name} is stalled"
        )
        self._progress.forget()

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S):
            try:
                with admin_of(self._settings) as admin:
                    while not self._ended.wait(EVERY_S):
                        self.look(admin, time.monotonic())
                        self._tell_people()
            except (Unavailable, KafkaError, OSError):
                self._progress.forget()  # what stood still meanwhile is no worker's fault
            except Exception as error:  # noqa: BLE001 - the watch goes on, whatever Kafka answers
                self._progress.forget()
                self._say(f"the workers could not be looked at ({type(error).__name__}: {error})")

    def _tell_people(self) -> None:
        """Warn of what is wrong, once, and take it back when the worker is ready again."""
        for name, worker in self._workers.items():
            with self._lock:
                fine = worker.ready and not worker.blamed
                settled = fine and time.monotonic() - worker.ready_since > 2 * EVERY_S
                reason, warned = worker.reason, worker.warned
                if settled and warned is not None and reason == warned:
                    reason = worker.reason = None
            if reason != warned:
                self._send(name, reason)
                worker.warned = reason

    def _send(self, name: str, code: str | None) -> None:
        now = self._now()
        alert = {"alert_id": f"worker/{name}", "subject": name}
        data: AlertRaised | AlertCleared = AlertCleared(**alert)
        if code is not None:
            params = {"worker": name, "at": format_time(now)}
            data = AlertRaised(**alert, code=code, severity="critical", params=params)
        kind = "alert.cleared" if code is None else "alert.raised"
        record = encode(
            "alert.v1",
            kind,
            data,
            event_id=f"worker/{name}/{time.time_ns()}",
            source=_SOURCE,
            time=now,
        )
        _publish(self._settings, record)

    def _now(self) -> datetime:
        """Tell what the stack's clock shows."""
        anchor = None
        try:
            with Redis.from_url(self._settings.redis_url, socket_timeout=2) as client:
                if (doc := client.get("clock")) is not None:
                    anchor = ClockAnchored.model_validate_json(doc)
        except (RedisError, ValueError):
            anchor = None
        return read_clock(anchor, datetime.now(UTC)).now


def _publish(settings: Settings, record: Record) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap_servers.split(","))
    try:
        producer.send(record.topic, record.value, record.key, headers=list(record.headers)).get(
            timeout=_SEND_WITHIN_S
        )
    finally:
        producer.close(timeout=_SEND_WITHIN_S)


def owners(group: Mapping[str, Any]) -> dict[tuple[str, int], str]:
    """Name the worker of each partition; nobody where the group is not at rest.

    Parameters
    ----------
    group
        As kafka-python's `describe_groups` describes it.
    """
    if group.get("group_state") != "Stable":
        return {}
    found: dict[tuple[str, int], str] = {}
    for member in group["members"]:
        name = str(member["group_instance_id"])
        for topic in member["member_assignment"]["assigned_partitions"]:
            for number in topic["partitions"]:
                found[topic["topic"], number] = name
    return found
