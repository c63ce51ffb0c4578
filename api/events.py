"""Take in CloudEvents from outside and give a receipt for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.cloudevents import BATCH, STRUCTURED, Incoming, read_request
from api.desk import Acting, Deed, Desk, Route
from api.intake import Checked, Receipts, check, write
from api.problems import Flaw, Problem, pointer_to, problem_of
from api.rights import permit
from schemas.errors import Unavailable

_MOST_FLAWS = 50

_EXAMPLE = {
    "specversion": "1.0",
    "id": "gps-68C12345-000017",
    "source": "/gps/provider-7",
    "type": "truck.position_reported",
    "time": "2021-08-24T05:00:00+07:00",
    "data": {"truck_id": "truck-001", "lat": 10.012, "lon": 105.081},
}
_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 512},
        "source": {"type": "string", "format": "uri-reference", "maxLength": 512},
        "type": {"type": "string"},
        "time": {"type": ["string", "null"], "format": "date-time"},
        "data": {"type": "object"},
    },
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            STRUCTURED: {"schema": _EVENT, "example": _EXAMPLE},
            BATCH: {"schema": {"type": "array", "items": _EVENT}, "example": [_EXAMPLE]},
            "application/json": {
                "schema": {"type": "object", "description": "The data; the rest in ce- headers."},
                "example": _EXAMPLE["data"],
            },
        },
    }
}


router = APIRouter(prefix="/v1", tags=["events"], route_class=Route)


@router.post(
    "/events",
    status_code=202,
    openapi_extra=_BODY,
    summary="Report events",
    response_model=Receipts,
)
async def post_events(deed: Acting, request: Request) -> Response:
    """Take one CloudEvent (structured or binary) or a batch; of a batch, all or nothing."""
    events, is_batch = read_request(request.headers, await request.body())
    now = await deed.desk.clock.now()
    try:
        checked = await _all(deed, events, now) if is_batch else [await _one(deed, events[0], now)]
    except Problem as problem:
        deed.desk.metrics.refused.labels(problem.code).inc()
        raise
    receipts = await write(deed, checked) if checked else []
    answer = orjson.dumps({"receipts": receipts})
    return Response(answer, 202, media_type="application/json")


class Direct:
    """Take posts of events past what only other routes need: machines send many.

    Looking for a route and its parameters, and all that may happen to other answers on their way,
    took as long again as the post itself (py-spy).

    Parameters
    ----------
    app
        What answers everything else, and posts with an idempotency key.
    desk
        What the process works with.
    """

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", "/v1/events"):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if "idempotency-key" in request.headers:
            await self._app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        deed = Deed(self._desk, scope["actor"], "POST /v1/events", None)
        try:
            answer = await post_events(deed, request)
        except Unavailable as error:
            raise problem_of(error) from error
        await answer(scope, receive, send)


(_ROUTE,) = router.routes


async def _one(deed: Deed, event: Incoming, now: datetime, part: int = 0) -> Checked:
    checked = check(deed, event, now, part=part)
    await permit(deed, checked.type, checked.data)
    return checked


async def _all(deed: Deed, events: list[Incoming], now: datetime) -> list[Checked]:
    checked: list[Checked] = []
    flaws: list[Flaw] = []
    bad = 0
    deed = replace(deed, is_patient=False)
    for index, event in enumerate(events):
        try:
            checked.append(await _one(deed, event, now, index))
        except Problem as problem:
            if problem.status == 503:
                raise
            bad += 1
            whole = Flaw(pointer=pointer_to(index), message=problem.detail, code=problem.code)
            flaws.extend(problem.errors or [whole])
    if bad:
        detail = f"{bad} of {len(events)} events cannot be taken; nothing was written"
        raise Problem("batch_refused", detail, errors=flaws[:_MOST_FLAWS])
    return checked
