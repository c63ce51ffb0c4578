"""Give and take back places in port slots: the facility's partition is their only writer.

The rules here are part of the place fold (``streams/place.py``), since a slot belongs to a place.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from schemas.dispatch import StateKnown
from schemas.envelope import Event
from schemas.model import Fact, format_time, parse_time
from schemas.slot import (
    Reservation,
    ReservationConfirmed,
    ReservationRejected,
    ReservationReleased,
    SlotCapacityChanged,
    SlotClosed,
    SlotOpened,
    SlotState,
)
from streams.fold import Answer, Applied, Doc, Entity, Output, Refused, Unknown, revise

OWN_SOURCE = "/streams/place"
"""What this partition itself has said, and reads again."""


def _known(view: Doc, name: str) -> Output:
    data = StateKnown(kind="slot", state=view)
    return Output("dispatch.inbox.v1", "state.known", data, f"{name}@{view['version']}")


def _answer(kind: type[Reservation], asked: Fact, reason: str | None, name: str) -> list[Output]:
    """Say an answer in public, and to the dispatch partition."""
    fields = asked.model_dump() | {"reason": reason}
    data = kind.model_validate(fields)
    event_type = {
        ReservationConfirmed: "reservation.confirmed",
        ReservationRejected: "reservation.rejected",
        ReservationReleased: "reservation.released",
    }[cast("Any", kind)]
    return [
        Output("slot.reservation.v1", event_type, data, f"{name}/public"),
        Output("dispatch.inbox.v1", event_type, data, f"{name}/inbox"),
    ]


def opened(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Open a window, or set its capacity anew."""
    data = event.data
    assert isinstance(data, SlotOpened)
    return _set(entity, event, data, capacity=data.capacity_trucks, status="open", reason=None)


def capacity_changed(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Change a window's capacity; the latest places in excess are released."""
    data = event.data
    assert isinstance(data, SlotCapacityChanged)
    if f"slot:{data.slot_id}" not in entity.views:
        return Unknown(f"slot {data.slot_id}")
    return _set(
        entity, event, data, capacity=data.capacity_trucks, status=None, reason="capacity_cut"
    )


def closed(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Close a window; all its places are released."""
    data = event.data
    assert isinstance(data, SlotClosed)
    if f"slot:{data.slot_id}" not in entity.views:
        return Unknown(f"slot {data.slot_id}")
    return _set(entity, event, data, capacity=None, status="closed", reason="slot_closed")


def _set(
    entity: Entity,
    event: Event,
    data: SlotOpened | SlotCapacityChanged | SlotClosed,
    *,
    capacity: int | None,
    status: str | None,
    reason: str | None,
) -> Answer:
    facility = entity.views.get(f"facility:{data.facility_id}")
    if facility is None:
        return Unknown(f"facility {data.facility_id}")
    if facility["gates"] and data.gate_id not in facility["gates"]:
        return Refused("gate_unknown")
    key = f"slot:{data.slot_id}"
    view = entity.views.get(key)
    marks = entity.own.get("slot_set_at", {}).get(data.slot_id, {})
    capacity = None if _is_older(marks, "capacity", event) else capacity
    status = None if _is_older(marks, "status", event) else status
    if capacity is None and status is None:
        return Refused("superseded")
    before = view or {"capacity_trucks": 0, "status": "open", "reserved": []}
    new_capacity = before["capacity_trucks"] if capacity is None else capacity
    new_status = status or before["status"]
    room = new_capacity if new_status == "open" else 0
    kept, excess = before["reserved"][:room], before["reserved"][room:]
    changed = revise(
        view,
        event.time,
        slot_id=data.slot_id,
        facility_id=data.facility_id,
        gate_id=data.gate_id,
        window_start=format_time(data.window_start),
        window_end=format_time(data.window_end),
        capacity_trucks=new_capacity,
        status=new_status,
        reserved=kept,
    )
    outputs = [_known(changed, data.slot_id)]
    for place in excess:
        outputs += _displace(changed, place, facility, reason or "capacity_cut")
    news = {"capacity": capacity, "status": status}
    told = {name: format_time(event.time) for name, value in news.items() if value is not None}
    set_at = {**entity.own.get("slot_set_at", {}), data.slot_id: {**marks, **told}}
    return Applied({key: changed}, tuple(outputs), {**entity.own, "slot_set_at": set_at})


def _is_older(marks: Doc, what: str, event: Event) -> bool:
    """Tell whether a later event has already set this, so that order of arrival never matters."""
    return what in marks and event.time < parse_time(marks[what])


def _displace(slot: Doc, place: Doc, facility: Doc, reason: str) -> list[Output]:
    asked = ReservationReleased(
        reservation_id=place["reservation_id"],
        assignment_id=place["assignment_id"],
        truck_id=place["truck_id"],
        facility_id=slot["facility_id"],
        gate_id=slot["gate_id"],
        window_start=slot["window_start"],
        window_end=slot["window_end"],
        region=facility.get("region") or "stack",
    )
    return _answer(ReservationReleased, asked, reason, f"release/{place['reservation_id']}")


def requested(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Give the truck a place if the window is open and has one; asked again, answer again."""
    data = event.data
    assert isinstance(data, Reservation)
    key = f"slot:{data.slot_id}"
    view = entity.views.get(key)
    name = f"answer/{data.reservation_id}"
    if view is None:
        return Applied(outputs=tuple(_answer(ReservationRejected, data, "slot_unknown", name)))
    if any(place["reservation_id"] == data.reservation_id for place in view["reserved"]):
        return Applied(outputs=tuple(_answer(ReservationConfirmed, data, None, name)))
    if view["status"] != "open" or len(view["reserved"]) >= view["capacity_trucks"]:
        reason = "slot_closed" if view["status"] != "open" else "slot_full"
        return Applied(outputs=tuple(_answer(ReservationRejected, data, reason, name)))
    place = {
        "reservation_id": data.reservation_id,
        "assignment_id": data.assignment_id,
        "truck_id": data.truck_id,
    }
    changed = revise(view, event.time, reserved=[*view["reserved"], place])
    changed = SlotState.model_validate(changed).model_dump(mode="json")
    outputs = (*_answer(ReservationConfirmed, data, None, name), _known(changed, data.slot_id))
    return Applied({key: changed}, outputs)


def answered(_entity: Entity, event: Event, _now: datetime) -> Answer:
    """Pass over an answer: this partition gave it; said by anybody else it means nothing."""
    return Applied() if event.source == OWN_SOURCE else Refused("not_the_slots_writer")


def released(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Take a place back."""
    data = event.data
    assert isinstance(data, Reservation)
    key = f"slot:{data.slot_id}"
    view = entity.views.get(key)
    if view is None:
        return Refused("slot_unknown")
    kept = [p for p in view["reserved"] if p["reservation_id"] != data.reservation_id]
    if len(kept) == len(view["reserved"]):
        return Applied()
    changed = revise(view, event.time, reserved=kept)
    return Applied({key: changed}, (_known(changed, data.slot_id),))
