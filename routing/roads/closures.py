"""Say which roads a closure or a restricted zone forbids, and which lines it touches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import shapely
from shapely.geometry import Point, Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from routing.roads.errors import RoadError
from routing.roads.hours import check_hours, open_within
from routing.roads.network import segment_lines
from routing.roads.sphere import METRES_PER_DEGREE
from routing.roads.vehicle import vehicle

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from shapely import STRtree

    from routing.roads.network import RoadNetwork

POINT_RADIUS_M = 100.0
"""A closure given as a point closes the roads within this distance."""

LINE_REACH_M = 20.0
"""A closure given as a line closes the roads within this distance: who draws a line along a road,
or rounds its coordinates, never hits the road exactly."""

TOUCH_MARGIN_DEG = 1e-6
"""Lines nearer to a closure than this (11 cm) touch it."""

BAN_MARGIN_DEG = 2e-6
"""Roads nearer to a closure than this are closed: a route that avoids them, whose ends are rounded
to a centimetre, keeps more than `TOUCH_MARGIN_DEG` away."""

LATE = timedelta(hours=1)
"""How much later than planned a truck may still be on its way (assumed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A closed road or a restricted zone.

    Parameters
    ----------
    closure_id
        Its name.
    geometry
        Longitude and latitude, degrees. A point closes every road within 100 m, a line every
        road within 20 m (a line that ends on a junction closes the junction: draw it short of
        one that stays open), a polygon every edge that it touches.
    valid_from, valid_until
        When it is in force, the end excluded; None is open-ended.
    kind
        ``road`` or ``zone``.
    hours
        Hours of the day, or of some days, at which it is in force, in the notation of
        OpenStreetMap's ``opening_hours``; empty is all the time.
    timezone
        IANA name of the time of those hours.
    max_weight_kg
        Only vehicles whose gross limit is above this are kept out; None keeps out all.
    permits
        Trucks that hold one of them pass.
    area
        What is closed: the geometry, its points and lines drawn with their reach.
    """

    closure_id: str
    geometry: BaseGeometry
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    kind: str = "road"
    hours: str = ""
    timezone: str = "Asia/Ho_Chi_Minh"
    max_weight_kg: int | None = None
    permits: frozenset[str] = frozenset()
    area: BaseGeometry = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for moment in (self.valid_from, self.valid_until):
            if moment is not None and moment.tzinfo is None:
                raise RoadError(f"closure {self.closure_id}: a time needs an offset")
        if self.geometry.is_empty:
            raise RoadError(f"closure {self.closure_id}: the geometry is empty")
        west, south, east, north = self.geometry.bounds
        finite = all(math.isfinite(bound) for bound in (west, south, east, north))
        if not finite or max(-west, east) > 180 or max(-south, north) > 90:
            raise RoadError(
                f"closure {self.closure_id}: positions are longitude, latitude in degrees"
            )
        if self.hours:
            check_hours(self.hours, self.timezone)
        if self.max_weight_kg is not None and self.max_weight_kg <= 0:
            raise RoadError(f"closure {self.closure_id}: a weight limit is above 0 kg")
        object.__setattr__(self, "area", _closed_area(self.geometry))

    @classmethod
    def from_geojson(
        cls,
        closure_id: str,
        geometry: Mapping[str, Any],
        **when: Any,
    ) -> Self:
        """Make a closure of a GeoJSON geometry; a polygon that crosses itself is mended.

        Parameters
        ----------
        closure_id
            Its name.
        geometry
            The GeoJSON geometry.
        when
            The fields that say when and for whom it is in force.

        Raises
        ------
        RoadError
            If the geometry is no GeoJSON geometry.
        """
        try:
            sound = _read(geometry)
        except RoadError as error:
            raise RoadError(f"closure {closure_id}: {error}") from error
        return cls(closure_id=closure_id, geometry=sound, **when)

    @classmethod
    def of_segments(
        cls, closure_id: str, network: RoadNetwork, segments: Iterable[int], **when: Any
    ) -> Self:
        """Make a closure of just these edges: of a thin strip along the middle half of each.

        Parameters
        ----------
        closure_id
            Its name.
        network
            The roads.
        segments
            Indices of the edges.
        when
            The fields that say when and for whom it is in force.

        Raises
        ------
        RoadError
            If an edge is none of the network's, or there is none.
        """
        wanted = sorted(set(segments))
        if not wanted or not (wanted[0] >= 0 and wanted[-1] < len(network.arrays.seg_u)):
            raise RoadError(
                f"closure {closure_id}: edges are numbers from 0 to {len(network.arrays.seg_u) - 1}"
            )
        lines = [shapely.LineString(network.segment_line(segment)) for segment in wanted]
        middles = [substring(line, 0.25, 0.75, normalized=True) for line in lines]
        strips = shapely.union_all(middles).buffer(TOUCH_MARGIN_DEG)
        return cls(closure_id=closure_id, geometry=strips, **when)

    @property
    def dated(self) -> bool:
        """Whether it is bound to a time at all."""
        return bool(self.valid_from or self.valid_until or self.hours)

    def binds(self, vehicle_class: str, permits: frozenset[str] = frozenset()) -> bool:
        """Say whether it keeps a class of vehicle with some permits out while it is in force."""
        return self.permits.isdisjoint(permits) and (
            self.max_weight_kg is None or vehicle(vehicle_class).gross_limit_kg > self.max_weight_kg
        )

    def in_force(self, start: datetime, end: datetime | None = None) -> bool:
        """Say whether it is in force at an instant, or at any time of an interval.

        Parameters
        ----------
        start
            The instant, or the interval's start.
        end
            The interval's end, included; None asks about the instant.
        """
        last = start if end is None else end
        begun = self.valid_from is None or self.valid_from <= last
        if not begun or (self.valid_until is not None and start >= self.valid_until):
            return False
        return not self.hours or open_within(self.hours, self.timezone, start, last)


def touches(
    geometry: BaseGeometry | Mapping[str, Any],
    closed: Closure | BaseGeometry | Mapping[str, Any],
    *,
    margin_deg: float = TOUCH_MARGIN_DEG,
) -> bool:
    """Say whether a line, such as a route, touches what a closure closes.

    No route that was found round a closure touches it. A closed point reaches 100 m, a closed
    line 20 m.

    Parameters
    ----------
    geometry
        The line: a shapely or GeoJSON geometry in longitude and latitude.
    closed
        A closure, or the geometry of one.
    margin_deg
        How near counts as touching, degrees.

    Raises
    ------
    RoadError
        If either is no geometry.
    """
    line = _read(geometry) if isinstance(geometry, Mapping) else geometry
    if isinstance(closed, Closure):
        area = closed.area
    else:
        area = _closed_area(_read(closed) if isinstance(closed, Mapping) else closed)
    if line.length == 0 and not line.is_empty:  # GEOS does not see a line without length
        line = Point(shapely.get_coordinates(line)[0])
    return bool(shapely.dwithin(area, line, margin_deg))


@lru_cache(maxsize=512)
def arcs_hit(network: RoadNetwork, closure: Closure) -> frozenset[int]:
    """Return the arcs, in both directions, that a closure forbids while it is in force."""
    hit = _segment_tree(network).query(closure.area, predicate="dwithin", distance=BAN_MARGIN_DEG)
    return frozenset(np.flatnonzero(np.isin(network.arrays.arc_segment, hit)).tolist())


def applying(closures: Iterable[Closure], at: datetime | None) -> tuple[Closure, ...]:
    """Return the closures in force at a time; without one, those that are bound to no time."""
    return tuple(
        closure
        for closure in closures
        if (not closure.dated if at is None else closure.in_force(at))
    )


@lru_cache(maxsize=4)
def _segment_tree(network: RoadNetwork) -> STRtree:
    return shapely.STRtree(segment_lines(network))


def _read(geometry: Mapping[str, Any]) -> BaseGeometry:
    try:
        read = shapely.force_2d(shape(dict(geometry)))
        return read if read.is_valid else shapely.make_valid(read)
    except (shapely.errors.ShapelyError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise RoadError(f"no GeoJSON geometry ({error})") from error


@lru_cache(maxsize=512)
def _closed_area(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry, its points and lines drawn with their reach, prepared for questions."""
    parts = [_with_reach(part) for part in _simple_parts(geometry)]
    area = parts[0] if len(parts) == 1 else shapely.GeometryCollection(parts)
    shapely.prepare(area)
    return area


def _simple_parts(geometry: BaseGeometry) -> list[BaseGeometry]:
    parts = list(shapely.get_parts(geometry))
    if len(parts) == 1 and parts[0].geom_type == geometry.geom_type:
        return parts
    return [simple for part in parts for simple in _simple_parts(part)]


def _with_reach(part: BaseGeometry) -> BaseGeometry:
    """Widen a point or a line, on a plane that touches the earth at its middle."""
    if isinstance(part, Polygon):
        return part
    reach_m = POINT_RADIUS_M if isinstance(part, Point) else LINE_REACH_M
    middle = part.centroid
    stretch = max(math.cos(math.radians(middle.y)), 1e-6)
    origin, scale = np.array([middle.x, middle.y]), np.array([stretch, 1.0]) * METRES_PER_DEGREE
    flat = shapely.transform(part, lambda xy: (xy - origin) * scale)
    return shapely.transform(flat.buffer(reach_m, quad_segs=32), lambda xy: xy / scale + origin)
