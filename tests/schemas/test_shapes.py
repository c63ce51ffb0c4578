"""Test that every shape that intake takes can close roads: none may stop the planner later."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from routing.roads.closures import Closure, touches
from schemas.model import Geometry

NUMBERS = st.floats(103, 107) | st.integers(104, 106)
LATITUDES = st.floats(8, 12) | st.integers(9, 11)
FLAT = st.tuples(NUMBERS, LATITUDES).map(list)
ANY = FLAT | st.tuples(NUMBERS, LATITUDES, st.floats(-100_000, 100_000)).map(list)
ROAD = {"type": "LineString", "coordinates": [[104, 9], [106, 11]]}


def shapes(position: st.SearchStrategy[list[float]]) -> st.SearchStrategy[tuple[str, list[Any]]]:
    line = st.lists(position, min_size=2, max_size=6)
    ring = st.lists(position, min_size=3, max_size=6).map(lambda nodes: [*nodes, nodes[0]])
    area = st.lists(ring, min_size=1, max_size=3)
    kinds = {
        "Point": position,
        "MultiPoint": st.lists(position, min_size=1, max_size=4),
        "LineString": line,
        "MultiLineString": st.lists(line, min_size=1, max_size=3),
        "Polygon": area,
        "MultiPolygon": st.lists(area, min_size=1, max_size=3),
    }
    return st.one_of(*(st.tuples(st.just(kind), parts) for kind, parts in kinds.items()))


@given(shapes(FLAT) | shapes(ANY))
@example(("Polygon", [[[103, 8]] * 4, [[103, 9], [103, 10], [104, 8], [103, 9]]]))
@example(("LineString", [[104, 9], [105, 10, 3.5]]))
@example(("Polygon", [[[104, 9], [105, 10], [105, 9], [104, 10], [104, 9]]]))  # crosses itself
def test_a_shape_that_intake_takes_can_close_roads(shape: tuple[str, list[Any]]) -> None:
    kind, coordinates = shape
    try:
        taken = Geometry(type=kind, coordinates=coordinates)
    except ValidationError:
        return
    closure = Closure.from_geojson("closure-1", taken.model_dump(mode="json"))
    assert touches(ROAD, closure) in {True, False}
