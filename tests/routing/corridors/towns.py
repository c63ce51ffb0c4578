"""Draw tiny towns of two-way roads, and find all ways in them slowly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from routing.corridors.ways import LENGTH_PRICE, Field, Leg

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Town:
    """Roads ``(u, v, metres)`` between nodes; some have a checkpoint of some capacity."""

    nodes: int
    roads: tuple[tuple[int, int, int], ...]
    gates: tuple[tuple[int, float], ...] = ()

    @cached_property
    def arcs(self) -> list[tuple[int, int, int]]:
        """Tail, head and road of each arc, ordered by tail."""
        both = ((u, v, n) for n, (u, v, _) in enumerate(self.roads))
        return sorted((*ends, n) for u, v, n in both for ends in ((u, v), (v, u)))

    @cached_property
    def ground(self) -> Field:
        """The town as the search takes it."""
        tail, head, piece = np.array(self.arcs, np.int64).T
        return Field(
            np.searchsorted(tail, np.arange(self.nodes + 1)).astype(np.int64),
            head.copy(),
            piece.copy(),
            np.array([m for *_, m in self.roads], float),
            {road: (gate,) for gate, (road, _) in enumerate(self.gates)},
            np.array([capacity for _, capacity in self.gates], float),
        )

    @cached_property
    def arc_m(self) -> np.ndarray:
        """Length of each arc."""
        return self.ground.piece_m[self.ground.piece]

    def graph(self) -> nx.DiGraph:
        """Return the town for networkx."""
        made = nx.DiGraph()
        made.add_nodes_from(range(self.nodes))
        for arc, (tail, head, road) in enumerate(self.arcs):
            made.add_edge(tail, head, length=float(self.roads[road][2]), arc=arc)
        return made

    def leg(self, start: int, goal: int, detour: float, load_per_h: float = 1.0) -> Leg:
        """Return a leg with a detour limit."""
        lengths = nx.single_source_dijkstra_path_length(self.graph(), goal, weight="length")
        to_goal_m = np.array([lengths.get(node, np.inf) for node in range(self.nodes)])
        return Leg(start, goal, float(to_goal_m[start]) * detour, load_per_h, self.arc_m, to_goal_m)

    def nodes_of(self, way: Sequence[int]) -> list[int]:
        """Return the nodes of a way of arcs, which must hang together."""
        assert all(self.arcs[one][1] == self.arcs[two][0] for one, two in pairwise(way))
        return [self.arcs[way[0]][0], *(self.arcs[arc][1] for arc in way)]

    def all_ways(self, leg: Leg) -> list[tuple[int, ...]]:
        """Return all simple ways of a leg within its budget."""
        graph = self.graph()
        ways = (
            tuple(graph.edges[ends]["arc"] for ends in pairwise(nodes))
            for nodes in nx.all_simple_paths(graph, leg.start, leg.goal)
        )
        return [way for way in ways if self.arc_m[list(way)].sum() <= leg.budget_m * (1 + 1e-9)]

    def best_cost(self, legs: Sequence[Leg]) -> float | None:
        """Return the least cost of all choices of ways within the capacities, None if none fits."""
        found = None
        for ways in product(*(self.all_ways(leg) for leg in legs)):
            roads = [{self.arcs[arc][2] for arc in way} for way in ways]
            loads = [
                sum(leg.load_per_h for leg, used in zip(legs, roads, strict=True) if road in used)
                for road, _ in self.gates
            ]
            if any(load > most for load, (_, most) in zip(loads, self.gates, strict=True)):
                continue
            cost = sum(self.roads[road][2] for road in set().union(*roads))
            cost += LENGTH_PRICE * sum(float(self.arc_m[list(way)].sum()) for way in ways)
            found = cost if found is None else min(found, cost)
        return found


@st.composite
def towns(draw: st.DrawFn, *, gates: int = 0) -> Town:
    """Draw a joined town of 4 to 8 nodes with a few roads more than a tree has."""
    nodes = draw(st.integers(4, 8))
    ends = {(draw(st.integers(0, node - 1)), node) for node in range(1, nodes)}
    more = draw(
        st.lists(st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)), max_size=6)
    )
    ends |= {(min(pair), max(pair)) for pair in more if pair[0] != pair[1]}
    roads = tuple((u, v, draw(st.integers(1, 30)) * 100) for u, v in sorted(ends))
    at = draw(st.lists(st.integers(0, len(roads) - 1), max_size=gates, unique=True))
    return Town(nodes, roads, tuple((road, float(draw(st.integers(0, 3)))) for road in at))
