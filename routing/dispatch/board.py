"""Lay a problem out as arrays: trucks, slots, lanes and the driving times between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.dispatch.crow import straight_m
from routing.dispatch.drives import asked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from routing.dispatch.params import Params
    from routing.dispatch.problem import AssemblyPoint, Lot, Point, Problem, Slot, Travel

    Floats = NDArray[np.float64]

NO_WAY_S = 1e12
"""Stands for infinity where sums and differences are taken."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A way to deliver a lot: a facility, straight or through a corridor's assembly point."""

    facility: int
    corridor: int | None = None
    assembly: int | None = None


@dataclass(frozen=True, slots=True)
class Legs:
    """Whole seconds of driving for a block of lots, `NO_WAY_S` where there is no way.

    `empty_s` is trucks × lots; `direct_s` classes × lots × facilities; `to_assembly_s`
    classes × lots × assembly points.
    """

    empty_s: Floats
    direct_s: Floats
    to_assembly_s: Floats


class Board:
    """A problem as arrays; all times are whole seconds since its `now`."""

    def __init__(self, problem: Problem, params: Params) -> None:
        self.problem = problem
        self.params = params
        self._lay_trucks()
        self._lay_slots()
        self._lay_corridors()
        self.ready_s = [self.seconds(lot.ready_from) for lot in problem.lots]
        self.hold_s = [self.seconds(lot.hold_until, down=True) for lot in problem.lots]
        self.due_s = [hold_s - params.margin_s for hold_s in self.hold_s]

    def seconds(self, moment: datetime, *, down: bool = False) -> int:
        """Return whole seconds from now to the moment, rounded up unless `down`."""
        exact = (moment - self.problem.now).total_seconds()
        return math.floor(exact) if down else math.ceil(exact)

    def _lay_trucks(self) -> None:
        trucks = self.problem.trucks
        self.classes = sorted({truck.vehicle_class for truck in trucks})
        position = {name: at for at, name in enumerate(self.classes)}
        self.vehicle = np.array([position[truck.vehicle_class] for truck in trucks], int)
        self.start_s = np.array(
            [max(self.params.accept_s, self.seconds(truck.available_from)) for truck in trucks],
            float,
        )
        since = [min(truck.driving.since_break_s, self.params.drive_s) for truck in trucks]
        self.since_s = np.array(since, float)
        self.today_s = np.array([truck.driving.today_s for truck in trucks], float)
        self.payload_kg = np.array([truck.payload_kg for truck in trucks], np.int64)

    def _lay_slots(self) -> None:
        self.facility_at = {
            facility.facility_id: at for at, facility in enumerate(self.problem.facilities)
        }
        known = [slot for slot in self.problem.slots if slot.facility_id in self.facility_at]
        self.slots: list[Slot] = sorted(
            known, key=lambda s: (self.facility_at[s.facility_id], s.window_start, s.slot_id)
        )
        owner = np.array([self.facility_at[slot.facility_id] for slot in self.slots], int)
        start = [self.seconds(slot.window_start) for slot in self.slots]
        end = [self.seconds(slot.window_end, down=True) for slot in self.slots]
        margin_s = self.params.margin_s
        self.opens_s = np.array(start, float)
        self.last_s = np.array(
            [min(max(a, b - margin_s), b - 1) for a, b in zip(start, end, strict=True)], float
        )
        self.free = np.array([slot.free for slot in self.slots], np.int64)
        self.slots_of = [np.flatnonzero(owner == at) for at in range(len(self.problem.facilities))]

    def _lay_corridors(self) -> None:
        self.assembly: list[tuple[int, AssemblyPoint]] = [
            (at, point)
            for at, corridor in enumerate(self.problem.corridors)
            for point in corridor.assembly_points
        ]
        truck_ids = [truck.truck_id for truck in self.problem.trucks]
        self.on_roster = [
            np.array([not c.roster or truck_id in c.roster for truck_id in truck_ids], bool)
            for c in self.problem.corridors
        ]
        points = [point.position for _, point in self.assembly]
        ports = [facility.position for facility in self.problem.facilities]
        self.from_assembly_s = self._by_class(points, ports)

    def _by_class(self, origins: Sequence[Point], destinations: Sequence[Point]) -> Floats:
        travel = self.problem.travel
        answers = [seconds(travel, name, origins, destinations) for name in self.classes]
        shape = (len(self.classes), len(origins), len(destinations))
        return np.array(answers, float).reshape(shape)

    def legs(self, lots: Sequence[int]) -> Legs:
        """Ask for the driving times of a block of lots.

        Parameters
        ----------
        lots
            Places in the problem's lots.
        """
        pickups = [self.problem.lots[at].pickup for at in lots]
        empty_s = np.full((len(self.problem.trucks), len(lots)), NO_WAY_S)
        for number, name in enumerate(self.classes):
            rows = np.flatnonzero(self.vehicle == number)
            stands = [self.problem.trucks[row].position for row in rows]
            empty_s[rows] = seconds(self.problem.travel, name, stands, pickups)
        ports = [facility.position for facility in self.problem.facilities]
        points = [point.position for _, point in self.assembly]
        return Legs(empty_s, self._by_class(pickups, ports), self._by_class(pickups, points))

    def takers(self, lot: Lot) -> list[int]:
        """Return the facilities that may take the lot: named ones, or any with slots."""
        if lot.destinations:
            wanted = [self.facility_at[n] for n in lot.destinations if n in self.facility_at]
        else:
            wanted = [at for at, slots in enumerate(self.slots_of) if len(slots)]
            wanted = wanted or list(range(len(self.slots_of)))
        places = self.problem.facilities
        return [
            at
            for at in dict.fromkeys(wanted)
            if not places[at].products or lot.product in places[at].products
        ]

    def lanes(self, lot: Lot, takers: Sequence[int]) -> tuple[Lane, ...]:
        """Return the lot's lanes: each taker directly, then through each corridor near it.

        A corridor is joined at its assembly point nearest to the pickup in a straight line,
        at most `corridor_join_m` away, and never at the facility the trip ends at.
        """
        lanes = [Lane(facility) for facility in takers]
        if not self.assembly:
            return tuple(lanes)
        points = [point.position for _, point in self.assembly]
        away_m = straight_m([lot.pickup], points)[0]
        for number, corridor in enumerate(self.problem.corridors):
            for name in dict.fromkeys(corridor.facilities):
                at = self.facility_at.get(name, -1)
                near = [
                    (float(away_m[place]), place)
                    for place, (owner, point) in enumerate(self.assembly)
                    if owner == number and point.place_id != name
                ]
                if at in takers and near and min(near)[0] <= self.params.corridor_join_m:
                    lanes.append(Lane(at, number, min(near)[1]))
        return tuple(lanes)


def seconds(
    travel: Travel, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
) -> Floats:
    """Return driving times in whole seconds, rounded up, `NO_WAY_S` where there is no way."""
    exact = asked(travel.duration_s, vehicle_class, origins, destinations)
    return np.where(np.isfinite(exact) & (exact < NO_WAY_S), np.ceil(exact), NO_WAY_S)
