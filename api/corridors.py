"""Take in which corridors are open, and what changes of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.desk import Acting, Deed, Route
from api.intake import Draft, Receipt, send
from api.problems import Flaw, Problem
from api.registering import Registration, change, inside, new_id, refuse_unknown, register, whole
from schemas.corridor import LINES, CorridorHours, CorridorKind, CorridorOpened
from schemas.errors import Unavailable
from schemas.model import Fact, Geometry, Identifier, Moment, Region, ShortText

router = APIRouter(prefix="/v1", tags=["corridors"], route_class=Route)

_EXAMPLE: JsonDict = {
    "corridor_id": "corridor-tac-cau-can-tho",
    "kind": "shuttle",
    "region": "kien-giang",
    "facilities": ["port-tac-cau", "port-can-tho"],
    "geometry": {"type": "LineString", "coordinates": [[105.135, 9.889], [105.788, 10.037]]},
    "width_m": 200.0,
    "hours": {"start": "05:00", "end": "20:00"},
    "valid_from": "2021-08-24T05:00:00+07:00",
}

_NAMES = {
    "facilities": ("facility",),
    "checkpoints": ("checkpoint",),
    "allowed_stops": ("facility", "checkpoint"),
    "roster": ("truck",),
}


class CorridorBody(CorridorOpened):
    """A corridor to open."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    corridor_id: Identifier | None = None  # type: ignore[assignment]
    """Left out, the answer names one."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class CorridorChange(Fact):
    """What changes of a corridor; what is left out stays, null takes a thing away."""

    kind: CorridorKind | None = None
    name: ShortText | None = None
    region: Region | None = None
    facilities: Annotated[list[Identifier], Field(min_length=2, max_length=3)] | None = None
    geometry: Geometry | None = None
    width_m: Annotated[float, Field(gt=0, le=10_000, strict=True)] | None = None
    checkpoints: list[Identifier] | None = None
    allowed_stops: list[Identifier] | None = None
    roster: list[Identifier] | None = None
    hours: CorridorHours | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    status: Literal["closed"] | None = None
    """`closed`: used no longer; to use it again, open it anew."""
    reason: ShortText | None = None
    """Why it is closed."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class CorridorReceipts(BaseModel, frozen=True):
    """What was written of a corridor."""

    corridor_id: str
    receipts: list[Receipt]


@router.post("/corridors", status_code=202, summary="Open a corridor")
async def open_corridor(deed: Acting, body: CorridorBody, response: Response) -> CorridorReceipts:
    """Write `corridor.opened`; for dispatchers."""
    deed.only()
    corridor_id = new_id(deed, "corridor", body.corridor_id)
    data = whole(CorridorOpened, {**body.model_dump(mode="json"), "corridor_id": corridor_id})
    await _refuse_unusable(deed, data, data)
    what = Registration("corridor", corridor_id, "corridor.opened", data, body.time)
    receipts = await register(deed, what, response)
    return CorridorReceipts(corridor_id=corridor_id, receipts=receipts)


@router.patch(
    "/corridors/{corridor_id:path}", status_code=202, summary="Change or close a corridor"
)
async def change_corridor(
    deed: Acting, corridor_id: Identifier, body: CorridorChange
) -> CorridorReceipts:
    """Write `corridor.opened` as it is from now on, `corridor.closed`, or both."""
    deed.only()
    changes = body.model_dump(mode="json", exclude_unset=True, exclude={"time"})
    status = changes.pop("status", None)
    reason = changes.pop("reason", None)
    known = await change(deed, "corridor", corridor_id, status=status, changes=changes)
    deed.match("corridor", corridor_id, known)
    drafts = []
    if changes:
        if known is None:
            raise Unavailable("what stands of the corridor cannot be read, so it cannot be changed")
        data = whole(CorridorOpened, known | changes)
        inside(deed, "the region", data["region"])
        await _refuse_unusable(deed, data, changes)
        drafts.append(Draft(type="corridor.opened", data=data, time=body.time))
    if status is not None:
        data = {"corridor_id": corridor_id, "reason": reason}
        drafts.append(Draft(type="corridor.closed", data=data, time=body.time))
    return CorridorReceipts(corridor_id=corridor_id, receipts=await send(deed, drafts))


async def _refuse_unusable(deed: Deed, data: dict[str, Any], named: dict[str, Any]) -> None:
    """Refuse what no truck could be watched on, and new names of what nobody knows."""
    if data["geometry"]["type"] not in LINES:
        message = "a corridor runs along a LineString or a MultiLineString"
        flaw = Flaw(pointer="#/geometry/type", message=message, code="not_a_line")
        raise Problem("invalid", message, errors=[flaw])
    for field, kinds in _NAMES.items():
        if field in named:
            await refuse_unknown(deed, field, kinds, data[field])
