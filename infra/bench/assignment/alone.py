"""Let VROOM solve an instance with what it has itself, beside the rivals that get help from us.

Slots are fixed by a flow, solved, and fixed anew from VROOM's own solution until the time is up: no
first routes, no parts, no disturbed prices. It shows what that help is worth; no goal hangs on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infra.bench.assignment.checker import judge
from infra.bench.assignment.fixed import Fixed
from infra.bench.assignment.refix import first_slots, next_slots
from infra.bench.assignment.rival_vroom import model, run
from infra.bench.assignment.rivals import Found, Watch

if TYPE_CHECKING:
    from infra.bench.assignment.checker import Call
    from infra.bench.assignment.instances import Instance

EXPLORATIONS = (0, 5)
"""The quickest and the most thorough of VROOM's levels; the better one counts."""
_DELAY_COST = 0.1


def alone(
    instance: Instance, *, exploration: int, limit_s: float, seed: int, threads: int = 2
) -> Found:
    """Solve an instance by VROOM alone.

    Parameters
    ----------
    instance
        The problem.
    exploration
        From 0, quick, to 5, thorough.
    limit_s, seed, threads
        Its time (it may take longer to stop), where the refixing's chance comes from, its threads.
    """
    rng, watch = np.random.default_rng(seed), Watch()
    slots = first_slots(instance, delay_cost=_DELAY_COST, onward_cost=0.0)
    best: list[list[Call]] = [[] for _ in range(instance.trucks)]
    least, turns, rejected = np.inf, 0, 0
    while not turns or watch.elapsed_s() < limit_s:
        fixed = Fixed.of(instance, slots)
        with watch.stopped():
            problem = model(fixed, None)
        left_s = limit_s - watch.elapsed_s()
        order = run(
            problem, instance.trucks, exploration=exploration, limit_s=left_s, threads=threads
        )
        routes = fixed.routes(order)
        turns += 1
        with watch.stopped():
            verdict = judge(instance, routes)
        rejected += bool(verdict.violations)
        if not verdict.violations and verdict.cost < least:
            best, least = routes, verdict.cost
        slots = next_slots(instance, routes, odd=turns % 2 == 1, rng=rng)
    return Found(best, watch.elapsed_s(), turns, rejected)
