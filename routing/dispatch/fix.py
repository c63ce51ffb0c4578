"""Seek the smallest change that gives a lot left over a place, by trying it in the routes.

Times are sought to the minute and weights to ten kilograms; of several trucks, places or slots the
one that the engine finds cheapest is named. The law's hours are no fix of themselves: another
driver with more of them left is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from routing.dispatch.crow import straight_m
from routing.dispatch.probe import BY_TRUCK, Changes
from routing.dispatch.words import Word, plain, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from routing.dispatch.probe import Found, Prober

    Fix = tuple[str, dict[str, Any]]
_MINUTE_S = 60


def fix_for(prober: Prober, at: int, code: str, found: list[Found]) -> dict[str, Any] | None:
    """Return the smallest change for a reason that stands alone: kind, numbers, `vi` and `en`.

    Parameters
    ----------
    prober, at
        The routes, and the lot.
    code, found
        The reason, and the places that the lot has without it.
    """
    fix = _SEEK[code](prober, at, code, found)
    if fix is None:
        return None
    kind, values = fix
    offset_s = prober.table.params.local_utc_offset_s
    return {"kind": kind} | plain(values) | tell(f"fix.{kind}", values, utc_offset_s=offset_s)


def least(works: Callable[[int], list[Found]], most: int) -> tuple[int, Found] | None:
    """Return the smallest number up to `most` that works, and the place it gives."""
    found = works(most)
    if not found:
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if less := works(middle):
            high, found = middle, less
        else:
            low = middle
    return high, found[0]


def _minutes(seconds: int) -> int:
    return max(1, -(-seconds // _MINUTE_S))


def _hold(prober: Prober, at: int, _code: str, found: list[Found]) -> Fix | None:
    table = prober.table
    lot = table.problem.lots[at]
    due_s = table.hold_s(lot) - table.params.margin_s
    over_s = max(one.delivery.start for one in found) - due_s
    late_s = max(one.pickup.start for one in found) - max(table.hold_s(lot), 0)
    most = _minutes(max(over_s, late_s, _MINUTE_S))
    sought = least(lambda n: prober.fits(at, (), Changes(hold_s=n * _MINUTE_S), most=1), most)
    if sought is None:
        return None
    until = lot.hold_until + timedelta(minutes=sought[0])
    return "hold_longer", {"minutes": sought[0], "hold_until": until, "lot_id": lot.lot_id}


def _slot_later(prober: Prober, at: int, _code: str, found: list[Found]) -> Fix | None:
    """Name a slot that has to stay open longer, or else one that has to be opened."""
    table = prober.table
    sought = least(lambda n: prober.fits(at, (), Changes(slot_s=n * _MINUTE_S), most=1), 12 * 60)
    if sought is not None:
        slot, number = prober.slot_id(sought[1]), sought[1].delivery.slot
        alone = Changes(slot_s=sought[0] * _MINUTE_S, slot=number)
        if slot is not None and prober.fits(at, (), alone, most=1):
            one = table.slots[slot]
            until = one.window_end + timedelta(minutes=sought[0])
            named = {"slot_id": one.slot_id, "facility_id": one.facility_id}
            return "slot_later", named | {"minutes": sought[0], "window_end": until}
    first = min(found, key=lambda one: one.delivery.start)
    if first.lane.facility is None:
        return None
    start = table.problem.now + timedelta(seconds=first.delivery.start)
    facility_id = table.problem.facilities[first.lane.facility].facility_id
    return "slot_more", {"facility_id": facility_id, "at": start}


def _place(prober: Prober, at: int, _code: str, found: list[Found]) -> Fix | None:
    for one in found:
        slot = prober.slot_id(one)
        if slot is None:
            continue
        if prober.fits(at, (), Changes(places=1, slot=one.delivery.slot)):
            named = prober.table.slots[slot]
            values = {"slot_id": named.slot_id, "facility_id": named.facility_id, "places": 1}
            return "slot_place", values | {"window_start": named.window_start}
    return None


def _quota(prober: Prober, _at: int, _code: str, found: list[Found]) -> Fix | None:
    slot = prober.slot_id(found[0])
    if slot is None:
        return None
    haulier_id = prober.truck(found[0]).haulier_id
    return "quota_place", {"slot_id": prober.table.slots[slot].slot_id, "haulier_id": haulier_id}


def _bay(prober: Prober, _at: int, _code: str, found: list[Found]) -> Fix | None:
    at = found[0].lane.facility
    if at is None:
        return None
    return "bay_more", {"facility_id": prober.table.problem.facilities[at].facility_id}


def _close(prober: Prober, at: int, code: str, found: list[Found]) -> Fix | None:
    number, truck = found[0].vehicle, prober.truck(found[0])
    sought = least(
        lambda n: prober.fits(at, (), Changes(close_s=n * _MINUTE_S, truck=number), most=1), 24 * 60
    )
    if sought is None:
        return None
    end = truck.shift_end if code == "shift_over" else truck.pass_until
    if end is None:
        return None
    values = {"truck_id": truck.truck_id, "minutes": sought[0]}
    until = end + timedelta(minutes=sought[0])
    return ("shift_longer" if code == "shift_over" else "pass_longer"), values | {"until": until}


def _driver(prober: Prober, at: int, _code: str, found: list[Found]) -> Fix | None:
    number, truck = found[0].vehicle, prober.truck(found[0])
    sought = least(
        lambda n: prober.fits(at, (), Changes(drive_s=n * _MINUTE_S, truck=number), most=1), 48 * 60
    )
    if sought is None:
        return None
    return "driver_other", {"truck_id": truck.truck_id, "minutes": sought[0]}


def _equip(prober: Prober, at: int, code: str, found: list[Found]) -> Fix | None:
    truck, lot = prober.truck(found[0]), prober.table.problem.lots[at]
    if code == "declined":
        return "ask_again", {"truck_id": truck.truck_id, "lot_id": lot.lot_id}
    if code == "temperature":
        return _more(prober, at, code, found)
    lacking = tuple(sorted((lot.needs - truck.skills) | (lot.permits - truck.permits)))
    if not lacking and found[0].lane.facility is not None:
        wanted = prober.table.problem.facilities[found[0].lane.facility].permits
        lacking = tuple(sorted(wanted - truck.permits))
    return "equip", {"truck_id": truck.truck_id, "lacking": lacking}


def _more(prober: Prober, at: int, _code: str, found: list[Found]) -> Fix | None:
    """Name one more truck: where it may stand, what it carries, and at what temperature."""
    lot, truck = prober.table.problem.lots[at], prober.truck(found[0])
    away_m = float(straight_m([truck.position], [lot.pickup])[0, 0])
    return "truck_more", {
        "payload_kg": max(truck.payload_kg, prober.amount_kg(at)),
        "temperature": Word("temperature", lot.temperature),
        "vehicle_class": truck.vehicle_class,
        "km": max(1, int(-(-away_m // 1_000))),
        "like_truck_id": truck.truck_id,
    }


def _larger(prober: Prober, at: int, code: str, found: list[Found]) -> Fix | None:
    truck = prober.truck(found[0])
    if code == "volume":
        return "truck_larger", {"truck_id": truck.truck_id, "payload_kg": truck.payload_kg}
    return "truck_larger", {"truck_id": truck.truck_id, "payload_kg": prober.amount_kg(at)}


def _quantity(prober: Prober, at: int, _code: str, _found: list[Found]) -> Fix | None:
    more_kg = prober.least_kg - prober.open_kg[at]
    return "quantity_more", {"quantity_kg": prober.least_kg, "more_kg": more_kg}


def _destination(prober: Prober, _at: int, _code: str, found: list[Found]) -> Fix | None:
    at = found[0].lane.facility
    if at is None:
        return None
    return "destination_other", {"facility_id": prober.table.problem.facilities[at].facility_id}


def _road(prober: Prober, at: int, _code: str, found: list[Found]) -> Fix | None:
    lot, place = prober.table.problem.lots[at], found[0].lane.facility
    facility_id = lot.drop_name
    if place is not None:
        facility_id = prober.table.problem.facilities[place].facility_id
    return "road_open", {"pickup_name": lot.pickup_name, "facility_id": facility_id}


_SEEK: dict[str, Callable[[Prober, int, str, list[Found]], Fix | None]] = {
    **dict.fromkeys(BY_TRUCK, _equip),
    "payload": _larger,
    "volume": _larger,
    "too_small": _quantity,
    "truck_busy": _more,
    "destination_unknown": _destination,
    "no_route": _road,
    "driving_hours": _driver,
    "shift_over": _close,
    "pass_expired": _close,
    "slot_full": _place,
    "quota_full": _quota,
    "bays_busy": _bay,
    "no_slot": _slot_later,
    "hold_exceeded": _hold,
}
