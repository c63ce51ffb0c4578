"""Say how places join the roads a class of vehicle may drive: by which nodes, at which cost."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from routing.engine import NO_WAY, Seeds
from routing.engine.compiled import LENGTH_BITS, lengths_dm, times_ms
from routing.roads.closures import BAN_MARGIN_DEG, arcs_hit, touches
from routing.roads.metric import arcs_along, copies_at, driveable, free_costs, metric_for
from routing.roads.snap import Snap, segment_part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from routing.engine import Metric
    from routing.roads.closures import Closure
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Position

FORWARDS, BACKWARDS = 0, 1
_DIRECTIONS = (FORWARDS, BACKWARDS)


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment driven in whole or in part.

    Parameters
    ----------
    segment
        Its index.
    start, end
        Shares of the segment's length, counted forwards, between which it is driven; falling
        where it is driven backwards.
    time_ms, length_dm
        Driving time and length, whole milliseconds and decimetres.
    arc
        The arc driven, -1 for a part.
    """

    segment: int
    start: float
    end: float
    time_ms: int
    length_dm: int
    arc: int = -1


class Stub(NamedTuple):
    """A way between a place and a node: its packed cost, and the direction on the segment."""

    node: int
    cost: int
    direction: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Joins:
    """The roads as one class of vehicle finds them while some closures are in force.

    A place within an edge that a closure touches is joined by the pieces that it leaves open.

    Parameters
    ----------
    network
        The roads.
    vehicle_class
        Whose speeds and limits apply.
    closures
        Closures that keep the class out.
    at
        The time by which rules bound to hours and dates are read; None leaves them off.
    permits
        Permits that the trucks hold.
    """

    network: RoadNetwork
    vehicle_class: str
    closures: tuple[Closure, ...]
    at: datetime | None
    permits: frozenset[str]
    forbidden: frozenset[int] = field(init=False, repr=False)
    metric: Metric = field(init=False, repr=False)
    time_ms: NDArray[np.int64] = field(init=False, repr=False)
    length_dm: NDArray[np.int64] = field(init=False, repr=False)
    _open: NDArray[np.bool_] = field(init=False, repr=False)
    _banned: frozenset[int] = field(init=False, repr=False)
    _sides: dict[Snap, tuple[bool, bool]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        network, arrays = self.network, self.network.arrays
        forbidden = frozenset().union(*(arcs_hit(network, each) for each in self.closures))
        allowed = driveable(network, self.vehicle_class, self.at, self.permits)
        costs = free_costs(network, self.vehicle_class)
        made = {
            "forbidden": forbidden,
            "metric": metric_for(
                network, self.vehicle_class, forbidden, at=self.at, permits=self.permits
            ),
            "time_ms": times_ms(costs),
            "length_dm": lengths_dm(costs),
            "_open": (arrays.seg_arc >= 0) & allowed[arrays.seg_arc],
            "_banned": frozenset(arrays.arc_segment[list(forbidden)].tolist()),
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)

    def seeds(self, places: Sequence[Snap | None], *, ends: bool) -> Seeds:
        """Return places as the metric knows them, as those that trucks leave or come to.

        Parameters
        ----------
        places
            The places; None is a point out of reach.
        ends
            Whether trucks come to them.
        """
        within = [at for at, place in enumerate(places) if place is not None and place.node is None]
        simple = [at for at in within if self._is_simple(places[at])]  # type: ignore[arg-type]
        slow = sorted(set(range(len(places))) - set(simple))
        owner, node, cost = self._simple_seeds(places, simple, ends=ends)
        stubs = [(at, stub) for at in slow for stub in self.stubs(places[at], end=ends)]
        owner = np.concatenate([owner, np.array([at for at, _ in stubs], np.int64)])
        node = np.concatenate([node, np.array([stub.node for _, stub in stubs], np.int64)])
        cost = np.concatenate([cost, np.array([stub.cost for _, stub in stubs], np.int64)])
        order = np.argsort(owner, kind="stable")
        first = np.searchsorted(owner[order], np.arange(len(places) + 1))
        return Seeds(first.astype(np.int64), node[order].astype(np.int32), cost[order])

    def stubs(self, place: Snap | None, *, end: bool) -> list[Stub]:
        """Return the nodes by which a truck leaves a place, or comes to it if it is the end."""
        if place is None:
            return []
        if place.node is not None:
            if not self._is_free(place):
                return []
            nodes = copies_at(self.network).get(place.node, (place.node,)) if end else (place.node,)
            return [Stub(node, 0, None) for node in nodes]
        found: list[Stub] = []
        for direction in _DIRECTIONS:
            # who comes forwards comes from the segment's start; who leaves so goes to its end
            side = direction if end else 1 - direction
            if self._open[place.segment, direction] and self._open_sides(place)[side]:
                piece = self.part(place, direction, end=end)
                cost = (piece.time_ms << LENGTH_BITS) + piece.length_dm
                beside = self._nodes_beside(place.segment, direction, end=end)
                found.extend(Stub(node, cost, direction) for node in beside)
        return found

    def part(self, place: Snap, direction: int, *, end: bool) -> Piece:
        """Return the part of its segment that a truck drives from a place, or to it."""
        segment = place.segment
        arc = int(self.network.arrays.seg_arc[segment, direction])
        whole_ms, whole_dm = int(self.time_ms[arc]), int(self.length_dm[arc])
        time_ms, length_dm = round(whole_ms * place.share), round(whole_dm * place.share)
        if (direction == FORWARDS) != end:
            time_ms, length_dm = whole_ms - time_ms, whole_dm - length_dm
        if end:
            return Piece(segment, float(direction), place.share, time_ms, length_dm)
        return Piece(segment, place.share, 1.0 - direction, time_ms, length_dm)

    def along(self, origin: Snap, end: Snap) -> Piece | None:
        """Return what is driven from one place to another along their one segment, if it may be."""
        if origin.node is not None or end.node is not None or origin.segment != end.segment:
            return None
        direction = FORWARDS if origin.share <= end.share else BACKWARDS
        if origin.share == end.share and not self._open[origin.segment, FORWARDS]:
            direction = BACKWARDS
        if not self._open[origin.segment, direction] or not self._open_between(origin, end):
            return None
        one, two = (self.part(place, direction, end=True) for place in (origin, end))
        return Piece(
            origin.segment,
            origin.share,
            end.share,
            two.time_ms - one.time_ms,
            two.length_dm - one.length_dm,
        )

    def lower_along(
        self,
        costs: NDArray[np.int64],
        origins: Sequence[Snap | None],
        ends: Sequence[Snap | None],
    ) -> None:
        """Lower the packed costs between places of one segment to those along it, in place.

        Parameters
        ----------
        costs
            Shape ``(len(origins), len(ends))``.
        origins, ends
            The places.
        """
        rows, columns = _mates(origins, ends)
        if not len(rows):
            return
        one, two = ([places[at] for at in index.tolist()] for places, index in
                    ((origins, rows), (ends, columns)))  # fmt: skip
        segment = np.array([place.segment for place in one], np.int64)
        start, end = (np.array([place.share for place in places]) for places in (one, two))
        direction = np.where(start <= end, FORWARDS, BACKWARDS)
        direction[(start == end) & ~self._open[segment, FORWARDS]] = BACKWARDS
        open_ = self._open[segment, direction]
        for at in np.flatnonzero(open_ & np.isin(segment, list(self._banned))).tolist():
            open_[at] = self._open_between(one[at], two[at])
        arc = self.network.arrays.seg_arc[segment, direction]
        along = np.zeros(len(rows), np.int64)
        for whole, shift in ((self.time_ms[arc], LENGTH_BITS), (self.length_dm[arc], 0)):
            driven = np.abs(np.rint(whole * end) - np.rint(whole * start)).astype(np.int64)
            along += driven << shift
        along[~open_] = NO_WAY
        costs[rows, columns] = np.minimum(costs[rows, columns], along)

    def _simple_seeds(
        self, places: Sequence[Snap | None], wanted: list[int], *, ends: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return owner, node and cost of the seeds of places on open, unexpanded segments."""
        arrays = self.network.arrays
        owner = np.array(wanted, np.int64)
        chosen = [places[at] for at in wanted]
        segment = np.array([place.segment for place in chosen], np.int64)  # type: ignore[union-attr]
        share = np.array([place.share for place in chosen])  # type: ignore[union-attr]
        found = []
        for direction in _DIRECTIONS:
            arc = arrays.seg_arc[segment, direction]
            cost = np.zeros(len(segment), np.int64)
            for whole, shift in ((self.time_ms[arc], LENGTH_BITS), (self.length_dm[arc], 0)):
                before = np.rint(whole * share).astype(np.int64)
                cost += (whole - before if (direction == FORWARDS) != ends else before) << shift
            node = arrays.arc_u[arc] if ends else arrays.seg_leave[segment, direction]
            kept = self._open[segment, direction]
            found.append((owner[kept], node[kept].astype(np.int64), cost[kept]))
        one, two = found
        return tuple(np.concatenate(both) for both in zip(one, two, strict=True))  # type: ignore[return-value]

    def _is_simple(self, place: Snap) -> bool:
        """Say whether a place lies on a segment that is all open and not expanded."""
        first, _ = arcs_along(self.network)
        drives = int(first[place.segment + 1] - first[place.segment])
        directions = int((self.network.arrays.seg_arc[place.segment] >= 0).sum())
        return drives == directions and place.segment not in self._banned

    def _nodes_beside(self, segment: int, direction: int, *, end: bool) -> list[int]:
        arrays = self.network.arrays
        if not end:
            return [int(arrays.seg_leave[segment, direction])]
        first, arcs = arcs_along(self.network)
        mine = arcs[first[segment] : first[segment + 1]]
        return sorted({int(u) for u in arrays.arc_u[mine[arrays.arc_backwards[mine] == direction]]})

    def _is_free(self, place: Snap) -> bool:
        """Say whether a truck at a junction is free of what is closed there."""
        return place.segment not in self._banned or not self._meets(shapely.Point(place.position))

    def _open_sides(self, place: Snap) -> tuple[bool, bool]:
        """Say whether nothing closed lies between a place and its segment's start, and end."""
        if place not in self._sides:
            start, end = (end_of(self.network, place.segment, side) for side in (0, 1))
            self._sides[place] = self._open_between(place, start), self._open_between(place, end)
        return self._sides[place]

    def _open_between(self, one: Snap, two: Snap) -> bool:
        if one.segment not in self._banned:
            return True
        return not self._meets(shapely.LineString(line_between(self.network, one, two)))

    def _meets(self, drawn: BaseGeometry) -> bool:
        return any(touches(drawn, each, margin_deg=BAN_MARGIN_DEG) for each in self.closures)


def end_of(network: RoadNetwork, segment: int, side: int) -> Snap:
    """Return the start (0) or the end (1) of a segment as a place."""
    arrays = network.arrays
    node = int((arrays.seg_u, arrays.seg_v)[side][segment])
    position = (float(arrays.lon[node]), float(arrays.lat[node]))
    return Snap(segment, float(side), node, position, 0.0)


def line_between(network: RoadNetwork, one: Snap, two: Snap) -> list[Position]:
    """Return the points from one place of a segment to another of it."""
    return segment_part(network, one.segment, (one.share, one.position), (two.share, two.position))


def _mates(
    origins: Sequence[Snap | None], ends: Sequence[Snap | None]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the pairs that lie within one segment."""
    by_segment: list[dict[int, list[int]]] = [{}, {}]
    for known, places in zip(by_segment, (origins, ends), strict=True):
        for at, place in enumerate(places):
            if place is not None and place.node is None:
                known.setdefault(place.segment, []).append(at)
    pairs = [
        np.array(list(itertools.product(rows, by_segment[1][segment])), np.int64)
        for segment, rows in by_segment[0].items()
        if segment in by_segment[1]
    ]
    both = np.concatenate(pairs) if pairs else np.empty((0, 2), np.int64)
    return both[:, 0], both[:, 1]
