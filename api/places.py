"""Take in which facilities and checkpoints there are, and what changes of them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.desk import Acting, Deed, Route
from api.intake import Draft, Receipt, send
from api.problems import Problem
from api.registering import Registration, change, found, new_id, register, whole
from schemas.model import Fact, Identifier, Latitude, Longitude, Moment, Numeric, ShortText
from schemas.place import CheckpointRegistered, FacilityRegistered, Gates
from schemas.vocabulary import Product

router = APIRouter(prefix="/v1", tags=["places"], route_class=Route)

_FACILITY: JsonDict = {
    "place_id": "port-cai-cui",
    "kind": "port",
    "name": "Cảng Cái Cui",
    "lat": 9.99,
    "lon": 105.83,
    "gates": ["G1", "G2"],
    "region": "can-tho",
}
_CHECKPOINT: JsonDict = {
    "place_id": "cp-cai-tac",
    "name": "Chốt Cái Tắc",
    "lat": 9.92,
    "lon": 105.73,
    "bays": 2,
    "region": "can-tho",
}


class FacilityBody(FacilityRegistered):
    """A facility to register."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FACILITY]})

    place_id: Identifier | None = None  # type: ignore[assignment]
    """Left out, the answer names one."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class CheckpointBody(CheckpointRegistered):
    """A checkpoint to register."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CHECKPOINT]})

    place_id: Identifier | None = None  # type: ignore[assignment]
    """Left out, the answer names one."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class _PlaceChange(Fact):
    name: ShortText | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    status: Literal["retired"] | None = None
    """`retired`: in use no longer; to use it again, register it anew."""
    reason: ShortText | None = None
    """Why it is retired."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class FacilityChange(_PlaceChange):
    """What changes of a facility; what is left out stays."""

    gates: Gates | None = None
    products: list[Product] | None = None


class CheckpointChange(_PlaceChange):
    """What changes of a checkpoint; what is left out stays."""

    bays: Annotated[int, Field(ge=1, le=100), Numeric] | None = None


class PlaceReceipts(BaseModel, frozen=True):
    """What was written of a facility or checkpoint."""

    place_id: str
    receipts: list[Receipt]


@router.post("/facilities", status_code=202, summary="Register a facility")
async def register_facility(deed: Acting, body: FacilityBody, response: Response) -> PlaceReceipts:
    """Write `facility.registered`; for dispatchers."""
    return await _register(deed, "facility", FacilityRegistered, body, response)


@router.post("/checkpoints", status_code=202, summary="Register a checkpoint")
async def register_checkpoint(
    deed: Acting, body: CheckpointBody, response: Response
) -> PlaceReceipts:
    """Write `checkpoint.registered`; for dispatchers."""
    return await _register(deed, "checkpoint", CheckpointRegistered, body, response)


@router.patch(
    "/facilities/{facility_id:path}", status_code=202, summary="Change or retire a facility"
)
async def change_facility(
    deed: Acting, facility_id: Identifier, body: FacilityChange
) -> PlaceReceipts:
    """Write `facility.updated`, `facility.retired` or both; for dispatchers."""
    return await _change(deed, "facility", facility_id, body)


@router.patch(
    "/checkpoints/{checkpoint_id:path}", status_code=202, summary="Change or retire a checkpoint"
)
async def change_checkpoint(
    deed: Acting, checkpoint_id: Identifier, body: CheckpointChange
) -> PlaceReceipts:
    """Write `checkpoint.updated`, `checkpoint.retired` or both; for dispatchers."""
    return await _change(deed, "checkpoint", checkpoint_id, body)


async def _register(
    deed: Deed,
    kind: Literal["facility", "checkpoint"],
    model: type[Fact],
    body: FacilityBody | CheckpointBody,
    response: Response,
) -> PlaceReceipts:
    deed.only()
    place_id = new_id(deed, kind, body.place_id)
    other = "checkpoint" if kind == "facility" else "facility"
    if await found(deed, other, place_id) is not None:
        raise Problem("already_registered", f"{place_id} is a {other}; give the {kind} another id")
    data = whole(model, {**body.model_dump(mode="json"), "place_id": place_id})
    what = Registration(kind, place_id, f"{kind}.registered", data, body.time)
    return PlaceReceipts(place_id=place_id, receipts=await register(deed, what, response))


async def _change(
    deed: Deed,
    kind: Literal["facility", "checkpoint"],
    place_id: str,
    body: FacilityChange | CheckpointChange,
) -> PlaceReceipts:
    deed.only()
    changes = body.model_dump(mode="json", exclude_none=True, exclude={"time"})
    status = changes.pop("status", None)
    reason = changes.pop("reason", None)
    known = await change(deed, kind, place_id, status=status, changes=changes)
    deed.match(kind, place_id, known)
    drafts = []
    if changes:
        data = {"place_id": place_id, **changes}
        drafts.append(Draft(type=f"{kind}.updated", data=data, time=body.time))
    if status is not None:
        data = {"place_id": place_id, "reason": reason}
        drafts.append(Draft(type=f"{kind}.retired", data=data, time=body.time))
    return PlaceReceipts(place_id=place_id, receipts=await send(deed, drafts))
