"""Take in what officers decide about vehicles."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.desk import Acting, Deed, Route
from api.intake import Draft, Receipt, send
from api.problems import Flaw, Problem
from schemas.checkpoint import Decision
from schemas.errors import Unavailable
from schemas.model import Fact, Identifier, Moment, ShortText
from schemas.truck import Plate, normal_plate

router = APIRouter(prefix="/v1", tags=["checkpoints"], route_class=Route)


class ClearanceBody(Fact):
    """What an officer decided about one vehicle, named by its id or its plate."""

    decision: Decision
    truck_id: Identifier | None = None
    plate: Plate | None = None
    officer_id: Identifier | None = None
    people_count: Annotated[int, Field(ge=0, le=100)] | None = None
    transit: bool | None = None
    reason_code: Annotated[str, Field(max_length=64)] | None = None
    pass_id: Identifier | None = None
    note: ShortText | None = None
    time: Moment | None = None
    """When the officer decided; left out, now."""


class ClearanceReceipts(BaseModel, frozen=True):
    """What was written of a clearance; `truck_id` is null for a vehicle nobody registered."""

    checkpoint_id: str
    truck_id: str | None
    receipts: list[Receipt]


@router.post(
    "/checkpoints/{checkpoint_id:path}/clearances",
    status_code=202,
    summary="Report that a vehicle arrived, was cleared, held or refused",
)
async def post_clearance(
    deed: Acting, checkpoint_id: Identifier, body: ClearanceBody
) -> ClearanceReceipts:
    """Write `checkpoint.DECISION`; a plate is matched with the trucks that are registered."""
    deed.only("checkpoint_officer")
    deed.own(f"checkpoint {checkpoint_id}", checkpoint_id)
    if body.truck_id is None and body.plate is None:
        flaw = Flaw(pointer="#/plate", message="name a truck_id or a plate", code="missing")
        raise Problem("invalid", "the vehicle is not named", errors=[flaw])
    await deed.known("checkpoint", checkpoint_id)
    truck_id = body.truck_id or await _truck_of(deed, body.plate or "")
    if body.truck_id is not None:
        await _refuse_unknown(deed, body.truck_id)
    data = body.model_dump(mode="json", exclude_none=True, exclude={"decision", "time"})
    data |= {"checkpoint_id": checkpoint_id, "truck_id": truck_id}
    draft = Draft(type=f"checkpoint.{body.decision}", data=data, time=body.time)
    return ClearanceReceipts(
        checkpoint_id=checkpoint_id, truck_id=truck_id, receipts=await send(deed, [draft])
    )


async def _truck_of(deed: Deed, plate: str) -> str | None:
    """Find the truck with a plate; one that is found later is linked by the workers."""
    wanted = normal_plate(plate)
    try:
        trucks = await deed.desk.views.every("truck")
    except Unavailable:
        return None
    for truck_id, raw in trucks.items():
        if normal_plate(orjson.loads(raw).get("plate") or "") == wanted:
            return truck_id
    return None


async def _refuse_unknown(deed: Deed, truck_id: str) -> None:
    try:
        known = await deed.desk.views.find("truck", truck_id, wait_s=deed.desk.config.view_wait_s)
    except Unavailable:  # the officer's word counts; an unknown truck ends in the dead letters
        return
    if known is None:
        flaw = Flaw(pointer="#/truck_id", message="not registered", code="truck_unknown")
        detail = f"no truck {truck_id} is registered; send the plate without a truck_id"
        raise Problem("truck_unknown", detail, errors=[flaw])
