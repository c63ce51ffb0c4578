"""Take in which roads and zones are closed, and what changes of that."""

from __future__ import annotations

from typing import Any, Literal, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.config import JsonDict

from api.desk import Acting, Route
from api.intake import Draft, Receipt, send
from api.registering import Registration, change, new_id, register, whole
from schemas.errors import Unavailable
from schemas.model import Fact, Geometry, Identifier, Moment, Region, ShortText
from schemas.road import RoadClosed, ZoneRestricted

router = APIRouter(prefix="/v1", tags=["closures"], route_class=Route)

_EXAMPLE: JsonDict = {
    "closure_id": "closure-ql61",
    "kind": "road",
    "region": "kien-giang",
    "geometry": {"type": "LineString", "coordinates": [[105.27, 9.73], [105.28, 9.74]]},
    "valid_from": "2021-08-24T05:00:00+07:00",
    "valid_until": "2021-08-25T05:00:00+07:00",
    "reason": "Ngập sâu",
}

_CLOSES: dict[str, tuple[str, type[Fact]]] = {
    "road": ("road.closed", RoadClosed),
    "zone": ("zone.restricted", ZoneRestricted),
}
_LIFTS = {"road": "road.reopened", "zone": "zone.lifted"}


class ClosureBody(Fact):
    """A closed road or a restricted zone."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    closure_id: Identifier | None = None
    """Left out, the answer names one."""
    kind: Literal["road", "zone"] = "road"
    region: Region
    geometry: Geometry
    valid_from: Moment
    valid_until: Moment | None = None
    """Left out, it stands until it is lifted."""
    reason: ShortText | None = None
    time: Moment | None = None
    """When this was decided; left out, now."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("valid_until must be later than valid_from")
        return self


class ClosureChange(Fact):
    """What changes of a closure; what is left out stays, null takes an end or a reason away."""

    geometry: Geometry | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    status: Literal["lifted"] | None = None
    """`lifted`: over; to close it again, post it anew."""
    reason: ShortText | None = None
    """Why it stands, or why it is lifted."""
    time: Moment | None = None
    """When this was decided; left out, now."""


class ClosureReceipts(BaseModel, frozen=True):
    """What was written of a closure."""

    closure_id: str
    receipts: list[Receipt]


@router.post("/closures", status_code=202, summary="Close a road or restrict a zone")
async def post_closure(deed: Acting, body: ClosureBody, response: Response) -> ClosureReceipts:
    """Write `road.closed` or `zone.restricted`; for dispatchers."""
    deed.only()
    closure_id = new_id(deed, "closure", body.closure_id)
    event_type, model = _CLOSES[body.kind]
    data = whole(model, {**body.model_dump(mode="json"), "closure_id": closure_id})
    also = {"kind": body.kind}
    what = Registration("closure", closure_id, event_type, data, body.time, also)
    receipts = await register(deed, what, response)
    return ClosureReceipts(closure_id=closure_id, receipts=receipts)


@router.patch("/closures/{closure_id:path}", status_code=202, summary="Change or lift a closure")
async def change_closure(
    deed: Acting, closure_id: Identifier, body: ClosureChange
) -> ClosureReceipts:
    """Write the closure as it is from now on, that it is lifted, or both; for dispatchers."""
    deed.only()
    changes = body.model_dump(mode="json", exclude_unset=True, exclude={"time"})
    status = changes.pop("status", None)
    reason = changes.pop("reason", None) if status else changes.get("reason")
    known = await change(deed, "closure", closure_id, status=status, changes=changes)
    if known is None:
        raise Unavailable("what stands of the closure cannot be read, so it cannot be changed")
    deed.match("closure", closure_id, known)
    drafts = []
    if changes:
        event_type, model = _CLOSES[known["kind"]]
        data: dict[str, Any] = whole(model, known | changes)
        drafts.append(Draft(type=event_type, data=data, time=body.time))
    if status is not None:
        data = {"closure_id": closure_id, "region": known["region"], "reason": reason}
        drafts.append(Draft(type=_LIFTS[known["kind"]], data=data, time=body.time))
    return ClosureReceipts(closure_id=closure_id, receipts=await send(deed, drafts))
