"""Ask networkx, point to point; making its graph is not counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx

from infra.bench.measure import Measure
from infra.bench.timing import each_median_s

if TYPE_CHECKING:
    from infra.bench.roads.draws import Draws
    from infra.bench.roads.graph import RoadGraph


def build(graph: RoadGraph) -> nx.DiGraph[int]:
    """Make networkx's graph, with the attribute `ms`; of parallel arcs the fastest stays.

    Parameters
    ----------
    graph
        The roads.
    """
    made: nx.DiGraph[int] = nx.DiGraph()
    made.add_nodes_from(range(graph.nodes))
    order = (-graph.times_ms).argsort(kind="stable")
    arcs = (graph.tail[order].tolist(), graph.head[order].tolist(), graph.times_ms[order].tolist())
    made.add_weighted_edges_from(zip(*arcs, strict=True), weight="ms")
    return made


def measure(
    graph: RoadGraph, draws: Draws, *, queries: int = 25
) -> tuple[list[Measure], dict[tuple[int, int], int]]:
    """Time bidirectional Dijkstra.

    Parameters
    ----------
    graph
        The roads.
    draws
        The first pairs of it are asked.
    queries
        How many.

    Returns
    -------
    tuple
        The figure, and the milliseconds of each pair asked, -1 where there is no way.
    """
    made = build(graph)
    times: dict[tuple[int, int], int] = {}

    def ask(pair: list[int]) -> None:
        source, target = pair
        try:
            found, _ = nx.bidirectional_dijkstra(made, source, target, weight="ms")
        except nx.NetworkXNoPath:
            found = -1
        times[source, target] = int(found)

    took_s = each_median_s(ask, draws.pairs[:queries].tolist())
    return [Measure(name="networkx_p2p_us", value=1e6 * took_s, unit="us")], times
