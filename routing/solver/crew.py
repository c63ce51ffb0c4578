"""Search on several threads: copies of a small solution, parts of a large one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import R_LOT
from routing.solver.chain import Chain
from routing.solver.kernels.whole import adopt, left_of, rebook
from routing.solver.live import copy_state, take_over

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from numpy.typing import NDArray

    from routing.solver.arrays import Arrays
    from routing.solver.kernels.state import State
    from routing.solver.solve import Search

    Ints = NDArray[np.int64]

_FOLLOW = 20
"""After so many epochs the worst copy follows the best."""


class Copies:
    """Searches copies of a whole solution at once, and lets the worst follow the best at times."""

    def __init__(self, search: Search) -> None:
        self.search = search
        live, params = search.live, search.params
        states = [live.state]
        for number in range(1, params.threads):
            states.append(copy_state(live.state))
            states[-1].chance[0] ^= np.uint64(0x9E3779B97F4A7C15 * number & (2**64 - 1))
        self.chains = [Chain(search.model, state, search.near) for state in states]
        self.epochs = 0

    def epoch(self, pool: ThreadPoolExecutor, rounds: int, hot: float) -> None:
        """Search for some rounds in each copy."""
        params = self.search.params
        work = [
            pool.submit(
                chain.run, rounds, hot=hot, cold=hot, mean_ruin=params.mean_ruin,
                blink=params.blink, saving=False,
            )
            for chain in self.chains
        ]  # fmt: skip
        for part in work:
            part.result()
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
        crowded = bool((m.facility[:, 2] >= 0).any()) or m.quota.size > 0
        self.threads = 1 if crowded else search.params.threads
        states = [copy_state(live.state) for _ in range(self.threads)]
        for number, state in enumerate(states):
            state.chance[0] ^= np.uint64(0x9E3779B97F4A7C15 * (number + 1) & (2**64 - 1))
        self.chains = [Chain(model, state, search.near) for state in states]
        self.best = copy_state(live.state)

    def epoch(self, pool: ThreadPoolExecutor, rounds: int, hot: float) -> None:
        """Search for some rounds in each of some parts, and bring them together."""
        params, state, m = self.search.params, self.search.live.state, self.search.model.arrays
        scopes = self._scopes()
        work = []
        for number, (chain, (vehicles, requests)) in enumerate(
            zip(self.chains, scopes, strict=True)
        ):
            chain.become(state)
            self._share(chain.state, number)
            chain.best.total[:] = chain.state.total
            chain.scope(vehicles, requests)
            work.append(
                pool.submit(
                    chain.run, rounds, hot=hot, cold=hot, mean_ruin=params.mean_ruin,
                    blink=params.blink, saving=False,
                )
            )  # fmt: skip
        for part in work:
            part.result()
        for chain in self.chains:
            adopt(m, state, chain.state, chain.vehicles, chain.requests)
        left_of(m, state, m.lot[:, 0].copy())
        rebook(m, state)
        state.total[:] = totals(m, state)
        if state.total.sum() < self.best.total.sum() - 1e-9:
            take_over(self.best, state)

    def _share(self, state: State, number: int) -> None:
        """Leave to one of several parts its share of free places, and of what lots have left."""
        if self.threads == 1:
            return
        m = self.search.model.arrays
        free = np.maximum(m.slot[:, 2] - state.used, 0)
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
            away = m.time[0][where[seed], where[free]] * random.uniform(0.7, 1.3, len(free))
            size = min(search.params.part, len(free) - (self.threads - 1 - number))
            chosen = free[np.argpartition(away, size - 1)[:size]]
            owner[chosen] = number
            free = search.all_vehicles[owner < 0]
        of_request = np.full(len(search.all_requests), -1, np.int64)
        served = s.served >= 0
        stops = m.option[np.maximum(s.served, 0), 0]
        of_request[served] = owner[s.node[stops, 2]][served]
        out = np.flatnonzero(~served)
        of_request[out] = random.integers(0, self.threads, len(out))
        return [
            (np.flatnonzero(owner == n).astype(np.int64), np.flatnonzero(of_request == n))
            for n in range(self.threads)
        ]

    def finish(self) -> int:
        """Leave the best solution seen; return how many rounds found a new best."""
        m, state = self.search.model.arrays, self.search.live.state
        adopt(m, state, self.best, self.search.all_vehicles, self.search.all_requests)
        left_of(m, state, m.lot[:, 0].copy())
        rebook(m, state)
        state.total[:] = totals(m, state)
        return sum(chain.gains for chain in self.chains)


def totals(m: Arrays, s: State) -> tuple[float, float]:
    """Return the cost of all routes, and of what is unserved, counted anew."""
    fixed = (m.request[:, R_LOT] < 0) & (s.served < 0)
    lots = np.where(s.left > 0, m.lot_price[:, 0] + m.lot_price[:, 1] * s.left, 0.0)
    return float(s.cost.sum()), float(m.request_price[fixed, 0].sum() + lots.sum())


def places_now(m: Arrays, s: State) -> Ints:
    """Return a place for each vehicle: of its first stop, or where it starts."""
    stops = len(m.stop)
    first = s.node[stops : stops + len(m.vehicle), 0]
    place = np.where(first < stops, m.stop[np.minimum(first, stops - 1), 3], m.vehicle[:, 0])
    end = np.where(place < 0, m.vehicle[:, 1], place)
    return np.maximum(end, 0)
