"""Say how far trucks come from a place within some time, road by road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import mapping
from shapely.ops import substring

from routing.engine import NO_WAY
from routing.engine.compiled import times_ms
from routing.roads.network import segment_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from routing.roads.snap import Snap
    from routing.roads.ways import Ways

BESIDE_DEG = 0.005
"""How far beside a road the area reaches, degrees: some 500 m."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Isochrone:
    """What trucks reach from a place within a time.

    Parameters
    ----------
    limit_s
        The time, seconds.
    nodes
        Nodes of the network reached by then.
    roads
        The roads driven by then, edges cut where the time is up; longitude and latitude.
    area
        The land within some 500 m of those roads, for drawing.
    """

    limit_s: float
    nodes: NDArray[np.int64]
    roads: BaseGeometry
    area: BaseGeometry

    def as_feature(self) -> dict[str, Any]:
        """Return the area as a GeoJSON feature."""
        return {
            "type": "Feature",
            "properties": {"limit_s": self.limit_s},
            "geometry": mapping(self.area),
        }


def isochrones(
    ways: Ways, vehicle_class: str, origin: Snap, limits_s: Sequence[float]
) -> list[Isochrone]:
    """Return what trucks reach within each of some times.

    Parameters
    ----------
    ways
        The roads and what is closed.
    vehicle_class
        Whose speeds and limits apply.
    origin
        The place.
    limits_s
        Times in seconds, above 0.

    Raises
    ------
    ValueError
        If a time is not above 0.
    """
    if any(limit_s <= 0 for limit_s in limits_s):
        raise ValueError("Expected times above 0 s.")
    reached = ways.reach(vehicle_class, origin)
    costs = ways.metric(vehicle_class).costs
    lines = segment_lines(ways.network)
    return [_within(ways, reached, costs, lines, limit_s) for limit_s in limits_s]


def _within(
    ways: Ways,
    reached: NDArray[np.int64],
    costs: NDArray[np.int64],
    lines: NDArray[np.object_],
    limit_s: float,
) -> Isochrone:
    arrays, limit_ms = ways.network.arrays, round(1000 * limit_s)
    start_ms, drive_ms = times_ms(reached)[arrays.arc_u], times_ms(costs)
    driven = np.flatnonzero((start_ms < limit_ms) & (costs < NO_WAY))
    whole = start_ms[driven] + drive_ms[driven] <= limit_ms
    roads = lines[np.unique(arrays.arc_segment[driven[whole]])].tolist()
    for arc in driven[~whole].tolist():
        share = float(limit_ms - start_ms[arc]) / float(drive_ms[arc])
        ends = (1.0 - share, 1.0) if arrays.arc_backwards[arc] else (0.0, share)
        roads.append(substring(lines[arrays.arc_segment[arc]], *ends, normalized=True))
    drawn = shapely.MultiLineString([road for road in roads if road.length > 0])
    return Isochrone(
        limit_s=limit_s,
        nodes=np.flatnonzero(times_ms(reached) <= limit_ms),
        roads=drawn,
        area=drawn.buffer(BESIDE_DEG),
    )
