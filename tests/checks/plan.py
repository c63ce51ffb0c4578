"""Check a dispatch plan against the rules of the world, written apart from the planner.

Nothing of the planner but the shapes of a problem and a plan is used: every trip is driven again,
minute by minute of its own story, and held against the problem. Each finding begins with a code.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.dispatch import Corridor, Lot, Params, Plan, Point, Problem, Slot, Trip, Truck

_ROUNDING = timedelta(seconds=1)
_EARTH_M = 6_371_000.0


def violations(problem: Problem, plan: Plan, params: Params) -> list[str]:
    """Return everything that is wrong with a plan, empty when nothing is.

    Parameters
    ----------
    problem
        What was asked.
    plan
        What was answered.
    params
        The numbers of the rules that the plan was made with.
    """
    found = [*_shared(problem, plan), *_goods(problem, plan, params), *_answers(problem, plan)]
    for trip in plan.trips:
        known = _known(problem, trip)
        if known is None:
            found.append(f"unknown: trip {trip.truck_id} names what the problem does not have")
            continue
        found += [f"{flaw} (truck {trip.truck_id})" for flaw in _trip(problem, params, trip, known)]
    return found


@dataclass(frozen=True)
class _Known:
    truck: Truck
    lot: Lot
    slot: Slot
    place: Point
    products: frozenset[str]
    corridor: Corridor | None


def _known(problem: Problem, trip: Trip) -> _Known | None:
    truck = next((t for t in problem.trucks if t.truck_id == trip.truck_id), None)
    lot = next((t for t in problem.lots if t.lot_id == trip.lot_id), None)
    slot = next((s for s in problem.slots if s.slot_id == trip.slot_id), None)
    place = next((f for f in problem.facilities if f.facility_id == trip.facility_id), None)
    corridor = next((c for c in problem.corridors if c.corridor_id == trip.corridor_id), None)
    if truck is None or lot is None or slot is None or place is None:
        return None
    if trip.corridor_id is not None and corridor is None:
        return None
    return _Known(truck, lot, slot, place.position, place.products, corridor)


def _shared(problem: Problem, plan: Plan) -> Iterator[str]:
    """Judge what trips share: trucks, and places in slots."""
    for truck_id, count in Counter(trip.truck_id for trip in plan.trips).items():
        if count > 1:
            yield f"truck_twice: truck {truck_id} has {count} trips"
    slots = {slot.slot_id: slot for slot in problem.slots}
    for slot_id, count in Counter(trip.slot_id for trip in plan.trips).items():
        if slot_id in slots and count > slots[slot_id].free:
            yield f"slot_overfull: {count} trucks in slot {slot_id}"
    idle = {truck.truck_id for truck in problem.trucks} - {trip.truck_id for trip in plan.trips}
    if idle != set(plan.idle_trucks):
        yield "idle: the idle trucks are others than those without a trip"


def _goods(problem: Problem, plan: Plan, params: Params) -> Iterator[str]:
    """Judge the goods of each lot: on trips, left over with reasons, or waiting."""
    carried: Counter[str] = Counter()
    for trip in plan.trips:
        carried[trip.lot_id] += trip.quantity_kg
    left = {one.lot_id: one for one in plan.unassigned}
    horizon = problem.now + timedelta(seconds=params.horizon_s)
    for lot in problem.lots:
        rest = lot.quantity_kg - carried[lot.lot_id]
        told = left[lot.lot_id].quantity_kg if lot.lot_id in left else 0
        if rest < 0:
            yield f"lot_overbooked: {-rest} kg too many of lot {lot.lot_id}"
        elif lot.lot_id in plan.waiting:
            if lot.ready_from <= horizon or told:
                yield f"waiting: lot {lot.lot_id} need not wait"
        elif rest != told:
            yield f"lot_forgotten: {rest} kg of lot {lot.lot_id} are open, {told} are told"
        if lot.lot_id in left and not left[lot.lot_id].reasons:
            yield f"no_reason: lot {lot.lot_id} is left without a reason"


def _answers(problem: Problem, plan: Plan) -> Iterator[str]:
    """Judge overrides: each is answered, as planned with its trip or as refused."""
    if tuple(answer.forced for answer in plan.forced) != problem.forced:
        yield "forced: the answers are to other overrides"
    trips = {(trip.truck_id, trip.lot_id): trip for trip in plan.trips if trip.forced}
    for answer in plan.forced:
        trip = trips.get((answer.forced.truck_id, answer.forced.lot_id))
        if answer.planned == bool(answer.refusals):
            yield "forced: an override is planned and refused, or neither"
        if answer.planned and trip is None:
            yield "forced: an override is called planned without a trip"
        if answer.planned and trip and answer.forced.slot_id not in (None, trip.slot_id):
            yield "forced: an override stands in another slot than it names"
    asked = {(answer.forced.truck_id, answer.forced.lot_id) for answer in plan.forced}
    if not trips.keys() <= asked:
        yield "forced: a trip calls itself an override that nobody asked for"


def _trip(problem: Problem, params: Params, trip: Trip, known: _Known) -> Iterator[str]:
    yield from _load(problem, params, trip, known)
    yield from _entry(params, trip, known)
    yield from _journey(problem, params, trip, known)


def _load(problem: Problem, params: Params, trip: Trip, known: _Known) -> Iterator[str]:
    """Judge who carries what to where."""
    truck, lot = known.truck, known.lot
    if trip.quantity_kg > truck.payload_kg:
        yield "payload: more on the truck than it can carry"
    if trip.quantity_kg < max(params.min_consignment_kg, 1):
        yield "too_small: less on the truck than is worth a trip"
    if lot.temperature not in truck.temperature_classes:
        yield "temperature: the truck cannot keep the lot's temperature"
    if not trip.forced and (trip.truck_id, trip.lot_id) in problem.forbidden:
        yield "declined: the truck has declined the lot"
    if not trip.forced and lot.ready_from > problem.now + timedelta(seconds=params.horizon_s):
        yield "not_ready: the lot is ready after the horizon"
    if lot.destinations and trip.facility_id not in lot.destinations:
        yield "destination: the lot does not go there"
    if known.products and lot.product not in known.products:
        yield "destination: the facility does not take the product"


def _entry(params: Params, trip: Trip, known: _Known) -> Iterator[str]:
    """Judge when the truck enters: inside the slot's window, and while the goods hold."""
    slot, margin = known.slot, timedelta(seconds=0 if trip.forced else params.margin_s)
    if (slot.facility_id, slot.gate_id) != (trip.facility_id, trip.gate_id):
        yield "slot: it is at another facility or gate"
    if (slot.window_start, slot.window_end) != (trip.window_start, trip.window_end):
        yield "slot: its window is another"
    last = max(slot.window_start + _ROUNDING, slot.window_end - margin)
    if not slot.window_start <= trip.delivery_eta < slot.window_end or trip.delivery_eta > last:
        yield "slot_missed: the truck enters outside the window"
    if trip.delivery_eta > known.lot.hold_until - margin:
        yield "hold: the goods do not hold until the delivery"


def _journey(problem: Problem, params: Params, trip: Trip, known: _Known) -> Iterator[str]:
    """Drive the trip again by the travel times and its own breaks."""
    stops = _stops(trip, known)
    if stops is None:
        yield "via: the stops are not truck, pickup, (assembly point,) facility"
        return
    hops = [_seconds(problem, known, one, two) for one, two in pairwise(stops)]
    if any(math.isinf(hop) for hop in hops):
        yield "closed: no open road leads along the stops"
        return
    start = max(known.truck.available_from, problem.now + timedelta(seconds=params.accept_s))
    if trip.departure < start:
        yield "departure: the truck leaves before it may"
    road = _Road(trip, known.truck.driving.since_break_s)
    pickup = road.drive(trip.departure, hops[0])
    if pickup != trip.pickup_eta:
        yield f"eta: the truck is at the pickup at {pickup}"
    load_s = params.load_s_by_product.get(known.lot.product, params.load_s)
    if trip.pickup_done < max(pickup, known.lot.ready_from) + timedelta(seconds=load_s):
        yield "loading: the goods are not ready, or not loaded that fast"
    join = road.drive(trip.pickup_done, hops[1] if len(hops) == 3 else 0)
    arrival = road.drive(join, hops[-1])
    if abs(max(arrival, trip.window_start) - trip.delivery_eta) > _ROUNDING:
        yield f"eta: the truck is at the facility at {arrival}"
    yield from _hours(params, trip, known, road, sum(hops))
    if known.corridor is not None:
        yield from _corridor(params, trip, known, (join, arrival))


def _hours(params: Params, trip: Trip, known: _Known, road: _Road, drive_s: float) -> Iterator[str]:
    """Judge the driver's hours: breaks, the day, and what the trip tells of them."""
    if road.longest_s > params.drive_s:
        yield f"driving_hours: {road.longest_s:.0f} s without a break"
    if road.breaks or any((end - at).total_seconds() < params.break_s for at, end in trip.breaks):
        yield "breaks: one is too short, or lies outside the driving"
    today_s = known.truck.driving.today_s + drive_s
    if today_s > params.day_s or (drive_s, today_s) != (trip.drive_s, trip.driving.today_s):
        yield f"driving_hours: {today_s:.0f} s on this day"
    if road.since_s != trip.driving.since_break_s:
        yield f"driving_hours: {road.since_s:.0f} s since the last break at the end"


class _Road:
    """Drive on, taking the trip's breaks where they fall."""

    def __init__(self, trip: Trip, since_s: float) -> None:
        self.breaks = list(trip.breaks)
        self.since_s = since_s
        self.longest_s = 0.0

    def drive(self, at: datetime, left_s: float) -> datetime:
        """Return when so many seconds of driving, begun at a time, are done."""
        while self.breaks and at <= self.breaks[0][0] < at + timedelta(seconds=left_s):
            start, end = self.breaks.pop(0)
            stretch_s = (start - at).total_seconds()
            self.longest_s = max(self.longest_s, self.since_s + stretch_s)
            at, left_s, self.since_s = end, left_s - stretch_s, 0
        self.since_s += left_s
        self.longest_s = max(self.longest_s, self.since_s if left_s else 0)
        return at + timedelta(seconds=left_s)


def _stops(trip: Trip, known: _Known) -> tuple[Point, ...] | None:
    ends = (known.truck.position, known.lot.pickup, known.place)
    if (trip.via[0], trip.via[1], trip.via[-1]) != ends:
        return None
    if known.corridor is None:
        return trip.via if len(trip.via) == 3 and trip.corridor_reason else None
    points = [p.position for p in known.corridor.assembly_points if p.place_id != trip.facility_id]
    return trip.via if len(trip.via) == 4 and trip.via[2] in points else None


def _seconds(problem: Problem, known: _Known, one: Point, two: Point) -> float:
    exact = float(problem.travel.duration_s(known.truck.vehicle_class, [one], [two])[0, 0])
    return exact if math.isinf(exact) else math.ceil(exact)


def _corridor(
    params: Params, trip: Trip, known: _Known, inside: tuple[datetime, datetime]
) -> Iterator[str]:
    """Judge whether the corridor is the truck's to use, at that time, from that pickup."""
    corridor = known.corridor
    assert corridor is not None
    if trip.facility_id not in corridor.facilities:
        yield "corridor: it does not lead to the facility"
    if corridor.roster and trip.truck_id not in corridor.roster:
        yield "corridor: the truck is not on its roster"
    join, leave = inside
    if join < corridor.valid_from or (corridor.valid_until and leave > corridor.valid_until):
        yield "corridor: it is not valid then"
    if corridor.hours is not None and not any(
        opens - _ROUNDING <= join and leave <= closes + _ROUNDING
        for opens, closes in _openings(params, corridor, join)
    ):
        yield "corridor: it is not open then"
    if _straight_m(known.lot.pickup, trip.via[2]) > params.corridor_join_m * 1.001:
        yield "corridor: the pickup is too far from where it is joined"


def _openings(
    params: Params, corridor: Corridor, join: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the openings of the days around a time; equal hours never close."""
    assert corridor.hours is not None
    opens, closes = corridor.hours
    if opens == closes:
        yield corridor.valid_from, corridor.valid_until or join + timedelta(days=9)
        return
    offset = timedelta(seconds=params.local_utc_offset_s)
    today = (join.astimezone(UTC) + offset).date()
    for days in (-1, 0, 1):
        day = today + timedelta(days=days)
        start = datetime.combine(day, opens, UTC) - offset
        end = datetime.combine(day, closes, UTC) - offset
        yield start, end if end > start else end + timedelta(days=1)


def _straight_m(one: Point, two: Point) -> float:
    """Return metres on a sphere, by the law of cosines."""
    lat_1, lat_2 = math.radians(one.lat), math.radians(two.lat)
    turn = math.cos(math.radians(two.lon - one.lon))
    cosine = math.sin(lat_1) * math.sin(lat_2) + math.cos(lat_1) * math.cos(lat_2) * turn
    return _EARTH_M * math.acos(max(-1.0, min(1.0, cosine)))
