"""Tell from noisy positions whether a truck has left its corridor, and since when.

The model. A position's distance beyond the width is the true one plus an independent normal error of
`sigma_m`. "Out" says that the true distance is at least θ = `deviation_m`, "in" that it is at most
θ. Of these two composite hypotheses the generalised log-likelihood ratio of one distance x is
sign(x - θ)·(x - θ)²/2σ². It is cut off at ±`most_evidence`, so that no single outlier (a reflection
in a tunnel's mouth) decides: that is Huber's robust form of the test (*A robust version of the
probability ratio test*, Ann. Math. Statist. 36, 1965). Its sum, never below 0, is Page's CUSUM
(*Continuous inspection schemes*, Biometrika 41, 1954): it has left 0 for the last time where the
change most likely is. A truck deviates once the sum reached `evidence`, and the time from the change
to the sum's last peak is `deviation_s` or more. It is back once the same sum the other way, around
the nearer threshold `back_m`, reached `back_evidence`: two thresholds, so a truck along the border is
reported once.

Both ends of the time lie where the straight line between two distances crosses θ. Of the time between
two positions at most `unheard_s` counts: a lost signal is no evidence, neither for nor against.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routing.corridors.params import WatchParams
    from routing.corridors.seen import Seen

KEPT = 6
"""Positions kept as evidence of a deviation: the first ones, the furthest, the last."""

_Position = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Drift:
    """How a truck stands to its corridor's border.

    Attributes
    ----------
    joined
        Whether it has been on the corridor at all: before that it cannot leave it.
    within
        Positions within in a row, up to the two that make it join.
    deviating
        Whether it has left.
    at_s, excess_m
        The last position's time, and how far beyond the width it was.
    known_s
        A clock that stands still while nothing is heard.
    out, back
        Evidence that it is out (while it is in) or in (while it is out).
    since_s, since_known_s
        When it went out, by the evidence so far, by both clocks.
    peak, until_known_s
        The most evidence yet, and until when that was.
    furthest_m
        The furthest since then.
    positions
        Time, latitude, longitude and excess of some positions since then.
    """

    joined: bool = False
    within: int = 0
    deviating: bool = False
    at_s: float | None = None
    excess_m: float = 0.0
    known_s: float = 0.0
    out: float = 0.0
    back: float = 0.0
    since_s: float = 0.0
    since_known_s: float = 0.0
    peak: float = 0.0
    until_known_s: float = 0.0
    furthest_m: float = 0.0
    positions: tuple[_Position, ...] = ()

    @property
    def lasted_s(self) -> float:
        """How long it is known to have been out."""
        return self.until_known_s - self.since_known_s


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
    if drift.at_s is None:
        passed_s = known_s = 0.0
        first = True
    else:
        passed_s = seen.at_s - drift.at_s
        known_s = min(passed_s, params.unheard_s)
        first = False
    weight = 1.0 if first else min(1.0, passed_s / params.apart_s)
    within = min(2, drift.within + 1) if seen.excess_m <= 0 else 0
    told = replace(drift, within=within, joined=drift.joined or within >= 2)
    if told.deviating:
        told = _come_back(told, seen, weight, params)
    elif told.joined:
        told = _go_out(told, seen, weight, known_s, params)
    return replace(told, at_s=seen.at_s, excess_m=seen.excess_m, known_s=drift.known_s + known_s)


def _evidence(over_m: float, weight: float, params: WatchParams) -> float:
    ratio = over_m * abs(over_m) / (2 * params.sigma_m**2)
    return weight * max(-params.most_evidence, min(params.most_evidence, ratio))


def _come_back(drift: Drift, seen: Seen, weight: float, params: WatchParams) -> Drift:
    back = max(0.0, drift.back + _evidence(params.back_m - seen.excess_m, weight, params))
    if back < params.back_evidence:
        return replace(
            drift,
            back=back,
            furthest_m=max(drift.furthest_m, seen.excess_m),
            positions=_kept(drift, seen),
        )
    return replace(drift, deviating=False, back=0.0, out=0.0, peak=0.0, positions=())


def _go_out(drift: Drift, seen: Seen, weight: float, known_s: float, params: WatchParams) -> Drift:
    over_m, before_m = seen.excess_m - params.deviation_m, drift.excess_m - params.deviation_m
    out = drift.out + _evidence(over_m, weight, params)
    if out <= 0:
        told = _over(drift, over_m, before_m, known_s) if drift.out > 0 else drift
        ended = replace(told, out=0.0, peak=0.0, positions=())
        return replace(told, deviating=True, back=0.0) if _is_out(told, params) else ended
    if drift.out <= 0:
        share = 1.0 if drift.at_s is None else _crossing(before_m, over_m)
        missed_s = (1 - share) * known_s
        drift = replace(
            drift,
            since_s=seen.at_s - missed_s,
            since_known_s=drift.known_s + known_s - missed_s,
            peak=0.0,
            furthest_m=seen.excess_m,
            positions=(),
        )
    if out >= drift.peak:
        told = replace(drift, peak=out, until_known_s=drift.known_s + known_s)
    else:
        told = _over(drift, over_m, before_m, known_s)
    told = replace(
        told,
        out=out,
        furthest_m=max(told.furthest_m, seen.excess_m),
        positions=_kept(told, seen),
    )
    return replace(told, deviating=True, back=0.0) if _is_out(told, params) else told


def _over(drift: Drift, over_m: float, before_m: float, known_s: float) -> Drift:
    """Let the time out run on from its peak to where the next position says it ended."""
    if drift.until_known_s < drift.known_s or before_m <= 0:
        return drift
    return replace(drift, until_known_s=drift.known_s + _crossing(before_m, over_m) * known_s)


def _crossing(before_m: float, after_m: float) -> float:
    """Return at which share of the way from one distance to the next 0 lies."""
    if (before_m < 0) == (after_m < 0):
        return 0.0 if before_m >= 0 else 1.0
    return before_m / (before_m - after_m)


def _is_out(drift: Drift, params: WatchParams) -> bool:
    return drift.peak >= params.evidence and drift.lasted_s >= params.deviation_s


def _kept(drift: Drift, seen: Seen) -> tuple[_Position, ...]:
    here = (seen.at_s, seen.lat, seen.lon, seen.excess_m)
    if len(drift.positions) < KEPT:
        return (*drift.positions, here)
    *first, far, _ = drift.positions
    return (*first, max(far, here, key=lambda position: position[3]), here)
