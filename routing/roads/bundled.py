"""Build the bundled road network: cut the delta out of ``scgraph-data``, repair it, write it."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from routing.roads.draft import Draft
from routing.roads.errors import RoadError
from routing.roads.layout import lay_out
from routing.roads.regions import BUNDLED, speeds_of
from routing.roads.repair import RoughGraph, Segment, repair
from routing.roads.store import Origin, write_network

if TYPE_CHECKING:
    from pathlib import Path

    from routing.roads.network import Arrays, NetworkInfo

BOUNDS = (103.7, 8.3, 107.2, 11.5)
"""West, south, east, north of the cut, degrees."""

ORIGIN = Origin(
    source="scgraph-data 2.0.0 (world highways from OpenStreetMap), repaired with inferred roads",
    attribution="© OpenStreetMap contributors; town positions from GeoNames (CC BY 4.0)",
    licence="ODbL 1.0",
    bounds=BOUNDS,
    timezone="Asia/Ho_Chi_Minh",
)


def build_bundled(out: Path, *, built_at: datetime | None = None) -> NetworkInfo:
    """Build the bundled network into a folder, replacing the network there when it is whole.

    The same package data and tables give the same content hash; only ``built_at`` differs.

    Parameters
    ----------
    out
        The folder; it may hold an earlier network, which stays if the build fails.
    built_at
        Time to write into the network; now by default.

    Returns
    -------
    NetworkInfo
        What was built.

    Raises
    ------
    RoadError
        If the source is missing, the tables do not fit it, or the folder holds something else.
    """
    graph = cut_source()
    repair(graph)
    arrays = freeze(graph)
    return write_network(out, arrays, ORIGIN, built_at=built_at or datetime.now(UTC))


def cut_source() -> RoughGraph:
    """Cut the nodes within the bounds, and the edges among them, out of the world's highways.

    Raises
    ------
    RoadError
        If the package ``scgraph-data`` cannot be imported.
    """
    try:
        # 90 MB of world-wide data: read only when a build asks for it.
        from scgraph_data import world_highways  # noqa: PLC0415
    except ImportError as error:
        raise RoadError(
            "the bundled roads need the package scgraph-data with scgraph below 3; run make setup"
        ) from error
    west, south, east, north = BOUNDS
    nodes = {
        index: (float(lat), float(lon))
        for index, (lat, lon) in enumerate(world_highways.nodes)
        if west <= lon <= east and south <= lat <= north
    }
    segments = {
        (node, other): Segment(length_m=1000 * float(length_km))
        for node in nodes
        for other, length_km in world_highways.graph[node].items()
        if other in nodes and node <= other
    }
    return RoughGraph(nodes, segments)


def freeze(graph: RoughGraph) -> Arrays:
    """Lay a repaired graph out as arrays, every segment open in both directions.

    Raises
    ------
    RoadError
        If the graph is not one component.
    """
    numbers = sorted(graph.nodes)
    index = {number: position for position, number in enumerate(numbers)}
    pairs = sorted(graph.segments)
    segments = [graph.segments[pair] for pair in pairs]
    ends = np.array([[index[u], index[v]] for u, v in pairs], dtype=np.int32)
    _check_connected(ends, [graph.nodes[number] for number in numbers])
    speeds = speeds_of(BUNDLED)
    classes = list(speeds)
    names = sorted({"", *(segment.name for segment in segments)})
    shapes = [segment.shape for segment in segments]
    count = len(segments)
    draft = Draft(
        node_id=np.array(numbers, dtype=np.int64),
        lat=np.array([graph.nodes[number][0] for number in numbers]),
        lon=np.array([graph.nodes[number][1] for number in numbers]),
        class_name=np.array(classes),
        class_speed_kph=np.array(list(speeds.values())),
        surface_name=np.array([""]),
        surface_factor=np.ones(1),
        seg_u=ends[:, 0].copy(),
        seg_v=ends[:, 1].copy(),
        seg_open=np.ones((count, 2), dtype=bool),
        seg_residents=np.zeros(count, dtype=bool),
        seg_length_m=np.array([math.ceil(10 * s.length_m) / 10 for s in segments]),
        seg_class=np.array([classes.index(s.highway) for s in segments], dtype=np.int32),
        seg_surface=np.zeros(count, dtype=np.int32),
        seg_cap_kph=np.zeros((count, 2), dtype=np.float32),
        seg_fixed_ms=np.array([round(1000 * s.fixed_s) for s in segments], dtype=np.int64),
        seg_ferry=np.array([segment.ferry for segment in segments]),
        seg_inferred=np.array([segment.inferred for segment in segments]),
        seg_border=np.array([segment.border for segment in segments]),
        seg_toll=np.zeros(count, dtype=bool),
        seg_bridge=np.zeros(count, dtype=bool),
        seg_opened_day=np.array([_day(segment.opened) for segment in segments], dtype=np.int32),
        seg_closed_day=np.zeros(count, dtype=np.int32),
        seg_osmid=np.arange(count, dtype=np.int64),
        seg_name=np.array([names.index(segment.name) for segment in segments], dtype=np.int32),
        name=np.array(names),
        shape_start=np.cumsum([0, *map(len, shapes)], dtype=np.int32),
        shape_lonlat=np.array(
            [(lon, lat) for shape in shapes for lat, lon in shape], dtype=np.float64
        ).reshape(-1, 2),
        rule_segment=np.zeros(0, dtype=np.int32),
        rule_direction=np.zeros(0, dtype=np.int8),
        rule_kind=np.zeros(0, dtype=np.int8),
        rule_value=np.zeros(0, dtype=np.int32),
        rule_when=np.zeros(0, dtype=np.int32),
        when=np.array([""]),
    )
    return lay_out(draft)


def _check_connected(ends: np.ndarray, points: list[tuple[float, float]]) -> None:
    ones = np.ones(len(ends))
    graph = coo_array((ones, (ends[:, 0], ends[:, 1])), shape=(len(points), len(points)))
    count, labels = connected_components(graph, directed=False)
    if count > 1:
        lone = points[int(np.argmax(labels != np.bincount(labels).argmax()))]
        raise RoadError(f"the roads fall into {count} parts; add a connector near {lone}")


def _day(opened: date | None) -> int:
    return (opened - date(1970, 1, 1)).days if opened else 0
