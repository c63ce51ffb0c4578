"""Find the checkpoints that a way passes, leg by leg."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.corridors.match import AREA_M, Course
from routing.roads.sphere import steps_m

if TYPE_CHECKING:
    from collections.abc import Sequence

REACH_M = AREA_M["checkpoint"]
"""A road this near to a checkpoint passes it; on a corridor half its width comes on top."""
_NARROW_M = 1e-3
"""A way is a line."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a checkpoint stands, and from how far off a road still passes it, metres."""

    place_id: str
    lat: float
    lon: float
    reach_m: float = REACH_M


@dataclass(frozen=True, slots=True)
class Passing:
    """That a way passes a checkpoint.

    Parameters
    ----------
    place_id
        Which.
    leg
        On which leg, from 0.
    share
        How much of the leg's length lies before it.
    """

    place_id: str
    leg: int
    share: float


class Legs:
    """A way in legs, made ready to be asked what stands beside it.

    Parameters
    ----------
    lines
        Of each leg its longitudes and latitudes; one position stands for a leg of no length.
    """

    def __init__(self, lines: Sequence[Sequence[Sequence[float]]]) -> None:
        whole = [list(line) if len(line) > 1 else [*line, *line] for line in lines]
        self._course = Course({"type": "MultiLineString", "coordinates": whole}, _NARROW_M)
        self.length_m = self._course.length_m

    def passings(self, stands: Sequence[Stand]) -> tuple[Passing, ...]:
        """Return the checkpoints that are passed, in order.

        One beside the place where a leg ends and the next begins is passed once; one beside the
        way's beginning is not passed any more. A leg passes each checkpoint once.
        """
        at = np.array([(one.lon, one.lat) for one in stands], np.float64).reshape(-1, 2)
        if not len(at):
            return ()
        matched = self._course.match(at)
        found = []
        for number, stand in enumerate(stands):
            near_m = 2 * stand.reach_m
            ended_near = True
            for leg, length_m in enumerate(self.length_m):
                along_m = float(matched.along_m[number, leg])
                if length_m <= 0:
                    continue
                passes = float(matched.distance_m[number, leg]) <= stand.reach_m
                if passes and not (ended_near and along_m <= near_m):
                    found.append(Passing(stand.place_id, leg, along_m / length_m))
                ended_near = passes and length_m - along_m <= near_m
        return tuple(sorted(found, key=lambda one: (one.leg, one.share, one.place_id)))

    def share(self, lat: float, lon: float, leg: int, within_m: float) -> float | None:
        """Return how much of a leg lies behind a truck; None where it is further off than that."""
        matched = self._course.match(np.array([(lon, lat)], np.float64))
        if matched.distance_m[0, leg] > within_m:
            return None
        length_m = self.length_m[leg]
        return float(matched.along_m[0, leg]) / length_m if length_m > 0 else 1.0


def split(geometry: dict[str, Any], lat: float, lon: float) -> list[list[list[float]]]:
    """Cut a way in two where it is nearest to a place.

    Parameters
    ----------
    geometry
        A GeoJSON ``LineString``.
    lat, lon
        The place, degrees.
    """
    line: list[list[float]] = geometry["coordinates"]
    whole = Course(geometry, _NARROW_M)
    along_m = float(whole.match(np.array([(lon, lat)], np.float64)).along_m[0, 0])
    points = np.array([point[:2] for point in line], np.float64)
    at_m = np.concatenate([[0.0], np.cumsum(steps_m(points[:, 1], points[:, 0]))])
    after = min(max(int(np.searchsorted(at_m, along_m)), 1), len(line) - 1)
    length_m = float(at_m[after] - at_m[after - 1])
    share = (along_m - float(at_m[after - 1])) / length_m if length_m > 0 else 0.0
    cut = (points[after - 1] + share * (points[after] - points[after - 1])).tolist()
    return [[*line[:after], cut], [cut, *line[after:]]]
