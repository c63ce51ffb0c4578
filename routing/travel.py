"""Answer how long trucks drive between points, and which way, round the closures in force."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.roads.snap import Snap, snap, snap_or_none
from routing.roads.vehicle import vehicle
from routing.roads.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from routing.dispatch.problem import Point
    from routing.roads.closures import Closure
    from routing.roads.network import RoadNetwork
    from routing.roads.ways import Leg

ACCESS_CLASS = "access"
"""The row of ``speeds.csv`` for the way between a point and the road."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePath:
    """The way through a row of points.

    Parameters
    ----------
    geometry
        A GeoJSON ``LineString`` of road edges only, from the first point's place on the road to
        the last one's.
    duration_s, distance_m
        Driving time without breaks, and length, with the ways between the points and the road.
    leg_durations_s, leg_distances_m
        The same for each leg, exactly what the matrices say.
    leg_starts
        Index in the geometry's coordinates at which each leg begins.
    """

    geometry: dict[str, Any]
    duration_s: float
    distance_m: float
    leg_durations_s: tuple[float, ...]
    leg_distances_m: tuple[float, ...]
    leg_starts: tuple[int, ...]


class RoadTravel:
    """Travel over roads, as `routing.dispatch.Travel` asks for it.

    Making one is cheap: what is costly is kept beside the network, by vehicle class and set of
    closures, and shared with the next one that asks for the same.

    Parameters
    ----------
    network
        The roads.
    closures
        Closures in force, all of them; in whatever order.
    at
        The time by which rules bound to hours and dates are read; None leaves them off.
    """

    def __init__(
        self,
        network: RoadNetwork,
        *,
        closures: Sequence[Closure] = (),
        at: datetime | None = None,
    ) -> None:
        self.network = network
        self._ways = Ways(network, tuple(closures), at)

    def supposing(self, closure: Closure) -> RoadTravel:
        """Return travel on the same roads if one more closure were in force."""
        ways = self._ways
        return RoadTravel(self.network, closures=(*ways.closures, closure), at=ways.at)

    def duration_s(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return seconds of driving, origins × destinations, `inf` where there is no way."""
        return self._table(vehicle_class, origins, destinations)[0] / 1000

    def distance_m(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return metres along the same ways, origins × destinations, `inf` where none."""
        return self._table(vehicle_class, origins, destinations)[1]

    def route(self, vehicle_class: str, via: Sequence[Point]) -> RoutePath:
        """Return the fastest way through points in their order.

        Parameters
        ----------
        vehicle_class
            Whose speeds and limits apply.
        via
            Two points or more.

        Raises
        ------
        ValueError
            If there are fewer than two points.
        TooFarFromRoad, BadPoint
            If a point is no place on the network.
        NoRoute
            If no permitted way leads there; its ``closures`` stand in the way.
        """
        if len(via) < 2:
            raise ValueError("Expected at least two points.")
        snaps = [
            snap(self.network, point.lat, point.lon, vehicle_class=vehicle_class) for point in via
        ]
        legs = [self._ways.leg(vehicle_class, one, two) for one, two in pairwise(snaps)]
        stubs = self._stub_ms(vehicle_class, snaps).tolist()
        times_ms = [leg.time_ms + int(stubs[at] + stubs[at + 1]) for at, leg in enumerate(legs)]
        lengths_m = [
            leg.length_m + one.snap_m + two.snap_m
            for leg, (one, two) in zip(legs, pairwise(snaps), strict=True)
        ]
        line, starts = _joined(legs)
        return RoutePath(
            geometry={"type": "LineString", "coordinates": line},
            duration_s=sum(times_ms) / 1000,
            distance_m=math.fsum(lengths_m),
            leg_durations_s=tuple(time_ms / 1000 for time_ms in times_ms),
            leg_distances_m=tuple(lengths_m),
            leg_starts=tuple(starts),
        )

    def _table(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        one, two = (
            [
                snap_or_none(self.network, point.lat, point.lon, vehicle_class=vehicle_class)
                for point in points
            ]
            for points in (origins, destinations)
        )
        times_ms, lengths_m = self._ways.table(vehicle_class, one, two)
        times_ms += self._stub_ms(vehicle_class, one)[:, None]
        times_ms += self._stub_ms(vehicle_class, two)[None, :]
        lengths_m += _snap_m(one)[:, None]
        lengths_m += _snap_m(two)[None, :]
        return times_ms, lengths_m

    def _stub_ms(self, vehicle_class: str, places: Sequence[Snap | None]) -> NDArray[np.float64]:
        arrays = self.network.arrays
        speed_kph = float(arrays.class_speed_kph[arrays.class_name == ACCESS_CLASS][0])
        m_per_s = speed_kph / 3.6 * vehicle(vehicle_class).speed_factor
        return np.asarray(np.rint(1000 * _snap_m(places) / m_per_s))


def _snap_m(places: Sequence[Snap | None]) -> NDArray[np.float64]:
    return np.array([place.snap_m if place else math.inf for place in places], float)


def _joined(legs: Sequence[Leg]) -> tuple[list[list[float]], list[int]]:
    """Join legs to one line of GeoJSON positions, with the index at which each begins."""
    line: list[list[float]] = []
    starts = []
    for leg in legs:
        starts.append(max(0, len(line) - 1))
        line.extend(list(position) for position in (leg.line[1:] if line else leg.line))
    return line, starts
