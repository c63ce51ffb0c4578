"""Tell which part of a trip's route a closure cuts, and whether the trip would still meet it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import shapely

from routing.roads.closures import LATE, TOUCH_MARGIN_DEG, touches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from routing.roads.closures import Closure
    from routing.whatif.standing import Standing, Track
    from routing.whatif.world import KnownTrip, World

_GAP_M = 1.0


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where on its route a trip would meet a closure, metres, and when, seconds from now."""

    from_m: float
    until_m: float
    from_s: float
    until_s: float


def meets(track: Track, standing: Standing, closure: Closure, world: World) -> Meeting | None:
    """Return the first place ahead where a trip would find a closure in force; None for none.

    Parameters
    ----------
    track, standing
        A trip's route, and where it is.
    closure
        What is closed.
    world
        Tells the time.
    """
    for from_m, until_m in cut_parts(track, closure):
        if until_m <= standing.along_m:
            continue
        ahead_m = max(from_m, standing.along_m)
        from_s = max(0.0, standing.when_s(ahead_m))
        until_s = max(from_s, standing.when_s(until_m))
        start = world.now + timedelta(seconds=from_s)
        if closure.in_force(start, world.now + timedelta(seconds=until_s)):
            return Meeting(ahead_m, until_m, from_s, until_s)
    return None


def is_planned_anew(trip: KnownTrip, closure: Closure, now: datetime) -> bool:
    """Say whether dispatch looks for another way for a trip, whether it would meet it or not.

    Parameters
    ----------
    trip
        The trip.
    closure
        What is closed.
    now
        The stack's time.
    """
    on_its_way = closure.in_force(trip.departure, trip.delivery_eta + LATE)
    return (on_its_way or closure.in_force(now)) and touches(trip.line, closure)


def cut_parts(track: Track, closure: Closure) -> list[tuple[float, float]]:
    """Return the parts of a route that a closure touches, metres along, in order.

    Parameters
    ----------
    track
        The route.
    closure
        What is closed.
    """
    merged: list[tuple[float, float]] = []
    for from_m, until_m in _pieces(track, closure):
        if merged and from_m <= merged[-1][1] + _GAP_M:
            merged[-1] = merged[-1][0], max(until_m, merged[-1][1])
        else:
            merged.append((from_m, until_m))
    return merged


def _pieces(track: Track, closure: Closure) -> Iterator[tuple[float, float]]:
    """Yield the part of each straight piece of a route that a closure touches."""
    positions = np.column_stack([track.lon, track.lat])
    lines = np.asarray(shapely.linestrings(np.stack([positions[:-1], positions[1:]], axis=1)))
    # a piece without length is a point of its neighbours
    hit = shapely.dwithin(closure.area, lines, TOUCH_MARGIN_DEG) & (np.diff(track.along_m) > 0)
    if not hit.any():
        if touches(shapely.LineString(positions), closure):
            yield 0.0, track.length_m
        return
    reach = closure.area.buffer(TOUCH_MARGIN_DEG)
    for at in np.flatnonzero(hit).tolist():
        inside = shapely.get_coordinates(shapely.intersection(reach, lines[at]))
        start, step = positions[at], positions[at + 1] - positions[at]
        shares = (inside - start) @ step / float(step @ step)
        low, high = (float(shares.min()), float(shares.max())) if len(shares) else (0.0, 1.0)
        length_m = float(track.along_m[at + 1] - track.along_m[at])
        yield (
            float(track.along_m[at]) + length_m * min(1.0, max(0.0, low)),
            float(track.along_m[at]) + length_m * min(1.0, max(0.0, high)),
        )
