"""Draw a fleet by seed: who is registered, where trucks report to be, what checkpoints say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import orjson

from schemas.model import format_time
from streams.shell import home_of

REGISTRY, POSITIONS, CLEARANCES = (
    "truck.registry.v1",
    "truck.position.v1",
    "checkpoint.clearance.v1",
)
PLACES, LOTS = "place.registry.v1", "harvest.lot.v1"

REPORT_EVERY = timedelta(seconds=10)
DUPLICATES = 0.03
"""The share of positions that are sent a second time, a moment later."""
SWAPPED = 0.02
"""The share of positions that arrive after the truck's next one."""
_MOVING = 0.3
_SPEED_MPS = 10.0
_DEGREE_M = 111_195.0


@dataclass(frozen=True, slots=True)
class Message:
    """One record to be produced; `topic` is the catalogue's, wherever it is put."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def message(
    topic: str,
    event_type: str,
    key: str,
    data: dict[str, object],
    *,
    event_id: str,
    time: datetime,
    partition: int | None = None,
) -> Message:
    """Write one event, as a machine outside would.

    Parameters
    ----------
    topic, event_type, key, data
        What is said.
    event_id, time
        Its name and its time.
    partition
        Where the key belongs, if it is known already.
    """
    raw = key.encode()
    headers = [
        ("ce_id", event_id.encode()),
        ("ce_source", b"/bench/fleet"),
        ("ce_specversion", b"1.0"),
        ("ce_type", event_type.encode()),
        ("ce_time", format_time(time).encode()),
        ("content-type", b"application/json"),
    ]
    where = home_of(topic, raw) if partition is None else partition
    return Message(topic, where, raw, orjson.dumps(data), headers)


@dataclass(slots=True)
class _Truck:
    name: str
    partition: int
    lat: float
    lon: float
    reports: int = 0
    moving: bool = False
    heading: float = 0.0


class Fleet:
    """Trucks around Rạch Giá that report one after the other, for as long as they are asked.

    Parameters
    ----------
    seed
        Where all chance comes from.
    trucks
        How many there are.
    start
        When they begin to report.
    report_every
        The time between two reports of one truck.
    """

    def __init__(
        self,
        seed: int,
        trucks: int,
        start: datetime,
        *,
        report_every: timedelta = REPORT_EVERY,
    ) -> None:
        self._chance = Random(f"{seed}/fleet")
        self._start = start
        self._every = report_every
        draw = self._chance.uniform
        names = [f"T{number:04d}" for number in range(trucks)]
        self._trucks = [
            _Truck(name, home_of(POSITIONS, name.encode()), draw(9.6, 10.2), draw(104.9, 105.5))
            for name in names
        ]
        self._sent = 0

    @property
    def names(self) -> Sequence[str]:
        """Name every truck."""
        return [truck.name for truck in self._trucks]

    def registrations(self) -> list[Message]:
        """Register every truck."""
        return [
            message(
                REGISTRY,
                "truck.registered",
                truck.name,
                {
                    "truck_id": truck.name,
                    "plate": f"68C-{number:05d}",
                    "haulier_id": f"H{number % 40}",
                    "region": "kien-giang",
                    "vehicle_class": "rigid_2_axle",
                    "driver_id": None,
                    "payload_kg": 8000,
                    "temperature_classes": ["ambient"],
                    "home": {"lat": round(truck.lat, 5), "lon": round(truck.lon, 5)},
                    "status": "available",
                },
                event_id=f"r-{truck.name}",
                time=self._start,
                partition=truck.partition,
            )
            for number, truck in enumerate(self._trucks)
        ]

    def positions(self, count: int) -> list[Message]:
        """Report so many positions, the repeated ones among them."""
        found: list[Message] = []
        again: list[tuple[int, Message]] = []
        held: dict[str, Message] = {}
        chance = self._chance.random
        while len(found) < count:
            if again and again[0][0] <= len(found):
                found.append(again.pop(0)[1])
                continue
            truck = self._trucks[self._sent % len(self._trucks)]
            self._sent += 1
            report = self._report(truck)
            before = held.pop(truck.name, None)
            if before is None and chance() < SWAPPED:
                held[truck.name] = report
                continue
            found.append(report)
            if before is not None:
                found.append(before)
            if chance() < DUPLICATES:
                again.append((len(found) + 500, report))
        return [*found, *held.values(), *(one for _, one in again)]

    def _report(self, truck: _Truck) -> Message:
        if self._chance.random() < 1 / 60:
            truck.moving = self._chance.random() < _MOVING
            truck.heading = self._chance.uniform(0, 2 * math.pi)
        if truck.moving:
            step = _SPEED_MPS * self._every.total_seconds() / _DEGREE_M
            truck.lat += step * math.cos(truck.heading)
            truck.lon += step * math.sin(truck.heading)
        truck.reports += 1
        data: dict[str, object] = {
            "truck_id": truck.name,
            "lat": round(truck.lat, 5),
            "lon": round(truck.lon, 5),
            "speed_kph": 36.0 if truck.moving else 0.0,
            "accuracy_m": 8.0,
        }
        return message(
            POSITIONS,
            "truck.position_reported",
            truck.name,
            data,
            event_id=f"p-{truck.name}-{truck.reports}",
            time=self._start + truck.reports * self._every,
            partition=truck.partition,
        )


def checkpoints(count: int, start: datetime) -> list[Message]:
    """Register checkpoints, all in one place."""
    return [
        message(
            PLACES,
            "checkpoint.registered",
            f"CP{number}",
            {"place_id": f"CP{number}", "name": "Chốt", "lat": 10.0, "lon": 105.1, "bays": 4},
            event_id=f"cp-{number}",
            time=start,
        )
        for number in range(count)
    ]


def clearances(
    count: int, *, trucks: Sequence[str], checkpoints: int, start: datetime
) -> list[Message]:
    """Let trucks through checkpoints, one after the other."""
    found = []
    for number in range(count):
        truck = trucks[number % len(trucks)]
        where = f"CP{(number * 7) % checkpoints}"
        found.append(
            message(
                CLEARANCES,
                "checkpoint.cleared",
                truck,
                {"truck_id": truck, "checkpoint_id": where, "people_count": 2},
                event_id=f"c-{number}",
                time=start + timedelta(seconds=number // len(trucks)),
            )
        )
    return found


def lots(count: int, start: datetime) -> Iterator[Message]:
    """Declare lots that no facility takes: what is planned of them is that they are left."""
    for number in range(count):
        lot_id = f"B{number:04d}"
        data: dict[str, object] = {
            "lot_id": lot_id,
            "region": "kien-giang",
            "product": "pineapple",
            "quantity_kg": 5000,
            "pickup": {"lat": 9.733, "lon": 105.274, "name": "Gò Quao"},
            "ready_from": format_time(start + timedelta(hours=20)),
            "hold_until": format_time(start + timedelta(hours=60)),
        }
        yield message(LOTS, "lot.declared", lot_id, data, event_id=f"l-{number}", time=start)


def revisions(count: int, *, lots: int, start: datetime) -> Iterator[Message]:
    """Revise the lots' quantities, one after the other."""
    for number in range(count):
        lot_id = f"B{number % lots:04d}"
        data: dict[str, object] = {"lot_id": lot_id, "quantity_kg": 4000 + number}
        when = start + timedelta(seconds=1 + number // lots)
        yield message(LOTS, "lot.revised", lot_id, data, event_id=f"v-{number}", time=when)
