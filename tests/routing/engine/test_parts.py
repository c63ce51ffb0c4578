"""Hold strongly connected parts against scipy."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from routing.engine import parts_of
from tests.routing.engine.graphs import Drawn, graphs


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_parts_are_those_of_scipy(drawn: Drawn) -> None:
    """Whatever their numbers, the same nodes stand together."""
    arcs = (np.ones(len(drawn.tail)), (drawn.tail, drawn.head))
    graph = coo_array(arcs, shape=(drawn.nodes, drawn.nodes))
    count, expected = connected_components(graph, connection="strong")
    found = parts_of(drawn.nodes, drawn.tail, drawn.head)
    assert len(set(found.tolist())) == count
    assert len(set(zip(found.tolist(), expected.tolist(), strict=True))) == count


def test_a_long_chain_needs_no_recursion() -> None:
    """A ring of 100,000 nodes is one part; cut open, each node is its own."""
    chain = np.arange(99_999, dtype=np.int32)
    open_ = parts_of(100_000, chain, chain + 1)
    assert len(np.unique(open_)) == 100_000
    ring = parts_of(100_000, np.append(chain, 99_999), np.append(chain + 1, 0))
    assert len(np.unique(ring)) == 1
