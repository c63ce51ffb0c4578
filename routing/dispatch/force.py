"""Plan a dispatcher's overrides first, judged by the same rules, and answer what they break.

An override may set aside only what `rules.OVERRIDABLE` lists, and may use up the margin. Among the
ways that the named truck (and slot) leaves open, the one that breaks fewest rules is judged, the
cheapest of equals. A truck that is named twice makes two trips.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from routing.dispatch.ahead import add, admits, bay_free_s, itinerary
from routing.dispatch.outcome import ForcedAnswer
from routing.dispatch.rules import Candidate, Refusal, judge, refusal
from routing.dispatch.table import Lane
from routing.dispatch.timeline import drive, price
from routing.dispatch.work import Errand, end_of, part_of, room_kg, share_kg
from routing.solver.model import NO_WAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.dispatch.drives import Drives
    from routing.dispatch.problem import Facility, Forced, Slot
    from routing.dispatch.table import Table
    from routing.dispatch.timeline import Itinerary
    from routing.dispatch.work import Work


@dataclass(frozen=True, slots=True)
class _Try:
    """One way for an override, and what speaks against it."""

    errand: Errand
    slot: int | None
    way: Itinerary | None
    eta_s: int
    refusals: tuple[Refusal, ...]
    cost: float


def force(table: Table, drives: Drives, work: Work) -> tuple[ForcedAnswer, ...]:
    """Put the overrides of a problem on their trucks, in their order.

    Parameters
    ----------
    table, drives
        The problem, and the driving times between the places of its overrides.
    work
        The plan so far; what is allowed is added to it.
    """
    return tuple(_answer(table, drives, work, forced) for forced in table.problem.forced)


def _answer(table: Table, drives: Drives, work: Work, forced: Forced) -> ForcedAnswer:
    unknown = _unknown(table, forced)
    if unknown:
        return ForcedAnswer(forced, planned=False, refusals=unknown)
    truck, at = table.truck_at[forced.truck_id], table.lot_at[forced.lot_id]
    tried = [
        _try(table, drives, work, (truck, at), lane, slot)
        for slot, lane in _ways(table, at, forced)
    ]
    best = min(tried, key=lambda t: (len(t.refusals), t.cost, t.slot or 0))
    if best.refusals or best.way is None:
        return ForcedAnswer(forced, planned=False, refusals=best.refusals)
    work.open_kg[at] -= best.errand.quantity_kg
    add(table, drives, work, truck, best.errand, best.way, eta_s=best.eta_s, slot=best.slot)
    return ForcedAnswer(forced, planned=True)


def _unknown(table: Table, forced: Forced) -> tuple[Refusal, ...]:
    known: dict[str, tuple[str | None, set[str | None]]] = {
        "unknown_truck": (forced.truck_id, {*table.truck_at}),
        "unknown_lot": (forced.lot_id, {*table.lot_at}),
        "unknown_slot": (forced.slot_id, {None, *table.slot_at}),
    }
    return tuple(
        refusal(table.params, code, name=str(name))
        for code, (name, names) in known.items()
        if name not in names
    )


def _ways(table: Table, at: int, forced: Forced) -> Iterator[tuple[int | None, Lane | None]]:
    """Yield slots with lanes to them; a slot that no lane leads to, or nothing, at the end."""
    lanes = table.ways(table.problem.lots[at])
    if table.problem.lots[at].drop is not None:
        named = None if forced.slot_id is None else table.slot_at[forced.slot_id]
        yield named, lanes[0] if named is None else None
        return
    found = False
    for slot, opened in enumerate(table.slots):
        if forced.slot_id not in (None, opened.slot_id):
            continue
        facility = table.facility_at[opened.facility_id]
        own = [lane for lane in lanes if lane.facility == facility]
        if own or forced.slot_id is not None:
            found = True
            yield from ((slot, lane) for lane in (own or (None,)))
    if not found:
        yield None, lanes[0] if lanes else None


def _try(
    table: Table,
    drives: Drives,
    work: Work,
    who: tuple[int, int],
    lane: Lane | None,
    slot: int | None,
) -> _Try:
    truck, lot = table.problem.trucks[who[0]], table.problem.lots[who[1]]
    open_kg = work.open_kg[who[1]]
    least_kg = max(table.params.min_consignment_kg, 1)
    takes = share_kg(open_kg, room_kg(truck, lot), least_kg)
    errand = Errand(lot, lane or Lane(), takes, open_kg, forced=True)
    stuck = lane is None or who[0] in work.stuck
    way = None if stuck else itinerary(table, drives, work, who[0], errand)
    place = None if slot is None else table.slots[slot]
    home_s, rest_s = (0, 0) if way is None else _home(table, drives, who[0], errand, way)
    way = None if home_s >= NO_WAY else way
    eta_s, waits_s = _entry(table, work, errand, way, place)
    free, quota = _places(table, work, who[0], slot)
    refusals = judge(
        Candidate(
            now=table.problem.now,
            params=replace(table.params, margin_s=0),
            truck=truck,
            lot=part_of(lot, open_kg),
            facility=_facility(table, place, lane),
            slot=place,
            way=way,
            free=free,
            quota=quota,
            waits_s=waits_s,
            corridor=way is None or lane is None or admits(table, lane, truck.truck_id, way),
            home_s=home_s,
            home_rest_s=rest_s,
        ),
        forced=True,
    )
    if lane is None and slot is not None:
        refusals = tuple(one for one in refusals if one.code != "no_route")
    cost = float("inf") if way is None else _cost(table, errand, way, eta_s)
    return _Try(errand, slot, way, eta_s, refusals, cost)


def _entry(
    table: Table, work: Work, errand: Errand, way: Itinerary | None, slot: Slot | None
) -> tuple[int, int]:
    """Return when the truck may enter, and how long it waits for a bay until then."""
    if way is None:
        return 0, 0
    at_s = way.arrival_s if slot is None else max(way.arrival_s, table.opens_s(slot))
    if errand.lane.facility is None:
        return at_s, 0
    bays = table.problem.facilities[errand.lane.facility].bays
    unload_s = table.params.unload_of(errand.lot.product)
    free_s = bay_free_s(work.at_bays(table, errand.lane.facility), bays, at_s, unload_s)
    return free_s, free_s - at_s


def _home(
    table: Table, drives: Drives, truck: int, errand: Errand, way: Itinerary
) -> tuple[int, int]:
    """Return the driving home afterwards, and the breaks on it; 0 where trucks end anywhere."""
    one, params = table.problem.trucks[truck], table.params
    if one.home is None or not params.return_home:
        return 0, 0
    end = end_of(table, errand.lot, errand.lane)
    home_s = drives.between(one.vehicle_class, end, one.home)
    if home_s >= NO_WAY:
        return home_s, 0
    return home_s, drive(0, way.since_break_s, home_s, params)[0] - home_s


def _places(table: Table, work: Work, truck: int, slot: int | None) -> tuple[int, int | None]:
    """Return the places that a slot has left for a truck: in all, and of its haulier's quota."""
    if slot is None:
        return 0, None
    trucks, place = table.problem.trucks, table.slots[slot]
    pinned = {
        table.truck_at[pin.truck_id]
        for pin in table.problem.pins
        if pin.slot_id == place.slot_id and not pin.booked and pin.truck_id in table.truck_at
    }
    used = (work.in_slots(table)[slot] | pinned) - {truck}
    haulier_id = trucks[truck].haulier_id
    own = sum(trucks[other].haulier_id == haulier_id for other in used)
    quota = place.quotas.get(haulier_id)
    return place.free - len(used), None if quota is None else quota - own


def _cost(table: Table, errand: Errand, way: Itinerary, eta_s: int) -> float:
    parts = price(
        way,
        eta_s=eta_s,
        ready_s=table.ready_s(errand.lot),
        hold_s=table.hold_s(errand.lot),
        load_s=table.params.load_of(errand.lot.product),
        corridor=errand.lane.corridor is not None,
        params=table.params,
    )
    return sum(parts.values())


def _facility(table: Table, slot: Slot | None, lane: Lane | None) -> Facility | None:
    if slot is not None:
        return table.problem.facilities[table.facility_at[slot.facility_id]]
    if lane is not None and lane.facility is not None:
        return table.problem.facilities[lane.facility]
    return None
