"""Hold the engine against scipy and networkx on New York's roads (DIMACS, 9th challenge)."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from routing.engine import INF_MS, NO_WAY, Seeds, Topology, node_order, pack
from routing.engine.compiled import LENGTH_BITS
from tests.shared_data import shared_data

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.engine import Metric

pytestmark = pytest.mark.slow
"""Half a minute, of which reading the graph is most: `make test-long` runs it."""

SOURCES, TARGETS, CLOSED = 12, 500, 2000


@pytest.fixture(scope="module")
def arcs() -> NDArray[np.int64]:
    """Return tail, head and weight of every arc, shape ``(m, 3)``, nodes counted from 0."""
    with gzip.open(shared_data("roads/USA-road-d.NY.reconstructed.gr.gz"), "rb") as file:
        lines = [line[2:] for line in file if line.startswith(b"a ")]
    return np.loadtxt(lines, dtype=np.int64) - (1, 1, 0)


@pytest.fixture(scope="module")
def topology(arcs: NDArray[np.int64]) -> Topology:
    """Return the graph made ready."""
    nodes = int(arcs[:, :2].max()) + 1
    tail, head = arcs[:, 0].astype(np.int32), arcs[:, 1].astype(np.int32)
    return Topology.build(nodes, tail, head, node_order(nodes, tail, head))


def _slow_ms(metric: Metric, sources: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the times from some nodes to all by scipy, of parallel arcs the fastest."""
    t, open_ = metric.topology, metric.costs < NO_WAY
    order = np.argsort(-metric.costs[open_], kind="stable")  # the last of equal entries stays
    ends = t.tail[open_][order].astype(np.int64) * t.nodes + t.head[open_][order]
    last = {end: at for at, end in enumerate(ends.tolist())}
    kept = np.array(list(last.values()))
    times = (metric.costs[open_] >> LENGTH_BITS)[order][kept].astype(float)
    shape = t.nodes, t.nodes
    graph = csr_array((times, (ends[kept] // t.nodes, ends[kept] % t.nodes)), shape=shape)
    found = dijkstra(graph, indices=sources)
    return np.where(np.isfinite(found), found, INF_MS)


def _check(metric: Metric, rng: np.random.Generator) -> None:
    nodes, t = metric.topology.nodes, metric.topology
    sources, targets = rng.integers(0, nodes, SOURCES), rng.integers(0, nodes, TARGETS)
    expected = _slow_ms(metric, sources)
    found = metric.table_ms(Seeds.at(sources), Seeds.at(targets), threads=2)
    assert np.array_equal(found, expected[:, targets])
    for row, source in enumerate(sources.tolist()):
        assert np.array_equal(metric.reach(Seeds.at([source])) >> LENGTH_BITS, expected[row])
        for target in targets[:40].tolist():
            assert metric.time_ms(source, target) == expected[row, target]
            arcs = metric.path(source, target)
            if arcs is None:
                assert expected[row, target] == INF_MS
                continue
            stops = [source, *t.head[arcs].tolist()]
            assert stops[-1] == target
            assert t.tail[arcs].tolist() == stops[:-1]
            assert (metric.costs[arcs] >> LENGTH_BITS).sum() == expected[row, target]


def test_thousands_of_pairs_cost_what_scipy_says_before_and_after_closures(
    arcs: NDArray[np.int64], topology: Topology
) -> None:
    """6,000 pairs and 12 sweeps each time: open, with 2,000 arcs closed, and opened again."""
    rng = np.random.default_rng(308)
    costs = pack(np.maximum(1, arcs[:, 2]))
    metric = topology.customise(costs, threads=2)
    _check(metric, rng)
    closed = rng.choice(len(arcs), CLOSED, replace=False).astype(np.int32)
    shut = metric.changed(closed, np.full(CLOSED, NO_WAY), threads=2)
    _check(shut, rng)
    back = shut.changed(closed, costs[closed])
    assert np.array_equal(back.up, metric.up)
    assert np.array_equal(back.down, metric.down)


def test_networkx_agrees_from_one_junction_to_all(
    arcs: NDArray[np.int64], topology: Topology
) -> None:
    """The slow reference of the project, over the whole graph once."""
    metric = topology.customise(pack(np.maximum(1, arcs[:, 2])))
    graph: nx.DiGraph[int] = nx.DiGraph()
    by_weight = arcs[np.argsort(-arcs[:, 2], kind="stable")]
    graph.add_weighted_edges_from((u, v, max(1, w)) for u, v, w in by_weight.tolist())
    expected = nx.single_source_dijkstra_path_length(graph, 1000)
    found = metric.reach(Seeds.at([1000])) >> LENGTH_BITS
    assert {node: int(found[node]) for node in expected} == expected
    assert (found < INF_MS).sum() == len(expected)
