"""Open a built road network and look its junctions and lines up."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from routing.roads.errors import RoadError
from routing.roads.sphere import great_circle_m

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

ARRAYS_FILE = "network.npz"
INFO_FILE = "info.json"
GRAPHML_FILE = "network.graphml"
GEOJSON_FILE = "roads.geojson"

FORMAT = 1
"""Goes up when networks that were built before can no longer be read."""


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
    format: int

    def as_dict(self) -> dict[str, Any]:
        """Return the information as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """The network as arrays: ``n`` nodes, ``m`` directed arcs, ``s`` undirected segments.

    Arcs are ordered by ``(u, v, key)``; a segment's shape runs from its lower to its higher node.

    Parameters
    ----------
    node_id
        Name of each node in the GraphML file, shape ``(n,)``.
    lat, lon
        Degrees, shape ``(n,)``.
    arc_u, arc_v, arc_key
        Ends as node indices and osmnx's key, shape ``(m,)``.
    arc_segment
        Segment that the arc drives along, shape ``(m,)``.
    class_name, class_speed_kph
        Road classes and the speed of the default vehicle on each.
    seg_u, seg_v
        Lower and higher node of each segment, shape ``(s,)``.
    seg_length_m, seg_class, seg_fixed_ms
        Length, class index, and time that no vehicle can shorten (a ferry's crossing, a
        border's delay), shape ``(s,)``.
    seg_ferry, seg_inferred, seg_border
        Flags, shape ``(s,)``.
    seg_opened_day
        Day since 1970-01-01 on which it was opened, 0 where it is older than any replay.
    seg_name
        Name where one is known, else empty.
    shape_start, shape_lonlat
        Inner points of segment ``i`` are ``shape_lonlat[shape_start[i]:shape_start[i + 1]]``.
    """

    node_id: NDArray[np.int64]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    arc_u: NDArray[np.int32]
    arc_v: NDArray[np.int32]
    arc_key: NDArray[np.int32]
    arc_segment: NDArray[np.int32]
    class_name: NDArray[np.str_]
    class_speed_kph: NDArray[np.float64]
    seg_u: NDArray[np.int32]
    seg_v: NDArray[np.int32]
    seg_length_m: NDArray[np.float64]
    seg_class: NDArray[np.int32]
    seg_fixed_ms: NDArray[np.int64]
    seg_ferry: NDArray[np.bool_]
    seg_inferred: NDArray[np.bool_]
    seg_border: NDArray[np.bool_]
    seg_opened_day: NDArray[np.int32]
    seg_name: NDArray[np.str_]
    shape_start: NDArray[np.int32]
    shape_lonlat: NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in self.named().values():
            array.flags.writeable = False

    def named(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, in the order of the class."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True, eq=False)
class RoadNetwork:
    """A road network, opened from its folder without osmnx or networkx.

    Parameters
    ----------
    info
        What it is.
    arrays
        Its nodes, arcs and segments.
    """

    info: NetworkInfo
    arrays: Arrays = field(repr=False)

    @property
    def nodes(self) -> int:
        """Number of junctions."""
        return len(self.arrays.node_id)

    def nearest_node(self, lat: float, lon: float) -> tuple[int, float]:
        """Return the junction nearest to a point and the great-circle distance, metres."""
        distances_m = great_circle_m(lat, lon, self.arrays.lat, self.arrays.lon)
        node = int(np.argmin(distances_m))
        return node, float(distances_m[node])

    def coordinates(self, nodes: Iterable[int]) -> list[tuple[float, float]]:
        """Return the ``(lat, lon)`` of nodes, degrees, in their order."""
        lat, lon = self.arrays.lat, self.arrays.lon
        return [(float(lat[node]), float(lon[node])) for node in nodes]

    def segment_line(self, segment: int, *, backwards: bool = False) -> list[tuple[float, float]]:
        """Return the ``(lon, lat)`` points of a segment, from its lower to its higher node.

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
        backwards = bool(arrays.arc_u[arc] > arrays.arc_v[arc])
        return self.segment_line(int(arrays.arc_segment[arc]), backwards=backwards)


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
    return RoadNetwork(info, arrays)
