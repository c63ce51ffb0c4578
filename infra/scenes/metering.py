"""Show what metering does to the longest queue of a day that was played.

The day's loaded trips are taken from the log: when each left its farm and came to each checkpoint
and to its yard. They are played once more through the place with the longest queue, from the same
departures: unmetered, and with departures metered (`infra.scenario.yards`). Who else came there
(trucks that drive empty or belong to others) comes again at the same time and cannot be held.
Services are drawn anew from the seed, as simulated officers take them. A yard works half an hour on
each truck, as with disinfection (`domain.md`), and is short of hands: it has half of the bays that
its slots would need. A truck is in time where its goods still hold; slots are left out, as they are
another way to the same end.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from infra.scenario.script import Script
from infra.scenario.trip import dwell
from infra.scenario.way import LatLon, Way, distance_m
from infra.scenario.world import World
from infra.scenario.yards import Day, Leg, Load, Place, Played
from infra.verify.log import Log
from routing.checkpoints import CheckpointParams
from schemas.assignment import AssignmentDelivered, AssignmentFact, AssignmentLoaded
from schemas.checkpoint import CheckpointArrived
from schemas.lot import LotDeclared, LotRevised
from schemas.model import parse_time
from schemas.truck import TruckPositionReported

SHORT = 0.5
"""Share of a yard's bays that are staffed [assumed]."""
YARD_WORK_S = (1_200.0, 1_800.0, 2_400.0)
"""Least, likeliest and most seconds of a bay in a yard: about 30 minutes (`domain.md`)."""

_AT_YARD_M = 500.0
_LOADING_S = 1_500.0
_CHECKPOINT = CheckpointParams()
_YARD = CheckpointParams(
    service_s=1_800.0, service_weight=20.0, dwell_median_s=2_400.0, dwell_p90_s=5_400.0
)


@dataclass(frozen=True, slots=True)
class Trip:
    """One loaded trip that was delivered; `came` tells when it came to each place."""

    fact: AssignmentFact
    loaded: datetime
    delivered: datetime
    due: datetime
    came: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Traffic:
    """A day's loaded trips, and by place who else came when."""

    trips: tuple[Trip, ...]
    others: Mapping[str, tuple[tuple[str, datetime], ...]]


def metering_doc(log: Log, script: Script) -> dict[str, Any]:
    """Return what metering does to the longest queue as `demo --json` prints it.

    Parameters
    ----------
    log
        The day as it was played.
    script
        The scenario.

    Returns
    -------
    dict
        ``place_id`` (null where no loaded trip passed any), ``kind`` (``checkpoint`` or ``yard``),
        ``bays, trips, others``, and, unmetered and metered, ``queue_peak``, ``tonnes_in_time`` and
        ``mean_wait_min``; ``ratio`` of the peaks (null without a queue), ``tonnes``,
        ``mean_hold_min``.
    """
    world = World.of(script)
    return compare(traffic_of(log, world), world, _yards(script), script.start)


def compare(
    traffic: Traffic, world: World, yards: Mapping[str, Place], start: datetime
) -> dict[str, Any]:
    """Play a day's trips through the place with the longest queue, unmetered and metered.

    Parameters
    ----------
    traffic, world
        Who came where, and what trucks know.
    yards
        Facilities that work on trucks.
    start
        The day's first moment.
    """
    posts = {
        post.place_id: Place(place_id=post.place_id, bays=post.bays, params=_CHECKPOINT)
        for post in world.posts
    }
    busiest: tuple[tuple[int, int, str], Place, list[Load], Played] | None = None
    for place in (*posts.values(), *yards.values()):
        loads = _loads(traffic, place, world, start, is_yard=place.place_id in yards)
        if not any(load.planned for load in loads):
            continue
        free = Day(loads, [place], metered=False, seed=world.seed).play()
        rank = (free.peak[place.place_id], len(loads), place.place_id)
        if busiest is None or rank > busiest[0]:
            busiest = rank, place, loads, free
    if busiest is None:
        return {"place_id": None, "trips": 0}
    _, place, loads, free = busiest
    held = Day(loads, [place], metered=True, seed=world.seed).play()
    kind = "yard" if place.place_id in yards else "checkpoint"
    return {"place_id": place.place_id, "kind": kind, "bays": place.bays} | _told(
        place.place_id, loads, free, held
    )


def metering_lines(doc: Mapping[str, Any]) -> Iterator[str]:
    """Yield what people read of it.

    Parameters
    ----------
    doc
        What `metering_doc` returned.
    """
    if doc["place_id"] is None:
        yield "queue: no loaded truck passed a checkpoint or a yard"
        return
    free, held = doc["queue_peak"]
    ratio = "" if doc["ratio"] is None else f" ({doc['ratio']:.2f} times)"
    early, late = doc["tonnes_in_time"]
    yield (
        f"queue at {doc['place_id']}: peak {free} unmetered, {held} metered{ratio}; tonnes in time "
        f"{early:.1f} unmetered, {late:.1f} metered, of {doc['tonnes']:.1f}"
    )
    waits = doc["mean_wait_min"]
    short = ", half of what its slots need" if doc["kind"] == "yard" else ""
    yield (
        f"    {doc['trips']} loaded trips, {doc['others']} others, {doc['bays']} bays{short}; "
        f"mean wait {waits[0]:.1f} and {waits[1]:.1f} min, mean hold {doc['mean_hold_min']:.1f} min"
    )


def traffic_of(log: Log, world: World) -> Traffic:
    """Gather from the log who came where and when.

    Parameters
    ----------
    log
        The day as it was played.
    world
        What trucks know.
    """
    trips = _trips(log)
    by_truck: defaultdict[str, list[Trip]] = defaultdict(list)
    for one in sorted(trips, key=lambda trip: trip.loaded):
        by_truck[one.fact.truck_id].append(one)
    others: defaultdict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for read in log.live("checkpoint.clearance.v1"):
        data, time = read.event.data, read.event.time
        if not isinstance(data, CheckpointArrived):
            continue
        trip = _on_trip(by_truck.get(data.truck_id or "", ()), time)
        if trip is not None and data.checkpoint_id not in trip.came:
            trip.came[data.checkpoint_id] = time
        else:
            others[data.checkpoint_id].append((read.event.key, time))
    for read in log.live("truck.position.v1"):
        data, time = read.event.data, read.event.time
        assert isinstance(data, TruckPositionReported)
        trip = _on_trip(by_truck.get(data.truck_id, ()), time)
        if trip is None:
            continue
        yard_id = trip.fact.facility_id
        at = world.facilities.get(yard_id)
        if at is not None and distance_m(at, (data.lat, data.lon)) < _AT_YARD_M:
            trip.came[yard_id] = min(time, trip.came.get(yard_id, time))
    return Traffic(tuple(trips), {name: tuple(many) for name, many in others.items()})


def _trips(log: Log) -> list[Trip]:
    """Return the loaded trips that were delivered."""
    holds: dict[str, datetime] = {}
    for read in log.live("harvest.lot.v1"):
        data = read.event.data
        if isinstance(data, LotDeclared | LotRevised) and data.hold_until is not None:
            holds[data.lot_id] = data.hold_until
    loaded: dict[str, tuple[AssignmentFact, datetime]] = {}
    found = []
    for read in log.live("dispatch.assignment.v1"):
        data, time = read.event.data, read.event.time
        if isinstance(data, AssignmentLoaded):
            loaded[data.assignment_id] = data, time
        elif isinstance(data, AssignmentDelivered) and data.assignment_id in loaded:
            fact, since = loaded[data.assignment_id]
            due = holds.get(data.lot_id, data.window_end)
            fact = fact.model_copy(update={"facility_id": data.facility_id})
            found.append(Trip(fact, since, time, due))
    return found


def _on_trip(trips: Sequence[Trip], time: datetime) -> Trip | None:
    """Return the loaded trip that a truck is on, given its trips in their order."""
    at = bisect_right(trips, time, key=lambda trip: trip.loaded)
    return trips[at - 1] if at and time <= trips[at - 1].delivered else None


def _yards(script: Script) -> dict[str, Place]:
    """Return the facilities with slots as yards that are short of hands."""
    per_h: Counter[tuple[str, str]] = Counter()
    for line in script.lines:
        data = line.raw.get("data")
        if line.type != "slot.opened" or not isinstance(data, dict):
            continue
        try:
            begin, end = parse_time(data["window_start"]), parse_time(data["window_end"])
            hours = (end - begin).total_seconds() / 3600
            if hours > 0 and data["capacity_trucks"] <= 100:
                per_h[data["facility_id"], data["window_start"]] += data["capacity_trucks"] / hours
        except (KeyError, TypeError, ValueError):
            continue  # a malformed line
    most: dict[str, float] = {}
    for (facility_id, _), trucks in per_h.items():
        most[facility_id] = max(most.get(facility_id, 0.0), trucks)
    return {
        name: Place(
            place_id=name,
            bays=(bays := max(1, round(SHORT * trucks * _YARD.service_s / 3600))),
            params=_YARD,
            spare=bays // 2,
        )
        for name, trucks in most.items()
    }


def _loads(
    traffic: Traffic, place: Place, world: World, start: datetime, *, is_yard: bool
) -> list[Load]:
    found = [
        _load(trip, place.place_id, world, start, is_yard=is_yard)
        for trip in traffic.trips
        if place.place_id in trip.came
    ]
    for number, (vehicle, time) in enumerate(traffic.others.get(place.place_id, ())):
        came_s = (time - start).total_seconds()
        work_s = _work_s(world, place.place_id, vehicle, str(time), is_yard=is_yard)
        leg = Leg(place_id=place.place_id, stated_s=0.0, real_s=0.0, service_s=work_s)
        found.append(
            Load(
                name=f"{vehicle}#{number}",
                tonnes=0.0,
                ready_s=came_s,
                declared_s=came_s,
                due_s=came_s,
                legs=(leg,),
                planned=False,
            )
        )
    return found


def _load(trip: Trip, place_id: str, world: World, start: datetime, *, is_yard: bool) -> Load:
    fact = trip.fact
    spot = world.facilities.get(place_id) or next(
        post.spot for post in world.posts if post.place_id == place_id
    )
    stated_s, rest_s = _stated(fact, spot, is_yard=is_yard)
    ready_s = (trip.loaded - start).total_seconds()
    meant = max(fact.pickup_eta, world.ready_from.get(fact.lot_id, fact.pickup_eta))
    leg = Leg(
        place_id=place_id,
        stated_s=stated_s,
        real_s=max((trip.came[place_id] - trip.loaded).total_seconds(), 0.0),
        service_s=_work_s(world, place_id, fact.truck_id, fact.lot_id, is_yard=is_yard),
    )
    return Load(
        name=fact.assignment_id,
        tonnes=fact.quantity_kg / 1000,
        ready_s=ready_s,
        declared_s=(meant - start).total_seconds() + _LOADING_S,
        due_s=(trip.due - start).total_seconds() - rest_s,
        legs=(leg,),
        planned=True,
    )


def _stated(fact: AssignmentFact, spot: LatLon, *, is_yard: bool) -> tuple[float, float]:
    """Return the stated seconds of driving from the farm to a place, and from there to the end."""
    way = Way.from_geojson(fact.route.geometry.model_dump())
    pickup_m = way.nearest((fact.pickup.lat, fact.pickup.lon))[0]
    s_per_m = fact.route.duration_s / max(way.length_m, 1.0)
    there_m = way.length_m
    if not is_yard:
        there_m = pickup_m + way.cut(pickup_m, way.length_m).nearest(spot)[0]
    return (there_m - pickup_m) * s_per_m, (way.length_m - there_m) * s_per_m


def _work_s(world: World, place_id: str, vehicle: str, about: str, *, is_yard: bool) -> float:
    """Draw how long a place works on a truck."""
    chance: Random = world.chance(place_id, vehicle, about, "metering")
    if is_yard:
        least, likeliest, most = YARD_WORK_S
        return chance.triangular(least, most, likeliest)
    return dwell(chance)[0].total_seconds()


def _told(place_id: str, loads: Sequence[Load], free: Played, held: Played) -> dict[str, Any]:
    trips = [load for load in loads if load.planned]
    peaks = [free.peak[place_id], held.peak[place_id]]
    return {
        "trips": len(trips),
        "others": len(loads) - len(trips),
        "queue_peak": peaks,
        "ratio": round(peaks[1] / peaks[0], 3) if peaks[0] else None,
        "tonnes": round(sum(load.tonnes for load in trips), 1),
        "tonnes_in_time": [round(one.tonnes_in_time, 1) for one in (free, held)],
        "mean_wait_min": [
            round((one.waited_s + one.others_waited_s) / len(loads) / 60, 1) for one in (free, held)
        ],
        "mean_hold_min": round(held.held_s / len(trips) / 60, 1),
    }
