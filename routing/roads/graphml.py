"""Write a road network as GraphML by osmnx's conventions."""

from __future__ import annotations

import gc
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import shapely

from routing.roads import osmnx_calls
from routing.roads.errors import RoadError
from routing.roads.network import segment_lines
from routing.roads.permission import allowed_arcs
from routing.roads.rule_tags import rule_tags
from routing.roads.times import arc_speeds_kph, arc_times_ms
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from numpy.typing import NDArray

    from routing.roads.network import Arrays, RoadNetwork


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python not look for garbage: of millions of new attributes none is, and it takes long."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_uncollected()
def to_graph(
    network: RoadNetwork,
    vehicle_class: str = DEFAULT_VEHICLE_CLASS,
    *,
    arcs: NDArray[np.integer[Any]] | None = None,
) -> nx.MultiDiGraph[int]:
    """Return the network as an osmnx ``MultiDiGraph``.

    Parameters
    ----------
    network
        The network.
    vehicle_class
        Whose speeds and times to give.
    arcs
        The arcs to give as edges; all by default.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes with ``x``, ``y`` and ``street_count``; copies of a junction also with ``junction``,
        its node: a way to a junction ends at it or at any of its copies. Edges with ``osmid``
        (the segment's number where the source keeps no OpenStreetMap ids), ``length`` in metres,
        ``highway``, ``oneway``, ``reversed``, ``speed_kph``, ``travel_time`` in seconds,
        ``source``, and where they apply ``class_source``, ``name``, ``maxspeed``, ``surface``,
        ``toll``, ``bridge``, ``ferry``, ``border``, ``opened`` and ``closed`` (days since 1970),
        ``geometry``, and what `routing.roads.rule_tags.rule_tags` says of rules.

    Raises
    ------
    RoadError
        If the vehicle class is unknown.
    """
    arrays, info = network.arrays, network.info
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(
        crs="epsg:4326",
        created_date=info.built_at,
        created_with="harvestlane roads",
        simplified=True,
        source=info.source,
        attribution=info.attribution,
        licence=info.licence,
        content_hash=info.content_hash,
    )
    graph.add_nodes_from(zip(arrays.node_id.tolist(), _rows(_of_nodes(arrays)), strict=True))
    chosen = np.arange(len(arrays.arc_u)) if arcs is None else arcs
    columns = _of_arcs(network, chosen) | _of_driving(network, vehicle_class, chosen)
    edges = _rows(columns)
    if len(arrays.rule_arc):
        tags = rule_tags(arrays)
        edges = [edge | tags.get(arc, {}) for arc, edge in zip(chosen.tolist(), edges, strict=True)]
    tails, heads = arrays.node_id[arrays.arc_u[chosen]], arrays.node_id[arrays.arc_v[chosen]]
    keys = arrays.arc_key[chosen]
    ends = (each.tolist() for each in (tails, heads, keys))
    for tail, head, key, edge in zip(*ends, edges, strict=True):
        graph.add_edge(tail, head, key, **edge)
    return graph


def save_graphml(network: RoadNetwork, path: Path) -> None:
    """Write the network as GraphML with osmnx."""
    osmnx_calls.save_graphml(to_graph(network), path)


@_uncollected()
def export(
    network: RoadNetwork, path: Path, *, vehicle_class: str, at: datetime | None = None
) -> None:
    """Write what one class of vehicle may drive as GraphML, the file whole or not at all.

    A plain shortest path by ``travel_time`` costs what the engine answers: edges that are
    forbidden are absent, and junctions where moves are restricted have copies (`to_graph`).

    Parameters
    ----------
    network
        The network.
    path
        The file to write or replace.
    vehicle_class
        Whose speeds and limits apply.
    at
        The time; without it, rules bound to hours or dates are off.

    Raises
    ------
    RoadError
        If the vehicle class is unknown, the time has no offset or the file cannot be written.
    """
    arcs = np.flatnonzero(allowed_arcs(network, vehicle_class, at=at))
    graph = to_graph(network, vehicle_class, arcs=arcs)
    graph.graph["vehicle_class"] = vehicle_class
    if at is not None:
        graph.graph["at"] = at.isoformat()
    path = Path(path).absolute()
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as draft:
            osmnx_calls.save_graphml(graph, Path(draft) / path.name)
            (Path(draft) / path.name).replace(path)
    except OSError as error:
        raise RoadError(f"cannot write roads to {path}: {error}") from error


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Return a dict a row, without the columns that are None there."""
    return [
        {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        for row in zip(*columns.values(), strict=True)
    ]


def _of_nodes(arrays: Arrays) -> dict[str, list[Any]]:
    """Return the attributes of all nodes."""
    of = arrays.node_junction
    streets = np.bincount(np.concatenate([arrays.seg_u, arrays.seg_v]), minlength=len(of))
    return {
        "y": arrays.lat.tolist(),
        "x": arrays.lon.tolist(),
        "street_count": streets[of].tolist(),
        "junction": _where(of != np.arange(len(of)), arrays.node_id[of]),
    }


def _of_arcs(network: RoadNetwork, arcs: NDArray[np.integer[Any]]) -> dict[str, list[Any]]:
    """Return the attributes of arcs that are the same for every vehicle."""
    arrays = network.arrays
    segment, backwards = arrays.arc_segment[arcs], arrays.arc_backwards[arcs]
    posted_kph = arrays.seg_cap_kph[segment, backwards.astype(np.int8)]
    numbered = np.array_equal(arrays.seg_osmid, np.arange(len(arrays.seg_osmid)))
    columns: dict[str, list[Any]] = {
        "osmid": arrays.seg_osmid[segment].tolist(),
        "length": arrays.seg_length_m[segment].tolist(),
        "highway": arrays.class_name[arrays.seg_class[segment]].tolist(),
        "oneway": (arrays.seg_arc.min(axis=1, initial=0) < 0)[segment].tolist(),
        "reversed": backwards.tolist(),
        "source": np.where(arrays.seg_inferred, "inferred", "openstreetmap")[segment].tolist(),
        # A source without ids of ways has no tags of ways either.
        "class_source": ["inferred" if numbered else None] * len(arcs),
        "name": _looked_up(arrays.name, arrays.seg_name[segment]),
        "maxspeed": [f"{kph:g}" if kph else None for kph in posted_kph.tolist()],
        "surface": _looked_up(arrays.surface_name, arrays.seg_surface[segment]),
        "opened": _where(arrays.seg_opened_day[segment] != 0, arrays.seg_opened_day[segment]),
        "closed": _where(arrays.seg_closed_day[segment] != 0, arrays.seg_closed_day[segment]),
        "geometry": _shapes(network, segment, backwards),
    }
    for name in ("toll", "bridge", "ferry", "border"):
        columns[name] = _where(getattr(arrays, f"seg_{name}")[segment], np.full(len(arcs), "yes"))
    return columns


def _of_driving(
    network: RoadNetwork, vehicle_class: str, arcs: NDArray[np.integer[Any]]
) -> dict[str, list[Any]]:
    """Return the speed and time of arcs; a ferry's speed is what its crossing time says."""
    arrays = network.arrays
    segment = arrays.arc_segment[arcs]
    times_ms = arc_times_ms(network, vehicle_class)[arcs]
    crossing = arrays.seg_ferry[segment] & (arrays.seg_fixed_ms[segment] > 0)
    crossing_kph = np.round(3600 * arrays.seg_length_m[segment] / times_ms, 3)
    driving_kph = np.round(arc_speeds_kph(network, vehicle_class)[arcs], 3)
    return {
        "speed_kph": np.where(crossing, crossing_kph, driving_kph).tolist(),
        "travel_time": (times_ms / 1000).tolist(),
    }


def _where(applies: NDArray[np.bool_], values: NDArray[Any]) -> list[Any]:
    """Return values, None where they do not apply."""
    pairs = zip(applies.tolist(), values.tolist(), strict=True)
    return [value if there else None for there, value in pairs]


def _looked_up(words: NDArray[np.str_], index: NDArray[np.int32]) -> list[str | None]:
    """Return words by their index, None for the first, which is none."""
    known = [None, *words[1:].tolist()]
    return [known[at] for at in index.tolist()]


def _shapes(
    network: RoadNetwork, segment: NDArray[np.int32], backwards: NDArray[np.bool_]
) -> list[shapely.LineString | None]:
    """Return the lines of arcs in the direction of travel, None where they are straight."""
    lines = segment_lines(network)
    lines[np.diff(network.arrays.shape_start) == 0] = None
    drawn = np.where(backwards, shapely.reverse(lines)[segment], lines[segment])
    return list(drawn)
