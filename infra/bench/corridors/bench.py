"""Measure what corridors, passes and checkpoints promise."""

from __future__ import annotations

from infra.bench.corridors.passes import pass_measures
from infra.bench.measure import Outcome, Tell


def take(seed: int, tell: Tell) -> Outcome:
    """Take the measures, one part after another.

    Parameters
    ----------
    seed
        Where all chance comes from.
    tell
        Is told what happens.

    Returns
    -------
    Outcome
        So far what `infra.bench.corridors.passes` measures.
    """
    return Outcome(measures=[*pass_measures(seed, tell)])
