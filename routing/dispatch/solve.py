"""Plan: give trucks to lots, port slots and corridors, with true reasons for what is left over.

First version: one lot per trip and one trip per truck and plan; a lot larger than a truck is split
into consignments. Dispatchers' overrides come first, then regret-2 insertion of all open lots
jointly, then ruin and recreate until told to stop. No clock, no randomness but the seed's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.dispatch.board import Board
from routing.dispatch.construct import Insertion, Ledger
from routing.dispatch.explain import trips_of
from routing.dispatch.force import force
from routing.dispatch.improve import improve
from routing.dispatch.options import weigh
from routing.dispatch.outcome import Plan, Unassigned
from routing.dispatch.params import Params
from routing.dispatch.reasons import reasons_for, stopped
from routing.dispatch.stop import CONSTRUCTING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.dispatch.options import Options
    from routing.dispatch.outcome import ForcedAnswer, Trip
    from routing.dispatch.problem import Problem
    from routing.dispatch.stop import StopCriterion

_FIRST_BLOCK = 16
"""So many lots are looked at before the travel times of the rest are asked for."""


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
        Steers the improvement: equal inputs, with a stop that counts, give equal plans.
    params
        Weights and limits.

    Returns
    -------
    Plan
        Trips that break no rule; every lot with open goods is on trips, left over with
        reasons, or waiting.

    Raises
    ------
    InvalidProblem
        The travel times are negative, undefined or of the wrong shape.
    """
    return _Planning(Board(problem, params or Params()), stop, seed).run()


class _Planning:
    """One run of the planner."""

    def __init__(self, board: Board, stop: StopCriterion, seed: int) -> None:
        self.board = board
        self.stop = stop
        self.seed = seed
        self.ledger = Ledger.of(board)
        self.trips: list[Trip] = []
        self.left: list[Unassigned] = []
        self.rounds = self.gains = 0

    def run(self) -> Plan:
        """Plan overrides, then the due lots block after block."""
        answers, weighed = force(self.board, self.ledger)
        due, waiting = self._due()
        size = self.board.params.block_lots
        blocks = [due[start : start + size] for start in range(0, len(due), size)]
        halted = False
        for number, block in enumerate(blocks):
            halted = halted or (number > 0 and self.stop(CONSTRUCTING))
            known = [] if halted else self._weigh(block, first=number == 0)
            for at in block[len(known) :]:
                self._leave(at, None)
            if known:
                self._plan_block(known, alone=len(known) == len(due))
        overridden = [placement for placement in self.ledger.placements if placement.forced]
        self.trips[:0] = trips_of(self.board, self.ledger, overridden, weighed)
        return self._result(answers, waiting)

    def _due(self) -> tuple[list[int], tuple[str, ...]]:
        """Split the lots into those to plan now, the most urgent first, and those to wait."""
        lots = self.board.problem.lots
        horizon_s = self.board.params.horizon_s
        ready = [at for at in range(len(lots)) if self.ledger.open_kg[at] > 0]
        due = [at for at in ready if self.board.ready_s[at] <= horizon_s]
        due.sort(key=lambda at: (-lots[at].priority, lots[at].hold_until, lots[at].lot_id))
        late = sorted(set(ready) - set(due))
        return due, tuple(lots[at].lot_id for at in late)

    def _weigh(self, block: Sequence[int], *, first: bool) -> list[Options]:
        """Weigh the lots of a block until told to stop; of the first block one at least."""
        known: list[Options] = []
        start = 0
        while start < len(block):
            stop = len(block) if start or not first else min(_FIRST_BLOCK, len(block))
            legs = self.board.legs(block[start:stop])
            for column, at in enumerate(block[start:stop]):
                if (known or not first) and self.stop(CONSTRUCTING):
                    return known
                known.append(weigh(self.board, at, legs, column))
            start = stop
        return known

    def _plan_block(self, known: list[Options], *, alone: bool) -> None:
        before = len(self.ledger.placements)
        insertion = Insertion(self.board, self.ledger, known)
        insertion.fill(range(len(known)))
        if alone:
            self.rounds, self.gains = improve(insertion, stop=self.stop, seed=self.seed)
        options = {option.lot: option for option in known}
        new = self.ledger.placements[before:]
        self.trips += trips_of(self.board, self.ledger, new, options)
        for option in known:
            if self.ledger.open_kg[option.lot] > 0:
                self._leave(option.lot, option)

    def _leave(self, at: int, option: Options | None) -> None:
        board = self.board
        reasons = reasons_for(board, self.ledger, option) if option else (stopped(board),)
        lot_id = self.board.problem.lots[at].lot_id
        self.left.append(Unassigned(lot_id, self.ledger.open_kg[at], reasons))

    def _result(self, answers: tuple[ForcedAnswer, ...], waiting: tuple[str, ...]) -> Plan:
        problem, placements = self.board.problem, self.ledger.placements
        return Plan(
            trips=tuple(self.trips),
            unassigned=tuple(self.left),
            waiting=waiting,
            idle_trucks=tuple(
                truck.truck_id
                for truck, used in zip(problem.trucks, self.ledger.used, strict=True)
                if not used
            ),
            forced=answers,
            stats={
                "lots": len(problem.lots),
                "trips": len(self.trips),
                "assigned_kg": sum(placement.quantity_kg for placement in placements),
                "left_kg": sum(left.quantity_kg for left in self.left),
                "cost": sum(placement.cost for placement in placements),
                "rounds": self.rounds,
                "gains": self.gains,
                "slots_ignored": len(problem.slots) - len(self.board.slots),
            },
        )
