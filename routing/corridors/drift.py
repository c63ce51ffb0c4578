"""Tell from noisy positions whether a truck has left its corridor, and since when.

The model. A position's distance beyond the width is the true one plus an independent normal error
of `sigma_m`, but for outliers (reflections), so one position counts for at most `most` standard
deviations (Huber, *A robust version of the probability ratio test*, Ann. Math. Statist. 36, 1965).
The positions from the one that left the width to the two in a row that are within it again are one
excursion, of m positions. Over any stretch of n of them the mean distance beyond θ =
`deviation_m`, in standard errors, is z = Σ(x - θ)/σ√n. The truck deviates if there is a stretch of
`deviation_s` or more with z ≥ κ + √(2 ln m/n): the second term pays for the choice among the
stretches of an excursion (Dümbgen and Spokoiny, *Multiscale testing of qualitative hypotheses*,
Ann. Statist. 29, 2001), so that a truck on a road just within θ is not reported for the few
positions of an hour that happen to lie together beyond it. While the truck is out, κ is `sure` and
the stretch ends now; once it is back, κ is `likely`, any stretch counts, and a deviation that was
too slight to be told from noise at the time is reported late.

It is back once Page's CUSUM (*Continuous inspection schemes*, Biometrika 41, 1954) of the
log-likelihood ratio around the nearer threshold `back_m` reached `back_evidence`: two thresholds,
so a truck along the border is reported once.

A stretch begins and ends where the straight line between two distances crosses θ. Of the time
between two positions at most `unheard_s` counts: a lost signal is no evidence, for or against.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.corridors.params import WatchParams
    from routing.corridors.seen import Seen

LONGEST = 64
"""An excursion is judged by its latest so many positions (half an hour of them)."""


TURNED_OFF = 0.2
"""The least share of the time between a position within and one without that counts as out."""


class Step(NamedTuple):
    """One position of an excursion; `known_s` stands still while nothing is heard."""

    at_s: float
    known_s: float
    lat: float
    lon: float
    excess_m: float
    score: float
    """Standard deviations beyond the threshold."""


class Stretch(NamedTuple):
    """A part of an excursion that is a deviation."""

    since_s: float
    lasted_s: float
    furthest_m: float
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """How a truck stands to its corridor's border.

    Attributes
    ----------
    joined
        Whether it has been on the corridor at all: before that it cannot leave it.
    within
        Positions within the width in a row, up to two.
    trail
        The last position within, and the excursion since then.
    deviation
        What it is reported for, if it is out.
    back
        Evidence that it is in again.
    """

    joined: bool = False
    within: int = 0
    trail: tuple[Step, ...] = ()
    deviation: Stretch | None = None
    back: float = 0.0


def drifted(drift: Drift, seen: Seen, params: WatchParams) -> Drift:
    """Go on by one position, later than all before.

    Parameters
    ----------
    drift
        What was known.
    seen
        The position.
    params
        The thresholds.
    """
    step, weight = _step(drift, seen, params)
    within = min(2, drift.within + 1) if seen.excess_m <= 0 else 0
    joined = drift.joined or within >= 2
    told = replace(drift, within=within, joined=joined)
    if drift.deviation is not None:
        return _come_back(told, step, weight, params)
    if not joined or (within and len(drift.trail) <= 1):
        return replace(told, trail=(step,))
    trail = (*drift.trail[-LONGEST:], step)
    found = _over(trail, params) if within >= 2 else _now(trail, params)
    if found is not None:
        return replace(told, trail=(step,), deviation=found, back=0.0)
    return replace(told, trail=(step,) if within >= 2 else trail)


def _step(drift: Drift, seen: Seen, params: WatchParams) -> tuple[Step, float]:
    """Return the position on the clock of what is known, and how new its error is (0 to 1)."""
    known_s, weight = 0.0, 1.0
    if drift.trail:
        passed_s = seen.at_s - drift.trail[-1].at_s
        known_s = drift.trail[-1].known_s + min(passed_s, params.unheard_s)
        weight = min(1.0, passed_s / params.apart_s)
    score = (seen.excess_m - params.deviation_m) / params.sigma_m
    score = weight * max(-params.most, min(params.most, score))
    return Step(seen.at_s, known_s, seen.lat, seen.lon, seen.excess_m, score), weight


def _come_back(drift: Drift, step: Step, weight: float, params: WatchParams) -> Drift:
    inside = (params.back_m - step.excess_m) / params.sigma_m
    inside = max(-params.most, min(params.most, inside))
    back = max(0.0, drift.back + weight * inside * abs(inside) / 2)
    if back >= params.back_evidence:
        return replace(drift, trail=(step,), deviation=None, back=0.0)
    return replace(drift, trail=(step,), back=back)


def _now(trail: tuple[Step, ...], params: WatchParams) -> Stretch | None:
    """Judge the stretches that end with the last position."""
    last = len(trail) - 1
    if trail[last].excess_m < params.deviation_m:
        return None
    return _best(trail, last, params.sure, last, params)


def _over(trail: tuple[Step, ...], params: WatchParams) -> Stretch | None:
    """Judge all stretches of an excursion that ended two positions ago."""
    count = len(trail) - 3
    ends = (at for at in range(1, count + 1) if trail[at].excess_m >= params.deviation_m)
    found = (_best(trail, end, params.likely, count, params) for end in ends)
    return next((stretch for stretch in found if stretch is not None), None)


def _best(
    trail: tuple[Step, ...], end: int, least: float, count: int, params: WatchParams
) -> Stretch | None:
    """Return the stretch up to a position that is a deviation most clearly, if one is."""
    total, best, begin = 0.0, 0.0, 0
    until_s = _until(trail, end, params)
    for start in range(end, 0, -1):
        total += trail[start].score
        number = end - start + 1
        if until_s - _since(trail, start, params) < params.deviation_s:
            continue
        clear = (
            total / math.sqrt(number) - least - math.sqrt(2 * math.log(max(1.0, count / number)))
        )
        if clear >= best:
            best, begin = clear, start
    if not begin:
        return None
    known_s = _since(trail, begin, params)
    steps = trail[begin : end + 1]
    return Stretch(
        trail[begin].at_s - (trail[begin].known_s - known_s),
        until_s - known_s,
        max(step.excess_m for step in steps),
        steps,
    )


def _since(trail: tuple[Step, ...], start: int, params: WatchParams) -> float:
    """Return when, by the known clock, the truck went beyond the threshold before a position."""
    return trail[start].known_s - _share(trail[start], trail[start - 1], params) * (
        trail[start].known_s - trail[start - 1].known_s
    )


def _until(trail: tuple[Step, ...], end: int, params: WatchParams) -> float:
    """Return when, by the known clock, it came back after a position, as far as that is known."""
    if end + 1 >= len(trail):
        return trail[end].known_s
    return trail[end].known_s + _share(trail[end], trail[end + 1], params) * (
        trail[end + 1].known_s - trail[end].known_s
    )


def _share(out: Step, other: Step, params: WatchParams) -> float:
    """Return the share of the time between two positions that the truck was out.

    Between a position within the width and one beyond the threshold it turned off at any moment,
    and may not have moved away since: the straight line would put that too late.
    """
    over_m, under_m = out.excess_m - params.deviation_m, params.deviation_m - other.excess_m
    if over_m <= 0 or under_m <= 0:
        return 0.0
    share = over_m / (over_m + under_m)
    if other.excess_m > 0:
        return share
    return max(share, TURNED_OFF + share / 2)


def positions_of(stretch: Stretch, most: int = 6) -> Iterator[Step]:
    """Yield the positions that show a deviation best: the first ones, the furthest, the last.

    Parameters
    ----------
    stretch
        The deviation.
    most
        At most so many.
    """
    steps = stretch.steps
    if len(steps) <= most:
        yield from steps
        return
    yield from steps[: most - 2]
    yield max(steps[most - 2 : -1], key=lambda step: step.excess_m)
    yield steps[-1]
