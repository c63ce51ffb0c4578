"""Find the edges that a road closure or a restricted zone forbids."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import shapely
from shapely.geometry import Point, shape

from routing.roads.errors import RoadError
from routing.roads.sphere import METRES_PER_DEGREE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from shapely import STRtree
    from shapely.geometry.base import BaseGeometry

    from routing.roads.network import RoadNetwork

POINT_RADIUS_M = 100.0
"""A closure given as a point closes the edges within this distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A closed road or a restricted zone.

    Parameters
    ----------
    closure_id
        Its name.
    geometry
        Longitude and latitude, degrees. A point closes every edge within 100 m; a line every
        edge that it crosses, touches or runs along (a line that ends on a junction closes the
        junction: draw it short of one that stays open); a polygon every edge that it touches.
    valid_from, valid_until
        When it is in force, the end excluded; None is open-ended.
    kind
        ``road`` or ``zone``.
    """

    closure_id: str
    geometry: BaseGeometry
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    kind: str = "road"

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
            read = shapely.force_2d(shape(dict(geometry)))
            sound = read if read.is_valid else shapely.make_valid(read)
        except (shapely.errors.ShapelyError, AttributeError, KeyError, TypeError, ValueError) as e:
            raise RoadError(f"closure {closure_id}: no GeoJSON geometry ({e})") from e
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


def arcs_hit(network: RoadNetwork, closure: Closure) -> frozenset[int]:
    """Return the arcs, in both directions, that a closure forbids while it is in force."""
    tree = _segment_tree(network)
    hit: set[int] = set()
    for part in _simple_parts(closure.geometry):
        if isinstance(part, Point):
            hit.update(_near_point(tree, part))
        else:
            hit.update(tree.query(part, predicate="intersects").tolist())
    segments = np.array(sorted(hit), dtype=np.int64)
    return frozenset(np.flatnonzero(np.isin(network.arrays.arc_segment, segments)).tolist())


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
    arcs = set() if start is None else _not_yet_open(network, start)
    for closure in closures:
        applies = not closure.dated if start is None else closure.in_force(start, end)
        if applies:
            arcs |= arcs_hit(network, closure)
    return frozenset(arcs)


def _not_yet_open(network: RoadNetwork, start: datetime) -> set[int]:
    day = int(start.timestamp() // 86_400)
    opened = network.arrays.seg_opened_day[network.arrays.arc_segment]
    return set(np.flatnonzero(opened > day).tolist())


@lru_cache(maxsize=4)
def _segment_tree(network: RoadNetwork) -> STRtree:
    count = len(network.arrays.seg_u)
    return shapely.STRtree([shapely.LineString(network.segment_line(i)) for i in range(count)])


def _simple_parts(geometry: BaseGeometry) -> list[BaseGeometry]:
    parts = list(shapely.get_parts(geometry))
    if len(parts) == 1 and parts[0].geom_type == geometry.geom_type:
        return parts
    return [simple for part in parts for simple in _simple_parts(part)]


def _near_point(tree: STRtree, point: Point) -> list[int]:
    """Return the segments within 100 m of a point, measured on a plane that touches it."""
    stretch = math.cos(math.radians(point.y))
    reach = POINT_RADIUS_M / METRES_PER_DEGREE
    box = shapely.box(
        point.x - reach / max(stretch, 1e-6),
        point.y - reach,
        point.x + reach / max(stretch, 1e-6),
        point.y + reach,
    )
    centre, scale = np.array([point.x, point.y]), np.array([stretch, 1.0]) * METRES_PER_DEGREE
    candidates = tree.query(box, predicate="intersects")
    lines = shapely.transform(tree.geometries.take(candidates), lambda xy: (xy - centre) * scale)
    near = shapely.distance(lines, Point(0, 0)) <= POINT_RADIUS_M
    return [int(segment) for segment in candidates[near]]
