"""Measure how few kilometres of road the planner's corridors need, beside separate shortest paths.

The named flows (`flows.csv`) join places of the demo, over the bundled roads, on a day of August
2021 with two restricted zones in force. The rival is each flow's own shortest path outside the
same zones, found by networkx on the same pieces of road. Both are counted by `distinct_km`.
"""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import shapely

from infra.bench.measure import Measure, Tell
from infra.scenario.facts import Facts, parts
from routing.corridors.flows import CorridorLimits, CorridorProblem, CorridorStop, Flow, Gate
from routing.corridors.plan import plan_corridors
from routing.corridors.terrain import Terrain
from routing.roads.bundled import build_bundled
from routing.roads.closures import Closure
from routing.roads.network import load_network

if TYPE_CHECKING:
    from routing.corridors.flows import CorridorPlan
    from routing.roads.network import RoadNetwork

GOAL = 0.8
DETOUR = 1.3
VEHICLES_PER_BAY_H = 20.0
"""Two to three minutes a vehicle with papers in order (`domain.md`)."""

_DAY = datetime(2021, 8, 23, 17, tzinfo=UTC)
ZONES = {
    "zone-long-my": (105.50, 9.62, 105.60, 9.72),
    "zone-lap-vo": (105.55, 10.33, 105.63, 10.40),
}
"""West, south, east and north of restricted zones, degrees; drawn for the measurement."""


def planning_measures(seed: int, tell: Tell) -> Iterator[Measure]:
    """Plan corridors for the named flows and count their kilometres.

    Parameters
    ----------
    seed
        Of the planner's search; roads and flows are always the same.
    tell
        Is told what happens.

    Yields
    ------
    Measure
        The ratio; the share of ways served; the worst detour; both lengths; the time, without that
        of compiling.
    """
    with tempfile.TemporaryDirectory() as folder:
        build_bundled(Path(folder) / "roads")
        network = load_network(Path(folder) / "roads")
    problem = named_problem()
    plan_corridors(problem, network, seed=seed, rounds=1)  # compiles
    tell(f"planning corridors for {len(problem.flows)} flows")
    start = time.perf_counter()
    plan = plan_corridors(problem, network, seed=seed)
    took_s = time.perf_counter() - start
    served = [way for corridor in plan.corridors for way in corridor.served]
    asked = sum(len(flow.destinations) for flow in problem.flows)
    ours_km = distinct_km(way.pieces for way in served)
    alone = shortest_ways(problem, network)
    alone_km = distinct_km(alone.values())
    yield Measure(
        name="corridor_km_vs_shortest_paths",
        value=ours_km / alone_km,
        unit="times",
        goal=GOAL,
        better="lower",
    )
    yield Measure(
        name="corridor_flows_served",
        value=len(served) / asked,
        unit="share",
        goal=1.0,
        better="higher",
    )
    worst = max(
        sum(m for _, m in way.pieces) / sum(m for _, m in alone[way.flow_id, way.destination])
        for way in served
    )
    yield Measure(
        name="corridor_worst_detour", value=worst, unit="times", goal=DETOUR, better="lower"
    )
    yield Measure(name="corridor_km", value=ours_km, unit="km")
    yield Measure(name="corridor_km_shortest_paths", value=alone_km, unit="km")
    yield Measure(name="corridors_proposed", value=float(len(plan.corridors)), unit="corridors")
    yield Measure(name="corridor_worst_load", value=_worst_load(problem, plan), unit="share")
    yield Measure(name="corridor_plan_s", value=took_s, unit="s")


def named_problem() -> CorridorProblem:
    """Return the named flows with the demo's facilities, checkpoints and two zones."""
    facts = Facts()
    with (Path(__file__).parent / "flows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return CorridorProblem(
        flows=tuple(
            Flow(
                flow_id=row["flow_id"],
                source=row["source"],
                destinations=tuple(parts(row["destinations"])),
                trucks_per_day=float(row["trucks_per_day"]),
                vehicle_class=row["vehicle_class"],
                kind="fork" if row["kind"] == "fork" else None,
            )
            for row in rows
        ),
        facilities=tuple(
            CorridorStop(place_id=row["place_id"], lat=float(row["lat"]), lon=float(row["lon"]))
            for row in facts.facilities
        ),
        checkpoints=tuple(
            Gate(
                place_id=row["place_id"],
                lat=float(row["lat"]),
                lon=float(row["lon"]),
                vehicles_per_h=VEHICLES_PER_BAY_H * int(row["bays"]),
            )
            for row in facts.checkpoints
        ),
        closures=tuple(
            Closure(
                closure_id=name,
                geometry=shapely.box(*bounds),
                kind="zone",
                valid_from=_DAY - timedelta(days=7),
            )
            for name, bounds in ZONES.items()
        ),
        valid_from=_DAY,
        valid_until=_DAY + timedelta(days=7),
        limits=CorridorLimits(detour=DETOUR, width_m=400.0),
    )


def distinct_km(ways: Iterable[Iterable[tuple[int, float]]]) -> float:
    """Return the kilometres of road that ways drive, a road once whichever way it is driven.

    Parameters
    ----------
    ways
        The pieces of road of each, by number and length in metres.
    """
    road = {piece: length_m for way in ways for piece, length_m in way}
    return sum(road.values()) / 1000


def shortest_ways(
    problem: CorridorProblem, network: RoadNetwork
) -> Mapping[tuple[str, str], list[tuple[int, float]]]:
    """Return each flow's own shortest way outside the zones, by flow and destination."""
    terrain = Terrain(problem, network)
    ground = terrain.ground
    graphs: dict[str, Any] = {}
    found = {}
    for flow in problem.flows:
        if flow.vehicle_class not in graphs:
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
        graph = graphs[flow.vehicle_class]
        for end in flow.destinations:
            nodes = nx.dijkstra_path(graph, *terrain.ends(flow, end), weight="m")
            arcs = [
                min(graph[one][two].values(), key=lambda arc: (arc["m"], arc["piece"]))
                for one, two in pairwise(nodes)
            ]
            found[flow.flow_id, end] = [(arc["piece"], arc["m"]) for arc in arcs if arc["m"]]
    return found


def _worst_load(problem: CorridorProblem, plan: CorridorPlan) -> float:
    return max(
        plan.loads_per_h[gate.place_id] / gate.vehicles_per_h for gate in problem.checkpoints
    )
