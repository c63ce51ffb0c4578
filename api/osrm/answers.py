"""Answer the three services: routes, tables, nearest roads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import polyline
import shapely

from api.osrm.places import find_places, nearest_places, waypoint
from api.osrm.query import Asked, General, NearestOptions, RouteOptions, TableOptions
from api.osrm.refusal import Refused
from api.osrm.steps import summary, tell_steps
from api.osrm.trace import Trace, follow
from routing.roads.alternatives import alternatives
from routing.roads.errors import NoRoute
from routing.roads.sphere import distance_m

if TYPE_CHECKING:
    from routing.roads.snap import Position, Snap
    from routing.roads.ways import Leg, Ways

Doc = dict[str, Any]

_COARSE = 1_000
"""A simplified line is off by at most this part of what it spans, less than a pixel of a screen."""


def write_answer(ways: Ways, asked: Asked[Any]) -> bytes:
    """Return the JSON answer to a question of any service.

    Parameters
    ----------
    ways
        The roads and what is closed.
    asked
        The question.

    Raises
    ------
    Refused
        As the services do.
    """
    version = ways.network.info.content_hash[:16]
    said = _SERVICES[type(asked.options)](ways, asked)
    whole = {"code": "Ok", "data_version": version, **said}
    return orjson.dumps(whole, option=orjson.OPT_SERIALIZE_NUMPY)


def answer_route(ways: Ways, asked: Asked[RouteOptions]) -> Doc:
    """Return OSRM's answer of `route`.

    Parameters
    ----------
    ways
        The roads and what is closed.
    asked
        The question.

    Raises
    ------
    Refused
        `NoRoute`, or what `find_places` refuses.
    """
    options = asked.options
    places = find_places(ways, asked)
    try:
        routes = _routes(ways, asked, places)
    except NoRoute as error:
        raise Refused("NoRoute", f"Impossible to route between points: {error}") from None
    stops = options.waypoints or range(len(places))
    told: Doc = {"routes": [_route(ways, asked, places, legs) for legs in routes]}
    if not options.skip_waypoints:
        told["waypoints"] = [waypoint(ways, places[at], options) for at in stops]
    return told


def answer_table(ways: Ways, asked: Asked[TableOptions]) -> Doc:
    """Return OSRM's answer of `table`, its matrices as arrays.

    Parameters
    ----------
    ways
        The roads and what is closed.
    asked
        The question.

    Raises
    ------
    Refused
        What `find_places` refuses.
    """
    options = asked.options
    places = find_places(ways, asked)
    rows, columns = (
        list(chosen or range(len(places))) for chosen in (options.sources, options.destinations)
    )
    times_ms, lengths_m = ways.table(
        asked.vehicle_class, [places[at] for at in rows], [places[at] for at in columns]
    )
    durations_s, told = times_ms / 1000, Doc()
    if options.fallback_speed is not None:
        guessed = np.argwhere(np.isinf(durations_s))
        for row, column in guessed.tolist():
            flown_m = _flown_m(asked, places, rows[row], columns[column])
            lengths_m[row, column] = round(flown_m, 1)
            durations_s[row, column] = round(flown_m / options.fallback_speed, 3)
        told["fallback_speed_cells"] = guessed.tolist()
    for name, matrix in (("duration", durations_s * options.scale_factor), ("distance", lengths_m)):
        if name in options.annotations:
            told[f"{name}s"] = np.round(matrix, 3)
    if not options.skip_waypoints:
        told["sources"] = [waypoint(ways, places[at], options) for at in rows]
        told["destinations"] = [waypoint(ways, places[at], options) for at in columns]
    return told


def answer_nearest(ways: Ways, asked: Asked[NearestOptions]) -> Doc:
    """Return OSRM's answer of `nearest`.

    Parameters
    ----------
    ways
        The roads.
    asked
        The question.

    Raises
    ------
    Refused
        What `find_places` refuses.
    """
    arrays, options = ways.network.arrays, asked.options
    return {
        "waypoints": [
            {
                "nodes": arrays.node_id[
                    [arrays.seg_u[place.segment], arrays.seg_v[place.segment]]
                ].tolist(),
                **waypoint(ways, place, options),
            }
            for place in nearest_places(ways, asked, options.number)
        ]
    }


_SERVICES: dict[type[General], Callable[[Ways, Any], Doc]] = {
    RouteOptions: answer_route,
    TableOptions: answer_table,
    NearestOptions: answer_nearest,
}


def _routes(ways: Ways, asked: Asked[RouteOptions], places: Sequence[Snap]) -> list[list[Leg]]:
    """Return the ways between each two places, and others if there are but two places."""
    if len(places) == 2 and asked.options.alternatives:
        origin, end = places
        count = 1 + asked.options.alternatives
        return [[leg] for leg in alternatives(ways, asked.vehicle_class, origin, end, count)]
    return [[ways.leg(asked.vehicle_class, one, two) for one, two in pairwise(places)]]


def _route(
    ways: Ways, asked: Asked[RouteOptions], places: Sequence[Snap], legs: Sequence[Leg]
) -> Doc:
    options = asked.options
    stops = list(options.waypoints or range(len(places)))
    traces = [
        follow(ways.network, places[one : two + 1], legs[one:two]) for one, two in pairwise(stops)
    ]
    duration_s = sum(leg.time_ms for leg in legs) / 1000
    told = {
        "legs": [
            _leg(ways, asked, trace, ends)
            for trace, ends in zip(traces, pairwise(stops), strict=True)
        ],
        "weight_name": "duration",
        "weight": duration_s,
        "duration": duration_s,
        "distance": sum(round(leg.length_m * 10) for leg in legs) / 10,
    }
    if options.overview != "false":
        told["geometry"] = _draw(options.geometries, _overview(traces, options.overview))
    return told


def _leg(ways: Ways, asked: Asked[RouteOptions], trace: Trace, ends: tuple[int, int]) -> Doc:
    options = asked.options
    told: Doc = {
        "steps": [],
        "summary": "",
        "weight": trace.duration_s,
        "duration": trace.duration_s,
        "distance": trace.distance_m,
    }
    if options.steps:
        start, end = (asked.coordinates[at] for at in ends)
        draw = partial(_draw, options.geometries)
        told["steps"] = tell_steps(ways, asked.vehicle_class, trace, (start, end), draw)
        told["summary"] = summary(ways.network, trace)
    if options.annotations:
        told["annotation"] = _annotation(trace, options.annotations)
    return told


def _annotation(trace: Trace, wanted: frozenset[str]) -> Doc:
    """Tell what is driven between each two points of a leg, which sums to the leg's own."""
    times_ms = np.diff([each.time_ms for each in trace.passed])
    lengths_dm = np.diff([each.length_dm for each in trace.passed])
    speeds = 100 * lengths_dm / np.maximum(times_ms, 1)  # decimetres a millisecond to metres
    every: Doc = {
        "duration": (times_ms / 1000).tolist(),
        "weight": (times_ms / 1000).tolist(),
        "distance": (lengths_dm / 10).tolist(),
        "speed": np.round(np.where(times_ms > 0, speeds, 0.0), 1).tolist(),
        "nodes": [each.node for each in trace.passed],
        "datasources": [0] * len(times_ms),
    }
    told = {name: values for name, values in every.items() if name in wanted}
    if "datasources" in wanted:
        told["metadata"] = {"datasource_names": ["harvestlane"]}
    return told


def _overview(traces: Sequence[Trace], how: str) -> list[Position]:
    line = traces[0].points
    for trace in traces[1:]:
        line += trace.points[1:] if trace.points[0] == line[-1] else trace.points
    if how == "full":
        return line
    drawn = shapely.LineString(line)
    west, south, east, north = drawn.bounds
    coarse = drawn.simplify(max(east - west, north - south) / _COARSE, preserve_topology=False)
    return [(float(lon), float(lat)) for lon, lat in shapely.get_coordinates(coarse)]


def _draw(how: str, line: Sequence[Position]) -> object:
    if how == "geojson":
        return {"type": "LineString", "coordinates": [list(position) for position in line]}
    return polyline.encode(list(line), 6 if how == "polyline6" else 5, geojson=True)


def _flown_m(asked: Asked[TableOptions], places: Sequence[Snap], origin: int, end: int) -> float:
    if asked.options.fallback_coordinate == "snapped":
        one, two = (places[at].position for at in (origin, end))
    else:
        one, two = (asked.coordinates[at] for at in (origin, end))
    return distance_m(one[::-1], two[::-1])
