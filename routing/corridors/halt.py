"""Tell from noisy positions that a truck stands, and since when.

A truck stands while its positions keep within `stop_m` of their mean: four standard deviations, so
noise alone takes one position in three thousand further. Two in a row further off begin a new halt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from routing.roads.sphere import METRES_PER_DEGREE

if TYPE_CHECKING:
    from routing.corridors.params import WatchParams
    from routing.corridors.seen import Seen

HEARD_S = 300.0
"""Of the time between two positions of a standing truck no more than this counts [assumed]."""
_WEIGHT = 200


@dataclass(frozen=True, slots=True)
class Halt:
    """Where a truck stands, if it does.

    Attributes
    ----------
    lat, lon
        The mean of its positions, degrees.
    count
        How many they are.
    since_s, until_s
        The first and the last of them.
    stood_s
        How long it is known to have stood.
    away
        The last position, if that was further off: time, latitude, longitude.
    """

    lat: float
    lon: float
    count: int
    since_s: float
    until_s: float
    stood_s: float = 0.0
    away: tuple[float, float, float] | None = None


def stood(halt: Halt | None, seen: Seen, params: WatchParams) -> Halt:
    """Go on by one position, later than all before.

    Parameters
    ----------
    halt
        What was known.
    seen
        The position.
    params
        The thresholds.
    """
    if halt is None:
        return Halt(seen.lat, seen.lon, 1, seen.at_s, seen.at_s)
    north_m = (seen.lat - halt.lat) * METRES_PER_DEGREE
    east_m = (seen.lon - halt.lon) * METRES_PER_DEGREE * math.cos(math.radians(seen.lat))
    if math.hypot(north_m, east_m) <= params.stop_m:
        count = min(_WEIGHT, halt.count + 1)
        return Halt(
            halt.lat + (seen.lat - halt.lat) / count,
            halt.lon + (seen.lon - halt.lon) / count,
            count,
            halt.since_s,
            seen.at_s,
            halt.stood_s + min(HEARD_S, seen.at_s - halt.until_s),
        )
    if halt.away is None:
        return replace(halt, away=(seen.at_s, seen.lat, seen.lon))
    at_s, lat, lon = halt.away
    return stood(Halt(lat, lon, 1, at_s, at_s), seen, params)
