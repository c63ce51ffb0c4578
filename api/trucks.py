"""Take in which trucks there are, and what changes of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.desk import Acting, Route
from api.intake import Draft, Receipt, send
from api.problems import Problem
from api.registering import Registration, change, new_id, register, whole
from api.rights import permit
from schemas.model import Fact, Identifier, Moment, Place, Region, ShortText
from schemas.truck import Payload, Plate, TruckRegistered, TruckStatus, TruckStatusChanged
from schemas.vocabulary import Temperature, VehicleClass

router = APIRouter(prefix="/v1", tags=["trucks"], route_class=Route)

_EXAMPLE: JsonDict = {
    "truck_id": "truck-901",
    "plate": "68C-123.45",
    "haulier_id": "htx-van-tai-rach-gia",
    "region": "kien-giang",
    "payload_kg": 8000,
    "temperature_classes": ["ambient", "chilled"],
    "home": {"lat": 10.012, "lon": 105.081, "name": "Rạch Giá"},
}


class TruckBody(TruckRegistered):
    """A truck to register."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    truck_id: Identifier | None = None  # type: ignore[assignment]
    """Left out, the answer names one."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class TruckChange(Fact):
    """What changes of a truck; what is left out stays."""

    plate: Plate | None = None
    haulier_id: Identifier | None = None
    vehicle_class: VehicleClass | None = None
    driver_id: Identifier | None = None
    payload_kg: Payload | None = None
    temperature_classes: Annotated[list[Temperature], Field(min_length=1)] | None = None
    home: Place | None = None
    region: Region | None = None
    """Another dispatch region: the truck is transferred."""
    status: TruckStatus | None = None
    """Whether dispatch may give it work from now on; a haulier may change this alone."""
    reason: ShortText | None = None
    """Why its status changes."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class TruckReceipts(BaseModel, frozen=True):
    """What was written of a truck."""

    truck_id: str
    receipts: list[Receipt]


@router.post("/trucks", status_code=202, summary="Register a truck")
async def register_truck(deed: Acting, body: TruckBody, response: Response) -> TruckReceipts:
    """Write `truck.registered`; for dispatchers."""
    deed.only()
    truck_id = new_id(deed, "truck", body.truck_id)
    data = whole(TruckRegistered, {**body.model_dump(mode="json"), "truck_id": truck_id})
    what = Registration("truck", truck_id, "truck.registered", data, body.time)
    return TruckReceipts(truck_id=truck_id, receipts=await register(deed, what, response))


@router.patch(
    "/trucks/{truck_id:path}", status_code=202, summary="Change, transfer, stop or start a truck"
)
async def change_truck(deed: Acting, truck_id: Identifier, body: TruckChange) -> TruckReceipts:
    """Write `truck.updated`, `truck.transferred` and `truck.status_changed` as far as needed."""
    deed.only("haulier")
    changes = body.model_dump(mode="json", exclude_none=True, exclude={"time"})
    status = changes.pop("status", None)
    reason = changes.pop("reason", None)
    if changes and not deed.is_wide:
        raise Problem("forbidden", f"{deed.actor.role} may change status and reason only")
    known = await change(deed, "truck", truck_id, status=status, changes=changes)
    if status is not None:
        said = TruckStatusChanged(truck_id=truck_id, status=status, reason=reason)
        await permit(deed, "truck.status_changed", said)
    deed.match("truck", truck_id, known)
    region = changes.pop("region", None)
    drafts = []
    if changes:
        drafts.append(("truck.updated", changes))
    if region is not None:
        drafts.append(("truck.transferred", {"region": region}))
    if status is not None:
        drafts.append(("truck.status_changed", {"status": status, "reason": reason}))
    written = [
        Draft(type=kind, data={"truck_id": truck_id, **data}, time=body.time)
        for kind, data in drafts
    ]
    return TruckReceipts(truck_id=truck_id, receipts=await send(deed, written))
