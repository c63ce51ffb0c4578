"""Find one truck's fastest way between two points, round everything that is closed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from routing.roads.closures import applying
from routing.roads.errors import RoadError
from routing.roads.snap import snap
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS, vehicle
from routing.roads.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from routing.roads.closures import Closure
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Snap
    from routing.roads.ways import Leg


@dataclass(frozen=True, slots=True)
class Restriction:
    """Something on or beside the way that a driver should know.

    Parameters
    ----------
    kind
        ``closure_avoided``, ``ferry``, ``border`` or ``toll``.
    detail
        The closure's id, or the name of the ferry, border or toll road.
    """

    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One truck route.

    Parameters
    ----------
    duration_s
        Travel time without breaks; ferries count with their crossing. As routing engines have
        it, the ways between the points and the road are not in it (`RoadTravel` adds them).
    distance_m
        Length along roads and lanes.
    geometry
        ``(lon, lat)`` points of road edges only, at least two.
    origin_snap, destination_snap
        Where the two points join the road.
    restrictions
        What was met or avoided.
    """

    duration_s: float
    distance_m: float
    geometry: tuple[tuple[float, float], ...]
    origin_snap: Snap
    destination_snap: Snap
    restrictions: tuple[Restriction, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the route as a JSON object, its geometry as a GeoJSON line."""
        return {
            "duration_s": self.duration_s,
            "distance_m": round(self.distance_m, 1),
            "geometry": {"type": "LineString", "coordinates": [list(p) for p in self.geometry]},
            "origin_snap_m": round(self.origin_snap.snap_m, 1),
            "destination_snap_m": round(self.destination_snap.snap_m, 1),
            "restrictions": [asdict(restriction) for restriction in self.restrictions],
        }


def route(
    network: RoadNetwork,
    origin: tuple[float, float],
    destination: tuple[float, float],
    *,
    vehicle_class: str = DEFAULT_VEHICLE_CLASS,
    closures: Sequence[Closure] = (),
    at: datetime | None = None,
) -> Route:
    """Return a fastest route between two points.

    Parameters
    ----------
    network
        The roads.
    origin, destination
        ``(lat, lon)``, degrees.
    vehicle_class
        Whose speeds and limits apply.
    closures
        Everything known; those in force at ``at`` are avoided.
    at
        The time of departure. Without it, rules bound to time are off: closures with dates are
        ignored, and so are the opening days of roads.

    Raises
    ------
    BadPoint, TooFarFromRoad
        If a point is no place on the network.
    NoRoute
        If no permitted way leads there.
    RoadError
        If ``at`` has no offset or the vehicle class is unknown.
    """
    if at is not None and at.tzinfo is None:
        raise RoadError("the time of departure needs an offset, such as +07:00")
    vehicle(vehicle_class)
    start, end = (
        snap(network, *point, vehicle_class=vehicle_class) for point in (origin, destination)
    )
    ways = Ways(network, applying(closures, at), at)
    leg = ways.leg(vehicle_class, start, end)
    avoided = ways.in_the_way(vehicle_class, start, end)
    return Route(
        duration_s=leg.time_ms / 1000,
        distance_m=leg.length_m,
        geometry=leg.line,
        origin_snap=start,
        destination_snap=end,
        restrictions=(
            *(Restriction("closure_avoided", closure_id) for closure_id in avoided),
            *_met(network, leg),
        ),
    )


def _met(network: RoadNetwork, leg: Leg) -> list[Restriction]:
    """Return what is met on the way, a row of segments of one name once."""
    arrays, met = network.arrays, list[Restriction]()
    flagged = {"ferry": arrays.seg_ferry, "border": arrays.seg_border, "toll": arrays.seg_toll}
    for segment in leg.segments:
        for kind, flags in flagged.items():
            restriction = Restriction(kind, network.segment_name(segment))
            if flags[segment] and (not met or met[-1] != restriction):
                met.append(restriction)
    return met
