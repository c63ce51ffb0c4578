"""Fit a straight line to samples, and say whether what they measure stays flat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FLAT_SHARE = 0.05
"""What the fitted line may rise over `FLAT_HOURS`, as a share of the mean.

Flat means here: what 40 minutes of 500 events a second added is no more than a twentieth. A worker
of 300 MB may thus gain 15 MB: 1,200,000 events that left 13 bytes each behind would be more, and so
would the 1,900 lots declared meanwhile, if each left 8 kB with its trips. So both leaks that there
could be, by event and by entity, break the goal. It is no stricter, since heaps, page caches and
log segments go up and down by some percent all the time, and a slope through 200 samples of that is
uncertain by about a percent of the mean.
"""
FLAT_HOURS = 40 / 60
LEAST_MB_PER_H = 1.0
"""What anything may grow by, however small it is: nine gigabytes a year. Kafka's own log of its
cluster grows by half of that before it is cut."""


@dataclass(frozen=True, slots=True)
class Line:
    """A least-squares line through samples.

    Attributes
    ----------
    mean
        Mean of the samples, in their unit.
    per_hour
        Slope, in their unit per hour.
    error_per_hour
        Standard error of the slope, as if the samples were independent.
    """

    mean: float
    per_hour: float
    error_per_hour: float

    @property
    def percent_per_hour(self) -> float:
        """The slope in percent of the mean per hour; 0 where there is nothing."""
        return 100 * self.per_hour / self.mean if self.mean else 0.0

    @property
    def allowed_per_hour(self) -> float:
        """The steepest slope that is called flat (`FLAT_SHARE`, `LEAST_MB_PER_H`), for MB."""
        return max(self.mean * FLAT_SHARE / FLAT_HOURS, LEAST_MB_PER_H)


def fit(samples: Sequence[tuple[float, float]]) -> Line | None:
    """Fit a line by least squares.

    Parameters
    ----------
    samples
        Seconds, and what was measured then.

    Returns
    -------
    Line or None
        None where there are fewer than three samples, or all of one moment.
    """
    if len(samples) < 3:
        return None
    times_h, values = np.array(samples, dtype=float).T
    times_h = (times_h - times_h.mean()) / 3600
    spread = float(times_h @ times_h)
    if spread == 0:
        return None
    mean = float(values.mean())
    slope = float(times_h @ (values - mean)) / spread
    left = values - mean - slope * times_h
    error = float(left @ left) / (len(samples) - 2) / spread
    return Line(mean, slope, error**0.5)


def least(samples: Sequence[tuple[float, float]], every_s: float) -> list[tuple[float, float]]:
    """Keep the least of every stretch of time, at the stretch's start.

    What is written and compacted goes up and down like a saw: what it comes down to is what stays.

    Parameters
    ----------
    samples
        Seconds, and what was measured then.
    every_s
        How long a stretch is.
    """
    found: dict[float, float] = {}
    for at_s, value in samples:
        start_s = at_s // every_s * every_s
        found[start_s] = min(found.get(start_s, value), value)
    return sorted(found.items())


def after(samples: Sequence[tuple[float, float]], start_s: float) -> list[tuple[float, float]]:
    """Keep the samples from a moment on."""
    return [sample for sample in samples if sample[0] >= start_s]
