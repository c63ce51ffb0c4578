"""Say who may report which event, and of what: one rule for each noun."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import orjson

from api.desk import Deed
from api.problems import Problem
from api.sight import Sight, is_inside
from api.tokens import Actor
from schemas.assignment import ENDED, Command
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
    if not deed.is_wide and deed.actor.truck_id is None:  # a device has the one rule of `within`
        await _RULES[TOPIC_OF_TYPE[event_type].name](deed, data)


async def within(deed: Deed, events: Iterable[tuple[str, Fact]]) -> None:
    """Refuse events that a narrowed log-in or key does not reach, before any is written.

    Parameters
    ----------
    deed
        Who reports.
    events
        Each event's type and data.

    Raises
    ------
    Problem
        `forbidden` for a type outside the key's scopes, `not_yours` for another truck than the
        device's, or for something outside the actor's regions.
    Unavailable
        The right depends on the views, and they do not answer.
    """
    actor = deed.actor
    if not actor.is_narrowed:
        return
    regions: dict[tuple[str, str], bool] = {}
    for event_type, data in events:
        if actor.scopes is not None and event_type not in actor.scopes:
            raise Problem("forbidden", f"this key may not report {event_type}")
        if actor.truck_id is not None and getattr(data, "truck_id", None) != actor.truck_id:
            raise Problem("not_yours", f"this device is mounted on truck {actor.truck_id}")
        if actor.regions is not None:
            thing = _thing(event_type, data)
            if thing not in regions:
                regions[thing] = await _is_reached(deed, *thing)
            is_said_inside = event_type == "truck.transferred" or is_inside(actor, dict(data))
            if not (regions[thing] and is_said_inside):
                own = ", ".join(sorted(actor.regions)) or "no region"
                raise Problem("not_yours", f"{' '.join(thing)} is not in {own}, which is yours")


def refuse_outside_scopes(actor: Actor, method: str, path: str) -> None:
    """Refuse what a narrowed key was not made for; which events it may report, `within` says.

    Parameters
    ----------
    actor
        Who asks.
    method, path
        What is asked.

    Raises
    ------
    Problem
        `forbidden`.
    """
    if actor.scopes is None or path == "/v1/session":
        return
    if method in {"GET", "HEAD", "OPTIONS"}:
        is_meant = "read" in actor.scopes
    else:
        is_meant = actor.scopes != {"read"} and path.startswith(_WRITTEN)
    if not is_meant:
        raise Problem("forbidden", "this key was not made for that: it has other scopes")


_WRITTEN = tuple(
    f"/v1/{noun}"
    for noun in (
        *("events", "positions", "trucks", "lots", "facilities", "checkpoints", "corridors"),
        *("closures", "assignments", "imports"),
    )
)
"""Where events are written, each of whose types `within` holds against the scopes."""

_KEYED_BY = {
    "truck.registry.v1": ("truck", "truck_id"),
    "truck.position.v1": ("truck", "truck_id"),
    "checkpoint.clearance.v1": ("checkpoint", "checkpoint_id"),
    "harvest.lot.v1": ("lot", "lot_id"),
    "port.slot.v1": ("facility", "facility_id"),
    "road.condition.v1": ("closure", "closure_id"),
    "dispatch.command.v1": ("assignment", "assignment_id"),
    "corridor.lifecycle.v1": ("corridor", "corridor_id"),
}


def _thing(event_type: str, data: Fact) -> tuple[str, str]:
    """Name what an event is about: its kind of view and its id."""
    noun = event_type.partition(".")[0]  # `facility` or `checkpoint` in the register of places
    kind, name = _KEYED_BY.get(TOPIC_OF_TYPE[event_type].name, (noun, "place_id"))
    return kind, str(getattr(data, name, None) or "")


async def _is_reached(deed: Deed, kind: str, entity_id: str) -> bool:
    raw = await deed.desk.views.get(kind, entity_id) if entity_id else None
    return raw is None or is_inside(deed.actor, orjson.loads(raw))


async def _own_truck(deed: Deed, data: Fact) -> None:
    truck_id = getattr(data, "truck_id", "")
    if deed.actor.assignment_id is not None:
        trip = await deed.known("assignment", deed.actor.assignment_id) or {}
        if trip.get("truck_id") != truck_id or trip.get("status") in ENDED:
            raise Problem("not_yours", f"truck {truck_id} is not on your trip, or it is over")
        return
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
    if not is_inside(deed.actor, dict(assignment)):
        raise Problem("assignment_unknown", f"no assignment {assignment_id} is known to you")
    if deed.is_wide:
        return
    if deed.actor.assignment_id is not None:
        if assignment_id != deed.actor.assignment_id:
            raise Problem("not_yours", "this log-in is for another trip")
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
