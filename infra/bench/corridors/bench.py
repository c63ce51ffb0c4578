"""Measure what corridors, passes and checkpoints promise."""

from __future__ import annotations

from infra.bench.corridors.matching import matching
from infra.bench.corridors.metering import metering
from infra.bench.corridors.passes import pass_measures
from infra.bench.corridors.planning import planning_measures
from infra.bench.corridors.whatif import whatif_measures
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
        What `infra.bench.corridors.passes`, `matching`, `planning`, `metering` and `whatif`
        measure; among the facts the curve of precision and recall over noise, each metered day,
        and each measure that was asked about.
    """
    outcome = Outcome()
    outcome.measures += pass_measures(seed, tell)
    outcome.measures += matching(seed, tell, outcome.facts)
    outcome.measures += planning_measures(seed, tell)
    outcome.measures += metering(seed, tell, outcome.facts)
    outcome.measures += whatif_measures(seed, tell, outcome.facts)
    return outcome
