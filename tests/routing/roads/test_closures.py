"""Hold closures to their promise: what is closed is closed, and only that."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

from routing.roads.closures import Closure, applying, arcs_hit
from routing.roads.errors import RoadError
from routing.roads.permission import allowed_arcs

if TYPE_CHECKING:
    from routing.roads.network import RoadNetwork

NOON = datetime(2021, 8, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _long_segment(network: RoadNetwork) -> tuple[int, float, float]:
    """Return the longest straight road with its middle."""
    arrays = network.arrays
    segment = int(np.where(arrays.seg_ferry, 0, arrays.seg_length_m).argmax())
    (x0, y0), (x1, y1) = network.segment_line(segment)
    return segment, (x0 + x1) / 2, (y0 + y1) / 2


def _closure(geometry: dict[str, Any], **times: datetime) -> Closure:
    return Closure.from_geojson("c-1", geometry, **times)  # type: ignore[arg-type]


def test_a_line_across_a_road_closes_it_both_ways(network: RoadNetwork) -> None:
    """Both arcs of the crossed segment are forbidden, and every arc that is not crossed is free."""
    segment, x, y = _long_segment(network)
    line = {"type": "LineString", "coordinates": [[x - 0.01, y], [x + 0.01, y]]}
    hit = arcs_hit(network, _closure(line))
    assert sum(network.arrays.arc_segment[arc] == segment for arc in hit) == 2
    drawn = shapely.LineString([(x - 0.01, y), (x + 0.01, y)])
    for arc in range(len(network.arrays.arc_u)):
        away_m = 111_195 * shapely.LineString(network.arc_line(arc)).distance(drawn)
        assert arc not in hit or away_m < 21
        assert arc in hit or away_m > 19


def test_a_point_closes_roads_within_100_metres(network: RoadNetwork) -> None:
    """Ninety metres beside the road closes it, two hundred do not."""
    segment, x, y = _long_segment(network)
    (x0, y0), (x1, y1) = network.segment_line(segment)
    across = shapely.Point(y1 - y0, x0 - x1)
    size = (across.x**2 + across.y**2) ** 0.5
    for metres, closed in ((90, True), (200, False)):
        step = metres / 111_195 / size
        point = {"type": "Point", "coordinates": [x + across.x * step, y + across.y * step]}
        hit = arcs_hit(network, _closure(point))
        assert (segment in {int(network.arrays.arc_segment[arc]) for arc in hit}) is closed


@pytest.mark.parametrize(("metres", "closed"), [(0, True), (15, True), (40, False)])
def test_a_line_drawn_along_a_road_need_not_hit_it(
    network: RoadNetwork, metres: float, *, closed: bool
) -> None:
    """A line beside the road, its coordinates rounded, closes it within 20 m."""
    segment, x, y = _long_segment(network)
    (x0, y0), (x1, y1) = network.segment_line(segment)
    size = math.hypot(x1 - x0, y1 - y0)
    step = metres / 111_195 / size
    across = np.array([(y1 - y0) * step, (x0 - x1) * step])
    along, middle = np.array([x1 - x0, y1 - y0]) / 9, np.array([x, y])
    line = (np.array([middle - along, middle + along]) + across).round(5).tolist()
    hit = arcs_hit(network, _closure({"type": "LineString", "coordinates": line}))
    assert (segment in {int(network.arrays.arc_segment[arc]) for arc in hit}) is closed


def test_a_zone_closes_every_road_that_touches_it(network: RoadNetwork) -> None:
    """Parts of a collection count like single geometries."""
    box = shapely.box(105.7, 9.95, 105.85, 10.1)
    polygon = {"type": "Polygon", "coordinates": [list(map(list, box.exterior.coords))]}
    hit = arcs_hit(network, _closure(polygon))
    assert hit == {
        arc
        for arc in range(len(network.arrays.arc_u))
        if shapely.LineString(network.arc_line(arc)).intersects(box)
    }
    nested = {
        "type": "GeometryCollection",
        "geometries": [{"type": "MultiPolygon", "coordinates": [polygon["coordinates"]]}],
    }
    assert arcs_hit(network, _closure(nested)) == hit


def test_a_closure_is_in_force_from_its_start_until_before_its_end() -> None:
    """The start counts, the end does not; an interval asks for any overlap."""
    point = {"type": "Point", "coordinates": [105.0, 10.0]}
    closure = _closure(point, valid_from=NOON, valid_until=NOON + HOUR)
    assert closure.in_force(NOON)
    assert not closure.in_force(NOON + HOUR)
    assert not closure.in_force(NOON - HOUR)
    assert closure.in_force(NOON - HOUR, NOON)
    assert not closure.in_force(NOON + HOUR, NOON + 2 * HOUR)
    assert _closure(point, valid_from=NOON).in_force(NOON + 1000 * HOUR)


def test_without_a_time_dated_closures_are_ignored(network: RoadNetwork) -> None:
    """Rules bound to time are off when no time is given; undated ones hold always."""
    _, x, y = _long_segment(network)
    point = {"type": "Point", "coordinates": [x, y]}
    dated, undated = _closure(point, valid_from=NOON), _closure(point)
    assert arcs_hit(network, dated) == arcs_hit(network, undated)
    assert applying([dated, undated], None) == (undated,)
    assert applying([dated, undated], NOON) == (dated, undated)
    assert applying([dated, undated], NOON - timedelta(seconds=1)) == (undated,)


def test_a_replay_of_2021_does_not_use_an_expressway_of_2022(network: RoadNetwork) -> None:
    """Roads carry their opening day."""
    assert not allowed_arcs(network, at=NOON).all()
    assert allowed_arcs(network, at=datetime(2023, 1, 1, tzinfo=UTC)).all()
    assert allowed_arcs(network).all()


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"type": "Point"},
        {"type": "Point", "coordinates": []},
        {"type": "Point", "coordinates": [10.0, 105.0]},
        {"type": "Point", "coordinates": [float("nan"), 10.0]},
        {"type": "LineString", "coordinates": [[105.0, 10.0]]},
        {"type": "Circle", "coordinates": [105.0, 10.0]},
        {"type": "Polygon", "coordinates": [[["a", "b"]]]},
    ],
)
def test_a_bad_geometry_is_refused(geometry: dict[str, Any]) -> None:
    """One clear error, whatever is wrong with it."""
    with pytest.raises(RoadError, match="closure c-1"):
        _closure(geometry)


def test_a_time_without_offset_is_refused() -> None:
    """A closure's times are instants."""
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(RoadError, match="offset"):
        _closure({"type": "Point", "coordinates": [105.0, 10.0]}, valid_from=naive)
