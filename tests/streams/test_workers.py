"""Kill, stop and start real workers over a real broker: every event counts once in every table."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from infra.kafka.groups import WORKERS, admin_of, committed
from infra.readiness import Sign
from infra.settings import Settings
from infra.stack import running_stack
from infra.supervisor.process import end_with_parent
from schemas.envelope import Record, encode, validate
from schemas.topics import CATALOGUE, DEAD_LETTERS, TOPIC_OF_TYPE
from streams.dispatch import DISPATCH_FOLD
from streams.epoch import OWNER, owned
from streams.lot import LOT_FOLD
from streams.memory import JOURNAL
from streams.place import PLACE_FOLD
from streams.truck import TRUCK_FOLD
from tests.streams.bench import counts_of

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

NAMES = ("worker-1", "worker-2")
FOLDS = (TRUCK_FOLD, PLACE_FOLD, LOT_FOLD, DISPATCH_FOLD)
START = datetime.now(UTC).replace(microsecond=0)


class Workers:
    """Two workers, each started again where it has ended, as the supervisor does."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.started = Counter[str]()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in NAMES:
            self.start(name)

    def start(self, name: str) -> None:
        """Start a worker; what it logs stays in its file."""
        path = self.settings.log_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "infra.cli", "worker", name],
                env=self.settings.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent(os.getpid(), signal.SIGKILL),  # noqa: PLW1509
            )
        self.started[name] += 1

    def look_after(self) -> None:
        """Start what has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                self.start(name)

    def are_ready(self) -> bool:
        """Tell whether both do their work."""
        self.look_after()
        signs = ((Sign.read(self.settings.readiness_path(n)), self._running[n].pid) for n in NAMES)
        return all(sign is not None and sign.holds(pid) for sign, pid in signs)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a worker."""
        os.kill(self._running[name].pid, number)

    def end(self) -> None:
        """Kill both."""
        for process in self._running.values():
            process.kill()
            process.wait()


class Log:
    """Everything that stands in some topics now."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, *topics: str) -> list[Any]:
        """Return the topics' records."""
        consumer = KafkaConsumer(bootstrap_servers=self._settings.bootstrap_servers)
        try:
            places = [
                TopicPartition(topic, partition)
                for topic in topics
                for partition in consumer.partitions_for_topic(topic) or ()
            ]
            consumer.assign(places)
            consumer.seek_to_beginning()
            ends = consumer.end_offsets(places)
            found = []
            while any(consumer.position(place) < end for place, end in ends.items()):
                for records in consumer.poll(timeout_ms=500).values():
                    found += records
            return found
        finally:
            consumer.close()

    def states(self, kind: str) -> dict[str, Any]:
        """Return the latest state of every entity."""
        records = self.read(f"{kind}.state.v1")
        return {record.key.decode(): orjson.loads(record.value) for record in records}

    def table(self, fold: str) -> dict[str, Any]:
        """Return what a fold's changelog holds."""
        records = owned(self.read(f"{WORKERS}-{fold}-changelog"))
        rows = {record.key.decode(): record.value for record in records}
        kept = {key for key, row in rows.items() if row is not None} - {JOURNAL, OWNER}
        return {key: orjson.loads(rows[key]) for key in kept}

    def lag(self) -> int:
        """Return how many records the workers have not done yet."""
        topics = {topic for fold in FOLDS for topic in fold.topics} - {"stack.tick.v1"}
        topics.discard("dispatch.inbox.v1")  # a tick every quarter of a second
        consumer = KafkaConsumer(bootstrap_servers=self._settings.bootstrap_servers)
        try:
            places = [
                TopicPartition(topic, partition)
                for topic in topics
                for partition in range(CATALOGUE[topic].partitions)
            ]
            ends = consumer.end_offsets(places)
        finally:
            consumer.close()
        with admin_of(self._settings) as admin:
            done = committed(admin, WORKERS)
        return sum(max(end - done.get(place, 0), 0) for place, end in ends.items())


def _event(event_type: str, data: dict[str, Any], name: str, when: datetime) -> Record:
    topic = TOPIC_OF_TYPE[event_type]
    fact = validate(topic, event_type, data)
    return encode(topic.name, event_type, fact, event_id=name, source="/test", time=when)


def _furniture(trucks: int) -> Iterator[Record]:
    place = {"lat": 10.0, "lon": 105.0}
    port = {"place_id": "PORT", "kind": "port", "name": "Cảng", **place, "gates": ["G"]}
    yield _event("facility.registered", port, "port", START)
    checkpoint = {"place_id": "CP", "name": "Chốt", **place}
    yield _event("checkpoint.registered", checkpoint, "checkpoint", START)
    for number in range(trucks):
        truck = {
            "truck_id": f"T{number}",
            "plate": f"68C-{number:05d}",
            "haulier_id": "H",
            "region": "kien-giang",
            "payload_kg": 8000,
            "home": place,
        }
        yield _event("truck.registered", truck, f"truck{number}", START)


def _round(trucks: int, number: int) -> Iterator[Record]:
    """Yield a position, a clearance and a lot for each truck; some twice, one contradicting."""
    when = START + timedelta(seconds=number)
    for truck in range(trucks):
        where = {"truck_id": f"T{truck}", "lat": 10 + number / 1000, "lon": 105.0}
        position = _event("truck.position_reported", where, f"p{truck}/{number}", when)
        yield position
        if truck % 5 == 0:
            yield position
        seen = {"truck_id": f"T{truck}", "checkpoint_id": "CP"}
        yield _event("checkpoint.cleared", seen, f"c{truck}/{number}", when)
        if truck % 7 == 0:
            yield _event("checkpoint.held", seen, f"c{truck}/{number}", when)
    lot = {
        "lot_id": f"L{number}",
        "region": "kien-giang",
        "product": "pineapple",
        "quantity_kg": 5000,
        "pickup": {"lat": 9.733, "lon": 105.274, "name": "Gò Quao"},
        "ready_from": (START + timedelta(hours=20)).isoformat(),
        "hold_until": (START + timedelta(hours=60)).isoformat(),
    }
    yield _event("lot.declared", lot, f"lot{number}", when)
    revised = {"lot_id": f"L{number}", "quantity_kg": 4000 + number}
    yield _event("lot.revised", revised, f"revised{number}", when)


TRUCKS, ROUNDS = 12, 14


class Day:
    """What was sent to the workers, and what there is when they are through."""

    def __init__(self, settings: Settings) -> None:
        self.log = Log(settings)
        self.sent: list[Record] = []
        self.workers = Workers(settings)
        self._producer = KafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks="all")

    def send(self, records: Iterator[Record]) -> None:
        """Publish records, confirmed."""
        for record in records:
            headers = list(record.headers)
            self._producer.send(record.topic, record.value, record.key, headers=headers)
            self.sent.append(record)
        self._producer.flush()

    def wait(self) -> None:
        """Wait until both workers are there and everything is done."""
        while not (self.workers.are_ready() and self.log.lag() == 0):
            time.sleep(0.3)

    def end(self) -> None:
        """End the workers."""
        self._producer.close()
        self.workers.end()


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """Send a few hundred events to two workers, of which one is killed, and one stands still."""
    with (
        tempfile.TemporaryDirectory(prefix="harvestlane-") as folder,
        running_stack(Settings.throwaway(Path(folder)), broker_only=True) as running,
    ):
        day = Day(running.settings)
        try:
            day.send(_furniture(TRUCKS))
            day.wait()
            for number in range(ROUNDS):
                day.send(_round(TRUCKS, number))
                if number == 4:
                    day.workers.signal("worker-1", signal.SIGKILL)
                day.workers.look_after()
            day.wait()
            day.workers.signal("worker-2", signal.SIGSTOP)
            day.send(_round(TRUCKS, ROUNDS))
            time.sleep(8)  # longer than a process may stand still
            day.workers.signal("worker-2", signal.SIGCONT)
            day.send(_round(TRUCKS, ROUNDS + 1))
            day.wait()
            yield day
        finally:
            day.end()


def test_the_killed_worker_was_started_again(day: Day) -> None:
    assert day.workers.started["worker-1"] >= 2
    assert len(day.sent) > 400


def test_every_record_is_counted_once_in_the_tables(day: Day) -> None:
    sent = Counter(record.topic for record in day.sent)
    counts: dict[str, Counter[str]] = {}
    for fold in FOLDS:
        rows = day.log.table(fold.name).values()
        counts |= counts_of([_Row(row) for row in rows])
    assert {topic: counts[topic].total() for topic in sent} == dict(sent)
    twice = sum(record.topic == "truck.position.v1" for record in day.sent)
    assert counts["truck.position.v1"] == {
        "applied": TRUCKS * (ROUNDS + 2),
        "duplicate": twice - TRUCKS * (ROUNDS + 2),
    }
    assert counts["checkpoint.clearance.v1"]["dead"] == 2 * (ROUNDS + 2)


class _Row:
    def __init__(self, row: dict[str, Any]) -> None:
        self.counts = row["counts"]


def test_every_state_is_what_the_last_events_say(day: Day) -> None:
    trucks = day.log.states("truck")
    assert len(trucks) == TRUCKS
    assert {t["position"]["lat"] for t in trucks.values()} == {10 + (ROUNDS + 1) / 1000}
    lots = day.log.states("lot")
    assert {name: lot["quantity_kg"] for name, lot in lots.items()} == {
        f"L{number}": 4000 + number for number in range(ROUNDS + 2)
    }
    totals = day.log.states("checkpoint")["CP"]["totals"]
    assert totals == {"cleared": TRUCKS * (ROUNDS + 2)}


def test_tables_and_state_topics_agree(day: Day) -> None:
    for fold, kinds in (("truck", ["truck"]), ("lot", ["lot"]), ("place", ["facility"])):
        views: dict[str, Any] = {}
        for row in day.log.table(fold).values():
            views |= row["views"]
        for kind in kinds:
            states = day.log.states(kind)
            assert {f"{kind}:{name}": state for name, state in states.items()} == {
                name: view for name, view in views.items() if name.startswith(f"{kind}:")
            }


def test_only_the_contradictions_are_dead_once_each(day: Day) -> None:
    errors: Counter[Any] = Counter()
    for letter in day.log.read(DEAD_LETTERS):
        headers = dict(letter.headers)
        place = (headers["dlq_topic"], headers["dlq_partition"], headers["dlq_offset"])
        errors[place, headers["dlq_error"].split(b":")[0]] += 1
    assert len(errors) == 2 * (ROUNDS + 2)
    assert {error for _, error in errors} == {b"conflict"}
