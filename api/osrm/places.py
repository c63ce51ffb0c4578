"""Find the place on the road for each coordinate of a question, and tell it as a waypoint."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from api.osrm.bearings import apart, bearing_at
from api.osrm.coordinates import Coordinate, invalid
from api.osrm.refusal import Refused
from routing.roads.errors import BadPoint, NoRoute, TooFarFromRoad
from routing.roads.metric import driveable
from routing.roads.snap import MAX_SNAP_M, nearest, snap
from routing.roads.snap import Snap as Place

if TYPE_CHECKING:
    from api.osrm.query import Asked, Bearing, General
    from routing.roads.ways import Ways

_CANDIDATES = 64
"""How many of the nearest roads are looked at for one in a wanted direction."""

_HINT = struct.Struct(">8sI")


def find_places(ways: Ways, asked: Asked[Any]) -> list[Place]:
    """Return where each coordinate joins the road.

    Parameters
    ----------
    ways
        The roads.
    asked
        The question.

    Raises
    ------
    Refused
        `InvalidValue` for a coordinate in no part of this network's earth, `NoSegment` where no
        road is near enough or leads in the wanted direction.
    """
    return [_place(ways, asked, at) for at in range(len(asked.coordinates))]


def nearest_places(ways: Ways, asked: Asked[Any], count: int) -> list[Place]:
    """Return the places on several roads that are nearest to the one coordinate of a question.

    Parameters
    ----------
    ways, asked
        As for `find_places`.
    count
        How many at most.

    Raises
    ------
    Refused
        As for `find_places`.
    """
    first = _place(ways, asked, 0)
    if count == 1:
        return [first]
    bearing = _given(asked.options.bearings, 0)
    look = max(_CANDIDATES, count) if bearing else count
    return list(_candidates(ways, asked, 0, look, bearing))[:count]


def waypoint(ways: Ways, place: Place, options: General) -> dict[str, Any]:
    """Tell where a coordinate joins the road, as OSRM's `Waypoint`.

    Parameters
    ----------
    ways
        The roads.
    place
        Where it does.
    options
        Whether to give a hint.
    """
    told = {
        "distance": round(place.snap_m, 3),
        "name": ways.network.segment_name(place.segment),
        "location": list(place.position),
    }
    return {"hint": _hint(ways, place), **told} if options.generate_hints else told


def _place(ways: Ways, asked: Asked[Any], at: int) -> Place:
    point, options = asked.coordinates[at], asked.options
    bearing, hint = _given(options.bearings, at), _given(options.hints, at)
    try:
        if hint and (hinted := _hinted(ways, asked, at, hint)):
            return hinted
        if bearing:
            return next(_candidates(ways, asked, at, _CANDIDATES, bearing))
        return snap(
            ways.network,
            point.lat,
            point.lon,
            vehicle_class=asked.vehicle_class,
            max_m=_reach_m(options, at),
        )
    except BadPoint:
        raise invalid(point, at) from None
    except (TooFarFromRoad, NoRoute) as error:
        raise _no_segment(at, str(error)) from None
    except StopIteration:
        raise _no_segment(at, "no road near it leads in that direction") from None


def _candidates(
    ways: Ways, asked: Asked[Any], at: int, count: int, bearing: Bearing | None
) -> Iterator[Place]:
    """Give places on the nearest roads within reach that lead in a direction, nearest first."""
    point: Coordinate = asked.coordinates[at]
    network, vehicle_class = ways.network, asked.vehicle_class
    reach_m = _reach_m(asked.options, at)
    for place in nearest(network, point.lat, point.lon, count, vehicle_class=vehicle_class):
        fits = bearing is None or _leads(ways, vehicle_class, place, bearing)
        if fits and place.snap_m <= reach_m:
            yield place


def _leads(ways: Ways, vehicle_class: str, place: Place, bearing: Bearing) -> bool:
    """Say whether a road may be driven in a direction at a place."""
    network = ways.network
    allowed = driveable(network, vehicle_class, ways.at, ways.permits)
    forwards = bearing_at(network.segment_line(place.segment), place.position)
    arcs = network.arrays.seg_arc[place.segment].tolist()
    return any(
        arc >= 0 and allowed[arc] and apart(leads, bearing.degrees) <= bearing.tolerance
        for arc, leads in zip(arcs, (forwards, forwards + 180), strict=True)
    )


def _reach_m(options: General, at: int) -> float:
    radius_m = _given(options.radiuses, at)
    return MAX_SNAP_M if radius_m is None else min(radius_m, MAX_SNAP_M)


def _given(values: tuple[Any, ...], at: int) -> Any:
    return values[at] if values else None


def _no_segment(at: int, why: str) -> Refused:
    return Refused("NoSegment", f"Could not find a matching segment for coordinate {at}: {why}")


def _hint(ways: Ways, place: Place) -> str:
    mark = bytes.fromhex(ways.network.info.content_hash[:16])
    return base64.urlsafe_b64encode(_HINT.pack(mark, place.segment)).decode()


def _hinted(ways: Ways, asked: Asked[Any], at: int, hint: str) -> Place | None:
    """Return the place on the road of a hint; None if it is another network's, or none near."""
    try:
        mark, segment = _HINT.unpack(base64.urlsafe_b64decode(hint))
    except (binascii.Error, struct.error):
        return None
    if mark.hex() != ways.network.info.content_hash[:16]:
        return None
    found = _candidates(ways, asked, at, _CANDIDATES, None)
    return next((place for place in found if place.segment == segment), None)
