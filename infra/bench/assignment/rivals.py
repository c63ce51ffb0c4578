"""Let a rival solve an instance: slots fixed, solved, fixed anew from what it found, in turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from infra.bench.assignment.checker import judge
from infra.bench.assignment.fixed import Fixed, Order
from infra.bench.assignment.parts import parts
from infra.bench.assignment.refix import first_slots, next_slots
from infra.bench.assignment.start import first_order

if TYPE_CHECKING:
    from infra.bench.assignment.checker import Call
    from infra.bench.assignment.instances import Instance, Ints


@dataclass
class Watch:
    """Measure the wall's time, but for what is not to be counted."""

    _begun: float = field(default_factory=time.perf_counter)
    _uncounted_s: float = 0.0

    def elapsed_s(self) -> float:
        """Return the seconds so far."""
        return time.perf_counter() - self._begun - self._uncounted_s

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Do not count what happens within."""
        begun = time.perf_counter()
        yield
        self._uncounted_s += time.perf_counter() - begun


Solver = Callable[[Fixed, Order, float, int, Watch], Order]
"""Solves fixed slots: from a solution, in so many seconds, with a seed; it may stop the watch while
it lays out its model, which is not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a rival is led.

    Attributes
    ----------
    guesses
        What a second's delay, and a second's drive onward, are thought to cost at first; each
        guess is tried in turn and the search goes on with the best.
    turn_s
        How long the rival solves before its slots are fixed anew, or goes on with the next part.
    part_trucks
        A greater problem is solved in parts of about so many trucks, others each time.
    noise_s
        By how much the prices of slots are misjudged when a turn has brought nothing.
    first_rounds
        How often slots are fixed anew, at most, before the rival's first turn.
    """

    guesses: tuple[tuple[float, float], ...]
    turn_s: float
    part_trucks: int = 300
    noise_s: float = 1500.0
    first_rounds: int = 0


SMALL, LARGE = 0, 1000
"""From how many lots on some settings are used; each rival's were tuned for both."""


def settings_for(lots: int, settings: Mapping[int, tuple[Settings, ...]]) -> tuple[Settings, ...]:
    """Choose a rival's settings by the size of the instance."""
    return settings[max(size for size in settings if size <= lots)]


@dataclass(frozen=True, slots=True)
class Found:
    """What a rival found.

    Attributes
    ----------
    routes
        Its best.
    took_s
        How long it took, laying out models not counted.
    turns
        How often its slots were fixed.
    rejected
        How many solutions were not kept, since they broke a rule.
    """

    routes: list[list[Call]]
    took_s: float
    turns: int
    rejected: int


def lead(
    instance: Instance, solver: Solver, settings: Settings, *, limit_s: float, seed: int
) -> Found:
    """Let a rival solve an instance until its time is up, and keep its best.

    Parameters
    ----------
    instance
        The problem.
    solver
        The rival.
    settings
        How it is led.
    limit_s
        Its time.
    seed
        Where chance comes from.
    """
    search = _Lead(instance, solver, settings, limit_s, seed)
    for guess in settings.guesses:
        if search.left_s() > 0 or not search.turns:
            search.begin(*guess)
    while search.left_s() > 0:
        search.go_on()
    return Found(search.best, search.watch.elapsed_s(), search.turns, search.rejected)


class _Lead:
    def __init__(
        self, instance: Instance, solver: Solver, settings: Settings, limit_s: float, seed: int
    ) -> None:
        self.instance, self.solver, self.settings = instance, solver, settings
        self.limit_s, self.seed = limit_s, seed
        self.rng = np.random.default_rng(seed)
        _ = (instance.start_to_lot_s, instance.port_to_lot_s, instance.window_s)
        self.watch = Watch()
        self.best: list[list[Call]] = [[] for _ in range(instance.trucks)]
        self.best_cost = np.inf
        self.turns = self.rejected = self.idle = 0
        self.odd = False

    def left_s(self) -> float:
        return self.limit_s - self.watch.elapsed_s()

    def begin(self, delay_cost: float, onward_cost: float) -> None:
        """Begin with new slots, and give the rival two turns on them."""
        routes = self._turn(*self._first(delay_cost, onward_cost))
        if self.left_s() > 0:
            self._turn(*self._fixed_anew(routes, 0.0))

    def _first(self, delay_cost: float, onward_cost: float) -> tuple[Fixed, Order]:
        """Fix slots and make first routes, in turns, while they get better."""
        slots = first_slots(self.instance, delay_cost=delay_cost, onward_cost=onward_cost)
        fixed = Fixed.of(self.instance, slots)
        best = fixed, first_order(fixed)
        least = _cost(*best)
        for _ in range(self.settings.first_rounds):
            fixed, order = self._fixed_anew(best[0].routes(best[1]), 0.0)
            found = min(
                ((fixed, order), (fixed, first_order(fixed))), key=lambda pair: _cost(*pair)
            )
            if _cost(*found) < least:
                best, least = found, _cost(*found)
            if self.left_s() <= 0:
                break
        return best

    def go_on(self) -> None:
        """Fix the best solution's slots anew, roughly where that has brought nothing lately."""
        before = self.best_cost
        noise_s = self.settings.noise_s if self.idle >= 2 else 0.0
        routes = self._turn(*self._fixed_anew(self.best, noise_s))
        if noise_s and self.left_s() > 0:
            self._turn(*self._fixed_anew(routes, 0.0))
        self.idle = 0 if self.best_cost < before - 1.0 else self.idle + 1

    def _fixed_anew(self, routes: Sequence[Sequence[Call]], noise_s: float) -> tuple[Fixed, Order]:
        self.odd = not self.odd
        slots: Ints = next_slots(self.instance, routes, odd=self.odd, rng=self.rng, noise_s=noise_s)
        fixed = Fixed.of(self.instance, slots)
        return fixed, fixed.kept(fixed.order_of(routes))

    def _turn(self, fixed: Fixed, start: Order) -> list[list[Call]]:
        self._keep(fixed.routes(start))
        order = start
        if self.instance.trucks <= self.settings.part_trucks:
            order = self._solve(fixed, start)
        else:
            size = self.settings.part_trucks
            for part in parts(fixed, start, size=size, rng=self.rng):
                if self.left_s() > 0:
                    order = part.outside(order, self._solve(part.fixed, part.inside(order)))
        self.turns += 1
        routes = fixed.routes(order)
        self._keep(routes)
        return routes

    def _solve(self, fixed: Fixed, start: Order) -> Order:
        limit_s = max(0.05, min(self.settings.turn_s, self.left_s()))
        order = self.solver(fixed, start, limit_s, self.seed + self.turns, self.watch)
        with self.watch.stopped():
            worse = _cost(fixed, order) > _cost(fixed, start)
        return start if worse else order

    def _keep(self, routes: list[list[Call]]) -> None:
        with self.watch.stopped():
            verdict = judge(self.instance, routes)
            self.rejected += bool(verdict.violations)
            if not verdict.violations and verdict.cost < self.best_cost:
                self.best, self.best_cost = routes, verdict.cost


def _cost(fixed: Fixed, order: Order) -> float:
    return judge(fixed.instance, fixed.routes(order)).cost
