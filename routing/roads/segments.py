"""Cut ways into segments at the junctions that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.roads.sphere import steps_m

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.roads.osm_file import OsmWays

NO_LENGTH = "pieces of road without length, left out"
NO_POSITION = "pieces of road whose positions the file lacks, left out"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """Segments among junctions: ``j`` junctions, ``s`` segments in the order of their ways.

    Parameters
    ----------
    node_id
        OpenStreetMap's ids of the junctions, ascending, shape ``(j,)``.
    lonlat
        Their longitudes and latitudes, degrees, shape ``(j, 2)``.
    u, v
        Junctions at both ends, shape ``(s,)``.
    way
        Index of the way that each is a piece of, shape ``(s,)``.
    length_m
        Great-circle length along the shape, rounded up to whole decimetres, shape ``(s,)``.
    share
        The share of its way's length, shape ``(s,)``.
    shape_start, shape_lonlat
        Inner points of segment ``i`` are ``shape_lonlat[shape_start[i]:shape_start[i + 1]]``.
    left_out
        How many pieces were dropped, and why.
    """

    node_id: NDArray[np.int64]
    lonlat: NDArray[np.float64]
    u: NDArray[np.int32]
    v: NDArray[np.int32]
    way: NDArray[np.int64]
    length_m: NDArray[np.float64]
    share: NDArray[np.float64]
    shape_start: NDArray[np.int32]
    shape_lonlat: NDArray[np.float64]
    left_out: dict[str, int]


def cut(ways: OsmWays) -> Segments:
    """Return the segments of ways, cut where ways end, meet or cross themselves, and at via nodes.

    Parameters
    ----------
    ways
        The ways as read.
    """
    nodes, at, met = np.unique(ways.node, return_inverse=True, return_counts=True)
    junction = met > 1
    junction[at[ways.start[:-1]]] = True
    junction[at[ways.start[1:] - 1]] = True
    junction |= np.isin(nodes, [each.node for each in ways.restrictions if each.node])
    first, last, way = _pieces(ways, junction[at])
    whole_m, lacking = _measured(ways.lonlat, first, last)
    there, long_enough = lacking == 0, whole_m > 0
    kept = there & long_enough
    first, last, way, true_m = first[kept], last[kept], way[kept], whole_m[kept]
    of_way_m = np.bincount(way, weights=true_m, minlength=len(ways.way_id))
    used, ends = np.unique(at[np.concatenate([first, last])], return_inverse=True)
    place = np.empty(len(nodes), dtype=np.int64)
    place[at] = np.arange(len(at))
    start, inner = _inner(first, last)
    return Segments(
        node_id=nodes[used],
        lonlat=ways.lonlat[place[used]],
        u=ends[: len(first)].astype(np.int32),
        v=ends[len(first) :].astype(np.int32),
        way=way,
        length_m=np.maximum(0.1, np.ceil(np.round(10 * true_m, 6)) / 10),
        share=true_m / of_way_m[way],
        shape_start=start,
        shape_lonlat=ways.lonlat[inner],
        left_out={
            NO_POSITION: int((~there).sum()),
            NO_LENGTH: int((there & ~long_enough).sum()),
        },
    )


def _pieces(
    ways: OsmWays, is_cut: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and last place of each piece between cuts, and its way."""
    cuts = np.flatnonzero(is_cut)
    owner = np.repeat(np.arange(len(ways.way_id)), np.diff(ways.start))[cuts]
    within = owner[:-1] == owner[1:]
    return cuts[:-1][within], cuts[1:][within], owner[:-1][within]


def _measured(
    lonlat: NDArray[np.float64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the length of each piece, metres, and how many of its steps lack a position."""
    steps = steps_m(lonlat[:, 1], lonlat[:, 0])
    unknown = np.isnan(steps)
    along_m = np.concatenate([[0.0], np.cumsum(np.where(unknown, 0.0, steps))])
    lacking = np.concatenate([[0], np.cumsum(unknown)])
    straight = np.flatnonzero(last - first == 1)
    whole_m = along_m[last] - along_m[first]
    # What two sums far along leave of a short step is not exact; the step itself is.
    whole_m[straight] = np.where(unknown[first[straight]], 0.0, steps[first[straight]])
    return whole_m, lacking[last] - lacking[first]


def _inner(
    first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return where the inner places of each piece start, and all of them."""
    count = last - first - 1
    start = np.concatenate([[0], np.cumsum(count)])
    offset = np.arange(start[-1]) - np.repeat(start[:-1], count)
    return start.astype(np.int32), np.repeat(first + 1, count) + offset
