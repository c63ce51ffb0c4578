"""Check a dispatch plan against the rules of the world, written apart from the planner.

Nothing of the planner but the shapes of a problem and a plan is used: every route is driven again
(`road`), every trip held against its route and the problem. Each finding begins with a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.checks.books import ENDS, books
from tests.checks.corridor import misused
from tests.checks.road import Rider, seconds_between, volume_l

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.dispatch import (
        Corridor,
        Facility,
        Lot,
        Params,
        Plan,
        Point,
        Problem,
        Route,
        RouteStop,
        Slot,
        Transhipment,
        Trip,
        Truck,
    )

_ROUNDING = timedelta(seconds=1)


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
    found = [*books(problem, plan, params)]
    relief: set[tuple[str, int]] = set()
    for route in plan.routes:
        rider = Rider.on(problem, params, route, relief)
        if rider is None:
            found.append(f"unknown: route of {route.truck_id}, which the problem does not have")
        else:
            found += [f"{flaw} (truck {route.truck_id})" for flaw in rider.flaws(route)]
    for trip in plan.trips:
        known = _known(problem, plan, trip)
        if known is None:
            found.append(f"unknown: trip {trip.truck_id} names what there is not")
            continue
        found += [f"{flaw} (truck {trip.truck_id})" for flaw in _trip(problem, params, trip, known)]
    return found


@dataclass(frozen=True)
class _Known:
    truck: Truck
    lot: Lot
    slot: Slot | None
    place: Facility | None
    corridor: Corridor | None
    tour: list[RouteStop]
    """The stops of the trip's tour up to its delivery."""
    start: Point
    """Where the truck is before the tour."""
    route: Route
    loaded: RouteStop | None = None
    with_pin: bool = False
    """Whether the truck is pinned into the same slot."""

    @property
    def end(self) -> RouteStop:
        return self.tour[-1]


def _loaded(tour: list[RouteStop], trip: Trip) -> RouteStop | None:
    """Return where a trip's goods are loaded: of several alike, when the trip says so."""
    goods = (trip.lot_id, trip.quantity_kg)
    own = [
        stop
        for stop in tour
        if stop.kind in {"pickup", "takeover"} and (stop.lot_id, stop.quantity_kg) == goods
    ]
    return next((stop for stop in own if stop.end == trip.pickup_done), own[-1] if own else None)


def _known(problem: Problem, plan: Plan, trip: Trip) -> _Known | None:
    lots = [lot for lot in problem.lots if lot.lot_id == trip.lot_id]
    slots = [slot for slot in problem.slots if slot.slot_id == trip.slot_id]
    if trip.committed:
        legs = [leg for leg in problem.committed if leg.truck_id == trip.truck_id]
        lots = [leg.lot for leg in legs if leg.lot.lot_id == trip.lot_id]
        slots = [leg.slot for leg in legs if leg.slot and leg.slot.slot_id == trip.slot_id]
    trucks = [t for t in problem.trucks if t.truck_id == trip.truck_id]
    places = [f for f in problem.facilities if f.facility_id == trip.facility_id]
    corridors = [c for c in problem.corridors if c.corridor_id == trip.corridor_id]
    routes = [r for r in plan.routes if r.truck_id == trip.truck_id]
    if not (lots and trucks and routes) or (trip.slot_id and not (slots and places)):
        return None
    if trip.corridor_id is not None and not corridors:
        return None
    stops = [stop for stop in routes[0].stops if stop.sequence == trip.sequence]
    at = next((n for n, stop in enumerate(stops) if _is_end(stop, trip)), None)
    if at is None:
        return None
    before = [stop for stop in routes[0].stops if stop.sequence < trip.sequence]
    return _Known(
        trucks[0],
        lots[0],
        slots[0] if trip.slot_id else None,
        places[0] if trip.slot_id else None,
        corridors[0] if trip.corridor_id is not None else None,
        stops[: at + 1],
        before[-1].position if before else trucks[0].position,
        routes[0],
        _loaded(stops[: at + 1], trip),
        any(
            (other.pinned, other.truck_id, other.slot_id) == (True, trip.truck_id, trip.slot_id)
            for other in plan.trips
        ),
    )


def _is_end(stop: RouteStop, trip: Trip) -> bool:
    return stop.kind in ENDS and (stop.lot_id, stop.end) == (trip.lot_id, trip.delivery_done)


def _trip(problem: Problem, params: Params, trip: Trip, known: _Known) -> Iterator[str]:
    yield from _load(problem, params, trip, known)
    if not trip.committed:
        yield from _entry(params, trip, known)
    yield from _told(problem, trip, known)
    yield from _loading(problem, params, trip, known)
    yield from _unloading(problem, params, trip, known)
    if known.corridor is not None:
        yield from misused(params, trip, known.corridor, known.lot, known.tour)


def _load(problem: Problem, params: Params, trip: Trip, known: _Known) -> Iterator[str]:
    """Judge who carries what."""
    truck, lot = known.truck, known.lot
    if trip.quantity_kg > truck.payload_kg:
        yield "payload: more on the truck than it can carry"
    if trip.committed:
        return
    if trip.quantity_kg < max(params.min_consignment_kg, 1):
        yield "too_small: less on the truck than is worth a trip"
    if lot.temperature not in truck.temperature_classes:
        yield "temperature: the truck cannot keep the lot's temperature"
    if not lot.needs <= truck.skills:
        yield "skills: the truck lacks what the lot needs"
    if not _wanted(problem, known) <= truck.permits:
        yield "permits: the truck lacks one"
    yield from _asked(problem, params, trip, known)


def _wanted(problem: Problem, known: _Known) -> set[str]:
    """Return the permits that a trip needs: for the goods, and wherever it goes in."""
    passed = {stop.position for stop in (known.loaded, known.end) if stop}
    passed |= {known.end.through} if known.end.through else set()
    wanted = set(known.lot.permits)
    for place in problem.transhipments:
        if known.corridor is None and place.position in passed and known.place is None:
            wanted |= place.permits
    if known.place is not None:
        wanted |= known.place.permits
    return wanted


def _asked(problem: Problem, params: Params, trip: Trip, known: _Known) -> Iterator[str]:
    """Judge whether anybody wants the goods to go there, by that truck, and now."""
    lot, place = known.lot, known.place
    if not trip.forced and (trip.truck_id, trip.lot_id) in problem.forbidden:
        yield "declined: the truck has declined the lot"
    horizon = problem.now + timedelta(seconds=params.horizon_s)
    pinned = any(pin.lot_id == lot.lot_id for pin in problem.pins)
    if not trip.forced and not pinned and lot.ready_from > horizon:
        yield "not_ready: the lot is ready after the horizon"
    if place is not None and lot.destinations and trip.facility_id not in lot.destinations:
        yield "destination: the lot does not go there"
    if place is not None and place.products and lot.product not in place.products:
        yield "destination: the facility does not take the product"


def _entry(params: Params, trip: Trip, known: _Known) -> Iterator[str]:
    """Judge when the truck enters: inside the slot's window, and while the goods hold."""
    bound = trip.forced or trip.pinned
    slot, margin = known.slot, timedelta(seconds=0 if bound else params.margin_s)
    if trip.delivery_eta > known.lot.hold_until - margin:
        yield "hold: the goods do not hold until the delivery"
    if slot is None:
        return
    if (slot.facility_id, slot.gate_id) != (trip.facility_id, trip.gate_id):
        yield "slot: it is at another facility or gate"
    if (slot.window_start, slot.window_end) != (trip.window_start, trip.window_end):
        yield "slot: its window is another"
    if known.with_pin:
        margin = timedelta(0)
    last = max(slot.window_start + _ROUNDING, slot.window_end - margin)
    if not slot.window_start <= trip.delivery_eta < slot.window_end or trip.delivery_eta > last:
        yield "slot_missed: the truck enters outside the window"


def _told(problem: Problem, trip: Trip, known: _Known) -> Iterator[str]:
    """Judge whether the trip tells what happens on the route."""
    tour, loaded = known.tour, known.loaded
    if trip.departure != tour[0].departure:
        yield "departure: the trip sets out at another time than the route"
    if loaded is not None and trip.pickup_eta != loaded.arrival:
        yield f"eta: the truck is at the pickup at {loaded.arrival}"
    if loaded is not None and trip.pickup_done != loaded.end:
        yield "loading: the trip loads at another time than the route"
    if trip.delivery_eta != known.end.start:
        yield f"eta: the truck is at its end at {known.end.start}"
    passed = [known.start]
    for stop in tour:
        passed += [stop.through] if stop.through else []
        passed.append(stop.position)
    if list(trip.via) != passed:
        yield "via: the stops are not those of the route"
    drive_s = sum(seconds_between(problem, known.truck, *pair) for pair in pairwise(passed))
    yield from _hours(trip, known, drive_s)


def _hours(trip: Trip, known: _Known, drive_s: float) -> Iterator[str]:
    """Judge whether the trip tells the driver's hours as the route has them."""
    first, last = known.tour[0].departure, known.end.arrival
    own = tuple(rest for rest in known.route.breaks if first <= rest[0] < last)
    if trip.breaks != own:
        yield "breaks: they are not those of the route"
    if known.end is known.route.stops[-1] and trip.driving != known.route.driving:
        yield "driving_hours: the trip tells other hours than the route"
    if trip.drive_s != drive_s:
        yield f"driving_hours: the trip drives {drive_s:.0f} s"


def _loading(problem: Problem, params: Params, trip: Trip, known: _Known) -> Iterator[str]:
    """Judge where and how long the goods are loaded."""
    lot, loaded = known.lot, known.loaded
    if loaded is None:
        if not any(leg.aboard and leg.truck_id == trip.truck_id for leg in problem.committed):
            yield "loading: the goods are never loaded"
        return
    load_s = params.load_s_by_product.get(lot.product, params.load_s)
    place, ready = lot.pickup, lot.ready_from
    if loaded.kind == "takeover":
        swap = _swap(problem, loaded)
        if swap is None:
            yield "via: there is no such transhipment point"
            return
        place, ready, load_s = swap.position, loaded.start, swap.swap_s
    if loaded.position != place:
        yield "via: the goods are not loaded where they are"
    if loaded.start < ready or loaded.end < loaded.start + timedelta(seconds=load_s):
        yield "loading: the goods are not ready, or not loaded that fast"


def _swap(problem: Problem, stop: RouteStop) -> Transhipment | None:
    return next((p for p in problem.transhipments if p.place_id == stop.place), None)


def _unloading(problem: Problem, params: Params, trip: Trip, known: _Known) -> Iterator[str]:
    """Judge where and how long the goods are unloaded."""
    lot, end = known.lot, known.end
    if end.volume_l != volume_l(lot, trip.quantity_kg):
        yield "volume: it is not the goods' share"
    unload_s = params.unload_s_by_product.get(lot.product, params.unload_s)
    wanted = lot.drop if known.place is None else known.place.position
    if end.kind == "handover":
        swap = _swap(problem, end)
        if swap is None:
            yield "via: there is no such transhipment point"
            return
        wanted, unload_s = swap.position, swap.swap_s
    if end.position != wanted or (known.slot is None) != (end.kind != "delivery"):
        yield "via: the goods do not end where they should"
    if end.end < end.start + timedelta(seconds=unload_s):
        yield "unloading: it does not go that fast"
    told = trip.corridor_id or trip.corridor_reason
    if end.kind == "delivery" and not trip.committed and not told:
        yield "corridor: the trip does not say why it uses none"
