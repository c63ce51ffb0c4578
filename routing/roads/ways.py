"""Find fastest ways between places on the road, within edges and round what is closed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from routing.engine import INF_MS, NO_WAY, Seeds
from routing.engine.compiled import LENGTH_BITS, lengths_dm, times_ms
from routing.roads.closures import BAN_MARGIN_DEG, arcs_hit, touches
from routing.roads.errors import NoRoute
from routing.roads.hours import check_moment
from routing.roads.metric import THREADS, arcs_along, copies_at, driveable, metric_for
from routing.roads.snap import Snap, segment_part
from routing.roads.times import arc_lengths_dm, arc_times_ms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from routing.engine import Metric
    from routing.engine.metric import Way
    from routing.roads.closures import Closure
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Position

_FORWARDS, _BACKWARDS = 0, 1
_DIRECTIONS = (_FORWARDS, _BACKWARDS)


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


@dataclass(frozen=True, slots=True)
class Leg:
    """A fastest way between two places on the road, of equally fast ones a shortest.

    Parameters
    ----------
    time_ms, length_m
        Driving time in whole milliseconds, and length in tenths of a metre.
    line
        Longitudes and latitudes of road edges only, at least two.
    pieces
        What is driven, in order; empty between a junction and itself.
    """

    time_ms: int
    length_m: float
    line: tuple[Position, ...]
    pieces: tuple[Piece, ...]

    @property
    def segments(self) -> tuple[int, ...]:
        """Segments driven on, in whole or in part, in order."""
        return tuple(piece.segment for piece in self.pieces)


class _Stub(NamedTuple):
    """One way between a place and a node: the direction driven on the place's segment, or None."""

    node: int
    cost: int
    direction: int | None


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A network as one class of vehicle finds it: costs of arcs, and whether they are open."""

    metric: Metric
    allowed: NDArray[np.bool_]
    time_ms: NDArray[np.int64]
    length_dm: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """The ways that trucks may take while some closures are in force.

    An edge that a closure touches is not passed. From a place within such an edge only the
    piece that the closure does not touch may be driven. What it answers never changes.

    Parameters
    ----------
    network
        The roads.
    closures
        Closures in force, all of them.
    at
        The time by which rules bound to hours and dates are read; None leaves them off.
    """

    network: RoadNetwork
    closures: tuple[Closure, ...] = ()
    at: datetime | None = None
    _seen: dict[str, _Seen] = field(init=False, repr=False, default_factory=dict)
    _banned: dict[str, frozenset[int]] = field(init=False, repr=False, default_factory=dict)
    _open_ends: dict[tuple[Snap, str], tuple[bool, bool]] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        if self.at is not None:
            check_moment(self.at)

    def forbidden(self, vehicle_class: str) -> frozenset[int]:
        """Return the arcs that the closures forbid to a class of vehicle."""
        return frozenset().union(
            *(arcs_hit(self.network, each) for each in self._binding(vehicle_class))
        )

    def table(
        self, vehicle_class: str, origins: Sequence[Snap | None], ends: Sequence[Snap | None]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return driving times and lengths among places on the road.

        Parameters
        ----------
        vehicle_class
            Whose speeds and limits apply.
        origins, ends
            The places; None is a point out of reach.

        Returns
        -------
        tuple
            Whole milliseconds and metres, each of shape ``(len(origins), len(ends))``,
            infinite where there is no way.
        """
        costs = self._costs(vehicle_class, origins, ends)
        none = costs >= NO_WAY
        return (
            np.where(none, np.inf, times_ms(costs)),
            np.where(none, np.inf, lengths_dm(costs) / 10),
        )

    def times_ms(
        self, vehicle_class: str, origins: Sequence[Snap | None], ends: Sequence[Snap | None]
    ) -> NDArray[np.int32]:
        """Return driving times alone, whole milliseconds, `INF_MS` where there is no way."""
        metric = self._of(vehicle_class).metric
        found = metric.table_ms(
            self.seeds(vehicle_class, origins, ends=False),
            self.seeds(vehicle_class, ends, ends=True),
            threads=THREADS,
        )
        for (row, column), piece in self._within(vehicle_class, origins, ends).items():
            found[row, column] = min(found[row, column], piece.time_ms)
        return found

    def leg(self, vehicle_class: str, origin: Snap, end: Snap) -> Leg:
        """Return a fastest way between two places on the road; it costs what `table` says.

        Raises
        ------
        NoRoute
            If no permitted way leads there; its ``closures`` stand in the way.
        """
        seen = self._of(vehicle_class)
        along = self._within(vehicle_class, [origin], [end]).get((0, 0))
        way = seen.metric.way(
            self.seeds(vehicle_class, [origin], ends=False),
            self.seeds(vehicle_class, [end], ends=True),
        )
        if along is not None and (
            way is None or (along.time_ms, along.length_dm) <= (way.time_ms, way.length_dm)
        ):
            return self._drawn(origin, end, [along])
        if way is None:
            raise self._no_route(vehicle_class, origin, end)
        return self.leg_of(vehicle_class, origin, end, way)

    def in_the_way(self, vehicle_class: str, origin: Snap, end: Snap) -> tuple[str, ...]:
        """Return the ids of the closures on the way that a truck would take without them."""
        binding = self._binding(vehicle_class)
        if not binding:
            return ()
        free = shapely.LineString(
            Ways(self.network, at=self.at).leg(vehicle_class, origin, end).line
        )
        return tuple(
            closure.closure_id
            for closure in binding
            if touches(free, closure, margin_deg=BAN_MARGIN_DEG)
        )

    def reach(self, vehicle_class: str, origin: Snap) -> NDArray[np.int64]:
        """Return the packed cost from a place to every node of the network, shape ``(n,)``."""
        seeds = self.seeds(vehicle_class, [origin], ends=False)
        return self._of(vehicle_class).metric.reach(seeds)

    def metric(self, vehicle_class: str) -> Metric:
        """Return the metric that answers for a class of vehicle."""
        return self._of(vehicle_class).metric

    def seeds(self, vehicle_class: str, places: Sequence[Snap | None], *, ends: bool) -> Seeds:
        """Return places as the metric knows them, as those that trucks leave or come to."""
        return _as_seeds(
            [self._stubs(vehicle_class, p, end=ends) if p is not None else [] for p in places]
        )

    def leg_of(self, vehicle_class: str, origin: Snap, end: Snap, way: Way) -> Leg:
        """Return a way of any metric of the same roads with its own true time and length."""
        return self._drawn(origin, end, self._pieces(vehicle_class, origin, end, way))

    def _of(self, vehicle_class: str) -> _Seen:
        found = self._seen.get(vehicle_class)
        if found is None:
            forbidden = self.forbidden(vehicle_class)
            found = self._seen[vehicle_class] = _Seen(
                metric_for(self.network, vehicle_class, forbidden, at=self.at),
                driveable(self.network, vehicle_class, self.at),
                arc_times_ms(self.network, vehicle_class),
                arc_lengths_dm(self.network).astype(np.int64),
            )
        return found

    def _binding(self, vehicle_class: str) -> tuple[Closure, ...]:
        return tuple(each for each in self.closures if each.binds(vehicle_class))

    def _banned_segments(self, vehicle_class: str) -> frozenset[int]:
        if vehicle_class not in self._banned:
            arcs = list(self.forbidden(vehicle_class))
            of_arc = self.network.arrays.arc_segment
            self._banned[vehicle_class] = frozenset(of_arc[arcs].tolist())
        return self._banned[vehicle_class]

    def _costs(
        self, vehicle_class: str, origins: Sequence[Snap | None], ends: Sequence[Snap | None]
    ) -> NDArray[np.int64]:
        costs = self._of(vehicle_class).metric.table(
            self.seeds(vehicle_class, origins, ends=False),
            self.seeds(vehicle_class, ends, ends=True),
            threads=THREADS,
        )
        for (row, column), piece in self._within(vehicle_class, origins, ends).items():
            along = (piece.time_ms << LENGTH_BITS) + piece.length_dm
            costs[row, column] = min(costs[row, column], along)
        return costs

    def _no_route(self, vehicle_class: str, origin: Snap, end: Snap) -> NoRoute:
        try:
            closures = self.in_the_way(vehicle_class, origin, end)
        except NoRoute:
            closures = ()
        (x0, y0), (x1, y1) = origin.position, end.position
        closed = f"; closed by {', '.join(closures)}" if closures else ""
        return NoRoute(
            f"no permitted way leads from {y0:.5f},{x0:.5f} to {y1:.5f},{x1:.5f} "
            f"for {vehicle_class}{closed}",
            closures=closures,
        )

    def _stubs(self, vehicle_class: str, place: Snap, *, end: bool) -> list[_Stub]:
        """Return the nodes by which a truck leaves a place, or comes to it if it is the end."""
        if place.node is not None:
            if not self._at_junction(vehicle_class, place):
                return []
            nodes = copies_at(self.network).get(place.node, (place.node,)) if end else (place.node,)
            return [_Stub(node, 0, None) for node in nodes]
        found: list[_Stub] = []
        for direction in _DIRECTIONS:
            # who comes forwards comes from the segment's start; who leaves so goes to its end
            side = direction if end else 1 - direction
            if not self._is_open(vehicle_class, place.segment, direction):
                continue
            if not self._ends_open(vehicle_class, place)[side]:
                continue
            piece = self._part(vehicle_class, place, direction, end=end)
            cost = (piece.time_ms << LENGTH_BITS) + piece.length_dm
            found.extend(
                _Stub(node, cost, direction)
                for node in self._nodes_beside(place.segment, direction, end=end)
            )
        return found

    def _nodes_beside(self, segment: int, direction: int, *, end: bool) -> list[int]:
        arrays = self.network.arrays
        if not end:
            return [int(arrays.seg_leave[segment, direction])]
        first, arcs = arcs_along(self.network)
        mine = arcs[first[segment] : first[segment + 1]]
        return sorted({int(u) for u in arrays.arc_u[mine[arrays.arc_backwards[mine] == direction]]})

    def _is_open(self, vehicle_class: str, segment: int, direction: int) -> bool:
        """Say whether the road itself may be driven in a direction, whatever is closed on it."""
        arc = int(self.network.arrays.seg_arc[segment, direction])
        return arc >= 0 and bool(self._of(vehicle_class).allowed[arc])

    def _part(self, vehicle_class: str, place: Snap, direction: int, *, end: bool) -> Piece:
        """Return the part of its segment that a truck drives from a place, or to it."""
        seen, segment = self._of(vehicle_class), place.segment
        arc = int(self.network.arrays.seg_arc[segment, direction])
        whole_ms, whole_dm = int(seen.time_ms[arc]), int(seen.length_dm[arc])
        time_ms, length_dm = round(whole_ms * place.share), round(whole_dm * place.share)
        if (direction == _FORWARDS) != end:
            time_ms, length_dm = whole_ms - time_ms, whole_dm - length_dm
        if end:
            return Piece(segment, float(direction), place.share, time_ms, length_dm)
        return Piece(segment, place.share, 1.0 - direction, time_ms, length_dm)

    def _at_junction(self, vehicle_class: str, place: Snap) -> bool:
        """Say whether a truck at a junction is free of what is closed there."""
        touched = place.segment in self._banned_segments(vehicle_class)
        return not (touched and self._meets(vehicle_class, shapely.Point(place.position)))

    def _ends_open(self, vehicle_class: str, place: Snap) -> tuple[bool, bool]:
        """Say whether nothing closed lies between a place and its segment's start, and end."""
        key = place, vehicle_class
        if key not in self._open_ends:
            self._open_ends[key] = (
                self._open_between(vehicle_class, place, self._end(place.segment, 0)),
                self._open_between(vehicle_class, place, self._end(place.segment, 1)),
            )
        return self._open_ends[key]

    def _end(self, segment: int, end: int) -> Snap:
        arrays = self.network.arrays
        node = int((arrays.seg_u, arrays.seg_v)[end][segment])
        position = (float(arrays.lon[node]), float(arrays.lat[node]))
        return Snap(segment, float(end), node, position, 0.0)

    def _open_between(self, vehicle_class: str, one: Snap, two: Snap) -> bool:
        if one.segment not in self._banned_segments(vehicle_class):
            return True
        line = shapely.LineString(_line_between(self.network, one, two))
        return not self._meets(vehicle_class, line)

    def _meets(self, vehicle_class: str, drawn: BaseGeometry) -> bool:
        return any(
            touches(drawn, closure, margin_deg=BAN_MARGIN_DEG)
            for closure in self._binding(vehicle_class)
        )

    def _within(
        self, vehicle_class: str, origins: Sequence[Snap | None], ends: Sequence[Snap | None]
    ) -> dict[tuple[int, int], Piece]:
        """Return the parts driven between places of one segment, along it, by row and column."""
        mates: dict[int, list[tuple[int, Snap]]] = {}
        for column, end in enumerate(ends):
            if end is not None and end.node is None:
                mates.setdefault(end.segment, []).append((column, end))
        found = {}
        for row, origin in enumerate(origins):
            if origin is None or origin.node is not None:
                continue
            for column, end in mates.get(origin.segment, ()):
                piece = self._along(vehicle_class, origin, end)
                if piece is not None:
                    found[row, column] = piece
        return found

    def _along(self, vehicle_class: str, origin: Snap, end: Snap) -> Piece | None:
        direction = _FORWARDS if origin.share <= end.share else _BACKWARDS
        if origin.share == end.share and not self._is_open(vehicle_class, origin.segment, 0):
            direction = _BACKWARDS
        if not self._is_open(vehicle_class, origin.segment, direction):
            return None
        if not self._open_between(vehicle_class, origin, end):
            return None
        one, two = (
            self._part(vehicle_class, place, direction, end=True) for place in (origin, end)
        )
        return Piece(
            origin.segment,
            origin.share,
            end.share,
            two.time_ms - one.time_ms,
            two.length_dm - one.length_dm,
        )

    def _pieces(self, vehicle_class: str, origin: Snap, end: Snap, way: Way) -> list[Piece]:
        """Return what is driven on a way: the origin's part, whole segments, the end's part."""
        seen, arrays = self._of(vehicle_class), self.network.arrays
        before = self._used(vehicle_class, origin, way.start, end=False)
        after = self._used(vehicle_class, end, way.end, end=True)
        between = [
            Piece(
                int(arrays.arc_segment[arc]),
                float(arrays.arc_backwards[arc]),
                1.0 - float(arrays.arc_backwards[arc]),
                int(seen.time_ms[arc]),
                int(seen.length_dm[arc]),
                arc,
            )
            for arc in way.arcs
        ]
        return [*before, *between, *after]

    def _used(self, vehicle_class: str, place: Snap, node: int, *, end: bool) -> list[Piece]:
        """Return the part of a place's own segment that the way to or from a node drives."""
        stub = min(
            (s for s in self._stubs(vehicle_class, place, end=end) if s.node == node),
            key=lambda each: each.cost,
        )
        if stub.direction is None:
            return []
        return [self._part(vehicle_class, place, stub.direction, end=end)]

    def _drawn(self, origin: Snap, end: Snap, pieces: list[Piece]) -> Leg:
        """Draw pieces, the first from the origin's own position and the last to the end's."""
        lines = [
            _line_between(
                self.network,
                self._standing(piece.segment, piece.start, origin if not at else None),
                self._standing(piece.segment, piece.end, end if at == len(pieces) - 1 else None),
            )
            for at, piece in enumerate(pieces)
        ]
        line = _joined([[origin.position], *lines, [end.position]])
        return Leg(
            sum(piece.time_ms for piece in pieces),
            sum(piece.length_dm for piece in pieces) / 10,
            tuple(line),
            tuple(pieces),
        )

    def _standing(self, segment: int, share: float, place: Snap | None) -> Snap:
        """Return the place at a share of a segment: a known one, or one of its ends."""
        if place is not None and place.node is None:
            return place
        return self._end(segment, round(share))


def _as_seeds(stubs: Sequence[Sequence[_Stub]]) -> Seeds:
    return Seeds.of([[(stub.node, stub.cost) for stub in row] for row in stubs])


def _line_between(network: RoadNetwork, one: Snap, two: Snap) -> list[Position]:
    return segment_part(network, one.segment, (one.share, one.position), (two.share, two.position))


def _joined(pieces: Sequence[Sequence[Position]]) -> list[Position]:
    """Join pieces end to end without repeating a position; a line has at least two."""
    line = [position for position, _ in itertools.groupby(itertools.chain(*pieces))]
    return line if len(line) > 1 else line * 2


__all__ = ["INF_MS", "Leg", "Piece", "Ways"]
