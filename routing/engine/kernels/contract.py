"""Contract a graph in a given order: who is joined to whom above, and whose parent is whose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.engine.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


@compiled
def contract(
    first: NDArray[np.int64], neighbour: NDArray[np.int32], order: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Return the chordal supergraph that contracting nodes in an order leaves.

    The neighbours above a node are its own and those of its children in the elimination tree.

    Parameters
    ----------
    first, neighbour
        The graph, as `routing.engine.order.adjacency` gives it.
    order
        Nodes as they are contracted.

    Returns
    -------
    tuple
        In ranks: ``up_first`` and ``up_head`` (the neighbours above each, ascending), ``parent``
        (the lowest of them, -1 where there is none).
    """
    nodes = len(order)
    rank = np.empty(nodes, np.int32)
    for place in range(nodes):
        rank[order[place]] = place
    up_first = np.zeros(nodes + 1, np.int64)
    heads = np.empty(2 * len(neighbour) + 16, np.int32)
    parent = np.full(nodes, -1, np.int32)
    child = np.full(nodes, -1, np.int32)
    sibling = np.full(nodes, -1, np.int32)
    seen = np.full(nodes, -1, np.int32)
    end = 0
    for low in range(nodes):
        start = end
        room = first[order[low] + 1] - first[order[low]]
        one = child[low]
        while one >= 0:
            room += up_first[one + 1] - up_first[one]
            one = sibling[one]
        while end + room > len(heads):
            grown = np.empty(2 * len(heads), np.int32)
            grown[:end] = heads[:end]
            heads = grown
        for at in range(first[order[low]], first[order[low] + 1]):
            high = rank[neighbour[at]]
            if high > low and seen[high] != low:
                seen[high] = low
                heads[end] = high
                end += 1
        one = child[low]
        while one >= 0:
            for at in range(up_first[one], up_first[one + 1]):
                high = heads[at]
                if high > low and seen[high] != low:
                    seen[high] = low
                    heads[end] = high
                    end += 1
            one = sibling[one]
        up_first[low + 1] = end
        if end > start:
            heads[start:end].sort()
            parent[low] = heads[start]
            sibling[low] = child[heads[start]]
            child[heads[start]] = low
    return up_first, heads[:end].copy(), parent


@compiled
def post_order(parent: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the ranks of a forest with every subtree in one piece, children before parents.

    Contracting in this order leaves the same supergraph.
    """
    nodes = len(parent)
    size = np.ones(nodes, np.int32)
    for low in range(nodes):
        if parent[low] >= 0:
            size[parent[low]] += size[low]
    place = np.empty(nodes, np.int32)
    free = np.empty(nodes, np.int32)
    used = 0
    order = np.empty(nodes, np.int32)
    for low in range(nodes - 1, -1, -1):
        if parent[low] < 0:
            end = nodes - used
            used += size[low]
        else:
            end = free[parent[low]]
            free[parent[low]] -= size[low]
        place[low] = end - 1
        free[low] = end - 1
        order[place[low]] = low
    return order


@compiled
def hang(
    parent: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Join a forest in post-order to one tree; return parents, depths and subtree sizes.

    The roots become children of the last node: no arc leads there, but every root path then ends
    at one node, and two paths part once.
    """
    nodes = len(parent)
    joined = parent.copy()
    depth = np.zeros(nodes, np.int32)
    size = np.ones(nodes, np.int32)
    for low in range(nodes - 1):
        if joined[low] < 0:
            joined[low] = nodes - 1
        size[joined[low]] += size[low]
    for low in range(nodes - 2, -1, -1):
        depth[low] = depth[joined[low]] + 1
    return joined, depth, size
