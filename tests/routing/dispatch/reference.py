"""Solve tiny problems slowly and surely, and naively, to know how good a plan is."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.dispatch import Lot, Params, Point, Problem, Slot, Truck


@dataclass
class Served:
    """What of each lot is carried."""

    kg: dict[str, int] = field(default_factory=dict)

    @property
    def total_kg(self) -> int:
        """Return all kilograms carried."""
        return sum(self.kg.values())


def best(problem: Problem, params: Params) -> int:
    """Return the most kilograms that any choice of trips for each truck carries.

    A truck has one consignment aboard at a time. Corridors, overrides and the smallest consignment
    are not looked at.
    """
    choices = [
        list(_routes(problem, params, truck, _beginning(problem, params, truck), ()))
        for truck in problem.trucks
    ]
    free = {slot.slot_id: slot.free for slot in problem.slots}
    found = 0
    for choice in product(*choices):
        used = Counter(slot_id for route in choice for slot_id in {s for _, s in route})
        if any(count > free[slot_id] for slot_id, count in used.items()):
            continue
        room: Counter[str] = Counter()
        for truck, route in zip(problem.trucks, choice, strict=True):
            for lot_id, _ in route:
                room[lot_id] += truck.payload_kg
        found = max(found, sum(min(lot.quantity_kg, room[lot.lot_id]) for lot in problem.lots))
    return found


@dataclass(frozen=True)
class _Driver:
    """Where a truck stands when, and what its driver has driven."""

    place: Point
    at: datetime
    since_s: int
    today_s: int


def _beginning(problem: Problem, params: Params, truck: Truck) -> _Driver:
    start = max(truck.available_from, problem.now + timedelta(seconds=params.accept_s))
    return _Driver(truck.position, start, truck.driving.since_break_s, truck.driving.today_s)


def _routes(
    problem: Problem,
    params: Params,
    truck: Truck,
    driver: _Driver,
    done: tuple[tuple[str, str], ...],
) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield all that a truck may do, as (lot, slot) pairs in order."""
    yield done
    for lot, slot in product(problem.lots, problem.slots):
        after = _carried(problem, params, truck, driver, (lot, slot))
        if after is not None:
            yield from _routes(problem, params, truck, after, (*done, (lot.lot_id, slot.slot_id)))


def nearest_first(problem: Problem, params: Params) -> Served:
    """Return what a dispatcher without a plan serves.

    Lot by lot as they spoil, the truck nearest to the pickup takes what it can to the first slot
    that still takes it, until the lot is carried or no truck is left.
    """
    served, free = Served(), {slot.slot_id: slot.free for slot in problem.slots}
    trucks = list(problem.trucks)
    for lot in sorted(problem.lots, key=lambda lot: lot.hold_until):
        for truck in sorted(trucks, key=lambda t: _drive_s(problem, t, t.position, lot.pickup)):
            open_slots = [
                slot
                for slot in sorted(problem.slots, key=lambda slot: slot.window_start)
                if free[slot.slot_id] > 0 and fits(problem, params, truck, lot, slot)
            ]
            if open_slots and served.kg.get(lot.lot_id, 0) < lot.quantity_kg:
                free[open_slots[0].slot_id] -= 1
                trucks.remove(truck)
                _carry(served, truck, lot)
    return served


def fits(problem: Problem, params: Params, truck: Truck, lot: Lot, slot: Slot) -> bool:
    """Return whether the truck may bring the lot into the slot by the plain road, as its first."""
    driver = _beginning(problem, params, truck)
    return _carried(problem, params, truck, driver, (lot, slot)) is not None


def _carried(
    problem: Problem, params: Params, truck: Truck, driver: _Driver, what: tuple[Lot, Slot]
) -> _Driver | None:
    """Return the truck after bringing a lot into a slot by the plain road, None if it may not."""
    lot, slot = what
    place = next((f for f in problem.facilities if f.facility_id == slot.facility_id), None)
    if place is None or lot.temperature not in truck.temperature_classes or slot.free < 1:
        return None
    if not truck.payload_kg or (truck.truck_id, lot.lot_id) in problem.forbidden:
        return None
    if (lot.destinations and slot.facility_id not in lot.destinations) or (
        place.products and lot.product not in place.products
    ):
        return None
    to_farm_s = _drive_s(problem, truck, driver.place, lot.pickup)
    to_port_s = _drive_s(problem, truck, lot.pickup, place.position)
    today_s = driver.today_s + to_farm_s + to_port_s
    if today_s > params.day_s:
        return None
    at_farm, since_s = _move(driver.at, driver.since_s, int(to_farm_s), params)
    loaded = max(at_farm, lot.ready_from) + timedelta(seconds=params.load_of(lot.product))
    at_port, since_s = _move(loaded, since_s, int(to_port_s), params)
    margin = timedelta(seconds=params.margin_s)
    enters = max(at_port, slot.window_start)
    last = min(max(slot.window_start, slot.window_end - margin), lot.hold_until - margin)
    if enters > last:
        return None
    empty = enters + timedelta(seconds=params.unload_of(lot.product))
    return _Driver(place.position, empty, since_s, int(today_s))


def _move(at: datetime, since_s: int, left_s: int, params: Params) -> tuple[datetime, int]:
    while left_s > params.drive_s - since_s:
        left_s -= params.drive_s - since_s
        at += timedelta(seconds=params.drive_s - since_s + params.break_s)
        since_s = 0
    return at + timedelta(seconds=left_s), since_s + left_s


def _drive_s(problem: Problem, truck: Truck, one: Point, two: Point) -> float:
    exact = float(problem.travel.duration_s(truck.vehicle_class, [one], [two])[0, 0])
    return exact if math.isinf(exact) else math.ceil(exact)


def _carry(served: Served, truck: Truck, lot: Lot) -> None:
    carried = served.kg.get(lot.lot_id, 0)
    served.kg[lot.lot_id] = carried + min(truck.payload_kg, lot.quantity_kg - carried)
