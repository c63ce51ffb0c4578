"""Hold a road graph as plain arrays, the one thing that every rival is given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPEEDS_KPH = {
    "motorway": 75.0,
    "trunk": 55.0,
    "trunk_link": 30.0,
    "primary": 38.0,
    "secondary": 42.0,
    "tertiary": 35.0,
    "residential": 20.0,
}
"""Speed of a class in the benchmarks. Kept apart from `routing/data/speeds.csv`, so that figures of
different days compare."""

CLASSES = tuple(SPEEDS_KPH)

EARTH_M = 6_371_008.8
"""Mean radius of the earth, metres (IUGG)."""


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Describe a graph of ``n`` nodes and ``m`` directed arcs.

    Attributes
    ----------
    name
        What it is called in reports.
    lat, lon
        Degrees, shape ``(n,)``, whole multiples of 1e-7 as in OpenStreetMap.
    tail, head
        Ends of each arc, shape ``(m,)``.
    length_m
        Length of each arc, shape ``(m,)``.
    road_class
        Index into `CLASSES` of each arc, shape ``(m,)``.
    limit_kph
        Signed speed limit of each arc, 0 for none, shape ``(m,)``.
    """

    name: str
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    length_m: NDArray[np.float64]
    road_class: NDArray[np.int8]
    limit_kph: NDArray[np.int16]

    @property
    def nodes(self) -> int:
        """Count the nodes."""
        return len(self.lat)

    @property
    def arcs(self) -> int:
        """Count the directed arcs."""
        return len(self.tail)

    @cached_property
    def times_ms(self) -> NDArray[np.int32]:
        """Give each arc's time: whole milliseconds, 1 at least, shape ``(m,)``."""
        speed = np.array(list(SPEEDS_KPH.values()))[self.road_class]
        limit = np.where(self.limit_kph > 0, self.limit_kph, np.inf)
        times = np.rint(3600 * self.length_m / np.minimum(speed, limit))
        whole: NDArray[np.int32] = np.maximum(times, 1).astype(np.int32)
        return whole

    @cached_property
    def lengths_dm(self) -> NDArray[np.int32]:
        """Give each arc's length in whole decimetres, shape ``(m,)``."""
        return np.rint(10 * self.length_m).astype(np.int32)


def great_circle_m(
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Measure each arc along the sphere (haversine), metres, shape ``(m,)``.

    Parameters
    ----------
    lat, lon
        Positions of nodes, degrees.
    tail, head
        Ends of arcs.
    """
    phi, lam = np.radians(lat), np.radians(lon)
    half = (
        np.sin((phi[head] - phi[tail]) / 2) ** 2
        + np.cos(phi[tail]) * np.cos(phi[head]) * np.sin((lam[head] - lam[tail]) / 2) ** 2
    )
    distance: NDArray[np.float64] = 2 * EARTH_M * np.arcsin(np.sqrt(half))
    return distance
