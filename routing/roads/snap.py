"""Find the place on the road nearest to a point, and the piece of road between two places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from routing.roads.errors import BadPoint, TooFarFromRoad
from routing.roads.sphere import distance_m

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.roads.network import RoadNetwork

Position = tuple[float, float]
"""Longitude and latitude, degrees."""

MAX_SNAP_M = 15_000.0
"""A point further than this from any road is no place on the network."""

FAR_M = 3_000.0
"""Ferries, roads across the border and roads of a known opening day serve only points nearer to
them than this, and further than this from all other roads: a truck at sea, no farm or island."""

AT_JUNCTION_M = 1.0
DECIMALS = 7


@dataclass(frozen=True, slots=True)
class Snap:
    """A place on the road.

    Parameters
    ----------
    segment
        Index of the segment it lies on.
    share
        How much of the segment's length lies between its lower node and the place, 0 to 1.
    node
        Index of the junction if it is one, else None.
    position
        Longitude and latitude, rounded to a centimetre within a segment.
    snap_m
        Great-circle distance from the point that was asked for, metres.
    """

    segment: int
    share: float
    node: int | None
    position: Position
    snap_m: float


def snap(network: RoadNetwork, lat: float, lon: float, *, max_m: float = MAX_SNAP_M) -> Snap:
    """Return the place on the road nearest to a point.

    Parameters
    ----------
    network
        The roads.
    lat, lon
        The point, degrees.
    max_m
        The furthest that a point may lie from a road, metres.

    Raises
    ------
    BadPoint
        If the point is not finite, out of range, or has its parts swapped.
    TooFarFromRoad
        If the nearest road is further away than ``max_m``.
    """
    check_point(network, lat, lon)
    found = _snap(network, lat, lon)
    if found.snap_m > max_m:
        raise TooFarFromRoad(
            f"{lat:.5f},{lon:.5f} lies {found.snap_m / 1000:.1f} km from the nearest road; "
            f"at most {max_m / 1000:.1f} km is allowed",
            snap_m=found.snap_m,
        )
    return found


def snap_or_none(network: RoadNetwork, lat: float, lon: float) -> Snap | None:
    """Return the place on the road nearest to a point, or None if there is none in reach."""
    found = _snap(network, lat, lon) if math.isfinite(lat) and math.isfinite(lon) else None
    return found if found and found.snap_m <= MAX_SNAP_M else None


def check_point(network: RoadNetwork, lat: float, lon: float) -> None:
    """Refuse a coordinate that is no place in this network's part of the earth.

    Raises
    ------
    BadPoint
        If it is not finite, out of range, or has its parts swapped.
    """
    if not (math.isfinite(lat) and math.isfinite(lon)):
        raise BadPoint(f"latitude and longitude must be finite numbers; got {lat},{lon}")
    west, south, east, north = network.info.bounds
    if (
        not (south - 1 <= lat <= north + 1 and west - 1 <= lon <= east + 1)
        and south - 1 <= lon <= north + 1
        and west - 1 <= lat <= east + 1
    ):
        raise BadPoint(
            f"{lat},{lon} has latitude and longitude swapped; give latitude first: {lon},{lat}"
        )
    if abs(lat) > 90 or abs(lon) > 180:
        raise BadPoint(f"{lat},{lon} is out of range; latitude is -90 to 90, longitude -180 to 180")


def segment_part(
    network: RoadNetwork,
    segment: int,
    start: tuple[float, Position],
    end: tuple[float, Position],
) -> list[Position]:
    """Return the points of a piece of one segment, in the direction of travel.

    Parameters
    ----------
    network
        The roads.
    segment
        Index of the segment.
    start, end
        Share of the segment's length from its lower node, and position, of both ends.
    """
    line = network.segment_line(segment)
    low, high = sorted((start[0], end[0]))
    inner = []
    if len(line) > 2:
        shares = _shares(network, line)
        inner = [p for p, share in zip(line, shares, strict=True) if low < share < high]
    return [start[1], *(inner if start[0] <= end[0] else inner[::-1]), end[1]]


@lru_cache(maxsize=32_768)
def _snap(network: RoadNetwork, lat: float, lon: float) -> Snap:
    plane = _plane(network)
    point = shapely.Point(lon * plane.squeeze, lat)
    nearest = plane.ordinary[plane.ordinary_tree.query_nearest(point).min()]
    near = _place(network, int(nearest), point, (lat, lon))
    if near.snap_m <= FAR_M:
        return near
    special = _place(network, int(plane.tree.query_nearest(point).min()), point, (lat, lon))
    return special if special.snap_m <= FAR_M else near


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """The segments as lines on a plane whose east and north have one scale at mid-latitude."""

    squeeze: float
    tree: shapely.STRtree
    ordinary: NDArray[np.int64]
    ordinary_tree: shapely.STRtree


def _place(
    network: RoadNetwork, segment: int, point: shapely.Point, origin: tuple[float, float]
) -> Snap:
    arrays, plane = network.arrays, _plane(network)
    line = plane.tree.geometries[segment]
    share = float(shapely.line_locate_point(line, point, normalized=True))
    node = None
    if min(share, 1 - share) * float(arrays.seg_length_m[segment]) < AT_JUNCTION_M:
        share = float(round(share))
        node = int((arrays.seg_v if share else arrays.seg_u)[segment])
        position = (float(arrays.lon[node]), float(arrays.lat[node]))
    else:
        foot = shapely.line_interpolate_point(line, share, normalized=True)
        position = (round(foot.x / plane.squeeze, DECIMALS), round(foot.y, DECIMALS))
    return Snap(segment, share, node, position, distance_m(origin, position[::-1]))


@lru_cache(maxsize=4)
def _plane(network: RoadNetwork) -> _Plane:
    arrays, squeeze = network.arrays, _squeeze(network)
    lines = np.array(
        [
            shapely.LineString([(x * squeeze, y) for x, y in network.segment_line(segment)])
            for segment in range(len(arrays.seg_u))
        ]
    )
    special = arrays.seg_ferry | arrays.seg_border | (arrays.seg_opened_day > 0)
    ordinary = np.flatnonzero(~special)
    return _Plane(squeeze, shapely.STRtree(lines), ordinary, shapely.STRtree(lines[ordinary]))


def _squeeze(network: RoadNetwork) -> float:
    _, south, _, north = network.info.bounds
    return math.cos(math.radians((south + north) / 2))


def _shares(network: RoadNetwork, line: list[Position]) -> NDArray[np.float64]:
    flat = np.array(line) * (_squeeze(network), 1.0)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(flat, axis=0).T))])
    return np.asarray(along / along[-1])
