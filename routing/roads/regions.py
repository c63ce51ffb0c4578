"""Tell the speed of a road class and the timezone from where on earth it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from routing.roads.errors import RoadError
from routing.roads.hours import check_hours
from routing.roads.tables import read_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUNDLED = "bundled"
"""The region of ``speeds.csv`` whose classes the bundled source only infers."""

ACCESS = "access"
"""The class of the way between a place and the nearest road."""


class Region(NamedTuple):
    """A box on earth whose roads have speeds or hours of their own, degrees."""

    name: str
    west: float
    south: float
    east: float
    north: float
    timezone: str

    @property
    def size(self) -> float:
        """Its extent in square degrees."""
        return (self.east - self.west) * (self.north - self.south)

    def holds(self, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say which points lie in it."""
        within = (self.south <= lat) & (lat <= self.north)
        return np.asarray(within & (self.west <= lon) & (lon <= self.east))


def _read_regions() -> tuple[Region, ...]:
    regions = [
        Region(
            name=row["region"],
            west=float(row["west"]),
            south=float(row["south"]),
            east=float(row["east"]),
            north=float(row["north"]),
            timezone=row["timezone"],
        )
        for row in read_table("regions")
    ]
    return tuple(sorted(regions, key=lambda region: -region.size))


REGIONS = _read_regions()
"""Every region, the smallest last."""


def speeds_of(region: str) -> dict[str, float]:
    """Return the speeds that a region has of its own, km/h by class, in the table's order."""
    rows = read_table("speeds")
    return {row["class"]: float(row["speed_kph"]) for row in rows if row["region"] == region}


def classes_at(
    highway: NDArray[np.str_], lat: NDArray[np.float64], lon: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.str_], NDArray[np.float64]]:
    """Return the class row of each segment, and the rows' names and speeds.

    A segment takes the speed of the smallest region that holds its middle and has one for its
    class, else the one that holds anywhere.

    Parameters
    ----------
    highway
        Class of each segment, shape ``(s,)``.
    lat, lon
        Its middle, degrees, shape ``(s,)``.

    Returns
    -------
    tuple
        Row of each segment; name and km/h of each row, of which the first is `ACCESS`.
    """
    words, word = np.unique(highway, return_inverse=True)
    default = speeds_of("")
    rows = [(ACCESS, default[ACCESS]), *((str(each), default[str(each)]) for each in words)]
    row = (word + 1).astype(np.int32)
    for region in REGIONS:
        own = speeds_of(region.name)
        inside = region.holds(lat, lon)
        for at, each in enumerate(words.tolist()):
            if each in own:
                chosen = inside & (word == at)
                if chosen.any():
                    row[chosen] = len(rows)
                    rows.append((each, own[each]))
    names, speeds = zip(*rows, strict=True)
    return row, np.array(names), np.array(speeds, dtype=np.float64)


def timezone_at(lat: float, lon: float, *, chosen: str | None = None) -> str:
    """Return the timezone in which the hours of rules at a place are written.

    Parameters
    ----------
    lat, lon
        Degrees.
    chosen
        What to return if it is a timezone.

    Raises
    ------
    RoadError
        If it is none, or none is chosen and no region holds the place.
    """
    if chosen is not None:
        check_hours("24/7", chosen)
        return chosen
    holding = [each for each in REGIONS if each.holds(np.array([lat]), np.array([lon])).any()]
    if not holding:
        raise RoadError(
            f"no known region holds {lat:.3f},{lon:.3f}; say in whose hours its signs are written "
            "with --timezone Europe/Madrid"
        )
    return holding[-1].timezone
