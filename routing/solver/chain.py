"""Run one chain of the search: a solution, what it scribbles on, and the best it has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.kernels.change import Undo, begin_undo
from routing.solver.kernels.search import ABSENT, GAINS, TURN, Work, improve, serve
from routing.solver.kernels.whole import adopt, left_of, rebook
from routing.solver.states import copy_state, empty_undo, empty_work, take_over

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import ThreadPoolExecutor

    from numpy.typing import NDArray

    from routing.solver.arrays import Arrays
    from routing.solver.draft import Model
    from routing.solver.kernels.state import State
    from routing.solver.params import SearchParams

    Ints = NDArray[np.int64]


class Chain:
    """A search on a part of a solution, or on all of it.

    Parameters
    ----------
    model
        The problem.
    state
        The solution; it is changed in place.
    near
        The nearest stops of each stop.
    """

    def __init__(self, model: Model, state: State, near: NDArray[np.int32]) -> None:
        self.model, self.state = model, state
        self.best = copy_state(state)
        self.undo = empty_undo(model)
        self.work: Work = empty_work(model)._replace(near=near)
        self.vehicles = np.arange(len(model.arrays.vehicle), dtype=np.int64)
        self.requests = np.arange(len(model.arrays.request), dtype=np.int64)
        self.scope(self.vehicles, self.requests)

    def scope(self, vehicles: Ints, requests: Ints) -> None:
        """Search among these vehicles and requests only."""
        self.vehicles, self.requests = vehicles, requests
        self.work.inside[:] = False
        self.work.inside[vehicles] = True
        out = requests[self.state.served[requests] < 0]
        self.work.absent[: len(out)] = out
        self.work.tally[ABSENT] = len(out)
        self.work.absences[:] = 1

    @property
    def gains(self) -> int:
        """How many rounds found a new best."""
        return int(self.work.tally[GAINS])

    @property
    def best_cost(self) -> float:
        """What the best solution costs, with what it leaves out."""
        return float(self.best.total.sum())

    def run(self, rounds: int, params: SearchParams, *, heat: float, saving: bool = False) -> bool:
        """Search for some rounds; say whether vehicles were saved (when that is the aim)."""
        if not len(self.requests):
            return False
        plan = np.array([rounds, int(saving)], np.int64)
        figures = np.array([heat, params.mean_ruin, params.blink])
        improve(
            self.model.arrays, self.state, self.work, self.undo, self.best,
            self.vehicles, self.requests, plan, figures,
        )  # fmt: skip
        return saving and int(self.work.tally[ABSENT]) == 0

    def become(self, other: State) -> None:
        """Take another solution over, as the present one and the best."""
        take_over(self.state, other)
        take_over(self.best, other)
        self.work.changed[:] = False

    def settle(self) -> None:
        """Make the best solution the present one."""
        every = np.arange(len(self.model.arrays.vehicle), dtype=np.int64)
        requests = np.arange(len(self.model.arrays.request), dtype=np.int64)
        put_together(self.model.arrays, self.state, [(self.best, every, requests)])
        self.state.total[:] = self.best.total
        self.work.changed[:] = False
        self.scope(self.vehicles, self.requests)


def run_all(
    pool: ThreadPoolExecutor,
    chains: Sequence[Chain],
    rounds: int,
    params: SearchParams,
    *,
    heat: float,
    saving: bool = False,
) -> list[Chain]:
    """Run chains at once for some rounds each; return those that saved a vehicle."""
    work = [pool.submit(c.run, rounds, params, heat=heat, saving=saving) for c in chains]
    return [chain for chain, one in zip(chains, work, strict=True) if one.result()]


def put_together(m: Arrays, s: State, pieces: Sequence[tuple[State, Ints, Ints]]) -> None:
    """Take vehicles and requests over from other solutions and book all; costs are not counted.

    Parameters
    ----------
    m, s
        The problem, and the solution that is changed.
    pieces
        Other solutions, with the vehicles and the requests that are taken from each.
    """
    for other, vehicles, requests in pieces:
        adopt(m, s, other, vehicles, requests)
    left_of(m, s)
    rebook(m, s)


def serve_alone(m: Arrays, s: State, work: Work, undo: Undo, request: int, vehicles: Ints) -> None:
    """Put a request where it is cheapest, if that pays, outside any round."""
    work.tally[TURN] += 1
    begin_undo(undo, work.tally[TURN])
    serve(m, s, work, undo, request, vehicles, 0.0)
