"""Learn what trucks, lots, slots and places are like now, and undo what no longer fits.

In: dispatch.inbox.v1 (state.known)
"""

from __future__ import annotations

from schemas.checkpoint import CheckpointKnown
from schemas.dispatch import StateKnown
from schemas.lot import LotState
from schemas.model import Fact
from schemas.place import FacilityState
from schemas.slot import SlotState
from schemas.truck import TruckState
from streams.booking import end, misfit, open_kg, shrink
from streams.desk import Desk
from streams.fold import Doc
from streams.scans import judge_travel
from streams.standing import note_arrival, stood

MODELS: dict[str, tuple[type[Fact], str]] = {
    "truck": (TruckState, "truck_id"),
    "lot": (LotState, "lot_id"),
    "slot": (SlotState, "slot_id"),
    "facility": (FacilityState, "place_id"),
    "checkpoint": (CheckpointKnown, "place_id"),
}
"""What dispatch has to know, and the field that names it."""

_UNLOADED = frozenset({"proposed", "accepted"})


def learn(desk: Desk, data: StateKnown) -> None:
    """Keep a newer state of an entity, and undo the trips that it makes impossible."""
    if data.kind == "scans":
        judge_travel(desk, data.state)
    if data.kind not in MODELS:
        return
    model, id_field = MODELS[data.kind]
    state = model.model_validate(data.state).model_dump(mode="json")
    entity_id = state[id_field]
    before = desk.state(data.kind, entity_id)
    if before is not None and before["version"] >= state["version"]:
        return
    desk.keep(data.kind, entity_id, state=state)
    if data.kind == "truck":
        standing = stood(desk.own("truck", entity_id).get("standing"), state["position"])
        desk.keep("truck", entity_id, standing=standing)
        note_arrival(desk, entity_id, state["position"])
    if data.kind == "lot":
        _fit_lot(desk, entity_id, state)
        waits = open_kg(desk, entity_id) > 0
        desk.keep("lot", entity_id, cause_ms=data.cause_at_ms if waits else None)
    elif data.kind == "truck" and (state["status"] != "available" or not state["registered"]):
        _cancel_unloaded(desk, "truck_id", entity_id, "truck_unavailable")
    elif data.kind == "facility" and state["status"] != "active":
        _cancel_unloaded(desk, "facility_id", entity_id, "facility_retired")


def _cancel_unloaded(desk: Desk, field: str, value: str, reason: str) -> None:
    for assignment_id, _ in _unloaded(desk, field, value):
        end(desk, assignment_id, "cancelled", reason=reason)


def _unloaded(desk: Desk, field: str, value: str) -> list[tuple[str, Doc]]:
    """List the trips of a truck, lot or facility that have not loaded, the oldest first."""
    found = []
    for assignment_id in desk.ids("assignment"):
        view = desk.view("assignment", assignment_id)
        if view is not None and view[field] == value and view["status"] in _UNLOADED:
            found.append((assignment_id, view))
    return sorted(found, key=lambda item: (item[1]["departure"], item[0]))


def _fit_lot(desk: Desk, lot_id: str, state: Doc) -> None:
    """Cancel or shrink what was booked of a lot that has changed, the latest trips first."""
    booked = _unloaded(desk, "lot_id", lot_id)
    for assignment_id, view in booked:
        truck = desk.state("truck", view["truck_id"]) or {}
        reason = misfit(state, truck, view)
        if reason is not None:
            end(desk, assignment_id, "cancelled", reason=reason)
    shares = desk.own("lot", lot_id).get("shares", {})
    excess = sum(share["kg"] for share in shares.values()) - state["quantity_kg"]
    for assignment_id, view in reversed(_unloaded(desk, "lot_id", lot_id)):
        if excess <= 0:
            break
        if excess >= view["quantity_kg"]:
            end(desk, assignment_id, "cancelled", reason="lot_revised")
        else:
            shrink(desk, assignment_id, view, view["quantity_kg"] - excess)
        excess -= view["quantity_kg"]
