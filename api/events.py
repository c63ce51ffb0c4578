"""Take in CloudEvents from outside and give a receipt for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.cloudevents import BATCH, STRUCTURED, Incoming, read_request
from api.desk import Acting, Deed, Route, desk_of
from api.intake import Checked, Receipts, check, write
from api.problems import Flaw, Problem, pointer_to
from api.rights import permit

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
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 512},
        "source": {"type": "string", "format": "uri-reference", "maxLength": 512},
        "type": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
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


class _Quick(Route):
    """Pass by the parameters that FastAPI reads where a request has none: machines send many."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Wrap the handler for requests that have a key or a condition."""
        handle = super().get_route_handler()

        async def quick(request: Request) -> Response:
            if _CONDITIONAL.isdisjoint(request.headers):
                deed = Deed(desk_of(request), request.scope["actor"], "POST /v1/events", None)
                return await post_events(deed, request)
            return await handle(request)

        return quick


_CONDITIONAL = frozenset({"idempotency-key", "if-match"})

router = APIRouter(prefix="/v1", tags=["events"], route_class=_Quick)


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
