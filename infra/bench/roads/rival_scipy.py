"""Ask scipy: Dijkstra in compiled code, the reference that answers are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from infra.bench.measure import Measure
from infra.bench.timing import each_median_s

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infra.bench.roads.draws import Draws
    from infra.bench.roads.graph import RoadGraph

_SEARCHES = 7

NO_WAY = -1
"""Stands in tables where one cannot get."""


def matrix(graph: RoadGraph, *, closed: NDArray[np.int32] | None = None) -> Any:
    """Give a graph's times as scipy's sparse matrix, of parallel arcs the fastest.

    Parameters
    ----------
    graph
        The roads.
    closed
        Arcs to leave out.
    """
    kept = np.ones(graph.arcs, dtype=bool)
    if closed is not None:
        kept[closed] = False
    tail, head = graph.tail[kept], graph.head[kept]
    times = graph.times_ms[kept].astype(np.float64)
    order = np.lexsort((times, head, tail))
    tail, head, times = tail[order], head[order], times[order]
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    shape = (graph.nodes, graph.nodes)
    return csr_array((times[first], (tail[first], head[first])), shape=shape)


def table_ms(
    graph: RoadGraph,
    sources: NDArray[np.int32],
    targets: NDArray[np.int32],
    *,
    closed: NDArray[np.int32] | None = None,
) -> NDArray[np.int64]:
    """Compute times between places, one search for each source.

    Parameters
    ----------
    graph
        The roads.
    sources, targets
        Nodes, shapes ``(s,)`` and ``(t,)``.
    closed
        Arcs that nobody may use.

    Returns
    -------
    numpy.ndarray
        Milliseconds, shape ``(s, t)``; `NO_WAY` where one cannot get.
    """
    roads = matrix(graph, closed=closed)
    rows = [dijkstra(roads, indices=int(source))[targets] for source in sources]
    times = np.array(rows).reshape(len(sources), len(targets))
    return np.where(np.isfinite(times), times, NO_WAY).astype(np.int64)


def measure(graph: RoadGraph, draws: Draws) -> list[Measure]:
    """Time one search to all nodes.

    Parameters
    ----------
    graph
        The roads.
    draws
        Where to search from.
    """
    roads = matrix(graph)
    took_s = each_median_s(
        lambda source: dijkstra(roads, indices=source), draws.sources[:_SEARCHES].tolist()
    )
    return [Measure(name="scipy_one_to_all_ms", value=1e3 * took_s, unit="ms")]
