"""Say who may report which event, and of what: one rule for each noun."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson

from api.desk import Deed
from api.problems import Problem
from api.sight import Sight
from schemas.assignment import Command
from schemas.checkpoint import OfficersWord
from schemas.lot import LotDeclared
from schemas.model import Fact
from schemas.topics import POSTABLE, TOPIC_OF_TYPE

_REPORTS = frozenset(
    {"assignment.report_loaded", "assignment.report_delivered", "assignment.report_problem"}
)


def _types(topic: str) -> frozenset[str]:
    return frozenset(kind for kind in POSTABLE if TOPIC_OF_TYPE[kind].name == topic)


MAY_POST: dict[str, frozenset[str]] = {
    "dispatcher": POSTABLE,
    "administrator": POSTABLE,
    "haulier": _REPORTS
    | {
        "assignment.accept",
        "assignment.decline",
        "truck.position_reported",
        "truck.status_changed",
    },
    "driver": _REPORTS | {"truck.position_reported"},
    "checkpoint_officer": _types("checkpoint.clearance.v1"),
    "lot_declarer": _types("harvest.lot.v1"),
    "port_operator": _types("port.slot.v1"),
    "observer": frozenset(),
}
"""Which event types each role may report, of its own."""


async def permit(deed: Deed, event_type: str, data: Fact) -> None:
    """Refuse an event that is not the actor's to report.

    Parameters
    ----------
    deed
        Who reports.
    event_type, data
        What is reported.

    Raises
    ------
    Problem
        `forbidden`, `not_yours`, or that the thing it is about is not known.
    Unavailable
        The right depends on the views, and they do not answer.
    """
    if event_type not in MAY_POST[deed.actor.role]:
        raise Problem("forbidden", f"{deed.actor.role} may not report {event_type}")
    if not deed.is_wide:
        await _RULES[TOPIC_OF_TYPE[event_type].name](deed, data)


async def _own_truck(deed: Deed, data: Fact) -> None:
    truck_id = getattr(data, "truck_id", "")
    truck = await deed.known("truck", truck_id) or {}
    owner = "driver_id" if deed.actor.role == "driver" else "haulier_id"
    deed.own(f"truck {truck_id}", truck.get(owner))


async def _own_checkpoint(deed: Deed, data: Fact) -> None:
    assert isinstance(data, OfficersWord)
    deed.own(f"checkpoint {data.checkpoint_id}", data.checkpoint_id)


async def _own_facility(deed: Deed, data: Fact) -> None:
    facility_id = getattr(data, "facility_id", None)
    deed.own(f"facility {facility_id}", facility_id)


async def _own_lot(deed: Deed, data: Fact) -> None:
    lot_id = str(getattr(data, "lot_id", ""))
    if isinstance(data, LotDeclared):
        if data.declarer_id != deed.actor.subject:
            deed.own(f"the declarer_id of lot {lot_id}", data.declarer_id)
        raw = await deed.desk.views.get("lot", lot_id)
        lot = orjson.loads(raw) if raw else {"declarer_id": deed.actor.subject}
    else:
        lot = await deed.known("lot", lot_id) or {}
    if lot.get("declarer_id") != deed.actor.subject:
        deed.own(f"lot {lot_id}", lot.get("declarer_id"))


async def _own_assignment(deed: Deed, data: Fact) -> None:
    assert isinstance(data, Command)
    if data.actor is not None and data.actor != deed.actor.name:
        raise Problem("not_yours", f"the actor of this command must be {deed.actor.name}")
    assignment = await deed.known("assignment", data.assignment_id) or {}
    await own_assignment(deed, data.assignment_id, assignment)


async def own_assignment(deed: Deed, assignment_id: str, assignment: dict[str, str | None]) -> None:
    """Refuse an assignment that is not the actor's own.

    Parameters
    ----------
    deed
        Who acts.
    assignment_id
        Its id.
    assignment
        Its state.

    Raises
    ------
    Problem
        `not_yours`.
    """
    if deed.is_wide:
        return
    if deed.actor.role == "driver":
        truck = await deed.known("truck", str(assignment.get("truck_id"))) or {}
        deed.own(f"assignment {assignment_id}", truck.get("driver_id"))
        return
    if Sight(deed.actor).show("assignment", assignment_id, dict(assignment)) is None:
        deed.own(f"assignment {assignment_id}", assignment.get("haulier_id"))


_RULES: dict[str, Callable[[Deed, Fact], Awaitable[None]]] = {
    "truck.registry.v1": _own_truck,
    "truck.position.v1": _own_truck,
    "checkpoint.clearance.v1": _own_checkpoint,
    "port.slot.v1": _own_facility,
    "harvest.lot.v1": _own_lot,
    "dispatch.command.v1": _own_assignment,
}
