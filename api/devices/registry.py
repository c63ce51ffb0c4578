"""Say which tracker rides on which truck."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.audit import chronicle
from api.desk import Acting, Asking, Deed, Route
from api.devices.taking import TRACKERS
from api.problems import Problem
from api.rights import permit, within
from schemas.device import DeviceId, Tracker
from schemas.model import Identifier
from schemas.truck import TruckPositionReported

router = APIRouter(prefix="/v1", tags=["positions"], route_class=Route)

_MAY = ("haulier",)


class TrackerBody(BaseModel):
    """Which tracker rides on which truck."""

    model_config = ConfigDict(frozen=True)

    device_id: DeviceId
    truck_id: Identifier


class TrackerSeen(Tracker):
    """A tracker and what its clock shows."""

    clock_off_s: Annotated[float, Field(examples=[-25_200.0])] = 0.0
    """What is added to its times, in seconds: below 0 where its clock is ahead; 0 where it is
    right or was not heard since the process began."""


class Trackers(BaseModel, frozen=True):
    """All trackers that one may see, in the order of their ids."""

    count: int
    items: list[TrackerSeen]


@router.get("/trackers", summary="All trackers that you may see")
async def list_trackers(asking: Asking, request: Request) -> Trackers:
    """Answer the trackers; a haulier's are those on its own trucks."""
    deed = Deed(asking.desk, asking.actor, "GET /v1/trackers", None, is_patient=False)
    deed.only(*_MAY)
    items = []
    offsets_s = request.app.state.clocks.offsets_s()
    for tracker in asking.desk.kept.every(TRACKERS).values():
        if await _is_own(deed, tracker.truck_id):
            off_s = offsets_s.get(tracker.device_id, 0.0)
            items.append(TrackerSeen(**tracker.model_dump(), clock_off_s=off_s))
    return Trackers(count=len(items), items=items)


@router.post("/trackers", status_code=201, summary="Say on which truck a tracker rides")
async def register_tracker(deed: Acting, body: TrackerBody, response: Response) -> Tracker:
    """Register a tracker, or move it to another truck."""
    deed.only(*_MAY)
    kept = deed.desk.kept
    async with kept.lock(TRACKERS, body.device_id):
        known: Tracker | None = kept.get(TRACKERS, body.device_id)
        for truck_id in {body.truck_id, known.truck_id if known else body.truck_id}:
            await _own(deed, truck_id)
        tracker = known
        if known is None or known.truck_id != body.truck_id:
            tracker = Tracker(
                **body.model_dump(), made_by=deed.actor.name, created_at=datetime.now(UTC)
            )
            await chronicle(
                deed.desk, deed.actor, "tracker.placed", entities=[f"truck/{body.truck_id}"]
            )
            await kept.put(TRACKERS, tracker)
    response.headers["location"] = f"/v1/trackers/{quote(body.device_id, safe='')}"
    assert tracker is not None
    return tracker


@router.delete(
    "/trackers/{device_id:path}", status_code=204, summary="Forget a tracker", response_model=None
)
async def forget_tracker(deed: Acting, device_id: DeviceId) -> Response:
    """Forget on which truck a tracker rides; what it sends is refused from then on."""
    deed.only(*_MAY)
    kept = deed.desk.kept
    async with kept.lock(TRACKERS, device_id):
        known: Tracker | None = kept.get(TRACKERS, device_id)
        if known is None or not await _is_own(deed, known.truck_id):
            raise Problem("not_found", f"no tracker {device_id!r} is known to you")
        about = [f"truck/{known.truck_id}"]
        await chronicle(deed.desk, deed.actor, "tracker.forgotten", entities=about)
        await kept.take_away(TRACKERS, device_id)
    return Response(status_code=204)


async def _own(deed: Deed, truck_id: str) -> None:
    data: Any = TruckPositionReported(truck_id=truck_id, lat=0, lon=0)
    await permit(deed, "truck.position_reported", data)
    await within(deed, [("truck.position_reported", data)])


async def _is_own(deed: Deed, truck_id: str) -> bool:
    try:
        await _own(deed, truck_id)
    except Problem as problem:
        if problem.status in {403, 404, 422}:
            return False
        raise
    return True
