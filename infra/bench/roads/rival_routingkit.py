"""Ask routingkit-cch, at its best: inertial order, pinned targets, no conversion of its answers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from infra.bench.measure import Measure
from infra.bench.timing import each_median_s, median_s

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infra.bench.roads.draws import Draws
    from infra.bench.roads.graph import RoadGraph

_INF = 2_147_483_647  # RoutingKit's inf_weight


class RoutingKit:
    """Hold its hierarchy and one metric of a graph.

    Parameters
    ----------
    graph
        The roads.
    """

    def __init__(self, graph: RoadGraph) -> None:
        import routingkit_cch  # noqa: PLC0415 - a rival, not needed otherwise

        self._kit: Any = routingkit_cch
        tail, head = graph.tail.tolist(), graph.head.tolist()
        before = time.perf_counter()
        order = self._kit.compute_order_inertial(
            graph.nodes, tail, head, graph.lat.tolist(), graph.lon.tolist()
        )
        self.order_s = time.perf_counter() - before
        self.cch = self._kit.CCH(order, tail, head, False)
        self.weights: list[int] = graph.times_ms.tolist()
        self.metric = self._kit.CCHMetric(self.cch, self.weights)

    def table(
        self, sources: NDArray[np.int32], targets: NDArray[np.int32], *, threads: int = 1
    ) -> list[list[int | None]]:
        """Compute times between places, each thread sweeping to targets that it pins itself.

        Its one-to-many queries may not leave the thread that made them.

        Parameters
        ----------
        sources, targets
            Nodes.
        threads
            How many to use.
        """

        def sweep(part: list[int]) -> list[list[int | None]]:
            query = self._kit.CCHOneToMany(self.metric, pinned)
            return [query.distances_from(source) for source in part]

        pinned = targets.tolist()
        if threads == 1:
            return sweep(sources.tolist())
        parts = [part.tolist() for part in np.array_split(sources, threads)]
        with ThreadPoolExecutor(threads) as pool:
            return [row for rows in pool.map(sweep, parts) for row in rows]

    def table_backwards(
        self, sources: NDArray[np.int32], targets: NDArray[np.int32]
    ) -> list[list[int | None]]:
        """Compute the same, transposed, by sweeps from pinned sources to each target."""
        query = self._kit.CCHManyToOne(self.metric, sources.tolist())
        return [query.distances_to(target) for target in targets.tolist()]

    def ask(self, pairs: list[list[int]], *, path: bool) -> float:
        """Give the median seconds of point-to-point queries, with the arcs of the way if wished."""
        query = self._kit.CCHQuery(self.metric)

        def run(pair: list[int]) -> None:
            result = query.run(*pair)  # dies with this call: alive at the next run, it panics
            _ = result.arc_path if path else result.distance

        for pair in pairs[:100]:
            run(pair)
        return each_median_s(run, pairs)

    def close(self, arcs: list[int]) -> None:
        """Close arcs, by its partial update."""
        self._update(dict.fromkeys(arcs, _INF))

    def reopen(self, arcs: list[int]) -> None:
        """Give closed arcs their times again, by its partial update."""
        self._update({arc: self.weights[arc] for arc in arcs})

    def _update(self, changes: dict[int, int]) -> None:
        self._kit.CCHMetricPartialUpdater(self.cch).apply(self.metric, changes)


def measure(graph: RoadGraph, draws: Draws) -> tuple[list[Measure], float, NDArray[np.int64]]:
    """Time everything that it offers.

    Parameters
    ----------
    graph
        The roads.
    draws
        What to ask.

    Returns
    -------
    tuple
        The figures, the seconds of its best matrix, and that matrix, -1 for no way.
    """
    kit = RoutingKit(graph)
    pairs = draws.pairs.tolist()
    asked = (draws.sources, draws.targets)
    tables = {
        "1_thread": median_s(lambda: kit.table(*asked), repeats=3),
        "2_threads": median_s(lambda: kit.table(*asked, threads=2), repeats=3),
        "many_to_one_1_thread": median_s(lambda: kit.table_backwards(*asked), repeats=3),
    }
    arcs = draws.closures.tolist()
    taken = []
    for _ in range(5):
        before = time.perf_counter()
        kit.close(arcs)
        taken.append(time.perf_counter() - before)
        kit.reopen(arcs)
    full_s = median_s(lambda: kit.metric.reset(kit.weights))
    figures = [
        ("routingkit_order_s", kit.order_s, "s"),
        ("routingkit_customise_full_ms", 1e3 * full_s, "ms"),
        ("routingkit_closure1000_ms", 1e3 * float(np.median(taken)), "ms"),
        ("routingkit_p2p_us", 1e6 * kit.ask(pairs, path=False), "us"),
        ("routingkit_p2p_with_path_us", 1e6 * kit.ask(pairs, path=True), "us"),
        *((f"routingkit_matrix1000_{how}_ms", 1e3 * s, "ms") for how, s in tables.items()),
    ]
    named = [Measure(name=name, value=value, unit=unit) for name, value, unit in figures]
    rows = [[-1 if ms is None else ms for ms in row] for row in kit.table(*asked, threads=2)]
    return named, min(tables.values()), np.array(rows, dtype=np.int64)
