"""Open a built road network and look its junctions and lines up."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import shapely

from routing.roads.errors import RoadError
from routing.roads.sphere import great_circle_m

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

ARRAYS_FILE = "network.npz"
INFO_FILE = "info.json"
GRAPHML_FILE = "network.graphml"
GEOJSON_FILE = "roads.geojson"
TOPOLOGY_FILE = "topology.npz"

FORMAT = 2
"""Goes up when networks that were built before can no longer be read."""

RULE_KINDS = ("weight_kg", "height_mm", "axle_kg", "length_mm", "width_mm", "hgv", "access", "turn")
"""What a rule may be about. The first five forbid vehicles above their value; ``hgv`` forbids
goods vehicles over 3.5 t, ``access`` every vehicle, ``turn`` a move at a junction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInfo:
    """What a network is, for people and for ``roads info``.

    Parameters
    ----------
    source, attribution, licence
        Where the roads come from and whom to name.
    nodes, edges
        Junctions, and directed edges (a two-way road counts twice).
    segments, inferred_segments, ferries
        Undirected pieces; those that the source lacks; those over water.
    length_km
        Length of all segments on land.
    bounds
        West, south, east, north, degrees.
    content_hash
        SHA-256 over the arrays: equal hashes are equal networks.
    built_at
        RFC 3339 time of the build.
    timezone
        IANA name of the time in which the hours of rules are written.
    junctions
        Nodes that are places; the rest are copies of them.
    rules, turn_restrictions
        Rules that may forbid an arc, and restrictions of moves at junctions that were read.
    format
        `FORMAT` at the time of the build.
    """

    source: str
    attribution: str
    licence: str
    nodes: int
    edges: int
    segments: int
    inferred_segments: int
    ferries: int
    length_km: float
    bounds: tuple[float, float, float, float]
    content_hash: str
    built_at: str
    timezone: str
    junctions: int
    rules: int
    turn_restrictions: int
    format: int

    def as_dict(self) -> dict[str, Any]:
        """Return the information as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """The network as arrays: ``n`` nodes, ``m`` directed arcs, ``s`` undirected segments.

    Arcs are ordered by ``(u, v, key)``. A segment's shape runs from ``seg_u`` to ``seg_v``, which
    is *forwards*; a direction index is 0 forwards and 1 backwards. The first nodes are junctions;
    the rest are *copies*: a truck stands at a copy of a junction when what it may do next depends
    on how it came (a turn restriction, a road for residents only).

    Parameters
    ----------
    node_id
        Name of each node in the GraphML file, shape ``(n,)``.
    lat, lon
        Degrees, shape ``(n,)``.
    node_junction
        The junction that each node is a copy of, itself where it is one, shape ``(n,)``.
    arc_u, arc_v, arc_key
        Ends as node indices and osmnx's key, shape ``(m,)``.
    arc_segment, arc_backwards
        Segment that the arc drives along, and whether against its shape, shape ``(m,)``.
    class_name, class_speed_kph
        Road classes (one row a class and region) and the speed of the default vehicle on each.
    surface_name, surface_factor
        Surfaces and what each multiplies the speed by; row 0 is "not said".
    seg_u, seg_v
        Junctions at both ends of each segment, shape ``(s,)``.
    seg_arc
        An arc that drives the segment in each direction, for what may drive there, -1 where the
        direction is against a one-way, shape ``(s, 2)``.
    seg_leave
        Node at which a truck arrives that starts within the segment and drives in each
        direction, -1 where none does, shape ``(s, 2)``.
    seg_length_m, seg_class, seg_surface
        Length in whole decimetres, class and surface index, shape ``(s,)``.
    seg_cap_kph
        Posted speed for goods vehicles in each direction, 0 where none, shape ``(s, 2)``.
    seg_fixed_ms
        Time that no vehicle can shorten (a ferry's crossing, a border's delay), shape ``(s,)``.
    seg_ferry, seg_inferred, seg_border, seg_toll, seg_bridge
        Flags, shape ``(s,)``.
    seg_opened_day, seg_closed_day
        Days since 1970-01-01 from which and from which no longer it is a road, 0 where not dated.
    seg_osmid
        Id of the OpenStreetMap way, or the segment's number where the source keeps none.
    seg_name
        Index into ``name``, whose row 0 is empty, shape ``(s,)``.
    name
        Names of roads.
    shape_start, shape_lonlat
        Inner points of segment ``i`` are ``shape_lonlat[shape_start[i]:shape_start[i + 1]]``.
    rule_arc, rule_kind, rule_value, rule_when
        One row a rule that may forbid an arc: the arc, an index into `RULE_KINDS`, the limit in
        the kind's unit (0 where it has none), an index into ``when``; shape ``(r,)`` each.
    when
        When rules hold: row 0 empty is always; ``+HOURS`` during the hours, ``-HOURS`` but for
        the hours, in the notation of OpenStreetMap's ``opening_hours``.
    """

    node_id: NDArray[np.int64]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    node_junction: NDArray[np.int32]
    arc_u: NDArray[np.int32]
    arc_v: NDArray[np.int32]
    arc_key: NDArray[np.int32]
    arc_segment: NDArray[np.int32]
    arc_backwards: NDArray[np.bool_]
    class_name: NDArray[np.str_]
    class_speed_kph: NDArray[np.float64]
    surface_name: NDArray[np.str_]
    surface_factor: NDArray[np.float64]
    seg_u: NDArray[np.int32]
    seg_v: NDArray[np.int32]
    seg_arc: NDArray[np.int32]
    seg_leave: NDArray[np.int32]
    seg_length_m: NDArray[np.float64]
    seg_class: NDArray[np.int32]
    seg_surface: NDArray[np.int32]
    seg_cap_kph: NDArray[np.float32]
    seg_fixed_ms: NDArray[np.int64]
    seg_ferry: NDArray[np.bool_]
    seg_inferred: NDArray[np.bool_]
    seg_border: NDArray[np.bool_]
    seg_toll: NDArray[np.bool_]
    seg_bridge: NDArray[np.bool_]
    seg_opened_day: NDArray[np.int32]
    seg_closed_day: NDArray[np.int32]
    seg_osmid: NDArray[np.int64]
    seg_name: NDArray[np.int32]
    name: NDArray[np.str_]
    shape_start: NDArray[np.int32]
    shape_lonlat: NDArray[np.float64]
    rule_arc: NDArray[np.int32]
    rule_kind: NDArray[np.int8]
    rule_value: NDArray[np.int32]
    rule_when: NDArray[np.int32]
    when: NDArray[np.str_]

    def __post_init__(self) -> None:
        for array in self.named().values():
            array.flags.writeable = False

    def named(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, in the order of the class."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class RoadNetwork:
    """A road network, opened from its folder without osmnx or networkx.

    Parameters
    ----------
    info
        What it is.
    arrays
        Its nodes, arcs and segments.
    folder
        Where it was opened, None if it was not.
    """

    info: NetworkInfo
    arrays: Arrays = field(repr=False)
    folder: Path | None = None

    @property
    def nodes(self) -> int:
        """Number of nodes: junctions and their copies."""
        return len(self.arrays.node_id)

    @property
    def junctions(self) -> int:
        """Number of junctions; they are the first nodes."""
        return self.info.junctions

    def segment_name(self, segment: int) -> str:
        """Return the name of a segment, empty where none is known."""
        return str(self.arrays.name[self.arrays.seg_name[segment]])

    def nearest_node(self, lat: float, lon: float) -> tuple[int, float]:
        """Return the junction nearest to a point and the great-circle distance, metres."""
        junctions = slice(self.junctions)
        distances_m = great_circle_m(
            lat, lon, self.arrays.lat[junctions], self.arrays.lon[junctions]
        )
        node = int(np.argmin(distances_m))
        return node, float(distances_m[node])

    def coordinates(self, nodes: Iterable[int]) -> list[tuple[float, float]]:
        """Return the ``(lat, lon)`` of nodes, degrees, in their order."""
        lat, lon = self.arrays.lat, self.arrays.lon
        return [(float(lat[node]), float(lon[node])) for node in nodes]

    def segment_line(self, segment: int, *, backwards: bool = False) -> list[tuple[float, float]]:
        """Return the ``(lon, lat)`` points of a segment, forwards.

        Parameters
        ----------
        segment
            Index of the segment.
        backwards
            Turn the line round.
        """
        arrays = self.arrays
        low, high = arrays.seg_u[segment], arrays.seg_v[segment]
        start, stop = arrays.shape_start[segment], arrays.shape_start[segment + 1]
        line = [
            (float(arrays.lon[low]), float(arrays.lat[low])),
            *((float(x), float(y)) for x, y in arrays.shape_lonlat[start:stop]),
            (float(arrays.lon[high]), float(arrays.lat[high])),
        ]
        return line[::-1] if backwards else line

    def arc_line(self, arc: int) -> list[tuple[float, float]]:
        """Return the ``(lon, lat)`` points of an arc in the direction of travel."""
        arrays = self.arrays
        backwards = bool(arrays.arc_backwards[arc])
        return self.segment_line(int(arrays.arc_segment[arc]), backwards=backwards)


def segment_lines(network: RoadNetwork, *, squeeze: float = 1.0) -> NDArray[np.object_]:
    """Return all segments as shapely lines, forwards, shape ``(s,)``.

    Parameters
    ----------
    network
        The roads.
    squeeze
        What longitudes are multiplied by.
    """
    arrays = network.arrays
    count = len(arrays.seg_u)
    inner = np.diff(arrays.shape_start)
    segment = np.arange(count)
    owner = np.concatenate([segment, np.repeat(segment, inner), segment])
    place = np.concatenate([np.zeros(count), np.arange(1, inner.sum() + 1), np.full(count, np.inf)])
    ends = [
        np.stack([arrays.lon[at], arrays.lat[at]], axis=1) for at in (arrays.seg_u, arrays.seg_v)
    ]
    points = np.concatenate([ends[0], arrays.shape_lonlat, ends[1]]) * (squeeze, 1.0)
    order = np.lexsort((place, owner))
    return np.asarray(shapely.linestrings(points[order], indices=owner[order]))


def load_network(folder: Path) -> RoadNetwork:
    """Open the network that a build wrote.

    Parameters
    ----------
    folder
        The folder given to the build.

    Raises
    ------
    RoadError
        If there is no readable network in the folder.
    """
    advice = "build it with: harvestlane roads build --bundled"
    try:
        raw = json.loads((folder / INFO_FILE).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS_FILE, allow_pickle=False) as stored:
            arrays = Arrays(**{each.name: stored[each.name] for each in fields(Arrays)})
        info = NetworkInfo(**{**raw, "bounds": tuple(raw["bounds"])})
        if info.format != FORMAT:
            raise RoadError(f"another version built the road network in {folder}; {advice}")
    except FileNotFoundError as error:
        raise RoadError(f"there is no road network in {folder}; {advice}") from error
    except (OSError, KeyError, TypeError, ValueError, EOFError, BadZipFile) as error:
        raise RoadError(f"the road network in {folder} cannot be read; {advice}") from error
    return RoadNetwork(info, arrays, folder)
