"""Say where positions are beside one corridor: how far off it, how far along it, on which branch.

A corridor is its lines (one of a shuttle, one to each destination of a fork, the trunk in each of
them) and the places at which a truck may leave its width. `width_m` is the whole width: half of it
lies on each side.

Distances are of a plane around each position (a degree of longitude is as long as at the
position's latitude), in which lines are straight between their points: within 0.1 % up to 20 km
away; further off only "far" matters. The nearest segment is found by branch and bound over the
boxes of 16 segments each, which is exact at any distance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from routing.engine.compiled import compiled
from routing.roads.sphere import METRES_PER_DEGREE, steps_m

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PlaceKind = Literal["facility", "allowed_stop", "checkpoint"]

AREA_M: Mapping[PlaceKind, float] = {"facility": 500.0, "allowed_stop": 300.0, "checkpoint": 150.0}
"""A truck so near to a place has not left its corridor, however far the road is [assumed]."""
STAND_M: Mapping[PlaceKind, float] = {
    "facility": 1_000.0,
    "allowed_stop": 300.0,
    "checkpoint": 1_000.0,
}
"""A truck so near to a place may stand: a yard, a stop, a queue [assumed]."""

_BLOCK = 16
_RADIANS = math.pi / 180.0


@dataclass(frozen=True, slots=True)
class CorridorPlace:
    """A facility, an allowed stop or a checkpoint of a corridor, in degrees."""

    place_id: str
    kind: PlaceKind
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Where positions are, ``n`` of them beside a corridor of ``b`` branches.

    Parameters
    ----------
    distance_m
        To each branch, shape ``(n, b)``.
    along_m
        The nearest point's way from the branch's start, shape ``(n, b)``.
    excess_m
        How far beyond the corridor's width, and beyond its places; below 0 within, shape ``(n,)``.
    """

    distance_m: Floats
    along_m: Floats
    excess_m: Floats


class Course:
    """A corridor's geometry, made ready to match positions.

    Parameters
    ----------
    geometry
        GeoJSON ``LineString`` or ``MultiLineString``: each line is a branch from its source.
    width_m
        The whole width, metres.
    places
        Its facilities, allowed stops and checkpoints, those of which the place is known.

    Raises
    ------
    ValueError
        If the geometry is of another type, or the width is not positive.
    """

    def __init__(
        self, geometry: Mapping[str, Any], width_m: float, places: Sequence[CorridorPlace] = ()
    ) -> None:
        if not (width_m > 0 and math.isfinite(width_m)):
            raise ValueError(f"Expected a width above 0 m, got {width_m}.")
        self.half_m = width_m / 2
        self.places = tuple(places)
        self._branches = [_branch(line) for line in _lines(geometry)]
        self.branches = len(self._branches)
        self.length_m = tuple(float(line[-1, 2]) for line, _ in self._branches)
        self._at = np.array([(p.lon, p.lat) for p in self.places], np.float64).reshape(-1, 2)
        self._area_m = np.array([AREA_M[place.kind] for place in self.places])

    def match(self, lonlat: Floats) -> Matched:
        """Match positions, each for itself.

        Parameters
        ----------
        lonlat
            Longitudes and latitudes, degrees, shape ``(n, 2)``.
        """
        lonlat = np.ascontiguousarray(lonlat, dtype=np.float64)
        count = len(lonlat)
        distance_m, along_m = np.empty((count, self.branches)), np.empty((count, self.branches))
        for at, (line, boxes) in enumerate(self._branches):
            _nearest(line, boxes, lonlat, distance_m[:, at], along_m[:, at])
        excess_m = distance_m.min(axis=1) - self.half_m
        if len(self.places):
            _spare_places(self._at, self._area_m, lonlat, excess_m)
        return Matched(distance_m, along_m, excess_m)

    def may_stand(self, lat: float, lon: float) -> CorridorPlace | None:
        """Return the place at which a truck may stand here, if there is one.

        Parameters
        ----------
        lat, lon
            Where it stands, degrees.
        """
        east = METRES_PER_DEGREE * math.cos(lat * _RADIANS)
        for place in self.places:
            off_m = math.hypot((place.lon - lon) * east, (place.lat - lat) * METRES_PER_DEGREE)
            if off_m <= STAND_M[place.kind]:
                return place
        return None

    def checkpoints(self) -> tuple[tuple[str, tuple[float | None, ...]], ...]:
        """Return the checkpoints and how far along each branch they lie.

        None where a checkpoint is further off the branch than its width and `AREA_M`.
        """
        found = [place for place in self.places if place.kind == "checkpoint"]
        matched = self.match(np.array([(p.lon, p.lat) for p in found]).reshape(-1, 2))
        reach_m = self.half_m + AREA_M["checkpoint"]
        return tuple(
            (
                place.place_id,
                tuple(
                    float(along_m) if distance_m <= reach_m else None
                    for distance_m, along_m in zip(
                        matched.distance_m[at], matched.along_m[at], strict=True
                    )
                ),
            )
            for at, place in enumerate(found)
        )


def _lines(geometry: Mapping[str, Any]) -> list[Any]:
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "LineString":
        return [coordinates]
    if kind == "MultiLineString":
        return list(coordinates)
    raise ValueError(f"Expected a corridor's geometry to be lines, got a {kind}.")


def _branch(line: Any) -> tuple[Floats, Floats]:
    """Return lon, lat and metres along of each point, and the boxes of each block of segments."""
    lonlat = np.array([point[:2] for point in line], dtype=np.float64)
    along_m = np.concatenate([[0.0], np.cumsum(steps_m(lonlat[:, 1], lonlat[:, 0]))])
    starts = range(0, len(lonlat) - 1, _BLOCK)
    boxes = [
        [*part.min(axis=0), *part.max(axis=0)]
        for part in (lonlat[start : start + _BLOCK + 1] for start in starts)
    ]
    return np.column_stack([lonlat, along_m]), np.array(boxes)


@compiled
def _nearest(line: Any, boxes: Any, lonlat: Any, distance_m: Any, along_m: Any) -> None:
    """Fill in the distance to a line and the way along it, for each position."""
    blocks, segments = len(boxes), len(line) - 1
    bound = np.empty(blocks)
    for n in range(len(lonlat)):
        lon, lat = lonlat[n, 0], lonlat[n, 1]
        east = METRES_PER_DEGREE * math.cos(lat * _RADIANS)
        first = 0
        for k in range(blocks):
            x = max(0.0, boxes[k, 0] - lon, lon - boxes[k, 2]) * east
            y = max(0.0, boxes[k, 1] - lat, lat - boxes[k, 3]) * METRES_PER_DEGREE
            bound[k] = x * x + y * y
            if bound[k] < bound[first]:
                first = k
        best, at_m = np.inf, 0.0
        for turn in range(blocks + 1):
            k = first if turn == 0 else turn - 1
            if (turn > 0 and k == first) or bound[k] >= best:
                continue
            for i in range(k * _BLOCK, min(segments, (k + 1) * _BLOCK)):
                x = (line[i, 0] - lon) * east
                y = (line[i, 1] - lat) * METRES_PER_DEGREE
                along_x = (line[i + 1, 0] - line[i, 0]) * east
                along_y = (line[i + 1, 1] - line[i, 1]) * METRES_PER_DEGREE
                square = along_x * along_x + along_y * along_y
                share = 0.0
                if square > 0.0:
                    share = min(1.0, max(0.0, -(x * along_x + y * along_y) / square))
                x += share * along_x
                y += share * along_y
                if x * x + y * y < best:
                    best = x * x + y * y
                    at_m = line[i, 2] + share * (line[i + 1, 2] - line[i, 2])
        distance_m[n] = math.sqrt(best)
        along_m[n] = at_m


@compiled
def _spare_places(places: Any, area_m: Any, lonlat: Any, excess_m: Any) -> None:
    """Lower the excess of positions near a place to how far they are beyond its area."""
    for n in range(len(lonlat)):
        east = METRES_PER_DEGREE * math.cos(lonlat[n, 1] * _RADIANS)
        for k in range(len(places)):
            x = (places[k, 0] - lonlat[n, 0]) * east
            y = (places[k, 1] - lonlat[n, 1]) * METRES_PER_DEGREE
            excess_m[n] = min(excess_m[n], math.sqrt(x * x + y * y) - area_m[k])
