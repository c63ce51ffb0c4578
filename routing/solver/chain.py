"""Run one chain of the search: a solution, what it scribbles on, and the best it has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.kernels.search import ABSENT, GAINS, Work, improve
from routing.solver.kernels.whole import adopt, left_of, rebook
from routing.solver.live import copy_state, empty_undo, empty_work, take_over

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.solver.draft import Model
    from routing.solver.kernels.state import State

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

    def run(
        self, rounds: int, *, hot: float, cold: float, mean_ruin: float, blink: float, saving: bool
    ) -> bool:
        """Search for some rounds; say whether vehicles were saved (when that is the aim)."""
        if not len(self.requests):
            return False
        plan = np.array([rounds, int(saving)], np.int64)
        figures = np.array([hot, cold, mean_ruin, blink])
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
        m, s = self.model.arrays, self.state
        adopt(m, s, self.best, every, requests)
        s.total[:] = self.best.total
        left_of(m, s, m.lot[:, 0].copy())
        rebook(m, s)
        self.work.changed[:] = False
        self.scope(self.vehicles, self.requests)
