"""Say which trucks are expected at a checkpoint, from the trips, trucks and queue that are known.

It imports the road engine's arithmetic: to be imported where it is asked for, in a thread.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from routing.checkpoints import (
    Approach,
    Bin,
    CheckpointParams,
    Eta,
    bins,
    delay_profile,
    etas,
)
from routing.corridors import Course
from routing.corridors.match import AREA_M
from routing.roads.sphere import steps_m
from schemas.model import parse_time

Doc = dict[str, Any]

BIN_S = 900.0
EARLY_S = 900.0
"""A truck may be on its trip so long before its planned departure [assumed]."""
ON_ROUTE_M, BEGUN_M = 2_000.0, 500.0
"""A position so near to its way tells how far a truck is; so far along, that it has left."""
PASSED_M = 300.0
"""A truck so far behind a checkpoint has passed it, scanned or not."""
LOST_S = 7_200.0
"""Of a truck that should have come so long ago nobody knows where it is."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a trip: to its pickup, or from there to its facility."""

    course: Course
    begins_s: float
    """As planned, seconds since 1970."""
    s_per_m: float
    stops: tuple[tuple[float, str], ...]
    """How far along it which checkpoints lie, metres, in order."""

    def planned_s(self, along_m: float) -> float:
        """Return when a truck is somewhere, as planned."""
        return self.begins_s + along_m * self.s_per_m


@dataclass(frozen=True, slots=True)
class Passing:
    """A trip whose way passes the checkpoint that is asked about."""

    trip: Doc
    legs: tuple[Leg, Leg]


def passing(
    checkpoint: Doc, checkpoints: Sequence[Doc], trips: Iterable[Doc], widths_m: Mapping[str, float]
) -> list[Passing]:
    """Return the trips whose way passes a checkpoint.

    Parameters
    ----------
    checkpoint
        The checkpoint's state.
    checkpoints
        All that are in use, with it.
    trips
        Assignments that are proposed, accepted or loaded.
    widths_m
        The whole width of each corridor: half of it, and at least 150 m, is beside the way.
    """
    found = []
    for trip in trips:
        reach_m = max(AREA_M["checkpoint"], widths_m.get(trip["corridor_id"] or "", 0.0) / 2)
        line = trip["route"]["geometry"]
        if line["type"] != "LineString" or not _may_pass(line, checkpoint, reach_m):
            continue
        legs = _legs(trip, checkpoints, reach_m)
        if any(name == checkpoint["place_id"] for leg in legs for _, name in leg.stops):
            found.append(Passing(trip, legs))
    return found


def _may_pass(line: Doc, checkpoint: Doc, reach_m: float) -> bool:
    lonlat = np.array([point[:2] for point in line["coordinates"]])
    margin = reach_m / 100_000.0  # degrees, generous at these latitudes
    at = np.array([checkpoint["lon"], checkpoint["lat"]])
    inside = (lonlat.min(axis=0) - margin <= at) & (at <= lonlat.max(axis=0) + margin)
    return bool(inside.all())


def _legs(trip: Doc, checkpoints: Sequence[Doc], reach_m: float) -> tuple[Leg, Leg]:
    line = [point[:2] for point in trip["route"]["geometry"]["coordinates"]]
    whole = Course({"type": "LineString", "coordinates": line}, 2 * reach_m)
    pickup = [trip["pickup"]["lon"], trip["pickup"]["lat"]]
    cut_m = float(whole.match(np.array([pickup])).along_m[0, 0])
    lonlat = np.array(line)
    along_m = np.concatenate([[0.0], np.cumsum(steps_m(lonlat[:, 1], lonlat[:, 0]))])
    at = int(np.searchsorted(along_m, cut_m))
    s_per_m = trip["route"]["duration_s"] / max(whole.length_m[0], 1.0)
    ends_s = _seconds(trip["delivery_eta"])
    back_s = ends_s - (whole.length_m[0] - cut_m) * s_per_m
    begins = (_seconds(trip["departure"]), back_s)
    parts = ([*line[:at], pickup], [pickup, *line[at:]])
    out, back = (
        _leg(part, begins_s, s_per_m, checkpoints, reach_m)
        for part, begins_s in zip(parts, begins, strict=True)
    )
    return out, back


def _leg(
    line: list[Any], begins_s: float, s_per_m: float, checkpoints: Sequence[Doc], reach_m: float
) -> Leg:
    points = line if len(line) > 1 else [*line, *line]
    course = Course({"type": "LineString", "coordinates": points}, 2 * reach_m)
    matched = course.match(np.array([(one["lon"], one["lat"]) for one in checkpoints]))
    near = zip(checkpoints, matched.distance_m[:, 0], matched.along_m[:, 0], strict=True)
    stops = sorted((float(m), one["place_id"]) for one, off_m, m in near if off_m <= reach_m)
    return Leg(course, begins_s, s_per_m, tuple(stops))


def approaches(one: Passing, truck: Doc | None, now_s: float) -> list[Approach]:
    """Return what a trip's truck has ahead of it: on the leg it drives, and on the one after.

    Parameters
    ----------
    one
        The trip.
    truck
        The truck's state, where it is known.
    now_s
        The moment.
    """
    trip, (out, back) = one.trip, one.legs
    position = (truck or {}).get("position")
    scan = _scan(one, (truck or {}).get("last_checkpoint"))
    if trip["status"] == "proposed":
        position = scan = None
    is_back = trip["status"] == "loaded" or (scan is not None and scan[0] is back)
    found = []
    if not is_back:
        start = _start(out, position, scan)
        found.append(_ahead(trip, out, start))
        shift_s = 0.0
        if start is not None:
            left_m = out.course.length_m[0] - start[1]
            shift_s = start[0] + left_m * out.s_per_m - _seconds(trip["pickup_eta"])
        later = (back.begins_s + max(shift_s, 0.0), 0.0, -math.inf)
        found.append(_ahead(trip, back, later, planned=True))
    else:
        start = _start(back, position, scan)
        found.append(_ahead(trip, back, start or (back.begins_s, 0.0, -math.inf), planned=False))
    return [approach for approach in found if approach.ahead and not _is_lost(approach, now_s)]


Start = tuple[float, float, float]
"""When a truck was where: seconds since 1970, metres along, and up to where it was scanned."""


def _scan(one: Passing, seen: Doc | None) -> tuple[Leg, float, float] | None:
    """Return on which leg, how far along and when a truck was scanned last, if on this trip.

    Where the way passes a checkpoint twice, the pass that was planned nearest to the scan counts.
    """
    if seen is None or _seconds(seen["at"]) < one.legs[0].begins_s - EARLY_S:
        return None
    at_s = _seconds(seen["at"])
    passes = [
        (abs(leg.planned_s(m) - at_s), n, m)
        for n, leg in enumerate(one.legs)
        for m, name in leg.stops
        if name == seen["checkpoint_id"]
    ]
    if not passes:
        return None
    _, n, along_m = min(passes)
    return one.legs[n], along_m, at_s


def _start(leg: Leg, position: Doc | None, scan: tuple[Leg, float, float] | None) -> Start | None:
    """Return where a truck is on a leg; nothing where it has not begun it, by all that is known."""
    found: Start | None = None
    if position is not None and _seconds(position["at"]) >= leg.begins_s - EARLY_S:
        matched = leg.course.match(np.array([[position["lon"], position["lat"]]]))
        along_m = float(matched.along_m[0, 0])
        if matched.distance_m[0, 0] <= ON_ROUTE_M and along_m > BEGUN_M:
            found = (_seconds(position["at"]), along_m, along_m - PASSED_M)
    if scan is not None and scan[0] is leg:
        _, along_m, at_s = scan
        if found is None or at_s >= found[0]:
            return at_s, along_m, along_m
        return found[0], found[1], max(found[2], along_m)
    return found


def _ahead(trip: Doc, leg: Leg, start: Start | None, *, planned: bool = False) -> Approach:
    planned = planned or start is None
    from_s, here_m, passed_m = start or (leg.begins_s, 0.0, -math.inf)
    ahead = tuple(
        (name, max(0.0, along_m - here_m) * leg.s_per_m)
        for along_m, name in leg.stops
        if along_m > passed_m
    )
    return Approach(vehicle=trip["assignment_id"], from_s=from_s, ahead=ahead, planned=planned)


def _is_lost(approach: Approach, now_s: float) -> bool:
    longest_s = approach.ahead[-1][1]
    return approach.from_s + 2 * longest_s + LOST_S < now_s


def expected(
    checkpoint: Doc,
    checkpoints: Sequence[Doc],
    trips: Sequence[Passing],
    trucks: Mapping[str, Doc],
    now: datetime,
    hours: int,
) -> Doc:
    """Return who is expected at a checkpoint when, how many in each quarter, and the delay then.

    Parameters
    ----------
    checkpoint, checkpoints, trips
        As for, and from, `passing`.
    trucks
        The states of their trucks, by id.
    now
        What the stack's clock shows.
    hours
        How far ahead.
    """
    now_s, place_id = now.timestamp(), checkpoint["place_id"]
    until_s = now_s + 3_600.0 * hours
    there = {one["vehicle"] for one in checkpoint.get("present", [])}
    by_id = {one.trip["assignment_id"]: one.trip for one in trips}
    ahead = [
        _until(approach, place_id)
        for one in trips
        for approach in approaches(one, trucks.get(one.trip["truck_id"]), now_s)
        if one.trip["truck_id"] not in there
    ]
    told = etas(ahead, now_s, stays=_stays(checkpoints))
    coming = [one for one in told if one.checkpoint_id == place_id and one.low_s < until_s]
    is_offer = {name: trip["status"] == "proposed" for name, trip in by_id.items()}
    sure = [one for one in coming if not is_offer[one.vehicle]]
    offered = [one for one in coming if is_offer[one.vehicle]]
    ahead_s = 3_600.0 * hours
    many = bins(sure, now_s, bin_s=BIN_S, ahead_s=ahead_s)
    maybe = bins(offered, now_s, bin_s=BIN_S, ahead_s=ahead_s)
    delays_s, assumed = _delays_s(checkpoint, many, now_s)
    return {
        "checkpoint_id": place_id,
        "as_of": now,
        "hours": hours,
        "queue": checkpoint.get("queue"),
        "assumed": assumed,
        "trucks": [
            _truck(one, by_id[one.vehicle], trucks)
            for one in sorted(coming, key=lambda one: (one.median_s, one.vehicle))
        ],
        "bins": [
            {
                "start": _moment(one.from_s),
                "end": _moment(one.until_s),
                "expected": round(one.expected, 2),
                "low": one.low,
                "high": one.high,
                "proposed": round(offer.expected, 2),
                "delay_s": delay_s,
            }
            for one, offer, delay_s in zip(many, maybe, delays_s, strict=True)
        ],
    }


def _until(approach: Approach, place_id: str) -> Approach:
    """Leave out what is behind the checkpoint that is asked about."""
    names = [name for name, _ in approach.ahead]
    end = names.index(place_id) + 1 if place_id in names else 0
    return replace(approach, ahead=approach.ahead[:end])


def _truck(eta: Eta, trip: Doc, trucks: Mapping[str, Doc]) -> Doc:
    truck = trucks.get(trip["truck_id"]) or {}
    return {
        "assignment_id": eta.vehicle,
        "truck_id": trip["truck_id"],
        "plate": truck.get("plate") or trip["plate"],
        "status": trip["status"],
        "corridor_id": trip["corridor_id"],
        "eta": _moment(eta.median_s),
        "eta_low": _moment(eta.low_s),
        "eta_high": _moment(eta.high_s),
    }


def _stays(checkpoints: Sequence[Doc]) -> dict[str, tuple[float, float]]:
    assumed = CheckpointParams()
    found = {}
    for one in checkpoints:
        queue = one.get("queue") or {}
        median_s = queue.get("dwell_s") or assumed.dwell_median_s
        found[one["place_id"]] = median_s, max(median_s, queue.get("dwell_p90_s") or 0.0)
    return found


def _delays_s(checkpoint: Doc, many: Sequence[Bin], now_s: float) -> tuple[list[int], bool]:
    """Return how long who arrives in each bin is held up, and whether that is mostly assumed."""
    queue, bays = checkpoint.get("queue"), checkpoint.get("bays", 1)
    service_s = CheckpointParams().service_s
    present = checkpoint.get("present", [])
    waiting = sum(one["decision"] == "arrived" for one in present)
    if queue is not None:
        waiting = queue["waiting"]
        service_s = 3_600.0 * bays / max(queue["clearances_per_h"], 0.1)
    profile = delay_profile(waiting, many, bays=bays, service_s=service_s, now_s=now_s)
    middles = [round(500 * (one.from_s + one.until_s - 2 * now_s)) for one in many]
    delays = [round(profile.delay_at(middle) / 1000) for middle in middles]
    return delays, queue is None or queue["assumed"]


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(round(at_s), UTC)


def _seconds(told: str) -> float:
    return parse_time(told).timestamp()
