"""Write small OpenStreetMap files by hand, and find the fastest way on what is read of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import osmium
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from routing.roads.extract import draft_of
from routing.roads.layout import lay_out
from routing.roads.network import RoadNetwork
from routing.roads.osm_file import read_osm
from routing.roads.permission import allowed_arcs
from routing.roads.store import Origin, describe
from routing.roads.times import arc_times_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from routing.roads.draft import Draft

Tags = dict[str, str]

PLACES: dict[int, tuple[float, float]] = {
    1: (10.0, 105.10),
    2: (10.0, 105.11),
    3: (10.0, 105.12),
    4: (10.005, 105.115),
    5: (10.0, 105.13),
    6: (9.995, 105.11),
}
"""Latitude and longitude of nodes: 1, 2, 3 and 5 on a line, 4 beside it, 6 below 2."""

FORK: dict[int, list[int]] = {10: [1, 2], 20: [2, 3], 30: [2, 4], 40: [4, 3], 50: [3, 5]}
"""Ways by which a truck gets from 1 to 5: straight on 20, or round by 30 and 40."""

STRAIGHT, ROUND = [10, 20, 50], [10, 30, 40, 50]
OPEN: Tags = {"highway": "secondary"}


class Relation(NamedTuple):
    """A turn restriction: its tags and its members as kind, id and role."""

    tags: Tags
    members: list[tuple[str, int, str]]


def restriction(tags: Tags, start: int, via: int | Sequence[int], end: int) -> Relation:
    """Return a turn restriction by a node, or by ways where several are named in a list."""
    by = [("n", via, "via")] if isinstance(via, int) else [("w", way, "via") for way in via]
    return Relation({"type": "restriction"} | tags, [("w", start, "from"), *by, ("w", end, "to")])


def write_osm(
    path: Path,
    *,
    tags: Mapping[int, Tags] | None = None,
    ways: Mapping[int, list[int]] = FORK,
    places: Mapping[int, tuple[float, float]] = PLACES,
    relations: Sequence[Relation] = (),
) -> Path:
    """Write an extract; ways without tags of their own are secondary roads."""
    kinds = osmium.osm.mutable
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for node, (lat, lon) in places.items():
            writer.add_node(kinds.Node(id=node, version=1, location=(lon, lat)))
        for way, nodes in ways.items():
            writer.add_way(
                kinds.Way(id=way, version=1, nodes=nodes, tags=(tags or {}).get(way, OPEN))
            )
        for number, (of_relation, members) in enumerate(relations):
            writer.add_relation(
                kinds.Relation(id=900 + number, version=1, tags=of_relation, members=members)
            )
    return path


class Read(NamedTuple):
    """What was read of a file."""

    draft: Draft
    network: RoadNetwork
    left_out: dict[str, int]
    turn_restrictions: int


def read(path: Path, *, timezone: str = "Asia/Ho_Chi_Minh") -> Read:
    """Read a file into a network without writing it to a folder."""
    draft, left_out, turns = draft_of(read_osm(path, tell=lambda _: None), name=path.name)
    arrays = lay_out(draft)
    origin = Origin(
        source=path.name, attribution="", licence="", bounds=(0, 0, 0, 0), timezone=timezone
    )
    info = describe(arrays, origin, built_at=datetime(2021, 8, 20, tzinfo=UTC))
    return Read(draft, RoadNetwork(info, arrays), left_out, turns)


def fastest(
    network: RoadNetwork,
    start: int,
    end: int,
    vehicle_class: str = "rigid_2_axle",
    at: datetime | None = None,
) -> list[int] | None:
    """Return the arcs of the fastest permitted way between two nodes, None where there is none."""
    arrays = network.arrays
    arcs = np.flatnonzero(allowed_arcs(network, vehicle_class, at=at))
    times = arc_times_ms(network, vehicle_class)[arcs]
    best = arcs[np.lexsort((times, arrays.arc_v[arcs], arrays.arc_u[arcs]))]
    ends = np.stack([arrays.arc_u[best], arrays.arc_v[best]], axis=1)
    best = best[np.append(True, (ends[1:] != ends[:-1]).any(axis=1))] if len(best) else best
    u, v = arrays.arc_u[best], arrays.arc_v[best]
    cost = arc_times_ms(network, vehicle_class)[best].astype(float)
    graph = csr_array((cost, (u, v)), shape=(network.nodes, network.nodes))
    origin = int(np.flatnonzero(arrays.node_id == start)[0])
    goal = int(np.flatnonzero(arrays.node_id == end)[0])
    reached, before = dijkstra(graph, indices=origin, return_predecessors=True)
    copies = np.flatnonzero(arrays.node_junction == goal)
    at_node = int(copies[np.argmin(reached[copies])])
    if not np.isfinite(reached[at_node]):
        return None
    arc_between = dict(zip(zip(u.tolist(), v.tolist(), strict=True), best.tolist(), strict=True))
    way: list[int] = []
    while at_node != origin:
        way.append(arc_between[int(before[at_node]), at_node])
        at_node = int(before[at_node])
    return way[::-1]


def ways_driven(network: RoadNetwork, arcs: list[int] | None) -> list[int] | None:
    """Return the OpenStreetMap ways of arcs, in order."""
    if arcs is None:
        return None
    return network.arrays.seg_osmid[network.arrays.arc_segment[arcs]].tolist()


def way_on_fork(
    network: RoadNetwork, vehicle_class: str = "semi_trailer", at: datetime | None = None
) -> list[int] | None:
    """Return the OpenStreetMap ways of the fastest way along the fork."""
    return ways_driven(network, fastest(network, 1, 5, vehicle_class, at))
