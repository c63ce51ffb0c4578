"""Make a network ready for questions: its topology once, a metric for each class and closure."""

from __future__ import annotations

import hashlib
import itertools
import os
import threading
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from routing.engine import NO_WAY, Topology, node_order, pack
from routing.engine.warm import warm
from routing.roads.errors import RoadError
from routing.roads.network import TOPOLOGY_FILE
from routing.roads.permission import allowed_arcs
from routing.roads.times import arc_lengths_dm, arc_times_ms
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

    from routing.engine import Metric
    from routing.roads.network import Arrays, RoadNetwork

METRICS_KEPT = 16
"""Metrics remembered for a network: every vehicle class under three sets of closures."""

THREADS = min(2, os.cpu_count() or 1)
"""Threads that one question may use."""


def topology_of(network: RoadNetwork) -> Topology:
    """Return the topology of a network: read from its folder, or made where there is none."""
    return _ready(network).topology


def metric_for(
    network: RoadNetwork,
    vehicle_class: str = DEFAULT_VEHICLE_CLASS,
    forbidden: frozenset[int] = frozenset(),
    *,
    at: datetime | None = None,
    permits: frozenset[str] = frozenset(),
) -> Metric:
    """Return the metric of a network for a class of vehicle, shared while it is remembered.

    One that differs by a few arcs from a remembered one is made from that, in milliseconds; those
    who still ask the older one keep it as it was.

    Parameters
    ----------
    network
        The roads.
    vehicle_class
        Whose speeds and limits apply.
    forbidden
        Arcs that may not be used, beside those that the network's own rules forbid.
    at
        The time by which rules bound to hours and dates are read; without it they are off.
    permits
        Permits that the truck holds: `routing.roads.permission.allowed_arcs`.

    Raises
    ------
    RoadError
        If an arc does not exist, the time has no offset or the vehicle class is unknown.
    """
    if forbidden and not (min(forbidden) >= 0 and max(forbidden) < len(network.arrays.arc_u)):
        raise RoadError(f"forbidden arcs must be numbers from 0 to {len(network.arrays.arc_u) - 1}")
    allowed = driveable(network, vehicle_class, at, permits)
    return _ready(network).metric(network, vehicle_class, allowed, forbidden)


@lru_cache(maxsize=32)
def free_costs(network: RoadNetwork, vehicle_class: str) -> NDArray[np.int64]:
    """Return the packed cost of every arc for a class of vehicle, whatever forbids it."""
    costs = pack(arc_times_ms(network, vehicle_class), arc_lengths_dm(network))
    costs.flags.writeable = False
    return costs


@lru_cache(maxsize=64)
def driveable(
    network: RoadNetwork,
    vehicle_class: str,
    at: datetime | None = None,
    permits: frozenset[str] = frozenset(),
) -> NDArray[np.bool_]:
    """Return which arcs the network's own rules allow a class of vehicle, shape ``(m,)``."""
    allowed = allowed_arcs(network, vehicle_class, at=at, permits=permits)
    allowed.flags.writeable = False
    return allowed


@lru_cache(maxsize=8)
def arcs_along(network: RoadNetwork) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the arcs of each segment: those of ``s`` are ``arcs[first[s]:first[s + 1]]``."""
    of_arc = network.arrays.arc_segment
    arcs = np.argsort(of_arc, kind="stable")
    first = np.searchsorted(of_arc[arcs], np.arange(len(network.arrays.seg_u) + 1))
    return first, arcs


@lru_cache(maxsize=8)
def copies_at(network: RoadNetwork) -> dict[int, tuple[int, ...]]:
    """Return the nodes at which a truck may stand at each junction that has copies."""
    found: dict[int, list[int]] = {}
    for copy in range(network.junctions, network.nodes):
        junction = int(network.arrays.node_junction[copy])
        found.setdefault(junction, [junction]).append(copy)
    return {junction: tuple(nodes) for junction, nodes in found.items()}


def build_topology(arrays: Arrays) -> Topology:
    """Return the topology of roads, every place's ways in and out on one root path each."""
    nodes = len(arrays.node_id)
    pairs = np.array(list(_joined(arrays)), np.int32).reshape(-1, 2)
    ends = np.concatenate([arrays.arc_u, pairs[:, 0]]), np.concatenate([arrays.arc_v, pairs[:, 1]])
    order = node_order(nodes, *ends)
    return Topology.build(nodes, arrays.arc_u, arrays.arc_v, order, joined=pairs)


def prepare_topology(arrays: Arrays, path: Path, *, earlier: Path) -> None:
    """Write the topology of roads, taking an earlier one over if the graph is the same.

    The engine's compiled code is left on disk too, so that the first question is quick.

    Parameters
    ----------
    arrays
        The roads.
    path
        File to write.
    earlier
        File of an earlier build, which need not exist.
    """
    graph_hash = _graph_hash(arrays)
    found = _read(earlier, graph_hash) or build_topology(arrays)
    found.save(path, key=graph_hash)
    warm()


def _joined(arrays: Arrays) -> Iterator[tuple[int, int]]:
    """List the nodes that a place needs on one root path although no arc joins them.

    A truck that stands at a junction's copies, or may come to a place within a segment by more
    than one node, needs them beside each other; junctions of a segment are, by its arcs.
    """
    junctions = int((arrays.node_junction == np.arange(len(arrays.node_id))).sum())
    groups: dict[tuple[str, int], set[int]] = {}
    for copy in range(junctions, len(arrays.node_id)):
        junction = int(arrays.node_junction[copy])
        groups.setdefault(("at", junction), {junction}).add(copy)
    for segment in np.flatnonzero((arrays.seg_leave >= junctions).any(axis=1)).tolist():
        groups[("from", segment)] = {
            each for each in arrays.seg_leave[segment].tolist() if each >= 0
        }
    expanded = np.zeros(len(arrays.seg_u), bool)
    expanded[arrays.arc_segment[arrays.arc_u >= junctions]] = True
    for arc in np.flatnonzero(expanded[arrays.arc_segment]).tolist():
        groups.setdefault(("to", int(arrays.arc_segment[arc])), set()).add(int(arrays.arc_u[arc]))
    for nodes in groups.values():
        yield from itertools.combinations(sorted(nodes), 2)


class _Ready:
    """A network's topology and the metrics asked for last."""

    def __init__(self, network: RoadNetwork) -> None:
        self.topology = _load(network) or build_topology(network.arrays)
        self._metrics: OrderedDict[tuple[str, bytes, frozenset[int]], Metric] = OrderedDict()
        self._lock = threading.Lock()

    def metric(
        self,
        network: RoadNetwork,
        vehicle_class: str,
        allowed: NDArray[np.bool_],
        forbidden: frozenset[int],
    ) -> Metric:
        """Return the metric asked for, from the nearest remembered one if it is not there."""
        key = vehicle_class, _digest(allowed), forbidden
        with self._lock:
            found = self._metrics.get(key)
            if found is None:
                costs = np.where(allowed, free_costs(network, vehicle_class), NO_WAY)
                costs[list(forbidden)] = NO_WAY
                found = self._made(vehicle_class, costs)
                self._metrics[key] = found
            self._metrics.move_to_end(key)
            while len(self._metrics) > METRICS_KEPT:
                self._metrics.popitem(last=False)
        return found

    def _made(self, vehicle_class: str, costs: NDArray[np.int64]) -> Metric:
        alike = [each for key, each in self._metrics.items() if key[0] == vehicle_class]
        differing = [np.flatnonzero(each.costs != costs).astype(np.int32) for each in alike]
        if not differing:
            return self.topology.customise(costs, threads=THREADS)
        arcs, nearest = min(zip(differing, alike, strict=True), key=lambda each: len(each[0]))
        return nearest.changed(arcs, costs[arcs], threads=THREADS)


_networks: WeakKeyDictionary[RoadNetwork, _Ready] = WeakKeyDictionary()
_opening = threading.Lock()


def _ready(network: RoadNetwork) -> _Ready:
    with _opening:
        if network not in _networks:
            _networks[network] = _Ready(network)
        return _networks[network]


def _load(network: RoadNetwork) -> Topology | None:
    if network.folder is None:
        return None
    return _read(network.folder / TOPOLOGY_FILE, _graph_hash(network.arrays))


def _read(path: Path, graph_hash: str) -> Topology | None:
    try:
        return Topology.load(path, key=graph_hash)
    except (OSError, ValueError):
        return None


def _graph_hash(arrays: Arrays) -> str:
    """Return a digest of what a topology depends on: who is joined to whom, and the copies."""
    digest = hashlib.blake2b(digest_size=16)
    for array in (arrays.arc_u, arrays.arc_v, arrays.arc_segment, arrays.seg_leave):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(np.ascontiguousarray(arrays.node_junction).tobytes())
    return digest.hexdigest()


def _digest(allowed: NDArray[np.bool_]) -> bytes:
    return hashlib.blake2b(np.packbits(allowed).tobytes(), digest_size=16).digest()
