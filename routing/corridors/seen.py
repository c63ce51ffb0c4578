"""State what is seen of a truck on a corridor: matched positions, and clearances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from routing.corridors.match import Course


@dataclass(frozen=True, slots=True, order=True)
class Fix:
    """A position: seconds since the epoch, degrees."""

    at_s: float
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """A position and where it is beside the corridor.

    Attributes
    ----------
    excess_m
        Beyond the corridor's width and places; 0 and below is within.
    distance_m, along_m
        To each branch, and along it.
    """

    at_s: float
    lat: float
    lon: float
    excess_m: float
    distance_m: tuple[float, ...]
    along_m: tuple[float, ...]

    @property
    def nearest(self) -> int:
        """The branch that it is nearest to, of equally near ones the first."""
        return min(range(len(self.distance_m)), key=self.distance_m.__getitem__)


@dataclass(frozen=True, slots=True, order=True)
class Scan:
    """What an officer did with the truck at a checkpoint, seconds since the epoch."""

    at_s: float
    checkpoint_id: str
    decision: Literal["arrived", "cleared", "held", "refused"]


def see(course: Course, fixes: Sequence[Fix]) -> Iterator[Seen]:
    """Yield positions as they are seen from a corridor, all matched at once.

    Parameters
    ----------
    course
        The corridor's geometry.
    fixes
        The positions, in any order, of any trucks.
    """
    lonlat = np.array([(fix.lon, fix.lat) for fix in fixes], np.float64).reshape(-1, 2)
    matched = course.match(lonlat)
    rows = zip(
        fixes,
        matched.excess_m.tolist(),
        matched.distance_m.tolist(),
        matched.along_m.tolist(),
        strict=True,
    )
    for fix, excess_m, distance_m, along_m in rows:
        yield Seen(fix.at_s, fix.lat, fix.lon, excess_m, tuple(distance_m), tuple(along_m))
