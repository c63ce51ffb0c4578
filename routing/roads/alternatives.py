"""Find several ways between two places that really differ, and none much longer than the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.engine import NO_WAY
from routing.engine.compiled import LENGTH_BITS, times_ms

if TYPE_CHECKING:
    from routing.engine import Metric
    from routing.roads.snap import Snap
    from routing.roads.ways import Leg, Ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """When a way counts as another one; the figures are those usual in the literature.

    Abraham, Delling, Goldberg and Werneck, "Alternative routes in road networks" (2013): at most
    a quarter longer, at most 80 % shared; here less may be shared, for ways round a closure.

    Parameters
    ----------
    longest
        Time of an alternative over that of the fastest way, at most.
    shared
        Share of its time that it may spend on roads of any one way before it, 0 to 1.
    penalty
        What the time of roads already used is multiplied by in the search, above 1.
    rounds
        Searches for each alternative, at most.
    """

    longest: float = 1.4
    shared: float = 0.6
    penalty: float = 1.3
    rounds: int = 8

    def __post_init__(self) -> None:
        if self.longest < 1 or not 0 <= self.shared < 1 or self.penalty <= 1 or self.rounds < 1:
            raise ValueError("Expected longest >= 1, shared in [0, 1), penalty > 1, rounds >= 1.")


def alternatives(
    ways: Ways,
    vehicle_class: str,
    origin: Snap,
    end: Snap,
    count: int,
    *,
    differing: Differing | None = None,
) -> list[Leg]:
    """Return the fastest way and others that differ from it and from each other.

    Roads of a way found are made dearer, and the search repeated (penalty method: Bader and
    others, "Alternative route graphs in road networks", 2011). The metric that others ask stays
    as it is.

    Parameters
    ----------
    ways
        The roads and what is closed.
    vehicle_class
        Whose speeds and limits apply.
    origin, end
        The places.
    count
        How many ways at most, the fastest included.
    differing
        When a way counts as another one.

    Returns
    -------
    list
        One to ``count`` legs, the fastest first, the others in the order of their times.

    Raises
    ------
    NoRoute
        If no permitted way leads there.
    """
    rule = differing or Differing()
    best = ways.leg(vehicle_class, origin, end)
    found, others = [best], []
    metric = ways.metric(vehicle_class)
    seeds = (
        ways.seeds(vehicle_class, [origin], ends=False),
        ways.seeds(vehicle_class, [end], ends=True),
    )
    leg: Leg = best
    for _ in range(rule.rounds * (count - 1)):
        metric = _dearer(metric, leg, rule.penalty)
        way = metric.way(*seeds)
        if way is None or len(found) == count:
            break
        leg = ways.leg_of(vehicle_class, origin, end, way)
        fits = leg.time_ms <= rule.longest * best.time_ms
        if fits and all(_shared_ms(leg, one) <= rule.shared * leg.time_ms for one in found):
            found.append(leg)
            others.append(leg)
    return [best, *sorted(others, key=lambda each: each.time_ms)]


def _dearer(metric: Metric, leg: Leg, penalty: float) -> Metric:
    arcs = np.unique(np.array([p.arc for p in leg.pieces if p.arc >= 0], np.int32))
    costs = metric.costs[arcs]
    raised = np.minimum(np.ceil(times_ms(costs) * penalty).astype(np.int64), NO_WAY >> LENGTH_BITS)
    return metric.changed(arcs, costs + ((raised - times_ms(costs)) << LENGTH_BITS))


def _shared_ms(leg: Leg, other: Leg) -> int:
    """Return how long a leg drives on segments that another one uses in the same direction."""
    used = {(piece.segment, piece.start <= piece.end) for piece in other.pieces}
    return sum(p.time_ms for p in leg.pieces if (p.segment, p.start <= p.end) in used)
