"""Ask our own engine; the only file of the benchmarks that knows its calls."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from routing.engine import INF_MS, NO_WAY, Delays, Profile, Seeds, Topology, node_order, pack
from routing.engine.delay import earliest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from infra.bench.roads.graph import RoadGraph
    from routing.engine import Metric

_COLD_LIMIT_S = 300
_HALF_HOUR_MS = 1_800_000
_LONGEST_DELAY_MS = 1_200_000


@dataclass(frozen=True, eq=False)
class Ours:
    """Hold a graph in our engine.

    Attributes
    ----------
    topology, metric
        The engine's own.
    costs
        Packed cost of each arc, shape ``(m,)``.
    order_s, contract_s
        How long the order and the topology took, both done once a network.
    """

    topology: Topology
    metric: Metric
    costs: NDArray[np.int64]
    order_s: float
    contract_s: float

    @classmethod
    def of(cls, graph: RoadGraph) -> Self:
        """Prepare a graph.

        Parameters
        ----------
        graph
            The roads.
        """
        two = np.arange(2, dtype=np.int32)
        Topology.build(2, two, two[::-1], two).customise(pack(two + 1))
        begun = time.perf_counter()  # what is compiled at first is not counted
        order = node_order(graph.nodes, graph.tail, graph.head)
        ordered = time.perf_counter()
        topology = Topology.build(graph.nodes, graph.tail, graph.head, order)
        built = time.perf_counter()
        costs = pack(graph.times_ms, graph.lengths_dm)
        return cls(topology, topology.customise(costs), costs, ordered - begun, built - ordered)

    def fresh(self, *, threads: int = 1) -> Metric:
        """Customise everything: a metric that remembers no labels."""
        return self.topology.customise(self.costs, threads=threads)

    def closed(self, arcs: NDArray[np.int32], *, threads: int = 1) -> Metric:
        """Close arcs, by partial customisation beside the live metric.

        Parameters
        ----------
        arcs
            Which, each once.
        threads
            How many to use.
        """
        costs = np.full(len(arcs), NO_WAY, np.int64)
        return self.metric.changed(arcs, costs, threads=threads)

    @property
    def bytes_held(self) -> int:
        """Count the bytes of the topology and one metric."""
        metric = self.metric
        arrays = (metric.costs, metric.up, metric.down)
        return sum(self.topology.bytes_by_part().values()) + sum(each.nbytes for each in arrays)


def table_ms(
    metric: Metric,
    sources: NDArray[np.int32],
    targets: NDArray[np.int32],
    *,
    threads: int = 1,
) -> NDArray[np.int32]:
    """Compute times between nodes.

    Parameters
    ----------
    metric
        Of which costs.
    sources, targets
        Nodes, shapes ``(s,)`` and ``(t,)``.
    threads
        How many to use.

    Returns
    -------
    numpy.ndarray
        Milliseconds, shape ``(s, t)``; `no_way` tells which are none.
    """
    return metric.table_ms(Seeds.at(sources), Seeds.at(targets), threads=threads)


def no_way(times_ms: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Say where one cannot get."""
    return np.asarray(times_ms >= INF_MS)


def draw_delays(graph: RoadGraph, rng: np.random.Generator, *, arcs: int = 300) -> Delays:
    """Put checkpoints on some arcs: delays of a whole day that rise and fall each half-hour.

    Parameters
    ----------
    graph
        The roads.
    rng
        Where chance comes from.
    arcs
        How many checkpoints.
    """
    at_ms = tuple(range(0, 49 * _HALF_HOUR_MS, _HALF_HOUR_MS))
    profiles = {
        int(arc): Profile(at_ms, tuple(rng.integers(0, _LONGEST_DELAY_MS, len(at_ms)).tolist()))
        for arc in rng.choice(graph.arcs, min(arcs, graph.arcs), replace=False)
    }
    return Delays.on(graph.arcs, profiles)


def arrival_ms(
    metric: Metric, pair: Sequence[int], depart_ms: int, delays: Delays, *, guided: bool
) -> int | None:
    """Find when a truck arrives, led by the hierarchy or searching all round (Dijkstra)."""
    origin, end = pair
    found = earliest(metric, origin, end, depart_ms, delays, guided=guided)
    return None if found is None else found[0]
