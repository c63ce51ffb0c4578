"""Open a built road network and find the junction nearest to a point."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.roads.errors import BadPoint, RoadError, TooFarFromRoad
from routing.roads.sphere import great_circle_m

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

ARRAYS_FILE = "network.npz"
INFO_FILE = "info.json"
GRAPHML_FILE = "network.graphml"

MAX_SNAP_M = 15_000.0


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
        for field in fields(self):
            getattr(self, field.name).flags.writeable = False

    def named(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, in the order of the class."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Snap:
    """The junction nearest to a point.

    Parameters
    ----------
    node
        Index of the node in the network's arrays; its name in the export is
        ``network.arrays.node_id[node]``.
    snap_m
        Great-circle distance from the point, metres.
    """

    node: int
    snap_m: float


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
    arrays: Arrays

    @classmethod
    def open(cls, folder: Path) -> RoadNetwork:
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
                arrays = Arrays(**{field.name: stored[field.name] for field in fields(Arrays)})
            info = NetworkInfo(**{**raw, "bounds": tuple(raw["bounds"])})
        except FileNotFoundError as error:
            raise RoadError(f"there is no road network in {folder}; {advice}") from error
        except (OSError, KeyError, TypeError, ValueError, EOFError) as error:
            raise RoadError(f"the road network in {folder} cannot be read; {advice}") from error
        return cls(info, arrays)

    @property
    def nodes(self) -> int:
        """Number of junctions."""
        return len(self.arrays.node_id)

    def snap(self, lat: float, lon: float, *, max_m: float = MAX_SNAP_M) -> Snap:
        """Return the junction nearest to a point.

        Parameters
        ----------
        lat, lon
            The point, degrees.
        max_m
            The furthest that a point may lie from a junction, metres.

        Raises
        ------
        BadPoint
            If the point is not finite, out of range, or has its parts swapped.
        TooFarFromRoad
            If the nearest junction is further away than ``max_m``.
        """
        self._check(lat, lon)
        distances_m = great_circle_m(lat, lon, self.arrays.lat, self.arrays.lon)
        node = int(np.argmin(distances_m))
        snap_m = float(distances_m[node])
        if snap_m > max_m:
            raise TooFarFromRoad(
                f"{lat:.5f},{lon:.5f} lies {snap_m / 1000:.1f} km from the nearest junction; "
                f"at most {max_m / 1000:.1f} km is allowed",
                snap_m=snap_m,
            )
        return Snap(node, snap_m)

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

    def _check(self, lat: float, lon: float) -> None:
        if not (math.isfinite(lat) and math.isfinite(lon)):
            raise BadPoint(f"latitude and longitude must be finite numbers; got {lat},{lon}")
        west, south, east, north = self.info.bounds
        if (
            not (south - 1 <= lat <= north + 1 and west - 1 <= lon <= east + 1)
            and south - 1 <= lon <= north + 1
            and west - 1 <= lat <= east + 1
        ):
            raise BadPoint(
                f"{lat},{lon} has latitude and longitude swapped; give latitude first: {lon},{lat}"
            )
        if abs(lat) > 90 or abs(lon) > 180:
            raise BadPoint(
                f"{lat},{lon} is out of range; latitude is -90 to 90, longitude -180 to 180"
            )
