"""Make a link that lets a driver see and report on one trip."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.audit import chronicle
from api.desk import Acting, Route
from api.problems import Problem
from api.rights import own_assignment
from api.tokens import SESSION_S, make_token
from schemas.assignment import ENDED
from schemas.model import Identifier

router = APIRouter(prefix="/v1", tags=["assignments"], route_class=Route)


class DriverLink(BaseModel, frozen=True):
    """A code that opens one trip for its driver, once."""

    assignment_id: str
    code: str
    link: Annotated[str, Field(examples=["/login#eyJ…"])]
    """The page that takes the code, on this host."""
    expires_in_s: int


@router.post(
    "/assignments/{assignment_id:path}/driver-link",
    status_code=201,
    summary="Make a link for the driver of one trip",
)
async def make_link(deed: Acting, assignment_id: Identifier) -> DriverLink:
    """Answer a one-time code; whoever opens it sees and reports on this trip alone."""
    deed.only("haulier")
    if deed.actor.scopes is not None:
        raise Problem("forbidden", "a key with scopes lets nobody in")
    trip = await deed.known("assignment", assignment_id)
    if trip is None:  # the views are silent, and a dispatcher may act on everything
        raise Problem("views_unavailable", "whose trip this is cannot be looked up now")
    await own_assignment(deed, assignment_id, trip)
    if trip["status"] in ENDED:
        raise Problem("already_decided", f"{assignment_id} is {trip['status']} already")
    await chronicle(
        deed.desk,
        deed.actor,
        "driver_link.made",
        entities=[f"assignment/{assignment_id}", f"truck/{trip['truck_id']}"],
        region=trip.get("region"),
    )
    truck = await deed.desk.views.find("truck", str(trip["truck_id"])) or {}
    code = make_token(
        deed.desk.config.secret,
        "driver",
        truck.get("driver_id"),
        use="login",
        ttl_s=SESSION_S,
        page="/haulier",
        more={"aid": assignment_id},
    )
    return DriverLink(
        assignment_id=assignment_id, code=code, link=f"/login#{code}", expires_in_s=SESSION_S
    )
