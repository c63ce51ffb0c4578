"""Search on several threads: copies of a small solution, parts of a large one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import F_BAYS, O_FIRST, S_CAPACITY
from routing.solver.chain import Chain, put_together, run_all
from routing.solver.kernels.state import VEHICLE
from routing.solver.near import apart
from routing.solver.states import copy_state, places_now, stirred, take_over, totals

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from numpy.typing import NDArray

    from routing.solver.kernels.state import State
    from routing.solver.solve import Search

    Ints = NDArray[np.int64]

_FOLLOW = 20
"""After so many epochs the worst copy follows the best."""
_SALT = 0x9E3779B97F4A7C15
"""What parts the chance of one thread from that of another."""


class Copies:
    """Searches copies of a whole solution at once, and lets the worst follow the best at times."""

    def __init__(self, search: Search) -> None:
        self.search = search
        live, params = search.live, search.params
        copies = range(1, params.threads)
        states = [live.state, *(stirred(copy_state(live.state), _SALT, n) for n in copies)]
        self.chains = [Chain(search.model, state, search.near) for state in states]
        self.epochs = 0

    def epoch(self, pool: ThreadPoolExecutor, rounds: int, heat: float) -> None:
        """Search for some rounds in each copy."""
        run_all(pool, self.chains, rounds, self.search.params, heat=heat)
        self.epochs += 1
        if self.epochs % _FOLLOW == 0 and len(self.chains) > 1:
            best = min(self.chains, key=lambda chain: chain.best_cost)
            worst = max(self.chains, key=lambda chain: chain.best_cost)
            if worst.best_cost > best.best_cost:
                best.settle()
                worst.become(best.state)
                worst.scope(worst.vehicles, worst.requests)

    def finish(self) -> int:
        """Leave the best solution seen in the first copy; return how often a best was found."""
        first = self.chains[0]
        best = min(self.chains, key=lambda chain: chain.best_cost)
        if best is not first:
            best.settle()
            first.become(best.state)
        else:
            first.settle()
        return sum(chain.gains for chain in self.chains)


class Parts:
    """Searches parts of a large solution at once, other parts in each epoch."""

    def __init__(self, search: Search) -> None:
        self.search = search
        live, model = search.live, search.model
        m = model.arrays
        crowded = bool((m.facility[:, F_BAYS] >= 0).any()) or m.quota.size > 0
        self.threads = 1 if crowded else search.params.threads
        copies = range(1, self.threads + 1)
        states = [stirred(copy_state(live.state), _SALT, number) for number in copies]
        self.chains = [Chain(model, state, search.near) for state in states]
        self.best = copy_state(live.state)

    def epoch(self, pool: ThreadPoolExecutor, rounds: int, heat: float) -> None:
        """Search for some rounds in each of some parts, and bring them together."""
        state, m = self.search.live.state, self.search.model.arrays
        scopes = self._scopes()
        for number, (chain, scope) in enumerate(zip(self.chains, scopes, strict=True)):
            take_over(chain.state, state)
            self._share(chain.state, number)
            chain.best.total[:] = chain.state.total
            chain.scope(*scope)
        run_all(pool, self.chains, rounds, self.search.params, heat=heat)
        put_together(m, state, [(one.state, one.vehicles, one.requests) for one in self.chains])
        state.total[:] = totals(m, state)
        if state.total.sum() < self.best.total.sum() - 1e-9:
            take_over(self.best, state)

    def _share(self, state: State, number: int) -> None:
        """Leave to one of several parts its share of free places, and of what lots have left."""
        if self.threads == 1:
            return
        m = self.search.model.arrays
        free = np.maximum(m.slot[:, S_CAPACITY] - state.used, 0)
        turn = (np.arange(len(free)) + self.search.rounds) % self.threads == number
        own = free // self.threads + np.where(turn, free % self.threads, 0)
        state.used[:] += free - own
        mine = (np.arange(len(state.left)) + self.search.rounds) % self.threads == number
        state.left[:] = np.where(mine, state.left, 0)

    def _scopes(self) -> list[tuple[Ints, Ints]]:
        """Draw a part for each thread: a vehicle and its nearest, and their requests."""
        search = self.search
        m, s, random = search.model.arrays, search.live.state, search.random
        where = places_now(m, s)
        free = search.all_vehicles
        owner = np.full(len(search.all_vehicles), -1, np.int64)
        for number in range(self.threads):
            seed = random.choice(free)
            blur = random.uniform(0.7, 1.3, len(free))
            away = apart(search.model, where[seed], where[free]) * blur
            size = min(search.params.part, len(free) - (self.threads - 1 - number))
            chosen = free[np.argpartition(away, size - 1)[:size]]
            owner[chosen] = number
            free = search.all_vehicles[owner < 0]
        of_request = np.full(len(search.all_requests), -1, np.int64)
        served = s.served >= 0
        stops = m.option[np.maximum(s.served, 0), O_FIRST]
        of_request[served] = owner[s.node[stops, VEHICLE]][served]
        out = np.flatnonzero(~served)
        of_request[out] = random.integers(0, self.threads, len(out))
        return [
            (np.flatnonzero(owner == n).astype(np.int64), np.flatnonzero(of_request == n))
            for n in range(self.threads)
        ]

    def finish(self) -> int:
        """Leave the best solution seen; return how many rounds found a new best."""
        m, state = self.search.model.arrays, self.search.live.state
        every = self.search.all_vehicles, self.search.all_requests
        put_together(m, state, [(self.best, *every)])
        state.total[:] = totals(m, state)
        return sum(chain.gains for chain in self.chains)
