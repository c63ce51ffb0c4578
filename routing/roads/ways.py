"""Find fastest ways between places on the road, within edges and round what is closed."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from routing.roads.closures import BAN_MARGIN_DEG, arcs_hit, not_yet_open, touches
from routing.roads.errors import NoRoute
from routing.roads.metric import arc_times_ms, metric_for
from routing.roads.snap import Snap, segment_part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from routing.roads.closures import Closure
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Position

_ENDS = (0, 1)


@dataclass(frozen=True, slots=True)
class Leg:
    """A fastest way between two places on the road.

    Parameters
    ----------
    time_ms, length_m
        Driving time in whole milliseconds, and length.
    line
        Longitudes and latitudes of road edges only, at least two.
    segments
        Segments driven on, in whole or in part, in order.
    """

    time_ms: int
    length_m: float
    line: tuple[Position, ...]
    segments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Stands:
    """Places as arrays: the segment's two ends with time and length to each, ``inf`` if barred."""

    segment: NDArray[np.int64]
    node: NDArray[np.int64]
    time_ms: NDArray[np.float64]
    length_m: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """The ways that trucks may take while some closures are in force.

    An edge that a closure touches is not passed. From a place within such an edge only the
    piece that the closure does not touch may be driven.

    Parameters
    ----------
    network
        The roads.
    closures
        Closures in force, all of them.
    at
        Roads that are opened later than this are left out; None leaves none out.
    """

    network: RoadNetwork
    closures: tuple[Closure, ...] = ()
    at: datetime | None = None
    forbidden: frozenset[int] = field(init=False, repr=False)
    _banned: frozenset[int] = field(init=False, repr=False)
    _unopened: frozenset[int] = field(init=False, repr=False)
    _open_ends: dict[Snap, tuple[bool, bool]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        unopened = not_yet_open(self.network, self.at)
        hit = [arcs_hit(self.network, closure) for closure in self.closures]
        forbidden = unopened.union(*hit)
        of_arc = self.network.arrays.arc_segment
        object.__setattr__(self, "forbidden", forbidden)
        object.__setattr__(self, "_banned", frozenset(of_arc[list(forbidden)].tolist()))
        object.__setattr__(self, "_unopened", frozenset(of_arc[list(unopened)].tolist()))

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
        one, two = self._stands(vehicle_class, origins), self._stands(vehicle_class, ends)
        sources, row = np.unique(one.node, return_inverse=True)
        targets, column = np.unique(two.node, return_inverse=True)
        metric = metric_for(self.network, vehicle_class, self.forbidden)
        node_ms, node_m = metric.table(sources.tolist(), targets.tolist())
        row, column = row.reshape(one.node.shape), column.reshape(two.node.shape)
        best_ms, best_m = self._within(vehicle_class, origins, ends)
        for i, j in itertools.product(_ENDS, _ENDS):
            index = np.ix_(row[:, i], column[:, j])
            total_ms = node_ms[index] + one.time_ms[:, i, None] + two.time_ms[None, :, j]
            total_m = node_m[index] + one.length_m[:, i, None] + two.length_m[None, :, j]
            better = total_ms < best_ms
            best_ms[better], best_m[better] = total_ms[better], total_m[better]
        return best_ms, best_m

    def leg(self, vehicle_class: str, origin: Snap, end: Snap) -> Leg:
        """Return a fastest way between two places on the road; it costs what `table` says.

        Raises
        ------
        NoRoute
            If no permitted way leads there; its ``closures`` stand in the way.
        """
        time_ms, length_m = (part.item() for part in self.table(vehicle_class, [origin], [end]))
        if not math.isfinite(time_ms):
            raise self._no_route(vehicle_class, origin, end)
        line, segments = self._drawn(vehicle_class, origin, end, time_ms)
        return Leg(int(time_ms), length_m, tuple(line), tuple(segments))

    def in_the_way(self, vehicle_class: str, origin: Snap, end: Snap) -> tuple[str, ...]:
        """Return the ids of the closures on the way that a truck would take without them."""
        if not self.closures:
            return ()
        free = shapely.LineString(
            Ways(self.network, at=self.at).leg(vehicle_class, origin, end).line
        )
        return tuple(
            closure.closure_id
            for closure in self.closures
            if touches(free, closure, margin_deg=BAN_MARGIN_DEG)
        )

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

    def _stands(self, vehicle_class: str, places: Sequence[Snap | None]) -> _Stands:
        arrays, count = self.network.arrays, len(places)
        segment = np.array([p.segment if p else 0 for p in places], np.int64)
        share = np.array([p.share if p else 0.0 for p in places], float)
        open_ends = np.array([self._ends_open(p) for p in places], bool).reshape(count, 2)
        node = np.stack([arrays.seg_u[segment], arrays.seg_v[segment]], axis=1).astype(np.int64)
        low_ms = _share_ms(self.network, vehicle_class, segment, share)
        whole_ms = _segment_ms(self.network, vehicle_class)[segment]
        time_ms = np.stack([low_ms, whole_ms - low_ms], axis=1)
        length_m = np.stack([share, 1 - share], axis=1) * arrays.seg_length_m[segment][:, None]
        time_ms[~open_ends] = np.inf
        node[~open_ends[:, 0], 0] = node[~open_ends[:, 0], 1]
        node[~open_ends[:, 1], 1] = node[~open_ends[:, 1], 0]
        return _Stands(segment, node, time_ms, length_m)

    def _ends_open(self, place: Snap | None) -> tuple[bool, bool]:
        """Say whether a truck may drive from a place to its segment's lower and higher node."""
        if place is None:
            return False, False
        if place not in self._open_ends:
            self._open_ends[place] = self._look_at_ends(place)
        return self._open_ends[place]

    def _look_at_ends(self, place: Snap) -> tuple[bool, bool]:
        if place.node is not None:
            # The rest of the road is reached through the junction.
            touched = place.segment in self._banned
            free = not (touched and self._meets(shapely.Point(place.position)))
            return free and place.share == 0, free and place.share == 1
        low, high = (self._open_between(place, self._end(place.segment, end)) for end in _ENDS)
        return low, high

    def _end(self, segment: int, end: int) -> Snap:
        arrays = self.network.arrays
        node = int((arrays.seg_u, arrays.seg_v)[end][segment])
        position = (float(arrays.lon[node]), float(arrays.lat[node]))
        return Snap(segment, float(end), node, position, 0.0)

    def _open_between(self, one: Snap, two: Snap) -> bool:
        if one.segment in self._unopened:
            return False
        if one.segment not in self._banned:
            return True
        return not self._meets(shapely.LineString(_part(self.network, one, two)))

    def _meets(self, drawn: BaseGeometry) -> bool:
        return any(touches(drawn, closure, margin_deg=BAN_MARGIN_DEG) for closure in self.closures)

    def _within(
        self, vehicle_class: str, origins: Sequence[Snap | None], ends: Sequence[Snap | None]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return times and lengths between places of one segment, along it."""
        best_ms = np.full((len(origins), len(ends)), np.inf)
        best_m = best_ms.copy()
        mates: dict[int, list[tuple[int, Snap]]] = {}
        for column, end in enumerate(ends):
            if end is not None and end.node is None:
                mates.setdefault(end.segment, []).append((column, end))
        for row, origin in enumerate(origins):
            if origin is None or origin.node is not None:
                continue
            for column, end in mates.get(origin.segment, ()):
                if self._open_between(origin, end):
                    best_ms[row, column] = abs(
                        self._low_ms(vehicle_class, origin) - self._low_ms(vehicle_class, end)
                    )
                    length_m = self.network.arrays.seg_length_m[origin.segment]
                    best_m[row, column] = abs(origin.share - end.share) * length_m
        return best_ms, best_m

    def _low_ms(self, vehicle_class: str, place: Snap) -> float:
        segment, share = np.array([place.segment]), np.array([place.share])
        return float(_share_ms(self.network, vehicle_class, segment, share)[0])

    def _drawn(
        self, vehicle_class: str, origin: Snap, end: Snap, time_ms: float
    ) -> tuple[list[Position], list[int]]:
        """Draw the way that costs the given time, preferring the one along one segment."""
        if self._within(vehicle_class, [origin], [end])[0].item() == time_ms:
            return _part(self.network, origin, end), [origin.segment]
        metric = metric_for(self.network, vehicle_class, self.forbidden)
        one, two = self._stands(vehicle_class, [origin]), self._stands(vehicle_class, [end])
        for i, j in itertools.product(_ENDS, _ENDS):
            u, v = int(one.node[0, i]), int(two.node[0, j])
            node_ms = metric.table([u], [v])[0].item()
            if node_ms + one.time_ms[0, i] + two.time_ms[0, j] == time_ms:
                break
        arcs = metric.path(u, v).arcs
        pieces = [
            _part(self.network, origin, self._end(origin.segment, i)),
            *(self.network.arc_line(arc) for arc in arcs),
            _part(self.network, self._end(end.segment, j), end),
        ]
        driven = self.network.arrays.arc_segment[list(arcs)].tolist()
        before = [origin.segment] if origin.node is None else []
        after = [end.segment] if end.node is None else []
        return _joined(pieces), [*before, *driven, *after]


def _part(network: RoadNetwork, one: Snap, two: Snap) -> list[Position]:
    return segment_part(network, one.segment, (one.share, one.position), (two.share, two.position))


def _joined(pieces: Sequence[Sequence[Position]]) -> list[Position]:
    """Join pieces end to end without repeating a position; a line has at least two."""
    line = [position for position, _ in itertools.groupby(itertools.chain(*pieces))]
    return line if len(line) > 1 else line * 2


@lru_cache(maxsize=32)
def _segment_ms(network: RoadNetwork, vehicle_class: str) -> NDArray[np.float64]:
    times_ms = np.empty(len(network.arrays.seg_u))
    times_ms[network.arrays.arc_segment] = arc_times_ms(network, vehicle_class)
    times_ms.flags.writeable = False
    return times_ms


def _share_ms(
    network: RoadNetwork,
    vehicle_class: str,
    segment: NDArray[np.int64],
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    return np.asarray(np.rint(_segment_ms(network, vehicle_class)[segment] * share))
