"""Find fastest ways between places on the road, within edges and round what is closed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from routing.engine import NO_WAY
from routing.engine.compiled import lengths_dm, times_ms
from routing.roads.closures import BAN_MARGIN_DEG, touches
from routing.roads.errors import NoRoute
from routing.roads.hours import check_moment
from routing.roads.joins import Joins, Piece, end_of, line_between
from routing.roads.metric import THREADS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from routing.engine import Metric, Seeds
    from routing.engine.metric import Way
    from routing.roads.closures import Closure
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Position, Snap


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
    permits
        Permits that the trucks hold: they pass closures that name one of them, and a permit named
        as a kind of rule (`routing.roads.network.RULE_KINDS`) sets such rules aside.
    """

    network: RoadNetwork
    closures: tuple[Closure, ...] = ()
    at: datetime | None = None
    permits: frozenset[str] = frozenset()
    _joins: dict[str, Joins] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.at is not None:
            check_moment(self.at)

    def joins(self, vehicle_class: str) -> Joins:
        """Return the roads as a class of vehicle finds them."""
        found = self._joins.get(vehicle_class)
        if found is None:
            binding = tuple(
                each for each in self.closures if each.binds(vehicle_class, self.permits)
            )
            found = Joins(self.network, vehicle_class, binding, self.at, self.permits)
            self._joins[vehicle_class] = found
        return found

    def metric(self, vehicle_class: str) -> Metric:
        """Return the metric that answers for a class of vehicle."""
        return self.joins(vehicle_class).metric

    def forbidden(self, vehicle_class: str) -> frozenset[int]:
        """Return the arcs that the closures forbid to a class of vehicle."""
        return self.joins(vehicle_class).forbidden

    def seeds(self, vehicle_class: str, places: Sequence[Snap | None], *, ends: bool) -> Seeds:
        """Return places as the metric knows them, as those that trucks leave or come to."""
        return self.joins(vehicle_class).seeds(places, ends=ends)

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
        joins = self.joins(vehicle_class)
        costs = joins.metric.table(
            joins.seeds(origins, ends=False), joins.seeds(ends, ends=True), threads=THREADS
        )
        joins.lower_along(costs, origins, ends)
        none = costs >= NO_WAY
        return (
            np.where(none, np.inf, times_ms(costs)),
            np.where(none, np.inf, lengths_dm(costs) / 10),
        )

    def leg(self, vehicle_class: str, origin: Snap, end: Snap) -> Leg:
        """Return a fastest way between two places on the road; it costs what `table` says.

        Raises
        ------
        NoRoute
            If no permitted way leads there; its ``closures`` stand in the way.
        """
        joins = self.joins(vehicle_class)
        along = joins.along(origin, end)
        way = joins.metric.way(joins.seeds([origin], ends=False), joins.seeds([end], ends=True))
        if along is not None and (
            way is None or (along.time_ms, along.length_dm) <= (way.time_ms, way.length_dm)
        ):
            return self._drawn(origin, end, [along])
        if way is None:
            raise self._no_route(vehicle_class, origin, end)
        return self.leg_of(vehicle_class, origin, end, way)

    def leg_of(self, vehicle_class: str, origin: Snap, end: Snap, way: Way) -> Leg:
        """Return a way of any metric of the same roads with its own true time and length."""
        return self._drawn(origin, end, self._pieces(vehicle_class, origin, end, way))

    def in_the_way(self, vehicle_class: str, origin: Snap, end: Snap) -> tuple[str, ...]:
        """Return the ids of the closures on the way that a truck would take without them."""
        binding = self.joins(vehicle_class).closures
        if not binding:
            return ()
        free = shapely.LineString(
            Ways(self.network, at=self.at, permits=self.permits)
            .leg(vehicle_class, origin, end)
            .line
        )
        return tuple(
            closure.closure_id
            for closure in binding
            if touches(free, closure, margin_deg=BAN_MARGIN_DEG)
        )

    def reach(self, vehicle_class: str, origin: Snap) -> NDArray[np.int64]:
        """Return the packed cost from a place to every node of the network, shape ``(n,)``."""
        joins = self.joins(vehicle_class)
        return joins.metric.reach(joins.seeds([origin], ends=False))

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

    def _pieces(self, vehicle_class: str, origin: Snap, end: Snap, way: Way) -> list[Piece]:
        """Return what is driven on a way: the origin's part, whole segments, the end's part."""
        joins, arrays = self.joins(vehicle_class), self.network.arrays
        before = _used(joins, origin, way.start, end=False)
        after = _used(joins, end, way.end, end=True)
        between = [
            Piece(
                int(arrays.arc_segment[arc]),
                float(arrays.arc_backwards[arc]),
                1.0 - float(arrays.arc_backwards[arc]),
                int(joins.time_ms[arc]),
                int(joins.length_dm[arc]),
                arc,
            )
            for arc in way.arcs
        ]
        return [*before, *between, *after]

    def _drawn(self, origin: Snap, end: Snap, pieces: list[Piece]) -> Leg:
        """Draw pieces, the first from the origin's own position and the last to the end's."""
        lines = [
            line_between(
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
        return end_of(self.network, segment, round(share))


def _used(joins: Joins, place: Snap, node: int, *, end: bool) -> list[Piece]:
    """Return the part of a place's own segment that the way to or from a node drives."""
    beside = [stub for stub in joins.stubs(place, end=end) if stub.node == node]
    direction = min(beside, key=lambda stub: stub.cost).direction
    return [] if direction is None else [joins.part(place, direction, end=end)]


def _joined(pieces: Sequence[Sequence[Position]]) -> list[Position]:
    """Join pieces end to end without repeating a position; a line has at least two."""
    line = [position for position, _ in itertools.groupby(itertools.chain(*pieces))]
    return line if len(line) > 1 else line * 2
