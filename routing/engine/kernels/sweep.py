"""Sweep down the order: the cost from one place to every node, or from every node to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.engine.compiled import compiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@compiled
def sweep(
    reached: NDArray[np.int64],
    first: NDArray[np.int64],
    above: NDArray[np.int32],
    costs: NDArray[np.int64],
) -> None:
    """Lower the cost of every rank by the ranks above it, in place.

    Parameters
    ----------
    reached
        Cost of each rank after climbing from the place, shape ``(n,)``.
    first, above
        Slots of the topology.
    costs
        Of the slots, in the direction from the higher rank to the lower if the sweep is from the
        place, the other way round if it is to the place.
    """
    for rank in range(len(first) - 2, -1, -1):
        best = reached[rank]
        for slot in range(first[rank], first[rank + 1]):
            best = min(best, reached[above[slot]] + costs[slot])
        reached[rank] = best
