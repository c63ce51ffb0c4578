"""Carry what no truck can carry directly: by way of a transhipment point.

Where another driver waits, he takes over on the way. Where loads are swapped, one truck brings the
goods to the point and another one fetches them: first the cheapest place for the first leg is
found, which fixes when the goods are there; then one for the second leg.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from routing.dispatch.lower import Extra
from routing.dispatch.stop import halted
from routing.dispatch.table import Lane
from routing.dispatch.work import room_kg
from routing.solver.live import Live

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.dispatch.lower import Lowered, Lowering
    from routing.dispatch.stop import StopCriterion
    from routing.dispatch.table import Table
    from routing.solver.solution import Solution

_MOST_LOTS = 32
"""So many open lots are tried; each needs models of its own."""


@dataclass(slots=True)
class Detours:
    """Tries transhipment points for what a solution leaves open.

    Attributes
    ----------
    table, lowering
        The problem, and what makes models of it.
    lowered, solution
        The model so far, and its solution; both grow.
    stop, seed
        When to try no more, and where chance comes from.
    """

    table: Table
    lowering: Lowering
    lowered: Lowered
    solution: Solution
    stop: StopCriterion
    seed: int
    extras: list[Extra] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=dict)
    relieved: set[tuple[int, int]] = field(default_factory=set)

    def run(self) -> Live | None:
        """Try each open lot at each point; return the solution to go on from, if there is one."""
        live: Live | None = None
        for number, (lot, open_kg) in enumerate(self._open()[:_MOST_LOTS]):
            if number and halted(self.stop):
                break
            for extra in self._ways(lot, open_kg):
                found = self._relieve(extra) if extra.lanes[0].relief else self._swap(extra)
                if found is not None:
                    live = found
                    break
        return live

    def _open(self) -> list[tuple[int, int]]:
        """Return what each lot has open, the most urgent first."""
        lots, work = self.table.problem.lots, self.lowering.work
        carried: dict[int, int] = {}
        for route in self.solution.routes[: len(self.lowered.trucks)]:
            for visit in route:
                asked = self.lowered.asked[visit.request]
                if visit.part == 0 and asked.pin is None:
                    carried[asked.lot] = carried.get(asked.lot, 0) + visit.amount[0]
        pinned = self.lowering.pinned_kg
        left = [
            (at, work.open_kg[at] - pinned[at] - carried.get(at, 0)) for at in self.lowering.lots
        ]
        least_kg = max(self.table.params.min_consignment_kg, 1)
        found = [(at, open_kg) for at, open_kg in left if open_kg >= least_kg]
        return sorted(found, key=lambda one: (-lots[one[0]].priority, lots[one[0]].hold_until))

    def _ways(self, at: int, open_kg: int) -> Iterator[Extra]:
        lot, problem = self.table.problem.lots[at], self.table.problem
        able = self.lowering.fleet.able(lot)
        if not able:
            return
        trucks = [problem.trucks[self.lowering.fleet.trucks[vehicle]] for vehicle in able]
        takes = min(open_kg, max(room_kg(truck, lot) for truck in trucks))
        for number, place in enumerate(problem.transhipments):
            if place.kind == "cargo_swap":
                if self._ends(at, start=number) and self.lowering.stops.drivable(
                    lot, Lane(handover=number)
                ):
                    yield Extra(at, (Lane(handover=number),), takes)
                continue
            for driver in range(len(place.drivers)):
                lanes = self._ends(at, relief=(number, driver))
                if (number, driver) not in self.relieved and lanes:
                    yield Extra(at, lanes, takes)

    def _ends(self, at: int, **by: Any) -> tuple[Lane, ...]:
        """Return a lot's lanes by way of a transhipment point."""
        lot = self.table.problem.lots[at]
        lanes = [
            replace(n, **by) for n in self.lowering.stops.open_lanes(lot) if n.corridor is None
        ]
        return tuple(lane for lane in lanes if self.lowering.stops.drivable(lot, lane))

    def _relieve(self, extra: Extra) -> Live | None:
        """Let another driver take over on the way."""
        lowered, live = self._with(extra)
        if live is None or not insert(live, len(lowered.asked) - 1):
            return None
        assert extra.lanes[0].relief is not None
        self.relieved.add(extra.lanes[0].relief)
        return self._keep(lowered, live, extra)

    def _swap(self, extra: Extra) -> Live | None:
        """Bring goods to a point by one truck and on by another."""
        lowered, live = self._with(extra)
        first = len(lowered.asked) - 1
        if live is None or not insert(live, first):
            return None
        there = next(
            visit
            for route in live.solution().routes
            for visit in route
            if visit.request == first and visit.part == 1
        )
        handover = extra.lanes[0].handover
        brought = replace(extra, until_s=there.start)
        fetched = Extra(
            extra.lot,
            self._ends(extra.lot, start=handover),
            extra.quantity_kg,
            leg=2,
            after_s=there.end,
        )
        lowered, live = self._with(brought, fetched, known=live.solution())
        if live is None or not insert(live, len(lowered.asked) - 1):
            return None
        return self._keep(lowered, live, brought, fetched)

    def _with(self, *more: Extra, known: Solution | None = None) -> tuple[Lowered, Live | None]:
        """Return a model that asks for more, and the solution so far in it, if it still fits."""
        moved = dict(self.moved)
        moved[more[0].lot] = moved.get(more[0].lot, 0) + more[0].quantity_kg
        lowered = self.lowering.model((*self.extras, *more), moved)
        live = begin(lowered, self.seed)
        solution = known or self.solution
        own = solution.routes[: len(lowered.trucks)]
        amounts = {visit.request: visit.amount[0] for route in own for visit in route}
        routes = [[(v.request, v.option, v.part) for v in route] for route in own]
        if live.load_what_fits(routes, amounts):
            return lowered, None
        return lowered, live

    def _keep(self, lowered: Lowered, live: Live, *more: Extra) -> Live:
        self.extras += more
        self.moved[more[0].lot] = self.moved.get(more[0].lot, 0) + more[0].quantity_kg
        self.lowered, self.solution = lowered, live.solution()
        kept = len(lowered.asked) - len(self.extras)
        live.lock(range(kept, len(lowered.asked)))
        live.lock(number for number, asked in enumerate(lowered.asked) if asked.pin is not None)
        return live


def begin(lowered: Lowered, seed: int) -> Live:
    """Return a solution in which the bays that are taken already are taken."""
    live = Live(lowered.model, seed=seed)
    for request in lowered.guests:
        insert(live, request)
    live.lock(lowered.guests)
    return live


def insert(live: Live, request: int) -> bool:
    """Serve a request where that is cheapest; say whether it could be."""
    place = live.cheapest(request)
    return place is not None and live.insert(request, place)
