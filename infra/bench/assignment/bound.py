"""Bound the cost of an instance from below, by column generation.

Every possible route of every truck is a column; a truck has at most one, a lot is on one at least
or pays for being left, and a slot is used by at most as many as it has places. Routes may be taken
in fractions: no plan costs less. Only routes that pay are made (`pricing`), at the prices that the
linear programme puts on lots and slots; and since the pricing is exact, the sum of those prices
and of what each truck could gain at them is a bound in every round (Lagrange's), long before no
route pays any more. The best round counts.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_array

from infra.bench.assignment.checker import Call, judge
from infra.bench.assignment.instances import UNSERVED_COST
from infra.bench.assignment.pricing import price_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from infra.bench.assignment.checker import Routes
    from infra.bench.assignment.instances import Instance, Ints

METHOD = "column generation over trucks' routes, elementary pricing, Lagrangian bound"
_PER_TRUCK = 30
_SMOOTH = 0.6
_NEARLY = 1e-4


@dataclass(frozen=True, slots=True)
class Bound:
    """What no plan can cost less than.

    Attributes
    ----------
    cost
        The bound.
    relaxed_cost
        What the linear programme cost over the columns made; equal to the bound once no other
        route pays.
    rounds, columns
        How much work it was.
    """

    cost: float
    relaxed_cost: float
    rounds: int
    columns: int


@dataclass(eq=False)
class _Columns:
    """The routes made so far."""

    truck: list[int] = field(default_factory=list)
    lots: list[tuple[int, ...]] = field(default_factory=list)
    slots: list[tuple[int, ...]] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    known: set[tuple[int, tuple[int, ...], tuple[int, ...]]] = field(default_factory=set)

    def add(self, truck: int, lots: Sequence[int], slots: Sequence[int], cost: float) -> bool:
        key = (truck, tuple(lots), tuple(slots))
        if key in self.known:
            return False
        self.known.add(key)
        self.truck.append(truck)
        self.lots.append(key[1])
        self.slots.append(key[2])
        self.cost.append(cost)
        return True


def lower_bound(
    instance: Instance, start: Routes = (), *, going: Callable[[], bool], threads: int = 2
) -> Bound:
    """Bound an instance.

    Parameters
    ----------
    instance
        The problem; beyond 100 lots it takes many minutes.
    start
        A plan, to begin with its routes; it quickens the search and changes no bound.
    going
        Says before each round whether there is time for it.
    threads
        How many trucks are priced at once.
    """
    columns = _Columns()
    for truck, route in enumerate(start):
        if route:
            _add_route(instance, columns, truck, route)
    with ThreadPoolExecutor(threads) as pool:
        return _Search(instance, columns, pool).run(going)


def _add_route(instance: Instance, columns: _Columns, truck: int, route: Sequence[Call]) -> None:
    alone: list[Sequence[Call]] = [()] * instance.trucks
    alone[truck] = route
    cost = judge(instance, alone).cost - UNSERVED_COST * (instance.lots - len(route))
    columns.add(truck, [call.lot for call in route], [call.slot for call in route], cost)


class _Search:
    """Rounds of the linear programme and of pricing."""

    def __init__(self, instance: Instance, columns: _Columns, pool: ThreadPoolExecutor) -> None:
        self.instance, self.columns, self.pool = instance, columns, pool
        first_s, last_s = instance.window_s
        able = last_s >= first_s
        self.lot_slots = np.full((instance.lots, max(1, int(able.sum(axis=1).max()))), -1)
        for lot in range(instance.lots):
            slots = np.flatnonzero(able[lot])
            self.lot_slots[lot, : len(slots)] = slots
        self.loaded_s = np.ascontiguousarray(instance.lot_to_port_s[:, instance.slot_port])
        self.first_s, self.last_s = first_s, last_s
        self.best = self.highest = -np.inf
        self.centre = self._guess()
        self.greedy = True

    def run(self, going: Callable[[], bool]) -> Bound:
        """Go on until no route pays, or there is no more time."""
        relaxed, rounds = np.inf, 0
        while going():
            rounds += 1
            relaxed, prices, truck_price = self._programme()
            if relaxed - self.best <= _NEARLY * abs(relaxed):
                break
            at = _SMOOTH * self.centre + (1 - _SMOOTH) * prices
            added = self._price_at(at, truck_price, loose=True)
            added = added or self._price_at(prices, truck_price, loose=False)
            if not added and not self.greedy:
                break
            if not added:
                self.greedy, self.highest = False, -np.inf
        return Bound(self.best, relaxed, rounds, len(self.columns.cost))

    def _price_at(
        self, prices: NDArray[np.float64], truck_price: NDArray[np.float64], *, loose: bool
    ) -> int:
        """Price at some prices, remember them if they bound best, and count the new routes."""
        added, bound = self._price(prices, truck_price, loose=loose)
        if bound > self.highest:
            self.highest, self.centre = bound, prices
        if not self.greedy:
            self.best = max(self.best, bound)
        return added

    def _guess(self) -> NDArray[np.float64]:
        """Guess prices: each lot's share of its route at the beginning, nothing for slots."""
        prices = np.zeros(self.instance.lots + self.instance.slots)
        for lots, cost in zip(self.columns.lots, self.columns.cost, strict=True):
            prices[list(lots)] = cost / len(lots)
        return prices

    def _programme(self) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Solve the linear programme; return its cost, prices of lots and slots, and of trucks."""
        instance, columns = self.instance, self.columns
        lots, slots, trucks = instance.lots, instance.slots, instance.trucks
        rows: list[int] = []
        starts = [0]
        signs: list[float] = []
        for truck, lots_of, slots_of in zip(
            columns.truck, columns.lots, columns.slots, strict=True
        ):
            rows += [*lots_of, *(lots + slot for slot in slots_of), lots + slots + truck]
            signs += [-1.0] * len(lots_of) + [1.0] * (len(slots_of) + 1)
            starts.append(len(rows))
        rows += range(lots)
        signs += [-1.0] * lots
        starts += range(starts[-1] + 1, starts[-1] + lots + 1)
        matrix = csc_array((signs, rows, starts), shape=(lots + slots + trucks, len(starts) - 1))
        cost = np.concatenate([columns.cost, np.full(lots, float(UNSERVED_COST))])
        most = np.concatenate([np.full(lots, -1.0), instance.slot_places, np.ones(trucks)])
        done = linprog(cost, A_ub=matrix, b_ub=most, bounds=(0, None), method="highs")
        price = -np.minimum(done.ineqlin.marginals, 0.0)
        return float(done.fun), price[: lots + slots], price[lots + slots :]

    def _price(
        self, prices: NDArray[np.float64], truck_price: NDArray[np.float64], *, loose: bool
    ) -> tuple[int, float]:
        """Look for routes that pay, and give the bound at these prices."""
        instance = self.instance
        prices = prices.copy()
        prices[: instance.lots] = np.minimum(prices[: instance.lots], UNSERVED_COST)
        limits = np.where(loose, -1e-6, -truck_price - 1e-3).tolist()
        found = list(
            self.pool.map(
                lambda truck: self._routes(truck, prices, limits[truck]), range(instance.trucks)
            )
        )
        added = 0
        for truck, (lots, slots, price, _) in enumerate(found):
            for row in range(len(price)):
                length = int((lots[row] >= 0).sum())
                ids, where = lots[row, :length][::-1], slots[row, :length][::-1]
                cost = price[row] + prices[ids].sum() - prices[instance.lots + where].sum()
                added += self.columns.add(truck, ids.tolist(), where.tolist(), float(cost))
        paid = prices[: instance.lots].sum() - instance.slot_places @ prices[instance.lots :]
        return added, float(paid + sum(min(0.0, bound) for *_, bound in found))

    def _routes(
        self, truck: int, prices: NDArray[np.float64], limit: float
    ) -> tuple[Ints, Ints, NDArray[np.float64], float]:
        instance = self.instance
        lot_price = prices[: instance.lots]
        if not instance.reefer[truck]:
            lot_price = np.where(instance.chilled, 0.0, lot_price)
        found: tuple[Ints, Ints, NDArray[np.float64], float] = price_routes(
            instance.start_to_lot_s[truck],
            instance.port_to_lot_s,
            self.loaded_s,
            self.first_s,
            self.last_s,
            self.lot_slots,
            instance.slot_port,
            lot_price,
            prices[instance.lots :],
            int(instance.shift_start_s[truck]),
            int(instance.shift_end_s[truck]),
            float(limit),
            _PER_TRUCK,
            self.greedy,
        )
        return found
