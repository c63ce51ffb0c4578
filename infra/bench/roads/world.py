"""Lay the world highways of `scgraph-data` out as the same arrays."""

from __future__ import annotations

import numpy as np

from infra.bench.roads.graph import CLASSES, RoadGraph


def world() -> RoadGraph:
    """Read the highways of the world: 560,282 nodes, every piece driven both ways.

    Returns
    -------
    RoadGraph
        Lengths as the package gives them (1 m at least), no limits, one class: times are lengths
        at one speed, that of motorways, at which no way takes 11.6 days: that is no way to ours.

    Raises
    ------
    ImportError
        If the package is missing.
    """
    from scgraph_data import world_highways  # noqa: PLC0415 - 90 MB

    count = np.array([len(joined) for joined in world_highways.graph])
    arcs = int(count.sum())
    tail = np.repeat(np.arange(len(count), dtype=np.int32), count)
    head = np.fromiter((v for joined in world_highways.graph for v in joined), np.int32, arcs)
    length_km = np.fromiter(
        (km for joined in world_highways.graph for km in joined.values()), np.float64, arcs
    )
    lat, lon = np.array(world_highways.nodes, dtype=np.float64).T
    kept = tail != head
    return RoadGraph(
        name="world",
        lat=np.ascontiguousarray(lat),
        lon=np.ascontiguousarray(lon),
        tail=tail[kept],
        head=head[kept],
        length_m=np.maximum(1000 * length_km[kept], 1.0),
        road_class=np.full(int(kept.sum()), CLASSES.index("motorway"), dtype=np.int8),
        limit_kph=np.zeros(int(kept.sum()), dtype=np.int16),
    )
