"""Measure how few kilometres of road the planner's corridors need, beside separate shortest paths.

The named flows (`flows.csv`) join places of the demo over the bundled roads in August 2021. The
rival is each flow's own shortest path, found by networkx on the same pieces of road and outside the
same zones. Both are counted by `distinct_km`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import shapely

from infra.bench.measure import Measure, Tell
from infra.corridors.read import demo_places, read_flows
from infra.corridors.shortest import distinct_km, served, shortest_ways
from routing.corridors.flows import CorridorLimits, CorridorProblem
from routing.corridors.plan import plan_corridors
from routing.roads.bundled import build_bundled
from routing.roads.closures import Closure
from routing.roads.network import load_network

GOAL = 0.8
DETOUR = 1.3

_DAY = datetime(2021, 8, 23, 17, tzinfo=UTC)
ZONES: Mapping[str, tuple[float, float, float, float]] = {
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
        The ratio; the share of ways served; the worst detour; both lengths; the busiest
        checkpoint's load; the time, without that of compiling; and the ratio with zones in force.
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
    ways = served(plan)
    asked = sum(len(flow.destinations) for flow in problem.flows)
    alone = shortest_ways(problem, network)
    ours_km, alone_km = distinct_km(ways.values()), distinct_km(alone.values())
    yield _figure("corridor_km_vs_shortest_paths", ours_km / alone_km, "times", GOAL)
    yield Measure(
        name="corridor_flows_served",
        value=len(ways) / asked,
        unit="share",
        goal=1.0,
        better="higher",
    )
    worst = max(length_km(way) / length_km(alone[each]) for each, way in ways.items())
    yield _figure("corridor_worst_detour", worst, "times", DETOUR)
    yield Measure(name="corridor_km", value=ours_km, unit="km")
    yield Measure(name="corridor_km_shortest_paths", value=alone_km, unit="km")
    yield Measure(name="corridors_proposed", value=float(len(plan.corridors)), unit="corridors")
    loads = [plan.loads_per_h[gate.place_id] / gate.vehicles_per_h for gate in problem.checkpoints]
    yield Measure(name="corridor_worst_checkpoint_load", value=max(loads), unit="share")
    yield Measure(name="corridor_plan_s", value=took_s, unit="s")
    zoned = named_problem(zones=ZONES)
    round_zones = distinct_km(served(plan_corridors(zoned, network, seed=seed)).values())
    yield Measure(
        name="corridor_km_vs_shortest_paths_two_zones",
        value=round_zones / distinct_km(shortest_ways(zoned, network).values()),
        unit="times",
    )


def _figure(name: str, value: float, unit: str, goal: float) -> Measure:
    return Measure(name=name, value=value, unit=unit, goal=goal, better="lower")


def length_km(way: Iterable[tuple[int, float]]) -> float:
    """Return the length of a way."""
    return sum(length_m for _, length_m in way) / 1000


def named_problem(
    zones: Mapping[str, tuple[float, float, float, float]] = MappingProxyType({}),
) -> CorridorProblem:
    """Return the named flows with the demo's facilities and checkpoints.

    Parameters
    ----------
    zones
        West, south, east and north of the zones in force, by their ids.
    """
    places = demo_places()
    return CorridorProblem(
        flows=read_flows(Path(__file__).parent / "flows.csv"),
        facilities=places.facilities,
        checkpoints=places.checkpoints,
        closures=tuple(
            Closure(
                closure_id=name,
                geometry=shapely.box(*bounds),
                kind="zone",
                valid_from=_DAY - timedelta(days=7),
            )
            for name, bounds in zones.items()
        ),
        valid_from=_DAY,
        valid_until=_DAY + timedelta(days=7),
        limits=CorridorLimits(detour=DETOUR, width_m=400.0),
    )
