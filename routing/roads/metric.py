"""Answer travel times, distances and paths for one vehicle class and set of forbidden edges."""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from routing.roads.errors import NoRoute, RoadError
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS, vehicle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from routing.roads.network import RoadNetwork

ROWS_AT_ONCE = 256
"""Sources computed in one go: bounds the memory of a full table."""

ROWS_KEPT = 2048
"""Rows that a metric remembers; the one asked for longest ago goes first."""

METRICS_KEPT = 12
"""Metrics remembered: every vehicle class under two sets of closures."""


@dataclass(frozen=True, slots=True)
class PathResult:
    """A fastest way.

    Parameters
    ----------
    nodes
        Node indices from the origin to the destination.
    arcs
        Arc indices between them.
    duration_s, distance_m
        Travel time without breaks, and length.
    """

    nodes: tuple[int, ...]
    arcs: tuple[int, ...]
    duration_s: float
    distance_m: float


@dataclass(frozen=True, slots=True)
class _Row:
    times_ms: NDArray[np.float64]
    lengths_m: NDArray[np.float64]
    before: NDArray[np.int32]


def arc_times_ms(
    network: RoadNetwork, vehicle_class: str = DEFAULT_VEHICLE_CLASS
) -> NDArray[np.int64]:
    """Return the travel time of every arc in whole milliseconds, shape ``(m,)``.

    Driving time is length over class speed times the vehicle's factor, rounded to a millisecond
    and at least one; a border's delay is added; a ferry takes its crossing time.
    """
    arrays = network.arrays
    speed_m_per_s = arrays.class_speed_kph[arrays.seg_class] / 3.6
    factor = vehicle(vehicle_class).speed_factor
    driving_ms = np.rint(1000 * arrays.seg_length_m / (speed_m_per_s * factor)).astype(np.int64)
    driving_ms[arrays.seg_ferry] = 0
    times_ms = np.maximum(1, driving_ms + arrays.seg_fixed_ms)
    return np.asarray(times_ms[arrays.arc_segment], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """A network as one vehicle class may use it; fastest ways are computed once and kept.

    Make it with `metric_for`, which shares equal metrics. Rows appear as they are asked for;
    nothing that an answer depends on ever changes, so threads may share a metric.

    Parameters
    ----------
    network
        The roads.
    vehicle_class
        Whose speeds and limits apply.
    forbidden
        Arcs that may not be used.
    """

    network: RoadNetwork
    vehicle_class: str = DEFAULT_VEHICLE_CLASS
    forbidden: frozenset[int] = frozenset()
    version: str = field(init=False)
    _graph: csr_array = field(init=False, repr=False)
    _arc_key: NDArray[np.int64] = field(init=False, repr=False)
    _arc: NDArray[np.int64] = field(init=False, repr=False)
    _rows: OrderedDict[int, _Row] = field(init=False, repr=False, default_factory=OrderedDict)

    def __post_init__(self) -> None:
        arrays = self.network.arrays
        n, m = self.network.nodes, len(arrays.arc_u)
        if any(not 0 <= arc < m for arc in self.forbidden):
            raise RoadError(f"forbidden arcs must be numbers from 0 to {m - 1}")
        times_ms = arc_times_ms(self.network, self.vehicle_class)
        allowed = np.ones(m, dtype=bool)
        allowed[sorted(self.forbidden)] = False
        arcs = np.flatnonzero(allowed)
        key = arrays.arc_u[arcs].astype(np.int64) * n + arrays.arc_v[arcs]
        arcs = arcs[np.lexsort((arcs, times_ms[arcs], key))]
        # Of parallel arcs only the fastest counts: a sparse matrix would add them up.
        key = arrays.arc_u[arcs].astype(np.int64) * n + arrays.arc_v[arcs]
        keys, first = np.unique(key, return_index=True)
        arcs = arcs[first]
        ends = (arrays.arc_u[arcs], arrays.arc_v[arcs])
        graph = csr_array((times_ms[arcs].astype(np.float64), ends), shape=(n, n))
        object.__setattr__(self, "_graph", graph)
        object.__setattr__(self, "_arc_key", keys)
        object.__setattr__(self, "_arc", arcs)
        object.__setattr__(self, "version", self._hash())

    def duration_s(self, u: int, v: int) -> float:
        """Return the fastest travel time between two nodes, infinite if there is no way."""
        return float(self._row(u).times_ms[self._checked(v)]) / 1000

    def distance_m(self, u: int, v: int) -> float:
        """Return the length of the fastest way between two nodes, infinite if there is none."""
        return float(self._row(u).lengths_m[self._checked(v)])

    def matrix(
        self, sources: Sequence[int], targets: Sequence[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return travel times in seconds and lengths in metres among nodes.

        Parameters
        ----------
        sources, targets
            Node indices, which may repeat.

        Returns
        -------
        tuple
            ``durations_s`` and ``distances_m``, each of shape ``(len(sources), len(targets))``,
            infinite where there is no way.
        """
        times_ms, distances_m = self.table(sources, targets)
        return times_ms / 1000, distances_m

    def table(
        self, sources: Sequence[int], targets: Sequence[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what `matrix` returns, with times in whole milliseconds."""
        self.prepare(sources)
        columns = np.array([self._checked(target) for target in targets], dtype=np.intp)
        times_ms = np.empty((len(sources), len(columns)))
        lengths_m = np.empty_like(times_ms)
        for position, source in enumerate(sources):
            row = self._row(source)
            row.times_ms.take(columns, out=times_ms[position])
            row.lengths_m.take(columns, out=lengths_m[position])
        return times_ms, lengths_m

    def path(self, u: int, v: int) -> PathResult:
        """Return a fastest way between two nodes.

        Raises
        ------
        NoRoute
            If no permitted way leads there.
        """
        row = self._row(u)
        if not math.isfinite(row.times_ms[self._checked(v)]):
            raise NoRoute(
                f"no permitted way leads from node {u} to node {v} for {self.vehicle_class}"
            )
        nodes = [v]
        while nodes[-1] != u:
            nodes.append(int(row.before[nodes[-1]]))
        nodes.reverse()
        tails, heads = np.array(nodes[:-1], dtype=np.int64), np.array(nodes[1:], dtype=np.int64)
        arcs = self._arc[np.searchsorted(self._arc_key, tails * self.network.nodes + heads)]
        return PathResult(
            tuple(nodes),
            tuple(arcs.tolist()),
            float(row.times_ms[v]) / 1000,
            float(row.lengths_m[v]),
        )

    def prepare(self, sources: Iterable[int]) -> None:
        """Compute the rows of several sources together."""
        wanted = {self._checked(source) for source in sources}
        missing = sorted(wanted - self._rows.keys())
        for start in range(0, len(missing), ROWS_AT_ONCE):
            self._compute(missing[start : start + ROWS_AT_ONCE])

    def _row(self, source: int) -> _Row:
        row = self._rows.get(source)
        if row is None:
            return self._compute([self._checked(source)])[0]
        with contextlib.suppress(KeyError):  # another thread may have let it go meanwhile
            self._rows.move_to_end(source)
        return row

    def _checked(self, node: int) -> int:
        if not 0 <= node < self.network.nodes:
            raise RoadError(f"{node} is no node; they run from 0 to {self.network.nodes - 1}")
        return int(node)

    def _compute(self, sources: list[int]) -> list[_Row]:
        times_ms, before = dijkstra(self._graph, indices=sources, return_predecessors=True)
        before = before.astype(np.int32, copy=False)
        lengths_m = self._lengths_m(before, times_ms)
        rows = [
            _Row(times.copy(), lengths.copy(), back.copy())
            for times, lengths, back in zip(times_ms, lengths_m, before, strict=True)
        ]
        self._rows.update(zip(sources, rows, strict=True))
        while len(self._rows) > ROWS_KEPT:
            with contextlib.suppress(KeyError):
                self._rows.popitem(last=False)
        return rows

    def _lengths_m(
        self, before: NDArray[np.int32], times_ms: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Sum arc lengths along the trees of predecessors by pointer doubling."""
        n = self.network.nodes
        reached = before >= 0
        here = np.broadcast_to(np.arange(n, dtype=np.int64), before.shape)
        up = np.where(reached, before, here)
        arrays = self.network.arrays
        arc_m = arrays.seg_length_m[arrays.arc_segment[self._arc]]
        lengths_m = np.zeros(before.shape)
        at = np.searchsorted(self._arc_key, up[reached] * n + here[reached])
        lengths_m[reached] = arc_m[at]
        while True:
            further = np.take_along_axis(up, up, axis=1)
            if np.array_equal(further, up):
                break
            lengths_m += np.take_along_axis(lengths_m, up, axis=1)
            up = further
        lengths_m[~np.isfinite(times_ms)] = np.inf
        return lengths_m

    def _hash(self) -> str:
        parts = (
            self.network.info.content_hash,
            self.vehicle_class,
            *map(str, sorted(self.forbidden)),
        )
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


@lru_cache(maxsize=METRICS_KEPT)
def metric_for(
    network: RoadNetwork,
    vehicle_class: str = DEFAULT_VEHICLE_CLASS,
    forbidden: frozenset[int] = frozenset(),
) -> Metric:
    """Return the metric of a network, vehicle class and forbidden arcs, shared while in use."""
    return Metric(network, vehicle_class, forbidden)
