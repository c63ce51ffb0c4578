"""Lay out what no road changes: when slots and lots are due, and which ways a lot may go."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.dispatch.crow import straight_m

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from routing.dispatch.params import Params
    from routing.dispatch.problem import AssemblyPoint, Lot, Problem, Slot

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Lane:
    """A way to deliver a lot, by places in the problem.

    `facility` is reached straight, or through a corridor's assembly point. Without a facility the
    lane ends at the lot's drop, or at `handover`, a transhipment point. `relief` is a driver
    (transhipment point, driver) who takes over on the way, `start` a transhipment point where the
    goods are fetched instead of at the farm.
    """

    facility: int | None = None
    corridor: int | None = None
    assembly: int | None = None
    handover: int | None = None
    start: int | None = None
    relief: tuple[int, int] | None = None


class Table:
    """A problem with its times in whole seconds since `now`."""

    def __init__(self, problem: Problem, params: Params) -> None:
        self.problem = problem
        self.params = params
        self.truck_at = {truck.truck_id: at for at, truck in enumerate(problem.trucks)}
        self.lot_at = {lot.lot_id: at for at, lot in enumerate(problem.lots)}
        self.facility_at = {
            facility.facility_id: at for at, facility in enumerate(problem.facilities)
        }
        known = [slot for slot in problem.slots if slot.facility_id in self.facility_at]
        self.slots: list[Slot] = sorted(
            known, key=lambda s: (self.facility_at[s.facility_id], s.window_start, s.slot_id)
        )
        self.slot_at = {slot.slot_id: at for at, slot in enumerate(self.slots)}
        self.slots_of: list[list[int]] = [[] for _ in problem.facilities]
        for at, slot in enumerate(self.slots):
            self.slots_of[self.facility_at[slot.facility_id]].append(at)
        self.assembly: list[tuple[int, AssemblyPoint]] = [
            (at, point)
            for at, corridor in enumerate(problem.corridors)
            for point in corridor.assembly_points
        ]

    def seconds(self, moment: datetime, *, down: bool = False) -> int:
        """Return whole seconds from now to the moment, rounded up unless `down`."""
        exact = (moment - self.problem.now).total_seconds()
        return math.floor(exact) if down else math.ceil(exact)

    def ready_s(self, lot: Lot) -> int:
        """Return from when a lot may be loaded."""
        return self.seconds(lot.ready_from)

    def hold_s(self, lot: Lot) -> int:
        """Return until when a lot holds."""
        return self.seconds(lot.hold_until, down=True)

    def opens_s(self, slot: Slot) -> int:
        """Return when a slot's window begins."""
        return self.seconds(slot.window_start)

    def last_s(self, slot: Slot, *, margin_s: int | None = None) -> int:
        """Return when a truck may enter a slot at the latest: its end, less a margin."""
        margin_s = self.params.margin_s if margin_s is None else margin_s
        opens_s, end_s = self.opens_s(slot), self.seconds(slot.window_end, down=True)
        return min(max(opens_s, end_s - margin_s), end_s - 1)

    def spoil_cost_per_s(self, lot: Lot, quantity_kg: int) -> float:
        """Return what a second costs in which so much of a lot loses value."""
        return self.params.spoil_cost_per_s(lot.value_vnd_per_kg * quantity_kg)

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

    def ways(self, lot: Lot) -> tuple[Lane, ...]:
        """Return all lanes by which one truck may deliver a lot."""
        if lot.drop is not None:
            return (Lane(),)
        return self.lanes(lot, self.takers(lot))

    def openings(self, corridor: int, until_s: int) -> tuple[tuple[int, int], ...]:
        """Return when a corridor is valid and open, from now to a time: (from, to) pairs."""
        one = self.problem.corridors[corridor]
        first_s = self.seconds(one.valid_from)
        last_s = until_s if one.valid_until is None else self.seconds(one.valid_until, down=True)
        if one.hours is None or one.hours[0] == one.hours[1]:
            return ((first_s, last_s),) if first_s <= last_s else ()
        opens_s, closes_s = (
            3_600 * hour.hour + 60 * hour.minute + hour.second for hour in one.hours
        )
        length_s = (closes_s - opens_s) % _DAY_S
        midnight_s = -self._since_midnight_s()
        found = []
        for day in range(-1, max(0, until_s) // _DAY_S + 2):
            start_s = midnight_s + day * _DAY_S + opens_s
            opened = (
                max(first_s, math.ceil(start_s)),
                min(last_s, math.floor(start_s + length_s)),
            )
            if opened[0] <= opened[1]:
                found.append(opened)
        return tuple(found)

    def _since_midnight_s(self) -> float:
        """Return the seconds since midnight, local time."""
        exact = self.problem.now.timestamp() + self.params.local_utc_offset_s
        return exact % _DAY_S
