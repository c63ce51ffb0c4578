"""Meet labels: the least sum over the part of two root paths that is shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.engine.compiled import INF_MS, NO_WAY, compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


@compiled
def shared(one: int, two: int, parent: NDArray[np.int32], depth: NDArray[np.int32]) -> int:
    """Return how many ranks two root paths share."""
    while one != two:
        if one < two:
            one = parent[one]
        else:
            two = parent[two]
    common: int = depth[one] + 1
    return common


@compiled
def neighbours_share(
    lowest: NDArray[np.int32], parent: NDArray[np.int32], depth: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return how many ranks each place shares with the one before it, 0 where one has no path."""
    found = np.zeros(len(lowest), np.int32)
    for place in range(1, len(lowest)):
        if lowest[place - 1] >= 0 and lowest[place] >= 0:
            found[place] = shared(lowest[place - 1], lowest[place], parent, depth)
    return found


@compiled
def _shares(
    rank: int,
    lowest: NDArray[np.int32],
    steps: NDArray[np.int32],
    parent: NDArray[np.int32],
    depth: NDArray[np.int32],
    out: NDArray[np.int32],
) -> None:
    """Write how many ranks one path shares with each of many, which are in ascending order.

    In post-order the shared part only shrinks with the distance to either side.
    """
    here = np.searchsorted(lowest, rank)
    common = 0
    for place in range(here, len(lowest)):
        if place == here:
            common = shared(rank, lowest[place], parent, depth)
        else:
            common = min(common, steps[place])
        out[place] = common
    for place in range(here - 1, -1, -1):
        if place == here - 1:
            common = 0 if lowest[place] < 0 else shared(rank, lowest[place], parent, depth)
        else:
            common = min(common, steps[place + 1])
        out[place] = common


@compiled
def meet_times(
    start: int,
    end: int,
    from_lowest: NDArray[np.int32],
    from_rows: NDArray[np.int32],
    to_lowest: NDArray[np.int32],
    to_rows: NDArray[np.int32],
    steps: NDArray[np.int32],
    parent: NDArray[np.int32],
    depth: NDArray[np.int32],
    out: NDArray[np.int32],
) -> None:
    """Write the milliseconds from places ``start:end`` to all others, `INF_MS` for no way."""
    common = np.zeros(len(to_lowest), np.int32)
    for one in range(start, end):
        if from_lowest[one] < 0:
            out[one, :] = INF_MS
            continue
        _shares(from_lowest[one], to_lowest, steps, parent, depth, common)
        row = from_rows[one]
        for two in range(len(to_lowest)):
            column = to_rows[two]
            best = np.int32(INF_MS)
            for at in range(common[two]):
                best = min(best, np.int32(row[at] + column[at]))
            out[one, two] = best


@compiled
def meet_costs(
    start: int,
    end: int,
    from_lowest: NDArray[np.int32],
    from_rows: NDArray[np.int64],
    to_lowest: NDArray[np.int32],
    to_rows: NDArray[np.int64],
    steps: NDArray[np.int32],
    parent: NDArray[np.int32],
    depth: NDArray[np.int32],
    out: NDArray[np.int64],
) -> None:
    """Write the packed costs from places ``start:end`` to all others, `NO_WAY` for no way."""
    common = np.zeros(len(to_lowest), np.int32)
    for one in range(start, end):
        if from_lowest[one] < 0:
            out[one, :] = NO_WAY
            continue
        _shares(from_lowest[one], to_lowest, steps, parent, depth, common)
        row = from_rows[one]
        for two in range(len(to_lowest)):
            column = to_rows[two]
            best = NO_WAY
            for at in range(common[two]):
                best = min(best, row[at] + column[at])
            out[one, two] = best
