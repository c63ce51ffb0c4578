"""Take every assignment through its life: ask for a slot, propose, change, end, give back.

A trip first asks its slot for a place; its assignment is told to anybody only once that place is
confirmed, so that nothing proposed can fail for want of a place.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from schemas.assignment import (
    ACTIVE,
    AssignmentAccepted,
    AssignmentCancelled,
    AssignmentDeclined,
    AssignmentDelivered,
    AssignmentExpired,
    AssignmentFact,
    AssignmentLoaded,
    AssignmentProposed,
    AssignmentRevised,
    AssignmentState,
)
from schemas.lot import LotPlanned
from schemas.model import format_time, parse_time
from schemas.slot import Reservation, ReservationReleased, ReservationRequested
from streams.closures import crossed
from streams.desk import Desk
from streams.fold import Doc

ACCEPT_WITHIN = timedelta(minutes=30)
"""How long an offer stands (assumed)."""

_EVENTS: dict[str, type[AssignmentFact]] = {
    "proposed": AssignmentProposed,
    "accepted": AssignmentAccepted,
    "declined": AssignmentDeclined,
    "expired": AssignmentExpired,
    "revised": AssignmentRevised,
    "cancelled": AssignmentCancelled,
    "loaded": AssignmentLoaded,
    "delivered": AssignmentDelivered,
}


def open_kg(desk: Desk, lot_id: str) -> int:
    """Return how much of a lot is on no truck and promised to none."""
    own = desk.own("lot", lot_id)
    state = own.get("state")
    if state is None or state["status"] == "withdrawn":
        return 0
    taken: int = sum(share["kg"] for share in own.get("shares", {}).values())
    return max(int(state["quantity_kg"]) - int(taken), 0)


def free_places(desk: Desk, slot_id: str) -> int:
    """Return how many trucks a slot still takes, as far as dispatch knows."""
    own = desk.own("slot", slot_id)
    state = own.get("state")
    if state is None or state["status"] != "open":
        return 0
    held = {place["reservation_id"] for place in state["reserved"]} - set(own.get("gone", []))
    taken = held | set(own.get("asked", {}))
    return max(0, int(state["capacity_trucks"]) - len(taken))


def is_free(desk: Desk, truck_id: str) -> bool:
    """Tell whether a truck may be given a trip now."""
    own = desk.own("truck", truck_id)
    state = own.get("state")
    if state is None or own.get("job"):
        return False
    return bool(state["registered"]) and state["status"] == "available"


def reserve(desk: Desk, assignment_id: str, fields: Doc, /, **kept: Any) -> str | None:
    """Bind truck, lot and slot to a trip, and ask the slot for a place.

    Parameters
    ----------
    desk
        The step.
    assignment_id
        The new assignment.
    fields
        Its facts (`schemas.assignment.AssignmentFact`), as JSON.
    kept
        What dispatch keeps of it besides.

    Returns
    -------
    str or None
        The code of what stands in the way; None where it is reserved.
    """
    obstacle = _obstacle(desk, fields)
    if obstacle is not None:
        return obstacle
    cause_ms = desk.own("lot", fields["lot_id"]).get("cause_ms")
    desk.keep("truck", fields["truck_id"], job=assignment_id)
    _share(desk, fields["lot_id"], assignment_id, fields["quantity_kg"], "asked")
    desk.keep("assignment", assignment_id, stage="asked", fields=fields, cause_ms=cause_ms, **kept)
    _ask(desk, assignment_id, fields)
    return None


def _obstacle(desk: Desk, fields: Doc) -> str | None:
    """Say what has changed since the plan was made, so that its trip cannot be."""
    lot_id, truck_id = fields["lot_id"], fields["truck_id"]
    if not is_free(desk, truck_id):
        return "truck_busy"
    if open_kg(desk, lot_id) < fields["quantity_kg"]:
        return "lot_taken"
    if truck_id in desk.own("lot", lot_id).get("forbidden", []):
        return "declined_before"
    if free_places(desk, fields["slot_id"]) < 1:
        return "slot_full"
    if crossed(desk, fields):
        return "road_closed"
    return None


def _ask(desk: Desk, assignment_id: str, fields: Doc) -> None:
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
    _forget_ask(desk, data)
    _say_reservation(desk, ReservationReleased, "released", {**reservation, "reason": reason})


def _forget_ask(desk: Desk, data: Reservation) -> None:
    """Count a place as free from now on, though the slot's own state may still name it."""
    own = desk.own("slot", data.slot_id)
    asked = {k: v for k, v in own.get("asked", {}).items() if k != data.reservation_id}
    reserved = {place["reservation_id"] for place in (own.get("state") or {}).get("reserved", [])}
    gone = sorted(({*own.get("gone", [])} | {data.reservation_id}) & reserved)
    desk.keep("slot", data.slot_id, asked=asked, gone=gone or None)


def confirmed(desk: Desk, data: Reservation) -> None:
    """Propose what the place was asked for; a place that nobody wants any more goes back."""
    own = desk.own("assignment", data.assignment_id)
    asked = own.get("asked")
    if asked is None or asked["reservation_id"] != data.reservation_id:
        held = own.get("reservation") or {}
        if held.get("reservation_id") != data.reservation_id:
            let_go(desk, data.model_dump(mode="json", exclude={"reason"}), "not_wanted")
        return
    if own["stage"] == "asked":
        _propose(desk, data.assignment_id, own)
    else:
        _move(desk, data.assignment_id, own)


def _propose(desk: Desk, assignment_id: str, own: Doc) -> None:
    fields = own["fields"]
    lot = desk.state("lot", fields["lot_id"]) or {}
    if crossed(desk, fields):
        desk.keep("assignment", assignment_id, stage="ended", reservation=own["asked"], asked=None)
        give_back(desk, assignment_id, fields, "road_closed")
        return
    desk.keep(
        "assignment",
        assignment_id,
        stage="told",
        reservation=own["asked"],
        asked=None,
        fields=None,
        duty=duty_now(desk, fields["truck_id"]),
    )
    _share(desk, fields["lot_id"], assignment_id, fields["quantity_kg"], "booked")
    facts = {
        **fields,
        "accept_by": format_time(desk.now + ACCEPT_WITHIN),
        "known_quantity_kg": lot.get("quantity_kg", 0),
        "pinned": False,
    }
    # 0: not caused by an event of the lot that still waited for an answer
    change(
        desk, assignment_id, "proposed", status="proposed", cause_ms=own.get("cause_ms", 0), **facts
    )
    desk.keep("lot", fields["lot_id"], cause_ms=None)


def _move(desk: Desk, assignment_id: str, own: Doc) -> None:
    """Bring an assignment to the new slot that it was waiting for."""
    view = desk.view("assignment", assignment_id)
    changes = own.get("next")
    if view is None or view["status"] not in ACTIVE or changes is None:
        let_go(desk, own["asked"], "not_wanted")
        desk.keep("assignment", assignment_id, asked=None, next=None)
        return
    if own.get("reservation"):
        let_go(desk, own["reservation"], "moved")
    desk.keep(
        "assignment",
        assignment_id,
        reservation=own["asked"],
        asked=None,
        next=None,
        need=None,
        stranded=None,
    )
    change(desk, assignment_id, "revised", **changes)


def rejected(desk: Desk, data: Reservation) -> None:
    """Free what was bound to a place that the slot does not have."""
    own = desk.own("assignment", data.assignment_id)
    asked = own.get("asked")
    _forget_ask(desk, data)
    if asked is None or asked["reservation_id"] != data.reservation_id:
        return
    desk.keep("assignment", data.assignment_id, asked=None, next=None)
    if own["stage"] == "asked":
        desk.keep("assignment", data.assignment_id, stage="ended")
        give_back(desk, data.assignment_id, own["fields"], "slot_full")


def released(desk: Desk, data: Reservation) -> None:
    """Call a trip off whose place the slot took back, or seek a loaded truck another slot."""
    own = desk.own("assignment", data.assignment_id)
    held = own.get("reservation") or {}
    _forget_ask(desk, data)
    if held.get("reservation_id") != data.reservation_id:
        return
    desk.keep("assignment", data.assignment_id, reservation=None)
    view = desk.view("assignment", data.assignment_id)
    if view is None or view["status"] not in ACTIVE:
        return
    if view["status"] == "loaded":
        desk.keep("assignment", data.assignment_id, need="slot")
    else:
        end(desk, data.assignment_id, "cancelled", reason=data.reason or "slot_closed")


def move(desk: Desk, assignment_id: str, changes: Doc) -> bool:
    """Give an active assignment another road, and another slot where it has to have one.

    Returns
    -------
    bool
        Whether it could be done; if not, the need stays.
    """
    own, view = desk.own("assignment", assignment_id), desk.view("assignment", assignment_id)
    if view is None or view["status"] not in ACTIVE or own.get("asked"):
        return False
    planned = {**view, **changes}
    if crossed(desk, planned):
        return False
    if own.get("reservation") and changes.get("slot_id", view["slot_id"]) == view["slot_id"]:
        desk.keep("assignment", assignment_id, need=None, stranded=None)
        change(desk, assignment_id, "revised", reason="road_closed", **changes)
        return True
    if free_places(desk, planned["slot_id"]) < 1:
        return False
    desk.keep("assignment", assignment_id, next={**changes, "reason": "slot_lost"})
    _ask(desk, assignment_id, planned)
    return True


def change(
    desk: Desk, assignment_id: str, what: str, /, *, cause_ms: int | None = None, **fields: Any
) -> Doc:
    """Change an assignment's view and say the event of it.

    Parameters
    ----------
    desk
        The step.
    assignment_id
        The assignment.
    what
        The event's name, such as ``accepted``.
    cause_ms
        When the event was appended that this answers, for the latency; 0 for none.
    fields
        What changes.
    """
    fields = {"reason": None, "actor": None, **fields}
    view = desk.tell("assignment", assignment_id, fields)
    view = AssignmentState.model_validate(view).model_dump(mode="json")
    desk.tell_whole("assignment", assignment_id, view)
    data = _EVENTS[what].model_validate(view)
    name = f"{assignment_id}@{view['version']}"
    desk.say("dispatch.assignment.v1", f"assignment.{what}", data, name, cause_ms=cause_ms)
    return view


def end(
    desk: Desk,
    assignment_id: str,
    how: str,
    *,
    reason: str | None = None,
    actor: str | None = None,
    forbid: bool = False,
) -> None:
    """End an assignment before its goods were loaded, and free what it held.

    Parameters
    ----------
    how
        ``declined``, ``expired`` or ``cancelled``.
    reason, actor
        The code of why, and who asked.
    forbid
        Whether this truck shall not be offered this lot again.
    """
    view = desk.view("assignment", assignment_id)
    assert view is not None
    duty = driven(desk, assignment_id, view)
    view = change(desk, assignment_id, how, status=how, reason=reason, actor=actor)
    if forbid:
        forbidden = desk.own("lot", view["lot_id"]).get("forbidden", [])
        desk.keep("lot", view["lot_id"], forbidden=sorted({*forbidden, view["truck_id"]}))
    desk.keep("truck", view["truck_id"], duty=duty)
    desk.keep("assignment", assignment_id, need=None, next=None, override=None)
    give_back(desk, assignment_id, view, reason or how)


def give_back(desk: Desk, assignment_id: str, fields: Doc, reason: str) -> None:
    """Free the truck, the lot's share and the places of an assignment."""
    own = desk.own("assignment", assignment_id)
    for name in ("reservation", "asked"):
        if own.get(name):
            let_go(desk, own[name], reason)
    desk.keep("assignment", assignment_id, reservation=None, asked=None)
    if desk.own("truck", fields["truck_id"]).get("job") == assignment_id:
        desk.keep("truck", fields["truck_id"], job=None)
    shares = dict(desk.own("lot", fields["lot_id"]).get("shares", {}))
    if shares.pop(assignment_id, None) is not None:
        desk.keep("lot", fields["lot_id"], shares=shares)
        desk.lots_touched[fields["lot_id"]] = None


def loaded(desk: Desk, assignment_id: str, view: Doc, quantity_kg: int, actor: str | None) -> None:
    """Note that the truck has the goods; what it left of its share is open again."""
    change(desk, assignment_id, "loaded", status="loaded", quantity_kg=quantity_kg, actor=actor)
    _share(desk, view["lot_id"], assignment_id, quantity_kg, "loaded")


def delivered(desk: Desk, assignment_id: str, view: Doc, actor: str | None) -> None:
    """Note that the goods are there; the truck is free."""
    own = desk.own("assignment", assignment_id)
    end_duty = own.get("driving") or driven(desk, assignment_id, view)
    change(desk, assignment_id, "delivered", status="delivered", actor=actor)
    _share(desk, view["lot_id"], assignment_id, view["quantity_kg"], "delivered")
    desk.keep(
        "truck", view["truck_id"], job=None, duty={**end_duty, "as_of": format_time(desk.now)}
    )
    desk.keep("assignment", assignment_id, need=None, next=None)


def _share(desk: Desk, lot_id: str, assignment_id: str, kg: int, stage: str) -> None:
    shares = desk.own("lot", lot_id).get("shares", {})
    desk.keep("lot", lot_id, shares={**shares, assignment_id: {"kg": kg, "stage": stage}})
    if stage != "asked":
        desk.lots_touched[lot_id] = None


def shrink(desk: Desk, assignment_id: str, view: Doc, quantity_kg: int) -> None:
    """Take less of a lot than was booked, since there is less of it."""
    known = (desk.state("lot", view["lot_id"]) or {}).get("quantity_kg", 0)
    change(
        desk,
        assignment_id,
        "revised",
        quantity_kg=quantity_kg,
        known_quantity_kg=known,
        reason="lot_revised",
    )
    _share(desk, view["lot_id"], assignment_id, quantity_kg, "booked")


def settle_lots(desk: Desk) -> None:
    """Tell the lots whose bookings changed in this step."""
    for lot_id in desk.lots_touched:
        own = desk.own("lot", lot_id)
        state = own.get("state")
        if state is None:
            continue
        told = {k: v for k, v in own.get("shares", {}).items() if v["stage"] != "asked"}
        sums = {
            stage: sum(share["kg"] for share in told.values() if share["stage"] == stage)
            for stage in ("booked", "loaded", "delivered")
        }
        revision = own.get("revision", 0) + 1
        desk.keep("lot", lot_id, revision=revision)
        data = LotPlanned(
            lot_id=lot_id,
            region=state["region"],
            booked_kg=sums["booked"],
            loaded_kg=sums["loaded"],
            delivered_kg=sums["delivered"],
            assignments=sorted(told),
            revision=revision,
        )
        desk.say("lot.decision.v1", "lot.planned", data, f"{lot_id}@{revision}")


def duty_now(desk: Desk, truck_id: str) -> Doc:
    """Return a driver's hours as of now: a rest of 15 minutes and a new day have counted."""
    duty = desk.own("truck", truck_id).get("duty") or {}
    return rested(duty, desk.now)


def rested(duty: Doc, now: datetime) -> Doc:
    """Let time since the last trip count as rest.

    Parameters
    ----------
    duty
        ``since_break_s``, ``today_s`` and the time ``as_of`` which they hold; empty for a driver
        who has not driven yet.
    now
        The stack's time.
    """
    since_break_s, today_s = duty.get("since_break_s", 0), duty.get("today_s", 0)
    if "as_of" in duty:
        as_of = parse_time(duty["as_of"])
        if now - as_of >= _BREAK:
            since_break_s = 0
        if (now + _LOCAL).date() != (as_of + _LOCAL).date():
            today_s = 0
    return {"since_break_s": since_break_s, "today_s": today_s, "as_of": format_time(now)}


_BREAK = timedelta(minutes=15)
_LOCAL = timedelta(hours=7)  # Asia/Ho_Chi_Minh, which has had no other offset since 1975


def driven(desk: Desk, assignment_id: str, view: Doc) -> Doc:
    """Return a driver's hours in the middle of a trip, from its plan.

    Breaks taken on the way are not counted: hours are never told too low.
    """
    start = desk.own("assignment", assignment_id).get("duty") or {}
    on_the_way_s = int((desk.now - parse_time(view["departure"])).total_seconds())
    if view["status"] == "proposed":
        on_the_way_s = 0
    drove_s = min(max(on_the_way_s, 0), int(view["drive_s"]))
    return {
        "since_break_s": min(start.get("since_break_s", 0) + drove_s, 4 * 3600),
        "today_s": start.get("today_s", 0) + drove_s,
        "as_of": format_time(desk.now),
    }
