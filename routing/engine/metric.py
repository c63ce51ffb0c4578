"""Answer queries about one set of costs, which never changes: a changed one is made beside it."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from routing.engine.compiled import INF_MS, LENGTH_BITS, NO_WAY
from routing.engine.customise import customise, recustomise
from routing.engine.kernels.labels import bottoms, fill, stale
from routing.engine.kernels.matrix import meet_costs, meet_times, neighbours_share
from routing.engine.kernels.query import cost_between, way_between
from routing.engine.kernels.sweep import sweep
from routing.engine.seeds import Seeds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from routing.engine.topology import Topology

LABELS_KEPT = 8192
"""Labels that a metric remembers in each direction; that asked for longest ago goes first."""

WHOLE_FROM = 0.1
"""From this share of changed arcs on, customising everything is quicker than what changed."""

_numbers = itertools.count(1)
_HERE = np.zeros(1, np.int64)


@dataclass(frozen=True, slots=True)
class Way:
    """A fastest way between two places, of equally fast ones a shortest.

    Parameters
    ----------
    time_ms, length_dm
        Its time and length, those of the seeds included.
    arcs
        What it drives, from the one seed's node to the other's; empty if they are one.
    start, end
        Nodes of the seeds that it uses.
    """

    time_ms: int
    length_dm: int
    arcs: tuple[int, ...]
    start: int
    end: int


class Metric:
    """One set of costs, customised; made by `Topology.customise` and `changed`.

    It is safe to ask from many threads: costs never change, and whoever holds a metric keeps it
    whole while newer ones are made. Arrays of metrics that nobody holds any more are used again.

    Parameters
    ----------
    topology
        The graph.
    costs
        Packed cost of each arc, shape ``(m,)``.
    up, down
        Packed cost of each slot, shape ``(a,)``.
    """

    def __init__(
        self,
        topology: Topology,
        costs: NDArray[np.int64],
        up: NDArray[np.int64],
        down: NDArray[np.int64],
    ) -> None:
        self.topology = topology
        self.costs, self.up, self.down = costs, up, down
        self.version = next(_numbers)
        """Ascending over a process; a newer metric has a greater one."""
        self._labels: tuple[_Kept, _Kept] = (_Kept(), _Kept())
        weakref.finalize(self, _spare(topology).give, (costs, up, down))

    @cached_property
    def _over(self) -> NDArray[np.int64]:
        """What each slot stands for in each direction, -1 until a path needed it; ``(2a,)``."""
        return np.full(2 * len(self.up), -1, np.int64)

    def changed(
        self, arcs: NDArray[np.int32], costs: NDArray[np.int64], *, threads: int = 1
    ) -> Metric:
        """Return a metric in which some arcs have another cost; this one stays as it is.

        Parameters
        ----------
        arcs
            Arc numbers, shape ``(k,)``, each once.
        costs
            Their packed costs, `NO_WAY` to forbid, shape ``(k,)``.
        threads
            How many to use.

        Raises
        ------
        ValueError
            If an arc does not exist or the shapes differ.
        """
        arcs = np.asarray(arcs, np.int32).reshape(-1)
        costs = np.asarray(costs, np.int64).reshape(-1)
        if len(arcs) != len(costs) or (
            len(arcs) and not (arcs.min() >= 0 and arcs.max() < len(self.costs))
        ):
            raise ValueError("Expected arcs of the graph, with a cost each.")
        differs = self.costs[arcs] != costs
        arcs, costs = arcs[differs], costs[differs]
        t = self.topology
        new, up, down = _spare(t).take(self)
        np.copyto(new, self.costs)
        new[arcs] = costs
        if len(arcs) > WHOLE_FROM * len(new):
            customise(t, new, threads=threads, out=(up, down))
            return Metric(t, new, up, down)
        np.copyto(up, self.up)
        np.copyto(down, self.down)
        touched = recustomise(t, new, arcs, up, down, threads=threads)
        made = Metric(t, new, up, down)
        for ours, theirs in zip(made._labels, self._labels, strict=True):
            ours.take_over(theirs, t.parent, touched)
        return made

    def time_ms(self, origin: int, end: int) -> int:
        """Return the milliseconds from one node to another, `INF_MS` if there is no way."""
        return self.cost(origin, end) >> LENGTH_BITS

    def cost(self, origin: int, end: int) -> int:
        """Return the packed cost from one node to another, `NO_WAY` if there is none."""
        t = self.topology
        ends = t.rank[origin], t.rank[end]
        return int(cost_between(*ends, t.parent, t.depth, t.first, t.level, self.up, self.down))

    def way(self, origins: Seeds, ends: Seeds) -> Way | None:
        """Return a fastest way between two places, None if there is none.

        Parameters
        ----------
        origins, ends
            One place each.

        Raises
        ------
        ValueError
            If the nodes of a place do not lie on one root path.
        """
        if not len(origins.node) or not len(ends.node):
            return None
        cost, arcs, start, end = self._way(*self._ranked(origins), *self._ranked(ends))
        if cost >= NO_WAY:
            return None
        order = self.topology.order
        return Way(
            cost >> LENGTH_BITS,
            cost & ((1 << LENGTH_BITS) - 1),
            tuple(arcs.tolist()),
            int(order[start]),
            int(order[end]),
        )

    def path(self, origin: int, end: int) -> list[int] | None:
        """Return the arcs of a fastest way from one node to another, None if there is none."""
        rank = self.topology.rank
        cost, arcs, *_ = self._way(rank[[origin]], _HERE, rank[[end]], _HERE)
        found: list[int] = arcs.tolist()
        return found if cost < NO_WAY else None

    def table_ms(self, origins: Seeds, ends: Seeds, *, threads: int = 1) -> NDArray[np.int32]:
        """Return the milliseconds between places, `INF_MS` where there is no way.

        Parameters
        ----------
        origins, ends
            ``s`` and ``t`` places.
        threads
            How many to use.

        Returns
        -------
        numpy.ndarray
            Shape ``(s, t)``.
        """
        out = np.empty((len(origins), len(ends)), np.int32)
        self._meet(origins, ends, threads, meet_times, out, _milliseconds)
        return out

    def table(self, origins: Seeds, ends: Seeds, *, threads: int = 1) -> NDArray[np.int64]:
        """Return the packed costs between places, `NO_WAY` where there is no way.

        Parameters
        ----------
        origins, ends
            ``s`` and ``t`` places.
        threads
            How many to use.

        Returns
        -------
        numpy.ndarray
            Shape ``(s, t)``.
        """
        out = np.empty((len(origins), len(ends)), np.int64)
        self._meet(origins, ends, threads, meet_costs, out, lambda rows: rows)
        return out

    def reach(self, place: Seeds, *, backwards: bool = False) -> NDArray[np.int64]:
        """Return the packed cost from one place to every node, or from every node to it.

        Returns
        -------
        numpy.ndarray
            Shape ``(n,)``, `NO_WAY` where there is no way.
        """
        t = self.topology
        reached = np.full(t.nodes, NO_WAY, np.int64)
        if len(place.node):
            lowest, rows = self._made(place, backwards=backwards, threads=1)
            rank = int(lowest[0])
            while rank >= 0:
                reached[rank] = rows[0, t.depth[rank]]
                rank = int(t.parent[rank])
        sweep(reached, t.first, t.above, self.up if backwards else self.down)
        return np.minimum(reached, NO_WAY)[t.rank]

    def labels_kept(self) -> int:
        """Return how many labels are remembered."""
        return sum(len(each) for each in self._labels)

    def _way(
        self,
        from_ranks: NDArray[np.int32],
        from_costs: NDArray[np.int64],
        to_ranks: NDArray[np.int32],
        to_costs: NDArray[np.int64],
    ) -> tuple[int, NDArray[np.int32], int, int]:
        """Return the packed cost between two places, the arcs, and the ranks of the seeds used."""
        t = self.topology
        cost, arcs, start, end = way_between(
            from_ranks, from_costs, to_ranks, to_costs, t.parent, t.depth, t.first, t.above,
            t.level, t.low, t.below_first, t.below, t.arcs_first, t.arcs, self.costs, self.up,
            self.down, self._over,
        )  # fmt: skip
        return int(cost), arcs, int(start), int(end)

    def _ranked(self, place: Seeds) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        self._lowest(place)
        ranks = self.topology.rank[place.node]
        ascending = np.argsort(ranks, kind="stable")
        return ranks[ascending], place.cost[ascending]

    def _lowest(self, places: Seeds) -> NDArray[np.int32]:
        t = self.topology
        lowest: NDArray[np.int32] = bottoms(places.first, places.node, t.rank, t.size)
        if (lowest == -2).any():
            raise ValueError("Expected the nodes of a place on one root path.")
        return lowest

    def _made(
        self, places: Seeds, *, backwards: bool, threads: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the lowest rank and the label of each place, shape ``(k, depths)``."""
        kept = self._labels[backwards]
        lowest = self._lowest(places)
        t = self.topology
        costs = self.down if backwards else self.up
        width = int(t.depth[lowest].max()) + 1 if len(lowest) else 1
        rows = np.empty((len(places), width), np.int64)
        keys = _keys(places)
        missing = kept.get(keys, rows)
        if len(missing):
            # contiguous runs of missing places keep the compiled loop simple
            todo = _selected(places, missing)
            fresh = np.empty((len(missing), width), np.int64)

            def run(start: int, end: int) -> None:
                fill(
                    start, end, lowest[missing], todo.first, todo.node, todo.cost, t.rank,
                    t.parent, t.depth, t.first, t.level, costs, fresh,
                )  # fmt: skip

            _spread(run, len(missing), threads)
            rows[missing] = fresh
            kept.put([keys[each] for each in missing.tolist()], lowest[missing], fresh, t.depth)
        return lowest, rows

    def _meet(
        self,
        origins: Seeds,
        ends: Seeds,
        threads: int,
        kernel: Callable[..., None],
        out: NDArray[np.signedinteger],
        shown: Callable[[NDArray[np.int64]], NDArray[np.signedinteger]],
    ) -> None:
        if not out.size:
            return
        t = self.topology
        one, from_rows = self._made(origins, backwards=False, threads=threads)
        two, to_rows = self._made(ends, backwards=True, threads=threads)
        ascending = np.argsort(two, kind="stable")
        two, from_rows, to_rows = two[ascending], shown(from_rows), shown(to_rows[ascending])
        steps = neighbours_share(two, t.parent, t.depth)
        sorted_out = np.empty_like(out)

        def run(start: int, end: int) -> None:
            kernel(start, end, one, from_rows, two, to_rows, steps, t.parent, t.depth, sorted_out)

        _spread(run, len(one), threads)
        out[:, ascending] = sorted_out


class _Kept:
    """Labels of one direction by the seeds of their place, the latest used last."""

    def __init__(self) -> None:
        self._rows: OrderedDict[bytes, tuple[int, NDArray[np.int64]]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, keys: Sequence[bytes], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Write the labels that are known into rows; return the positions of the others."""
        missing = []
        with self._lock:
            for position, key in enumerate(keys):
                found = self._rows.get(key)
                if found is None:
                    missing.append(position)
                    continue
                self._rows.move_to_end(key)
                rows[position, : len(found[1])] = found[1]
                rows[position, len(found[1]) :] = NO_WAY
        return np.array(missing, np.int64)

    def put(
        self,
        keys: Sequence[bytes],
        lowest: NDArray[np.int32],
        rows: NDArray[np.int64],
        depth: NDArray[np.int32],
    ) -> None:
        """Remember labels."""
        with self._lock:
            for key, rank, row in zip(keys, lowest.tolist(), rows, strict=True):
                self._rows[key] = rank, row[: depth[rank] + 1 if rank >= 0 else 0].copy()
            while len(self._rows) > LABELS_KEPT:
                self._rows.popitem(last=False)

    def take_over(
        self, other: _Kept, parent: NDArray[np.int32], touched: NDArray[np.bool_]
    ) -> None:
        """Take the labels of another metric that no changed slot lies above."""
        with other._lock:
            rows = list(other._rows.items())
        lowest = np.array([rank for _, (rank, _) in rows], np.int32)
        for (key, row), gone in zip(rows, stale(lowest, parent, touched).tolist(), strict=True):
            if not gone:
                self._rows[key] = row


class _Spare:
    """Arrays of metrics that nobody holds any more: filling new memory costs more than copying."""

    def __init__(self) -> None:
        self._arrays: list[tuple[NDArray[np.int64], ...]] = []

    def give(self, arrays: tuple[NDArray[np.int64], ...]) -> None:
        """Take arrays back; two sets are kept."""
        if len(self._arrays) < 2:
            self._arrays.append(arrays)

    def take(self, like: Metric) -> tuple[NDArray[np.int64], ...]:
        """Return a set of arrays for a metric of the same graph, their content is anything."""
        try:
            return self._arrays.pop()
        except IndexError:
            return tuple(np.empty_like(each) for each in (like.costs, like.up, like.down))


_spares: weakref.WeakKeyDictionary[Topology, _Spare] = weakref.WeakKeyDictionary()


def _spare(topology: Topology) -> _Spare:
    return _spares.setdefault(topology, _Spare())


def _milliseconds(rows: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.asarray(np.minimum(rows >> LENGTH_BITS, INF_MS), np.int32)


def _keys(places: Seeds) -> list[bytes]:
    both = np.stack([places.node.astype(np.int64), places.cost], axis=1).tobytes()
    ends = (16 * places.first).tolist()
    return [both[start:end] for start, end in itertools.pairwise(ends)]


def _selected(places: Seeds, positions: NDArray[np.int64]) -> Seeds:
    sizes = np.diff(places.first)[positions]
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    at = np.arange(first[-1]) + np.repeat(places.first[positions] - first[:-1], sizes)
    return Seeds(first, places.node[at], places.cost[at])


def _spread(run: Callable[[int, int], None], count: int, threads: int) -> None:
    """Run over ``0:count`` in pieces, on several threads if so asked."""
    if threads <= 1 or count < 2 * threads:
        run(0, count)
        return
    cuts = np.linspace(0, count, 4 * threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda piece: run(*piece), itertools.pairwise(cuts)))
