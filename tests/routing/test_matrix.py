"""Hold matrices among named points to single routes and clear refusals."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest
import shapely

from routing.matrix import NamedPoint, matrix
from routing.roads import bundled, store
from routing.roads.closures import Closure
from routing.roads.draft import Turn
from routing.roads.errors import BadPoint, RoadError, TooFarFromRoad
from routing.roads.layout import lay_out
from routing.roads.network import RoadNetwork
from routing.route import route
from tests.routing.roads.drafts import draft_of
from tests.routing.roads.places import PLACES

if TYPE_CHECKING:
    from routing.roads.draft import Draft

NOON = datetime(2021, 8, 20, 12, tzinfo=UTC)
POINTS = [NamedPoint(name, *PLACES[name], row) for row, name in enumerate(sorted(PLACES), 2)]


def _opened(draft: Draft) -> RoadNetwork:
    arrays = lay_out(draft)
    return RoadNetwork(store.describe(arrays, bundled.ORIGIN, built_at=NOON), arrays)


@pytest.mark.parametrize("vehicle_class", ["rigid_2_axle", "semi_trailer"])
def test_every_entry_is_what_a_single_route_says(network: RoadNetwork, vehicle_class: str) -> None:
    """Durations and distances agree with `route` for a whole row and a whole column."""
    found = matrix(network, POINTS, vehicle_class=vehicle_class)
    first = POINTS[0]
    for at, point in enumerate(POINTS):
        for row, column, ends in ((0, at, (first, point)), (at, 0, (point, first))):
            one, two = ((each.lat, each.lon) for each in ends)
            single = route(network, one, two, vehicle_class=vehicle_class)
            assert found.durations_s[row, column] == single.duration_s
            assert found.distances_m[row, column] == single.distance_m


def test_no_way_is_infinite_and_null_in_json() -> None:
    """A truck that stands within what is closed neither comes nor leaves."""
    network = _opened(draft_of(4, [(0, 1), (1, 2), (2, 3)]))
    closed = Closure(closure_id="c", geometry=shapely.Point(105.0, 10.003))
    ends = [NamedPoint("a", 10.0, 105.0), NamedPoint("b", 10.003, 105.0)]
    open_ways = matrix(network, ends)
    assert np.isfinite(open_ways.durations_s).all()
    found = matrix(network, ends, closures=[closed])
    assert found.durations_s.tolist() == [[0.0, math.inf], [math.inf, math.inf]]
    told = orjson.loads(orjson.dumps(found.as_dict(), option=orjson.OPT_SERIALIZE_NUMPY))
    assert told["durations_s"] == [[0.0, None], [None, None]]
    assert told["distances_m"] == [[0.0, None], [None, None]]


def test_a_dated_closure_counts_only_at_a_time(network: RoadNetwork) -> None:
    """Without a time it is off; at one within its dates the way is longer."""
    ends = [NamedPoint("a", *PLACES["Rạch Giá"]), NamedPoint("b", *PLACES["Cần Thơ"])]
    way = route(network, PLACES["Rạch Giá"], PLACES["Cần Thơ"])
    middle = shapely.Point(way.geometry[len(way.geometry) // 2])
    closed = Closure(closure_id="c", geometry=middle, valid_from=NOON)
    free = matrix(network, ends, closures=[closed])
    shut = matrix(network, ends, closures=[closed], at=NOON)
    assert free.durations_s[0, 1] == way.duration_s < shut.durations_s[0, 1]


def test_a_point_at_a_junction_has_its_name_and_one_within_an_edge_none() -> None:
    """The name is that of the export; the distance to the road is told."""
    network = _opened(draft_of(3, [(0, 1), (1, 2)]))
    found = matrix(network, [NamedPoint("at", 10.001, 105.0), NamedPoint("in", 10.0015, 105.001)])
    assert found.nodes == (17, None)
    told = found.as_dict()["points"]
    assert told[0] == {"id": "at", "node": 17, "snap_m": 0.0}
    assert 100 < told[1]["snap_m"] < 115


def test_a_junction_that_stands_several_times_in_the_export_has_no_name() -> None:
    """A restricted turn expands it."""
    turn = Turn(path=((0, 0), (1, 0)))
    network = _opened(draft_of(4, [(0, 1), (1, 2), (1, 3)], turns=(turn,)))
    found = matrix(network, [NamedPoint("at", 10.001, 105.0), NamedPoint("end", 10.0, 105.0)])
    assert found.nodes == (None, 7)


@pytest.mark.parametrize(
    ("point", "error", "told"),
    [
        (NamedPoint("far", 21.03, 105.85, 7), TooFarFromRoad, r"row 7, point 'far': .* km from"),
        (NamedPoint("swapped", 105.081, 10.012, 7), BadPoint, "row 7, point 'swapped': .*swapped"),
        (NamedPoint("nan", math.nan, 105.0, 7), BadPoint, "row 7, point 'nan': .*finite"),
        (NamedPoint("Cần Thơ", 10.0, 105.0, 99), RoadError, "row 99.* same id as row"),
    ],
)
def test_a_bad_point_is_named(
    network: RoadNetwork, point: NamedPoint, error: type[RoadError], told: str
) -> None:
    """The message has its id, its row and what is wrong."""
    with pytest.raises(error, match=told):
        matrix(network, [*POINTS, point])


def test_what_cannot_be_asked_is_refused(network: RoadNetwork) -> None:
    """No points, a time without an offset, and an unknown class."""
    with pytest.raises(RoadError, match="no points"):
        matrix(network, [])
    with pytest.raises(RoadError, match="offset"):
        matrix(network, POINTS, at=datetime(2021, 8, 20, 12))  # noqa: DTZ001
    with pytest.raises(RoadError, match="no vehicle class"):
        matrix(network, POINTS, vehicle_class="ox_cart")
