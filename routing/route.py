"""Find one truck's fastest way between two points, round everything that is closed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from routing.roads.closures import arcs_hit, forbidden_arcs
from routing.roads.errors import NoWay, RoadError
from routing.roads.metric import metric_for
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from routing.roads.closures import Closure
    from routing.roads.metric import PathResult
    from routing.roads.network import RoadNetwork, Snap


@dataclass(frozen=True, slots=True)
class Restriction:
    """Something on or beside the way that a driver should know.

    Parameters
    ----------
    kind
        ``closure_avoided``, ``ferry`` or ``border``.
    detail
        The closure's id, or the name of the ferry or border.
    """

    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One truck route.

    Parameters
    ----------
    duration_s
        Travel time without breaks; ferries count with their crossing.
    distance_m
        Length along roads and lanes, without the stretches to and from the first and last node.
    geometry
        ``(lon, lat)`` points of road edges only, at least two.
    nodes
        Node indices along the way.
    origin_snap, destination_snap
        Where the two points join the network.
    restrictions
        What was met or avoided.
    """

    duration_s: float
    distance_m: float
    geometry: tuple[tuple[float, float], ...]
    nodes: tuple[int, ...]
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
    NoWay
        If no permitted way leads there.
    RoadError
        If ``at`` has no offset or the vehicle class is unknown.
    """
    if at is not None and at.tzinfo is None:
        raise RoadError("the time of departure needs an offset, such as +07:00")
    start, end = network.snap(*origin), network.snap(*destination)
    barred = forbidden_arcs(network, closures, start=at)
    try:
        path = metric_for(network, vehicle_class, barred).path(start.node, end.node)
    except NoWay:
        raise NoWay(
            f"no permitted way leads from {_text(origin)} to {_text(destination)} "
            f"for {vehicle_class}; see the closures in force"
        ) from None
    return Route(
        duration_s=path.duration_s,
        distance_m=path.distance_m,
        geometry=path_line(network, path),
        nodes=path.nodes,
        origin_snap=start,
        destination_snap=end,
        restrictions=(
            *_avoided(network, vehicle_class, closures, at=at, path=path),
            *_met(network, path),
        ),
    )


def path_line(network: RoadNetwork, path: PathResult) -> tuple[tuple[float, float], ...]:
    """Return the ``(lon, lat)`` points of a path's edges; a path of one node repeats it."""
    if not path.arcs:
        ((lat, lon),) = network.coordinates(path.nodes)
        return ((lon, lat), (lon, lat))
    points = [network.arc_line(path.arcs[0])[0]]
    for arc in path.arcs:
        points.extend(network.arc_line(arc)[1:])
    return tuple(points)


def _avoided(
    network: RoadNetwork,
    vehicle_class: str,
    closures: Sequence[Closure],
    *,
    at: datetime | None,
    path: PathResult,
) -> list[Restriction]:
    """Name the closures in force that stand on the way a truck would take without them."""
    unhindered = metric_for(network, vehicle_class, forbidden_arcs(network, (), start=at)).path(
        path.nodes[0], path.nodes[-1]
    )
    return [
        Restriction("closure_avoided", closure.closure_id)
        for closure in closures
        if (closure.in_force(at) if at is not None else not closure.dated)
        and not arcs_hit(network, closure).isdisjoint(unhindered.arcs)
    ]


def _met(network: RoadNetwork, path: PathResult) -> list[Restriction]:
    arrays, met = network.arrays, []
    for arc in path.arcs:
        segment = int(arrays.arc_segment[arc])
        for kind, flags in (("ferry", arrays.seg_ferry), ("border", arrays.seg_border)):
            if flags[segment]:
                met.append(Restriction(kind, str(arrays.seg_name[segment])))
    return met


def _text(point: tuple[float, float]) -> str:
    return f"{point[0]:.5f},{point[1]:.5f}"
