"""Write a road network as GraphML by osmnx's conventions; the one module that imports osmnx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import osmnx
from shapely import LineString

from routing.roads.metric import arc_times_ms
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS

if TYPE_CHECKING:
    from pathlib import Path

    from routing.roads.network import RoadNetwork


def to_graph(network: RoadNetwork) -> nx.MultiDiGraph[int]:
    """Return the network as an osmnx ``MultiDiGraph``.

    Parameters
    ----------
    network
        The network.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes with ``x``, ``y`` and ``street_count``; edges with ``osmid`` (the segment's number:
        the source keeps no OpenStreetMap ids), ``length`` in metres, ``highway``, ``oneway``,
        ``reversed``, ``speed_kph``, ``travel_time`` in seconds of the default vehicle class,
        ``source``, ``class_source``, and where they apply ``name``, ``ferry``, ``border``,
        ``opened`` (days since 1970) and ``geometry``.
    """
    arrays, info = network.arrays, network.info
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(
        crs="epsg:4326",
        created_date=info.built_at,
        created_with="harvestlane roads build",
        simplified=True,
        source=info.source,
        attribution=info.attribution,
        licence=info.licence,
        content_hash=info.content_hash,
    )
    neighbours: list[set[int]] = [set() for _ in range(network.nodes)]
    for u, v in zip(arrays.arc_u.tolist(), arrays.arc_v.tolist(), strict=True):
        neighbours[u].add(v)
        neighbours[v].add(u)
    names = arrays.node_id.tolist()
    for node, (lat, lon) in enumerate(network.coordinates(range(network.nodes))):
        graph.add_node(names[node], y=lat, x=lon, street_count=len(neighbours[node]))
    times_ms = arc_times_ms(network, DEFAULT_VEHICLE_CLASS).tolist()
    for arc, time_ms in enumerate(times_ms):
        graph.add_edge(
            names[arrays.arc_u[arc]],
            names[arrays.arc_v[arc]],
            key=int(arrays.arc_key[arc]),
            **_attributes(network, arc, time_ms),
        )
    return graph


def save_graphml(network: RoadNetwork, path: Path) -> None:
    """Write the network as GraphML with osmnx."""
    osmnx.save_graphml(to_graph(network), path)


def _attributes(network: RoadNetwork, arc: int, time_ms: int) -> dict[str, Any]:
    arrays = network.arrays
    segment = int(arrays.arc_segment[arc])
    length_m = float(arrays.seg_length_m[segment])
    ferry = bool(arrays.seg_ferry[segment])
    speed_kph = float(arrays.class_speed_kph[arrays.seg_class[segment]])
    attributes: dict[str, Any] = {
        "osmid": segment,
        "length": length_m,
        "highway": str(arrays.class_name[arrays.seg_class[segment]]),
        "oneway": False,
        "reversed": bool(arrays.arc_u[arc] > arrays.arc_v[arc]),
        "speed_kph": round(3600 * length_m / time_ms, 3) if ferry else speed_kph,
        "travel_time": time_ms / 1000,
        "source": "inferred" if arrays.seg_inferred[segment] else "openstreetmap",
        "class_source": "inferred",
    }
    if arrays.seg_name[segment]:
        attributes["name"] = str(arrays.seg_name[segment])
    if ferry:
        attributes["ferry"] = "yes"
    if arrays.seg_border[segment]:
        attributes["border"] = "yes"
    if arrays.seg_opened_day[segment]:
        attributes["opened"] = int(arrays.seg_opened_day[segment])
    line = network.arc_line(arc)
    if len(line) > 2:
        attributes["geometry"] = LineString(line)
    return attributes
