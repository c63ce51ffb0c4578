"""Search for good routes: a first solution, then rounds of ruin and recreate until told to stop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import (
    N_LATEST,
    O_FIRST,
    O_SECOND,
    R_OPTIONS,
    R_OPTIONS_END,
    V_FIXED,
)
from routing.solver.chain import serve_alone
from routing.solver.crew import Copies, Parts
from routing.solver.live import Live
from routing.solver.near import find_near
from routing.solver.params import SearchParams
from routing.solver.saver import Saver
from routing.solver.states import empty_undo, empty_work, mean_cost
from routing.solver.stop import CONSTRUCTING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.solver.draft import Model
    from routing.solver.solution import Solution
    from routing.solver.stop import StopCriterion

    Ints = NDArray[np.int64]

__all__ = ["Search", "SearchParams", "solve"]


def solve(
    model: Model,
    *,
    stop: StopCriterion,
    seed: int = 0,
    params: SearchParams | None = None,
    start: Live | None = None,
) -> Solution:
    """Find good routes.

    Parameters
    ----------
    model
        The problem.
    stop
        When to stop; whenever that is, the answer is valid.
    seed
        Where chance comes from: equal inputs, with a stop that counts, give equal answers.
    params
        How to search.
    start
        Where to begin; it is changed.

    Returns
    -------
    Solution
        The best routes found.
    """
    live = start or Live(model, seed=seed)
    search = Search(live, stop, params or SearchParams(), seed)
    search.run()
    return live.solution(search.rounds, search.gains)


class Search:
    """One search on a solution that is changed in place."""

    def __init__(self, live: Live, stop: StopCriterion, params: SearchParams, seed: int) -> None:
        self.live, self.stop, self.params = live, stop, params
        self.model = live.model
        self.random = np.random.default_rng(seed)
        self.rounds = self.gains = 0
        self.near = empty_work(self.model).near
        self.all_vehicles = np.arange(len(self.model.arrays.vehicle), dtype=np.int64)
        self.all_requests = np.arange(len(self.model.arrays.request), dtype=np.int64)

    def run(self) -> None:
        """Construct, save vehicles where that pays, improve."""
        if not self._construct() or not len(self.all_requests) or not len(self.all_vehicles):
            return
        if self.stop(0) >= 1.0:
            return
        self.near = find_near(self.model)
        if (self.model.arrays.vehicle_price[:, V_FIXED] > 0).any():
            self._save_vehicles()
        self._improve()

    def _construct(self) -> bool:
        """Make a first solution; say whether there was time for all of it."""
        m, s = self.model.arrays, self.live.state
        work, undo = empty_work(self.model), empty_undo(self.model)
        order = self._order()
        at, size = 0, 8
        while at < len(order):
            if at and self.stop(CONSTRUCTING) >= 1.0:
                return False
            for request in order[at : at + size].tolist():
                serve_alone(m, s, work, undo, request, self.all_vehicles)
            at += size
            size = min(2 * size, 64)
        return True

    def _order(self) -> Ints:
        """Return all requests that are out, the most urgent first."""
        m, s = self.model.arrays, self.live.state
        out = np.flatnonzero(s.served < 0)
        if not len(out):
            return out
        last = m.option[m.request[out, R_OPTIONS]]
        last_stop = np.where(last[:, O_SECOND] >= 0, last[:, O_SECOND], last[:, O_FIRST])
        latest = m.stop[last_stop, N_LATEST]
        choice = m.request[out, R_OPTIONS_END] - m.request[out, R_OPTIONS]
        return out[np.lexsort((choice, latest))].astype(np.int64)

    def heat(self) -> float:
        """Return what a stop costs on average."""
        return mean_cost(self.live.state, self.all_vehicles)

    def _improve(self) -> None:
        """Improve until told to stop, cooling down."""
        params = self.params
        large = len(self.all_vehicles) > 1.5 * params.part
        crew: Parts | Copies = Parts(self) if large else Copies(self)
        began = done = min(1.0, self.stop(self.rounds))
        heat, chunk = self.heat(), min(params.epoch, 100)
        with ThreadPoolExecutor(params.threads) as pool:
            while done < 1.0:
                share = (done - began) / max(1e-9, 1.0 - began)
                chunk = self.whole_rounds(chunk)
                if chunk < 1:
                    break
                crew.epoch(pool, chunk, params.cooled(heat, share))
                self.rounds += chunk
                before, done = done, self.stop(self.rounds)
                chunk = params.next_chunk(chunk, done - before)
        self.gains += crew.finish()

    def whole_rounds(self, chunk: int) -> int:
        """Return a chunk of rounds that ends no later than a criterion that counts."""
        low, high = 0, chunk
        if self.stop(self.rounds + chunk - 1) < 1.0:
            return chunk
        while low < high:
            middle = (low + high + 1) // 2
            if self.stop(self.rounds + middle - 1) < 1.0:
                low = middle
            else:
                high = middle - 1
        return low

    def _save_vehicles(self) -> None:
        """Empty one vehicle after the other, as long as everybody finds a place elsewhere."""
        saver = Saver(self)
        with ThreadPoolExecutor(self.params.threads) as pool:
            saver.run(pool)
