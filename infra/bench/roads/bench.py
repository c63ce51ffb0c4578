"""Take the measures of `bench roads`: ours and every rival, on a made-up graph and the world."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.bench.measure import Measure, Outcome, Tell
from infra.bench.roads import engine, rival_networkx, rival_osrm, rival_routingkit, rival_scipy
from infra.bench.roads.draws import Draws
from infra.bench.roads.engine import Known
from infra.bench.roads.generate import generate
from infra.bench.roads.osrm_home import VERSION, OsrmMissing
from infra.bench.roads.prepared import start_network
from infra.bench.roads.world import world

if TYPE_CHECKING:
    from infra.bench.roads.engine import Figures
    from infra.bench.roads.graph import RoadGraph

_GIB_AND_A_HALF = 1_500_000_000
_WORLD_QUERIES = 9


def take(seed: int, tell: Tell) -> Outcome:
    """Measure the generated graph with all rivals, then the world's highways without OSRM.

    Parameters
    ----------
    seed
        Of the graph and of every question.
    tell
        Is told what happens.
    """
    outcome = Outcome(facts={"versions": _versions()})
    tell("drawing the roads")
    _generated(outcome, generate(seed=seed), seed, tell)
    tell("reading the world's highways")
    _world(outcome, world(), seed, tell)
    return outcome


def _generated(outcome: Outcome, graph: RoadGraph, seed: int, tell: Tell) -> None:
    draws = Draws.of(graph, seed=seed)
    rivals, known = _rivals(graph, draws, tell, queries=25)
    osrm: dict[str, float] = {}
    absent = ""
    try:
        measured, osrm = rival_osrm.measure(graph, draws, tell=tell)
        rivals += measured
    except OsrmMissing as error:
        absent = str(error)
        outcome.notes.append(absent)
    ours = engine.measure(graph, draws, known, seed=seed, tell=tell)
    ours_s = min(ours.matrix_s.values())
    outcome.facts[graph.name] = _size(graph)
    outcome.measures += [
        *_goals(ours, rivals, known.matrix_s),
        *_first_query(graph, draws, tell),
        Measure(
            name="matrix1000_vs_osrm_ch",
            value=ours_s / osrm["CH"] if osrm else None,
            unit="times",
            goal=0.25,
            better="lower",
            absent=absent,
        ),
        *_told(ours, graph),
        *rivals,
        *_beside_osrm(rivals, osrm, ours_s),
    ]


def _world(outcome: Outcome, graph: RoadGraph, seed: int, tell: Tell) -> None:
    draws = Draws.of(graph, seed=seed)
    rivals, known = _rivals(graph, draws, tell, queries=_WORLD_QUERIES)
    ours = engine.measure(graph, draws, known, seed=seed, tell=tell)
    outcome.facts[graph.name] = _size(graph)
    printed = [
        measure if measure.name == "exact_mismatches" else replace(measure, goal=None, better=None)
        for measure in _goals(ours, rivals, known.matrix_s)
    ]
    memory = Measure(
        name="open_peak_bytes",
        value=ours.start.peak_bytes,
        unit="bytes",
        goal=_GIB_AND_A_HALF,
        better="lower",
    )
    outcome.measures += [
        replace(measure, name=f"world_{measure.name}")
        for measure in [*printed, memory, *_told(ours, graph), *rivals]
    ]


def _rivals(
    graph: RoadGraph, draws: Draws, tell: Tell, *, queries: int
) -> tuple[list[Measure], Known]:
    tell(f"{graph.name}: networkx")
    networkx, times_ms = rival_networkx.measure(graph, draws, queries=queries)
    tell(f"{graph.name}: scipy")
    scipy = rival_scipy.measure(graph, draws)
    tell(f"{graph.name}: routingkit-cch")
    kit, best_s, table_ms = rival_routingkit.measure(graph, draws)
    known = Known(pairs_ms=times_ms, table_ms=table_ms, matrix_s=best_s)
    return [*networkx, *scipy, *kit], known


def _goals(ours: Figures, rivals: list[Measure], routingkit_s: float) -> list[Measure]:
    """Name the figures that have a goal and need no OSRM."""
    networkx_us = next(m.value for m in rivals if m.name == "networkx_p2p_us") or 0.0
    matrix_s = min(ours.matrix_s.values())
    speedup = ours.time_dependent_dijkstra_s / ours.time_dependent_s
    rows: list[tuple[str, float, str, float, Any]] = [
        ("p2p_speedup_vs_networkx", networkx_us / (1e6 * ours.p2p_s), "times", 1500, "higher"),
        ("matrix1000_vs_routingkit", matrix_s / routingkit_s, "times", 0.15, "lower"),
        ("closure1000_ms", 1e3 * min(ours.closure_s.values()), "ms", 20, "lower"),
        ("customise_full_ms", 1e3 * min(ours.full_s.values()), "ms", 150, "lower"),
        ("time_dependent_vs_dijkstra_speedup", speedup, "times", 3, "higher"),
        ("exact_mismatches", ours.verdict.mismatches, "pairs", 0, "lower"),
    ]
    return [
        Measure(name=name, value=value, unit=unit, goal=goal, better=better)
        for name, value, unit, goal, better in rows
    ]


def _first_query(graph: RoadGraph, draws: Draws, tell: Tell) -> list[Measure]:
    """Name the figures of a fresh process on the roads as `roads build --pbf` prepares them."""
    tell(f"{graph.name}: building its network and starting on it")
    with tempfile.TemporaryDirectory() as folder:
        start, expected_ms = start_network(graph, Path(folder), draws.pairs[0].tolist())
    wrong = int(start.answer_ms != expected_ms)
    return [
        Measure(
            name="cold_first_query_s", value=start.first_query_s, unit="s", goal=2, better="lower"
        ),
        Measure(name="cold_mismatches", value=wrong, unit="answers", goal=0, better="lower"),
        Measure(name="cold_peak_bytes", value=start.peak_bytes, unit="bytes"),
    ]


def _told(ours: Figures, graph: RoadGraph) -> list[Measure]:
    """Name the figures that are only told."""
    threads = [
        (f"{name}_{count}_thread{'s' * (count > 1)}_ms", 1e3 * taken, "ms")
        for name, by_count in (
            ("matrix1000", ours.matrix_s),
            ("matrix1000_known_places", ours.matrix_known_s),
            ("closure1000", ours.closure_s),
            ("customise_full", ours.full_s),
        )
        for count, taken in by_count.items()
    ]
    rows: list[tuple[str, float, str]] = [
        ("exact_pairs_checked", ours.verdict.checked, "pairs"),
        ("p2p_us", 1e6 * ours.p2p_s, "us"),
        ("p2p_with_path_us", 1e6 * ours.p2p_with_path_s, "us"),
        *threads,
        ("time_dependent_us", 1e6 * ours.time_dependent_s, "us"),
        ("time_dependent_dijkstra_us", 1e6 * ours.time_dependent_dijkstra_s, "us"),
        ("order_s", ours.order_s, "s"),
        ("contract_s", ours.contract_s, "s"),
        ("memory_per_node", ours.bytes_held / graph.nodes, "bytes"),
        ("memory_per_edge", ours.bytes_held / graph.arcs, "bytes"),
        ("cold_topology_s", ours.start.first_query_s, "s"),
        ("cold_topology_peak_bytes", ours.start.peak_bytes, "bytes"),
    ]
    return [Measure(name=name, value=value, unit=unit) for name, value, unit in rows]


def _beside_osrm(rivals: list[Measure], osrm: dict[str, float], ours_s: float) -> list[Measure]:
    """Name what stands beside OSRM's figures: its way by its faster algorithm, its other matrix."""
    ways = [m.value for m in rivals if m.name.startswith("osrm_") and "with_path" in m.name]
    found = [value for value in ways if value is not None]
    if not found:
        return []
    return [
        Measure(name="osrm_p2p_with_path_us", value=min(found), unit="us"),
        Measure(name="matrix1000_vs_osrm_mld", value=ours_s / osrm["MLD"], unit="times"),
    ]


def _size(graph: RoadGraph) -> dict[str, int]:
    return {"nodes": graph.nodes, "arcs": graph.arcs}


def _versions() -> dict[str, str]:
    names = ("networkx", "scipy", "routingkit-cch", "numba", "numpy")
    return {name: version(name) for name in names} | {"osrm-bindings": VERSION}
