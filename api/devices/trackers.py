"""Take what trackers send in their own forms, and answer so that they neither stop nor repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel

from api.desk import Deed, Route, desk_of
from api.devices.fix import Fix, read_fix
from api.devices.forms import Told, read_client, read_forwarded, read_parameters
from api.devices.taking import Taker
from api.devices.who import recognise_tracker
from api.intake import write
from api.problems import Problem

router = APIRouter(prefix="/v1/devices", tags=["positions"], route_class=Route)

OWN_LOG_IN = frozenset({"/v1/devices/osmand", "/v1/devices/traccar"})
"""Paths whose requests are recognised here, by more ways than everywhere else."""

_FORM = "application/x-www-form-urlencoded"
_MOST_PARAMETERS = 64
_FOR_GOOD = frozenset({"time_ahead"})
"""What a repetition would not mend: a tracker that is told so would send it for ever."""

_QUERY = [
    {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
    for name in ("id", "lat", "lon", "timestamp", "speed", "accuracy", "valid", "location")
]
_CLIENT_EXAMPLE = {
    "location": {
        "timestamp": "2021-08-23T22:00:00.000Z",
        "coords": {"latitude": 10.012, "longitude": 105.081, "accuracy": 8, "speed": 12.1},
    },
    "device_id": "hlk_…",
}
_FORWARD_EXAMPLE = {
    "position": {
        "fixTime": "2021-08-23T22:00:00.000+00:00",
        "valid": True,
        "latitude": 10.012,
        "longitude": 105.081,
        "speed": 23.5,
        "accuracy": 8.0,
    },
    "device": {"uniqueId": "867604050012345"},
}


class TrackerAnswer(BaseModel, frozen=True):
    """What became of a tracker's fixes."""

    accepted: int
    """How many the broker has acknowledged."""
    ignored: dict[str, int] = {}
    """How many were none, by why; there is no use in sending them again."""


def _takes(*media: tuple[str, Any]) -> dict[str, Any]:
    content = {name: {"schema": {"type": "object"}, "example": example} for name, example in media}
    return {"requestBody": {"required": False, "content": content}}


@router.get(
    "/osmand",
    summary="Report a position by OsmAnd's protocol",
    openapi_extra={"parameters": _QUERY},
    operation_id="report_by_osmand_query",
)
async def osmand_query(request: Request) -> TrackerAnswer:
    """Write the position that stands in the query: OsmAnd, and Traccar's URL forwarding."""
    return await _take(request, read_parameters(dict(_parameters(request.url.query))), in_url=True)


@router.post(
    "/osmand",
    summary="Report positions by OsmAnd's protocol, as a form or as JSON",
    openapi_extra=_takes(
        (_FORM, {"id": "hlk_…", "lat": "10.012", "lon": "105.081", "timestamp": "1629756000"}),
        ("application/json", _CLIENT_EXAMPLE),
    ),
)
async def osmand(request: Request) -> TrackerAnswer:
    """Write the positions of a form or of Traccar Client's JSON; else of the query."""
    body = await request.body()
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == "application/json" or body.lstrip().startswith(b"{"):  # some say it is a form
        return await _take(request, _json(body, read_client))
    if body.strip() and media not in {_FORM, "text/plain", ""}:
        raise Problem("media_type", f"send {_FORM} or application/json, not {media[:60]}")
    if body.strip():
        text = body.decode("utf-8", "replace")
        return await _take(request, read_parameters(dict(_parameters(text))))
    return await osmand_query(request)


@router.post(
    "/traccar",
    summary="Take what a Traccar server forwards as JSON",
    openapi_extra=_takes(("application/json", _FORWARD_EXAMPLE)),
)
async def traccar(request: Request) -> TrackerAnswer:
    """Write the position of `{position, device}`; the device's `uniqueId` names the tracker."""
    return await _take(request, _json(await request.body(), read_forwarded))


async def _take(request: Request, told: Told, *, in_url: bool = False) -> TrackerAnswer:
    desk = desk_of(request)
    is_name_looked_at = desk.config.device_query_ids or not in_url
    offered = told.device if is_name_looked_at else None
    actor = await recognise_tracker(desk, request.method, request.headers, offered)
    request.scope["actor"] = actor
    deed = Deed(desk, actor, f"{request.method} {request.url.path}", None, is_patient=False)
    device = None if actor.truck_id else told.device
    ignored: Counter[str] = Counter()
    fixes: list[Fix | Problem] = []
    for fields in told.fields:
        if fields is None:
            ignored["no_position"] += 1
        else:
            fixes.append(read_fix(fields | {"device_id": device}))
    taker = Taker(deed, request.app.state.clocks)
    taken = await taker.take(fixes, await desk.clock.now())
    for _, problem in taken.refused:
        desk.metrics.refused.labels(problem.code).inc()
        if problem.code not in _FOR_GOOD:
            raise problem
        ignored[problem.code] += 1
    ignored += taken.ignored
    for why, number in ignored.items():
        desk.metrics.ignored.labels(why).inc(number)
    if taken.checked:
        await write(deed, taken.checked)
    return TrackerAnswer(accepted=len(taken.checked), ignored=dict(ignored))


def _json(body: bytes, read: Callable[[Any], Told]) -> Told:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem("not_json", f"the body is not JSON: {error}") from None
    return read(found)


def _parameters(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise Problem("invalid", f"more than {_MOST_PARAMETERS} parameters") from None
