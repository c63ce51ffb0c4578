"""Count road kilometres, and find each flow's own shortest way by networkx for comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx

from routing.corridors.terrain import Terrain

if TYPE_CHECKING:
    from routing.corridors.flows import CorridorPlan, CorridorProblem
    from routing.roads.network import RoadNetwork

Pair = tuple[str, str]
"""A flow and one of its destinations."""
Pieces = Iterable[tuple[int, float]]
"""Pieces of road, by number and length in metres."""


def distinct_km(ways: Iterable[Pieces]) -> float:
    """Return the kilometres of road that ways drive, a road once whichever way it is driven.

    Parameters
    ----------
    ways
        The pieces of road of each.
    """
    road = {piece: length_m for way in ways for piece, length_m in way}
    return sum(road.values()) / 1000


def served(plan: CorridorPlan) -> dict[Pair, tuple[tuple[int, float], ...]]:
    """Return the pieces of road of each way that a plan gives, by flow and destination."""
    return {
        (way.flow_id, way.destination): way.pieces
        for corridor in plan.corridors
        for way in corridor.served
    }


def shortest_ways(
    problem: CorridorProblem, network: RoadNetwork, only: Iterable[Pair] | None = None
) -> Mapping[Pair, list[tuple[int, float]]]:
    """Return each flow's own shortest way outside the zones, by flow and destination.

    Parameters
    ----------
    problem, network
        What was planned for, and on which roads.
    only
        The flows and destinations to find; all if not given, which then all need a way.
    """
    terrain = Terrain(problem, network)
    ground = terrain.ground
    wanted = None if only is None else set(only)
    graphs: dict[str, Any] = {}
    found = {}
    for flow in problem.flows:
        ends = [end for end in flow.destinations if wanted is None or (flow.flow_id, end) in wanted]
        if ends and flow.vehicle_class not in graphs:
            arc_m = terrain.arc_m(flow.vehicle_class)
            graphs[flow.vehicle_class] = nx.MultiDiGraph()
            graphs[flow.vehicle_class].add_edges_from(
                (tail, head, {"m": m, "piece": piece})
                for tail, head, m, piece in zip(
                    ground.tail.tolist(),
                    ground.head.tolist(),
                    arc_m.tolist(),
                    ground.piece.tolist(),
                    strict=True,
                )
                if m < float("inf")
            )
        for end in ends:
            graph = graphs[flow.vehicle_class]
            nodes = nx.dijkstra_path(graph, *terrain.ends(flow, end), weight="m")
            arcs = [
                min(graph[one][two].values(), key=lambda arc: (arc["m"], arc["piece"]))
                for one, two in pairwise(nodes)
            ]
            found[flow.flow_id, end] = [(arc["piece"], arc["m"]) for arc in arcs if arc["m"]]
    return found
