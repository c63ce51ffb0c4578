"""State a dispatch problem: trucks, lots, facilities, slots and corridors at one moment.

Every value checks itself when it is made and raises `InvalidProblem`. Times carry an offset;
amounts are kilograms, litres, metres and seconds. What is merely unknown elsewhere (a slot of a
facility that is not registered yet, a declined pair of a truck that left) is no error: it is left
aside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from routing.dispatch.bound import Committed, Earlier, Forced, Pin
from routing.dispatch.invalid import InvalidProblem, amount, aware, named, require, unique, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, time

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "AssemblyPoint",
    "Committed",
    "Corridor",
    "DrivingState",
    "Earlier",
    "Facility",
    "Forced",
    "InvalidProblem",
    "Lot",
    "Pin",
    "Point",
    "Problem",
    "Slot",
    "Transhipment",
    "Travel",
    "Truck",
]

_DAY_S = 86_400


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
        require(
            math.isfinite(self.lat) and -90 <= self.lat <= 90,
            f"Expected lat in [-90, 90], got {self.lat!r}.",
        )
        require(
            math.isfinite(self.lon) and -180 <= self.lon <= 180,
            f"Expected lon in [-180, 180], got {self.lon!r}.",
        )


@dataclass(frozen=True, slots=True)
class DrivingState:
    """A driver's hours: seconds driven since the last break, on this day, and in this week."""

    since_break_s: int = 0
    today_s: int = 0
    week_s: int = 0

    def __post_init__(self) -> None:
        whole("since_break_s", self.since_break_s, most=_DAY_S)
        whole("today_s", self.today_s, most=8 * _DAY_S)
        whole("week_s", self.week_s, most=8 * _DAY_S)


@dataclass(frozen=True, slots=True)
class Truck:
    """A truck where and when it becomes free: after its current job, if it has one.

    Attributes
    ----------
    volume_l
        What fits in by volume; None: the weight alone limits it.
    skills, permits
        What it can do (a tail lift, live fish), and what it may enter or carry.
    shift_end, pass_until
        When the driver's work is to be over, and when the truck's pass ends: nothing is done
        after either. None: no such end.
    home
        Where it ends if `Params.return_home` says so.
    rear_loading
        What was loaded last has to be unloaded first.
    """

    truck_id: str
    haulier_id: str
    vehicle_class: str
    payload_kg: int
    temperature_classes: frozenset[str]
    position: Point
    available_from: datetime
    driving: DrivingState = field(default_factory=DrivingState)
    region: str = ""
    volume_l: int | None = None
    skills: frozenset[str] = frozenset()
    permits: frozenset[str] = frozenset()
    shift_end: datetime | None = None
    pass_until: datetime | None = None
    home: Point | None = None
    rear_loading: bool = False

    def __post_init__(self) -> None:
        named("truck_id", self.truck_id)
        whole("payload_kg", self.payload_kg)
        if self.volume_l is not None:
            whole("volume_l", self.volume_l)
        aware("available_from", self.available_from)
        aware("shift_end", self.shift_end)
        aware("pass_until", self.pass_until)


@dataclass(frozen=True, slots=True)
class Lot:
    """Goods of one harvest, or on their way to farms, with the quantity still to be assigned.

    An empty `destinations` means any facility that takes the product. A higher `priority` is
    served first. A `hold_until` before `ready_from` is allowed: such a lot is left over with
    a reason, not an error.

    Attributes
    ----------
    volume_l
        The room that the whole quantity takes.
    needs, permits
        The skills and the permits that a truck must have to carry it.
    drop, drop_name
        Where a return load goes, such as inputs for a farm: there are no slots, and
        `destinations` says nothing.
    value_vnd_per_kg
        What it is worth, for the price of its spoiling.
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
    volume_l: int = 0
    needs: frozenset[str] = frozenset()
    permits: frozenset[str] = frozenset()
    drop: Point | None = None
    drop_name: str = ""
    value_vnd_per_kg: float = 0.0

    def __post_init__(self) -> None:
        named("lot_id", self.lot_id)
        whole("quantity_kg", self.quantity_kg)
        whole("priority", self.priority)
        whole("volume_l", self.volume_l)
        amount("value_vnd_per_kg", self.value_vnd_per_kg)
        aware("ready_from", self.ready_from)
        aware("hold_until", self.hold_until)


@dataclass(frozen=True, slots=True)
class Facility:
    """A place that takes goods when it has slots; no `products` means it takes everything.

    Attributes
    ----------
    bays
        How many trucks it unloads at once, the next one waits; None: any number.
    permits
        What a truck must have to enter.
    """

    facility_id: str
    kind: str
    position: Point
    products: frozenset[str] = frozenset()
    bays: int | None = None
    permits: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        named("facility_id", self.facility_id)
        if self.bays is not None:
            whole("bays", self.bays)


@dataclass(frozen=True, slots=True)
class Slot:
    """A window at a gate, [start, end), with the number of places still free.

    `quotas` limit the places of some hauliers: {haulier_id: places}.
    """

    slot_id: str
    facility_id: str
    gate_id: str
    window_start: datetime
    window_end: datetime
    free: int
    quotas: Mapping[str, int] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        named("slot_id", self.slot_id)
        whole("free", self.free)
        for haulier_id, places in self.quotas.items():
            whole(f"quota of {haulier_id}", places)
        aware("window_start", self.window_start)
        aware("window_end", self.window_end)
        require(
            self.window_end > self.window_start,
            f"Expected window_end after window_start in slot {self.slot_id!r}.",
        )


@dataclass(frozen=True, slots=True)
class AssemblyPoint:
    """An end or an allowed stop of a corridor, where a truck may join it."""

    place_id: str
    position: Point

    def __post_init__(self) -> None:
        named("place_id", self.place_id)


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
        named("corridor_id", self.corridor_id)
        aware("valid_from", self.valid_from)
        aware("valid_until", self.valid_until)


@dataclass(frozen=True, slots=True)
class Transhipment:
    """A place where a load or a driver changes, for lots that no truck can carry directly.

    Attributes
    ----------
    kind
        `cargo_swap`: the load passes to another truck; `driver_swap`: a rested driver takes over.
    swap_s
        How long unloading, loading again or changing over takes, each.
    drivers
        Of a driver swap, the hours of each driver who waits there; each takes over once.
    permits
        What a truck must have to enter.
    """

    place_id: str
    position: Point
    kind: Literal["cargo_swap", "driver_swap"] = "cargo_swap"
    swap_s: int = 1_800
    drivers: tuple[DrivingState, ...] = ()
    permits: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        named("place_id", self.place_id)
        whole("swap_s", self.swap_s)


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything that a plan may depend on, at the moment `now`.

    `forbidden` holds (truck_id, lot_id) pairs that were declined. `committed` legs come first in
    their trucks' routes, then `forced`; `pins` stay where they are. `earlier` is the plan before,
    `worked_s` what each haulier's trucks have done so far, for fairness.
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
    pins: tuple[Pin, ...] = ()
    committed: tuple[Committed, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    transhipments: tuple[Transhipment, ...] = ()
    worked_s: Mapping[str, int] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        aware("now", self.now)
        unique("truck_id", (truck.truck_id for truck in self.trucks))
        unique("lot_id", (lot.lot_id for lot in self.lots))
        unique("facility_id", (facility.facility_id for facility in self.facilities))
        unique("slot_id", (slot.slot_id for slot in self.slots))
        unique("corridor_id", (corridor.corridor_id for corridor in self.corridors))
        unique("place_id of a transhipment", (place.place_id for place in self.transhipments))
        for haulier_id, seconds in self.worked_s.items():
            whole(f"worked_s of {haulier_id}", seconds)
