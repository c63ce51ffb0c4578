"""Take in when facilities take how many trucks."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.desk import Acting, Route
from api.intake import Draft, Receipt, send
from api.problems import Flaw, Problem
from schemas.model import Fact, Identifier, Moment, ShortText
from schemas.slot import Capacity, slot_key

router = APIRouter(prefix="/v1", tags=["slots"], route_class=Route)


class SlotBody(Fact):
    """A window at a gate."""

    gate_id: Identifier
    window_start: Moment
    window_end: Moment
    capacity_trucks: Capacity | None = None
    """How many trucks it takes; needed unless the slot is closed."""
    status: Literal["open", "closed"] = "open"
    reason: ShortText | None = None
    """Why it is closed."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class SlotReceipts(BaseModel, frozen=True):
    """What was written of a slot."""

    slot_id: str
    receipts: list[Receipt]


@router.post(
    "/facilities/{facility_id:path}/slots",
    status_code=202,
    summary="Open a slot, change its capacity, or close it",
)
async def post_slot(
    deed: Acting, facility_id: Identifier, body: SlotBody, response: Response
) -> SlotReceipts:
    """Write `slot.opened` (again for another capacity) or `slot.closed`."""
    deed.only("port_operator")
    deed.own(f"facility {facility_id}", facility_id)
    if body.status == "open" and body.capacity_trucks is None:
        flaw = Flaw(pointer="#/capacity_trucks", message="Field required", code="missing")
        raise Problem("invalid", "capacity_trucks is needed to open a slot", errors=[flaw])
    facility = await deed.known("facility", facility_id)
    gates = (facility or {}).get("gates") or [body.gate_id]
    if body.gate_id not in gates:
        flaw = Flaw(pointer="#/gate_id", message=f"one of {', '.join(gates)}", code="gate_unknown")
        raise Problem("invalid", f"facility {facility_id} has no such gate", errors=[flaw])
    data = body.model_dump(mode="json", exclude_none=True, exclude={"time", "status"})
    kind = "slot.opened" if body.status == "open" else "slot.closed"
    draft = Draft(type=kind, data={"facility_id": facility_id, **data}, time=body.time)
    receipts = await send(deed, [draft])
    slot_id = slot_key(facility_id, body.gate_id, body.window_start)
    response.headers["location"] = f"/v1/slots/{quote(slot_id, safe='')}"
    return SlotReceipts(slot_id=slot_id, receipts=receipts)
