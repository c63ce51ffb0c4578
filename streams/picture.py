"""Draw the picture that a plan is made from: what dispatch knows at one moment."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import TypeVar

from routing.checkpoints import Approach
from routing.dispatch import (
    AssemblyPoint,
    Corridor,
    DrivingState,
    Facility,
    Lot,
    Point,
    Slot,
    Truck,
)
from schemas.model import parse_time
from streams.booking import is_free, open_kg
from streams.closures import binds
from streams.desk import Desk
from streams.duty import driven, duty_now
from streams.fold import Doc, Store
from streams.places import free_places
from streams.planning import Need, Picture
from streams.pool import sentence_of
from streams.promised import Roadsides, approach, checkpoint, reach

log = logging.getLogger(__name__)
Drawn = TypeVar("Drawn")

AHEAD = timedelta(hours=14)
"""How far ahead slots are looked at and closures avoided: a trip is planned within a shift."""


def draw(store: Store, plan_id: str, now: datetime) -> Picture:
    """Draw what the dispatch partition knows.

    Parameters
    ----------
    store
        The dispatch partition's entries.
    plan_id
        The name of the plan to be made.
    now
        The stack's time.
    """
    desk = Desk(store, now)
    skipped: list[tuple[str, str]] = []
    slots = _each(desk, "slot", _slot_open, skipped)
    places = _each(desk, "checkpoint", checkpoint, skipped)
    reaches = {
        corridor_id: own
        for corridor_id in (desk.ids("corridor") if places else ())
        if (own := reach(desk, corridor_id)) is not None
    }

    roadsides = Roadsides(places, reaches)

    def coming(desk: Desk, assignment_id: str) -> Approach | None:
        return approach(desk, assignment_id, roadsides)

    def change(desk: Desk, assignment_id: str) -> Need | None:
        return _need(desk, assignment_id, slots)

    return Picture(
        plan_id=plan_id,
        now=now,
        trucks=_each(desk, "truck", _free_truck, skipped),
        plates=_plates(desk),
        lots=_each(desk, "lot", _open_lot, skipped),
        facilities=_each(desk, "facility", _facility, skipped),
        slots=slots,
        corridors=_each(desk, "corridor", _corridor, skipped),
        closures=tuple(_closures(desk)),
        forbidden=frozenset(_forbidden(desk)),
        needs=_urgent_first(desk, _each(desk, "assignment", change, skipped)),
        checkpoints=places,
        promised=_each(desk, "assignment", coming, skipped),
        reaches=reaches,
        skipped=tuple(skipped),
    )


def _each(
    desk: Desk,
    kind: str,
    read: Callable[[Desk, str], Drawn | None],
    skipped: list[tuple[str, str]],
) -> tuple[Drawn, ...]:
    """Draw everything of a kind; what cannot be drawn is noted, and the rest is sound without it.

    A closure is never left out so: a road that is not known to be closed is driven.
    """
    found = []
    for entity_id in desk.ids(kind):
        try:
            drawn = read(desk, entity_id)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            log.warning("%s %s is left out of the plan: %s", kind, entity_id, error)
            skipped.append((entity_id, sentence_of(error)))
            continue
        if drawn is not None:
            found.append(drawn)
    return tuple(found)


def _urgent_first(desk: Desk, needs: tuple[Need, ...]) -> tuple[Need, ...]:
    """Put those last for which there was no way before: they may cost others their time."""
    own = {need.assignment_id: desk.own("assignment", need.assignment_id) for need in needs}
    return tuple(sorted(needs, key=lambda need: bool(own[need.assignment_id].get("stranded"))))


def has_work(store: Store, now: datetime) -> bool:
    """Tell whether anything waits for a plan: open goods, or a trip that has to change."""
    desk = Desk(store, now)
    for lot_id in desk.ids("lot"):
        state = desk.state("lot", lot_id)
        if state is not None and parse_time(state["hold_until"]) > now and open_kg(desk, lot_id):
            return True
    return any(
        own.get("need") or own.get("override")
        for assignment_id in desk.ids("assignment")
        if (own := desk.own("assignment", assignment_id))
    )


def _where(state: Doc) -> Point | None:
    place = state.get("position") or state.get("home")
    return None if place is None else Point(place["lat"], place["lon"])


def _truck(desk: Desk, state: Doc, duty: Doc) -> Truck | None:
    position = _where(state)
    if position is None or not state["vehicle_class"] or not state["payload_kg"]:
        return None
    return Truck(
        truck_id=state["truck_id"],
        haulier_id=state["haulier_id"],
        vehicle_class=state["vehicle_class"],
        payload_kg=state["payload_kg"],
        temperature_classes=frozenset(state["temperature_classes"]),
        position=position,
        available_from=desk.now,
        driving=DrivingState(duty["since_break_s"], duty["today_s"]),
        region=state["region"] or "",
    )


def _free_truck(desk: Desk, truck_id: str) -> Truck | None:
    state = desk.state("truck", truck_id)
    if state is None or not is_free(desk, truck_id):
        return None
    return _truck(desk, state, duty_now(desk, truck_id))


def _plates(desk: Desk) -> dict[str, str | None]:
    return {
        truck_id: state["plate"]
        for truck_id in desk.ids("truck")
        if (state := desk.state("truck", truck_id)) is not None
    }


def _lot(state: Doc, quantity_kg: int, pickup: Point | None = None) -> Lot:
    place = state["pickup"]
    return Lot(
        lot_id=state["lot_id"],
        region=state["region"],
        product=state["product"],
        quantity_kg=quantity_kg,
        temperature=state["temperature"],
        pickup=pickup or Point(place["lat"], place["lon"]),
        pickup_name=place["name"] or state["lot_id"],
        ready_from=parse_time(state["ready_from"]),
        hold_until=parse_time(state["hold_until"]),
        destinations=tuple(state["destinations"]),
    )


def _open_lot(desk: Desk, lot_id: str) -> Lot | None:
    state = desk.state("lot", lot_id)
    quantity_kg = open_kg(desk, lot_id)
    if state is None or quantity_kg <= 0 or parse_time(state["hold_until"]) <= desk.now:
        return None
    return _lot(state, quantity_kg)


def _facility(desk: Desk, place_id: str) -> Facility | None:
    state = desk.state("facility", place_id)
    if state is None or state["status"] != "active":
        return None
    return Facility(
        facility_id=place_id,
        kind=state["kind"],
        position=Point(state["lat"], state["lon"]),
        products=frozenset(state["products"]),
    )


def _slot(state: Doc, free: int) -> Slot:
    return Slot(
        slot_id=state["slot_id"],
        facility_id=state["facility_id"],
        gate_id=state["gate_id"],
        window_start=parse_time(state["window_start"]),
        window_end=parse_time(state["window_end"]),
        free=free,
    )


def _slot_open(desk: Desk, slot_id: str) -> Slot | None:
    state = desk.state("slot", slot_id)
    free = free_places(desk, slot_id)
    if state is None or free < 1:
        return None
    slot = _slot(state, free)
    active = (desk.state("facility", slot.facility_id) or {}).get("status") == "active"
    in_time = slot.window_end > desk.now and slot.window_start < desk.now + AHEAD
    return slot if active and in_time else None


def _corridor(desk: Desk, corridor_id: str) -> Corridor | None:
    view = desk.view("corridor", corridor_id)
    if view is None or view["status"] != "open":
        return None
    hours = view.get("hours")
    ends = [*view["facilities"], *view["allowed_stops"]]
    return Corridor(
        corridor_id=corridor_id,
        kind=view["kind"],
        facilities=tuple(view["facilities"]),
        roster=frozenset(view["roster"]),
        assembly_points=tuple(
            AssemblyPoint(place_id, Point(state["lat"], state["lon"]))
            for place_id in dict.fromkeys(ends)
            if (state := desk.state("facility", place_id)) is not None
        ),
        valid_from=parse_time(view["valid_from"]),
        valid_until=parse_time(view["valid_until"]) if view.get("valid_until") else None,
        hours=(time.fromisoformat(hours["start"]), time.fromisoformat(hours["end"]))
        if hours
        else None,
    )


def _closures(desk: Desk) -> Iterator[tuple[str, str, Doc]]:
    for closure_id in desk.ids("closure"):
        view = desk.view("closure", closure_id)
        if view is not None and binds(view, desk.now, desk.now, desk.now + AHEAD):
            yield view["kind"], closure_id, view["geometry"]


def _forbidden(desk: Desk) -> Iterator[tuple[str, str]]:
    for lot_id in desk.ids("lot"):
        for truck_id in desk.own("lot", lot_id).get("forbidden", []):
            yield truck_id, lot_id


def _need(desk: Desk, assignment_id: str, slots: tuple[Slot, ...]) -> Need | None:
    own, view = desk.own("assignment", assignment_id), desk.view("assignment", assignment_id)
    if view is None or own.get("asked"):
        return None
    if own.get("override"):
        return _override(desk, assignment_id, own["override"], view, slots)
    if own.get("need"):
        return _change(desk, assignment_id, own["need"], view, slots)
    return None


def _change(
    desk: Desk, assignment_id: str, kind: str, view: Doc, slots: tuple[Slot, ...]
) -> Need | None:
    """State the need of a trip for another road (its own slot kept) or another slot."""
    state, lot = desk.state("truck", view["truck_id"]), desk.state("lot", view["lot_id"])
    if state is None or lot is None:
        return None
    truck = _truck(desk, state, driven(desk, assignment_id, view))
    if truck is None:
        return None
    is_loaded = view["status"] == "loaded"
    held = desk.state("slot", view["slot_id"])
    keeps = kind == "road" and held is not None
    return Need(
        assignment_id=assignment_id,
        kind="road" if keeps else "slot",
        truck=truck,
        lot=_lot(lot, view["quantity_kg"], truck.position if is_loaded else None),
        slot_id=view["slot_id"] if keeps else None,
        slots=(_slot(held, 1),) if keeps and held is not None else slots,
        loaded=is_loaded,
        explanation=view["explanation"],
    )


def _override(
    desk: Desk, assignment_id: str, wanted: Doc, view: Doc, slots: tuple[Slot, ...]
) -> Need | None:
    """State a dispatcher's wish, as if the assignment that it replaces did not exist."""
    state, lot = desk.state("truck", wanted["truck_id"]), desk.state("lot", view["lot_id"])
    truck_id = wanted["truck_id"]
    same = truck_id == view["truck_id"]
    duty = driven(desk, assignment_id, view) if same else duty_now(desk, truck_id)
    truck = _truck(desk, state, duty) if state is not None else None
    if lot is None or truck is None or not (same or is_free(desk, truck_id)):
        return None
    may_use = {slot.slot_id: slot for slot in slots}
    held = desk.state("slot", view["slot_id"])
    if held is not None:
        may_use[view["slot_id"]] = _slot(held, free_places(desk, view["slot_id"]) + 1)
    return Need(
        assignment_id=assignment_id,
        kind="override",
        truck=truck,
        lot=_lot(lot, view["quantity_kg"]),
        slot_id=wanted["slot_id"],
        slots=tuple(may_use.values()),
        loaded=False,
        command_id=wanted["command_id"],
    )
