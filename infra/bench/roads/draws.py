"""Draw from a seed what every rival is asked: pairs, places of a matrix, closed arcs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infra.bench.roads.graph import RoadGraph


@dataclass(frozen=True, eq=False)
class Draws:
    """Hold the questions of one run.

    Attributes
    ----------
    pairs
        Point-to-point questions, shape ``(p, 2)``, all of the largest strong component.
    sources, targets
        Places of the matrix, shape ``(k,)`` each, of the same component.
    closures
        Arcs to be closed together, shape ``(c,)``, each once.
    """

    pairs: NDArray[np.int32]
    sources: NDArray[np.int32]
    targets: NDArray[np.int32]
    closures: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        graph: RoadGraph,
        *,
        seed: int,
        pairs: int = 1000,
        places: int = 1000,
        closures: int = 1000,
    ) -> Draws:
        """Draw the questions.

        Parameters
        ----------
        graph
            What they are about.
        seed
            The same seed gives the same questions.
        pairs, places, closures
            How many of each; places and closures as far as the graph has them.
        """
        rng = np.random.default_rng([seed, graph.nodes, graph.arcs])
        nodes = _main_land(graph)
        places = min(places, len(nodes))
        return cls(
            pairs=rng.choice(nodes, (pairs, 2)),
            sources=rng.choice(nodes, places, replace=False),
            targets=rng.choice(nodes, places, replace=False),
            closures=rng.choice(graph.arcs, min(closures, graph.arcs), replace=False).astype(
                np.int32
            ),
        )


def _main_land(graph: RoadGraph) -> NDArray[np.int32]:
    ones = np.ones(graph.arcs)
    roads = coo_array((ones, (graph.tail, graph.head)), shape=(graph.nodes, graph.nodes))
    _, part = connected_components(roads, connection="strong")
    return np.flatnonzero(part == np.bincount(part).argmax()).astype(np.int32)
