"""Draw customers as Solomon did: where they are, what they want, when they may be served."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

CUSTOMERS = 100
SCALE = 100
"""Seconds of a unit of Solomon's, of distance and of time alike."""

_SPREAD = 3.0  # of a cluster, in units
_RANDOM_SIDE = (70, 80)
_CLUSTERED_SIDE = (90, 90)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the instances of a family and a horizon have in common, in Solomon's units.

    Attributes
    ----------
    name
        Its family and horizon.
    depot
        Where all vehicles start and end.
    clustered
        How many of the customers stand in clusters.
    clusters, together
        How many of these there are, and how many of them a vehicle can serve.
    horizon, capacity, service
        When vehicles must be back, what fits on one, and how long each stop takes.
    windows
        For each instance: the widths that windows have, and the share of customers with one.
    """

    name: str
    depot: tuple[int, int]
    clustered: int
    clusters: int
    together: int
    horizon: int
    capacity: int
    service: int
    windows: tuple[tuple[tuple[int, ...], float], ...]


KINDS = (
    Kind(
        name="clustered-short",
        depot=(40, 50),
        clustered=100,
        clusters=10,
        together=1,
        horizon=1236,
        capacity=200,
        service=90,
        windows=(((60,), 1.0), ((60,), 0.5), ((180,), 1.0), ((60, 120, 240, 360), 0.75)),
    ),
    Kind(
        name="clustered-long",
        depot=(40, 50),
        clustered=100,
        clusters=9,
        together=3,
        horizon=3390,
        capacity=700,
        service=90,
        windows=(((160,), 1.0), ((160,), 0.5), ((320,), 1.0), ((160, 320, 640, 960), 0.75)),
    ),
    Kind(
        name="random-short",
        depot=(35, 35),
        clustered=0,
        clusters=0,
        together=0,
        horizon=230,
        capacity=200,
        service=10,
        windows=(((10,), 1.0), ((10,), 0.5), ((30,), 1.0), ((10, 30, 60, 120), 0.75)),
    ),
    Kind(
        name="random-long",
        depot=(35, 35),
        clustered=0,
        clusters=0,
        together=0,
        horizon=1000,
        capacity=1000,
        service=10,
        windows=(((115,), 1.0), ((115,), 0.5), ((240,), 1.0), ((60, 120, 240, 480), 0.75)),
    ),
    Kind(
        name="mixed-short",
        depot=(40, 50),
        clustered=50,
        clusters=5,
        together=0,
        horizon=240,
        capacity=200,
        service=10,
        windows=(((30,), 1.0), ((30,), 0.5), ((60,), 1.0), ((10, 30, 60, 120), 0.75)),
    ),
    Kind(
        name="mixed-long",
        depot=(40, 50),
        clustered=50,
        clusters=5,
        together=0,
        horizon=960,
        capacity=1000,
        service=10,
        windows=(((120,), 1.0), ((120,), 0.5), ((240,), 1.0), ((60, 120, 240, 480), 0.75)),
    ),
)
"""Solomon's six classes, with four windows of differing width and density each."""


@dataclass(frozen=True)
class Customers:
    """A depot and its customers; number 0 is the depot.

    Attributes
    ----------
    travel_s
        From each to each: Euclidean, scaled and rounded.
    demand
        What each wants.
    earliest_s, latest_s
        When service may begin.
    service_s, horizon_s, capacity
        How long a stop takes, when vehicles must be back, and what fits on one.
    """

    travel_s: Ints
    demand: Ints
    earliest_s: Ints
    latest_s: Ints
    service_s: int
    horizon_s: int
    capacity: int

    @cached_property
    def travel(self) -> list[list[int]]:
        """Give the travel times as lists, which Python reads faster one by one."""
        rows: list[list[int]] = self.travel_s.tolist()
        return rows

    def window(self, one: int) -> tuple[int, int]:
        """Say when service of one may begin, first and last."""
        return int(self.earliest_s[one]), int(self.latest_s[one])

    def twinned(self, one: int) -> Customers:
        """Return one more at the end: at the place of one, and to be served just after it."""
        twins = self.taken([*range(len(self.demand)), one])
        last = self.horizon_s - self.service_s - self.travel[one][0]
        twins.earliest_s[-1] = min(last, self.earliest_s[one] + self.service_s)
        twins.latest_s[-1] = min(last, self.latest_s[one] + self.service_s)
        return twins

    def taken(self, chosen: list[int]) -> Customers:
        """Return only some, in this order; one may be taken twice."""
        return replace(
            self,
            travel_s=self.travel_s[np.ix_(chosen, chosen)],
            demand=self.demand[chosen],
            earliest_s=self.earliest_s[chosen],
            latest_s=self.latest_s[chosen],
        )


def places(kind: Kind, rng: np.random.Generator) -> tuple[Ints, list[list[int]]]:
    """Draw where customers are.

    Returns
    -------
    tuple
        Coordinates, the depot's first; and the customers of each cluster, in the order in which
        the clusters lie around the depot.
    """
    depot = np.array(kind.depot)
    loose = CUSTOMERS - kind.clustered
    side = _CLUSTERED_SIDE if kind.clustered else _RANDOM_SIDE
    middles = _apart(rng, kind.clusters, depot)
    angle = np.arctan2(middles[:, 1] - depot[1], middles[:, 0] - depot[0])
    owner = np.arange(kind.clustered) * max(kind.clusters, 1) // max(kind.clustered, 1)
    near = middles[np.argsort(angle)][owner] + rng.normal(0, _SPREAD, (kind.clustered, 2))
    far = rng.uniform((0, 0), side, (loose, 2))
    points = np.concatenate([[depot], near, far]).round().clip(0)
    groups = [(1 + np.flatnonzero(owner == cluster)).tolist() for cluster in range(kind.clusters)]
    return points.astype(np.int64), groups


def travel_s(points: Ints) -> Ints:
    """Give the Euclidean distances, scaled to whole seconds."""
    apart = points[:, None].astype(float) - points[None]
    return (SCALE * np.hypot(apart[..., 0], apart[..., 1])).round().astype(np.int64)


def demands(kind: Kind, rng: np.random.Generator) -> Ints:
    """Draw what customers want: tens where all stand in clusters, else about 15."""
    if kind.clustered == CUSTOMERS:
        drawn = rng.choice([10, 20, 30, 40], CUSTOMERS, p=[0.45, 0.35, 0.15, 0.05])
    else:
        drawn = rng.normal(15, 8, CUSTOMERS).round().clip(1, 41)
    return np.concatenate([[0], drawn]).astype(np.int64)


def windows(
    kind: Kind,
    number: int,
    centre_s: Ints,
    travel: Ints,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Draw windows around their centres, so that each is reachable and the way back is open.

    Parameters
    ----------
    kind, number
        Which instance: its widths and how many have a window.
    centre_s
        The middle of each window, the depot's first.
    travel
        From each to each.
    rng
        Where chance comes from.

    Returns
    -------
    tuple
        When service may begin, first and last.
    """
    widths, density = kind.windows[number]
    soonest, last = reach(kind, travel)
    half = SCALE * rng.choice(widths, len(travel)) // 2
    narrow = rng.random(len(travel)) < density
    earliest = np.where(narrow, np.maximum(soonest, centre_s - half), 0)
    latest = np.where(narrow, np.minimum(last, centre_s + half), last)
    earliest[0], latest[0] = 0, SCALE * kind.horizon
    return earliest, latest


def reach(kind: Kind, travel: Ints) -> tuple[Ints, Ints]:
    """Say when each customer can be reached at all, and when it must be left to get home."""
    return travel[0], SCALE * (kind.horizon - kind.service) - travel[:, 0]


def _apart(rng: np.random.Generator, count: int, depot: Ints) -> NDArray[np.float64]:
    """Draw the middles of clusters, none near another or the depot."""
    found: list[NDArray[np.float64]] = []
    while len(found) < count:
        middle = rng.uniform((8, 8), (82, 82))
        if all(np.hypot(*(middle - other)) > 15 for other in [depot, *found]):
            found.append(middle)
    return np.array(found).reshape(count, 2)
