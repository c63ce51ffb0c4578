"""Hold the search for a set of ways to all choices of ways, in tiny towns."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.corridors.design import design
from tests.routing.corridors.towns import Town, towns


@st.composite
def _asked(draw: st.DrawFn, town: Town) -> list[tuple[int, int]]:
    pairs = st.tuples(st.integers(0, town.nodes - 1), st.integers(0, town.nodes - 1))
    return draw(st.lists(pairs.filter(lambda pair: pair[0] != pair[1]), min_size=1, max_size=3))


@settings(max_examples=50, deadline=None)
@given(town=towns(), data=st.data())
def test_tiny_sets_of_ways_are_the_best_there_are(town: Town, data: st.DataObject) -> None:
    """The search costs no more than the best of all choices of simple ways."""
    detour = data.draw(st.sampled_from([1.0, 1.3, 2.0]))
    legs = [town.leg(*pair, detour) for pair in data.draw(_asked(town))]
    made = design(town.ground, legs, seed=1, rounds=60)
    assert made.cost(made.loads) == pytest.approx(town.best_cost(legs))


@settings(max_examples=50, deadline=None)
@given(town=towns(gates=2), data=st.data())
def test_tiny_sets_keep_to_capacities_that_can_be_kept(town: Town, data: st.DataObject) -> None:
    """Where some choice of ways overloads no checkpoint, the search finds the best of those."""
    legs = [town.leg(*pair, 2.0) for pair in data.draw(_asked(town))]
    best = town.best_cost(legs)
    if best is None:
        return
    made = design(town.ground, legs, seed=1, rounds=60)
    assert not made.overload().any()
    assert made.cost(made.loads) == pytest.approx(best)


def test_two_ways_join_on_a_road_that_neither_would_take_alone() -> None:
    """A middle road serves two flows that have a shorter road each, within the detour limit."""
    roads = ((0, 1, 1_000), (2, 3, 1_000), (0, 4, 100), (2, 4, 100), (1, 5, 100), (3, 5, 100))
    town = Town(6, (*roads, (4, 5, 1_050)))
    legs = [town.leg(0, 1, 1.3), town.leg(2, 3, 1.3)]
    assert design(town.ground, legs, seed=1, rounds=40).road_m == 1_450
    legs = [town.leg(0, 1, 1.2), town.leg(2, 3, 1.2)]
    assert design(town.ground, legs, seed=1, rounds=40).road_m == 2_000
