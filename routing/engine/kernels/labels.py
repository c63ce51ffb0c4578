"""Climb from places to the root of the elimination tree: the costs met there are a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.engine.compiled import NO_WAY, compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


@compiled
def bottoms(
    seed_first: NDArray[np.int64],
    seed_node: NDArray[np.int32],
    rank: NDArray[np.int32],
    size: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Return the lowest rank of each place, -1 of one out of reach and -2 of one on two paths."""
    places = len(seed_first) - 1
    found = np.full(places, -1, np.int32)
    for place in range(places):
        for at in range(seed_first[place], seed_first[place + 1]):
            one = rank[seed_node[at]]
            if found[place] < 0 or one < found[place]:
                found[place] = one
        for at in range(seed_first[place], seed_first[place + 1]):
            one = rank[seed_node[at]]
            if found[place] <= one - size[one] or found[place] > one:
                found[place] = -2
                break
    return found


@compiled
def climb(
    rank: int,
    row: NDArray[np.int64],
    parent: NDArray[np.int32],
    depth: NDArray[np.int32],
    first: NDArray[np.int64],
    level: NDArray[np.int32],
    costs: NDArray[np.int64],
) -> None:
    """Lower the costs in a row by depth, from a rank up to the root, in place."""
    while rank >= 0:
        here = row[depth[rank]]
        if here < NO_WAY:
            for slot in range(first[rank], first[rank + 1]):
                row[level[slot]] = min(row[level[slot]], here + costs[slot])
        rank = parent[rank]


@compiled
def fill(
    start: int,
    end: int,
    lowest: NDArray[np.int32],
    seed_first: NDArray[np.int64],
    seed_node: NDArray[np.int32],
    seed_cost: NDArray[np.int64],
    ranks: NDArray[np.int32],
    parent: NDArray[np.int32],
    depth: NDArray[np.int32],
    first: NDArray[np.int64],
    level: NDArray[np.int32],
    costs: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> None:
    """Write the labels of places ``start:end`` into their rows, root first, the rest no way."""
    for place in range(start, end):
        rows[place, :] = NO_WAY
        if lowest[place] < 0:
            continue
        for at in range(seed_first[place], seed_first[place + 1]):
            here = depth[ranks[seed_node[at]]]
            rows[place, here] = min(rows[place, here], seed_cost[at])
        climb(lowest[place], rows[place], parent, depth, first, level, costs)


@compiled
def stale(
    lowest: NDArray[np.int32], parent: NDArray[np.int32], touched: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say of each label whether a slot above its root path has changed."""
    found = np.zeros(len(lowest), np.bool_)
    for place in range(len(lowest)):
        rank = lowest[place]
        while rank >= 0:
            if touched[rank]:
                found[place] = True
                break
            rank = parent[rank]
    return found
