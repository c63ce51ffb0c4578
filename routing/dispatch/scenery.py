"""Make the last model of a plan again, with its routes and a probe for each lot left over.

A *probe* is a request that any truck may carry by any lane; full slots are in the model too.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from routing.dispatch.lower import Extra, Lowering
from routing.dispatch.table import Lane, Table
from routing.dispatch.work import room_kg
from routing.solver.arrays import (
    N_EARLIEST,
    N_LATEST,
    N_PART,
    N_REQUEST,
    N_SLOT,
    N_WINDOWS,
    O_SECOND,
    R_OPTIONS,
    S_CAPACITY,
    S_ID,
)
from routing.solver.live import Live
from routing.solver.model import Slot

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from routing.dispatch.drives import Drives
    from routing.dispatch.lower import Asked, Lowered
    from routing.dispatch.problem import Lot
    from routing.dispatch.work import Work
    from routing.solver.arrays import Arrays
    from routing.solver.solution import Solution, Visit

    Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scene:
    """A model's making and what was found for it: the last routes of a plan.

    `work` is what trucks had to do before; `solution` None: there are no other routes.
    """

    table: Table
    drives: Drives
    work: Work
    lots: Sequence[int]
    lowered: Lowered | None = None
    solution: Solution | None = None
    lost: Collection[object] = ()
    extras: Sequence[Extra] = ()
    moved: Mapping[int, int] | None = None


class _Probing(Lowering):
    """Makes a model in which probes find a gate at each facility."""

    def _extra(self, extra: Extra) -> None:
        for lane in extra.lanes:
            if lane.facility is not None and lane.facility not in self.gates.facility_of:
                at = lane.facility
                known = self.gates.known.get(at)
                number = self.draft.facility(self.table.problem.facilities[at].bays)
                number = number if known is None else known
                self.gates.facility_of[at] = number
                self.draft.slot(Slot(facility=number, start=0, last=0, capacity=0))
        super()._extra(extra)


class Scenery:
    """Holds the routes of a plan in a model with probes for lots left over.

    Parameters
    ----------
    scene
        The routes.
    open_kg
        What is open of each lot in question, by its place in the problem.
    """

    def __init__(self, scene: Scene, open_kg: Mapping[int, int]) -> None:
        self.scene, self.open_kg = scene, dict(open_kg)
        self.table = scene.table
        problem, params = self.table.problem, self.table.params
        self.least_kg = max(params.min_consignment_kg, 1)
        count = len(problem.lots)
        guests = [self._guest(problem.lots[at]) for at in self.open_kg]
        more = replace(
            problem,
            lots=(*problem.lots, *guests),
            slots=tuple(replace(slot, free=slot.free + 1) for slot in problem.slots),
        )
        table = Table(more, params)
        work = copy.copy(scene.work)
        work.open_kg = [*work.open_kg, *(0 for _ in guests)]
        lowering = _Probing(table, scene.drives, work, _served(scene))
        lowering.lost |= set(scene.lost)  # type: ignore[arg-type]
        self.lanes = {at: self._lanes(table, count + n) for n, at in enumerate(self.open_kg)}
        probes = [
            Extra(count + n, self.lanes[at], self.amount_kg(at))
            for n, at in enumerate(self.open_kg)
            if self.lanes[at]
        ]
        self.lowered = lowering.model((*scene.extras, *probes), scene.moved)
        self.fleet, self.gates = lowering.fleet, lowering.gates
        asked = self.lowered.asked
        first = len(asked) - len(probes)
        with_probe = [at for at in self.open_kg if self.lanes[at]]
        self.request = {at: first + n for n, at in enumerate(with_probe)}
        self.trucks = [problem.trucks[at] for at in self.fleet.trucks]
        self._settle()
        self.live = Live(self.lowered.model)
        self.driven = True
        """Whether all routes of the scene could be driven again."""
        self._route()

    def _guest(self, lot: Lot) -> Lot:
        """Return the lot as one that anybody may carry, and that holds."""
        soonest = max(lot.ready_from, self.table.problem.now)
        later = soonest + timedelta(seconds=self.table.params.margin_s + 3_600)
        return replace(
            lot, lot_id=f"{lot.lot_id}\0", hold_until=max(lot.hold_until, later), priority=0
        )

    def amount_kg(self, at: int) -> int:
        """Return what a truck has to have room for: all of it, or as much as the largest takes."""
        lot, open_kg = self.table.problem.lots[at], self.open_kg[at]
        rooms = [room_kg(truck, lot) for truck in self.table.problem.trucks]
        largest = max((room for room in rooms if room >= self.least_kg), default=self.least_kg)
        return max(self.least_kg, min(open_kg, largest))

    def _lanes(self, table: Table, at: int) -> tuple[Lane, ...]:
        lanes = table.ways(table.problem.lots[at])
        if not lanes:
            lanes = tuple(Lane(facility) for facility in range(len(table.problem.facilities)))
        return tuple(lane for lane in lanes if lane.corridor is None)

    def _settle(self) -> None:
        """Take the added places from the slots again, and give probes their true windows."""
        m = self.lowered.model.arrays
        real = np.isin(m.slot[:, S_ID], list(self.lowered.slots))
        pinned = [number for _, number in self.gates.pinned.values()]
        real &= ~np.isin(m.slot[:, S_ID], pinned)
        m.slot[real, S_CAPACITY] -= 1
        for at in self.request:
            lot, params = self.table.problem.lots[at], self.table.params
            hold_s, ready_s = self.table.hold_s(lot), max(0, self.table.ready_s(lot))
            for stop, part in self.stops_of(m, at):
                end_s = max(ready_s, hold_s) if part == 0 else hold_s - params.margin_s
                m.window[m.stop[stop, N_WINDOWS], 1] = end_s
                m.stop[stop, N_LATEST] = end_s
                m.stop[stop, N_EARLIEST] = ready_s if part == 0 else m.stop[stop, N_EARLIEST]

    def stops_of(self, m: Arrays, at: int) -> list[tuple[int, int]]:
        """Return the stops of a probe with their parts: 0 loads, 1 unloads."""
        own = np.flatnonzero(m.stop[:, N_REQUEST] == self.request[at]).tolist()
        return [(stop, int(m.stop[stop, N_PART])) for stop in own]

    def _route(self) -> None:
        """Drive the plan's routes in the new model."""
        scene = self.scene
        for request in self.lowered.guests:
            place = self.live.cheapest(request)
            if place is not None:
                self.live.insert(request, place)
        if scene.lowered is None or scene.solution is None:
            return
        number, keys = _numbers(self.lowered.asked), _keys(scene.lowered.asked)

        def here(visit: Visit) -> Visit:
            assert scene.lowered is not None
            request = number[keys[visit.request]]
            lane = scene.lowered.asked[visit.request].lanes[visit.option]
            option = _option(self.lowered.asked[request].lanes, lane)
            slot = None if visit.slot is None else scene.lowered.slots[visit.slot]
            known = None if slot is None else self.gates.slot_of.get(slot)
            return replace(visit, request=request, option=option, slot=known)

        routes = scene.solution.routes[: len(scene.lowered.trucks)]
        self.driven = drive_again(self.live, [[here(v) for v in route] for route in routes])


def drive_again(live: Live, routes: Sequence[Sequence[Visit]]) -> bool:
    """Set routes in an empty solution, each delivery into its slot; say whether all can be driven.

    Parameters
    ----------
    live
        Where nobody serves anything yet.
    routes
        One for each vehicle; visits without a slot take the first that is open.
    """
    m, slot_at = live.model.arrays, live.model.slot_at
    free = m.stop[:, N_SLOT].copy()
    for visit in (visit for route in routes for visit in route):
        if visit.slot is not None:
            stop = int(m.option[m.request[visit.request, R_OPTIONS] + visit.option, O_SECOND])
            if m.stop[stop, N_SLOT] < 0:
                m.stop[stop, N_SLOT] = slot_at[visit.slot]
    amounts = {visit.request: visit.amount[0] for route in routes for visit in route}
    named = [[(visit.request, visit.option, visit.part) for visit in route] for route in routes]
    wrong = live.load_what_fits(named, amounts)
    m.stop[:, N_SLOT] = free
    return not wrong


def _served(scene: Scene) -> list[int]:
    """Return the lots of a scene that its routes carry: the others need no requests."""
    if scene.lowered is None or scene.solution is None:
        return []
    served = {
        scene.lowered.asked[visit.request].lot
        for route in scene.solution.routes[: len(scene.lowered.trucks)]
        for visit in route
    }
    return [at for at in scene.lots if at in served]


def _keys(asked: Sequence[Asked]) -> dict[int, tuple[object, ...]]:
    """Return what each request stands for: lot, leg, pin, and which of those alike."""
    seen: dict[tuple[object, ...], int] = defaultdict(int)
    found: dict[int, tuple[object, ...]] = {}
    for number, one in enumerate(asked):
        key = (one.lot, one.leg, one.pin)
        found[number] = (*key, seen[key])
        seen[key] += 1
    return found


def _numbers(asked: Sequence[Asked]) -> dict[tuple[object, ...], int]:
    return {key: number for number, key in _keys(asked).items()}


def _option(lanes: Sequence[Lane], lane: Lane) -> int:
    """Return the last of the options by a lane: the one into any slot."""
    return max(number for number, one in enumerate(lanes) if one == lane)
