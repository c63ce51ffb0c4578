"""Turn the ways of a lot into the engine's stops: when, how long, and at what price."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from routing.dispatch.table import Lane
from routing.dispatch.work import end_of, start_of, via_of
from routing.solver.model import NO_WAY, Stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.dispatch.drives import Drives
    from routing.dispatch.lower_places import Gates
    from routing.dispatch.lower_trucks import Fleet
    from routing.dispatch.problem import Lot, Pin
    from routing.dispatch.table import Table

    Way = tuple[Lane, Stop, Stop]


@dataclass(frozen=True, slots=True)
class _Times:
    """When a lot is ready, and until when it holds."""

    ready_s: int
    hold_s: int

    @classmethod
    def of(cls, table: Table, lot: Lot) -> _Times:
        return cls(table.ready_s(lot), table.hold_s(lot))


class Stops:
    """Makes the stops of a model.

    Parameters
    ----------
    table, drives, fleet, gates
        The problem, the driving times of its places, and the model's vehicles and facilities.
    """

    def __init__(self, table: Table, drives: Drives, fleet: Fleet, gates: Gates) -> None:
        self.table, self.drives, self.fleet, self.gates = table, drives, fleet, gates
        self._known: dict[Lane, frozenset[int] | None] = {}
        self._least_s = drives.seconds.min(axis=0, initial=NO_WAY)

    def ways(
        self,
        lot: Lot,
        lanes: Sequence[Lane],
        quantity_kg: int,
        *,
        pin: Pin | None = None,
        after_s: int | None = None,
        until_s: int | None = None,
    ) -> list[Way]:
        """Return pickup and delivery of a consignment for each of some lanes.

        Parameters
        ----------
        lot, lanes, quantity_kg
            How much of what, and by which ways.
        pin
            The pin that asks for it, if one does.
        after_s, until_s
            When the goods are at a transhipment point, and by when they have to be.
        """
        times = _Times.of(self.table, lot)
        starts = {lane.start for lane in lanes}
        pickups = {start: self._pickup(lot, start, after_s, times) for start in starts}
        limits = (pin, until_s)
        return [
            (lane, pickups[lane.start], self._delivery(lot, lane, quantity_kg, times, limits))
            for lane in lanes
        ]

    def facility_id(self, lane: Lane) -> str | None:
        """Return the facility that a lane ends at, if it does."""
        if lane.facility is None:
            return None
        return self.table.problem.facilities[lane.facility].facility_id

    def open_lanes(self, lot: Lot, *, pinned: bool = False) -> list[Lane]:
        """Return the lanes of a lot that lead anywhere in the model made last.

        Parameters
        ----------
        lot
            Which lot.
        pinned
            Whether a slot that only has room for a pin will do.
        """
        return [lane for lane in self.table.ways(lot) if self._open(lot, lane, pinned=pinned)]

    def drivable(self, lot: Lot, lane: Lane) -> bool:
        """Say whether a road leads along a lane for some truck."""
        return self._drive_s(lot, lane) < NO_WAY

    def _open(self, lot: Lot, lane: Lane, *, pinned: bool = False) -> bool:
        """Say whether a lane leads anywhere: open slots at its end, and a road for some truck."""
        gates = self.gates.known if pinned else self.gates.facility_of
        if lane.facility is not None and lane.facility not in gates:
            return False
        if lane.corridor is not None and not self._hours(lot, lane):
            return False
        return self.drivable(lot, lane)

    def _drive_s(self, lot: Lot, lane: Lane) -> int:
        """Return the seconds of driving along a lane, each part by its fastest class."""
        start, end = start_of(self.table, lot, lane), end_of(self.table, lot, lane)
        via = via_of(self.table, lane)
        stops = [start, end] if via is None or start == end else [start, via, end]
        numbers = [self.drives.at[stop] for stop in stops]
        return sum(int(self._least_s[one, two]) for one, two in pairwise(numbers))

    def _hours(self, lot: Lot, lane: Lane) -> tuple[tuple[int, int], ...]:
        if lane.corridor is None:
            return ()
        until_s = self.table.hold_s(lot)
        return tuple(
            (opens, closes)
            for opens, closes in self.table.openings(lane.corridor, until_s)
            if closes >= 0
        )

    def _users(self, lane: Lane) -> frozenset[int] | None:
        if lane not in self._known:
            self._known[lane] = self.fleet.on_lane(lane)
        return self._known[lane]

    def _pickup(self, lot: Lot, start: int | None, after_s: int | None, times: _Times) -> Stop:
        table = self.table
        service = table.params.load_of(lot.product)
        if start is not None:
            service = table.problem.transhipments[start].swap_s
        ready_s = max(0, times.ready_s if after_s is None else after_s)
        return Stop(
            place=self.drives.at[start_of(table, lot, Lane(start=start))],
            service=service,
            windows=((ready_s, max(ready_s, times.hold_s)),),
        )

    def _delivery(
        self,
        lot: Lot,
        lane: Lane,
        quantity_kg: int,
        times: _Times,
        limits: tuple[Pin | None, int | None],
    ) -> Stop:
        table, params = self.table, self.table.params
        hold_s, via, (pin, until_s) = times.hold_s, via_of(table, lane), limits
        due_s = hold_s if pin is not None else hold_s - params.margin_s
        if until_s is not None:
            due_s = min(due_s, until_s)
        service = params.unload_of(lot.product)
        if lane.handover is not None:
            service = table.problem.transhipments[lane.handover].swap_s
        more_per_s = params.loaded_cost_per_s - params.empty_cost_per_s
        cost = more_per_s * self._drive_s(lot, lane) if more_per_s else 0.0
        if lane.corridor is not None:
            cost -= params.corridor_bonus
        relief_left, swap_s = self._relief(lane)
        return Stop(
            place=self.drives.at[end_of(table, lot, lane)],
            service=service,
            windows=((0, due_s),),
            facility=self._gate(lane, pin),
            via=None if via is None else self.drives.at[via],
            via_service=swap_s,
            relief_left=relief_left,
            hours=self._hours(lot, lane),
            slot=self.gates.pinned[pin][1] if pin in self.gates.pinned else None,
            vehicles=self._users(lane),
            cost=cost,
            late_from=times.ready_s,
            late_cost=params.age_cost_per_s + table.spoil_cost_per_s(lot, quantity_kg),
            risk_from=hold_s - params.hold_buffer_s,
            risk_cost=params.risk_cost_per_s,
        )

    def _gate(self, lane: Lane, pin: Pin | None) -> int | None:
        if lane.facility is None:
            return None
        if pin in self.gates.pinned:
            return self.gates.pinned[pin][0]
        return self.gates.facility_of[lane.facility]

    def _relief(self, lane: Lane) -> tuple[int | None, int]:
        if lane.relief is None:
            return None, 0
        place = self.table.problem.transhipments[lane.relief[0]]
        driver, params = place.drivers[lane.relief[1]], self.table.params
        left_s = min(params.day_s - driver.today_s, params.week_s - driver.week_s)
        return max(0, left_s), place.swap_s
