"""Take every assignment through its life: ask for a slot, propose, change, end, give back.

A trip first asks its slot for a place; its assignment is told to anybody only once that place is
confirmed, so that nothing proposed can fail for want of a place.
"""

from __future__ import annotations

from datetime import timedelta
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
from schemas.slot import Reservation
from streams.closures import crossed
from streams.desk import Desk
from streams.duty import driven, duty_now
from streams.fold import Doc
from streams.places import ask, forget, free_places, let_go

ACCEPT_WITHIN = timedelta(minutes=30)
"""How long an offer stands (assumed)."""

HALTED = timedelta(hours=4)
"""How long a truck that reported a breakdown is given no trip (assumed)."""

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


def is_free(desk: Desk, truck_id: str) -> bool:
    """Tell whether a truck may be given a trip now."""
    own = desk.own("truck", truck_id)
    state = own.get("state")
    if state is None or own.get("job"):
        return False
    if "halted_until" in own and desk.now < parse_time(own["halted_until"]):
        return False
    return bool(state["registered"]) and state["status"] == "available"


def reserve(
    desk: Desk, assignment_id: str, fields: Doc, /, *, forced: bool = False, **kept: Any
) -> str | None:
    """Bind truck, lot and slot to a trip, and ask the slot for a place.

    Parameters
    ----------
    desk
        The step.
    assignment_id
        The new assignment.
    fields
        Its facts (`schemas.assignment.AssignmentFact`), as JSON.
    forced
        Whether a dispatcher wants it so: that the truck declined the lot before is set aside.
    kept
        What dispatch keeps of it besides.

    Returns
    -------
    str or None
        The code of what stands in the way; None where it is reserved.
    """
    obstacle = _obstacle(desk, fields, forced=forced)
    if obstacle is not None:
        return obstacle
    cause_ms = desk.own("lot", fields["lot_id"]).get("cause_ms")
    desk.keep("truck", fields["truck_id"], job=assignment_id)
    _share(desk, fields["lot_id"], assignment_id, fields["quantity_kg"], "asked")
    desk.keep("assignment", assignment_id, stage="asked", fields=fields, cause_ms=cause_ms, **kept)
    ask(desk, assignment_id, fields)
    return None


def _obstacle(desk: Desk, fields: Doc, *, forced: bool) -> str | None:
    """Say what has changed since the plan was made, so that its trip cannot be."""
    lot_id, truck_id = fields["lot_id"], fields["truck_id"]
    if not is_free(desk, truck_id):
        return "truck_busy"
    if open_kg(desk, lot_id) < fields["quantity_kg"]:
        return "lot_taken"
    if not forced and truck_id in desk.own("lot", lot_id).get("forbidden", []):
        return "declined_before"
    if free_places(desk, fields["slot_id"]) < 1:
        return "slot_full"
    if crossed(desk, fields):
        return "road_closed"
    return None


def _outdated(desk: Desk, fields: Doc) -> str | None:
    """Say what happened while a trip waited for its place, so that it cannot be offered."""
    lot = desk.state("lot", fields["lot_id"])
    truck = desk.state("truck", fields["truck_id"])
    if lot is None or misfit(lot, truck or {}, fields) is not None:
        return "lot_changed"
    shares = desk.own("lot", fields["lot_id"]).get("shares", {})
    if sum(share["kg"] for share in shares.values()) > lot["quantity_kg"]:
        return "lot_revised"
    if truck is None or not truck["registered"] or truck["status"] != "available":
        return "truck_unavailable"
    return "road_closed" if crossed(desk, fields) else None


def misfit(lot: Doc, truck: Doc, fields: Doc) -> str | None:
    """Say why a trip no longer serves its lot; None where it still does.

    Parameters
    ----------
    lot, truck
        Their states.
    fields
        The trip's facts.
    """
    if lot["status"] == "withdrawn":
        return "lot_withdrawn"
    if lot["destinations"] and fields["facility_id"] not in lot["destinations"]:
        return "destination_changed"
    if parse_time(fields["delivery_eta"]) > parse_time(lot["hold_until"]):
        return "hold_changed"
    if lot["temperature"] not in truck.get("temperature_classes", []):
        return "temperature_changed"
    return None


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
    obstacle = _outdated(desk, fields)
    if obstacle is not None:
        desk.keep("assignment", assignment_id, stage="ended", reservation=own["asked"], asked=None)
        give_back(desk, assignment_id, fields, obstacle)
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
    if (
        view is None
        or changes is None
        or view["status"] not in ACTIVE
        or crossed(desk, {**view, **changes})
    ):
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
    forget(desk, data)
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
    forget(desk, data)
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
    driving = changes.get("driving", own.get("driving"))
    changes = {name: value for name, value in changes.items() if name != "driving"}
    planned = {**view, **changes}
    if crossed(desk, planned):
        return False
    if own.get("reservation") and changes.get("slot_id", view["slot_id"]) == view["slot_id"]:
        desk.keep("assignment", assignment_id, need=None, stranded=None, driving=driving)
        change(desk, assignment_id, "revised", reason="road_closed", **changes)
        return True
    if free_places(desk, planned["slot_id"]) < 1:
        return False
    following = {**changes, "reason": "slot_lost"}
    desk.keep("assignment", assignment_id, next=following, driving=driving)
    ask(desk, assignment_id, planned)
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
    before = desk.view("assignment", assignment_id) or {"revision": 0}
    fields = {"reason": None, "actor": None, "revision": before["revision"] + 1, **fields}
    view = desk.tell("assignment", assignment_id, AssignmentState, fields)
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
    _drop_override(desk, assignment_id)
    view = change(desk, assignment_id, how, status=how, reason=reason, actor=actor)
    if forbid:
        forbidden = desk.own("lot", view["lot_id"]).get("forbidden", [])
        desk.keep("lot", view["lot_id"], forbidden=sorted({*forbidden, view["truck_id"]}))
    desk.keep("truck", view["truck_id"], duty=duty)
    desk.keep("assignment", assignment_id, need=None, next=None)
    give_back(desk, assignment_id, view, reason or how)


def _drop_override(desk: Desk, assignment_id: str) -> None:
    """Have an override refused that has not been judged by now."""
    if override := desk.own("assignment", assignment_id).get("override"):
        desk.overrides_dropped[assignment_id] = override
        desk.keep("assignment", assignment_id, override=None)


def halt(desk: Desk, truck_id: str) -> None:
    """Give a truck that broke down no trip for a while."""
    desk.keep("truck", truck_id, halted_until=format_time(desk.now + HALTED))


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
    _drop_override(desk, assignment_id)
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
        left = own.get("left") if open_kg(desk, lot_id) else None  # left again is to be told again
        desk.keep("lot", lot_id, revision=revision, left=left)
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
