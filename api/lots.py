"""Take in what declarers say of their lots."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api.desk import Acting, Deed, Route
from api.intake import Draft, Receipt, send
from api.problems import Flaw, Problem
from api.rights import permit
from schemas.lot import Destinations, LotReady, Pickup, Price
from schemas.model import (
    Fact,
    Identifier,
    Kilograms,
    Moment,
    Region,
    ShortText,
    parse_time,
)
from schemas.vocabulary import Product, Temperature

router = APIRouter(prefix="/v1", tags=["lots"], route_class=Route)

Grade = Annotated[str, Field(max_length=64)]


class LotBody(Fact):
    """A lot to declare."""

    lot_id: Identifier | None = None
    """Left out, the answer names one."""
    region: Region
    product: Product
    quantity_kg: Kilograms
    grade: Grade | None = None
    price_vnd_per_kg: Price | None = None
    pickup: Pickup
    ready_from: Moment
    hold_until: Moment
    temperature: Temperature = "ambient"
    destinations: Destinations = Field(default=[])
    declarer_id: Identifier | None = None
    """Only for dispatchers; a declarer's own id stands here by itself."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class LotChange(Fact):
    """What changes of a lot; what is left out stays."""

    quantity_kg: Kilograms | None = None
    grade: Grade | None = None
    price_vnd_per_kg: Price | None = None
    ready_from: Moment | None = None
    hold_until: Moment | None = None
    temperature: Temperature | None = None
    destinations: Destinations | None = None
    status: Literal["ready", "withdrawn"] | None = None
    """`ready`: may be loaded from now; `withdrawn`: needs no truck any more."""
    reason: ShortText | None = None
    """Why it is withdrawn."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class LotReceipts(BaseModel, frozen=True):
    """What was written of a lot."""

    lot_id: str
    receipts: list[Receipt]


@router.post("/lots", status_code=202, summary="Declare a lot")
async def declare_lot(deed: Acting, body: LotBody, response: Response) -> LotReceipts:
    """Write `lot.declared`; the lot can be read a moment later."""
    deed.only("lot_declarer")
    lot_id = body.lot_id or f"lot-{deed.event_id()[-12:]}"
    declarer_id = body.declarer_id if deed.is_wide else deed.actor.subject
    data = _json(body) | {"lot_id": lot_id, "declarer_id": declarer_id}
    if body.lot_id is not None and not deed.is_wide:
        await _refuse_taken(deed, lot_id)
    receipts = await send(deed, [Draft(type="lot.declared", data=data, time=body.time)])
    response.headers["location"] = f"/v1/lots/{quote(lot_id, safe='')}"
    return LotReceipts(lot_id=lot_id, receipts=receipts)


@router.patch("/lots/{lot_id:path}", status_code=202, summary="Change, ready or withdraw a lot")
async def change_lot(deed: Acting, lot_id: Identifier, body: LotChange) -> LotReceipts:
    """Write `lot.revised`, `lot.ready` or `lot.withdrawn`, or the first and one of the others."""
    deed.only("lot_declarer")
    changes = _json(body)
    status = changes.pop("status", None)
    reason = changes.pop("reason", None)
    if not changes and status is None:
        flaw = Flaw(pointer="#", message="name a field or a status", code="missing")
        raise Problem("invalid", "nothing is to change", errors=[flaw])
    await permit(deed, "lot.ready", LotReady(lot_id=lot_id))
    lot = await deed.known("lot", lot_id)
    deed.match("lot", lot_id, lot)
    if lot is not None and lot.get("status") == "withdrawn" and status != "withdrawn":
        raise Problem("lot_withdrawn", f"lot {lot_id} was withdrawn; declare a new one")
    _refuse_unholdable((lot or {}) | changes)
    drafts = []
    if changes:
        data = {"lot_id": lot_id, **changes}
        drafts.append(Draft(type="lot.revised", data=data, time=body.time))
    if status is not None:
        data = {"lot_id": lot_id} | ({"reason": reason} if status == "withdrawn" else {})
        drafts.append(Draft(type=f"lot.{status}", data=data, time=body.time))
    return LotReceipts(lot_id=lot_id, receipts=await send(deed, drafts))


async def _refuse_taken(deed: Deed, lot_id: str) -> None:
    lot = await deed.desk.views.find("lot", lot_id)
    if lot is not None and lot.get("declarer_id") != deed.actor.subject:
        deed.own(f"lot {lot_id}", lot.get("declarer_id"))


def _refuse_unholdable(lot: dict[str, Any]) -> None:
    ready, hold = lot.get("ready_from"), lot.get("hold_until")
    if ready and hold and parse_time(hold) <= parse_time(ready):
        message = f"must be later than ready_from, {ready}"
        flaw = Flaw(pointer="#/hold_until", message=message, code="value_error")
        raise Problem("invalid", f"hold_until {message}", errors=[flaw])


def _json(body: Fact) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude_none=True, exclude={"time"})
