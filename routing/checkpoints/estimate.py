"""Estimate a checkpoint's queue, dwell and clearance rate from its visits."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincinv

from routing.checkpoints.params import CheckpointParams
from routing.checkpoints.visits import Passage, Visit, passages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

P90_Z = NormalDist().inv_cdf(0.9)
_DRAWN = 40
"""Into so many parts the assumed stays are cut."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One estimate and how far to trust it.

    Parameters
    ----------
    value
        The estimate.
    observations
        How many trucks it rests on.
    assumed
        Whether fewer stand behind it than are enough: the prior shows through.
    low, high
        Its range, where one is given.
    at_least
        Whether it is only known to be this or more: too many are still waiting.
    """

    value: float
    observations: int
    assumed: bool
    low: float | None = None
    high: float | None = None
    at_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is known of a checkpoint at one moment.

    Parameters
    ----------
    at_s, bays
        The moment, and how many bays were counted with.
    waiting, held
        Trucks that wait for a bay or are in one, and trucks that are held aside.
    forgotten
        Trucks that arrived too long ago to be there still.
    longest_wait_s
        How long the one that waits longest has been there; 0 with nobody.
    dwell_median_s, dwell_p90_s
        From arrival to departure, those who still stand counted by how long they have.
    rate_per_bay_h
        Trucks that one busy bay deals with in an hour.
    ends, reasons
        How many left how within the window, and the reason codes said.
    """

    at_s: float
    bays: int
    waiting: int
    held: int
    forgotten: int
    longest_wait_s: float
    dwell_median_s: Figure
    dwell_p90_s: Figure
    rate_per_bay_h: Figure
    ends: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def queue(self) -> int:
        """Count the trucks that are there."""
        return self.waiting + self.held

    @property
    def service_s(self) -> float:
        """Return the seconds of a bay that one truck takes."""
        return 3600.0 / self.rate_per_bay_h.value


def estimate(
    visits: Iterable[Visit], bays: int, at_s: float, params: CheckpointParams | None = None
) -> Estimate:
    """Estimate a checkpoint's state: a function of the set of visits, in whatever order.

    Parameters
    ----------
    visits
        Those that stand, of this checkpoint; later ones than `at_s` are left out.
    bays
        How many trucks it deals with at once.
    at_s
        The moment, seconds since 1970.
    params
        What is assumed.

    Raises
    ------
    ValueError
        If there is no bay.
    """
    if bays < 1:
        raise ValueError(f"Expected at least one bay, got {bays}.")
    p = params or CheckpointParams()
    stays = passages(visits, until_s=at_s, again_s=p.again_s, longest_s=p.forgotten_s)
    here = [one for one in stays if one.left_s is None]
    fresh = [one for one in here if at_s - _last_sign(one) <= p.forgotten_s]
    waiting = [one.began_s for one in fresh if one.dealt_s is None]
    since_s = at_s - p.window_s
    recent = [one for one in stays if one.left_s is not None and one.left_s > since_s]
    dwell = _dwell(recent, fresh, at_s, p)
    return Estimate(
        at_s=at_s,
        bays=bays,
        waiting=len(waiting),
        held=len(fresh) - len(waiting),
        forgotten=len(here) - len(fresh),
        longest_wait_s=at_s - min(waiting, default=at_s),
        dwell_median_s=dwell[0],
        dwell_p90_s=dwell[1],
        rate_per_bay_h=_rate([*recent, *_dealt(stays, since_s), *fresh], bays, at_s, p),
        ends=dict(sorted(Counter(one.end for one in recent if one.end is not None).items())),
        reasons=dict(sorted(Counter(code for one in recent for code in one.reason_codes).items())),
    )


def _last_sign(stay: Passage) -> float:
    signs = (stay.arrived_s, stay.dealt_s, stay.left_s)
    return max(one for one in signs if one is not None)


def _dealt(stays: Sequence[Passage], since_s: float) -> list[Passage]:
    """Return stays that a bay dealt with within the window, wherever the truck is now."""
    return [one for one in stays if one.dealt_s is not None and one.dealt_s > since_s]


def _dwell(
    recent: Sequence[Passage], here: Sequence[Passage], at_s: float, p: CheckpointParams
) -> tuple[Figure, Figure]:
    """Return the median and the 90 % of stays by the product-limit estimator.

    Kaplan and Meier, "Nonparametric estimation from incomplete observations" (1958): without those
    who still stand, the stays of a growing queue would look short. The prior enters as stays of
    little weight, spread as the log-normal with its median and 90 %.
    """
    left = [
        one.left_s - one.arrived_s
        for one in recent
        if one.left_s is not None and one.arrived_s is not None
    ]
    standing = [at_s - one.arrived_s for one in here if one.arrived_s is not None]
    sigma = math.log(p.dwell_p90_s / p.dwell_median_s) / P90_Z
    parts = [(index + 0.5) / _DRAWN for index in range(_DRAWN)]
    prior = [p.dwell_median_s * math.exp(sigma * NormalDist().inv_cdf(one)) for one in parts]
    lasted = np.array([*left, *standing, *prior])
    over = np.array([True] * len(left) + [False] * len(standing) + [True] * _DRAWN)
    weight = np.array([1.0] * (len(left) + len(standing)) + [p.dwell_weight / _DRAWN] * _DRAWN)
    order = np.lexsort((~over, lasted))
    lasted, over, weight = lasted[order], over[order], weight[order]
    at_risk = weight[::-1].cumsum()[::-1]
    # those who stand may be the last: what survives then stays above 0
    stays_on = np.cumprod(np.where(over, 1.0 - weight / at_risk, 1.0))
    known, assumed = len(left), len(left) < p.enough
    found = []
    for share in (0.5, 0.9):
        reached = np.flatnonzero(stays_on <= 1.0 - share + 1e-12)
        value = float(lasted[reached[0]] if len(reached) else lasted[-1])
        found.append(Figure(value, known, assumed, at_least=not len(reached)))
    return found[0], found[1]


def _rate(stays: Sequence[Passage], bays: int, at_s: float, p: CheckpointParams) -> Figure:
    """Return how many trucks a busy bay deals with in an hour, and its range.

    Trucks dealt with over hours of bays in use: as many bays are in use as trucks wait, at most
    all. A gamma prior of so many trucks at the assumed rate; the range is the posterior's.
    """
    since_s = at_s - p.window_s
    changes: list[tuple[float, int]] = []
    count = 0
    for stay in dict.fromkeys(stays):
        if stay.arrived_s is None:
            continue
        end_s = stay.dealt_s if stay.dealt_s is not None else at_s
        if end_s <= since_s:
            continue
        count += stay.dealt_s is not None
        changes += [(max(stay.arrived_s, since_s), 1), (end_s, -1)]
    busy_s, there, before_s = 0.0, 0, since_s
    for moment_s, change in sorted(changes):
        busy_s += min(bays, there) * (moment_s - before_s)
        there, before_s = there + change, moment_s
    shape = count + p.service_weight
    hours = (busy_s + p.service_weight * p.service_s) / 3600.0
    tail = (1.0 - p.range_share) / 2
    low, high = (float(gammaincinv(shape, one)) / hours for one in (tail, 1.0 - tail))
    return Figure(shape / hours, count, count < p.enough, low, high)
