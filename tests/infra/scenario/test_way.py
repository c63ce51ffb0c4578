"""Measure lines on the ground."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.scenario.way import Way, distance_m

_LINE = Way([(10.0, 105.0), (10.0, 105.1), (10.1, 105.1)])
_SPOTS = st.tuples(st.floats(9, 11), st.floats(104, 106))


def test_a_tenth_of_a_degree_north_is_eleven_kilometres() -> None:
    """Distances are in metres."""
    assert distance_m((10.0, 105.0), (10.1, 105.0)) == pytest.approx(11_119.5)


def test_a_point_beside_the_line_finds_its_foot() -> None:
    """The nearest point lies on the second piece, and is as far off as it should be."""
    along_m, off_m = _LINE.nearest((10.05, 105.11))
    assert _LINE.at(along_m) == pytest.approx((10.05, 105.1), abs=1e-4)
    assert off_m == pytest.approx(1_095, rel=0.01)


@given(share=st.floats(0, 1))
def test_what_lies_on_the_line_is_found_where_it_lies(share: float) -> None:
    """`nearest` undoes `at`."""
    along_m, off_m = _LINE.nearest(_LINE.at(share * _LINE.length_m))
    assert off_m < 1
    assert along_m == pytest.approx(share * _LINE.length_m, abs=1)


@given(points=st.lists(_SPOTS, min_size=1, max_size=6), share=st.floats(0, 1))
def test_a_cut_line_is_as_long_as_its_part(points: list[tuple[float, float]], share: float) -> None:
    """The two parts of a line are together as long as the whole."""
    way = Way(points)
    cut_m = share * way.length_m
    parts_m = way.cut(0, cut_m).length_m + way.cut(cut_m, way.length_m).length_m
    assert parts_m == pytest.approx(way.length_m, rel=1e-3, abs=1)
