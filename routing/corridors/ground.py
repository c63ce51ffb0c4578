"""Lay roads out for planning corridors: pieces of road between junctions and facilities.

A road kilometre is a road kilometre: a piece is one stretch of road, whichever way it is driven, so
a road in both directions counts once. Segments are cut where facilities stand, so that each way
drives whole pieces.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from routing.roads.metric import arcs_along, copies_at
from routing.roads.network import segment_lines
from routing.roads.snap import Position, segment_part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Snap

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NO_PIECE = -1
"""The piece of an arc that only joins a facility to its road."""


class Cut(NamedTuple):
    """A stretch of a segment between two shares of its length from its lower node."""

    segment: int
    start: float
    end: float


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Roads as arcs between nodes, ``m`` arcs over ``p`` pieces of road.

    Parameters
    ----------
    network
        The roads it was made of.
    nodes
        How many nodes there are; the network's come first.
    tail, head
        Nodes of each arc, shape ``(m,)``.
    piece
        The piece that an arc drives, `NO_PIECE` where it only joins a facility, shape ``(m,)``.
    backwards
        Whether against the piece's line, shape ``(m,)``.
    base
        The network's arc whose rules hold on it, -1 where none do, shape ``(m,)``.
    length_m
        Of each piece, shape ``(p,)``.
    segment
        Of each piece, shape ``(p,)``.
    lines
        Of each piece, shapely lines in longitude and latitude, shape ``(p,)``.
    leave, come
        Nodes from which trucks leave a facility and at which they come to it, by facility.
    first
        The arcs out of node ``n`` are ``first[n]`` to ``first[n + 1] - 1``, shape ``(nodes + 1,)``.
    """

    network: RoadNetwork
    nodes: int
    tail: Ints
    head: Ints
    piece: Ints
    backwards: NDArray[np.bool_]
    base: Ints
    length_m: Floats
    segment: Ints
    lines: NDArray[np.object_]
    leave: Mapping[str, int]
    come: Mapping[str, int]
    first: Ints

    def arc_length_m(self) -> Floats:
        """Return the length of each arc, shape ``(m,)``."""
        return np.where(self.piece >= 0, self.length_m[self.piece], 0.0)

    def line(self, arcs: Sequence[int]) -> list[Position]:
        """Return the longitudes and latitudes of a way, at least two positions."""
        points: list[Position] = []
        for arc in arcs:
            piece = int(self.piece[arc])
            if piece == NO_PIECE:
                continue
            xy = shapely.get_coordinates(self.lines[piece]).tolist()
            for x, y in reversed(xy) if self.backwards[arc] else xy:
                if not points or points[-1] != (x, y):
                    points.append((x, y))
        return points if len(points) > 1 else points * 2

    def pieces(self, arcs: Sequence[int]) -> tuple[int, ...]:
        """Return the pieces that a way drives, in order."""
        return tuple(int(self.piece[arc]) for arc in arcs if self.piece[arc] >= 0)


class _Draft:
    """Gathers pieces and arcs."""

    def __init__(self, network: RoadNetwork) -> None:
        self.network = network
        self.nodes = network.nodes
        self.arcs: list[tuple[int, int, int, bool, int]] = []
        self.cuts: list[Cut] = []

    def node(self) -> int:
        self.nodes += 1
        return self.nodes - 1

    def join(self, tail: int, head: int) -> None:
        self.arcs.append((tail, head, NO_PIECE, False, -1))


def lay_ground(network: RoadNetwork, places: Mapping[str, Snap]) -> Ground:
    """Cut roads where facilities stand and join the facilities to them.

    Parameters
    ----------
    network
        The roads.
    places
        Where each facility joins them.

    Returns
    -------
    Ground
        Arcs ordered by the node that they leave.
    """
    arrays = network.arrays
    draft = _Draft(network)
    leave = {name: draft.node() for name in sorted(places)}
    come = {name: draft.node() for name in sorted(places)}
    within: dict[int, dict[float, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in sorted(places):
        place = places[name]
        if place.node is None:
            within[place.segment][place.share].append(name)
            continue
        draft.join(leave[name], place.node)
        for copy in copies_at(network).get(place.node, (place.node,)):
            draft.join(copy, come[name])
    whole = np.setdiff1d(np.arange(len(arrays.seg_u)), np.array(sorted(within), np.int64))
    number = np.full(len(arrays.seg_u), -1, np.int64)
    number[whole] = np.arange(len(whole))
    lines = list(segment_lines(network)[whole])
    for segment, at in sorted(within.items()):
        shares = [0.0, *sorted(at), 1.0]
        positions = [places[at[share][0]].position for share in shares[1:-1]]
        ends = network.segment_line(segment)
        marks = list(zip(shares, [ends[0], *positions, ends[-1]], strict=True))
        pieces = []
        for (low, one), (high, two) in pairwise(marks):
            pieces.append(len(whole) + len(draft.cuts))
            draft.cuts.append(Cut(segment, low, high))
            part = segment_part(network, segment, (low, one), (high, two))
            lines.append(shapely.LineString(part))
        stops = [at[share] for share in shares[1:-1]]
        _through(draft, segment, pieces, stops, come)
        _from(draft, segment, pieces, stops, leave, come)
    kept = np.flatnonzero(number[arrays.arc_segment] >= 0)
    more = np.array(draft.arcs, np.int64).reshape(-1, 5)
    tail = np.concatenate([arrays.arc_u[kept], more[:, 0]]).astype(np.int64)
    order = np.lexsort((np.arange(len(tail)), tail))
    columns = (
        (arrays.arc_v[kept], more[:, 1]),
        (number[arrays.arc_segment[kept]], more[:, 2]),
        (arrays.arc_backwards[kept], more[:, 3]),
        (kept, more[:, 4]),
    )
    head, piece, backwards, base = (
        np.concatenate(pair).astype(np.int64)[order] for pair in columns
    )
    cut = np.array([(c.segment, c.start, c.end) for c in draft.cuts], np.float64).reshape(-1, 3)
    length_m = np.concatenate(
        [
            arrays.seg_length_m[whole],
            arrays.seg_length_m[cut[:, 0].astype(int)] * (cut[:, 2] - cut[:, 1]),
        ]
    )
    return Ground(
        network=network,
        nodes=draft.nodes,
        tail=tail[order],
        head=head,
        piece=piece,
        backwards=backwards.astype(bool),
        base=base,
        length_m=length_m.astype(np.float64),
        segment=np.concatenate([whole, cut[:, 0].astype(np.int64)]),
        lines=np.array(lines, object),
        leave=leave,
        come=come,
        first=np.searchsorted(tail[order], np.arange(draft.nodes + 1)).astype(np.int64),
    )


def _through(
    draft: _Draft,
    segment: int,
    pieces: Sequence[int],
    stops: Sequence[Sequence[str]],
    come: Mapping[str, int],
) -> None:
    """Lead each arc of a cut segment from piece to piece, past the facilities on it."""
    arrays = draft.network.arrays
    first, arcs = arcs_along(draft.network)
    for arc in arcs[first[segment] : first[segment + 1]].tolist():
        back = bool(arrays.arc_backwards[arc])
        _chain(
            draft,
            int(arrays.arc_u[arc]),
            int(arrays.arc_v[arc]),
            list(pieces[::-1] if back else pieces),
            list(stops[::-1] if back else stops),
            (back, arc, come),
        )


def _from(
    draft: _Draft,
    segment: int,
    pieces: Sequence[int],
    stops: Sequence[Sequence[str]],
    leave: Mapping[str, int],
    come: Mapping[str, int],
) -> None:
    """Lead trucks from each facility within a cut segment to its ends, where they may drive."""
    arrays = draft.network.arrays
    for at, names in enumerate(stops):
        for direction in (0, 1):
            arc, goal = (
                int(each[segment, direction]) for each in (arrays.seg_arc, arrays.seg_leave)
            )
            if arc < 0 or goal < 0:
                continue
            back = direction == 1
            ahead = pieces[at::-1] if back else pieces[at + 1 :]
            past = stops[at - 1 :: -1] if back and at else ([] if back else stops[at + 1 :])
            start = draft.node()
            for name in names:
                draft.join(leave[name], start)
            _chain(draft, start, goal, list(ahead), list(past), (back, arc, come))


def _chain(
    draft: _Draft,
    start: int,
    goal: int,
    pieces: Sequence[int],
    stops: Sequence[Sequence[str]],
    how: tuple[bool, int, Mapping[str, int]],
) -> None:
    back, arc, come = how
    at = start
    for number, piece in enumerate(pieces):
        then = goal if number == len(pieces) - 1 else draft.node()
        draft.arcs.append((at, then, piece, back, arc))
        if number < len(stops):
            for name in stops[number]:
                draft.join(then, come[name])
        at = then
