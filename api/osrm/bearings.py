"""Measure in which direction roads lead, and name the turns between them."""

from __future__ import annotations

import math
from collections.abc import Sequence

Position = tuple[float, float]
"""Longitude and latitude, degrees."""

_LOOK_M = 15.0
"""A road's direction is read over this length, so that a crooked end does not count."""

_METRES_PER_DEGREE = 111_195.0


def bearing(one: Position, two: Position) -> float:
    """Return the direction from one position to another near by, degrees clockwise from north."""
    east = (two[0] - one[0]) * math.cos(math.radians((one[1] + two[1]) / 2))
    return math.degrees(math.atan2(east, two[1] - one[1])) % 360


def bearing_from_start(line: Sequence[Position]) -> float:
    """Return the direction in which a line sets out."""
    start = line[0]
    for position in line[1:]:
        if _metres(start, position) >= _LOOK_M:
            return bearing(start, position)
    return bearing(start, line[-1])


def bearing_at_end(line: Sequence[Position]) -> float:
    """Return the direction in which a line arrives."""
    return (bearing_from_start(line[::-1]) + 180) % 360


def bearing_at(line: Sequence[Position], position: Position) -> float:
    """Return the direction of the part of a line that is nearest to a position on it."""

    def detour(at: int) -> float:
        one, two = line[at], line[at + 1]
        return _metres(one, position) + _metres(position, two) - _metres(one, two)

    at = min(range(len(line) - 1), key=detour)
    return bearing(line[at], line[at + 1])


def apart(one: float, two: float) -> float:
    """Return how far two directions differ, 0 to 180 degrees."""
    return abs(turned(one, two))


def turned(before: float, after: float) -> float:
    """Return how far one turns from a direction into another: -180 to 180, right is above 0."""
    return (after - before + 180) % 360 - 180


def modifier(angle: float) -> str:
    """Name a turn as OSRM does, by the angle of `turned`."""
    side = "right" if angle > 0 else "left"
    size = abs(angle)
    for limit, name in ((20, "straight"), (40, f"slight {side}"), (120, side)):
        if size <= limit:
            return name
    return f"sharp {side}" if size < 179 else "uturn"


def rounded(degrees: float) -> int:
    """Return a direction in whole degrees, 0 to 359."""
    return round(degrees) % 360


def side_of(line: Sequence[Position], point: Position) -> str:
    """Say on which side of a line's direction a point lies that is nearest to its start."""
    angle = turned(bearing_from_start(line), bearing(line[0], point))
    return "right" if angle > 0 else "left"


def _metres(one: Position, two: Position) -> float:
    east = (two[0] - one[0]) * math.cos(math.radians((one[1] + two[1]) / 2))
    return math.hypot(east, two[1] - one[1]) * _METRES_PER_DEGREE
