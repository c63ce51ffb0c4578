"""Solve tiny problems slowly and surely, and naively, to know how good a plan is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routing.dispatch import Lot, Params, Problem, Slot, Truck


@dataclass
class Served:
    """What of each lot is carried."""

    kg: dict[str, int] = field(default_factory=dict)

    @property
    def total_kg(self) -> int:
        """Return all kilograms carried."""
        return sum(self.kg.values())


def best(problem: Problem, params: Params) -> Served:
    """Return the most kilograms that any choice of a lot and slot for each truck carries.

    Corridors, overrides and the smallest consignment are not looked at.
    """
    choices = [
        [
            None,
            *(
                pair
                for pair in product(problem.lots, problem.slots)
                if fits(problem, params, truck, *pair)
            ),
        ]
        for truck in problem.trucks
    ]
    found = Served()
    for choice in product(*choices):
        served, free = Served(), {slot.slot_id: slot.free for slot in problem.slots}
        for truck, pair in zip(problem.trucks, choice, strict=True):
            if pair is None:
                continue
            free[pair[1].slot_id] -= 1
            _carry(served, truck, pair[0])
        if min(free.values(), default=0) >= 0 and served.total_kg > found.total_kg:
            found = served
    return found


def nearest_first(problem: Problem, params: Params) -> Served:
    """Return what a dispatcher without a plan serves.

    Lot by lot as they spoil, the truck nearest to the pickup takes what it can to the first slot
    that still takes it, until the lot is carried or no truck is left.
    """
    served, free = Served(), {slot.slot_id: slot.free for slot in problem.slots}
    trucks = list(problem.trucks)
    for lot in sorted(problem.lots, key=lambda lot: lot.hold_until):
        for truck in sorted(trucks, key=lambda t: _drive_s(problem, t, lot)):
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
    """Return whether the truck may bring the lot into the slot by the plain road."""
    place = next((f for f in problem.facilities if f.facility_id == slot.facility_id), None)
    if place is None or lot.temperature not in truck.temperature_classes:
        return False
    if (lot.destinations and slot.facility_id not in lot.destinations) or (
        place.products and lot.product not in place.products
    ):
        return False
    if (truck.truck_id, lot.lot_id) in problem.forbidden:
        return False
    to_farm_s = _drive_s(problem, truck, lot)
    there = problem.travel.duration_s(truck.vehicle_class, [lot.pickup], [place.position])[0, 0]
    if math.isinf(to_farm_s) or math.isinf(there):
        return False
    to_port_s = math.ceil(there)
    if truck.driving.today_s + to_farm_s + to_port_s > params.day_s:
        return False
    start = max(truck.available_from, problem.now + timedelta(seconds=params.accept_s))
    at_farm, since_s = _move(start, truck.driving.since_break_s, int(to_farm_s), params)
    loaded = max(at_farm, lot.ready_from) + timedelta(seconds=params.load_of(lot.product))
    at_port = _move(loaded, since_s, to_port_s, params)[0]
    margin = timedelta(seconds=params.margin_s)
    enters = max(at_port, slot.window_start)
    return (
        enters <= max(slot.window_start, slot.window_end - margin)
        and enters <= lot.hold_until - margin
    )


def _move(at: datetime, since_s: int, left_s: int, params: Params) -> tuple[datetime, int]:
    while left_s > params.drive_s - since_s:
        left_s -= params.drive_s - since_s
        at += timedelta(seconds=params.drive_s - since_s + params.break_s)
        since_s = 0
    return at + timedelta(seconds=left_s), since_s + left_s


def _drive_s(problem: Problem, truck: Truck, lot: Lot) -> float:
    exact = float(
        problem.travel.duration_s(truck.vehicle_class, [truck.position], [lot.pickup])[0, 0]
    )
    return exact if math.isinf(exact) else math.ceil(exact)


def _carry(served: Served, truck: Truck, lot: Lot) -> None:
    carried = served.kg.get(lot.lot_id, 0)
    served.kg[lot.lot_id] = carried + min(truck.payload_kg, lot.quantity_kg - carried)
