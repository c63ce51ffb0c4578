"""Say which roads a closure or a restricted zone forbids, and which lines it touches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import shapely
from shapely.geometry import Point, Polygon, shape
from shapely.geometry.base import BaseGeometry

from routing.roads.errors import RoadError
from routing.roads.sphere import METRES_PER_DEGREE

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
    area
        What is closed: the geometry, its points and lines drawn with their reach.
    """

    closure_id: str
    geometry: BaseGeometry
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    kind: str = "road"
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
        object.__setattr__(self, "area", _closed_area(self.geometry))

    @classmethod
    def from_geojson(
        cls,
        closure_id: str,
        geometry: Mapping[str, Any],
        *,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        kind: str = "road",
    ) -> Self:
        """Make a closure of a GeoJSON geometry; a polygon that crosses itself is mended.

        Raises
        ------
        RoadError
            If the geometry is no GeoJSON geometry.
        """
        try:
            sound = _read(geometry)
        except RoadError as error:
            raise RoadError(f"closure {closure_id}: {error}") from error
        return cls(
            closure_id=closure_id,
            geometry=sound,
            valid_from=valid_from,
            valid_until=valid_until,
            kind=kind,
        )

    @property
    def dated(self) -> bool:
        """Whether it is bound to a time at all."""
        return self.valid_from is not None or self.valid_until is not None

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
        return begun and (self.valid_until is None or start < self.valid_until)


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


def forbidden_arcs(
    network: RoadNetwork,
    closures: Iterable[Closure],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
) -> frozenset[int]:
    """Return the arcs that may not be used at an instant or at any time of an interval.

    Parameters
    ----------
    network
        The roads.
    closures
        Everything known, in force or not.
    start, end
        The instant, or the interval; without a start, closures with dates are ignored and so
        are the opening days of roads.
    """
    barred = [
        arcs_hit(network, closure)
        for closure in closures
        if (not closure.dated if start is None else closure.in_force(start, end))
    ]
    return not_yet_open(network, start).union(*barred)


def not_yet_open(network: RoadNetwork, at: datetime | None) -> frozenset[int]:
    """Return the arcs of roads that are opened after a time, none where no time is given.

    Raises
    ------
    RoadError
        If the time has no offset.
    """
    if at is None:
        return frozenset()
    if at.tzinfo is None:
        raise RoadError("a time without an offset is no moment; add one, such as +07:00")
    return _opened_after(network, int(at.timestamp() // 86_400))


@lru_cache(maxsize=64)
def _opened_after(network: RoadNetwork, day: int) -> frozenset[int]:
    opened = network.arrays.seg_opened_day[network.arrays.arc_segment]
    return frozenset(np.flatnonzero(opened > day).tolist())


@lru_cache(maxsize=4)
def _segment_tree(network: RoadNetwork) -> STRtree:
    count = len(network.arrays.seg_u)
    return shapely.STRtree([shapely.LineString(network.segment_line(i)) for i in range(count)])


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
