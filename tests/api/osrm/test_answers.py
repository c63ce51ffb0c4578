"""Hold answers in OSRM's form to the library's own, to each other and to OSRM's description."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import polyline
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from api.osrm.refusal import Refused
from routing.roads.closures import Closure
from routing.roads.snap import MAX_SNAP_M, snap
from routing.roads.ways import Ways
from tests.api.osrm.conftest import Ask, asker, at, drawn
from tests.routing.roads.places import PLACES

NEAR = st.floats(-0.03, 0.03)
POINTS = st.builds(
    lambda place, east, north: (place[1] + east, place[0] + north),
    st.sampled_from(list(PLACES.values())),
    NEAR,
    NEAR,
)
VEHICLES = st.sampled_from(["driving", "semi_trailer"])
few = settings(max_examples=25, deadline=None)


def text(*points: tuple[float, float]) -> str:
    """Write coordinates as clients do."""
    return ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in points)


@few
@given(st.lists(POINTS, min_size=2, max_size=5), VEHICLES)
def test_every_entry_of_a_table_is_what_a_single_route_says(
    ask: Ask, points: list[tuple[float, float]], profile: str
) -> None:
    """Durations and distances, from each to each."""
    table = ask("table", text(*points), profile, annotations="duration,distance")
    for row, origin in enumerate(points):
        for column, end in enumerate(points):
            route = ask("route", text(origin, end), profile, overview="false")["routes"][0]
            assert table["durations"][row][column] == route["duration"]
            assert table["distances"][row][column] == route["distance"]


@few
@given(st.lists(POINTS, min_size=2, max_size=4), VEHICLES)
def test_the_parts_of_a_route_sum_to_the_whole(
    ask: Ask, points: list[tuple[float, float]], profile: str
) -> None:
    """Annotations and steps to their leg, legs to the route, each part with its own points."""
    how = {"steps": "true", "annotations": "true", "overview": "full", "geometries": "geojson"}
    route = ask("route", text(*points), profile, **how)["routes"][0]
    for measure in ("duration", "distance", "weight"):
        assert_sum([leg[measure] for leg in route["legs"]], route[measure])
        for leg in route["legs"]:
            assert_sum(leg["annotation"][measure], leg[measure])
            assert_sum([step[measure] for step in leg["steps"]], leg[measure])
    drawn_parts = 0
    for leg in route["legs"]:
        note, steps = leg["annotation"], leg["steps"]
        counts = {len(note[name]) for name in ("duration", "distance", "speed", "datasources")}
        lines = [step["geometry"]["coordinates"] for step in steps]
        assert counts == {len(note["nodes"]) - 1}
        assert all(one[-1] == two[0] for one, two in pairwise(lines))
        assert all(
            s["maneuver"]["location"] == line[0] for s, line in zip(steps, lines, strict=True)
        )
        drawn_parts += len(note["duration"])
    whole = route["geometry"]["coordinates"]
    assert drawn_parts >= len(whole) - 1
    assert [step["maneuver"]["type"] for step in route["legs"][0]["steps"]][::-1][0] == "arrive"


def assert_sum(parts: list[float], whole: float) -> None:
    """Compare sums to the millisecond or decimetre."""
    assert math.fsum(parts) == pytest.approx(whole, abs=1e-6)


@few
@given(POINTS, POINTS)
def test_every_geometry_draws_the_same_line(
    ask: Ask, ways: Ways, origin: tuple[float, float], end: tuple[float, float]
) -> None:
    """Polylines decode to the GeoJSON line, which is the library's own."""
    lines = {
        how: ask("route", text(origin, end), geometries=how, overview="full")["routes"][0][
            "geometry"
        ]
        for how in ("geojson", "polyline", "polyline6")
    }
    whole = lines["geojson"]["coordinates"]
    places = [snap(ways.network, round(lat, 6), round(lon, 6)) for lon, lat in (origin, end)]
    assert whole == [list(point) for point in ways.leg("rigid_2_axle", *places).line]
    for how, digits in (("polyline", 5), ("polyline6", 6)):
        decoded = polyline.decode(lines[how], digits, geojson=True)
        assert len(decoded) == len(whole)
        for one, two in zip(decoded, whole, strict=True):
            assert one == pytest.approx(two, abs=0.51 * 10.0**-digits)


def test_a_simplified_line_keeps_its_ends_and_is_shorter(ask: Ask) -> None:
    """No line at all where none is wanted."""
    ends = text((105.081, 10.012), (106.773, 10.763))
    how = {"geometries": "geojson"}
    lines = {
        overview: ask("route", ends, overview=overview, **how)["routes"][0].get("geometry")
        for overview in ("full", "simplified", "false")
    }
    full, simple = (lines[name]["coordinates"] for name in ("full", "simplified"))
    assert (full[0], full[-1]) == (simple[0], simple[-1])
    assert 2 <= len(simple) < len(full)
    assert shapely.LineString(simple).hausdorff_distance(shapely.LineString(full)) < 0.002
    assert lines["false"] is None


def test_a_waypoint_tells_where_a_coordinate_joins_the_road(ask: Ask, ways: Ways) -> None:
    """Place, distance, name and a hint that finds the same road again."""
    coordinate = (105.1, 10.0)
    place = snap(ways.network, coordinate[1], coordinate[0])
    told = ask("nearest", text(coordinate))["waypoints"][0]
    assert told["location"] == list(place.position)
    assert told["distance"] == pytest.approx(place.snap_m, abs=0.001)
    assert told["name"] == ways.network.segment_name(place.segment)
    assert len(told["nodes"]) == 2
    assert "hint" not in ask("nearest", text(coordinate), generate_hints="false")["waypoints"][0]


def test_nearest_tells_as_many_roads_as_are_wanted_nearest_first(ask: Ask) -> None:
    """Each from another segment, none further than any point may lie from a road."""
    found = ask("nearest", "105.3,9.9", number="100")["waypoints"]
    distances = [each["distance"] for each in found]
    assert len(found) == len({each["hint"] for each in found}) > 2
    assert distances == sorted(distances)
    assert distances[-1] <= MAX_SNAP_M
    assert ask("nearest", "105.3,9.9", number="2")["waypoints"] == found[:2]


def test_a_hint_of_another_road_is_kept_to(ask: Ask) -> None:
    """One of another network, or of a road far away, is passed over as OSRM does."""
    nearest, other = ask("nearest", "105.3,9.9", number="2")["waypoints"]
    ends = "105.3,9.9;105.788,10.037"
    kept = ask("route", ends, hints=f"{other['hint']};")["waypoints"][0]
    assert (kept["location"], kept["hint"]) == (other["location"], other["hint"])
    far = ask("nearest", "105.788,10.037")["waypoints"][0]["hint"]
    for useless in (far, "AAAAAAAAAAAAAAAA", "AAA", "a"):
        told = ask("route", ends, hints=f"{useless};")["waypoints"][0]
        assert told["location"] == nearest["location"]


def test_a_bearing_chooses_a_road_that_leads_there() -> None:
    """Of two near roads the one that runs east; a one-way road only in its direction."""
    network = drawn([(0, 0), (0, 2), (1, 0), (1, 2)], [(0, 1, 1), (1, 3, 2), (3, 2, 1), (2, 0, 2)],
                    one_way=[0, 1, 2, 3])  # fmt: skip
    ask = asker(Ways(network))
    beside = at(0.1, 0.3)

    def name(bearing: str) -> str:
        told: str = ask("nearest", beside, bearings=bearing)["waypoints"][0]["name"]
        return told

    assert name("0,20") == "Quốc lộ 80"
    assert name("270,20") == "Quốc lộ 61"
    assert ask("nearest", beside, bearings="180,20")["waypoints"][0]["distance"] > 800
    with pytest.raises(Refused, match="coordinate 0: no road near it leads") as refused:
        ask("nearest", beside, bearings="45,20")
    assert refused.value.code == "NoSegment"


def test_a_point_too_far_from_any_road_is_named(ask: Ask) -> None:
    """By its index, with the distance, whether by our own limit or the client's."""
    for coordinates, radiuses in (
        ("105.081,10.012;105.85,21.03", ";"),
        ("105.8,10;105.9,9.5", ";1"),
    ):
        with pytest.raises(
            Refused, match=r"matching segment for coordinate 1: .* lies .* km"
        ) as no:
            ask("route", coordinates, radiuses=radiuses)
        assert no.value.code == "NoSegment"


def test_swapped_coordinates_are_told(ask: Ask) -> None:
    """Longitude comes first here."""
    with pytest.raises(Refused, match="longitude comes first") as refused:
        ask("route", "10.012,105.081;10.037,105.788")
    assert refused.value.code == "InvalidValue"


def test_points_on_the_way_join_legs(ask: Ask) -> None:
    """A coordinate that is no waypoint is passed, and neither ends a leg nor is told."""
    ends = text((105.081, 10.012), (105.274, 9.733), (105.788, 10.037))
    through = ask("route", ends, waypoints="0;2", steps="true", annotations="true")
    stopping = ask("route", ends)
    (leg,) = through["routes"][0]["legs"]
    assert len(stopping["routes"][0]["legs"]) == 2
    assert through["routes"][0]["duration"] == stopping["routes"][0]["duration"] == leg["duration"]
    assert len(through["waypoints"]) == 2
    assert_sum(leg["annotation"]["duration"], leg["duration"])


def test_alternatives_follow_the_fastest_way(ask: Ask) -> None:
    """None is faster, all differ; between more than two points there are none."""
    ends = text((105.081, 10.012), (105.788, 10.037))
    routes = ask("route", ends, alternatives="3", overview="full")["routes"]
    durations = [route["duration"] for route in routes]
    assert 2 <= len(routes) <= 4
    assert durations == sorted(durations)
    assert len({route["geometry"] for route in routes}) == len(routes)
    assert len(ask("route", ends)["routes"]) == 1
    assert len(ask("route", f"{ends};105.4,10.4", alternatives="3")["routes"]) == 1


def test_waypoints_are_left_out_where_they_are_not_wanted(ask: Ask) -> None:
    """From routes and tables."""
    ends = text((105.081, 10.012), (105.788, 10.037))
    assert ask("route", ends, skip_waypoints="true").keys() == {"code", "data_version", "routes"}
    table = ask("table", ends, skip_waypoints="true")
    assert table.keys() == {"code", "data_version", "durations"}


def test_a_table_has_the_rows_and_columns_that_are_asked_for(ask: Ask) -> None:
    """In that order, with their waypoints."""
    points = text((105.081, 10.012), (105.788, 10.037), (105.274, 9.733))
    whole = ask("table", points)
    part = ask("table", points, sources="2;0", destinations="1")
    assert part["durations"] == [[whole["durations"][at][1]] for at in (2, 0)]
    assert part["sources"] == [whole["sources"][at] for at in (2, 0)]
    assert part["destinations"] == [whole["destinations"][1]]
    assert "distances" not in whole
    assert "durations" not in ask("table", points, annotations="distance")


def islands() -> dict[str, Any]:
    """Return two roads in one network that a closure has cut from each other."""
    network = drawn([(0, 0), (1, 0), (2, 0), (3, 0)], [(0, 1, 0), (1, 2, 0), (2, 3, 0)])
    cut = Closure.of_segments("cut", network, [1])
    ends = f"{at(0.5, 0)};{at(2.5, 0)}"
    return {"ask": asker(Ways(network, (cut,))), "ends": ends}


def test_no_way_is_null_in_a_table_and_an_error_of_a_route() -> None:
    """The error names the closure."""
    world = islands()
    table = world["ask"]("table", world["ends"], annotations="duration,distance")
    assert table["durations"] == [[0, None], [None, 0]]
    assert table["distances"] == [[0, None], [None, 0]]
    with pytest.raises(Refused, match=r"Impossible to route between points.*cut") as refused:
        world["ask"]("route", world["ends"])
    assert refused.value.code == "NoRoute"


@pytest.mark.parametrize("where", ["input", "snapped"])
def test_a_fallback_speed_fills_what_has_no_way(where: str) -> None:
    """As the crow flies, 2 km at 10 m/s, times the factor; the guessed cells are named."""
    world = islands()
    how = {"annotations": "duration,distance", "fallback_speed": "10", "scale_factor": "2"}
    table = world["ask"]("table", world["ends"], fallback_coordinate=where, **how)
    assert table["fallback_speed_cells"] == [[0, 1], [1, 0]]
    assert table["durations"][0][1] == pytest.approx(400, rel=0.01)
    assert table["distances"][0][1] == pytest.approx(2000, rel=0.01)
    assert table["durations"][0][0] == 0


def test_a_scale_factor_multiplies_durations_alone(ask: Ask) -> None:
    """Distances stay."""
    ends, both = text((105.081, 10.012), (105.788, 10.037)), {"annotations": "duration,distance"}
    plain, scaled = ask("table", ends, **both), ask("table", ends, scale_factor="1.5", **both)
    assert scaled["durations"][0][1] == pytest.approx(1.5 * plain["durations"][0][1], abs=0.001)
    assert scaled["distances"] == plain["distances"]
