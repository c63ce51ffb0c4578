"""Take in what officers decide about vehicles, and tell whom a checkpoint has to expect."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.desk import Acting, Asking, Deed, Desk, Route
from api.intake import Draft, Receipt, send
from api.problems import Flaw, Problem
from api.sight import is_inside
from api.tokens import Actor
from schemas.assignment import ACTIVE
from schemas.checkpoint import CheckpointQueue, Decision
from schemas.errors import Unavailable
from schemas.model import Fact, Flag, Identifier, Moment, Numeric, ShortText
from schemas.truck import Plate, normal_plate

router = APIRouter(prefix="/v1", tags=["checkpoints"], route_class=Route)


class ClearanceBody(Fact):
    """What an officer decided about one vehicle, named by its id or its plate."""

    decision: Decision
    truck_id: Identifier | None = None
    plate: Plate | None = None
    officer_id: Identifier | None = None
    people_count: Annotated[int, Field(ge=0, le=100), Numeric] | None = None
    transit: Flag | None = None
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


class ExpectedTruck(BaseModel, frozen=True):
    """One truck on a trip past the checkpoint; 80 of 100 come between `eta_low` and `eta_high`."""

    assignment_id: str
    truck_id: str
    plate: str | None
    status: str
    """`proposed` may come to nothing."""
    corridor_id: str | None
    eta: Moment
    eta_low: Moment
    eta_high: Moment


class ExpectedBin(BaseModel, frozen=True):
    """A quarter of an hour: how many of the accepted and loaded trips arrive in it, 80 of 100."""

    start: Moment
    end: Moment
    expected: float
    low: int
    high: int
    proposed: float
    """So many more, if all offers are taken."""
    delay_s: int
    """How long one who arrives in the middle is held up, its own clearance counted."""


class ExpectedArrivals(BaseModel, frozen=True):
    """Whom a checkpoint has to expect, by what is known now."""

    checkpoint_id: str
    as_of: Moment
    hours: int
    queue: CheckpointQueue | None
    assumed: bool
    """Whether the delays rest on what is assumed of checkpoints more than on what was seen."""
    trucks: list[ExpectedTruck]
    bins: list[ExpectedBin]


@router.get(
    "/checkpoints/{checkpoint_id:path}/arrivals",
    summary="Trucks expected at a checkpoint, with ranges, and the delay of who arrives when",
)
async def get_arrivals(
    asking: Asking,
    checkpoint_id: Identifier,
    hours: Annotated[int, Query(ge=1, le=12, description="How far ahead.")] = 2,
) -> ExpectedArrivals:
    """Answer from trips, positions and the queue; for dispatchers and the checkpoint's officers."""
    deed = Deed(asking.desk, asking.actor, "", None)
    deed.only("checkpoint_officer")
    deed.own(f"checkpoint {checkpoint_id}", checkpoint_id)
    raw = await asking.desk.views.get("checkpoint", checkpoint_id)
    if raw is None or not is_inside(asking.actor, orjson.loads(raw)):
        raise Problem("checkpoint_unknown", f"no checkpoint {checkpoint_id!r} is known")
    now = await asking.desk.clock.now()
    told = await _expected(asking.desk, orjson.loads(raw), now, hours, asking.actor)
    return ExpectedArrivals.model_validate(told)


async def _expected(
    desk: Desk, checkpoint: dict[str, Any], now: datetime, hours: int, actor: Actor
) -> dict[str, Any]:
    views = desk.views
    places = await views.entries("checkpoint")
    others = [
        one
        for one in (entry.doc for entry in places.values())
        if one["status"] == "active" and one["place_id"] != checkpoint["place_id"]
    ]
    corridors = await views.entries("corridor")
    widths_m = {name: entry.doc["width_m"] for name, entry in corridors.items()}
    trips = await views.entries("assignment")
    known = [checkpoint, *others]

    def find() -> list[Any]:
        from api.expected import passing  # noqa: PLC0415 - heavy

        docs = (entry.doc for entry in trips.values())
        active = (doc for doc in docs if doc["status"] in ACTIVE)
        return passing(checkpoint, known, active, widths_m)

    found = await asyncio.to_thread(find)
    ids = sorted({one.trip["truck_id"] for one in found})
    raws = await asyncio.gather(*(views.get("truck", truck_id) for truck_id in ids))
    trucks = {name: orjson.loads(raw) for name, raw in zip(ids, raws, strict=True) if raw}

    def tell() -> dict[str, Any]:
        from api.expected import expected  # noqa: PLC0415 - heavy

        return expected(checkpoint, known, found, trucks, now, hours)

    told = await asyncio.to_thread(tell)
    # all trips are counted, since all stand in the queue; those of other regions are not named
    beyond = {one.trip["assignment_id"] for one in found if not is_inside(actor, one.trip)}
    told["trucks"] = [one for one in told["trucks"] if one["assignment_id"] not in beyond]
    return told


async def _truck_of(deed: Deed, plate: str) -> str | None:
    """Find the truck with a plate; one that is found later is linked by the workers."""
    wanted = normal_plate(plate)
    try:
        trucks = await deed.desk.views.entries("truck")
    except Unavailable:
        return None
    for truck_id, entry in trucks.items():
        if normal_plate(entry.doc.get("plate") or "") == wanted:
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
