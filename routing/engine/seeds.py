"""Say where places join a graph: at which nodes, and at which cost to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """Places as nodes with the cost between the place and each: one row a place.

    All nodes of one place must lie on one root path of the topology: one node does, and so do the
    ends of an arc and whatever was ``joined`` when the topology was built.

    Parameters
    ----------
    first
        Seeds of place ``i`` are ``first[i]:first[i + 1]``, shape ``(k + 1,)``.
    node, cost
        Node and packed cost of each seed; a place without seeds is out of reach.
    """

    first: NDArray[np.int64]
    node: NDArray[np.int32]
    cost: NDArray[np.int64]

    @classmethod
    def at(cls, nodes: Sequence[int] | NDArray[np.integer]) -> Self:
        """Return places that are nodes."""
        node = np.asarray(nodes, dtype=np.int32)
        return cls(
            np.arange(len(node) + 1, dtype=np.int64), node, np.zeros(len(node), dtype=np.int64)
        )

    @classmethod
    def of(cls, places: Iterable[Sequence[tuple[int, int]]]) -> Self:
        """Return places, each given as pairs of a node and a cost."""
        rows = [list(place) for place in places]
        flat = np.array([pair for row in rows for pair in row], dtype=np.int64).reshape(-1, 2)
        first = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return cls(first, flat[:, 0].astype(np.int32), flat[:, 1].copy())

    def __len__(self) -> int:
        return len(self.first) - 1
