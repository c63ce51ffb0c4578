"""Let a loaded truck leave its corridor for some minutes, on no road, and come back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from infra.scenario.way import M_PER_DEGREE, LatLon, Way, distance_m

REPORT_S = 30.0
"""How often a truck that has left its corridor says where it is, seconds."""
AFTER_LOADING_S = 1_500.0
"""It drives for so long before, the latter half on its corridor: by then it is being watched."""
AROUND_M = 1_000.0
"""More than what belongs to any place of a corridor (`routing.corridors.match.AREA_M`)."""

_LASTS_S = (420.0, 720.0)
_OFF_M = (350.0, 700.0)
"""How far beyond the corridor's border it goes."""
_RAMP_M, _EVERY_M = 700.0, 150.0
_STEP_M = 1_000.0
_CLEAR_M = 200.0
_WITHIN_M = 50.0
_FROM_POSTS_M = 1_500.0
_ONWARD_M = 3_000.0


@dataclass(frozen=True, slots=True)
class Lane:
    """A corridor as trucks know it.

    Attributes
    ----------
    lines
        Its branches.
    half_m
        Half of its width, metres.
    places
        Where its facilities, stops and checkpoints are: around them nobody has left it.
    """

    lines: tuple[Way, ...]
    half_m: float
    places: tuple[LatLon, ...] = ()

    def beyond_m(self, spot: LatLon) -> float:
        """Return how far a spot lies beyond its border; below 0 within."""
        off_m = min(line.nearest(spot)[1] for line in self.lines) - self.half_m
        return min((off_m, *(distance_m(spot, at) - AROUND_M for at in self.places)))


@dataclass(frozen=True, slots=True)
class Detour:
    """A part of a way that is not driven, and what is driven instead."""

    begin_m: float
    end_m: float
    way: Way


@dataclass(slots=True)
class Strays:
    """How many trucks may still leave their corridor; all trucks of a scenario share it."""

    left: int

    def take(self) -> bool:
        """Let one more leave, if one may."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True


def find_detour(
    way: Way,
    from_m: float,
    lane: Lane,
    chance: Random,
    *,
    speed_mps: float,
    posts_m: tuple[float, ...] = (),
) -> Detour | None:
    """Find the first part of a way that can be left: on the corridor, away from its places.

    Parameters
    ----------
    way, from_m
        The truck's way, and how far along it is.
    lane
        Its corridor.
    chance
        Draws how far, for how long and on which side.
    speed_mps
        How fast it drives.
    posts_m
        Where checkpoints lie along the way.
    """
    length_m = chance.uniform(*_LASTS_S) * speed_mps
    off_m = lane.half_m + chance.uniform(*_OFF_M)
    sides = [off_m, -off_m]
    chance.shuffle(sides)
    joins_m = AFTER_LOADING_S * speed_mps
    begin_m = from_m + joins_m
    while begin_m + length_m + _ONWARD_M < way.length_m:
        end_m = begin_m + length_m
        clear = all(
            not begin_m - _FROM_POSTS_M < post_m < end_m + _FROM_POSTS_M for post_m in posts_m
        )
        if clear and _keeps(way, lane, begin_m - joins_m / 2, begin_m):
            for side_m in sides:
                beside = Way(_beside(way, begin_m, end_m, side_m))
                if _is_off(lane, beside) and _keeps(way, lane, end_m, end_m + _ONWARD_M):
                    return Detour(begin_m, end_m, beside)
        begin_m += _STEP_M
    return None


def _beside(way: Way, begin_m: float, end_m: float, off_m: float) -> Iterator[LatLon]:
    """Yield points beside a way, further and further from it, and back to it."""
    pieces = math.ceil((end_m - begin_m) / _EVERY_M)
    for number in range(pieces + 1):
        along_m = begin_m + (end_m - begin_m) * number / pieces
        share = min(1.0, (along_m - begin_m) / _RAMP_M, (end_m - along_m) / _RAMP_M)
        yield _aside(way, along_m, share * off_m)


def _aside(way: Way, along_m: float, off_m: float) -> LatLon:
    spot, behind, ahead = way.at(along_m), way.at(along_m - 150.0), way.at(along_m + 150.0)
    shrink = math.cos(math.radians(spot[0]))
    north, east = ahead[0] - behind[0], (ahead[1] - behind[1]) * shrink
    length = math.hypot(north, east) or 1.0
    degrees = off_m / M_PER_DEGREE
    return (spot[0] - degrees * east / length, spot[1] + degrees * north / length / shrink)


def _is_off(lane: Lane, beside: Way) -> bool:
    """Tell whether all but its ends is clearly beyond the corridor's border."""
    inner_m, at_m = beside.length_m - 1.5 * _RAMP_M, 1.5 * _RAMP_M
    while at_m < inner_m:
        if lane.beyond_m(beside.at(at_m)) < _CLEAR_M:
            return False
        at_m += _EVERY_M
    return True


def _keeps(way: Way, lane: Lane, from_m: float, to_m: float) -> bool:
    """Tell whether a part of a way is well within the corridor."""
    at_m = from_m
    while at_m <= to_m:
        if lane.beyond_m(way.at(at_m)) > -_WITHIN_M:
            return False
        at_m += 500.0
    return True
