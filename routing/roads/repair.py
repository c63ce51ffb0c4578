"""Repair a rough road graph by the tables of connectors, ferries and known edges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np

from routing.roads.errors import RoadError
from routing.roads.sphere import distance_m, great_circle_m
from routing.roads.tables import read_table

Point = tuple[float, float]
Pair = tuple[int, int]

FIRST_ADDED_NODE = 900_000_001
"""Nodes that the source lacks are numbered from here; others keep the source's index."""

SHORT_M = 300.0
DENSE_NODES = 25
DENSE_RADIUS_M = 5_000.0
LEAST_LENGTH_M = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One undirected piece of road or sea lane.

    Parameters
    ----------
    length_m
        Length along the road.
    highway
        Road class; empty until it is inferred.
    inferred
        Whether the source lacks it.
    ferry
        Whether it is a ferry.
    fixed_s
        Time that no vehicle can shorten: a ferry's crossing, a border's delay.
    border
        Whether it crosses the state border.
    opened
        Day of opening, where it matters to replays.
    name
        Name where one is known.
    shape
        Inner ``(lat, lon)`` points from the lower node to the higher.
    """

    length_m: float
    highway: str = ""
    inferred: bool = False
    ferry: bool = False
    fixed_s: float = 0.0
    border: bool = False
    opened: date | None = None
    name: str = ""
    shape: tuple[Point, ...] = ()


class RoughGraph:
    """Nodes and segments while they are being repaired.

    Parameters
    ----------
    nodes
        ``(lat, lon)`` by node number.
    segments
        Segments by their ends, the lower node first.
    """

    def __init__(self, nodes: dict[int, Point], segments: dict[Pair, Segment]) -> None:
        self.nodes = nodes
        self.segments = segments
        self._at = {point: node for node, point in nodes.items()}

    def node_at(self, point: Point) -> int:
        """Return the node at a point, adding it if there is none."""
        if point not in self._at:
            node = max(FIRST_ADDED_NODE, max(self.nodes) + 1)
            self.nodes[node] = point
            self._at[point] = node
        return self._at[point]

    def pair_at(self, a: Point, b: Point, *, table: str) -> Pair:
        """Return the ends of the segment between two points.

        Raises
        ------
        RoadError
            If there is no such segment: the table does not fit this source.
        """
        u, v = self._at.get(a), self._at.get(b)
        if u is None or v is None or (min(u, v), max(u, v)) not in self.segments:
            raise RoadError(f"{table}.csv names a road {a} to {b} that the source does not hold")
        return min(u, v), max(u, v)

    def add(self, a: Point, b: Point, segment: Segment, *, table: str) -> None:
        """Add a segment between two points; its shape runs from ``a`` to ``b``.

        Raises
        ------
        RoadError
            If the two points are one, or a segment already joins them.
        """
        u, v = self.node_at(a), self.node_at(b)
        if u == v or (min(u, v), max(u, v)) in self.segments:
            raise RoadError(f"{table}.csv adds a road {a} to {b} that exists already")
        shape = segment.shape if u < v else segment.shape[::-1]
        self.segments[min(u, v), max(u, v)] = replace(segment, shape=shape)

    def split(self, pair: Pair, via: Point) -> None:
        """Lead a straight segment through a point, keeping its length unless that is too short."""
        whole = self.segments.pop(pair)
        first_m = distance_m(self.nodes[pair[0]], via)
        second_m = distance_m(via, self.nodes[pair[1]])
        stretch = max(1.0, whole.length_m / (first_m + second_m))
        node = self.node_at(via)
        for end, straight_m in ((pair[0], first_m), (pair[1], second_m)):
            length_m = max(LEAST_LENGTH_M, straight_m * stretch)
            self.segments[min(end, node), max(end, node)] = replace(whole, length_m=length_m)


def repair(graph: RoughGraph) -> None:
    """Apply every table to a rough graph and infer what is left.

    Parameters
    ----------
    graph
        The cut, whose segments all come from the source; changed in place.
    """
    mend_lengths(graph)
    mark_known_edges(graph)
    infer_classes(graph)
    lead_through_towns(graph)
    add_connectors(graph)
    add_ferries(graph)


def mend_lengths(graph: RoughGraph) -> None:
    """Make no segment shorter than the great circle between its ends, nor than a metre.

    The source's coordinates are rounded, so that some of its lengths are zero; an edge from a
    node to itself leads nowhere and is dropped.
    """
    for pair in sorted(graph.segments):
        if pair[0] == pair[1]:
            del graph.segments[pair]
            continue
        segment = graph.segments[pair]
        straight_m = distance_m(graph.nodes[pair[0]], graph.nodes[pair[1]])
        length_m = max(segment.length_m, straight_m, LEAST_LENGTH_M)
        graph.segments[pair] = replace(segment, length_m=length_m)


def mark_known_edges(graph: RoughGraph) -> None:
    """Give the edges of ``edges.csv`` their class, opening day and border delay."""
    for row in read_table("edges"):
        pair = graph.pair_at(*_ends(row), table="edges")
        graph.segments[pair] = replace(
            graph.segments[pair],
            highway=row["class"],
            opened=date.fromisoformat(row["opened"]) if row["opened"] else None,
            border=bool(row["border_h"]),
            fixed_s=3600 * float(row["border_h"] or 0),
            name=row["note"].partition(";")[0],
        )


def infer_classes(graph: RoughGraph) -> None:
    """Infer the class of every segment that has none.

    The rule: at most 300 m long ``trunk_link``; both ends with at least 25 nodes of the source
    within 5 km ``primary``; else ``trunk``. The source holds trunk roads and little else.
    """
    lats = np.array([point[0] for point in graph.nodes.values()])
    lons = np.array([point[1] for point in graph.nodes.values()])
    dense = {
        node
        for node, (lat, lon) in graph.nodes.items()
        if np.count_nonzero(great_circle_m(lat, lon, lats, lons) <= DENSE_RADIUS_M) >= DENSE_NODES
    }
    for pair, segment in graph.segments.items():
        if segment.highway:
            continue
        if segment.length_m <= SHORT_M:
            highway = "trunk_link"
        else:
            highway = "primary" if dense.issuperset(pair) else "trunk"
        graph.segments[pair] = replace(segment, highway=highway)


def lead_through_towns(graph: RoughGraph) -> None:
    """Lead straight segments through the towns of ``vias.csv``."""
    for row in read_table("vias"):
        pair = graph.pair_at(*_ends(row), table="vias")
        graph.split(pair, (float(row["via_lat"]), float(row["via_lon"])))


def add_connectors(graph: RoughGraph) -> None:
    """Add the inferred roads of ``connectors.csv``."""
    for row in read_table("connectors"):
        a, b = _ends(row)
        segment = Segment(
            length_m=max(1000 * float(row["length_km"]), distance_m(a, b), LEAST_LENGTH_M),
            highway=row["class"],
            inferred=True,
            name=row["note"].partition(";")[0],
        )
        graph.add(a, b, segment, table="connectors")


def add_ferries(graph: RoughGraph) -> None:
    """Add the ferries of ``ferries.csv``; a lane is as long as its drawn shape."""
    for row in read_table("ferries"):
        a, b = _ends(row)
        shape = tuple(_point(*text.split()) for text in row["shape"].split(";") if text)
        lane = (a, *shape, b)
        segment = Segment(
            length_m=sum(distance_m(p, q) for p, q in pairwise(lane)),
            highway="ferry",
            inferred=True,
            ferry=True,
            fixed_s=3600 * float(row["crossing_h"]),
            name=row["name_vi"],
            shape=shape,
        )
        graph.add(a, b, segment, table="ferries")


def _point(lat: str, lon: str) -> Point:
    return float(lat), float(lon)


def _ends(row: dict[str, str]) -> tuple[Point, Point]:
    return _point(row["from_lat"], row["from_lon"]), _point(row["to_lat"], row["to_lon"])
