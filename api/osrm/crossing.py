"""Describe a junction as a truck meets it: the roads there, and which of them it may take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from api.osrm.bearings import bearing_at, bearing_from_start, rounded, turned
from routing.engine import NO_WAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.roads.joins import Piece
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Position
    from routing.roads.ways import Ways


class Road(NamedTuple):
    """A road as it leaves a junction: its segment, and 0 if that is forwards, 1 if backwards."""

    segment: int
    direction: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """A junction between two pieces of a way.

    Attributes
    ----------
    location
        Longitude and latitude.
    roads
        Every road there, in the order of their bearings.
    bearings
        The direction in which each leaves, degrees.
    entries
        Whether the truck may take each, having come as it has.
    back, out
        The road that it came by, and the one that it takes.
    """

    location: Position
    roads: tuple[Road, ...]
    bearings: tuple[float, ...]
    entries: tuple[bool, ...]
    back: Road
    out: Road

    @property
    def bearing_before(self) -> float:
        """Direction in which the truck comes."""
        return (self.bearings[self.roads.index(self.back)] + 180) % 360

    @property
    def bearing_after(self) -> float:
        """Direction in which the truck goes on."""
        return self.bearings[self.roads.index(self.out)]

    @property
    def angle(self) -> float:
        """How far the truck turns, -180 to 180 degrees, right is above 0."""
        return self.angle_to(self.out)

    @property
    def others(self) -> tuple[Road, ...]:
        """The roads that it might take instead, the way back excepted."""
        return tuple(
            road
            for road, may in zip(self.roads, self.entries, strict=True)
            if may and road not in {self.back, self.out}
        )

    def angle_to(self, road: Road) -> float:
        """Return how far the truck would turn into a road, degrees."""
        return turned(self.bearing_before, self.bearings[self.roads.index(road)])

    def as_dict(self) -> dict[str, Any]:
        """Return the junction as OSRM's `Intersection`."""
        return {
            "location": list(self.location),
            "bearings": [rounded(each) for each in self.bearings],
            "entry": [
                road == self.out or (may and road != self.back)
                for road, may in zip(self.roads, self.entries, strict=True)
            ],
            "in": self.roads.index(self.back),
            "out": self.roads.index(self.out),
        }


def crossing(
    ways: Ways, vehicle_class: str, before: Piece, after: Piece, location: Position
) -> Crossing | None:
    """Return the junction between two pieces; None where a truck goes on within a segment.

    Parameters
    ----------
    ways
        The roads and what is closed.
    vehicle_class
        Whose limits apply.
    before, after
        Pieces that follow each other.
    location
        Where.
    """
    network, arrays = ways.network, ways.network.arrays
    came = _direction(before)
    if before.end not in {0.0, 1.0}:
        return None if came == _direction(after) else _turning(network, before, after, location)
    junction = int((arrays.seg_v, arrays.seg_u)[came][before.segment])
    roads = _roads_at(network, junction)
    leaving = [
        bearing_from_start(network.segment_line(road.segment, backwards=bool(road.direction)))
        for road in roads
    ]
    may = _may_take(ways, vehicle_class, _standing(network, before))
    order = sorted(range(len(roads)), key=leaving.__getitem__)
    return Crossing(
        location,
        tuple(roads[at] for at in order),
        tuple(leaving[at] for at in order),
        tuple(roads[at] in may for at in order),
        Road(before.segment, 1 - came),
        Road(after.segment, _direction(after)),
    )


def _turning(network: RoadNetwork, before: Piece, after: Piece, location: Position) -> Crossing:
    """Return the point within a segment at which a truck turns round."""
    forwards = bearing_at(network.segment_line(before.segment), location)
    ahead, back = Road(before.segment, 0), Road(before.segment, 1)
    out = Road(after.segment, _direction(after))
    bearings = (forwards, (forwards + 180) % 360)
    return Crossing(location, (ahead, back), bearings, (True, True), out, out)


def _direction(piece: Piece) -> int:
    return int(piece.start > piece.end)


def _standing(network: RoadNetwork, piece: Piece) -> int:
    """Return the node at which a truck stands that has driven a piece to its end."""
    if piece.arc >= 0:
        return int(network.arrays.arc_v[piece.arc])
    return int(network.arrays.seg_leave[piece.segment, _direction(piece)])


def _may_take(ways: Ways, vehicle_class: str, node: int) -> set[Road]:
    arrays = ways.network.arrays
    first, last = np.searchsorted(arrays.arc_u, [node, node + 1])
    costs = ways.metric(vehicle_class).costs[first:last]
    arcs = first + np.flatnonzero(costs < NO_WAY)
    return {Road(int(arrays.arc_segment[arc]), int(arrays.arc_backwards[arc])) for arc in arcs}


def _roads_at(network: RoadNetwork, junction: int) -> list[Road]:
    first, ends = _ends_by_junction(network)
    mine = ends[first[junction] : first[junction + 1]].tolist()
    return [Road(*divmod(end, 2)) for end in mine]


@lru_cache(maxsize=4)
def _ends_by_junction(network: RoadNetwork) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the segments' ends, twice the segment plus the end, by junction."""
    arrays = network.arrays
    at = np.stack([arrays.seg_u, arrays.seg_v], axis=1).ravel()
    ends = np.argsort(at, kind="stable")
    return np.searchsorted(at[ends], np.arange(network.junctions + 1)), ends
