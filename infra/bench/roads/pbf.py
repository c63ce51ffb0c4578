"""Write a road graph as an OpenStreetMap extract, so that every reader gets the same roads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infra.bench.roads.graph import CLASSES

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bench.roads.graph import RoadGraph


def write_pbf(graph: RoadGraph, path: Path) -> None:
    """Write every node, and every road piece as one way of two nodes.

    Node ``v`` gets the id ``v + 1``. Ways carry `highway`, `oneway` and, where it is signed,
    `maxspeed`.

    Parameters
    ----------
    graph
        What to write.
    path
        Ends in `.osm.pbf`; an earlier file is replaced.
    """
    import osmium  # noqa: PLC0415 - heavy

    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for node, place in enumerate(zip(graph.lon.tolist(), graph.lat.tolist(), strict=True)):
            writer.add_node(osmium.osm.mutable.Node(id=node + 1, version=1, location=place))
        for number, (tail, head, tags) in enumerate(ways(graph)):
            writer.add_way(
                osmium.osm.mutable.Way(
                    id=number + 1, version=1, nodes=[tail + 1, head + 1], tags=tags
                )
            )


def ways(graph: RoadGraph) -> list[tuple[int, int, dict[str, str]]]:
    """List the road pieces: start, end, tags; a piece driven both ways comes once.

    Parameters
    ----------
    graph
        Without parallel arcs.
    """
    there = graph.tail.astype(np.int64) * graph.nodes + graph.head
    back = graph.head.astype(np.int64) * graph.nodes + graph.tail
    both = np.isin(there, back)
    found = []
    for arc in np.flatnonzero(~both | (graph.tail < graph.head)).tolist():
        tags = {
            "highway": CLASSES[graph.road_class[arc]],
            "oneway": "no" if both[arc] else "yes",
        }
        if graph.limit_kph[arc]:
            tags["maxspeed"] = str(graph.limit_kph[arc])
        found.append((int(graph.tail[arc]), int(graph.head[arc]), tags))
    return found
