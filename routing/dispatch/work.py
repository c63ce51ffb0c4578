"""Hold who does what: errands, the tasks of each truck in their order, and what they use up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routing.dispatch.problem import Earlier, Lot, Point, Slot, Transhipment, Truck
    from routing.dispatch.table import Lane, Table


@dataclass(frozen=True, slots=True)
class Errand:
    """A consignment on its way: what, how much, and by which lane.

    `leg` is 2 for goods that another truck brought to a transhipment point. `open_before_kg` is
    what of the lot was open before this consignment; `booked` the slot of a committed leg,
    `earlier` who had it in the plan before, with the slot if that is still open.
    """

    lot: Lot
    lane: Lane
    quantity_kg: int
    open_before_kg: int
    leg: int = 1
    forced: bool = False
    committed: bool = False
    aboard: bool = False
    pinned: bool = False
    booked: Slot | None = None
    earlier: Earlier | None = None

    @property
    def volume_l(self) -> int:
        """The room it takes, in proportion to its weight, rounded up."""
        return volume_of(self.lot, self.quantity_kg)


@dataclass(frozen=True, slots=True)
class Task:
    """One half of an errand: loading (part 0) or unloading (part 1); seconds since now."""

    errand: Errand
    part: int
    arrival_s: int
    begin_s: int
    end_s: int
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where and when a truck is free, and its driver's hours."""

    place: Point
    time_s: int
    since_s: int
    today_s: int
    week_s: int

    def left_s(self, table: Table) -> int:
        """Return the seconds that the driver may still drive; negative if too many were."""
        params = table.params
        return min(params.day_s - self.today_s, params.week_s - self.week_s)


@dataclass(frozen=True, slots=True)
class Step:
    """A task with the way to it; seconds since now.

    `hops` are the ways driven, (from, to, seconds); `through_s` is when the truck passes the place
    on the way (a corridor's assembly point, or where another driver takes over), if there is one.
    `before` is where the truck stood and what its driver had driven, `after` the same on leaving.
    """

    task: Task
    before: Standing
    departure_s: int
    arrival_s: int
    through_s: int | None
    hops: tuple[tuple[Point, Point, int], ...]
    breaks_s: tuple[tuple[int, int], ...]
    after: Standing

    @property
    def drive_s(self) -> int:
        """Seconds of driving to the stop."""
        return sum(hop[2] for hop in self.hops)


@dataclass(slots=True)
class Work:
    """A plan in the making.

    Attributes
    ----------
    steps
        Of each truck: its tasks with the ways to them, in their order.
    open_kg
        Of each lot.
    standing
        Of each truck, after its tasks.
    stuck
        Trucks whose committed goods no road carries on.
    """

    steps: list[list[Step]]
    open_kg: list[int]
    standing: list[Standing]
    stuck: set[int] = field(default_factory=set)

    def in_slots(self, table: Table) -> dict[int, set[int]]:
        """Return the trucks that each slot is used by; committed ones are not in `free`."""
        found: dict[int, set[int]] = {at: set() for at in range(len(table.slots))}
        for truck, steps in enumerate(self.steps):
            for step in steps:
                if step.task.slot is not None and not step.task.errand.committed:
                    found[step.task.slot].add(truck)
        return found

    def at_bays(self, table: Table, facility: int) -> list[tuple[int, int]]:
        """Return when trucks stand at a facility's bays: (begin, end) pairs."""
        place = table.problem.facilities[facility]
        if place.bays is None:
            return []
        return [
            (step.task.begin_s, step.task.end_s)
            for steps in self.steps
            for step in steps
            if step.task.part == 1 and step.task.errand.lane.facility == facility
        ]


def volume_of(lot: Lot, quantity_kg: int) -> int:
    """Return the litres that a part of a lot takes, rounded up."""
    return -(-quantity_kg * lot.volume_l // max(1, lot.quantity_kg))


def part_of(lot: Lot, quantity_kg: int) -> Lot:
    """Return a part of a lot, as a lot."""
    return replace(lot, quantity_kg=quantity_kg, volume_l=volume_of(lot, quantity_kg))


def room_kg(truck: Truck, lot: Lot) -> int:
    """Return how much of a lot an empty truck has room for, by weight and volume."""
    if truck.volume_l is None or not lot.volume_l:
        return truck.payload_kg
    return min(truck.payload_kg, truck.volume_l * lot.quantity_kg // lot.volume_l)


def share_kg(open_kg: int, room: int, least_kg: int) -> int:
    """Return what a truck takes: all it can, but no rest too small for another if it can help."""
    takes = min(open_kg, room)
    if 0 < open_kg - takes < least_kg and open_kg - least_kg >= least_kg:
        return open_kg - least_kg
    return takes


def start_of(table: Table, lot: Lot, lane: Lane) -> Point:
    """Return where a lane's goods are loaded."""
    return lot.pickup if lane.start is None else _swap(table, lane.start).position


def via_of(table: Table, lane: Lane) -> Point | None:
    """Return what is driven through on the way to a lane's end."""
    if lane.assembly is not None:
        return table.assembly[lane.assembly][1].position
    if lane.relief is not None:
        return _swap(table, lane.relief[0]).position
    return None


def end_of(table: Table, lot: Lot, lane: Lane) -> Point:
    """Return where a lane ends."""
    if lane.handover is not None:
        return _swap(table, lane.handover).position
    if lane.facility is not None:
        return table.problem.facilities[lane.facility].position
    assert lot.drop is not None
    return lot.drop


def _swap(table: Table, at: int) -> Transhipment:
    return table.problem.transhipments[at]
