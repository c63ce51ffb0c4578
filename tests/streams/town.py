"""Run every fold over a broker in memory: a small world whose crashes and orders a test decides."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.dispatch import Point
from routing.dispatch.crow import CrowTravel
from routing.roads.closures import touches
from schemas.clock import ClockTicked
from schemas.dispatch import PlanComputed
from schemas.envelope import Record, encode, validate
from schemas.model import Fact, format_time
from schemas.topics import CATALOGUE, DEAD_LETTERS, TOPIC_OF_TYPE
from streams.dispatch import DISPATCH_FOLD
from streams.fold import Fold, Raw
from streams.lot import LOT_FOLD
from streams.memory import JOURNAL, DictRows
from streams.picture import draw, has_work
from streams.place import PLACE_FOLD
from streams.planner import _marks, _parts
from streams.planning import solve
from streams.shell import Shell, Work, home_of
from streams.truck import TRUCK_FOLD

NOON = datetime(2021, 8, 25, 5, 0, tzinfo=UTC)
"""12:00 in Kiên Giang."""


@dataclass(frozen=True)
class Path:
    """A straight way, as far as an assignment needs it."""

    geometry: dict[str, Any]
    duration_s: float
    distance_m: float
    leg_durations_s: tuple[float, ...]
    leg_starts: tuple[int, ...]


class Straight(CrowTravel):
    """Straight lines that stop at closures."""

    def __init__(self, closures: Iterable[tuple[str, str, dict[str, Any]]] = ()) -> None:
        super().__init__()
        object.__setattr__(self, "closed", [geometry for _, _, geometry in closures])

    def duration_s(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return seconds, `inf` through a closure."""
        return self._barred(
            super().duration_s(vehicle_class, origins, destinations), origins, destinations
        )

    def distance_m(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return metres, `inf` through a closure."""
        return self._barred(
            super().distance_m(vehicle_class, origins, destinations), origins, destinations
        )

    def _barred(
        self, table: NDArray[np.float64], origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        closed: list[dict[str, Any]] = self.closed  # type: ignore[attr-defined]
        for row, one in enumerate(origins):
            for column, two in enumerate(destinations):
                if any(touches(_line([one, two]), geometry) for geometry in closed):
                    table[row, column] = np.inf
        return table

    def route(self, vehicle_class: str, via: Sequence[Point]) -> Path:
        """Return the straight way."""
        legs = list(pairwise(via))
        seconds = [float(self.duration_s(vehicle_class, [a], [b])[0, 0]) for a, b in legs]
        starts = tuple(range(len(legs)))
        return Path(_line(via), sum(seconds), 12.5 * sum(seconds), tuple(seconds), starts)


def _line(points: Sequence[Point]) -> dict[str, Any]:
    coordinates = [[p.lon, p.lat] for p in points]
    if len(set(map(tuple, coordinates))) < 2:
        coordinates[-1] = [coordinates[0][0] + 1e-7, coordinates[0][1]]
    return {"type": "LineString", "coordinates": coordinates}


class Crash(Exception):
    """A worker died here."""


class Town:
    """All folds, one worker, a broker in memory.

    Parameters
    ----------
    crash
        Called with the number of each durable step; raising `Crash` kills the worker there.
    """

    def __init__(self, crash: Callable[[int], None] = lambda _: None) -> None:
        self.now = NOON
        self.log: dict[tuple[str, int], list[tuple[Record, int]]] = defaultdict(list)
        self.tables: dict[str, DictRows] = defaultdict(DictRows)
        self.committed: dict[tuple[str, str, int], int] = defaultdict(int)
        self.steps = 0
        self.crash = crash
        self.plans = 0
        self._appended = 1_000
        self._ids = 0
        self._seen: object = None
        self.shells: dict[str, Shell] = {}
        self.start()

    def start(self) -> None:
        """Start a worker: load its tables, finish what was begun."""
        folds: tuple[Fold, ...] = (TRUCK_FOLD, PLACE_FOLD, LOT_FOLD, DISPATCH_FOLD)
        self.shells = {fold.name: Shell(fold, lambda: self.now) for fold in folds}
        for name, shell in self.shells.items():
            for work in shell.take_over(self.tables[name]):
                self._write(name, work)

    # -- what comes from outside ------------------------------------------------------------

    def say(
        self,
        event_type: str,
        data: dict[str, Any],
        *,
        when: datetime | None = None,
        event_id: str | None = None,
        source: str = "/test",
    ) -> str:
        """Publish an event from outside; return its id."""
        topic = TOPIC_OF_TYPE[event_type]
        self._ids += 1
        event_id = event_id or f"e{self._ids}"
        fact = validate(topic, event_type, data)
        self.put(self._encode(topic.name, event_type, fact, event_id, source, when or self.now))
        return event_id

    @staticmethod
    def _encode(
        topic: str, event_type: str, fact: Fact, event_id: str, source: str, when: datetime
    ) -> Record:
        return encode(topic, event_type, fact, event_id=event_id, source=source, time=when)

    def put(self, record: Record, partition: int | None = None) -> None:
        """Append a record."""
        if partition is None:
            partition = home_of(record.topic, record.key)
        self._appended += 1
        self.log[record.topic, partition].append((record, self._appended))

    # -- running ------------------------------------------------------------------------------

    def run(self, *, minutes: float = 0, plan: bool = True) -> None:
        """Run until nothing moves any more, then let time pass, tick and run on."""
        self._quiet(plan=plan)
        end = self.now + timedelta(minutes=minutes)
        while self.now < end:
            self.now = min(self.now + timedelta(minutes=5), end)
            self.tick()
            self._quiet(plan=plan)

    def tick(self) -> None:
        """Let the clock tick everywhere."""
        self._ids += 1
        fact = ClockTicked(now=self.now)
        for topic in ("stack.tick.v1", "dispatch.inbox.v1"):
            for partition in range(CATALOGUE[topic].partitions):
                record = self._encode(
                    topic, "clock.ticked", fact, f"t{self._ids}", "/streams/clock", self.now
                )
                self.put(record, partition)

    def _quiet(self, *, plan: bool) -> None:
        for _ in range(200):
            while self._round():
                pass
            if not plan or not self._plan():
                return
        raise AssertionError("the world does not come to rest")

    def plan_once(self) -> bool:
        """Plan, if there is reason to."""
        return self._plan()

    def round_of(self, *names: str) -> None:
        """Let only some folds work, until nothing is left for them to read."""
        while self._round(names):
            pass

    def _plan(self) -> bool:
        """Plan as the planner does: where something changed, or five minutes have passed."""
        store = self.shells["dispatch"].memory.store(0)
        marks = (_marks(store), int(self.now.timestamp()) // 300)
        if marks == self._seen or not has_work(store, self.now):
            return False
        self._seen = marks
        self.plans += 1
        picture = draw(store, f"P-{self.plans}", self.now)
        answer = solve(picture, Straight(picture.closures))  # type: ignore[arg-type]
        for part in _parts(answer):
            fact = PlanComputed.model_validate(part)
            name, source = part["plan_id"], "/streams/planner"
            topic, event_type = "dispatch.inbox.v1", "plan.computed"
            self.put(self._encode(topic, event_type, fact, name, source, self.now))
        return True

    def _round(self, names: Sequence[str] | None = None) -> bool:
        moved = False
        for name, shell in self.shells.items():
            if names is not None and name not in names:
                continue
            partitions = {
                p for topic in shell.fold.topics for p in range(CATALOGUE[topic].partitions)
            }
            for partition in sorted(partitions):
                batch = self._fetch(name, shell.fold.topics, partition)
                if batch:
                    moved = True
                    work = shell.work(partition, [(raw, at) for raw, at in batch])
                    if work.changes or work.events:
                        self._write(name, work)
                    for raw, _ in batch:
                        place = (name, raw.topic, raw.partition)
                        self.committed[place] = max(self.committed[place], raw.offset + 1)
        return moved

    def _fetch(self, name: str, topics: Sequence[str], partition: int) -> list[tuple[Raw, int]]:
        batch = []
        for topic in topics:
            records = self.log[topic, partition]
            start = self.committed[name, topic, partition]
            for offset in range(start, len(records)):
                record, at = records[offset]
                raw = Raw(topic, partition, offset, record.key, record.value, record.headers)
                batch.append((raw, at))
        return batch

    def _write(self, name: str, work: Work) -> None:
        table = self.tables[name]
        self._step()
        table.put(work.partition, {JOURNAL: work.journal()})
        for record, partition in work.records:
            self._step()
            self.put(record, partition)
        for key, value in work.rows():
            self._step()
            table.put(work.partition, {key: value})
        self._step()

    def _step(self) -> None:
        self.steps += 1
        self.crash(self.steps)

    # -- looking ------------------------------------------------------------------------------

    def events(self, topic: str) -> list[tuple[str, dict[str, Any]]]:
        """List type and data of everything said on a topic, once for each source and id."""
        seen: dict[tuple[bytes, bytes], tuple[str, dict[str, Any]]] = {}
        for partition in range(CATALOGUE[topic].partitions):
            for record, _ in self.log[topic, partition]:
                headers = dict(record.headers)
                identity = (headers["ce_source"], headers["ce_id"])
                event = (headers["ce_type"].decode(), json.loads(record.value or b"null"))
                assert seen.setdefault(identity, event) == event, "one id, two contents"
        return list(seen.values())

    def said(self, topic: str) -> list[str]:
        """List the types of everything said on a topic, without repetitions of an id."""
        return [event_type for event_type, _ in self.events(topic)]

    def states(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the latest state of each entity, as its compacted topic keeps it."""
        found: dict[str, dict[str, Any]] = {}
        topic = f"{kind}.state.v1"
        for partition in range(CATALOGUE[topic].partitions):
            for record, _ in self.log[topic, partition]:
                if record.value is None:
                    found.pop(record.key.decode(), None)
                else:
                    found[record.key.decode()] = json.loads(record.value)
        return found

    def dead(self) -> list[str]:
        """List why records were set aside."""
        return [
            dict(record.headers)["dlq_error"].decode() for record, _ in self.log[DEAD_LETTERS, 0]
        ]

    # -- a small world -------------------------------------------------------------------------

    def furnish(self, *, trucks: int = 3, lots: int = 2, capacity: int = 2, hours: int = 8) -> None:
        """Register a port with hourly slots, a checkpoint, trucks and lots around Rạch Giá."""
        place = {"lat": 10.01, "lon": 105.08}
        self.say(
            "facility.registered",
            {
                "place_id": "PORT",
                "kind": "port",
                "name": "Cảng",
                **place,
                "gates": ["G1"],
                "region": "kien-giang",
            },
        )
        self.say(
            "checkpoint.registered",
            {"place_id": "CP", "name": "Chốt", "lat": 9.95, "lon": 105.1, "bays": 2},
        )
        for hour in range(1, hours + 1):
            self.open_slot(hour, capacity)
        for number in range(trucks):
            self.add_truck(f"T{number}")
        for number in range(lots):
            self.add_lot(f"L{number}")

    def window(self, hour: int) -> dict[str, str]:
        """Name the gate and window that opens so many hours after noon."""
        start = NOON + timedelta(hours=hour)
        return {
            "facility_id": "PORT",
            "gate_id": "G1",
            "window_start": format_time(start),
            "window_end": format_time(start + timedelta(hours=1)),
        }

    def open_slot(self, hour: int, capacity: int) -> None:
        """Open one hour's slot."""
        self.say("slot.opened", {**self.window(hour), "capacity_trucks": capacity})

    def add_truck(self, truck_id: str, **fields: Any) -> None:
        """Register a truck at Rạch Giá, and have it report where it is."""
        number = sum(truck_id.encode()) % 100000
        data = {
            "truck_id": truck_id,
            "plate": f"68C-{number:05d}",
            "haulier_id": "H1",
            "region": "kien-giang",
            "vehicle_class": "rigid_2_axle",
            "payload_kg": 8000,
            "temperature_classes": ["ambient", "chilled"],
            "home": {"lat": 10.0, "lon": 105.1},
        }
        self.say("truck.registered", {**data, **fields})
        self.say("truck.position_reported", {"truck_id": truck_id, "lat": 10.0, "lon": 105.1})

    def add_lot(self, lot_id: str, **fields: Any) -> None:
        """Declare five tonnes of pineapples at Gò Quao, ready now."""
        data = {
            "lot_id": lot_id,
            "region": "kien-giang",
            "product": "pineapple",
            "quantity_kg": 5000,
            "pickup": {"lat": 9.8, "lon": 105.2, "name": "Gò Quao"},
            "ready_from": format_time(self.now),
            "hold_until": format_time(self.now + timedelta(hours=8)),
        }
        self.say("lot.declared", {**data, **fields})

    def command(self, what: str, assignment_id: str, **fields: Any) -> str:
        """Ask something of an assignment."""
        data = {"assignment_id": assignment_id, "region": "kien-giang", **fields}
        return self.say(f"assignment.{what}", data)
