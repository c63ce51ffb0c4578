"""Order nodes by nested dissection: the last ones part the graph into pieces, and so on within."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 308


def node_order(nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the nodes in the order in which they are contracted.

    It depends on who is joined to whom, and on no cost; the same graph gives the same order.

    Parameters
    ----------
    nodes
        How many there are.
    tail, head
        Ends of the arcs, shape ``(m,)``; directions and repetitions do not matter.

    Returns
    -------
    numpy.ndarray
        Nodes, shape ``(nodes,)``. METIS (Karypis and Kumar, 1998) finds it.
    """
    import pymetis  # noqa: PLC0415 - only who builds a network needs it

    first, neighbour = adjacency(nodes, tail, head)
    if not len(neighbour):
        return np.arange(nodes, dtype=np.int32)
    joined = pymetis.CSRAdjacency(first.astype(np.int32), neighbour)
    permutation, _ = pymetis.nested_dissection(
        joined, options=pymetis.Options(seed=SEED, numbering=0)
    )
    return np.asarray(permutation, dtype=np.int32)


def adjacency(
    nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return who is joined to whom, undirected, each once and nobody to itself.

    Returns
    -------
    tuple
        ``first`` of shape ``(nodes + 1,)`` and ``neighbour``: those of node ``v`` are
        ``neighbour[first[v]:first[v + 1]]``, ascending.
    """
    one = np.concatenate([tail, head]).astype(np.int64)
    two = np.concatenate([head, tail]).astype(np.int64)
    pairs = np.unique((one * nodes + two)[one != two])
    first = np.searchsorted(pairs, np.arange(nodes + 1, dtype=np.int64) * nodes)
    return first, (pairs % max(nodes, 1)).astype(np.int32)
