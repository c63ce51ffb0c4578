"""Draw random graphs, and find their fastest ways slowly with networkx."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from routing.engine import NO_WAY, Topology, node_order, pack

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Drawn:
    """A graph with loops, parallel arcs, lone nodes and one-ways, and the costs of its arcs."""

    nodes: int
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    costs: NDArray[np.int64]
    joined: NDArray[np.int32]

    def topology(self) -> Topology:
        """Return it made ready."""
        ends = (
            np.concatenate([self.tail, self.joined[:, 0]]),
            np.concatenate([self.head, self.joined[:, 1]]),
        )
        order = node_order(self.nodes, *ends)
        return Topology.build(self.nodes, self.tail, self.head, order, joined=self.joined)


@st.composite
def graphs(draw: st.DrawFn, *, most_nodes: int = 24) -> Drawn:
    """Draw a graph with times from a small range, so that ties are common, and a few forbidden."""
    nodes = draw(st.integers(1, most_nodes))
    node = st.integers(0, nodes - 1)
    arcs = draw(st.lists(st.tuples(node, node, st.integers(1, 9), st.integers(0, 5)), max_size=80))
    table = np.array(arcs, np.int64).reshape(-1, 4)
    costs = pack(table[:, 2], table[:, 3])
    costs[draw(st.lists(st.integers(0, max(0, len(arcs) - 1)), max_size=5)) if arcs else []] = (
        NO_WAY
    )
    joined = draw(st.lists(st.tuples(node, node), max_size=4))
    return Drawn(
        nodes,
        table[:, 0].astype(np.int32),
        table[:, 1].astype(np.int32),
        costs,
        np.array(joined, np.int32).reshape(-1, 2),
    )


def slow_costs(drawn: Drawn, costs: NDArray[np.int64], origin: int) -> list[int]:
    """Return the packed cost from a node to every other by networkx, `NO_WAY` for none."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(drawn.nodes))
    for u, v, cost in zip(drawn.tail.tolist(), drawn.head.tolist(), costs.tolist(), strict=True):
        known = graph.get_edge_data(u, v, {"cost": NO_WAY})["cost"]
        if cost < known:
            graph.add_edge(u, v, cost=cost)
    found = nx.single_source_dijkstra_path_length(graph, origin, weight="cost")
    return [int(found.get(node, NO_WAY)) for node in range(drawn.nodes)]
