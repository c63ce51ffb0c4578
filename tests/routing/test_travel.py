"""Hold the planner's travel to networkx, to its own routes and to the closures in force."""

from __future__ import annotations

import itertools
import pickle
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import osmnx
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.dispatch import Point
from routing.roads.closures import BAN_MARGIN_DEG, Closure, arcs_hit, touches
from routing.roads.errors import NoRoute, RoadError, TooFarFromRoad
from routing.roads.snap import snap
from routing.roads.times import arc_times_ms
from routing.roads.vehicle import VEHICLES
from routing.route import route
from routing.travel import RoadTravel
from tests.routing.roads.places import PLACES

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Snap

NOON = datetime(2021, 8, 20, 12, tzinfo=UTC)
CLASS = st.sampled_from(sorted(VEHICLES))
ON_FIXTURES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _point(name: str) -> Point:
    return Point(*PLACES[name])


OFFSET = st.one_of(st.just(0.0), st.floats(-0.07, 0.07))
POINTS = st.builds(
    lambda name, north, east: Point(PLACES[name][0] + north, PLACES[name][1] + east),
    st.sampled_from(sorted(PLACES)),
    OFFSET,
    OFFSET,
)
"""Places, and points within 11 km of them: on junctions, inside edges, far from the road."""


@st.composite
def closures(draw: st.DrawFn, near: Point | None = None) -> Closure:
    """Draw a line, a zone, a slanted triangle or a point, anywhere or near a place."""
    if near is None:
        x, y = draw(st.floats(104.8, 106.5)), draw(st.floats(9.2, 10.6))
    else:
        x = near.lon + draw(st.floats(-0.08, 0.08))
        y = near.lat + draw(st.floats(-0.08, 0.08))
    width, height = draw(st.floats(0.0005, 0.1)), draw(st.floats(0.0005, 0.1))
    geometry = draw(
        st.sampled_from(
            [
                shapely.LineString([(x, y), (x + width, y + height)]),
                shapely.box(x, y, x + width, y + height),
                shapely.Polygon([(x, y), (x + width, y + height / 3), (x + width / 5, y + height)]),
                shapely.MultiPoint([(x, y), (x + width, y)]),
            ]
        )
    )
    return Closure(closure_id=f"{x:.4f},{y:.4f}", geometry=geometry)


@pytest.fixture(scope="module")
def graph(network_dir: Path) -> nx.MultiDiGraph[int]:
    """Return the network as osmnx reads it."""
    read: nx.MultiDiGraph[int] = osmnx.load_graphml(network_dir / "network.graphml")
    return read


def _slow_ms(network: RoadNetwork, graph: nx.MultiDiGraph[int], origin: Snap, end: Snap) -> float:
    """Find the fastest way with networkx, its two places put into the graph as nodes."""
    arrays = network.arrays
    times_ms = arc_times_ms(network)
    whole_ms = {int(arrays.arc_segment[arc]): int(times_ms[arc]) for arc in range(len(times_ms))}
    slow: nx.DiGraph[int | str] = nx.DiGraph()
    for u, v, data in graph.edges(data=True):
        slow.add_edge(u, v, ms=round(1000 * data["travel_time"]))
    ids = arrays.node_id.tolist()
    for name, place in (("origin", origin), ("end", end)):
        low_ms = round(whole_ms[place.segment] * place.share)
        high_ms = whole_ms[place.segment] - low_ms
        for node, cost_ms in ((arrays.seg_u, low_ms), (arrays.seg_v, high_ms)):
            slow.add_edge(name, ids[node[place.segment]], ms=cost_ms)
            slow.add_edge(ids[node[place.segment]], name, ms=cost_ms)
    if origin.segment == end.segment:
        whole = whole_ms[origin.segment]
        along = abs(round(whole * origin.share) - round(whole * end.share))
        slow.add_edge("origin", "end", ms=along)
    return float(nx.dijkstra_path_length(slow, "origin", "end", weight="ms"))


@settings(parent=ON_FIXTURES, max_examples=25)
@given(POINTS, POINTS)
def test_driving_times_are_those_of_networkx(
    network: RoadNetwork, graph: nx.MultiDiGraph[int], origin: Point, end: Point
) -> None:
    """From inside one edge to inside another, to the millisecond, plus the way to the road."""
    one, two = snap(network, origin.lat, origin.lon), snap(network, end.lat, end.lon)
    expected_ms = _slow_ms(network, graph, one, two)
    stub_ms = round(one.snap_m / 20 * 3600) + round(two.snap_m / 20 * 3600)
    answer_s = RoadTravel(network).duration_s("rigid_2_axle", [origin], [end])[0, 0]
    assert round(1000 * answer_s) == expected_ms + stub_ms


@ON_FIXTURES
@given(st.data())
def test_a_route_meets_no_closure_and_costs_what_the_matrix_says(
    network: RoadNetwork, data: st.DataObject
) -> None:
    """Whatever is closed, wherever the trucks stand, with every leg joined to the next."""
    via = data.draw(st.lists(POINTS, min_size=2, max_size=4))
    known = data.draw(st.lists(st.one_of(closures(), closures(via[0])), max_size=5))
    vehicle_class = data.draw(CLASS)
    travel = RoadTravel(network, closures=known, at=NOON)
    durations_s = travel.duration_s(vehicle_class, via, via)
    distances_m = travel.distance_m(vehicle_class, via, via)
    legs = list(itertools.pairwise(range(len(via))))
    if any(np.isinf(durations_s[leg]) for leg in legs):
        with pytest.raises(NoRoute, match="closed by") as refusal:
            travel.route(vehicle_class, via)
        assert set(refusal.value.closures) <= {closure.closure_id for closure in known}
        return
    found = travel.route(vehicle_class, via)
    assert found.leg_durations_s == tuple(durations_s[leg] for leg in legs)
    assert found.leg_distances_m == tuple(distances_m[leg] for leg in legs)
    assert round(1000 * found.duration_s) == sum(round(1000 * s) for s in found.leg_durations_s)
    line = shapely.geometry.shape(found.geometry)
    for closure in known:
        assert not line.intersects(closure.geometry)
        assert not touches(found.geometry, closure)
        assert not touches(found.geometry, shapely.geometry.mapping(closure.geometry))
    for point, start in zip(via, found.leg_starts, strict=False):
        assert tuple(found.geometry["coordinates"][start]) == (
            snap(network, point.lat, point.lon).position
        )


@cache
def _all_roads(network: RoadNetwork) -> BaseGeometry:
    lines = [network.segment_line(segment) for segment in range(network.info.segments)]
    return shapely.MultiLineString(lines).buffer(1e-6)


@ON_FIXTURES
@given(POINTS, POINTS)
def test_a_route_is_drawn_on_roads_only(network: RoadNetwork, origin: Point, end: Point) -> None:
    """Each step of the line lies on a segment, and the line is about as long as the way."""
    found = RoadTravel(network).route("light_truck", [origin, end])
    line = shapely.geometry.shape(found.geometry)
    assert _all_roads(network).covers(line)
    assert found.duration_s >= 0
    assert line.length * 105_000 <= found.distance_m + 1


def test_a_road_closed_ahead_leaves_the_piece_behind_open(network: RoadNetwork) -> None:
    """A truck on a closed road may turn round, but neither pass nor start within the closure."""
    arrays = network.arrays
    segment = int(np.where(arrays.seg_ferry, 0, arrays.seg_length_m).argmax())
    (x0, y0), (x1, y1) = network.segment_line(segment)

    def along(share: float) -> Point:
        return Point(y0 + share * (y1 - y0), x0 + share * (x1 - x0))

    middle = along(0.5)
    shut = Closure(closure_id="shut", geometry=shapely.Point(middle.lon, middle.lat))
    travel = RoadTravel(network, closures=[shut])
    free_s = RoadTravel(network).duration_s("rigid_2_axle", [along(0.4)], [along(0.6)])
    round_s = travel.duration_s("rigid_2_axle", [along(0.4)], [along(0.6), along(0.3), middle])
    assert free_s[0, 0] < round_s[0, 0] < np.inf
    assert round_s[0, 1] < free_s[0, 0]
    assert round_s[0, 2] == np.inf
    with pytest.raises(NoRoute, match="closed by shut") as raised:
        travel.route("rigid_2_axle", [middle, along(0.9)])
    assert raised.value.closures == ("shut",)


def test_touching_and_closing_are_one_question(network: RoadNetwork) -> None:
    """An edge is closed exactly if its line touches the closure, by the wider margin."""
    shut = Closure(closure_id="shut", geometry=shapely.box(105.7, 9.95, 105.85, 10.1))
    hit = arcs_hit(network, shut)
    for arc in range(network.info.edges):
        line = shapely.LineString(network.arc_line(arc))
        assert touches(line, shut, margin_deg=BAN_MARGIN_DEG) == (arc in hit)


def test_a_closed_point_is_touched_within_100_metres() -> None:
    """GeoJSON in: 90 m beside a road touches where 110 m does not; a line may be a dot."""
    road = {"type": "LineString", "coordinates": [[105.0, 10.0], [105.0, 10.1]]}
    for metres, expected in ((90, True), (110, False)):
        east = 105.0 + metres / 111_195 / np.cos(np.radians(10.05))
        assert touches(road, {"type": "Point", "coordinates": [east, 10.05]}) is expected
    dot = {"type": "LineString", "coordinates": [[105.0, 10.0], [105.0, 10.0]]}
    assert touches(dot, road)
    assert touches(road, dot)
    with pytest.raises(RoadError, match="no GeoJSON geometry"):
        touches({"type": "Road"}, road)


def test_an_unopened_expressway_is_not_driven(network: RoadNetwork) -> None:
    """A replay of 2021 takes the old road, and today's truck the expressway."""
    ends = [_point("Cần Thơ"), _point("Cát Lái")]
    then, now = (
        RoadTravel(network, at=at).route("rigid_2_axle", ends)
        for at in (NOON, datetime(2026, 1, 1, tzinfo=UTC))
    )
    assert now.duration_s < then.duration_s
    assert RoadTravel(network).route("rigid_2_axle", ends).duration_s == now.duration_s
    with pytest.raises(RoadError, match="offset"):
        RoadTravel(network, at=NOON.replace(tzinfo=None))


def test_a_point_out_of_reach_is_infinitely_far(network: RoadNetwork) -> None:
    """The matrix answers, the route refuses."""
    hanoi = Point(21.03, 105.85)
    travel = RoadTravel(network)
    durations_s = travel.duration_s("semi_trailer", [hanoi, _point("Cà Mau")], [_point("Cà Mau")])
    assert durations_s.tolist() == [[np.inf], [pytest.approx(durations_s[1, 0])]]
    assert travel.distance_m("semi_trailer", [hanoi], [hanoi]).tolist() == [[np.inf]]
    with pytest.raises(TooFarFromRoad, match="km from the nearest road"):
        travel.route("semi_trailer", [hanoi, _point("Cà Mau")])
    with pytest.raises(ValueError, match="two points"):
        travel.route("semi_trailer", [hanoi])


def test_empty_questions_have_empty_answers(network: RoadNetwork) -> None:
    """No origins or no destinations is no error."""
    travel = RoadTravel(network)
    assert travel.duration_s("rigid_2_axle", [], [_point("Cà Mau")]).shape == (0, 1)
    assert travel.distance_m("rigid_2_axle", [_point("Cà Mau")], []).shape == (1, 0)


def test_the_command_route_and_the_planner_take_the_same_way(network: RoadNetwork) -> None:
    """They differ by the ways between the points and the road only."""
    ends = [_point("Gò Quao"), _point("Hoàng Diệu")]
    planned = RoadTravel(network).route("rigid_2_axle", ends)
    single = route(network, PLACES["Gò Quao"], PLACES["Hoàng Diệu"])
    stubs_m = single.origin_snap.snap_m + single.destination_snap.snap_m
    assert [tuple(p) for p in planned.geometry["coordinates"]] == list(single.geometry)
    assert planned.distance_m == pytest.approx(single.distance_m + stubs_m)
    assert planned.duration_s == pytest.approx(single.duration_s + stubs_m * 3.6 / 20, abs=0.01)


def test_travel_goes_to_another_process_and_back(network: RoadNetwork) -> None:
    """A pickled travel answers the same."""
    shut = Closure(closure_id="shut", geometry=shapely.box(105.7, 9.95, 105.85, 10.1))
    travel = RoadTravel(network, closures=[shut], at=NOON)
    copy: RoadTravel = pickle.loads(pickle.dumps(travel))  # noqa: S301 - our own bytes
    points = [_point(name) for name in PLACES]
    assert np.array_equal(
        copy.duration_s("light_truck", points, points),
        travel.duration_s("light_truck", points, points),
    )
