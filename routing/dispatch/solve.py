"""Plan: give trucks to lots, port slots and corridors, with true reasons for what is left over.

Committed legs come first, then dispatchers' overrides; pins are put in their places; then all open
lots are planned jointly by the engine's search. No clock, no randomness but the seed's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from routing.dispatch.ahead import commit
from routing.dispatch.alternatives import Others
from routing.dispatch.book import book
from routing.dispatch.drives import Drives
from routing.dispatch.explain import against_orders, left_over, with_alternatives
from routing.dispatch.force import force
from routing.dispatch.idle import idle_trucks
from routing.dispatch.lower import Lowering
from routing.dispatch.outcome import Plan
from routing.dispatch.params import Params
from routing.dispatch.replay import at_start
from routing.dispatch.scenery import Scene
from routing.dispatch.stop import halted
from routing.dispatch.table import Table
from routing.dispatch.transhipment import Detours, begin, insert
from routing.dispatch.trips import Scribe
from routing.dispatch.work import Work
from routing.solver.solve import solve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from routing.dispatch.lower import Extra, Lowered
    from routing.dispatch.outcome import ForcedAnswer
    from routing.dispatch.problem import Pin, Problem
    from routing.dispatch.stop import StopCriterion
    from routing.solver.live import Live
    from routing.solver.solution import Solution

_FIRST_LOTS = 16
"""So many lots are planned even where there is no time at all."""


def plan(
    problem: Problem, *, stop: StopCriterion, seed: int = 0, params: Params | None = None
) -> Plan:
    """Assign trucks to lots, slots and corridors.

    Parameters
    ----------
    problem
        The world at one moment, with the travel times to use.
    stop
        When to stop; see `stop`. Whenever it stops, the plan so far is valid.
    seed
        Steers the search: equal inputs, with a stop that counts, give equal plans.
    params
        Weights and limits.

    Returns
    -------
    Plan
        Routes that break no rule; every lot with open goods is on trips, left over with
        reasons, or waiting.

    Raises
    ------
    InvalidProblem
        The travel times are negative, undefined or of the wrong shape.
    """
    return Planning(problem, params or Params(), stop, seed).run()


class Planning:
    """One run of the planner.

    Parameters
    ----------
    problem, params
        What to plan, and by what weights and limits.
    stop, seed
        When to stop, and where chance comes from.
    """

    def __init__(self, problem: Problem, params: Params, stop: StopCriterion, seed: int) -> None:
        self.table = Table(problem, params)
        self.stop, self.seed = stop, seed
        trucks = range(len(problem.trucks))
        self.work = Work(
            steps=[[] for _ in trucks],
            open_kg=[lot.quantity_kg for lot in problem.lots],
            standing=[at_start(self.table, truck) for truck in trucks],
        )
        self.rounds = self.gains = 0
        self.planned: set[int] = set()
        self.lost: set[Pin] = set()
        self.scene: Scene | None = None
        self.blocks = 0

    def run(self) -> Plan:
        """Plan what is bound, then the due lots block after block."""
        answers = self._bind()
        due, waiting = self._due()
        size = self.table.params.block_lots
        if halted(self.stop):
            size = min(size, _FIRST_LOTS)
        for start in range(0, len(due), size):
            if start and halted(self.stop):
                break
            self._block(due[start : start + size])
        return self._result(answers, waiting, due)

    def _bind(self) -> tuple[ForcedAnswer, ...]:
        """Put committed legs and overrides on their trucks."""
        table, problem = self.table, self.table.problem
        named = {forced.lot_id for forced in problem.forced}
        lots = [leg.lot for leg in problem.committed]
        lots += [lot for lot in problem.lots if lot.lot_id in named]
        places = [truck.position for truck in problem.trucks]
        self.drives = Drives(table, places if lots else (), lots)
        commit(table, self.drives, self.work)
        return force(table, self.drives, self.work)

    def _due(self) -> tuple[list[int], tuple[str, ...]]:
        """Split the lots into those to plan now, the most urgent first, and those to wait."""
        table, lots = self.table, self.table.problem.lots
        horizon_s = table.params.horizon_s
        pinned = {pin.lot_id for pin in table.problem.pins}
        ready = [at for at in range(len(lots)) if self.work.open_kg[at] > 0]
        due = [
            at for at in ready if table.ready_s(lots[at]) <= horizon_s or lots[at].lot_id in pinned
        ]
        due.sort(
            key=lambda at: (
                lots[at].lot_id not in pinned,
                -lots[at].priority,
                lots[at].hold_until,
                lots[at].lot_id,
            )
        )
        late = sorted(set(ready) - set(due))
        return due, tuple(lots[at].lot_id for at in late)

    def _block(self, lots: Sequence[int]) -> None:
        """Plan some lots jointly, behind what trucks have to do already."""
        self.planned |= set(lots)
        table, work = self.table, self.work
        if not table.problem.trucks:
            return
        places = [standing.place for standing in work.standing]
        goods = [table.problem.lots[at] for at in lots]
        self.drives = Drives(table, places, goods, older=self.drives)
        lowering = Lowering(table, self.drives, work, lots)
        lowering.lost |= self.lost
        lowered, live = self._begun(lowering)
        solution = solve(
            lowered.model, stop=self.stop, seed=self.seed, params=table.params.search, start=live
        )
        self.rounds, self.gains = self.rounds + solution.rounds, self.gains + solution.gains
        extras: Sequence[Extra] = ()
        moved: Mapping[int, int] = {}
        if table.problem.transhipments:
            detours = Detours(table, lowering, lowered, solution, self.stop, self.seed)
            more = detours.run()
            if more is not None:
                lowered = detours.lowered
                solution = solve(
                    lowered.model,
                    stop=self.stop,
                    seed=self.seed,
                    params=table.params.search,
                    start=more,
                )
            extras, moved = detours.extras, detours.moved
        self._remember(lowering, lowered, solution, extras=extras, moved=moved)
        book(table, self.drives, work, lowered, solution)
        self.lost |= set(table.problem.pins)

    def _remember(
        self,
        lowering: Lowering,
        lowered: Lowered,
        solution: Solution,
        *,
        extras: Sequence[Extra],
        moved: Mapping[int, int],
    ) -> None:
        """Keep what the explanations ask the engine about: the routes of the last block."""
        self.blocks += 1
        work = self.work
        before = replace(
            work,
            steps=[list(steps) for steps in work.steps],
            open_kg=list(work.open_kg),
            standing=list(work.standing),
        )
        self.scene = Scene(
            self.table,
            self.drives,
            before,
            lowering.lots,
            lowered,
            solution,
            frozenset(lowering.lost),
            tuple(extras),
            dict(moved),
        )

    def _begun(self, lowering: Lowering) -> tuple[Lowered, Live]:
        """Return a model, and a solution that has its pins and lots of priority.

        A pin that cannot be kept leaves its slot: the model is made again without it.
        """
        lowered = lowering.model()
        live = begin(lowered, self.seed)
        pins = [number for number, asked in enumerate(lowered.asked) if asked.pin is not None]
        pins.sort(key=lambda number: self._pinned_s(lowered, number))
        kept: set[Pin | None] = set()
        for number in pins:
            pin = lowered.asked[number].pin
            if insert(live, number):
                kept.add(pin)
        if not kept >= lowering.gates.pinned.keys():
            lowering.lost |= lowering.gates.pinned.keys() - kept
            return self._begun(lowering)
        live.lock(pins)
        for number in lowered.urgent:
            insert(live, number)
        return lowered, live

    def _pinned_s(self, lowered: Lowered, number: int) -> int:
        pin = lowered.asked[number].pin
        slot = self.table.slot_at.get(pin.slot_id or "") if pin else None
        return -1 if slot is None else self.table.opens_s(self.table.slots[slot])

    def _result(
        self, answers: tuple[ForcedAnswer, ...], waiting: tuple[str, ...], due: Sequence[int]
    ) -> Plan:
        table, work, problem = self.table, self.work, self.table.problem
        scribe = Scribe(table, self.drives, work)
        trips = scribe.trips()
        open_lots = [at for at in due if work.open_kg[at] > 0]
        others = None if self.scene is None else Others(self.scene, trips)
        orders = against_orders(table, self.drives, work, trips)
        trips = with_alternatives(trips, others, orders)
        scene = self.scene if self.blocks == 1 else None
        left = left_over(table, self.drives, work, open_lots, self.planned, scene)
        own = [trip for trip in trips if trip.leg == 1 and not trip.committed]
        return Plan(
            trips=tuple(trips),
            unassigned=tuple(left),
            waiting=waiting,
            idle_trucks=tuple(
                truck.truck_id
                for truck, steps in zip(problem.trucks, work.steps, strict=True)
                if not steps
            ),
            forced=answers,
            stats={
                "lots": len(problem.lots),
                "trips": len(trips),
                "assigned_kg": sum(trip.quantity_kg for trip in own),
                "left_kg": sum(one.quantity_kg for one in left),
                "cost": sum(trip.cost["total"] for trip in trips),
                "rounds": self.rounds,
                "gains": self.gains,
                "slots_ignored": len(problem.slots) - len(table.slots),
            },
            routes=tuple(scribe.routes()),
            stuck_trucks=tuple(problem.trucks[at].truck_id for at in sorted(work.stuck)),
            idle=tuple(idle_trucks(table, work, due, others)),
        )
