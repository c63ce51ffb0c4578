"""Make up small worlds to plan in: hand-laid ones, and random ones that are short of everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import HealthCheck, settings

from routing.dispatch import (
    AssemblyPoint,
    Corridor,
    DrivingState,
    Facility,
    Forced,
    Lot,
    Params,
    Point,
    Problem,
    Slot,
    Truck,
)
from routing.dispatch.crow import CrowTravel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.dispatch import Travel

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For property tests: a busy machine is no failure."""
PARAMS = Params(corridor_join_m=1_000_000.0, corridor_bonus=3_000.0)
"""For random worlds: corridors are within reach, and worth taking."""
NOW = datetime(2021, 9, 10, 1, 0, tzinfo=UTC)
"""Eight in the morning at Rạch Giá."""
RACH_GIA = Point(10.012, 105.081)
TAC_CAU = Point(9.889, 105.135)
GO_QUAO = Point(9.733, 105.274)
CAN_THO = Point(10.037, 105.788)
_CLASSES = ("light_truck", "rigid_2_axle", "semi_trailer")
_PRODUCTS = ("fish", "crab", "paddy")


@dataclass(frozen=True)
class WildTravel:
    """Travel times drawn anew for each pair of points, some of them infinite."""

    seed: int
    closed: float = 0.08
    longest_s: int = 10_000

    def duration_s(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return seconds of driving."""
        return np.array(
            [[self._one(vehicle_class, one, two) for two in destinations] for one in origins], float
        ).reshape(len(origins), len(destinations))

    def distance_m(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return metres at 12 m/s."""
        return self.duration_s(vehicle_class, origins, destinations) * 12.0

    def _one(self, vehicle_class: str, one: Point, two: Point) -> float:
        random = Random(f"{self.seed} {vehicle_class} {one} {two}")
        if random.random() < self.closed:
            return float("inf")
        return random.uniform(0, self.longest_s)


@dataclass(frozen=True)
class RoadsRepaired:
    """Another travel with its missing roads taking no time."""

    other: Travel

    def duration_s(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return seconds of driving."""
        known = self.other.duration_s(vehicle_class, origins, destinations)
        return np.where(np.isfinite(known), known, 0.0)

    def distance_m(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return metres."""
        return self.duration_s(vehicle_class, origins, destinations) * 12.0


def hours(count: float) -> datetime:
    """Return the time so many hours from `NOW`."""
    return NOW + timedelta(hours=count)


def truck(name: str = "T1", **changes: Any) -> Truck:
    """Return an 8 t cold truck at Rạch Giá, free now."""
    cold = frozenset({"ambient", "chilled"})
    return replace(Truck(name, f"H-{name}", "rigid_2_axle", 8_000, cold, RACH_GIA, NOW), **changes)


def lot(name: str = "L1", **changes: Any) -> Lot:
    """Return 5 t of chilled fish at Tắc Cậu, ready now, that holds ten hours."""
    made = Lot(
        name, "kien-giang", "fish", 5_000, "chilled", TAC_CAU, "Tắc Cậu", hours(0), hours(10)
    )
    return replace(made, **changes)


def facility(name: str = "F1", position: Point = CAN_THO, **changes: Any) -> Facility:
    """Return a port at Cần Thơ that takes everything."""
    return replace(Facility(name, "port", position), **changes)


def slots(name: str = "F1", *, first: int = 0, count: int = 12, free: int = 2) -> tuple[Slot, ...]:
    """Return hourly slots at one gate."""
    return tuple(
        Slot(f"{name}|G1|{hour:02}", name, "G1", hours(hour), hours(hour + 1), free)
        for hour in range(first, first + count)
    )


def world(**changes: Any) -> Problem:
    """Return one truck, one lot, one port with hourly slots, as the crow flies."""
    made = Problem(NOW, (truck(),), (lot(),), (facility(),), slots(), CrowTravel())
    return replace(made, **changes)


def wild(seed: int, *, trucks: int = 4, lots: int = 4, travel: Travel | None = None) -> Problem:
    """Return a random problem in which trucks, slots, roads and time are short."""
    random = Random(seed)
    ports = random.randint(1, 3)
    places = tuple(
        facility(
            f"F{n}",
            _point(random),
            products=random.choice((frozenset(), _some(random, _PRODUCTS, least=1))),
        )
        for n in range(ports)
    )
    cut = timedelta(milliseconds=random.choice((0, 350)))
    return Problem(
        now=NOW + cut,
        trucks=tuple(
            _truck(random, n)
            for n in range(random.choice((0, *range(1, trucks + 1), trucks, trucks, trucks)))
        ),
        lots=tuple(_lot(random, n, ports) for n in range(random.randint(1, lots))),
        facilities=places,
        slots=tuple(
            _slot(random, n, ports)
            for n in range(random.choice((0, 2, 4 * ports, 8 * ports, 8 * ports)))
        ),
        travel=travel or WildTravel(seed),
        corridors=tuple(_corridor(random, n, places) for n in range(random.randint(0, 2))),
        forbidden=frozenset(
            (f"T{random.randrange(trucks)}", f"L{random.randrange(lots)}")
            for _ in range(random.randint(0, 3))
        ),
        forced=tuple(
            Forced(
                f"T{random.randrange(trucks)}",
                f"L{random.randrange(lots)}",
                random.choice((None, f"S{random.randrange(6)}")),
            )
            for _ in range(random.choice((0, 0, 1, 2)))
        ),
    )


def _point(random: Random) -> Point:
    return Point(random.uniform(9.5, 10.3), random.uniform(104.8, 105.8))


def _some(random: Random, words: Sequence[str], *, least: int) -> frozenset[str]:
    return frozenset(random.sample(words, random.randint(least, len(words))))


def _truck(random: Random, number: int) -> Truck:
    driving = DrivingState(
        random.choice((0, random.randint(0, 14_400))), random.choice((0, 0, 10_000, 30_000))
    )
    return Truck(
        truck_id=f"T{number}",
        haulier_id="H1",
        vehicle_class=random.choice(_CLASSES),
        payload_kg=random.choice((40, 2_500, 2_500, 5_000, 5_000, 8_000, 15_000)),
        temperature_classes=_some(random, ("ambient", "chilled"), least=1),
        position=_point(random),
        available_from=hours(random.uniform(-1, 4)),
        driving=driving,
    )


def _lot(random: Random, number: int, ports: int) -> Lot:
    ready = random.uniform(-3, 5)
    named = tuple(f"F{random.randrange(ports + 1)}" for _ in range(random.choice((0, 0, 0, 1, 2))))
    return Lot(
        lot_id=f"L{number}",
        region="kien-giang",
        product=random.choice(_PRODUCTS),
        quantity_kg=random.choice((30, 700, 4_000, 4_000, 9_000, 21_000)),
        temperature=random.choice(("ambient", "chilled")),
        pickup=_point(random),
        pickup_name=f"Ấp {number}",
        ready_from=hours(ready),
        hold_until=hours(ready + random.choice((-0.5, 3, 8, 16, 30))),
        destinations=tuple(dict.fromkeys(named)),
        priority=random.choice((0, 0, 2)),
    )


def _slot(random: Random, number: int, ports: int) -> Slot:
    start = random.uniform(-2, 14)
    return Slot(
        f"S{number}",
        f"F{number % (ports + 1) if number == 7 else number % ports}",
        "G1",
        hours(start),
        hours(start + random.choice((0.1, 1, 1, 2))),
        random.choice((0, 1, 1, 2)),
    )


def _corridor(random: Random, number: int, places: Sequence[Facility]) -> Corridor:
    ends = random.sample(places, min(2, len(places)))
    opens = time(random.randrange(24), random.choice((0, 30)))
    closes = time(random.randrange(24))
    return Corridor(
        corridor_id=f"C{number}",
        kind="shuttle",
        facilities=tuple(end.facility_id for end in ends),
        roster=_some(random, ("T0", "T1", "T2", "T3"), least=0),
        assembly_points=(
            *(AssemblyPoint(end.facility_id, end.position) for end in ends),
            AssemblyPoint(f"A{number}", _point(random)),
        ),
        valid_from=hours(random.choice((-100, 2))),
        valid_until=random.choice((None, hours(8))),
        hours=random.choice((None, (opens, closes), (opens, opens))),
    )
