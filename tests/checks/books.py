"""Check what the trips of a plan share: trucks, goods, places in slots, bays, and what is bound."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.dispatch import Params, Plan, Problem

ENDS = {"delivery", "drop", "handover"}
"""Kinds of stops at which goods leave a truck."""


def books(problem: Problem, plan: Plan, params: Params) -> Iterator[str]:
    """Judge all that no trip shows alone."""
    yield from _goods(problem, plan, params)
    yield from _answers(problem, plan)
    yield from _matched(plan)
    yield from _idle(problem, plan)
    yield from _slots(problem, plan)
    yield from _bays(problem, plan)
    yield from _bound(problem, plan)
    yield from _handovers(plan)


def _matched(plan: Plan) -> Iterator[str]:
    """Judge whether trips and deliveries on routes are the same."""
    told = Counter(
        (trip.truck_id, trip.lot_id, trip.quantity_kg, trip.sequence) for trip in plan.trips
    )
    done = Counter(
        (route.truck_id, stop.lot_id, stop.quantity_kg, stop.sequence)
        for route in plan.routes
        for stop in route.stops
        if stop.kind in ENDS
    )
    if told != done:
        yield "unmatched: trips and deliveries differ"
    if len({route.truck_id for route in plan.routes}) < len(plan.routes):
        yield "truck_twice: a truck has two routes"


def _idle(problem: Problem, plan: Plan) -> Iterator[str]:
    idle = {truck.truck_id for truck in problem.trucks} - {route.truck_id for route in plan.routes}
    if idle != set(plan.idle_trucks):
        yield "idle: the idle trucks are others than those without a trip"


def _slots(problem: Problem, plan: Plan) -> Iterator[str]:
    """Judge the places in slots: each truck counts once, in all and for its haulier."""
    free = {slot.slot_id: slot.free for slot in problem.slots}
    quotas = {slot.slot_id: slot.quotas for slot in problem.slots}
    entries = {
        (trip.slot_id, trip.truck_id, trip.haulier_id)
        for trip in plan.trips
        if trip.slot_id and not trip.committed
    }
    for slot_id, count in Counter(slot_id for slot_id, _, _ in entries).items():
        booked = sum(pin.booked and pin.slot_id == slot_id for pin in problem.pins)
        if slot_id in free and count > free[slot_id] + booked:
            yield f"slot_overfull: {count} trucks in slot {slot_id}"
    for (slot_id, haulier_id), count in Counter((s, h) for s, _, h in entries).items():
        pinned = sum(
            (t.pinned, t.slot_id, t.haulier_id) == (True, slot_id, haulier_id) for t in plan.trips
        )
        if count > max(pinned, quotas.get(slot_id, {}).get(haulier_id, count)):
            yield f"quota: {count} trucks of {haulier_id} in slot {slot_id}"


def _bays(problem: Problem, plan: Plan) -> Iterator[str]:
    for place in problem.facilities:
        if place.bays is None:
            continue
        visits = [
            (stop.start, stop.end)
            for route in plan.routes
            for stop in route.stops
            if stop.kind == "delivery" and stop.place == place.facility_id
        ]
        if any(sum(a <= at < b for a, b in visits) > place.bays for at, _ in visits):
            yield f"bays: more than {place.bays} trucks unload at {place.facility_id}"


def _bound(problem: Problem, plan: Plan) -> Iterator[str]:
    """Judge whether committed legs come first, and pins are where they were."""
    for route in plan.routes:
        legs = [leg for leg in problem.committed if leg.truck_id == route.truck_id]
        wanted = []
        for leg in legs:
            wanted += [] if leg.aboard else [("pickup", leg.lot.lot_id)]
            wanted.append(("drop" if leg.slot is None else "delivery", leg.lot.lot_id))
        stops = [stop for stop in route.stops if stop.kind != "home"]
        told = [(stop.kind, stop.lot_id) for stop in stops[: len(wanted)]]
        if told != wanted[: len(told)] or (
            len(told) < len(wanted) and route.truck_id not in plan.stuck_trucks
        ):
            yield f"committed: truck {route.truck_id} does something else first"
    pins = {(pin.truck_id, pin.lot_id): pin for pin in problem.pins}
    for trip in plan.trips:
        pin = pins.get((trip.truck_id, trip.lot_id))
        if trip.pinned and (pin is None or pin.slot_id not in {None, trip.slot_id}):
            yield f"pin: truck {trip.truck_id} has a trip that nobody pinned"


def _handovers(plan: Plan) -> Iterator[str]:
    """Judge whether goods that are brought to a transhipment point are fetched after that."""
    brought, fetched = [], []
    for route in plan.routes:
        for stop in route.stops:
            key = (stop.place, stop.lot_id, stop.quantity_kg)
            if stop.kind == "handover":
                brought.append((*key, stop.end))
            if stop.kind == "takeover":
                fetched.append((*key, stop.start))
    if sorted(b[:3] for b in brought) != sorted(f[:3] for f in fetched):
        yield "handover: what is brought is not what is fetched"
    for one, two in zip(sorted(brought), sorted(fetched), strict=False):
        if two[3] < one[3]:
            yield f"handover: lot {one[1]} is fetched before it is there"


def _goods(problem: Problem, plan: Plan, params: Params) -> Iterator[str]:
    """Judge the goods of each lot: on trips, left over with reasons, or waiting."""
    carried: Counter[str] = Counter()
    for trip in plan.trips:
        if trip.leg == 1 and not trip.committed:
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
    trips = [trip for trip in plan.trips if trip.forced]
    for answer in plan.forced:
        own = [
            trip
            for trip in trips
            if (trip.truck_id, trip.lot_id) == (answer.forced.truck_id, answer.forced.lot_id)
        ]
        if answer.planned == bool(answer.refusals):
            yield "forced: an override is planned and refused, or neither"
        if answer.planned and not own:
            yield "forced: an override is called planned without a trip"
        if answer.planned and not any(answer.forced.slot_id in {None, t.slot_id} for t in own):
            yield "forced: an override stands in another slot than it names"
    asked = {(answer.forced.truck_id, answer.forced.lot_id) for answer in plan.forced}
    if not {(trip.truck_id, trip.lot_id) for trip in trips} <= asked:
        yield "forced: a trip calls itself an override that nobody asked for"
