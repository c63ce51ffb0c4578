"""Find the place on the road nearest to a point, and the piece of road between two places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from routing.engine import parts_of
from routing.roads.errors import BadPoint, NoRoute, TooFarFromRoad
from routing.roads.metric import driveable
from routing.roads.near import Lines, Near
from routing.roads.sphere import distance_m
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS

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

REAL_PART_NODES = 1000
"""A part of the network with as many junctions is a place of its own, such as an island."""

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


def snap(
    network: RoadNetwork,
    lat: float,
    lon: float,
    *,
    vehicle_class: str = DEFAULT_VEHICLE_CLASS,
    max_m: float = MAX_SNAP_M,
) -> Snap:
    """Return the place on the road nearest to a point, on a road that leads somewhere and back.

    Roads that a class of vehicle may never drive are passed over, and so are lone pieces that
    are not joined to a real part of the network (`usable_segments`).

    Parameters
    ----------
    network
        The roads.
    lat, lon
        The point, degrees.
    vehicle_class
        Whose limits count.
    max_m
        The furthest that a point may lie from a road, metres.

    Raises
    ------
    BadPoint
        If the point is not finite, out of range, or has its parts swapped.
    TooFarFromRoad
        If the nearest road is further away than ``max_m``.
    NoRoute
        If the network has no road for this class of vehicle at all.
    """
    check_point(network, lat, lon)
    found = _snap(network, lat, lon, vehicle_class)
    if found is None:
        raise NoRoute(f"no road here may be driven by {vehicle_class}")
    if found.snap_m > max_m:
        raise TooFarFromRoad(
            f"{lat:.5f},{lon:.5f} lies {found.snap_m / 1000:.1f} km from the nearest road; "
            f"at most {max_m / 1000:.1f} km is allowed",
            snap_m=found.snap_m,
        )
    return found


def snap_or_none(
    network: RoadNetwork, lat: float, lon: float, *, vehicle_class: str = DEFAULT_VEHICLE_CLASS
) -> Snap | None:
    """Return the place on the road nearest to a point, or None if there is none in reach."""
    if not (math.isfinite(lat) and math.isfinite(lon)):
        return None
    found = _snap(network, lat, lon, vehicle_class)
    return found if found and found.snap_m <= MAX_SNAP_M else None


def nearest(
    network: RoadNetwork,
    lat: float,
    lon: float,
    count: int,
    *,
    vehicle_class: str = DEFAULT_VEHICLE_CLASS,
) -> list[Snap]:
    """Return the places nearest to a point on several roads, nearest first.

    Parameters
    ----------
    network
        The roads.
    lat, lon
        The point, degrees.
    count
        On how many segments at most.
    vehicle_class
        Whose limits count.

    Raises
    ------
    BadPoint
        If the point is not finite, out of range, or has its parts swapped.
    """
    check_point(network, lat, lon)
    plane = _plane(network, vehicle_class)
    point = shapely.Point(lon * plane.squeeze, lat)
    reach_deg, total = 0.001, sum(len(part.segments) for part in plane.parts)
    hits = [each for part in plane.parts for each in part.within(point, reach_deg)]
    while len(hits) < min(count, total):
        reach_deg *= 2
        hits = [each for part in plane.parts for each in part.within(point, reach_deg)]
    places = [_place(network, plane, segment, point, (lat, lon)) for segment in hits]
    return sorted(places, key=lambda place: (place.snap_m, place.segment))[:count]


@lru_cache(maxsize=32)
def usable_segments(network: RoadNetwork, vehicle_class: str) -> NDArray[np.bool_]:
    """Return the segments that a class of vehicle can come to and leave again, shape ``(s,)``.

    They lie in a strongly connected part of at least `REAL_PART_NODES` junctions, or of a
    twentieth of the greatest part's, so that a point beside a lone piece joins a real road.
    Rules bound to hours and closures do not count: they pass.
    """
    arrays = network.arrays
    allowed = driveable(network, vehicle_class)
    u, v = arrays.node_junction[arrays.arc_u[allowed]], arrays.node_junction[arrays.arc_v[allowed]]
    part = parts_of(network.junctions, u, v)
    size = np.bincount(part)
    real = size >= min(REAL_PART_NODES, max(2, size.max() // 20))
    usable = np.zeros(len(arrays.seg_u), bool)
    usable[arrays.arc_segment[allowed][(part[u] == part[v]) & real[part[u]]]] = True
    return usable


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
def _snap(network: RoadNetwork, lat: float, lon: float, vehicle_class: str) -> Snap | None:
    plane = _plane(network, vehicle_class)
    point = shapely.Point(lon * plane.squeeze, lat)
    ordinary, special = (
        _place(network, plane, part.nearest(point), point, (lat, lon))
        if part.segments.size
        else None
        for part in plane.parts
    )
    if ordinary is None or special is None or ordinary.snap_m <= FAR_M:
        return ordinary or special
    return special if special.snap_m <= FAR_M else ordinary


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """Usable segments as lines on a plane whose east and north have one scale at mid-latitude.

    Parameters
    ----------
    squeeze
        What longitudes are multiplied by.
    lines
        All segments.
    parts
        The ordinary usable ones, and ferries, roads across the border and of a known opening day.
    """

    squeeze: float
    lines: Lines
    parts: tuple[Near, Near]


def _place(
    network: RoadNetwork,
    plane: _Plane,
    segment: int,
    point: shapely.Point,
    origin: tuple[float, float],
) -> Snap:
    arrays = network.arrays
    line = plane.lines.one(segment)
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


@lru_cache(maxsize=16)
def _plane(network: RoadNetwork, vehicle_class: str) -> _Plane:
    return _plane_of(network, usable_segments(network, vehicle_class).tobytes())


@lru_cache(maxsize=8)
def _plane_of(network: RoadNetwork, usable: bytes) -> _Plane:
    """Return the plane of some segments, shared among classes of vehicle that may use the same."""
    arrays = network.arrays
    lines = _lines(network)
    kept = np.flatnonzero(np.frombuffer(usable, np.bool_))
    special = arrays.seg_ferry | arrays.seg_border | (arrays.seg_opened_day > 0)
    parts = Near(lines, kept[~special[kept]]), Near(lines, kept[special[kept]])
    return _Plane(_squeeze(network), lines, parts)


@lru_cache(maxsize=4)
def _lines(network: RoadNetwork) -> Lines:
    return Lines(network, _squeeze(network))


def _squeeze(network: RoadNetwork) -> float:
    _, south, _, north = network.info.bounds
    return math.cos(math.radians((south + north) / 2))


def _shares(network: RoadNetwork, line: list[Position]) -> NDArray[np.float64]:
    flat = np.array(line) * (_squeeze(network), 1.0)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(flat, axis=0).T))])
    return np.asarray(along / along[-1])
