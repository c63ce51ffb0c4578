"""Ask slots for places, give them back, and count what is free meanwhile."""

from __future__ import annotations

from schemas.slot import (
    Reservation,
    ReservationNoShow,
    ReservationReleased,
    ReservationRequested,
)
from streams.desk import Desk
from streams.fold import Doc


def free_places(desk: Desk, slot_id: str) -> int:
    """Return how many trucks a slot still takes, as far as dispatch knows."""
    own = desk.own("slot", slot_id)
    state = own.get("state")
    if state is None or state["status"] != "open":
        return 0
    held = {place["reservation_id"] for place in state["reserved"]} - set(own.get("gone", []))
    taken = held | set(own.get("asked", {}))
    return max(0, int(state["capacity_trucks"]) - len(taken))


def ask(desk: Desk, assignment_id: str, fields: Doc) -> None:
    """Ask a slot for a place, and count it as taken until it answers.

    Parameters
    ----------
    desk
        The step.
    assignment_id
        The assignment.
    fields
        Its facts, as they will be.
    """
    asks = desk.own("assignment", assignment_id).get("asks", 0) + 1
    reservation = {
        "reservation_id": f"{assignment_id}.{asks}",
        "assignment_id": assignment_id,
        "truck_id": fields["truck_id"],
        "facility_id": fields["facility_id"],
        "gate_id": fields["gate_id"],
        "window_start": fields["window_start"],
        "window_end": fields["window_end"],
        "region": fields["region"],
    }
    desk.keep("assignment", assignment_id, asks=asks, asked=reservation)
    asked = desk.own("slot", fields["slot_id"]).get("asked", {})
    asked = {**asked, reservation["reservation_id"]: assignment_id}
    desk.keep("slot", fields["slot_id"], asked=asked)
    _say_reservation(desk, ReservationRequested, "requested", reservation)


def _say_reservation(desk: Desk, model: type[Reservation], what: str, reservation: Doc) -> None:
    data = model.model_validate(reservation)
    name = f"{reservation['reservation_id']}/{what}"
    desk.say("slot.reservation.v1", f"reservation.{what}", data, name)


def let_go(desk: Desk, reservation: Doc, reason: str) -> None:
    """Give a place back to its slot."""
    data = ReservationReleased.model_validate({**reservation, "reason": reason})
    forget(desk, data)
    _say_reservation(desk, ReservationReleased, "released", {**reservation, "reason": reason})


def miss(desk: Desk, reservation: Doc) -> ReservationNoShow:
    """Give the place of a truck that did not come back to its slot, and return what is said."""
    data = ReservationNoShow.model_validate({**reservation, "reason": "no_show"})
    forget(desk, data)
    _say_reservation(desk, ReservationNoShow, "no_show", {**reservation, "reason": "no_show"})
    return data


def forget(desk: Desk, data: Reservation) -> None:
    """Count a place as free from now on, though the slot's own state may still name it."""
    own = desk.own("slot", data.slot_id)
    asked = {k: v for k, v in own.get("asked", {}).items() if k != data.reservation_id}
    reserved = {place["reservation_id"] for place in (own.get("state") or {}).get("reserved", [])}
    gone = sorted(({*own.get("gone", [])} | {data.reservation_id}) & reserved)
    desk.keep("slot", data.slot_id, asked=asked, gone=gone or None)
