"""Measure our engine by itself: queries, matrices, closures, start, time dependence, exactness."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from infra.bench.roads import ours as engine
from infra.bench.roads.exact import Verdict, check, compare, compare_table
from infra.bench.roads.prepared import start_topology
from infra.bench.timing import each_median_s, median_s

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infra.bench.measure import Tell
    from infra.bench.roads.draws import Draws
    from infra.bench.roads.graph import RoadGraph
    from infra.bench.roads.prepared import Start

THREADS = (1, 2)

_REPEATS = 5
_DEPARTURES = 40


@dataclass(frozen=True, kw_only=True)
class Known:
    """Hold what rivals answered, in milliseconds, -1 for no way.

    Attributes
    ----------
    pairs_ms
        By origin and end: networkx.
    table_ms
        The matrix, shape ``(k, k)``: routingkit-cch.
    matrix_s
        How long that took at best.
    """

    pairs_ms: dict[tuple[int, int], int]
    table_ms: NDArray[np.int64]
    matrix_s: float


@dataclass(kw_only=True)
class Figures:
    """Hold what was measured of ours: seconds and bytes; by number of threads where that counts."""

    order_s: float
    contract_s: float
    bytes_held: int
    p2p_s: float
    p2p_with_path_s: float
    full_s: dict[int, float]
    closure_s: dict[int, float]
    matrix_s: dict[int, float]
    matrix_known_s: dict[int, float]
    time_dependent_s: float
    time_dependent_dijkstra_s: float
    start: Start
    verdict: Verdict = field(default_factory=Verdict)


def measure(
    graph: RoadGraph,
    draws: Draws,
    known: Known,
    *,
    seed: int,
    tell: Tell,
) -> Figures:
    """Measure ours on a graph.

    Parameters
    ----------
    graph
        The roads.
    draws
        What to ask.
    known
        What others answered, to be compared with.
    seed
        For checkpoints and departures.
    tell
        Is told what happens.
    """
    tell(f"{graph.name}: ours, order and topology")
    ours = engine.Ours.of(graph)
    metric = ours.metric
    pairs = draws.pairs.tolist()
    tell(f"{graph.name}: ours, queries")
    for pair in pairs[:50]:
        metric.time_ms(*pair)
        metric.path(*pair)
    guided_s, dijkstra_s, late = _time_dependent(graph, ours, pairs, seed)
    start = _start(ours, pairs[0])
    return Figures(
        order_s=ours.order_s,
        contract_s=ours.contract_s,
        bytes_held=ours.bytes_held,
        p2p_s=each_median_s(lambda pair: metric.time_ms(*pair), pairs),
        p2p_with_path_s=each_median_s(lambda pair: metric.path(*pair), pairs),
        full_s={n: median_s(lambda n=n: ours.fresh(threads=n)) for n in THREADS},  # type: ignore[misc]
        closure_s={n: _closure_s(ours, draws, n) for n in THREADS},
        matrix_s={n: _matrix_s(ours, draws, n, known=False) for n in THREADS},
        matrix_known_s={n: _matrix_s(ours, draws, n, known=True) for n in THREADS},
        time_dependent_s=guided_s,
        time_dependent_dijkstra_s=dijkstra_s,
        start=start,
        verdict=late
        + compare(metric, known.pairs_ms)
        + compare_table(metric, draws, known.table_ms)
        + compare(metric, {(pairs[0][0], pairs[0][1]): start.answer_ms})
        + _exact(graph, ours, draws, tell),
    )


def _exact(graph: RoadGraph, ours: engine.Ours, draws: Draws, tell: Tell) -> Verdict:
    tell(f"{graph.name}: answers against scipy")
    closed = ours.closed(draws.closures)
    return (
        check(graph, ours.metric, draws)
        + check(graph, closed, draws, closed=draws.closures)
        + check(graph, ours.metric, draws)  # the live metric is untouched by the closures
    )


def _closure_s(ours: engine.Ours, draws: Draws, threads: int) -> float:
    """Time closing a thousand arcs, from the call until a metric with them can be asked."""
    return median_s(lambda: ours.closed(draws.closures, threads=threads), repeats=9)


def _matrix_s(ours: engine.Ours, draws: Draws, threads: int, *, known: bool) -> float:
    """Time a matrix: of places never seen before, or with their labels remembered."""
    taken = []
    metric = ours.fresh()
    engine.table_ms(metric, draws.sources, draws.targets, threads=threads)
    for _ in range(_REPEATS):
        if not known:
            metric = ours.fresh()
        before = time.perf_counter()
        engine.table_ms(metric, draws.sources, draws.targets, threads=threads)
        taken.append(time.perf_counter() - before)
    return float(np.median(taken))


def _time_dependent(
    graph: RoadGraph, ours: engine.Ours, pairs: list[list[int]], seed: int
) -> tuple[float, float, Verdict]:
    """Time arrivals through checkpoints both ways: led by the hierarchy, and Dijkstra."""
    rng = np.random.default_rng([seed, graph.arcs])
    delays = engine.draw_delays(graph, rng)
    departures = rng.integers(0, 20 * 3_600_000, _DEPARTURES).tolist()
    asked = list(zip(pairs[:_DEPARTURES], departures, strict=True))
    taken, answers = {}, {}
    for guided in (True, False):
        answers[guided] = [
            engine.arrival_ms(ours.metric, pair, at, delays, guided=guided) for pair, at in asked
        ]
        taken[guided] = each_median_s(
            lambda each, guided=guided: engine.arrival_ms(  # type: ignore[misc]
                ours.metric, each[0], each[1], delays, guided=guided
            ),
            asked,
        )
    wrong = sum(a != b for a, b in zip(answers[True], answers[False], strict=True))
    return taken[True], taken[False], Verdict(len(asked), wrong)


def _start(ours: engine.Ours, pair: list[int]) -> Start:
    with tempfile.TemporaryDirectory() as folder:
        return start_topology(ours, Path(folder), pair)
