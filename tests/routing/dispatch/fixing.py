"""Do what a fix says to a problem, to see whether it helps."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from routing.dispatch import Pin, Slot

if TYPE_CHECKING:
    from routing.dispatch import Plan, Problem, Unassigned


def pins(plan: Plan) -> tuple[Pin, ...]:
    """Return the trips of a plan as pins."""
    return tuple(
        Pin(trip.truck_id, trip.lot_id, trip.slot_id, trip.quantity_kg) for trip in plan.trips
    )


def carried(plan: Plan) -> Counter[str]:
    """Return the kilograms of each lot on trips."""
    found: Counter[str] = Counter()
    for trip in plan.trips:
        found[trip.lot_id] += trip.quantity_kg
    return found


def fixed(problem: Problem, left: Unassigned, fix: dict[str, Any]) -> Problem | None:
    """Return a problem with a fix done, None where this does not say how."""
    lot = next(lot for lot in problem.lots if lot.lot_id == left.lot_id)
    if fix["kind"] == "hold_longer":
        later = replace(lot, hold_until=datetime.fromisoformat(fix["hold_until"]))
        lots = tuple(later if one is lot else one for one in problem.lots)
        return replace(problem, lots=lots)
    if fix["kind"] == "ask_again":
        pair = (fix["truck_id"], lot.lot_id)
        return replace(problem, forbidden=problem.forbidden - {pair})
    if fix["kind"].startswith("slot_"):
        return replace(problem, slots=_slots(problem, fix))
    if fix["kind"] == "destination_other":
        lots = tuple(
            replace(one, destinations=(fix["facility_id"],)) if one is lot else one
            for one in problem.lots
        )
        places = tuple(replace(place, products=frozenset()) for place in problem.facilities)
        return replace(problem, lots=lots, facilities=places)
    if fix["kind"] == "truck_more":
        like = next(one for one in problem.trucks if one.truck_id == fix["like_truck_id"])
        kept = like.temperature_classes | {lot.temperature}
        another = replace(like, truck_id="more", temperature_classes=kept)
        return replace(problem, trucks=(*problem.trucks, another))
    return None


def _wider(slot: Slot, fix: dict[str, Any]) -> Slot:
    if fix["kind"] == "slot_place":
        return replace(slot, free=slot.free + 1)
    return replace(slot, window_end=slot.window_end + timedelta(minutes=fix["minutes"]))


def _slots(problem: Problem, fix: dict[str, Any]) -> tuple[Slot, ...]:
    if fix["kind"] == "slot_more":
        start = datetime.fromisoformat(fix["at"])
        more = Slot("more", fix["facility_id"], "G9", start, start + timedelta(hours=1), 1)
        return (*problem.slots, more)
    return tuple(
        _wider(slot, fix) if slot.slot_id == fix["slot_id"] else slot for slot in problem.slots
    )
