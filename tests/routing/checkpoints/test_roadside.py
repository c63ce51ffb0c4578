"""Find what stands beside a way: in order, once where it is passed once."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.checkpoints.roadside import REACH_M, Legs, Stand, split
from routing.roads.sphere import METRES_PER_DEGREE, distance_m

OUT = [[105.0, 10.0], [105.2, 10.0]]
BACK = [[105.2, 10.0], [105.0, 10.0], [104.9, 10.1]]
OFF_DEG = REACH_M / METRES_PER_DEGREE


def test_checkpoints_are_passed_in_order_out_and_back() -> None:
    """On the way to the pickup and on the way from there, each time."""
    near, far = Stand("near", 10.0, 105.05), Stand("far", 10.0, 105.15)
    found = Legs([OUT, BACK]).passings([far, near])
    assert [(one.place_id, one.leg) for one in found] == [
        ("near", 0), ("far", 0), ("far", 1), ("near", 1),
    ]  # fmt: skip
    assert [one.share for one in found[:2]] == pytest.approx([0.25, 0.75])


def test_where_legs_meet_a_checkpoint_is_passed_once() -> None:
    """A pickup at a checkpoint is one stop there; a way that begins there does not come there."""
    legs = Legs([OUT, BACK])
    assert [(one.leg, round(one.share, 6)) for one in legs.passings([Stand("X", 10.0, 105.2)])] == [
        (0, 1.0)
    ]
    assert legs.passings([Stand("X", 10.0, 105.0)])[0].leg == 1
    assert Legs([OUT]).passings([Stand("X", 10.0, 105.0)]) == ()


@pytest.mark.parametrize(("off", "passes"), [(0.99, 1), (1.01, 0)])
def test_a_road_passes_what_is_within_reach(off: float, passes: int) -> None:
    """150 m, or as far as the stand says."""
    lat = 10.0 + off * OFF_DEG
    assert len(Legs([OUT]).passings([Stand("X", lat, 105.1)])) == passes
    assert len(Legs([OUT]).passings([Stand("X", lat, 105.1, 2 * REACH_M)])) == 1


def test_legs_of_no_length_pass_nothing() -> None:
    """A truck that stands at its pickup has no way to it."""
    here = [[105.2, 10.0], [105.2, 10.0]]
    for first in (here, here[:1]):
        (one,) = Legs([first, BACK]).passings([Stand("X", 10.0, 105.1)])
        assert one.leg == 1
    assert Legs([here]).share(10.0, 105.2, 0, 100.0) == 1.0


def test_a_truck_far_from_its_way_is_nowhere_on_it() -> None:
    """Else the share of the way behind it is told."""
    legs = Legs([OUT])
    assert legs.share(10.0, 105.05, 0, 100.0) == pytest.approx(0.25)
    assert legs.share(10.1, 105.05, 0, 100.0) is None


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=2, max_size=12),
    st.tuples(st.floats(0, 20), st.floats(0, 20)),
)
def test_a_way_that_is_cut_is_as_long_as_before(
    line: list[tuple[int, int]], at: tuple[float, float]
) -> None:
    """Both parts meet, and together they are the way."""
    points = [[105 + 0.01 * x, 10 + 0.01 * y] for x, y in line]
    place = 10 + 0.01 * at[1], 105 + 0.01 * at[0]
    one, two = split({"type": "LineString", "coordinates": points}, *place)
    assert one[-1] == two[0]
    assert [*one[:-1], *two[1:]] == points
    whole = math.fsum(_length_m(part) for part in (one, two))
    assert whole == pytest.approx(_length_m(points), rel=1e-4, abs=0.1)


def _length_m(line: list[list[float]]) -> float:
    return math.fsum(distance_m((a[1], a[0]), (b[1], b[0])) for a, b in pairwise(line))
