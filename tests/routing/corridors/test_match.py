"""Test where positions are beside a corridor, against shapely on a plane around each position."""

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.corridors.match import AREA_M, CorridorPlace, Course
from routing.roads.sphere import METRES_PER_DEGREE, distance_m, steps_m

Pair = tuple[float, float]

degrees = st.tuples(st.floats(104.0, 106.5), st.floats(8.5, 11.0))
steps = st.lists(
    st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)), min_size=1, max_size=120
)


def _line(start: Pair, moves: list[Pair]) -> list[list[float]]:
    points = np.array([start, *moves]).cumsum(axis=0)
    return [list(map(float, point)) for point in points]


def _plain(line: list[list[float]], lon: float, lat: float) -> tuple[float, list[float]]:
    """Return distance and way along, by shapely and a loop."""
    east = METRES_PER_DEGREE * math.cos(math.radians(lat))
    flat = [((x - lon) * east, (y - lat) * METRES_PER_DEGREE) for x, y in line]
    here = shapely.Point(0, 0)
    lengths = steps_m(np.array(line)[:, 1], np.array(line)[:, 0])
    alongs, before = [], 0.0
    for one, two, length in zip(flat, flat[1:], lengths, strict=False):
        piece = shapely.LineString([one, two])
        share = piece.project(here) / piece.length if piece.length else 0.0
        alongs.append((piece.distance(here), before + share * length))
        before += length
    return min(alongs)[0], [along for distance, along in alongs if distance < min(alongs)[0] + 1e-6]


@settings(max_examples=60, deadline=None)
@given(degrees, steps, st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)), min_size=1))
def test_the_nearest_point_is_shapelys_nearest_point(
    start: Pair, moves: list[Pair], offsets: list[Pair]
) -> None:
    """The index leaves out no segment, however far a position is."""
    line = _line(start, moves)
    course = Course({"type": "LineString", "coordinates": line}, 200.0)
    positions = np.array(start) + np.array(offsets)
    matched = course.match(positions)
    for n, (lon, lat) in enumerate(positions):
        distance, alongs = _plain(line, lon, lat)
        assert matched.distance_m[n, 0] == pytest.approx(distance, abs=1e-3)
        assert min(abs(matched.along_m[n, 0] - along) for along in alongs) < 0.05
        assert matched.excess_m[n] == pytest.approx(distance - 100.0, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(degrees, st.floats(0, 359), st.floats(0, 2_000))
def test_distances_are_those_on_the_sphere(start: Pair, bearing: float, off_m: float) -> None:
    """Near the corridor the plane around a position says what the great circle says."""
    lon, lat = start
    north = off_m * math.cos(math.radians(bearing)) / METRES_PER_DEGREE
    east = off_m * math.sin(math.radians(bearing)) / METRES_PER_DEGREE / math.cos(math.radians(lat))
    line = [[lon, lat], [lon, lat]]
    here = (lon + east, lat + north)
    found = Course({"type": "LineString", "coordinates": line}, 200.0).match(np.array([here]))
    true_m = distance_m((lat, lon), (here[1], here[0]))
    assert found.distance_m[0, 0] == pytest.approx(true_m, rel=1e-3, abs=0.01)


def test_a_fork_tells_each_branch() -> None:
    """A position on one branch is off the other one, and within the corridor."""
    trunk = [[105.0, 10.0], [105.1, 10.0]]
    lines = [[*trunk, [105.1, 10.1]], [*trunk, [105.1, 9.9]]]
    course = Course({"type": "MultiLineString", "coordinates": lines}, 200.0)
    found = course.match(np.array([[105.1, 10.05], [105.05, 10.0]]))
    assert found.distance_m[0, 0] < 1
    assert found.distance_m[0, 1] > 5_000
    assert found.excess_m[0] == pytest.approx(-100, abs=1)
    assert found.along_m[1, 0] == found.along_m[1, 1] == pytest.approx(5_475, abs=10)


def test_a_place_may_lie_off_the_road() -> None:
    """A truck at a facility away from the road has not left the corridor; elsewhere it has."""
    line = {"type": "LineString", "coordinates": [[105.0, 10.0], [105.1, 10.0]]}
    port = CorridorPlace("P", "facility", 10.004, 105.05)
    beside = [[105.05, 10.004], [105.07, 10.004]]
    found = Course(line, 200.0, [port]).match(np.array(beside)).excess_m
    assert found[0] == pytest.approx(-AREA_M["facility"])
    assert found[1] == pytest.approx(0.004 * METRES_PER_DEGREE - 100, abs=0.1)


def test_checkpoints_lie_on_the_branches_that_pass_them() -> None:
    """A checkpoint of the trunk lies on both branches, another one on its own."""
    trunk = [[105.0, 10.0], [105.1, 10.0]]
    lines = [[*trunk, [105.1, 10.1]], [*trunk, [105.1, 9.9]]]
    places = [
        CorridorPlace("C1", "checkpoint", 10.0, 105.05),
        CorridorPlace("C2", "checkpoint", 9.95, 105.1),
    ]
    course = Course({"type": "MultiLineString", "coordinates": lines}, 200.0, places)
    (_, first), (_, second) = course.checkpoints()
    assert first[0] == first[1] == pytest.approx(5_475, abs=10)
    assert second[0] is None
    assert second[1] is not None


@pytest.mark.parametrize("geometry", [{"type": "Point", "coordinates": [105.0, 10.0]}])
def test_a_corridor_is_made_of_lines(geometry: dict[str, Any]) -> None:
    """A geometry without a line is refused."""
    with pytest.raises(ValueError, match="lines"):
        Course(geometry, 200.0)


@pytest.mark.parametrize("width_m", [0.0, -1.0, math.nan, math.inf])
def test_a_corridor_has_a_width(width_m: float) -> None:
    """A width that is none is refused."""
    with pytest.raises(ValueError, match="width"):
        Course({"type": "LineString", "coordinates": [[105, 10], [105.1, 10]]}, width_m)
