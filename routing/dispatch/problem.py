"""State a dispatch problem: trucks, lots, facilities, slots and corridors at one moment.

Every value checks itself when it is made and raises `InvalidProblem`. Times carry an offset;
amounts are kilograms, metres and seconds. What is merely unknown elsewhere (a slot of a facility
that is not registered yet, a declined pair of a truck that left) is no error: it is left aside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from schemas.errors import HarvestlaneError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, time

    import numpy as np
    from numpy.typing import NDArray

_DAY_S = 86_400


class InvalidProblem(HarvestlaneError):
    """A problem, or its parameters, that no planner could honour; the message says why."""


class Travel(Protocol):
    """Answer how long and how far trucks drive; a road metric or a fake stands behind it."""

    def duration_s(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return seconds of driving, origins × destinations, `inf` where there is no way."""
        ...

    def distance_m(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return metres along the same ways, origins × destinations, `inf` where none."""
        ...


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the ground, in WGS 84 degrees."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        _require(
            math.isfinite(self.lat) and -90 <= self.lat <= 90,
            f"Expected lat in [-90, 90], got {self.lat!r}.",
        )
        _require(
            math.isfinite(self.lon) and -180 <= self.lon <= 180,
            f"Expected lon in [-180, 180], got {self.lon!r}.",
        )


@dataclass(frozen=True, slots=True)
class DrivingState:
    """A driver's hours: seconds driven since the last break, and on this day."""

    since_break_s: int = 0
    today_s: int = 0

    def __post_init__(self) -> None:
        _whole("since_break_s", self.since_break_s, most=_DAY_S)
        _whole("today_s", self.today_s, most=_DAY_S)


@dataclass(frozen=True, slots=True)
class Truck:
    """A truck where and when it becomes free: after its current job, if it has one."""

    truck_id: str
    haulier_id: str
    vehicle_class: str
    payload_kg: int
    temperature_classes: frozenset[str]
    position: Point
    available_from: datetime
    driving: DrivingState = field(default_factory=DrivingState)
    region: str = ""

    def __post_init__(self) -> None:
        _named("truck_id", self.truck_id)
        _whole("payload_kg", self.payload_kg)
        _aware("available_from", self.available_from)


@dataclass(frozen=True, slots=True)
class Lot:
    """Goods of one harvest, with the quantity still to be assigned.

    An empty `destinations` means any facility that takes the product. A higher `priority` is
    served first. A `hold_until` before `ready_from` is allowed: such a lot is left over with
    a reason, not an error.
    """

    lot_id: str
    region: str
    product: str
    quantity_kg: int
    temperature: str
    pickup: Point
    pickup_name: str
    ready_from: datetime
    hold_until: datetime
    destinations: tuple[str, ...] = ()
    priority: int = 0

    def __post_init__(self) -> None:
        _named("lot_id", self.lot_id)
        _whole("quantity_kg", self.quantity_kg)
        _whole("priority", self.priority)
        _aware("ready_from", self.ready_from)
        _aware("hold_until", self.hold_until)


@dataclass(frozen=True, slots=True)
class Facility:
    """A place that takes goods when it has slots; no `products` means it takes everything."""

    facility_id: str
    kind: str
    position: Point
    products: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _named("facility_id", self.facility_id)


@dataclass(frozen=True, slots=True)
class Slot:
    """A window at a gate, [start, end), with the number of places still free."""

    slot_id: str
    facility_id: str
    gate_id: str
    window_start: datetime
    window_end: datetime
    free: int

    def __post_init__(self) -> None:
        _named("slot_id", self.slot_id)
        _whole("free", self.free)
        _aware("window_start", self.window_start)
        _aware("window_end", self.window_end)
        _require(
            self.window_end > self.window_start,
            f"Expected window_end after window_start in slot {self.slot_id!r}.",
        )


@dataclass(frozen=True, slots=True)
class AssemblyPoint:
    """An end or an allowed stop of a corridor, where a truck may join it."""

    place_id: str
    position: Point

    def __post_init__(self) -> None:
        _named("place_id", self.place_id)


@dataclass(frozen=True, slots=True)
class Corridor:
    """An approved way between facilities, with who may use it and when.

    An empty `roster` admits any truck. `hours` are opening and closing in local time (see
    `Params.local_utc_offset_s`); a closing before the opening runs past midnight, and two
    equal times mean the whole day.
    """

    corridor_id: str
    kind: str
    facilities: tuple[str, ...]
    roster: frozenset[str]
    assembly_points: tuple[AssemblyPoint, ...]
    valid_from: datetime
    valid_until: datetime | None = None
    hours: tuple[time, time] | None = None

    def __post_init__(self) -> None:
        _named("corridor_id", self.corridor_id)
        _aware("valid_from", self.valid_from)
        if self.valid_until is not None:
            _aware("valid_until", self.valid_until)


@dataclass(frozen=True, slots=True)
class Forced:
    """A dispatcher's override: this truck takes this lot, to this slot if one is named."""

    truck_id: str
    lot_id: str
    slot_id: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything that a plan may depend on, at the moment `now`.

    `forbidden` holds (truck_id, lot_id) pairs that were declined. `forced` is planned first.
    """

    now: datetime
    trucks: tuple[Truck, ...]
    lots: tuple[Lot, ...]
    facilities: tuple[Facility, ...]
    slots: tuple[Slot, ...]
    travel: Travel
    corridors: tuple[Corridor, ...] = ()
    forbidden: frozenset[tuple[str, str]] = frozenset()
    forced: tuple[Forced, ...] = ()

    def __post_init__(self) -> None:
        _aware("now", self.now)
        _unique("truck_id", (truck.truck_id for truck in self.trucks))
        _unique("lot_id", (lot.lot_id for lot in self.lots))
        _unique("facility_id", (facility.facility_id for facility in self.facilities))
        _unique("slot_id", (slot.slot_id for slot in self.slots))
        _unique("corridor_id", (corridor.corridor_id for corridor in self.corridors))


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - an assertion that stays
    if not condition:
        raise InvalidProblem(message)


def _named(name: str, value: str) -> None:
    _require(bool(value), f"Expected a {name}, got an empty one.")


def _whole(name: str, value: float, *, most: float = math.inf) -> None:
    _require(
        math.isfinite(value) and 0 <= value <= most and value == int(value),
        f"Expected {name} a whole number in [0, {most}], got {value!r}.",
    )


def _aware(name: str, value: datetime) -> None:
    _require(value.utcoffset() is not None, f"Expected {name} with an offset, got {value!r}.")


def _unique(name: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in ids:
        _require(value not in seen, f"Expected every {name} once, got {value!r} twice.")
        seen.add(value)
