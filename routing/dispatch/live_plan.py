"""Hold a plan that stands while trucks move: the problem, the engine's solution, what they mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.dispatch.book import book
from routing.dispatch.closed_ways import LastingDrives, PassableTravel
from routing.dispatch.crow import plane_m
from routing.dispatch.drives import seconds
from routing.dispatch.happened import Leg
from routing.dispatch.invalid import InvalidProblem
from routing.dispatch.lower import Lowered, Lowering
from routing.dispatch.lower_stops import Stops
from routing.dispatch.replay import at_start
from routing.dispatch.solve import Planning
from routing.dispatch.table import Table
from routing.dispatch.transhipment import Detours
from routing.dispatch.work import Work
from routing.solver.amend import Moving
from routing.solver.arrays import O_FIRST, O_SECOND
from routing.solver.draft import Draft
from routing.solver.kernels.state import BEGIN, SLOT
from routing.solver.mend import ways_of
from routing.solver.model import NO_WAY
from routing.solver.solution import Solution
from routing.solver.solve import solve

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from routing.dispatch.lower import Asked
    from routing.dispatch.outcome import ForcedAnswer, Plan
    from routing.dispatch.params import Params
    from routing.dispatch.problem import Lot, Point, Problem, Slot, Truck
    from routing.dispatch.stop import StopCriterion
    from routing.solver.live import Live
    from routing.solver.model import Lot as Shared
    from routing.solver.model import Request

    Ints = NDArray[np.int64]

_AT_ONCE = 2**19
"""Travel is asked for so many times at once: large matrices are slow to get room for."""
_OWNER, _SLOT, _LOADED, _UNLOADED, _AMOUNT, _OPTION = range(6)


class _Lowering(Lowering):
    """A lowering that lots may be added to."""

    def more(self, lots: Sequence[int]) -> tuple[list[Request], list[Shared], list[Asked]]:
        """Return what further lots ask for, in the numbers of the model made last."""
        self.draft = sheet = Draft(self.fleet.dimensions)
        self.asked = []
        self.stops = Stops(self.table, self.drives, self.fleet, self.gates)
        for at in lots:
            self._lot(at, 0)
        return sheet.requests, sheet.lots, self.asked

    def about(self, table: Table) -> None:
        """Go by a problem that has changed."""
        for part in (self, self.fleet, self.gates):
            part.table = table


class _Planning(Planning):
    """The planner, with its solution kept."""

    def start(self) -> LivePlan:
        """Plan all due lots jointly and return the plan, alive."""
        if not self.table.problem.trucks:
            raise InvalidProblem("Expected one truck at least for a plan that stands.")
        self.answers = self._bind()
        bound = _copied(self.work)
        due, _ = self._due()
        self.planned |= set(due)
        table, work = self.table, self.work
        goods = [table.problem.lots[at] for at in due]
        places = [standing.place for standing in work.standing]
        self.drives = LastingDrives(table, places, goods, older=self.drives)
        lowering = _Lowering(table, self.drives, work, due)
        lowering.fleet.has_volume |= any(t.volume_l is not None for t in table.problem.trucks)
        lowered, live = self._begun(lowering)
        solution = solve(
            lowered.model,
            stop=self.stop,
            seed=self.seed,
            params=self.table.params.search,
            start=live,
        )
        if table.problem.transhipments:
            detours = Detours(table, lowering, lowered, solution, self.stop, self.seed)
            more = detours.run()
            if more is not None:
                lowered, live = detours.lowered, more
                solution = solve(
                    lowered.model,
                    stop=self.stop,
                    seed=self.seed,
                    params=self.table.params.search,
                    start=live,
                )
        self.rounds, self.gains = solution.rounds, solution.gains
        return LivePlan(self, lowering, lowered, live, bound)

    def written(self, live: LivePlan, lowered: Lowered, solution: Solution) -> Plan:
        """Write a plan out."""
        self.table, self.work = live.table, _copied(live.bound)
        if live.closed:
            problem = live.table.problem
            travel = PassableTravel(problem.travel)
            self.table = Table(replace(problem, travel=travel), live.params)
        book(self.table, self.drives, self.work, lowered, solution)
        lots = live.table.problem.lots
        waiting = tuple(sorted(lots[at].lot_id for at in live.waiting))
        due = [at for at in range(len(lots)) if at not in live.waiting]
        self.planned |= set(due)
        return self._result(self.answers, waiting, due)


def _copied(work: Work) -> Work:
    steps = [list(own) for own in work.steps]
    return Work(steps, list(work.open_kg), list(work.standing), set(work.stuck))


class LivePlan:
    """A plan that stands; `replan.begin` makes it, `replan.replan` changes it.

    Attributes
    ----------
    table
        The problem as it is now, with its times told from when the plan was begun.
    moving
        The engine's solution.
    asked
        What each of the engine's requests means.
    waiting, gone
        Lots that are ready only after the horizon, and those that were withdrawn.
    bound
        What trucks had to do before all else.
    now, closed
        The moment up to which time has passed, and whether roads have changed since the beginning.
    """

    def __init__(
        self, planning: _Planning, lowering: _Lowering, lowered: Lowered, live: Live, bound: Work
    ) -> None:
        self.planning, self.lowering, self.lowered = planning, lowering, lowered
        self.table, self.bound = planning.table, bound
        assert isinstance(planning.drives, LastingDrives)
        self.drives = planning.drives
        self.moving = Moving(live)
        self.drives.seconds = self.moving.model.arrays.time
        self.asked: dict[int, Asked] = dict(enumerate(lowered.asked))
        self.requests: dict[int, list[int]] = {}
        for number, asked in self.asked.items():
            self.requests.setdefault(asked.lot, []).append(number)
        handed = [n for n, a in self.asked.items() if a.leg == 2 or _hands_over(a)]
        self.moving.lock(handed)
        known = set(planning.planned)
        lots = range(len(self.table.problem.lots))
        self.waiting = {at for at in lots if at not in known and bound.open_kg[at] > 0}
        self.gone: set[int] = set()
        self.now = self.table.problem.now
        self.closed = False
        self.slot_number = lowering.gates.slot_of
        self.places_then = {
            at: (int(self._capacity(number)), self.table.slots[at].free)
            for at, number in self.slot_number.items()
        }
        self.moving.keep_all(self.table.params.churn_cost)
        self.moving.ready()

    @property
    def params(self) -> Params:
        """The weights and limits that the plan is made with."""
        return self.table.params

    @property
    def cost(self) -> float:
        """What lies ahead costs, with what is left over."""
        return float(self.moving.state.total.sum())

    @property
    def problem(self) -> Problem:
        """The problem as it is now, without the lots that were withdrawn."""
        problem = self.table.problem
        lots = tuple(lot for at, lot in enumerate(problem.lots) if at not in self.gone)
        return replace(problem, lots=lots)

    def copy(self) -> LivePlan:
        """Return a copy to search on in the background; only `replan.merge` takes it."""
        twin = object.__new__(LivePlan)
        twin.__dict__.update(self.__dict__)
        twin.moving = self.moving.copy()
        return twin

    def plan(self) -> Plan:
        """Write the whole plan out, with explanations; slow."""
        m = self.moving.model.arrays
        dummy = next(iter(self.asked.values()), None)
        asked = tuple(self.asked.get(n) or dummy for n in range(len(m.request)))
        lowered = replace(self.lowered, asked=tuple(one for one in asked if one is not None))
        routes = tuple(
            self.moving.past.done[vehicle] + self.moving.ahead(vehicle)
            for vehicle in range(len(m.vehicle))
        )
        left = tuple(self.moving.state.left.tolist())
        solution = Solution(routes, (), left, self.cost, 0.0)
        return self.planning.written(self, lowered, solution)

    def legs(self) -> list[Leg]:
        """Return all legs that are ahead or under way, in the order of their lots."""
        facts = self.facts()
        found = [self.leg(facts[n], n) for n in np.flatnonzero(facts[:, _OWNER] >= 0).tolist()]
        return [leg for leg in found if leg is not None]

    def facts(self) -> Ints:
        """Return who has each request, its slot, times, amount and option; -1: nobody."""
        m, s = self.moving.model.arrays, self.moving.state
        option = m.option[np.maximum(s.served, 0)]
        end = np.where(option[:, O_SECOND] >= 0, option[:, O_SECOND], option[:, O_FIRST])
        facts = np.stack(
            [
                self.moving.vehicles_of(),
                s.node[end, SLOT],
                s.node[option[:, O_FIRST], BEGIN],
                s.node[end, BEGIN],
                s.aboard[:, 0],
                s.served,
            ],
            axis=1,
        )
        aboard = list(self.moving.past.aboard)
        facts[aboard, _LOADED] = -1
        facts[facts[:, _OWNER] < 0] = -1
        return facts

    def leg(self, fact: Ints, request: int) -> Leg | None:
        """Return what a request's facts say, None for one that only holds a bay."""
        asked = self.asked.get(request)
        if asked is None:
            return None
        owner, slot, loaded, unloaded, amount, _ = fact.tolist()
        number = -1 if slot < 0 else int(self.moving.model.arrays.slot[slot, 3])
        at = self.lowered.slots.get(number)
        return Leg(
            self.table.problem.trucks[self.lowered.trucks[owner]].truck_id,
            self.table.problem.lots[asked.lot].lot_id,
            None if at is None else self.table.slots[at].slot_id,
            amount,
            None if loaded < 0 else self.at(loaded),
            self.at(unloaded),
        )

    def at(self, seconds_: int) -> datetime:
        """Return the time so many seconds from when the plan was begun."""
        return self.table.problem.now + timedelta(seconds=seconds_)

    def change(self, **changes: Any) -> None:
        """Let the problem be another one from now on."""
        self.table = Table(replace(self.table.problem, **changes), self.params)
        self.lowering.about(self.table)

    def change_lot(self, at: int, lot: Lot) -> None:
        """Let a lot be another one."""
        lots = list(self.table.problem.lots)
        lots[at] = lot
        self.change(lots=tuple(lots))

    def change_truck(self, at: int, truck: Truck) -> None:
        """Let a truck be another one."""
        trucks = list(self.table.problem.trucks)
        trucks[at] = truck
        self.change(trucks=tuple(trucks))
        if not self.bound.steps[at]:
            self.bound.standing[at] = at_start(self.table, at)

    def change_slot(self, slot: Slot) -> None:
        """Let a slot be another one, at the same time and place."""
        slots = [slot if s.slot_id == slot.slot_id else s for s in self.table.problem.slots]
        self.change(slots=tuple(slots))

    def vehicle(self, truck_id: str) -> int | None:
        """Return the engine's number of a truck, None where it has none."""
        at = self.table.truck_at.get(truck_id)
        if at is None:
            raise InvalidProblem(f"Expected a truck of the plan, got {truck_id!r}.")
        return self.lowering.fleet.vehicle_of.get(at)

    def lot(self, lot_id: str) -> int:
        """Return where a lot stands in the problem."""
        at = self.table.lot_at.get(lot_id)
        if at is None or at in self.gone:
            raise InvalidProblem(f"Expected a lot of the plan, got {lot_id!r}.")
        return at

    def ask(self, lots: Sequence[int]) -> None:
        """Have lots of the problem asked for, which are not yet."""
        for at in lots:
            lot = self.table.problem.lots[at]
            self._place(lot.pickup)
            if lot.drop is not None:
                self._place(lot.drop)
        requests, shared, asked = self.lowering.more(lots)
        if not requests:
            return
        for number, one in zip(self.moving.with_requests(requests, shared), asked, strict=True):
            self.asked[number] = one
            self.requests.setdefault(one.lot, []).append(number)

    def _place(self, point: Point) -> None:
        drives, travel = self.drives, self.table.problem.travel
        if point in drives.at:
            return
        size = len(drives.points)
        out = np.zeros((len(drives.classes), size), np.int64)
        back = out.copy()
        for number, name in enumerate(drives.classes):
            out[number] = seconds(travel, name, [point], drives.points)[0]
            back[number] = seconds(travel, name, drives.points, [point])[:, 0]
        east_m, north_m = plane_m([point])[0].tolist()
        drives.at[point] = self.moving.with_place(out, back, (east_m, north_m))
        drives.points.append(point)
        drives.seconds = self.moving.model.arrays.time

    def remember_ways(self) -> None:
        """Remember how long the ways of locked legs take, for when they are closed."""
        m, s, points = self.moving.model.arrays, self.moving.state, self.drives.points
        found = dict(self.drives.known_before)
        for vehicle in np.unique(self.moving.vehicles_of()[s.locked > 0]).tolist():
            if not 0 <= vehicle < len(self.lowered.trucks):
                continue
            truck = self.table.problem.trucks[self.lowered.trucks[vehicle]]
            for one, two in ways_of(m, s, vehicle):
                length = int(m.time[self.drives.class_at[truck.vehicle_class], one, two])
                if length < NO_WAY:
                    found[truck.vehicle_class, points[one], points[two]] = length
        self.drives.known_before = found

    def times(self) -> list[tuple[Ints, Ints, NDArray[np.int32]]]:
        """Ask travel again for all times that matter: origins, destinations, seconds by class."""
        points, travel = self.drives.points, self.table.problem.travel
        found = []
        for rows, columns in self._blocks():
            origins, targets = [points[n] for n in rows], [points[n] for n in columns]
            block = np.empty((len(self.drives.classes), len(rows), len(columns)), np.int32)
            for number, name in enumerate(self.drives.classes):
                step = max(1, _AT_ONCE // max(1, len(targets)))
                for first in range(0, len(origins), step):
                    some = slice(first, first + step)
                    block[number, some] = seconds(travel, name, origins[some], targets)
            block[:, rows[:, None] == columns[None, :]] = 0
            found.append((rows, columns, block))
        return found

    def _blocks(self) -> list[tuple[Ints, Ints]]:
        """Return which times matter: to farms and ends, and from farms, if unpooled, to ends."""
        problem, params, at = self.table.problem, self.params, self.drives.at
        ends = {facility.position for facility in problem.facilities}
        ends |= {point.position for _, point in self.table.assembly}
        ends |= {place.position for place in problem.transhipments}
        ends |= {lot.drop for lot in problem.lots if lot.drop is not None}
        ends |= {truck.home for truck in problem.trucks if truck.home and params.return_home}
        farms = {lot.pickup for lot in problem.lots}
        stands = {truck.position for truck in problem.trucks}
        stands |= {standing.place for standing in self.bound.standing}

        def numbers(points: Iterable[Point]) -> Ints:
            return np.array(sorted(at[point] for point in points if point in at), np.int64)

        if params.pool:
            return [(numbers(at), numbers(farms | ends))]
        only = farms - ends - stands
        return [(numbers(at.keys() - only), numbers(farms | ends)), (numbers(only), numbers(ends))]

    def _capacity(self, number: int) -> int:
        model = self.moving.model
        return int(model.arrays.slot[model.slot_at[number], 2])

    def forced(self) -> tuple[ForcedAnswer, ...]:
        """Return the answers to the overrides that the plan was begun with."""
        return self.planning.answers


def _hands_over(asked: Asked) -> bool:
    return any(lane.handover is not None or lane.start is not None for lane in asked.lanes)


def start(problem: Problem, *, stop: StopCriterion, seed: int, params: Params) -> LivePlan:
    """Plan, and return the plan alive; see `replan.begin`."""
    return _Planning(problem, params, stop, seed).start()
