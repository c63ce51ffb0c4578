"""Say for each class of vehicle which roads corridors may use, and where checkpoints stand."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import shapely

from routing.corridors.flows import NotServed
from routing.corridors.forks import lengths_to, shortest
from routing.corridors.ground import lay_ground
from routing.corridors.ways import Field
from routing.roads.closures import BAN_MARGIN_DEG
from routing.roads.metric import driveable
from routing.roads.snap import snap_or_none
from routing.roads.sphere import METRES_PER_DEGREE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.corridors.flows import CorridorProblem, Flow, Why
    from routing.corridors.ground import Ground
    from routing.roads.closures import Closure
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Snap

    Floats = NDArray[np.float64]
    _Refusal = tuple[Why, dict[str, float | str]]


class Terrain:
    """The roads of a problem.

    Parameters
    ----------
    problem
        What corridors are planned for.
    network
        The roads.

    Attributes
    ----------
    ground
        Pieces of road.
    field
        The same with checkpoints, as the search takes them.
    gate_ids
        The checkpoints, in the order of the field.
    squeeze
        What longitudes are multiplied by to be as long as latitudes.
    """

    def __init__(self, problem: CorridorProblem, network: RoadNetwork) -> None:
        self.problem, self.network = problem, network
        self._stops = {stop.place_id: stop for stop in problem.facilities}
        self._off_road: set[str] = set()
        self.ground: Ground = lay_ground(network, self._places())
        _, south, _, north = network.info.bounds
        self.squeeze = float(np.cos(np.radians((south + north) / 2)))
        self._tree = shapely.STRtree(self.ground.lines)
        self.gate_ids = tuple(gate.place_id for gate in problem.checkpoints)
        ground = self.ground
        self.field = Field(
            ground.first,
            ground.head,
            ground.piece,
            ground.length_m,
            self._gates(),
            np.array([gate.vehicles_per_h for gate in problem.checkpoints], np.float64),
        )
        self._arc_m: dict[tuple[str, bool], Floats] = {}
        self._to_goal_m: dict[tuple[str, bool, int], Floats] = {}

    def zones(self, vehicle_class: str) -> tuple[Closure, ...]:
        """Return the closures that keep a class of vehicle out at any time of the period."""
        start, end = self.problem.valid_from, self.problem.valid_until
        return tuple(
            closure
            for closure in self.problem.closures
            if closure.binds(vehicle_class) and closure.in_force(start, end)
        )

    def arc_m(self, vehicle_class: str, *, zones: bool = True) -> Floats:
        """Return the length of each arc, `inf` where it may not be driven.

        Parameters
        ----------
        vehicle_class
            Whose limits count; border roads are for nobody.
        zones
            Whether zones count.
        """
        key = vehicle_class, zones
        if key not in self._arc_m:
            self._arc_m[key] = self._lengths(vehicle_class, zones=zones)
        return self._arc_m[key]

    def to_goal_m(self, vehicle_class: str, goal: int, *, zones: bool = True) -> Floats:
        """Return the least length from each node to a goal."""
        key = vehicle_class, zones, goal
        if key not in self._to_goal_m:
            arc_m = self.arc_m(vehicle_class, zones=zones)
            self._to_goal_m[key] = lengths_to(self.field, arc_m, goal)
        return self._to_goal_m[key]

    def ends(self, flow: Flow, destination: str) -> tuple[int, int]:
        """Return the nodes between which a flow drives."""
        ground = self.ground
        return (
            ground.leave[_key(flow.source, flow.vehicle_class)],
            ground.come[_key(destination, flow.vehicle_class)],
        )

    def refusal(self, flow: Flow, destination: str) -> NotServed | None:
        """Return why a flow can have no way to a destination, whatever else is planned."""
        found = self._no_place(flow, destination) or self._no_way(flow, destination)
        if found is None:
            return None
        why, numbers = found
        return NotServed(flow_id=flow.flow_id, destination=destination, why=why, numbers=numbers)

    def _no_place(self, flow: Flow, destination: str) -> _Refusal | None:
        for place_id in (flow.source, destination):
            if place_id not in self._stops:
                return "unknown_facility", {"place_id": place_id}
            if _key(place_id, flow.vehicle_class) in self._off_road:
                return "too_far_from_road", {"place_id": place_id}
        return None

    def _no_way(self, flow: Flow, destination: str) -> _Refusal | None:
        start, goal = self.ends(flow, destination)
        free_m = float(self.to_goal_m(flow.vehicle_class, goal, zones=False)[start])
        shortest_m = float(self.to_goal_m(flow.vehicle_class, goal)[start])
        around = self.problem.limits.around
        if not np.isfinite(free_m):
            return "no_way", {}
        if not np.isfinite(shortest_m):
            zones = ",".join(self._in_the_way(flow, start, goal))
            return "no_way_outside_zones", {"length_without_zones_m": free_m, "zones": zones}
        if shortest_m <= 0:
            return "same_place", {}
        if around is not None and shortest_m > around * free_m:
            lengths = {"shortest_m": shortest_m, "length_without_zones_m": free_m}
            return "detour", {**lengths, "limit_m": around * free_m}
        return None

    def _in_the_way(self, flow: Flow, start: int, goal: int) -> list[str]:
        """Return the zones on the shortest way without zones."""
        way = shortest(
            self.field,
            self.arc_m(flow.vehicle_class, zones=False),
            (start, goal),
            self.to_goal_m(flow.vehicle_class, goal, zones=False),
        )
        driven = self.ground.pieces(way.tolist())
        return sorted(
            zone.closure_id
            for zone in self.zones(flow.vehicle_class)
            if np.isin(self._near(zone), driven).any()
        )

    def _places(self) -> dict[str, Snap]:
        found = {}
        for flow in self.problem.flows:
            for place_id in (flow.source, *flow.destinations):
                stop, key = self._stops.get(place_id), _key(place_id, flow.vehicle_class)
                if stop is None:
                    continue
                place = snap_or_none(
                    self.network, stop.lat, stop.lon, vehicle_class=flow.vehicle_class
                )
                if place is None:
                    self._off_road.add(key)
                else:
                    found[key] = place
        return found

    def _lengths(self, vehicle_class: str, *, zones: bool) -> Floats:
        ground, arrays = self.ground, self.network.arrays
        closed = arrays.seg_border[ground.segment]
        if not self.problem.limits.ferries:
            closed = closed | arrays.seg_ferry[ground.segment]
        if zones:
            closed = closed.copy()
            for zone in self.zones(vehicle_class):
                closed[self._near(zone)] = True
        allowed = driveable(self.network, vehicle_class, self.problem.valid_from)
        if self.problem.valid_until is not None:
            allowed = allowed & driveable(self.network, vehicle_class, self.problem.valid_until)
        barred = (ground.base >= 0) & ~allowed[ground.base]
        barred |= (ground.piece >= 0) & closed[ground.piece]
        return np.where(barred, np.inf, ground.arc_length_m())

    def _near(self, zone: Closure) -> NDArray[np.int64]:
        """Return the pieces nearer to a zone than the gap; a degree is taken at its shortest."""
        _, south, _, north = zone.area.bounds
        shortest = np.cos(np.radians(min(89.0, max(abs(south), abs(north)) + 1)))
        gap_deg = self.problem.limits.zone_gap_m / (METRES_PER_DEGREE * float(shortest))
        return np.asarray(
            self._tree.query(zone.area, predicate="dwithin", distance=gap_deg + BAN_MARGIN_DEG)
        )

    def _gates(self) -> dict[int, tuple[int, ...]]:
        """Return the checkpoints at each piece of road that has any."""
        flat = shapely.transform(self.ground.lines, lambda xy: xy * (self.squeeze, 1.0))
        points = [
            shapely.Point(gate.lon * self.squeeze, gate.lat) for gate in self.problem.checkpoints
        ]
        reach_deg = self.problem.limits.gate_reach_m / METRES_PER_DEGREE
        gates, pieces = shapely.STRtree(flat).query(
            np.array(points, object), predicate="dwithin", distance=reach_deg
        )
        found: dict[int, list[int]] = defaultdict(list)
        for gate, piece in sorted(zip(gates.tolist(), pieces.tolist(), strict=True)):
            found[piece].append(gate)
        return {piece: tuple(at) for piece, at in sorted(found.items())}


def _key(place_id: str, vehicle_class: str) -> str:
    return f"{vehicle_class} {place_id}"
