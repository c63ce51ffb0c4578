"""Carry out what people ask of assignments, or say why not.

In: dispatch.command.v1
State: command (command_id, the event's id)
"""

from __future__ import annotations

from collections.abc import Callable

from schemas.alert import AlertRaised
from schemas.assignment import (
    ACTIVE,
    AssignmentOverride,
    AssignmentPin,
    AssignmentReportLoaded,
    AssignmentReportProblem,
    Command,
    CommandRefused,
    CommandState,
)
from schemas.envelope import Event
from schemas.model import parse_time
from streams.booking import change, delivered, end, halt, is_free, loaded
from streams.desk import Desk
from streams.fold import Doc

Refusal = tuple[str, str]
"""A stable code, and one sentence for people."""

Handler = Callable[[Desk, Event, Doc], Refusal | None]

_STOPS_THE_TRUCK = frozenset({"breakdown", "accident"})


def carry_out(desk: Desk, event: Event) -> None:
    """Carry out one command on an assignment that is known, and answer it.

    An override is answered only once the planner has judged it.
    """
    data = _asked(event)
    view = desk.view("assignment", data.assignment_id)
    assert view is not None
    refusal = _changed_meanwhile(data, view)
    if refusal is None and event.type == "assignment.override":
        refusal = _override(desk, event, view)
        if refusal is None:
            return
    elif refusal is None:
        refusal = _HANDLERS[event.type](desk, event, view)
    answer(desk, event.id, data.assignment_id, event.type, refusal, actor=data.actor)


def answer(
    desk: Desk,
    command_id: str,
    assignment_id: str,
    command: str,
    refusal: Refusal | None,
    *,
    actor: str | None = None,
) -> None:
    """Say what became of a command.

    Parameters
    ----------
    desk
        The step.
    command_id, assignment_id, command
        The command, the assignment that it concerns, and its type.
    refusal
        Why it was refused; None where it was carried out.
    actor
        Who asked.
    """
    reason, detail = refusal if refusal is not None else (None, None)
    desk.tell(
        "command",
        command_id,
        CommandState,
        {
            "command_id": command_id,
            "assignment_id": assignment_id,
            "command": command,
            "status": "done" if refusal is None else "refused",
            "reason": reason,
            "detail": detail,
        },
    )
    if refusal is None:
        return
    assignment = desk.view("assignment", assignment_id) or {}
    data = CommandRefused(
        command_id=command_id,
        assignment_id=assignment_id,
        region=assignment["region"],
        command=command,
        reason=refusal[0],
        detail=refusal[1],
        actor=actor,
    )
    desk.say("dispatch.assignment.v1", "assignment.command_refused", data, command_id)


def answer_override(desk: Desk, assignment_id: str, wanted: Doc, refusal: Refusal | None) -> None:
    """Say what became of an override that waited to be judged.

    Parameters
    ----------
    desk
        The step.
    assignment_id
        The assignment that it would have replaced.
    wanted
        The override, as the assignment keeps it.
    refusal
        Why it was refused; None where it was carried out.
    """
    command_id, actor = wanted["command_id"], wanted["actor"]
    answer(desk, command_id, assignment_id, "assignment.override", refusal, actor=actor)


def settle_overrides(desk: Desk) -> None:
    """Refuse the overrides whose assignment ended, or was loaded, before they were judged."""
    for assignment_id, wanted in desk.overrides_dropped.items():
        view = desk.view("assignment", assignment_id)
        assert view is not None
        refusal = _wrong_status(view, "proposed", "accepted")
        answer_override(desk, assignment_id, wanted, refusal)


def _changed_meanwhile(data: Command, view: Doc) -> Refusal | None:
    if data.expected_version in (None, view["version"]):
        return None
    detail = f"The assignment is at version {view['version']}, not {data.expected_version}."
    return "changed_meanwhile", detail


def _wrong_status(view: Doc, *wanted: str) -> Refusal:
    if view["status"] not in ACTIVE:
        code = f"already_{view['status']}"
    else:
        code = f"not_{wanted[0]}" if len(wanted) == 1 else "not_open"
    return code, f"The assignment is {view['status']}; it would have to be {' or '.join(wanted)}."


def _accept(desk: Desk, event: Event, view: Doc) -> Refusal | None:
    if view["status"] != "proposed":
        return _wrong_status(view, "proposed")
    if desk.now > parse_time(view["accept_by"]):
        return "too_late", f"The offer stood until {view['accept_by']}."
    change(desk, view["assignment_id"], "accepted", status="accepted", actor=_asked(event).actor)
    return None


def _decline(desk: Desk, event: Event, view: Doc) -> Refusal | None:
    if view["status"] != "proposed":
        return _wrong_status(view, "proposed")
    end(
        desk,
        view["assignment_id"],
        "declined",
        reason=_asked(event).reason,
        actor=_asked(event).actor,
        forbid=True,
    )
    return None


def _cancel(desk: Desk, event: Event, view: Doc) -> Refusal | None:
    if view["status"] not in {"proposed", "accepted"}:
        return _wrong_status(view, "proposed", "accepted")
    reason = _asked(event).reason or "dispatcher"
    end(
        desk,
        view["assignment_id"],
        "cancelled",
        reason=reason,
        actor=_asked(event).actor,
        forbid=True,
    )
    return None


def _pin(desk: Desk, event: Event, view: Doc) -> Refusal | None:
    data = event.data
    assert isinstance(data, AssignmentPin)
    if view["status"] not in ACTIVE:
        return _wrong_status(view, "active")
    if view["pinned"] != data.pinned:
        change(desk, view["assignment_id"], "revised", pinned=data.pinned, actor=data.actor)
    return None


def _override(desk: Desk, event: Event, view: Doc) -> Refusal | None:
    data = event.data
    assert isinstance(data, AssignmentOverride)
    if view["status"] not in {"proposed", "accepted"}:
        return _wrong_status(view, "proposed", "accepted")
    wanted: Doc = {
        "truck_id": data.truck_id or view["truck_id"],
        "slot_id": data.slot_id,
        "command_id": event.id,
        "actor": data.actor,
    }
    if wanted["truck_id"] == view["truck_id"] and wanted["slot_id"] in (None, view["slot_id"]):
        return "nothing_to_change", "Name another truck or another slot."
    refusal = unfit_truck(desk, wanted["truck_id"], view)
    if refusal is not None:
        return refusal
    if desk.own("assignment", view["assignment_id"]).get("override"):
        return "override_pending", "An earlier override of this assignment is being judged."
    desk.keep("assignment", view["assignment_id"], override=wanted)
    return None


def unfit_truck(desk: Desk, truck_id: str, view: Doc) -> Refusal | None:
    """Say why a truck cannot take an assignment over at all; None where the rules decide."""
    if truck_id == view["truck_id"]:
        return None
    if desk.state("truck", truck_id) is None:
        return "truck_unknown", f"No truck {truck_id} is registered."
    if not is_free(desk, truck_id):
        return "truck_busy", f"The truck {truck_id} has another trip or is not available."
    return None


def _loaded(desk: Desk, event: Event, view: Doc) -> Refusal | None:
    data = event.data
    assert isinstance(data, AssignmentReportLoaded)
    if view["status"] != "accepted":
        return _wrong_status(view, "accepted")
    quantity_kg = view["quantity_kg"] if data.quantity_kg is None else data.quantity_kg
    if quantity_kg > view["quantity_kg"]:
        return "more_than_booked", f"Only {view['quantity_kg']} kg of the lot are booked."
    loaded(desk, view["assignment_id"], view, quantity_kg, data.actor)
    return None


def _delivered(desk: Desk, event: Event, view: Doc) -> Refusal | None:
    if view["status"] != "loaded":
        return _wrong_status(view, "loaded")
    delivered(desk, view["assignment_id"], view, _asked(event).actor)
    return None


def _problem(desk: Desk, event: Event, view: Doc) -> Refusal | None:
    data = event.data
    assert isinstance(data, AssignmentReportProblem)
    if view["status"] not in ACTIVE:
        return _wrong_status(view, "active")
    alert = AlertRaised(
        alert_id=f"trip_problem/{view['assignment_id']}",
        subject=view["truck_id"],
        code="trip_problem",
        severity="warning",
        region=view["region"],
        params={
            "assignment_id": view["assignment_id"],
            "kind": data.kind,
            "delay_s": data.delay_s,
            "reason": data.reason,
        },
    )
    desk.say("alert.v1", "alert.raised", alert, f"trip_problem/{event.id}")
    if data.kind in _STOPS_THE_TRUCK:
        halt(desk, view["truck_id"])
    if data.kind in _STOPS_THE_TRUCK and view["status"] != "loaded":
        end(
            desk,
            view["assignment_id"],
            "cancelled",
            reason=data.kind,
            actor=data.actor,
            forbid=True,
        )
    return None


def _asked(event: Event) -> Command:
    assert isinstance(event.data, Command)
    return event.data


_HANDLERS: dict[str, Handler] = {
    "assignment.accept": _accept,
    "assignment.decline": _decline,
    "assignment.cancel": _cancel,
    "assignment.pin": _pin,
    "assignment.report_loaded": _loaded,
    "assignment.report_delivered": _delivered,
    "assignment.report_problem": _problem,
}
