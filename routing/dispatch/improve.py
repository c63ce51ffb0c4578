"""Improve a plan by taking some trips out and inserting them again; keep what is better."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.dispatch.construct import Insertion, Placement
    from routing.dispatch.stop import StopCriterion

_FEWEST, _MOST = 2, 6
_EPSILON = 1e-6
_OVERLOOKED_LOTS, _OVERLOOKED_TRUCKS = 0.3, 0.05


def improve(insertion: Insertion, *, stop: StopCriterion, seed: int) -> tuple[int, int]:
    """Ruin and recreate until told to stop.

    Parameters
    ----------
    insertion
        The constructed plan; it is changed in place and never gets worse.
    stop
        When to stop; it is told the rounds done.
    seed
        The same seed and number of rounds give the same plan.

    Returns
    -------
    tuple
        The rounds done, and how many of them made the plan better.
    """
    random, draws = Random(seed), np.random.default_rng(seed)

    def blind(shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Overlook a lot wholly at times, a truck for a lot rarely."""
        lots = draws.random((shape[0], 1)) < _OVERLOOKED_LOTS
        return np.array((draws.random(shape) < _OVERLOOKED_TRUCKS) | lots, bool)

    ledger = insertion.ledger
    rounds = gains = 0
    known = insertion.objective()
    while not stop(rounds):
        movable = [p for p in ledger.placements if not p.forced and p.lot in insertion.row_of]
        if not movable:
            break
        free, used = ledger.free.copy(), ledger.used.copy()
        open_kg, placements = ledger.open_kg.copy(), ledger.placements.copy()
        for placement in _ruin(insertion, movable, random):
            ledger.drop(placement)
        insertion.fill(_open_rows(insertion), blind=blind)
        rounds += 1
        cost = insertion.objective()
        if cost < known - _EPSILON:
            known, gains = cost, gains + 1
        else:
            ledger.free, ledger.used = free, used
            ledger.open_kg, ledger.placements = open_kg, placements
    return rounds, gains


def _ruin(insertion: Insertion, movable: list[Placement], random: Random) -> list[Placement]:
    """Choose a trip and some others: near ones at times, any at others."""
    count = min(len(movable), random.randint(_FEWEST, _MOST))
    if random.random() < 0.5:
        return random.sample(movable, count)
    lots = insertion.board.problem.lots
    centre = lots[random.choice(movable).lot].pickup
    near = sorted(
        movable,
        key=lambda p: (
            (lots[p.lot].pickup.lat - centre.lat) ** 2 + (lots[p.lot].pickup.lon - centre.lon) ** 2
        ),
    )
    return near[:count]


def _open_rows(insertion: Insertion) -> list[int]:
    open_kg = insertion.ledger.open_kg
    return [row for row, option in enumerate(insertion.options) if open_kg[option.lot] > 0]
