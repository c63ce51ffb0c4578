"""Search for ways of all flows that together use few kilometres of road, by ruin and recreate.

A Steiner forest with a length limit for each way. Roads that others use already cost next to
nothing, so a way that is laid anew joins them within its limit; a few ways are taken out and laid
anew, over and over. Checkpoints over their capacity cost as much as kilometres, and more with time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from routing.corridors.search import cheapest_within
from routing.corridors.ways import MANY_ARCS, ROUNDING, Design

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from routing.corridors.ways import Field, Floats, Ints, Leg

OVERLOAD_M = 5_000.0
"""What one vehicle an hour over a checkpoint's capacity costs at first, metres of road."""

_DEARER, _PATIENCE = 2.0, 25
_SLACK = 0.02
_SHUT = 50.0
_SHUFFLED_STARTS = 3
_NOISY_STARTS = 6


def design(ground: Field, legs: Sequence[Leg], *, seed: int, rounds: int) -> Design:
    """Return ways for all legs that use few kilometres together and spread over checkpoints.

    Parameters
    ----------
    ground
        Roads and checkpoints.
    legs
        What to find ways for; each has one within its budget.
    seed
        The same seed gives the same ways.
    rounds
        How often some ways are taken out and laid anew.
    """
    rng = np.random.default_rng(seed)
    overload_m = np.full(len(ground.capacity_per_h), OVERLOAD_M)
    starts = list(_starts(ground, legs, overload_m, rng))
    now = min(starts, key=lambda one: one.cost(overload_m))
    if len(ground.head) > MANY_ARCS:
        now = Design(ground, _narrowed(ground, legs, starts), list(now.ways))
    best = list(now.ways)
    best_cost, now_cost = (now.cost(overload_m),) * 2
    for turn in range(rounds if len(legs) > 1 else 0):
        slack_m = _SLACK * best_cost * (1 - turn / rounds)
        before, noise = _ruin(now, rng)
        _again(now, list(before), overload_m, rng, noise)
        cost = now.cost(overload_m)
        if cost > now_cost + slack_m:
            _restore(now, before)
        else:
            now_cost = cost
        if now_cost < best_cost - ROUNDING:
            best, best_cost = list(now.ways), now_cost
        if turn % _PATIENCE == _PATIENCE - 1:
            kept = Design(ground, legs, list(best))
            over = kept.overload() > 0
            if over.any():
                overload_m = np.where(over, overload_m * _DEARER, overload_m)
                best_cost = kept.cost(overload_m)
                now_cost = now.cost(overload_m)
    return _polished(Design(ground, legs, best), overload_m)


def _starts(
    ground: Field, legs: Sequence[Leg], overload_m: Floats, rng: np.random.Generator
) -> Iterable[Design]:
    """Yield first designs: each way the shortest, then laid one beside another in some orders."""
    alone = Design(ground, legs)
    for leg, one in enumerate(legs):
        way = cheapest_within(
            ground.first, ground.head, one.arc_m, one.arc_m, one.start, one.goal, one.to_goal_m,
            one.most_m, 1,
        )  # fmt: skip
        if len(way):
            alone.put(leg, way)
    yield alone
    longest = sorted(range(len(legs)), key=lambda leg: (-legs[leg].budget_m, leg))
    orders = [longest, longest[::-1]]
    orders += [rng.permutation(len(legs)).tolist() for _ in range(_SHUFFLED_STARTS)]
    noises: list[Floats | None] = [None] * len(orders)
    if len(ground.head) > MANY_ARCS:
        orders += [rng.permutation(len(legs)).tolist() for _ in range(_NOISY_STARTS)]
        noises += [rng.uniform(0.4, 1.0, len(ground.piece_m)) for _ in range(_NOISY_STARTS)]
    for order, noise in zip(orders, noises, strict=True):
        made = Design(ground, legs)
        for leg in order:
            made.lay(leg, overload_m, noise)
        yield made


def _narrowed(ground: Field, legs: Sequence[Leg], starts: Sequence[Design]) -> list[Leg]:
    """Return the legs with all roads closed that no first set uses."""
    used = np.append(np.any([one.uses > 0 for one in starts], axis=0), True)
    shut = ~used[ground.piece]
    return [replace(leg, arc_m=np.where(shut, np.inf, leg.arc_m)) for leg in legs]


def _ruin(now: Design, rng: np.random.Generator) -> tuple[dict[int, Ints | None], Floats | None]:
    """Take some ways out: through a crowded checkpoint, over one road, beside one way, or any.

    Returns
    -------
    tuple
        The ways by leg, and factors of the pieces' prices with which to lay them anew.
    """
    count, pieces = len(now.legs), len(now.ground.piece_m)
    noise = rng.uniform(0.4, 1.0, pieces) if rng.random() < 0.5 else None
    most, kind = int(rng.integers(1, 9)), rng.random()
    over = np.flatnonzero(now.overload())
    used = np.flatnonzero(now.uses > 0)
    if not len(used):
        return {}, noise
    if len(over) and kind < 0.4:
        gate = int(rng.choice(over))
        chosen = [
            n for n, way in enumerate(now.ways) if way is not None and gate in now.passes(way)
        ]
    elif kind < 0.75:
        share = now.ground.piece_m[used] / now.uses[used] ** rng.uniform(0, 1) + ROUNDING
        piece = int(rng.choice(used, p=share / share.sum()))
        chosen, most = now.over(piece), count
        if rng.random() < 0.7:  # as if the road were far longer, so that it falls out of use
            noise = np.ones(pieces) if noise is None else noise
            noise[piece] = _SHUT
    elif kind < 0.9:
        piece = int(rng.choice(used))
        chosen = now.over(piece)
    elif kind < 0.97:
        chosen = list(range(count))
    else:
        chosen, most = list(range(count)), count
    picked = rng.permutation(np.array(sorted(chosen), np.int64))[:most].tolist()
    twins = {now.legs[leg].twin for leg in picked} - {-1, *picked}
    picked += sorted(twins)
    before = {leg: now.ways[leg] for leg in picked}
    for leg in picked:
        now.take(leg)
    return before, noise


def _again(
    now: Design,
    taken: list[int],
    overload_m: Floats,
    rng: np.random.Generator,
    noise: Floats | None,
) -> None:
    for leg in rng.permutation(np.array(taken, np.int64)).tolist():
        now.lay(leg, overload_m, noise)
    if noise is not None or len(taken) > 1:  # each once more, beside all others
        for leg in rng.permutation(np.array(taken, np.int64)).tolist():
            now.take(leg)
            now.lay(leg, overload_m)


def _restore(now: Design, before: dict[int, Ints | None]) -> None:
    for leg in before:
        now.take(leg)
    for leg, way in before.items():
        if way is not None:
            now.put(leg, way)


def _polished(made: Design, overload_m: Floats) -> Design:
    """Lay each way once more until that saves nothing."""
    cost = made.cost(overload_m)
    while True:
        for leg in range(len(made.legs)):
            made.take(leg)
            made.lay(leg, overload_m)
        then = made.cost(overload_m)
        if then >= cost - 1e-3:
            return made
        cost = then
