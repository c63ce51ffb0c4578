"""Tell a leg turn by turn, as OSRM's `RouteStep`s."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from api.osrm.bearings import (
    bearing_at_end,
    bearing_from_start,
    modifier,
    rounded,
    side_of,
)
from api.osrm.crossing import Crossing, Road, crossing
from routing.roads.sphere import distance_m

if TYPE_CHECKING:
    from api.osrm.coordinates import Coordinate
    from api.osrm.trace import Trace
    from routing.roads.joins import Piece
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Position
    from routing.roads.ways import Ways

Doc = dict[str, Any]
Draw = Callable[[Sequence["Position"]], object]

_STRAIGHT = 40.0
_CLEARLY = 20.0
"""A road that goes on by this much straighter than any other is no turn (assumed)."""

_BESIDE_M = 10.0
"""A coordinate within this distance of the road lies on neither side of it."""


def tell_steps(
    ways: Ways, vehicle_class: str, trace: Trace, ends: tuple[Coordinate, Coordinate], draw: Draw
) -> list[Doc]:
    """Return the steps of a leg: depart, each turn, arrive.

    Parameters
    ----------
    ways
        The roads and what is closed.
    vehicle_class
        Whose limits apply.
    trace
        The leg.
    ends
        The coordinates that were asked for.
    draw
        How lines are written.
    """
    network, points = ways.network, trace.points
    starts, crossings = [0], [[_departure(trace)]]
    moves = [_depart(trace, ends[0])]
    for at, (before, after) in enumerate(pairwise(trace.pieces), 1):
        met = crossing(ways, vehicle_class, before, after, points[trace.starts[at]])
        if met is None:
            continue
        move = decide(network, met, before, after)
        if move is None:
            crossings[-1].append(met.as_dict())
        else:
            starts.append(at)
            crossings.append([met.as_dict()])
            moves.append(_turn(met, *move))
    steps = [
        _step(network, trace, slice(start, stop), draw) | {"maneuver": move, "intersections": met}
        for (start, stop), move, met in zip(
            pairwise([*starts, len(trace.pieces)]), moves, crossings, strict=True
        )
    ]
    return [*steps, _arrival(network, trace, ends[1], draw)]


def decide(
    network: RoadNetwork, met: Crossing, before: Piece, after: Piece
) -> tuple[str, str] | None:
    """Return type and modifier of what a driver has to do at a junction; None for nothing.

    Parameters
    ----------
    network
        The roads.
    met
        The junction.
    before, after
        What is driven before and after it.
    """
    old, new = (network.segment_name(piece.segment) for piece in (before, after))
    renamed = bool(new) and new != old
    kept = bool(new) and new == old
    if met.out == met.back:
        return ("continue" if kept else "turn"), "uturn"
    name = modifier(met.angle)
    if _mode(network, before) != _mode(network, after):
        return "notification", name
    if _is_obvious(met):
        return ("new name", name) if renamed else None
    if _is_fork(met):
        (other,) = _ahead(met, met.others)
        side = "right" if met.angle > met.angle_to(other) else "left"
        return "fork", f"slight {side}"
    if kept:
        return "continue", name
    at_end = all(abs(met.angle_to(road)) > _STRAIGHT for road in (*met.others, met.out))
    return ("end of road" if at_end else "turn"), name


def summary(network: RoadNetwork, trace: Trace) -> str:
    """Return the names of the two roads that a leg drives on longest, in its order."""
    longest: dict[str, int] = {}
    for piece in trace.pieces:
        name = network.segment_name(piece.segment)
        if name:
            longest[name] = longest.get(name, 0) + piece.time_ms
    best = sorted(longest, key=longest.__getitem__, reverse=True)[:2]
    return ", ".join(name for name in longest if name in best)


def _is_obvious(met: Crossing) -> bool:
    """Say whether a road simply goes on: no other may be taken, or none ahead is as straight."""
    if not met.others:
        return True
    ahead = _ahead(met, met.others)
    nearest = min((abs(met.angle_to(road)) for road in ahead), default=180.0)
    return abs(met.angle) <= _STRAIGHT and nearest >= abs(met.angle) + _CLEARLY


def _is_fork(met: Crossing) -> bool:
    """Say whether two roads lead ahead, and neither is clearly straighter than the other."""
    ahead = _ahead(met, (met.out, *met.others))
    angles = [abs(met.angle_to(road)) for road in ahead]
    return met.out in ahead and len(ahead) == 2 and abs(angles[0] - angles[1]) < _CLEARLY


def _ahead(met: Crossing, roads: Sequence[Road]) -> list[Road]:
    return [road for road in roads if abs(met.angle_to(road)) <= _STRAIGHT]


def _mode(network: RoadNetwork, piece: Piece) -> str:
    return "ferry" if network.arrays.seg_ferry[piece.segment] else "driving"


def _step(network: RoadNetwork, trace: Trace, part: slice, draw: Draw) -> Doc:
    first, last = trace.starts[part.start], trace.starts[part.stop]
    duration_s = sum(piece.time_ms for piece in trace.pieces[part]) / 1000
    line = [each.point for each in trace.passed[first : last + 1]]
    return {
        "distance": sum(piece.length_dm for piece in trace.pieces[part]) / 10,
        "duration": duration_s,
        "weight": duration_s,
        "geometry": draw(line if len(line) > 1 else line * 2),
        **_named(network, trace.pieces[part][:1]),
    }


def _named(network: RoadNetwork, pieces: Sequence[Piece]) -> Doc:
    name = network.segment_name(pieces[0].segment) if pieces else ""
    return {"name": name, "mode": _mode(network, pieces[0]) if pieces else "driving"}


def _turn(met: Crossing, kind: str, name: str) -> Doc:
    return {
        "location": list(met.location),
        "bearing_before": rounded(met.bearing_before),
        "bearing_after": rounded(met.bearing_after),
        "type": kind,
        "modifier": name,
    }


def _depart(trace: Trace, asked: Coordinate) -> Doc:
    told = {
        "location": list(trace.points[0]),
        "bearing_before": 0,
        "bearing_after": rounded(bearing_from_start(trace.points)),
        "type": "depart",
    }
    return told | _side(trace.points, asked)


def _departure(trace: Trace) -> Doc:
    out = rounded(bearing_from_start(trace.points))
    return {"location": list(trace.points[0]), "bearings": [out], "entry": [True], "out": 0}


def _arrival(network: RoadNetwork, trace: Trace, asked: Coordinate, draw: Draw) -> Doc:
    end, arriving = trace.points[-1], bearing_at_end(trace.points)
    place = {"location": list(end)}
    maneuver = {"bearing_before": rounded(arriving), "bearing_after": 0, "type": "arrive"}
    onwards = [end, (2 * end[0] - trace.points[-2][0], 2 * end[1] - trace.points[-2][1])]
    return {
        "distance": 0.0,
        "duration": 0.0,
        "weight": 0.0,
        "geometry": draw([end, end]),
        **_named(network, trace.pieces[-1:]),
        "maneuver": place | maneuver | _side(onwards, asked),
        "intersections": [
            place | {"bearings": [rounded(arriving + 180)], "entry": [True], "in": 0}
        ],
    }


def _side(line: Sequence[Position], asked: Coordinate) -> Doc:
    """Return on which side of the road a coordinate lies, nothing if on the road."""
    point = (asked.lon, asked.lat)
    if distance_m(line[0][::-1], point[::-1]) <= _BESIDE_M:
        return {}
    return {"modifier": side_of(line, point)}
