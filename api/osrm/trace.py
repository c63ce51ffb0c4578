"""Follow ways point by point: where, by which node, how long and how far until there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from routing.roads.joins import Piece, end_of
from routing.roads.snap import Position, segment_part
from routing.roads.sphere import steps_m

if TYPE_CHECKING:
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Snap
    from routing.roads.ways import Leg


class Passed(NamedTuple):
    """A point of a leg.

    Attributes
    ----------
    point
        Longitude and latitude.
    node
        The name of a junction in `roads export`, a number below 0 of its own for a point between
        two; at the ends of a way, that of the last point before or after.
    time_ms, length_dm
        What is driven until there, whole milliseconds and decimetres.
    """

    point: Position
    node: int
    time_ms: int
    length_dm: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One leg of OSRM's: one way, or several that follow each other.

    Attributes
    ----------
    passed
        Its points, two or more, none twice in a row unless there is no other.
    pieces
        What is driven, in order.
    starts
        Index of the point at which each piece begins, and of the last one's end.
    """

    passed: tuple[Passed, ...]
    pieces: tuple[Piece, ...]
    starts: tuple[int, ...]

    @property
    def points(self) -> list[Position]:
        """Longitudes and latitudes."""
        return [each.point for each in self.passed]

    @property
    def duration_s(self) -> float:
        """Time of all of it, seconds."""
        return self.passed[-1].time_ms / 1000

    @property
    def distance_m(self) -> float:
        """Length of all of it, metres."""
        return self.passed[-1].length_dm / 10


def follow(network: RoadNetwork, places: Sequence[Snap], legs: Sequence[Leg]) -> Trace:
    """Return the points of ways that follow each other.

    Parameters
    ----------
    network
        The roads.
    places
        The ends of the ways, one more than these.
    legs
        The ways.
    """
    passed = [Passed(places[0].position, _node_of(network, places[0]), 0, 0)]
    pieces, starts = [], []
    time_ms = length_dm = 0
    for (origin, end), leg in zip(pairwise(places), legs, strict=True):
        for piece, ends in _between(network, origin, end, leg.pieces):
            pieces.append(piece)
            starts.append(len(passed) - 1)
            for point, node, share in _driven(network, piece, *ends):
                driven = round(share * piece.time_ms), round(share * piece.length_dm)
                _pass(passed, Passed(point, node, time_ms + driven[0], length_dm + driven[1]))
            time_ms, length_dm = time_ms + piece.time_ms, length_dm + piece.length_dm
    starts.append(len(passed) - 1)
    if len(passed) == 1:
        passed.append(passed[0]._replace(time_ms=time_ms, length_dm=length_dm))
    return Trace(tuple(passed), tuple(pieces), tuple(starts))


def _pass(passed: list[Passed], more: Passed) -> None:
    """Go on to a point; the same again only adds what is driven."""
    if passed[-1].point != more.point:
        passed.append(more)
    elif len(passed) > 1:
        passed[-1] = more._replace(node=passed[-1].node)


def _between(
    network: RoadNetwork, origin: Snap, end: Snap, pieces: Sequence[Piece]
) -> Iterator[tuple[Piece, tuple[Position, Position]]]:
    """Give pieces with the positions of their ends: the places' own at the first and the last."""
    for at, piece in enumerate(pieces):
        if piece.start == piece.end:
            continue
        first, last = (
            end_of(network, piece.segment, round(share)).position
            for share in (piece.start, piece.end)
        )
        if at == 0 and origin.node is None:
            first = origin.position
        if at == len(pieces) - 1 and end.node is None:
            last = end.position
        yield piece, (first, last)


def _driven(
    network: RoadNetwork, piece: Piece, first: Position, last: Position
) -> Iterator[tuple[Position, int, float]]:
    """Give the points of a piece with their nodes and how much of it is driven until there."""
    part = segment_part(network, piece.segment, (piece.start, first), (piece.end, last))
    lon, lat = np.array(part).T
    along = np.concatenate([[0.0], np.cumsum(steps_m(lat, lon))])
    shares = along / along[-1] if along[-1] > 0 else np.linspace(0, 1, len(part))
    shares[-1] = 1.0
    yield from zip(part, _nodes(network, piece, part), shares.tolist(), strict=True)


def _nodes(network: RoadNetwork, piece: Piece, part: Sequence[Position]) -> list[int]:
    line, names = _named_line(network, piece)
    if len(part) > 2:
        before = max(line.index(part[1]) - 1, 0)
    else:
        before = min(range(len(line) - 1), key=lambda at: _detour(line, at, part))
    return names[before : before + len(part)]


def _named_line(network: RoadNetwork, piece: Piece) -> tuple[list[Position], list[int]]:
    """Return a segment's points in the direction driven, and their names."""
    arrays, segment = network.arrays, piece.segment
    start, stop = arrays.shape_start[segment : segment + 2].tolist()
    names = [
        int(arrays.node_id[arrays.seg_u[segment]]),
        *range(-start - 1, -stop - 1, -1),
        int(arrays.node_id[arrays.seg_v[segment]]),
    ]
    line = network.segment_line(segment)
    return (line, names) if piece.start <= piece.end else (line[::-1], names[::-1])


def _detour(line: Sequence[Position], at: int, part: Sequence[Position]) -> float:
    """Return how much longer the way between two points of a line is by way of a part, metres."""
    way = np.array([line[at], *part, line[at + 1]])
    straight = np.array([line[at], line[at + 1]])
    return float(steps_m(way[:, 1], way[:, 0]).sum() - steps_m(straight[:, 1], straight[:, 0])[0])


def _node_of(network: RoadNetwork, place: Snap) -> int:
    """Return the name of a place's junction, or of the junction at which its segment begins."""
    arrays = network.arrays
    node = arrays.seg_u[place.segment] if place.node is None else place.node
    return int(arrays.node_id[node])
