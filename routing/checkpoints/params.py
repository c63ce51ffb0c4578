"""Say what is assumed of checkpoints until enough is observed."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointParams:
    """Hold the priors and limits of the estimates; all of them assumed, to be set per place.

    Parameters
    ----------
    service_s
        Work of a bay on one truck: the accounts of 2021 say 2 to 3 minutes with papers in order
        and about 30 at a convoy or disinfection (``docs/domain.md``).
    service_weight
        How many observed trucks the assumed rate weighs as much as.
    dwell_median_s, dwell_p90_s
        Assumed stay, arrival to departure.
    dwell_weight
        How many observed stays the assumed ones weigh as much as.
    enough
        From so many observations on, an estimate is not marked as assumed.
    window_s
        How far back stays and clearances count.
    forgotten_s
        Who arrived longer ago and was not dealt with has gone unseen.
    again_s
        Scans of one kind this close together are one.
    range_share
        Share of cases that a range is to hold.
    """

    service_s: float = 150.0
    service_weight: float = 4.0
    dwell_median_s: float = 300.0
    dwell_p90_s: float = 1_500.0
    dwell_weight: float = 4.0
    enough: int = 10
    window_s: float = 7_200.0
    forgotten_s: float = 6 * 3_600.0
    again_s: float = 900.0
    range_share: float = 0.8

    def __post_init__(self) -> None:
        positive = ("service_s", "service_weight", "dwell_weight", "window_s", "forgotten_s")
        for name in positive:
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise ValueError(f"Expected {name} above 0, got {value}.")
        if not 0 < self.dwell_median_s < self.dwell_p90_s < math.inf:
            raise ValueError("Expected 0 < dwell_median_s < dwell_p90_s.")
        if not 0 < self.range_share < 1:
            raise ValueError(f"Expected range_share in (0, 1), got {self.range_share}.")
        if self.again_s < 0 or self.enough < 1:
            raise ValueError("Expected again_s of at least 0 and enough of at least 1.")
