"""Search around what has changed: put in again what is out, then ruin and recreate near by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import N_PLACE, O_FIRST, R_LOT, R_OPTIONS, R_UNSERVED
from routing.solver.chain import Chain, serve_alone
from routing.solver.kernels.search import cheapest
from routing.solver.kernels.state import VEHICLE
from routing.solver.near import apart
from routing.solver.params import SearchParams
from routing.solver.states import mean_cost, places_now, take_over, totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from routing.solver.draft import Model
    from routing.solver.kernels.state import State
    from routing.solver.stop import StopCriterion

    Ints = NDArray[np.int64]

LOCAL = SearchParams(hot=0.1, cold=0.01, part=48)
"""How a search around a change goes; `part` is how many vehicles it may change."""
_LOOKS = 12
"""For so many of the requests that are out, the cheapest vehicles are looked for."""
_EACH = 8
"""So many vehicles for each of them."""


class Around:
    """Searches parts of a solution that stands; what it scribbles on is kept between searches.

    Parameters
    ----------
    model, state
        The problem and the solution, which is changed in place.
    near
        The nearest stops of each stop.
    """

    def __init__(self, model: Model, state: State, near: NDArray[np.int32]) -> None:
        self.model, self.state = model, state
        self.chain = Chain(model, state, near)
        vehicles, dims = len(model.arrays.vehicle), model.arrays.capacity.shape[1]
        self.cost = np.full(vehicles, np.inf)
        self.places = np.zeros((vehicles, 3 + dims), np.int64)
        self.every = np.arange(vehicles, dtype=np.int64)

    def reinsert(self, out: Sequence[int]) -> set[int]:
        """Serve requests where they are cheapest, if they can be; return vehicles worth a look.

        Parameters
        ----------
        out
            Requests that are out, in the order in which they are tried.
        """
        worth: set[int] = set()
        m, s, work, undo = self.model.arrays, self.state, self.chain.work, self.chain.undo
        for number, request in enumerate(out):
            if number < _LOOKS:
                worth |= self._cheapest(request)
            serve_alone(m, s, work, undo, request, self.every)
            if s.served[request] >= 0:
                worth.add(int(s.node[m.option[s.served[request], O_FIRST], VEHICLE]))
        return worth

    def _cheapest(self, request: int) -> set[int]:
        m, s = self.model.arrays, self.state
        lot = int(m.request[request, R_LOT])
        if lot >= 0 and s.left[lot] <= 0:
            return set()
        self.cost[:] = np.inf
        cheapest(m, s, self.chain.work, request, self.every, 0.0, self.cost, self.places)
        count = min(_EACH, len(self.cost))
        best = np.argpartition(self.cost, count - 1)[:count] if count else np.zeros(0, np.int64)
        found = {int(v) for v in best if np.isfinite(self.cost[v])}
        return found or self._nearest(request)

    def _nearest(self, request: int) -> set[int]:
        """Return the vehicles nearest to a request that nobody has room for."""
        m, s = self.model.arrays, self.state
        able = np.flatnonzero(m.allowed[request])
        first = m.option[m.request[request, R_OPTIONS], O_FIRST]
        away = apart(self.model, places_now(m, s)[able], m.stop[first, N_PLACE])
        return {int(v) for v in able[np.argsort(away, kind="stable")[:_EACH]]}

    def scope(self, worth: Iterable[int], size: int, barred: Iterable[int]) -> Ints:
        """Return the vehicles to search among: the worthy ones, and those nearest to them.

        Parameters
        ----------
        worth
            Vehicles that were touched, or that come into question.
        size
            How many vehicles at most.
        barred
            Vehicles that may not be changed.
        """
        m, s = self.model.arrays, self.state
        inside = np.zeros(len(m.vehicle), bool)
        seeds = np.array(sorted(worth), np.int64)
        if len(seeds) and len(seeds) < size:
            where = places_now(m, s)
            away = apart(self.model, *np.ix_(where[seeds], where)).min(axis=0)
            away[seeds] = -1
            count = min(size, len(away))
            seeds = np.argpartition(away, count - 1)[:count]
        inside[seeds] = True
        inside[list(barred)] = False
        return np.flatnonzero(inside).astype(np.int64)

    def search(
        self, vehicles: Ints, out: Sequence[int], stop: StopCriterion, params: SearchParams
    ) -> int:
        """Ruin and recreate among some vehicles until told to stop; return the rounds done.

        Parameters
        ----------
        vehicles
            Who may be changed.
        out
            Requests that are out and may be put in.
        stop, params
            When to stop, and how to search.
        """
        m, s = self.model.arrays, self.state
        s.total[:] = totals(m, s)
        requests = self._requests(vehicles, out)
        began = done = stop(0)
        if done >= 1.0 or not len(vehicles) or not len(requests):
            return 0
        chain = self.chain
        take_over(chain.best, s)
        chain.work.changed[:] = False
        chain.scope(vehicles, requests)
        heat, rounds, chunk = mean_cost(s, vehicles), 0, 16
        while done < 1.0:
            chunk = self._whole(stop, rounds, chunk)
            if chunk < 1:
                break
            share = (done - began) / max(1e-9, 1.0 - began)
            chain.run(chunk, params, heat=params.cooled(heat, share))
            rounds += chunk
            before, done = done, stop(rounds)
            chunk = params.next_chunk(chunk, done - before, share=0.06, least=4)
        chain.settle()
        s.total[:] = totals(m, s)
        return rounds

    def _whole(self, stop: StopCriterion, rounds: int, chunk: int) -> int:
        """Return a chunk of rounds that ends no later than a criterion that counts."""
        while chunk > 1 and stop(rounds + chunk - 1) >= 1.0:
            chunk //= 2
        return chunk

    def _requests(self, vehicles: Ints, out: Sequence[int]) -> Ints:
        """Return the requests of some vehicles, and those that are out, if they may be served."""
        m, s = self.model.arrays, self.state
        inside = np.zeros(len(m.vehicle) + 1, bool)
        inside[vehicles] = True
        first = m.option[np.maximum(s.served, 0), O_FIRST]
        own = (s.served >= 0) & inside[s.node[first, VEHICLE]] & (s.locked == 0)
        own[list(out)] |= s.served[list(out)] < 0
        return np.flatnonzero(own).astype(np.int64)


def most_urgent(model: Model, out: Iterable[int]) -> list[int]:
    """Return requests in the order in which they are to be put in: the dearest first."""
    price = model.arrays.request_price[:, R_UNSERVED]
    return sorted(out, key=lambda request: (-float(price[request]), request))
