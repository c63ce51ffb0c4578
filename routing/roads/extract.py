"""Build a road network from an extract of OpenStreetMap."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.roads.draft import Draft
from routing.roads.errors import RoadError
from routing.roads.layout import lay_out
from routing.roads.network import RULE_KINDS
from routing.roads.osm_file import RESTRICTION, read_osm
from routing.roads.regions import classes_at, timezone_at
from routing.roads.restrictions import Finder, Pieces
from routing.roads.segments import cut
from routing.roads.store import Origin, write_network
from routing.roads.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from routing.roads.draft import Turn
    from routing.roads.network import NetworkInfo
    from routing.roads.osm_file import OsmWays
    from routing.roads.segments import Segments

ATTRIBUTION = "© OpenStreetMap contributors"
LICENCE = "ODbL 1.0"


@dataclass(frozen=True, slots=True)
class Built:
    """What a build wrote.

    Parameters
    ----------
    info
        The network.
    left_out
        What could not be taken from the source as it stands there, and how often.
    """

    info: NetworkInfo
    left_out: dict[str, int]


def silent(_: str) -> None:
    """Tell nobody."""


def build_extract(
    pbf: Path,
    out: Path,
    *,
    timezone: str | None = None,
    built_at: datetime | None = None,
    tell: Callable[[str], None] = silent,
) -> Built:
    """Build the network of an extract into a folder, replacing the network there when it is whole.

    Parameters
    ----------
    pbf
        The extract, ``.osm.pbf`` or another format that osmium reads.
    out
        The folder; it may hold an earlier network, which stays if the build fails.
    timezone
        IANA name of the time in which the hours of its signs are written; by default that of the
        region of ``routing/data/regions.csv`` that holds its middle.
    built_at
        Time to write into the network; now by default.
    tell
        Told how far the build has come.

    Raises
    ------
    RoadError
        If the file is missing or no whole extract, holds no roads for trucks, lies in no known
        region and no timezone is given, or the folder holds something else.
    """
    ways = read_osm(pbf, tell=tell)
    source = f"OpenStreetMap extract {pbf.name}"
    return build_from(ways, out, source=source, timezone=timezone, built_at=built_at, tell=tell)


def build_from(
    ways: OsmWays,
    out: Path,
    *,
    source: str,
    timezone: str | None,
    built_at: datetime | None,
    tell: Callable[[str], None],
) -> Built:
    """Build the network of ways that were read into a folder.

    Parameters
    ----------
    ways
        The ways.
    source
        What to call where they come from.
    out, timezone, built_at, tell
        As for `build_extract`.

    Raises
    ------
    RoadError
        As for `build_extract`.
    """
    tell(f"cutting {len(ways.way_id)} ways at their junctions")
    draft, left_out, turn_restrictions = draft_of(ways, name=source)
    west, south, east, north = bounds = _bounds(draft)
    origin = Origin(
        source=f"{source} of {ways.dated}" if ways.dated else source,
        attribution=ATTRIBUTION,
        licence=LICENCE,
        bounds=bounds,
        timezone=timezone_at((south + north) / 2, (west + east) / 2, chosen=timezone),
        turn_restrictions=turn_restrictions,
    )
    tell(f"laying out {len(draft.seg_u)} pieces of road")
    arrays = lay_out(draft)
    tell(f"writing {len(arrays.arc_u)} edges")
    info = write_network(out, arrays, origin, built_at=built_at or datetime.now(UTC))
    return Built(info, left_out)


def draft_of(ways: OsmWays, *, name: str) -> tuple[Draft, dict[str, int], int]:
    """Return the roads of ways, what was left out, and how many turn restrictions were read.

    Parameters
    ----------
    ways
        The ways as read.
    name
        Their source, for errors.

    Raises
    ------
    RoadError
        If no road remains.
    """
    segments = cut(ways) if len(ways.way_id) else None
    if segments is None or not len(segments.u):
        raise RoadError(f"there is no road for trucks in {name}; name an extract that holds some")
    when = _whens(ways)
    seg_open = _of_roads(ways, segments, "open", np.bool_)
    turns, read, lost = _turns(ways, segments, seg_open, when)
    left_out = Counter(ways.left_out)
    left_out.update(segments.left_out)
    left_out[RESTRICTION] += lost
    columns = _places(ways, segments) | _roads(ways, segments) | _rules(ways, segments, when)
    draft = Draft(seg_open=seg_open, when=np.array(list(when)), turns=turns, **columns)
    return draft, {what: count for what, count in sorted(left_out.items()) if count}, read


def _bounds(draft: Draft) -> tuple[float, float, float, float]:
    lons = np.concatenate([draft.lon, draft.shape_lonlat[:, 0]])
    lats = np.concatenate([draft.lat, draft.shape_lonlat[:, 1]])
    west, south, east, north = lons.min(), lats.min(), lons.max(), lats.max()
    return float(west), float(south), float(east), float(north)


def _whens(ways: OsmWays) -> dict[str, int]:
    """Return the index of each word for when."""
    of_roads = (ban.when for road in ways.roads for bans in road.bans for ban in bans)
    of_turns = (when for each in ways.restrictions for _, when in each.whens)
    return {when: at for at, when in enumerate(sorted({"", *of_roads, *of_turns}))}


def _of_roads(ways: OsmWays, segments: Segments, name: str, dtype: type) -> NDArray[Any]:
    """Return one field of its road for each segment."""
    values: NDArray[Any] = np.array([getattr(road, name) for road in ways.roads], dtype=dtype)
    return np.asarray(values[ways.way_road[segments.way]])


def _places(ways: OsmWays, segments: Segments) -> dict[str, NDArray[Any]]:
    """Return junctions, ends and shapes, and the class by where a segment's middle is."""
    middle = (segments.lonlat[segments.u] + segments.lonlat[segments.v]) / 2
    highway = _of_roads(ways, segments, "highway", np.str_)
    seg_class, class_name, class_speed_kph = classes_at(highway, middle[:, 1], middle[:, 0])
    return {
        "node_id": segments.node_id,
        "lat": segments.lonlat[:, 1].copy(),
        "lon": segments.lonlat[:, 0].copy(),
        "class_name": class_name,
        "class_speed_kph": class_speed_kph,
        "seg_u": segments.u,
        "seg_v": segments.v,
        "seg_length_m": segments.length_m,
        "seg_class": seg_class,
        "shape_start": segments.shape_start,
        "shape_lonlat": segments.shape_lonlat,
    }


def _roads(ways: OsmWays, segments: Segments) -> dict[str, NDArray[Any]]:
    """Return what tags say of each segment."""
    factors = {"": 1.0} | {r["surface"]: float(r["factor"]) for r in read_table("surfaces")}
    surfaces = list(factors)
    surface = np.array([surfaces.index(road.surface) for road in ways.roads], dtype=np.int32)
    crossing_ms = 1000 * _of_roads(ways, segments, "crossing_s", np.int64) * segments.share
    never = np.zeros(len(segments.u), dtype=bool)
    return {
        "surface_name": np.array(surfaces),
        "surface_factor": np.array(list(factors.values())),
        "seg_surface": surface[ways.way_road[segments.way]],
        "seg_residents": _of_roads(ways, segments, "residents", np.bool_),
        "seg_cap_kph": _of_roads(ways, segments, "cap_kph", np.float32),
        "seg_fixed_ms": np.ceil(crossing_ms).astype(np.int64),
        "seg_ferry": _of_roads(ways, segments, "ferry", np.bool_),
        "seg_inferred": never,
        "seg_border": never.copy(),
        "seg_toll": _of_roads(ways, segments, "toll", np.bool_),
        "seg_bridge": _of_roads(ways, segments, "bridge", np.bool_),
        "seg_opened_day": _of_roads(ways, segments, "opened_day", np.int32),
        "seg_closed_day": _of_roads(ways, segments, "closed_day", np.int32),
        "seg_osmid": ways.way_id[segments.way],
        "seg_name": ways.way_name[segments.way],
        "name": np.array(ways.names),
    }


def _rules(ways: OsmWays, segments: Segments, when: Mapping[str, int]) -> dict[str, NDArray[Any]]:
    """Return a row for every segment and direction that is banned to some or at some times."""
    road = ways.way_road[segments.way]
    order = np.argsort(road, kind="stable")
    start = np.searchsorted(road[order], np.arange(len(ways.roads) + 1))
    on: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    rows: list[tuple[int, int, int, int]] = []
    counts: list[int] = []
    for number, each in enumerate(ways.roads):
        mine = order[start[number] : start[number + 1]]
        for direction, bans in enumerate(each.bans):
            for ban in dict.fromkeys(bans):
                on.append(mine)
                counts.append(len(mine))
                rows.append((direction, RULE_KINDS.index(ban.kind), ban.value, when[ban.when]))
    columns = np.repeat(np.array(rows, dtype=np.int32).reshape(-1, 4), counts, axis=0)
    return {
        "rule_segment": np.concatenate(on).astype(np.int32),
        "rule_direction": columns[:, 0].astype(np.int8),
        "rule_kind": columns[:, 1].astype(np.int8),
        "rule_value": columns[:, 2].copy(),
        "rule_when": columns[:, 3].copy(),
    }


def _turns(
    ways: OsmWays, segments: Segments, seg_open: NDArray[np.bool_], when: Mapping[str, int]
) -> tuple[tuple[Turn, ...], int, int]:
    """Return the forbidden moves, how many restrictions say them, and how many cannot be followed.

    A restriction that forbids what no truck can do anyway counts as neither.
    """
    if not ways.restrictions:
        return (), 0, 0
    pieces = Pieces(segments.u, segments.v, segments.way, ways.way_id, segments.node_id, seg_open)
    finder = Finder(pieces)
    turns: dict[Turn, None] = {}
    read = lost = 0
    for restriction in ways.restrictions:
        try:
            found = finder.turns(restriction, when)
        except ValueError:
            lost += 1
            continue
        read += bool(found)
        turns.update(dict.fromkeys(found))
    return tuple(turns), read, lost
