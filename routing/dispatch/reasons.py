"""Find out truly why goods were left over, by lifting one rule after another from the routes.

A rule is a reason that stands alone where the engine finds a place for the goods in the routes as
they are without that rule. Where no rule helps alone, a smallest set that helps together is told.
A road that is not there is lifted by taking no time; goods that no facility takes go to the one
that suits best.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from routing.dispatch.fix import fix_for
from routing.dispatch.outcome import Reason
from routing.dispatch.probe import BY_TRUCK, RULES
from routing.dispatch.words import Hours, Word, plain, tell
from routing.dispatch.work import room_kg

if TYPE_CHECKING:
    from routing.dispatch.probe import Found, Prober
    from routing.dispatch.table import Table

_COVERED = {"no_slot": ("slot_full", "quota_full", "bays_busy")}
"""A rule whose lifting lifts others too is no reason where one of those helps."""


def plainly(table: Table, code: str, **values: Any) -> Reason:
    """Return a reason that nothing was tried for, such as `stopped`."""
    return _told(table, code, values, {}, None)


def reasons_for(prober: Prober, at: int, *, fixes: bool = True) -> tuple[Reason, ...]:
    """Return why the open rest of a lot is on no truck.

    Parameters
    ----------
    prober, at
        The routes, and the lot.
    fixes
        Whether the smallest change is sought for each reason too.
    """
    table = prober.table
    if at not in prober.request:
        both = ["destination_unknown", "no_slot"]
        return tuple(_several(prober, at, code, both, []) for code in both)
    if prober.fits(at):
        return (plainly(table, "stopped"),)
    alone = {rule: found for rule in _in_force(prober, at) if (found := prober.fits(at, {rule}))}
    for rule, covered in _COVERED.items():
        if any(other in alone for other in covered):
            alone.pop(rule, None)
    if alone:
        return tuple(_alone(prober, at, code, alone[code], fixes=fixes) for code in alone)
    needed, found = _smallest(prober, at)
    return tuple(_several(prober, at, code, needed, found) for code in needed)


def _in_force(prober: Prober, at: int) -> list[str]:
    """Return the rules that can stand in the way of a lot at all."""
    problem, trucks = prober.table.problem, prober.trucks
    lot, amount_kg = problem.lots[at], prober.amount_kg(at)
    held = {rule: bool(prober.refused(at, rule).any()) for rule in BY_TRUCK}
    held["permits"] = held["permits"] or any(place.permits for place in problem.facilities)
    held |= {
        "payload": any(truck.payload_kg < amount_kg for truck in trucks),
        "volume": bool(lot.volume_l) and any(truck.volume_l is not None for truck in trucks),
        "too_small": prober.open_kg[at] < prober.least_kg,
        "destination_unknown": not prober.table.ways(lot),
        "shift_over": any(truck.shift_end is not None for truck in trucks),
        "pass_expired": any(truck.pass_until is not None for truck in trucks),
        "quota_full": any(slot.quotas for slot in problem.slots),
        "bays_busy": any(place.bays is not None for place in problem.facilities),
        "no_slot": lot.drop is None,
        "slot_full": lot.drop is None,
    }
    return [rule for rule in RULES if held.get(rule, True)]


def _smallest(prober: Prober, at: int) -> tuple[list[str], list[Found]]:
    """Return a smallest set of rules that help when all of them are lifted, and what it gives."""
    needed = _in_force(prober, at)
    found = prober.fits(at, needed)
    for rule in ("truck_busy", "no_slot", *needed):
        without = [one for one in needed if one != rule]
        if rule in needed and (less := prober.fits(at, without)):
            needed, found = without, less
    return needed, found


def _alone(prober: Prober, at: int, code: str, found: list[Found], *, fixes: bool) -> Reason:
    fix = fix_for(prober, at, code, found) if fixes else None
    params: dict[str, Any] = {"alone": True, "fix_sought": fixes}
    return _told(prober.table, code, _values(prober, at, code, found), params, fix)


def _several(prober: Prober, at: int, code: str, needed: list[str], found: list[Found]) -> Reason:
    others = sorted(other for other in needed if other != code)
    params = {"alone": False, "together_with": others}
    return _told(prober.table, code, _values(prober, at, code, found), params, None)


def _values(prober: Prober, at: int, code: str, found: list[Found]) -> dict[str, Any]:
    table, lot = prober.table, prober.table.problem.lots[at]
    refused = int(prober.refused(at, code).sum()) if code in BY_TRUCK else len(prober.trucks)
    values: dict[str, Any] = {"trucks": len(table.problem.trucks), "refused": refused}
    values["nearest"] = len({one.truck for one in found})
    latest = lot.hold_until - timedelta(seconds=table.params.margin_s)
    first_s = min((one.delivery.arrival for one in found), default=None)
    now = table.problem.now
    arrival = lot.ready_from if first_s is None else now + timedelta(seconds=first_s)
    facilities = {lane.facility for lane in prober.lanes[at]}
    own = [n for f in facilities if f is not None for n in table.slots_of[f]]
    day_s = table.params.day_s
    least_s = min((one.today_s for one in found), default=day_s)
    known: dict[str, dict[str, Any]] = {
        "temperature": {"temperature": Word("temperature", lot.temperature)},
        "payload": _sizes(prober, lot, refused=True),
        "truck_busy": {"quantity_kg": prober.open_kg[at]},
        "too_small": {
            "quantity_kg": prober.open_kg[at],
            "min_consignment_kg": prober.least_kg,
        },
        "destination_unknown": {
            "destinations": lot.destinations,
            "product": Word("product", lot.product),
            "facilities": len(table.problem.facilities),
        },
        "no_route": {"facilities": len(facilities), "pickup_name": lot.pickup_name},
        "driving_hours": {"least_s": Hours(least_s), "day_s": Hours(day_s)},
        "no_slot": {"slots": len(own)},
        "slot_full": {"full_slots": len(own)},
        "skills": {"lacking": tuple(sorted(lot.needs))},
        "permits": {"lacking": tuple(sorted(lot.permits))},
        "volume": {"lot_volume_l": lot.volume_l},
    }
    times = {"arrival": arrival, "latest": latest, "hold_until": lot.hold_until}
    timed = ("no_slot", "slot_full", "hold_exceeded", "shift_over", "pass_expired")
    return values | known.get(code, {}) | (times if code in timed else {})


def _sizes(prober: Prober, lot: Any, *, refused: bool) -> dict[str, Any]:
    rooms = [room_kg(truck, lot) for truck in prober.trucks]
    small = [room for room in rooms if refused and room < prober.least_kg] or rooms
    return {"min_consignment_kg": prober.least_kg, "largest_payload_kg": max(small, default=0)}


def _told(
    table: Table,
    code: str,
    values: dict[str, Any],
    params: dict[str, Any],
    fix: dict[str, Any] | None,
) -> Reason:
    sentence = "no_slot_at_all" if code == "no_slot" and values.get("slots") == 0 else code
    words = tell(f"left.{sentence}", values | params, utc_offset_s=table.params.local_utc_offset_s)
    return Reason(code, words["en"], plain(values) | params | {"vi": words["vi"]}, fix)
