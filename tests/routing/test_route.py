"""Hold single routes to closures, ferries and clear refusals."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.roads.closures import Closure
from routing.roads.errors import BadPoint, NoRoute, RoadError, TooFarFromRoad
from routing.route import route
from tests.routing.roads.places import PLACES

if TYPE_CHECKING:
    from routing.roads.network import RoadNetwork

NOON = datetime(2021, 8, 20, 12, tzinfo=UTC)
PLACE = st.sampled_from(sorted(PLACES))


@st.composite
def closures(draw: st.DrawFn) -> Closure:
    """Draw a short line, a small zone or a point in the delta."""
    x, y = draw(st.floats(104.8, 106.5)), draw(st.floats(9.2, 10.6))
    width, height = draw(st.floats(0.005, 0.1)), draw(st.floats(0.005, 0.1))
    geometry = draw(
        st.sampled_from(
            [
                shapely.LineString([(x, y), (x + width, y + height)]),
                shapely.box(x, y, x + width, y + height),
                shapely.Point(x, y),
            ]
        )
    )
    return Closure(closure_id="drawn", geometry=geometry, valid_from=NOON)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(PLACE, PLACE, st.lists(closures(), max_size=4))
def test_a_closed_road_is_never_on_a_route(
    network: RoadNetwork, origin: str, destination: str, known: list[Closure]
) -> None:
    """The drawn line of a route meets no closure in force, and costs no less than without them."""
    try:
        found = route(network, PLACES[origin], PLACES[destination], closures=known, at=NOON)
    except NoRoute:
        return
    line = shapely.LineString(found.geometry)
    assert not any(line.intersects(closure.geometry) for closure in known)
    free = route(network, PLACES[origin], PLACES[destination], at=NOON)
    assert found.duration_s >= free.duration_s
    slower = found.duration_s > free.duration_s
    assert slower or found.geometry == free.geometry or not known


def test_a_closed_road_is_named_on_the_way_round(network: RoadNetwork) -> None:
    """A closure on the fastest way is avoided and told."""
    free = route(network, PLACES["Rạch Giá"], PLACES["Cần Thơ"], at=NOON)
    longest = max(
        zip(free.geometry, free.geometry[1:], strict=False), key=lambda ends: math.dist(*ends)
    )
    middle = shapely.LineString(longest).centroid
    shut = Closure(closure_id="shut", geometry=middle, valid_from=NOON)
    found = route(network, PLACES["Rạch Giá"], PLACES["Cần Thơ"], closures=[shut], at=NOON)
    assert found.duration_s > free.duration_s
    assert [(r.kind, r.detail) for r in found.restrictions] == [("closure_avoided", "shut")]
    timeless = route(network, PLACES["Rạch Giá"], PLACES["Cần Thơ"], closures=[shut])
    assert timeless.restrictions == ()


def test_an_island_without_its_ferries_is_out_of_reach(network: RoadNetwork) -> None:
    """A closed sea is a refusal, not an endless drive."""
    sea = Closure(closure_id="storm", geometry=shapely.box(104.06, 9.3, 104.4, 10.5))
    with pytest.raises(NoRoute, match=r"no permitted way.*closed by storm") as raised:
        route(network, PLACES["An Thới"], PLACES["Rạch Giá"], closures=[sea])
    assert raised.value.closures == ("storm",)
    sailing = route(network, PLACES["An Thới"], PLACES["Hà Tiên"])
    assert [r.kind for r in sailing.restrictions] == ["ferry"]
    assert (104.3, 10.3) in sailing.geometry


def test_a_route_to_where_one_stands_is_a_line_of_two_points(network: RoadNetwork) -> None:
    """GeoJSON asks for two positions even when there is nothing to drive."""
    found = route(network, PLACES["Gò Quao"], PLACES["Gò Quao"])
    assert (found.duration_s, found.distance_m, len(found.geometry)) == (0, 0, 2)
    assert found.as_dict()["geometry"]["type"] == "LineString"


@pytest.mark.parametrize(
    ("point", "error", "words"),
    [
        ((float("nan"), 105.0), BadPoint, "finite"),
        ((10.0, float("inf")), BadPoint, "finite"),
        ((105.081, 10.012), BadPoint, "swapped"),
        ((95.0, 300.0), BadPoint, "out of range"),
        ((21.03, 105.85), TooFarFromRoad, "km from the nearest road"),
    ],
)
def test_a_point_that_is_no_place_here_is_refused(
    network: RoadNetwork, point: tuple[float, float], error: type[RoadError], words: str
) -> None:
    """Each mistake has its own message."""
    with pytest.raises(error, match=words):
        route(network, point, PLACES["Cần Thơ"])


def test_a_departure_without_offset_is_refused(network: RoadNetwork) -> None:
    """The time of departure is an instant."""
    with pytest.raises(RoadError, match="offset"):
        route(network, PLACES["Cà Mau"], PLACES["Cần Thơ"], at=NOON.replace(tzinfo=None))
