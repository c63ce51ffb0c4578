"""Expect arrivals at checkpoints: when each truck comes, and how many by when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_POINTS = 41
"""A spread of times is kept as so many equally likely ones."""
_SHARES = (np.arange(_POINTS) + 0.5) / _POINTS
_Z = np.array([NormalDist().inv_cdf(float(one)) for one in _SHARES])
_P90_Z = NormalDist().inv_cdf(0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaParams:
    """State how driving differs from what the road engine says; assumed until fitted.

    A drive takes ``drive_s × exp(lateness + spread × Z)``, Z standard normal, where ``spread²`` is
    ``trip_spread² + hour_spread² / hours``: what is the same all the way (driver, load, weather)
    and what evens out. A truck that has not left leaves ``leave_s × E`` late, E standard
    exponential. At each checkpoint before, it stays a log-normal time of known median and 90 %.

    Parameters
    ----------
    lateness
        Mean logarithm of real over stated driving time.
    trip_spread, hour_spread
        As above.
    leave_s
        Mean lateness of planned departures.
    leave_share
        Share of planned trips that leave at all.
    range_share
        Share of arrivals that a range is to hold.
    """

    lateness: float = 0.05
    trip_spread: float = 0.08
    hour_spread: float = 0.10
    leave_s: float = 480.0
    leave_share: float = 0.97
    range_share: float = 0.8

    def __post_init__(self) -> None:
        if min(self.trip_spread, self.hour_spread, self.leave_s) < 0:
            raise ValueError("Expected spreads of at least 0.")
        if not (0 < self.range_share < 1 and 0 <= self.leave_share <= 1):
            raise ValueError("Expected shares between 0 and 1.")

    def spread(self, drive_s: float) -> float:
        """Return the standard deviation of the logarithm of a drive's real over stated time."""
        hours = max(drive_s, 60.0) / 3600.0
        return math.sqrt(self.trip_spread**2 + self.hour_spread**2 / hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """One truck on its way, or about to be.

    Parameters
    ----------
    vehicle
        Its id.
    from_s
        When it was where the driving times count from: its last position, or its planned departure.
    ahead
        Checkpoints in order, each with the stated seconds of driving from there, without stays.
    planned
        Whether it has yet to leave.
    """

    vehicle: str
    from_s: float
    ahead: tuple[tuple[str, float], ...]
    planned: bool = False

    def __post_init__(self) -> None:
        times = [0.0, *(drive_s for _, drive_s in self.ahead)]
        if not all(math.isfinite(one) for one in times) or times != sorted(times):
            raise ValueError("Expected driving times that do not fall along the way.")


@dataclass(frozen=True, slots=True)
class Eta:
    """When one truck is expected at one checkpoint.

    Parameters
    ----------
    vehicle, checkpoint_id
        Who, where.
    low_s, median_s, high_s
        The range, and its middle, seconds since 1970.
    sure
        How likely it comes at all.
    points_s
        Equally likely times, ascending.
    """

    vehicle: str
    checkpoint_id: str
    low_s: float
    median_s: float
    high_s: float
    sure: float
    points_s: tuple[float, ...]

    def share(self, from_s: float, until_s: float) -> float:
        """Return how likely it comes from one moment until before another."""
        inside = np.searchsorted(self.points_s, [from_s, until_s], side="left")
        return self.sure * float(inside[1] - inside[0]) / len(self.points_s)


@dataclass(frozen=True, slots=True)
class Bin:
    """How many trucks are expected in a piece of time, with a range."""

    from_s: float
    until_s: float
    expected: float
    low: int
    high: int


def etas(
    approaches: Iterable[Approach],
    now_s: float,
    params: EtaParams | None = None,
    *,
    stays: Mapping[str, tuple[float, float]] | None = None,
    seen: Iterable[tuple[str, str, float]] = (),
) -> list[Eta]:
    """Return when trucks are expected at the checkpoints ahead of them.

    Parameters
    ----------
    approaches
        Trucks under way and planned.
    now_s
        Who is overdue is expected now.
    params
        How driving differs from what is stated.
    stays
        Median and 90 % of the stay at each checkpoint; one not named costs nothing.
    seen
        ``(vehicle, checkpoint_id, at_s)``: who was scanned there since its position is not
        expected there any more.

    Returns
    -------
    list of Eta
        By checkpoint, then vehicle: the same in whatever order the trucks come.
    """
    p = params or EtaParams()
    scans: dict[tuple[str, str], float] = {}
    for vehicle, checkpoint_id, at_s in seen:
        key = vehicle, checkpoint_id
        scans[key] = max(at_s, scans.get(key, at_s))
    found = []
    for one in approaches:
        found += _etas(one, now_s, p, stays or {}, scans)
    return sorted(found, key=lambda one: (one.checkpoint_id, one.vehicle, one.median_s))


def _etas(
    one: Approach,
    now_s: float,
    p: EtaParams,
    stays: Mapping[str, tuple[float, float]],
    scans: Mapping[tuple[str, str], float],
) -> list[Eta]:
    start = np.zeros(_POINTS)
    if one.planned:
        start = -np.log1p(-_SHARES) * p.leave_s + max(0.0, now_s - one.from_s)
    found = []
    for checkpoint_id, drive_s in one.ahead:
        if scans.get((one.vehicle, checkpoint_id), -math.inf) < one.from_s:
            # the whole way at once: what is the same all the way is drawn once
            drive = drive_s * np.exp(p.lateness + p.spread(drive_s) * _Z)
            at = np.maximum(one.from_s + _sum(start, drive), now_s)
            found.append(_eta(one, checkpoint_id, at, p))
            if checkpoint_id in stays:
                start = _sum(start, _stay(*stays[checkpoint_id]))
    return found


def _eta(one: Approach, checkpoint_id: str, at: Floats, p: EtaParams) -> Eta:
    tail = (1.0 - p.range_share) / 2
    low, median, high = np.quantile(at, [tail, 0.5, 1.0 - tail])
    sure = p.leave_share if one.planned else 1.0
    return Eta(
        one.vehicle, checkpoint_id, float(low), float(median), float(high), sure, tuple(at.tolist())
    )


def _stay(median_s: float, p90_s: float) -> Floats:
    sigma = math.log(max(p90_s, median_s) / median_s) / _P90_Z if median_s > 0 else 0.0
    return np.asarray(median_s * np.exp(sigma * _Z))


def _sum(one: Floats, two: Floats) -> Floats:
    """Return the equally likely sums of two independent times."""
    sums = np.sort((one[:, None] + two[None, :]).ravel())
    return np.asarray(sums.reshape(_POINTS, _POINTS).mean(axis=1))


def bins(
    expected: Sequence[Eta],
    now_s: float,
    *,
    bin_s: float = 900.0,
    ahead_s: float = 7_200.0,
    range_share: float = 0.8,
) -> list[Bin]:
    """Count the arrivals at one checkpoint, piece of time by piece of time.

    Parameters
    ----------
    expected
        Of one checkpoint.
    now_s, ahead_s
        From when, and for how long.
    bin_s
        Length of a piece.
    range_share
        Share of cases that the range of a count is to hold, trucks being independent.
    """
    found = []
    for index in range(math.ceil(ahead_s / bin_s)):
        from_s = now_s + index * bin_s
        shares = [one.share(from_s, from_s + bin_s) for one in expected]
        low, high = _range([one for one in shares if one > 0], range_share)
        found.append(Bin(from_s, from_s + bin_s, math.fsum(sorted(shares)), low, high))
    return found


def _range(shares: list[float], range_share: float) -> tuple[int, int]:
    """Return the range of how many of independent trucks come (Poisson binomial, exactly)."""
    chance = np.ones(1)
    for share in sorted(shares):
        chance = np.convolve(chance, (1.0 - share, share))
    below = chance.cumsum()
    tail = (1.0 - range_share) / 2
    low, high = np.searchsorted(below, [tail, 1.0 - tail - 1e-12])
    return int(low), int(high)


def fitted(
    drives: Iterable[tuple[float, float]], params: EtaParams | None = None, weight: float = 20.0
) -> EtaParams:
    """Return the error model with lateness and spread as drives showed them.

    Parameters
    ----------
    drives
        Stated and real seconds of driving, in whatever order; those not above 0 are left out.
    params
        What is assumed.
    weight
        How many drives the assumption weighs as much as.
    """
    p = params or EtaParams()
    kept = sorted(one for one in drives if min(one) > 0)
    logs = [math.log(real / stated) for stated, real in kept]
    total = weight + len(kept)
    lateness = (weight * p.lateness + math.fsum(logs)) / total
    against = [
        ((log - lateness) / p.spread(stated)) ** 2
        for log, (stated, _) in zip(logs, kept, strict=True)
    ]
    scale = math.sqrt((weight + math.fsum(against)) / total)
    return EtaParams(
        lateness=lateness,
        trip_spread=p.trip_spread * scale,
        hour_spread=p.hour_spread * scale,
        leave_s=p.leave_s,
        leave_share=p.leave_share,
        range_share=p.range_share,
    )
