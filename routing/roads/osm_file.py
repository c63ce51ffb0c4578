"""Stream a file of OpenStreetMap into arrays of the ways that trucks may drive."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium

from routing.roads.errors import RoadError
from routing.roads.restrictions import Restriction, read_restriction
from routing.roads.tags import kept, read_road

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from routing.roads.tags import Road

RESTRICTION = "turn restrictions that cannot be read or followed, left out"
TURN_CONDITION = "conditions of turn restrictions that cannot be read, taken as always"

_WKB_HEAD = 9
"""Bytes of a line before its points: order, type, and how many."""

_TELL_EVERY = 50_000
_NODES, _ROADS = osmium.osm.NODE, osmium.osm.WAY | osmium.osm.RELATION


@dataclass(frozen=True, slots=True, kw_only=True)
class OsmWays:
    """Ways for trucks as read: ``w`` ways over ``p`` places in all.

    Parameters
    ----------
    way_id
        OpenStreetMap's id, shape ``(w,)``.
    way_road, way_name
        Indices into ``roads`` and ``names``, shape ``(w,)``.
    start
        The places of way ``i`` are ``start[i]`` to ``start[i + 1]``, shape ``(w + 1,)``.
    node
        OpenStreetMap's id of the node at each place, shape ``(p,)``.
    lonlat
        Its longitude and latitude, degrees, not a number where the file lacks it, ``(p, 2)``.
    roads, names
        What trucks may do on ways, each once; names, of which the first is empty.
    restrictions
        Turn restrictions that concern trucks.
    left_out
        How often what was not read.
    dated
        Until when the file knows of changes, empty if it does not say.
    """

    way_id: NDArray[np.int64]
    way_road: NDArray[np.int32]
    way_name: NDArray[np.int32]
    start: NDArray[np.int64]
    node: NDArray[np.int64]
    lonlat: NDArray[np.float64]
    roads: tuple[Road, ...]
    names: tuple[str, ...]
    restrictions: tuple[Restriction, ...]
    left_out: Counter[str]
    dated: str


def read_osm(path: Path, *, tell: Callable[[str], None]) -> OsmWays:
    """Read the ways for trucks and the turn restrictions of a file.

    The file is read twice: the positions of all nodes go into a table outside of Python, 16
    bytes each, then ways and relations are looked at. A filter by the ids of the nodes of roads
    would take more: its bits for all ids that OpenStreetMap has given are 1.6 GB.

    Parameters
    ----------
    path
        An extract in any format that osmium reads, ``.osm.pbf`` or ``.osm``.
    tell
        Told how far the reading has come.

    Raises
    ------
    RoadError
        If there is no such file, or it is no whole extract.
    """
    if not path.is_file():
        raise RoadError(f"there is no file {path}; name an OpenStreetMap extract such as x.osm.pbf")
    try:
        with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
            header = reader.header()
        if header.has_multiple_object_versions:
            raise RoadError(f"{path} holds the history of its roads; name an extract of one day")
        return _read(path, header.get("osmosis_replication_timestamp", ""), tell)
    except (RuntimeError, OSError, ValueError) as error:
        why = " ".join(str(error).split())
        raise RoadError(
            f"cannot read {path} as an OpenStreetMap extract: {why}; fetch it again if it was cut"
        ) from error


def _read(path: Path, dated: str, tell: Callable[[str], None]) -> OsmWays:
    tell("reading positions")
    table = osmium.index.create_map("sparse_mmap_array")
    places = osmium.NodeLocationsForWays(table)
    places.ignore_errors()
    with osmium.io.Reader(str(path), _NODES) as reader:
        osmium.apply(reader, places)
    roads = osmium.filter.KeyFilter("highway", "route").enable_for(osmium.osm.WAY)
    turns = osmium.filter.TagFilter(("type", "restriction")).enable_for(osmium.osm.RELATION)
    reading = _Reading()
    stream = osmium.FileProcessor(str(path), _ROADS)
    for each in stream.with_filter(roads).with_filter(turns).with_filter(places):
        if each.is_way():
            reading.add_way(each)
            if len(reading.way_id) % _TELL_EVERY == 0:
                tell(f"reading roads: {len(reading.way_id)}")
        else:
            reading.add_relation(each)
    return reading.done(dated)


@dataclass(slots=True)
class _Reading:
    """What was read so far, in arrays that grow."""

    way_id: array[int] = field(default_factory=lambda: array("q"))
    way_road: array[int] = field(default_factory=lambda: array("i"))
    way_name: array[int] = field(default_factory=lambda: array("i"))
    start: array[int] = field(default_factory=lambda: array("q", [0]))
    node: array[int] = field(default_factory=lambda: array("q"))
    lonlat: bytearray = field(default_factory=bytearray)
    roads: list[Road] = field(default_factory=list)
    road_of: dict[tuple[tuple[str, str], ...], int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=lambda: {"": 0})
    restrictions: list[Restriction] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    lines: Any = field(default_factory=osmium.geom.WKBFactory)

    def add_way(self, way: Any) -> None:
        """Add a way if trucks may drive it."""
        tags = {tag.k: tag.v for tag in way.tags}
        road = self._road(tuple(sorted((k, v) for k, v in tags.items() if kept(k))))
        if road < 0:
            return
        nodes = [each.ref for each in way.nodes]
        if len(nodes) < 2:
            return
        self.left_out.update(dict(self.roads[road].unread))
        self.way_id.append(way.id)
        self.way_road.append(road)
        name = tags.get("name") or tags.get("ref") or ""
        self.way_name.append(self.names.setdefault(name, len(self.names)))
        self.node.extend(nodes)
        self.start.append(len(self.node))
        self.lonlat += self._positions(way)

    def _road(self, tags: tuple[tuple[str, str], ...]) -> int:
        """Return the number of what trucks may do, -1 where they may not; read each once."""
        number = self.road_of.get(tags)
        if number is None:
            road = read_road(dict(tags))
            number = -1 if road is None else len(self.roads)
            if road is not None:
                self.roads.append(road)
            self.road_of[tags] = number
        return number

    def _positions(self, way: Any) -> bytes:
        """Return the longitude and latitude of each place of a way as bytes of floats."""
        try:
            line = self.lines.create_linestring(way, osmium.geom.use_nodes.ALL)
            return bytes.fromhex(line)[_WKB_HEAD:]
        except (RuntimeError, osmium.InvalidLocationError):
            known = [(each, each.location.valid()) for each in way.nodes]
            there = [(each.lon, each.lat) if ok else (np.nan, np.nan) for each, ok in known]
            return np.array(there, dtype="<f8").tobytes()

    def add_relation(self, relation: Any) -> None:
        """Add a turn restriction if it concerns trucks."""
        tags = {tag.k: tag.v for tag in relation.tags}
        members = [(each.type, each.ref, each.role) for each in relation.members]
        try:
            found = read_restriction(relation.id, tags, members)
        except ValueError:
            self.left_out[RESTRICTION] += 1
            return
        if found is not None:
            self.left_out[TURN_CONDITION] += not found.exact
            self.restrictions.append(found)

    def done(self, dated: str) -> OsmWays:
        """Return what was read."""
        return OsmWays(
            way_id=np.array(self.way_id, dtype=np.int64),
            way_road=np.array(self.way_road, dtype=np.int32),
            way_name=np.array(self.way_name, dtype=np.int32),
            start=np.array(self.start, dtype=np.int64),
            node=np.array(self.node, dtype=np.int64),
            lonlat=np.frombuffer(bytes(self.lonlat), dtype="<f8").reshape(-1, 2),
            roads=tuple(self.roads),
            names=tuple(self.names),
            restrictions=tuple(self.restrictions),
            left_out=self.left_out,
            dated=dated,
        )
