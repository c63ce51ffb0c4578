"""Hold searches within a length to networkx and to all simple ways."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.corridors.search import LABELS_KEPT, cheapest_within, lengths_from
from tests.routing.corridors.towns import Town, towns


@settings(max_examples=60, deadline=None)
@given(town=towns(), data=st.data())
def test_lengths_are_those_of_networkx(town: Town, data: st.DataObject) -> None:
    """Every length from a node equals that of a plain Dijkstra."""
    start = data.draw(st.integers(0, town.nodes - 1))
    found = lengths_from(town.ground.first, town.ground.head, town.arc_m, start)
    known = nx.single_source_dijkstra_path_length(town.graph(), start, weight="length")
    assert {node: m for node, m in enumerate(found.tolist()) if np.isfinite(m)} == known


@settings(max_examples=60, deadline=None)
@given(town=towns(), data=st.data())
def test_cheapest_way_within_a_length_is_cheapest_of_all_simple_ways(
    town: Town, data: st.DataObject
) -> None:
    """No simple way within the budget is cheaper, and the way found keeps to it."""
    start, goal = data.draw(st.permutations(range(town.nodes)))[:2]
    leg = town.leg(start, goal, data.draw(st.floats(1, 2)))
    prices = data.draw(
        st.lists(st.integers(0, 20), min_size=len(town.roads), max_size=len(town.roads))
    )
    cost = np.array(prices, float)[town.ground.piece]
    way = cheapest_within(
        town.ground.first, town.ground.head, leg.arc_m, cost, start, goal,
        leg.to_goal_m, leg.budget_m, LABELS_KEPT,
    )  # fmt: skip
    assert leg.arc_m[way].sum() <= leg.budget_m
    assert town.nodes_of(way)[0] == start
    assert town.nodes_of(way)[-1] == goal
    assert cost[way].sum() == min(cost[list(other)].sum() for other in town.all_ways(leg))
