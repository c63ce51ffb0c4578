"""Save vehicles: empty one after the other, as long as what it carried finds room elsewhere.

A solution with somebody left out is judged by how often each of those has been left out before:
the hard ones come in first (the fleet minimisation of `kernels.search`'s source).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import O_FIRST, V_FIXED
from routing.solver.chain import Chain, run_all
from routing.solver.kernels.booking import release
from routing.solver.kernels.change import take_out
from routing.solver.kernels.state import VEHICLE
from routing.solver.kernels.walk import walk
from routing.solver.states import copy_state, stirred, take_over

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from routing.solver.solve import Search

_SALT = 0xD1B54A32D192ED03
"""What parts the chance of one thread from that of another, and from that of the crew."""


class Saver:
    """Saves vehicles: what one of them carried has to find room on the others."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.random = search.random
        self.chains: list[Chain] = []

    def run(self, pool: ThreadPoolExecutor) -> None:
        """Save vehicles until its share of the search is spent or none can be saved."""
        search, params = self.search, self.search.params
        state = search.live.state
        if (state.served < 0).any():
            return
        heat, chunk, won = search.heat() * params.hot * 0.3, min(params.epoch, 50), True
        copies = range(1, params.threads + 1)
        states = [stirred(copy_state(state), _SALT, number) for number in copies]
        self.chains = [Chain(search.model, one, search.near) for one in states]
        while (done := search.stop(search.rounds)) < params.save_share:
            if won and not all(self._begin(chain, n) for n, chain in enumerate(self.chains)):
                return
            chunk = search.whole_rounds(chunk)
            if chunk < 1:
                return
            won = self._epoch(pool, chunk, heat * 0.1 ** (done / params.save_share))
            search.rounds += chunk
            chunk = params.next_chunk(chunk, search.stop(search.rounds) - done)

    def _epoch(self, pool: ThreadPoolExecutor, rounds: int, heat: float) -> bool:
        """Search for some rounds in each copy; take over a solution that needs a vehicle less."""
        won = run_all(pool, self.chains, rounds, self.search.params, heat=heat, saving=True)
        if won:
            take_over(self.search.live.state, min(won, key=lambda chain: chain.best_cost).state)
        return bool(won)

    def _begin(self, chain: Chain, number: int) -> bool:
        """Begin a copy anew, with one vehicle emptied; say whether there was one to spare."""
        chain.become(self.search.live.state)
        return self._empty_one(chain, number)

    def _empty_one(self, chain: Chain, number: int) -> bool:
        """Take everything off one vehicle; say whether there was one to spare."""
        m, s = self.search.model.arrays, chain.state
        used = np.flatnonzero((s.stops > 0) & (m.vehicle_price[:, V_FIXED] > 0) & (s.frozen == 0))
        locked = s.node[m.option[s.served[s.locked > 0], O_FIRST], VEHICLE]
        used = np.setdiff1d(used, locked)
        if len(used) < 2:
            return False
        ranked = used[np.lexsort((self.random.random(len(used)), s.stops[used]))]
        vehicle = int(ranked[min(number, len(ranked) - 1)])
        served = np.flatnonzero(s.served >= 0)
        mine = served[s.node[m.option[s.served[served], O_FIRST], VEHICLE] == vehicle]
        release(m, s, vehicle)
        for request in mine.tolist():
            take_out(m, s, request)
        walk(m, s, vehicle)
        others = np.setdiff1d(np.flatnonzero(s.stops > 0), [vehicle]).astype(np.int64)
        chain.scope(others, self.search.all_requests)
        return True
