"""Answer how long trucks drive, and how far, among all of some named points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.roads.closures import applying
from routing.roads.errors import BadPoint, NoRoute, RoadError, TooFarFromRoad
from routing.roads.metric import copies_at
from routing.roads.snap import snap
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS, vehicle
from routing.roads.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from routing.roads.closures import Closure
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Snap


@dataclass(frozen=True, slots=True)
class NamedPoint:
    """A point with a name.

    Parameters
    ----------
    point_id
        Its name.
    lat, lon
        Degrees.
    row
        Row of the file that it stands in, for messages; 0 where it comes from none.
    """

    point_id: str
    lat: float
    lon: float
    row: int = 0

    def __str__(self) -> str:
        return f"row {self.row}, point {self.point_id!r}" if self.row else repr(self.point_id)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix:
    """Times and lengths among ``n`` points, from rows to columns.

    As routing engines have it, the ways between the points and the road are not in it
    (`routing.travel.RoadTravel` adds them).

    Parameters
    ----------
    points
        The points, in their order.
    snaps
        Where each joins the road.
    nodes
        The name of each in what `roads export` writes; None within an edge, and at a junction
        that stands several times in the export.
    durations_s
        Driving times without breaks, whole milliseconds in seconds, shape ``(n, n)``, infinite
        where there is no way.
    distances_m
        Lengths of the same ways, tenths of a metre in metres, shape ``(n, n)``, likewise.
    """

    points: tuple[NamedPoint, ...]
    snaps: tuple[Snap, ...]
    nodes: tuple[int | None, ...]
    durations_s: NDArray[np.float64]
    distances_m: NDArray[np.float64]

    def as_dict(self) -> dict[str, Any]:
        """Return the matrix as a JSON object, null where there is no way.

        The two matrices stay arrays, which `orjson` writes with null for infinity.
        """
        told = zip(self.points, self.nodes, self.snaps, strict=True)
        return {
            "durations_s": self.durations_s,
            "distances_m": self.distances_m,
            "points": [
                {"id": point.point_id, "node": node, "snap_m": round(place.snap_m, 1)}
                for point, node, place in told
            ],
        }


def matrix(
    network: RoadNetwork,
    points: Sequence[NamedPoint],
    *,
    vehicle_class: str = DEFAULT_VEHICLE_CLASS,
    closures: Sequence[Closure] = (),
    at: datetime | None = None,
) -> Matrix:
    """Return the fastest ways among points, as `routing.route.route` finds each.

    Parameters
    ----------
    network
        The roads.
    points
        One or more, their names all different.
    vehicle_class
        Whose speeds and limits apply.
    closures
        Everything known; those in force at ``at`` are avoided.
    at
        The time of departure. Without it, what is bound to time is off: closures with dates,
        rules bound to hours, dates of roads.

    Raises
    ------
    BadPoint, TooFarFromRoad, NoRoute
        If a point is no place on the network; the message names the point.
    RoadError
        If there is no point, two have one name, ``at`` has no offset or the vehicle class is
        unknown.
    """
    if at is not None and at.tzinfo is None:
        raise RoadError("the time of departure needs an offset, such as +07:00")
    vehicle(vehicle_class)
    _check_names(points)
    snaps = tuple(_snapped(network, point, vehicle_class) for point in points)
    ways = Ways(network, applying(closures, at), at)
    times_ms, lengths_m = ways.table(vehicle_class, snaps, snaps)
    return Matrix(
        points=tuple(points),
        snaps=snaps,
        nodes=tuple(_node(network, place) for place in snaps),
        durations_s=times_ms / 1000,
        distances_m=lengths_m,
    )


def _check_names(points: Sequence[NamedPoint]) -> None:
    if not points:
        raise RoadError("there are no points; give rows of id,lat,lon")
    known: dict[str, NamedPoint] = {}
    for point in points:
        if point.point_id in known:
            raise RoadError(f"{point} has the same id as {known[point.point_id]}")
        known[point.point_id] = point


def _snapped(network: RoadNetwork, point: NamedPoint, vehicle_class: str) -> Snap:
    try:
        return snap(network, point.lat, point.lon, vehicle_class=vehicle_class)
    except TooFarFromRoad as error:
        raise TooFarFromRoad(f"{point}: {error}", snap_m=error.snap_m) from None
    except (BadPoint, NoRoute) as error:
        raise type(error)(f"{point}: {error}") from None


def _node(network: RoadNetwork, place: Snap) -> int | None:
    if place.node is None or place.node in copies_at(network):
        return None
    return int(network.arrays.node_id[place.node])
