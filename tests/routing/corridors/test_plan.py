"""Hold planned corridors to their zones, limits and checkpoints, each asked by other means."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.corridors import Course, rules_of
from routing.corridors.flows import (
    CorridorLimits,
    CorridorPlan,
    CorridorProblem,
    CorridorStop,
    Flow,
    Gate,
)
from routing.corridors.plan import plan_corridors
from routing.corridors.terrain import Terrain
from routing.roads.closures import Closure
from routing.roads.snap import snap
from routing.roads.sphere import METRES_PER_DEGREE, steps_m
from schemas.corridor import CorridorHours
from tests.routing.roads.osm_files import OPEN, read, restriction, write_osm
from tests.routing.roads.osm_files import PLACES as OSM_PLACES
from tests.routing.roads.places import PLACES

if TYPE_CHECKING:
    from pathlib import Path

    from routing.corridors.flows import ProposedCorridor, Served
    from routing.roads.network import RoadNetwork
    from tests.routing.roads.osm_files import Relation, Tags

DAY = datetime(2021, 8, 23, 17, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROUNDS = 8
ON_FIXTURES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
STOPS = {
    name: CorridorStop(place_id=f"f{at}", lat=lat, lon=lon)
    for at, (name, (lat, lon)) in enumerate(sorted(PLACES.items()))
    if name not in {"An Thới", "Bãi Vòng"}  # on Phú Quốc
}
IDS = sorted(stop.place_id for stop in STOPS.values())
BY_ID = {stop.place_id: stop for stop in STOPS.values()}
GATES = tuple(
    Gate(place_id=f"c{at}", lat=lat, lon=lon, vehicles_per_h=most)
    for at, (lat, lon, most) in enumerate(
        [(9.902, 105.161, 40), (9.889, 105.135, 10), (10.308, 105.539, 8), (9.188, 105.168, 9),
         (10.393, 106.337, 30), (10.051, 105.832, 12), (9.6, 105.972, 6)]
    )
)  # fmt: skip


def _id(name: str) -> str:
    return STOPS[name].place_id


@st.composite
def flows(draw: st.DrawFn) -> tuple[Flow, ...]:
    """Draw one to five flows among the places of the demo."""
    made = []
    for at in range(draw(st.integers(1, 5))):
        ends = draw(st.lists(st.sampled_from(IDS), min_size=2, max_size=3, unique=True))
        kinds = [None, "shuttle"] if len(ends) == 2 else [None, "shuttle", "fork"]
        made.append(
            Flow(
                flow_id=f"flow{at}",
                source=ends[0],
                destinations=tuple(ends[1:]),
                trucks_per_day=draw(st.integers(0, 200)),
                vehicle_class=draw(st.sampled_from(["rigid_2_axle", "semi_trailer"])),
                kind=draw(st.sampled_from(kinds)),
            )
        )
    return tuple(made)


@st.composite
def zones(draw: st.DrawFn) -> Closure:
    """Draw a restricted zone, in force at some time, anywhere in the delta."""
    x, y = draw(st.floats(104.6, 106.6)), draw(st.floats(8.9, 10.7))
    width, height = draw(st.floats(0.01, 0.3)), draw(st.floats(0.01, 0.3))
    shape = draw(
        st.sampled_from(
            [
                shapely.box(x, y, x + width, y + height),
                shapely.Polygon([(x, y), (x + width, y + height / 3), (x + width / 5, y + height)]),
            ]
        )
    )
    starts = draw(st.sampled_from([-10, -1, 3, 9]))
    return Closure(
        closure_id=f"z{x:.3f},{y:.3f}",
        geometry=shape,
        kind="zone",
        valid_from=DAY + timedelta(days=starts),
        valid_until=DAY + timedelta(days=starts + draw(st.sampled_from([2, 20]))),
    )


def _problem(asked: tuple[Flow, ...], *closures: Closure, **fields: Any) -> CorridorProblem:
    return CorridorProblem(
        flows=asked,
        facilities=tuple(BY_ID.values()),
        checkpoints=fields.pop("checkpoints", GATES),
        closures=closures,
        valid_from=DAY,
        valid_until=DAY + timedelta(days=7),
        limits=CorridorLimits(**fields),
    )


def _lines(corridor: ProposedCorridor) -> list[shapely.LineString]:
    geometry = shapely.geometry.shape(corridor.opened.geometry.model_dump())
    return list(shapely.get_parts(geometry))


def _ways(plan: CorridorPlan) -> list[Served]:
    return [way for corridor in plan.corridors for way in corridor.served]


def _line_m(line: shapely.LineString) -> float:
    xy = shapely.get_coordinates(line)
    return float(steps_m(xy[:, 1], xy[:, 0]).sum())


@cache
def _roads(network: RoadNetwork) -> np.ndarray:
    """Return the lines of the network's segments."""
    count = len(network.arrays.seg_u)
    return np.array([shapely.LineString(network.segment_line(at)) for at in range(count)], object)


def _shortest_m(
    network: RoadNetwork, problem: CorridorProblem, source: str, end: str
) -> float | None:
    """Find the shortest way outside zones with networkx, on roads cut for this question alone.

    The roads of the bundled network are two-way and open to all classes of vehicle.
    """
    start, last = problem.valid_from, problem.valid_until
    assert last is not None
    areas = [
        closure.geometry
        for closure in problem.closures
        if closure.valid_from <= last and start < closure.valid_until
    ]
    ends = {
        name: snap(network, BY_ID[place_id].lat, BY_ID[place_id].lon)
        for name, place_id in (("start", source), ("end", end))
    }
    cuts = defaultdict(list)
    graph = nx.MultiGraph()
    for name, place in ends.items():
        graph.add_node(name)
        if place.node is None:
            cuts[place.segment].append((place.share, name))
        else:
            graph.add_edge(name, place.node, m=0.0)
    lines, arrays = _roads(network), network.arrays
    closed = arrays.seg_border | (arrays.seg_opened_day > (DAY - EPOCH).days)
    closed |= _off_m(areas, lines) <= problem.limits.width_m / 2
    for at in np.flatnonzero(~closed | np.isin(np.arange(len(lines)), list(cuts))).tolist():
        marks = [(0.0, int(arrays.seg_u[at])), *sorted(cuts[at]), (1.0, int(arrays.seg_v[at]))]
        for (low, one), (high, two) in pairwise(marks):
            part = lines[at]
            if len(marks) > 2:
                part = shapely.ops.substring(part, low, high, normalized=True)
            elif not closed[at]:
                graph.add_edge(one, two, m=float(arrays.seg_length_m[at]))
                continue
            if _off_m(areas, np.array([part], object))[0] > problem.limits.width_m / 2:
                graph.add_edge(one, two, m=float(arrays.seg_length_m[at]) * (high - low))
    if not nx.has_path(graph, "start", "end"):
        return None
    return float(nx.dijkstra_path_length(graph, "start", "end", weight="m"))


def _off_m(areas: list[shapely.Geometry], lines: np.ndarray) -> np.ndarray:
    """Return metres from lines to the nearest area; a degree is taken at its shortest."""
    found = np.full(len(lines), np.inf)
    for area in areas:
        _, south, _, north = area.bounds
        shortest = np.cos(np.radians(max(abs(south), abs(north)) + 1))
        found = np.minimum(found, shapely.distance(area, lines) * METRES_PER_DEGREE * shortest)
    return found - 0.25


@ON_FIXTURES
@given(asked=flows(), closures=st.lists(zones(), min_size=1, max_size=4))
def test_no_corridor_enters_a_zone_in_force(
    network: RoadNetwork, asked: tuple[Flow, ...], closures: list[Closure]
) -> None:
    """No line touches a zone that is in force at any time of the period, nor comes near it."""
    plan = plan_corridors(_problem(asked, *closures), network, rounds=ROUNDS)
    for corridor in plan.corridors:
        for zone in closures:
            if zone.valid_from < corridor.opened.valid_until and zone.valid_until > DAY:
                for line in _lines(corridor):
                    assert not line.intersects(zone.geometry)
                    assert line.distance(zone.geometry) * METRES_PER_DEGREE >= 100


@ON_FIXTURES
@given(asked=flows(), closures=st.lists(zones(), max_size=3))
def test_every_flow_is_served_within_the_limit_or_told_why(
    network: RoadNetwork, asked: tuple[Flow, ...], closures: list[Closure]
) -> None:
    """Ways and reasons together are what was asked; lengths agree with networkx."""
    problem = _problem(asked, *closures)
    plan = plan_corridors(problem, network, rounds=ROUNDS)
    told = [(each.flow_id, each.destination) for each in (*_ways(plan), *plan.not_served)]
    assert sorted(told) == sorted(
        (flow.flow_id, end) for flow in asked for end in flow.destinations
    )
    source = {flow.flow_id: flow.source for flow in asked}
    for way in _ways(plan):
        shortest_m = _shortest_m(network, problem, source[way.flow_id], way.destination)
        assert way.shortest_m == pytest.approx(shortest_m, abs=0.5)
        assert way.length_m <= 1.3 * shortest_m + 0.5
    for refused in plan.not_served:
        shortest_m = _shortest_m(network, problem, source[refused.flow_id], refused.destination)
        if refused.why == "no_way_outside_zones":
            assert shortest_m is None
            assert refused.numbers["zones"]
        else:
            assert refused.why in {"checkpoint_capacity", "no_shared_trunk"}
            assert shortest_m is not None


@ON_FIXTURES
@given(asked=flows(), closures=st.lists(zones(), max_size=2))
def test_corridors_lead_from_end_to_end_past_their_checkpoints_in_order(
    network: RoadNetwork, asked: tuple[Flow, ...], closures: list[Closure]
) -> None:
    """Lines join their facilities' roads; checkpoints are those that trucks are watched by."""
    plan = plan_corridors(_problem(asked, *closures), network, rounds=ROUNDS)
    places = {each.place_id: (each.lat, each.lon) for each in (*BY_ID.values(), *GATES)}
    for corridor in plan.corridors:
        opened = corridor.opened
        for line, end in zip(_lines(corridor), opened.facilities[1:], strict=True):
            for point, place_id in ((0, opened.facilities[0]), (-1, end)):
                place = snap(network, *places[place_id])
                assert line.coords[point] == pytest.approx(place.position, abs=1e-7)
        rules = rules_of(opened, places)
        assert [name for name, _ in rules.checkpoints] == opened.checkpoints
        for at, way in enumerate(corridor.served[: len(opened.facilities) - 1]):
            seen = [(along[at], name) for name, along in rules.checkpoints if along[at] is not None]
            assert [name for _, name in sorted(seen)] == [name for name, _ in way.checkpoints]
        course = Course(opened.geometry.model_dump(), opened.width_m)
        known = course.match(np.array([(gate.lon, gate.lat) for gate in GATES]))
        near = {g.place_id for g, m in zip(GATES, known.excess_m, strict=True) if m <= 149}
        assert near <= set(opened.checkpoints)


@ON_FIXTURES
@given(asked=flows())
def test_forks_share_their_trunk_and_nothing_else(
    network: RoadNetwork, asked: tuple[Flow, ...]
) -> None:
    """Both lines of a fork begin alike for as long as its trunk is, and never meet again."""
    plan = plan_corridors(_problem(asked, checkpoints=()), network, rounds=ROUNDS)
    for corridor in plan.corridors:
        if corridor.opened.kind == "shuttle":
            assert len(corridor.opened.facilities) == 2
            assert len(_lines(corridor)) == 1
            continue
        one, two = corridor.served
        shared = [a for a, b in zip(one.pieces, two.pieces, strict=False) if a == b]
        assert one.pieces[: len(shared)] == two.pieces[: len(shared)]
        assert not set(one.pieces[len(shared) :]) & set(two.pieces[len(shared) :])
        assert corridor.trunk_m == pytest.approx(sum(m for _, m in shared))
        assert corridor.trunk_m > 0
        first, second = (list(line.coords) for line in _lines(corridor))
        alike = next(
            (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None
        )
        if alike is not None:
            assert _line_m(shapely.LineString(first[:alike])) <= corridor.trunk_m * 1.01 + 1


@ON_FIXTURES
@given(asked=flows())
def test_checkpoints_are_never_over_their_capacity(
    network: RoadNetwork, asked: tuple[Flow, ...]
) -> None:
    """Loads counted by the corridors' own checkpoints keep to what each clears an hour."""
    hours = CorridorHours(start="22:00", end="06:00")
    plan = plan_corridors(_problem(asked, hours=hours), network, rounds=ROUNDS)
    by_id = {flow.flow_id: flow for flow in asked}
    loads: dict[str, float] = defaultdict(float)
    for way in _ways(plan):
        flow = by_id[way.flow_id]
        for gate, _ in way.checkpoints:
            loads[gate] += flow.trucks / 8 / len(flow.destinations)
    for gate in GATES:
        assert loads[gate.place_id] == pytest.approx(plan.loads_per_h[gate.place_id])
        assert loads[gate.place_id] <= gate.vehicles_per_h + 1e-6


@ON_FIXTURES
@given(asked=flows())
def test_roads_are_counted_once_whoever_drives_them(
    network: RoadNetwork, asked: tuple[Flow, ...]
) -> None:
    """The plan's kilometres are those of its distinct pieces; the same seed says the same."""
    problem = _problem(asked)
    plan = plan_corridors(problem, network, seed=3, rounds=ROUNDS)
    roads = {piece: m for way in _ways(plan) for piece, m in way.pieces}
    assert plan.road_m == pytest.approx(sum(roads.values()))
    assert plan_corridors(problem, network, seed=3, rounds=ROUNDS) == plan


def test_a_way_back_over_the_same_road_shares_its_corridor(network: RoadNetwork) -> None:
    """Two flows between the same facilities, one each way, get one shuttle and no new road."""
    there = Flow(flow_id="there", source=_id("Cà Mau"), destinations=(_id("Rạch Giá"),),
                 trucks_per_day=1)  # fmt: skip
    back = Flow(flow_id="back", source=_id("Rạch Giá"), destinations=(_id("Cà Mau"),),
                trucks_per_day=1)  # fmt: skip
    plan = plan_corridors(_problem((there, back)), network)
    (corridor,) = plan.corridors
    one, two = corridor.served
    assert one.pieces == two.pieces[::-1]
    assert [name for name, _ in one.checkpoints] == [name for name, _ in two.checkpoints][::-1]
    assert plan.road_m == pytest.approx(one.length_m)


def test_a_zone_over_does_not_count_and_one_to_come_does(network: RoadNetwork) -> None:
    """Zones count that are in force at any time of the period."""
    flow = Flow(flow_id="f", source=_id("Tắc Cậu"), destinations=(_id("Cần Thơ"),),
                trucks_per_day=1)  # fmt: skip
    box = shapely.box(105.25, 9.7, 105.7, 10.2)

    def length_m(start: int, end: int) -> float:
        zone = Closure(closure_id="z", geometry=box, valid_from=DAY + timedelta(days=start),
                       valid_until=DAY + timedelta(days=end))  # fmt: skip
        (way,) = _ways(plan_corridors(_problem((flow,), zone), network))
        return way.length_m

    assert length_m(-5, 0) == length_m(8, 9) < length_m(6, 9) == length_m(-5, 1)


def test_reasons_say_what_stands_in_the_way(network: RoadNetwork) -> None:
    """Each reason comes with its numbers."""

    def why(flow: Flow, *closures: Closure, **fields: Any) -> tuple[str, dict[str, Any]]:
        (refused,) = plan_corridors(_problem((flow,), *closures, **fields), network).not_served
        return refused.why, dict(refused.numbers)

    def flow(source: str, end: str, trucks: float = 24) -> Flow:
        return Flow(flow_id="f", source=source, destinations=(end,), trucks_per_day=trucks)

    assert why(flow("nobody", _id("Cần Thơ"))) == ("unknown_facility", {"place_id": "nobody"})
    ring = Closure(closure_id="ring", geometry=shapely.box(104.8, 8.6, 105.2, 8.9))
    reason, numbers = why(flow(_id("Năm Căn"), _id("Cà Mau")), ring)
    assert (reason, numbers["zones"]) == ("no_way_outside_zones", "ring")
    far = Closure(closure_id="z", geometry=shapely.box(105.25, 9.7, 105.7, 10.2))
    reason, numbers = why(flow(_id("Tắc Cậu"), _id("Cần Thơ")), far, around=1.05)
    assert reason == "detour"
    assert numbers["shortest_m"] > numbers["limit_m"]
    lon, lat = snap(network, *PLACES["Cà Mau"]).position
    gate = Gate(place_id="c", lat=lat, lon=lon, vehicles_per_h=2)
    reason, numbers = why(flow(_id("Cà Mau"), _id("Cần Thơ"), 72), checkpoints=(gate,))
    assert reason == "checkpoint_capacity"
    assert numbers == {
        "checkpoint_id": "c", "capacity_per_h": 2.0, "load_per_h": 0.0, "wanted_per_h": 3.0,
    }  # fmt: skip


def test_values_refuse_what_cannot_be_meant() -> None:
    """A flow has other ends than its source, one amount, and two ends if it is a fork."""
    for wrong in (
        {"destinations": ("a",)},
        {"destinations": ("b", "c", "d")},
        {"kind": "fork"},
        {"tonnes_per_day": 3},
        {"trucks_per_day": -1},
    ):
        fields = {"destinations": ("b",), "trucks_per_day": 1} | wrong
        with pytest.raises(ValueError, match="Expected"):
            Flow(flow_id="f", source="a", **fields)
    laden = Flow(flow_id="f", source="a", destinations=("b",), tonnes_per_day=17)
    assert laden.trucks == 3


@pytest.mark.parametrize(
    ("tags", "relations", "there"),
    [
        ({}, [], [10, 20, 50]),
        ({20: OPEN | {"oneway": "-1"}}, [], [10, 30, 40, 50]),
        ({}, [restriction({"restriction": "no_straight_on"}, 10, 2, 20)], [10, 30, 40, 50]),
        ({}, [restriction({"restriction": "no_left_turn"}, 30, 4, 40)], [10, 20, 50]),
        ({20: OPEN | {"maxweight": "12"}}, [], [10, 30, 40, 50]),
    ],
)
def test_ways_keep_to_one_ways_turns_and_limits(
    tmp_path: Path, tags: dict[int, Tags], relations: list[Relation], there: list[int]
) -> None:
    """From one end to the other of a road with a way round, and back, each as permitted."""
    roads = read(write_osm(tmp_path / "roads.osm", tags=tags, relations=relations)).network
    stops = tuple(
        CorridorStop(place_id=f"n{node}", lat=lat, lon=lon)
        for node, (lat, lon) in OSM_PLACES.items()
        if node in {1, 5}
    )
    flows = tuple(
        Flow(flow_id=one, source=one, destinations=(two,), trucks_per_day=1)
        for one, two in (("n1", "n5"), ("n5", "n1"))
    )
    driven = {}
    for flow in flows:
        problem = CorridorProblem(flows=(flow,), facilities=stops, valid_from=DAY)
        (way,) = _ways(plan_corridors(problem, roads))
        segments = Terrain(problem, roads).ground.segment[[piece for piece, _ in way.pieces]]
        driven[way.flow_id] = roads.arrays.seg_osmid[segments].tolist()
    limited = "maxweight" in tags.get(20, {})
    assert driven == {"n1": there, "n5": there[::-1] if limited else [50, 20, 10]}
