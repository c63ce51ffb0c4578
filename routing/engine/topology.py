"""Hold what depends on no cost: the order, the chordal supergraph, the elimination tree."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Self
from zipfile import BadZipFile

import numpy as np

from routing.engine.customise import customise, tasks
from routing.engine.kernels.contract import contract, hang, post_order
from routing.engine.order import adjacency

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from routing.engine.metric import Metric


@dataclass(frozen=True, kw_only=True, eq=False)
class Topology:
    """A graph made ready for costs: ``n`` nodes, ``m`` arcs, ``a`` slots of the supergraph.

    A *rank* is a node's place in the order of contraction, a post-order of the elimination tree,
    so that a subtree is the ranks ``r - size[r] + 1 … r``. A *slot* joins two ranks; it has a cost
    up (lower to higher rank) and one down. Every slot above a node leads to an ancestor of it.

    Parameters
    ----------
    tail, head
        Ends of the graph's arcs, node numbers, shape ``(m,)``.
    order, rank
        Node of each rank, and rank of each node, shape ``(n,)``.
    parent, depth, size
        The elimination tree by rank; the last rank is its root, its own parent is -1.
    first, above, level
        Slots above rank ``r`` are ``first[r]:first[r + 1]``; ``above`` holds the higher rank of
        each, ascending, and ``level`` its depth; shape ``(n + 1,)`` and ``(a,)``.
    low
        The lower rank of each slot, shape ``(a,)``.
    below_first, below
        Slots whose higher rank is ``r``: ``below[below_first[r]:below_first[r + 1]]``, ascending.
    slot, is_up
        The slot of each arc, -1 for loops, and whether it leads up, shape ``(m,)``.
    arcs_first, arcs
        Arcs of each slot and direction: those of slot ``k`` up are
        ``arcs[arcs_first[2 * k]:arcs_first[2 * k + 1]]``, those down follow.
    """

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    order: NDArray[np.int32]
    rank: NDArray[np.int32]
    parent: NDArray[np.int32]
    depth: NDArray[np.int32]
    size: NDArray[np.int32]
    first: NDArray[np.int64]
    above: NDArray[np.int32]
    level: NDArray[np.int32]
    low: NDArray[np.int32]
    below_first: NDArray[np.int64]
    below: NDArray[np.int32]
    slot: NDArray[np.int32]
    is_up: NDArray[np.bool_]
    arcs_first: NDArray[np.int64]
    arcs: NDArray[np.int32]

    @classmethod
    def build(
        cls,
        nodes: int,
        tail: NDArray[np.int32],
        head: NDArray[np.int32],
        order: NDArray[np.int32],
        *,
        joined: NDArray[np.int32] | None = None,
    ) -> Self:
        """Contract a graph.

        Parameters
        ----------
        nodes
            How many there are, at least one.
        tail, head
            Ends of the arcs, shape ``(m,)``. Loops are never driven, parallel arcs are kept.
        order
            Nodes as they are to be contracted: `routing.engine.node_order`.
        joined
            Pairs of nodes, shape ``(k, 2)``, that shall lie on one root path although no arc
            joins them: places with more than one way in or out.

        Raises
        ------
        ValueError
            If there is no node, an end is none, or the order is no permutation.
        """
        tail, head = np.asarray(tail, np.int32), np.asarray(head, np.int32)
        ends = np.concatenate([tail, head])
        if nodes < 1 or (len(ends) and not (ends.min() >= 0 and ends.max() < nodes)):
            raise ValueError("Expected at least one node, and arcs between nodes.")
        if not np.array_equal(np.sort(order), np.arange(nodes)):
            raise ValueError("Expected every node once in the order.")
        pairs = np.empty((0, 2), np.int32) if joined is None else np.asarray(joined, np.int32)
        near = adjacency(
            nodes, np.concatenate([tail, pairs[:, 0]]), np.concatenate([head, pairs[:, 1]])
        )
        order = np.ascontiguousarray(order, np.int32)
        order = order[post_order(contract(*near, order)[2])]
        first, above, parent = contract(*near, order)
        parent, depth, size = hang(parent)
        rank = np.empty(nodes, np.int32)
        rank[order] = np.arange(nodes, dtype=np.int32)
        low = np.repeat(np.arange(nodes, dtype=np.int32), np.diff(first))
        slot, is_up = _slots(rank[tail], rank[head], first, above, low)
        keys = np.where(slot < 0, 2 * len(above), 2 * slot.astype(np.int64) + ~is_up)
        return cls(
            tail=tail,
            head=head,
            order=order,
            rank=rank,
            parent=parent,
            depth=depth,
            size=size,
            first=first,
            above=above,
            level=depth[above],
            low=low,
            below_first=np.concatenate([[0], np.cumsum(np.bincount(above, minlength=nodes))]),
            below=np.argsort(above, kind="stable").astype(np.int32),
            slot=slot,
            is_up=is_up,
            arcs_first=np.searchsorted(np.sort(keys), np.arange(2 * len(above) + 1)),
            arcs=np.argsort(keys, kind="stable").astype(np.int32),
        )

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.rank)

    @cached_property
    def tasks(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pieces of the order that can be customised beside each other, and the rest."""
        return tasks(self.parent, self.size, self.first)

    @cached_property
    def rest(self) -> list[tuple[int, int]]:
        """Runs ``start:end`` of ranks that are in none of the pieces, ascending."""
        starts, ends = self.tasks
        ascending = np.argsort(starts)
        edges = np.concatenate([[0], np.stack([starts, ends], axis=1)[ascending].ravel()])
        runs = np.append(edges, self.nodes).reshape(-1, 2).tolist()
        return [(start, end) for start, end in runs if start < end]

    @cached_property
    def below_end(self) -> NDArray[np.int32]:
        """For each entry of ``below``, where the slots above that slot's lower rank end."""
        return self.first[self.low[self.below] + 1].astype(np.int32)

    @cached_property
    def out_arcs(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Arcs out of each node: ``first`` and ``arcs``, for plain searches over the graph."""
        first = np.concatenate([[0], np.cumsum(np.bincount(self.tail, minlength=self.nodes))])
        return first.astype(np.int64), np.argsort(self.tail, kind="stable").astype(np.int32)

    def customise(self, costs: NDArray[np.int64], *, threads: int = 1) -> Metric:
        """Give every arc a cost.

        Parameters
        ----------
        costs
            Of `routing.engine.pack`, shape ``(m,)``.
        threads
            How many to use.

        Raises
        ------
        ValueError
            If there is not one cost an arc.
        """
        from routing.engine.metric import Metric  # noqa: PLC0415 - each makes the other

        if np.shape(costs) != self.tail.shape:
            raise ValueError(f"Expected {len(self.tail)} costs, one an arc.")
        costs = np.array(costs, np.int64)  # a copy: arrays of metrics are used again
        up, down = customise(self, costs, threads=threads)
        return Metric(self, costs, up, down)

    def save(self, path: Path, *, key: str = "") -> None:
        """Write it to one file, under a key that says what graph it belongs to."""
        arrays = {each.name: getattr(self, each.name) for each in fields(self)}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, key=np.array(key), **arrays)

    @classmethod
    def load(cls, path: Path, *, key: str = "") -> Self:
        """Read what `save` wrote under the same key.

        Raises
        ------
        ValueError
            If the file is not whole, or belongs to another graph.
        OSError
            If it cannot be read.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                if str(stored["key"]) != key:
                    raise ValueError(f"{path} belongs to another graph")
                return cls(**{each.name: stored[each.name] for each in fields(cls)})
        except (KeyError, EOFError, BadZipFile) as error:
            raise ValueError(f"{path} holds no whole topology") from error

    def bytes_by_part(self) -> dict[str, int]:
        """Return the bytes of each array, for `bench` and ``roads info``."""
        return {each.name: int(getattr(self, each.name).nbytes) for each in fields(self)}


def _slots(
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    first: NDArray[np.int64],
    above: NDArray[np.int32],
    low: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Find the slot of each arc between two ranks, -1 for loops."""
    nodes = len(first) - 1
    lower, higher = np.minimum(tail, head).astype(np.int64), np.maximum(tail, head)
    keys = low.astype(np.int64) * nodes + above
    slot = np.searchsorted(keys, lower * nodes + higher).astype(np.int32)
    slot[tail == head] = -1
    return slot, np.asarray(tail < head)
