"""Take positions from gateways: one, a batch, or a stream of lines."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.desk import Acting, Deed, Route
from api.devices.fix import Fix, read_fix
from api.devices.lines import read_lines
from api.devices.taking import Taken, Taker
from api.intake import Checked, Receipt, write
from api.problems import Flaw, Problem, pointer_to
from api.tokens import Actor

router = APIRouter(prefix="/v1", tags=["positions"], route_class=Route)

LINES = "application/x-ndjson"
_MOST_FLAWS = 50
_RESTS_S = (0.1, 0.2, 0.5, 1.0, 1.0, 2.0, 2.0)

_EXAMPLE = {
    "truck_id": "truck-001",
    "lat": 10.012,
    "lon": 105.081,
    "time": "2021-08-24T05:00:00+07:00",
    "speed_kph": 43.5,
    "accuracy_m": 8,
}
_FIX: dict[str, Any] = Fix.model_json_schema()


class PositionReceipts(BaseModel, frozen=True):
    """What was written of one position or a batch."""

    receipts: list[Receipt] = []
    """One for each position that was written, in their order."""
    ignored: Annotated[dict[str, int], Field(examples=[{"null_island": 1}])] = {}
    """How many were none, by why: `not_valid`, `null_island`."""


class LinesTaken(BaseModel, frozen=True):
    """What was written of a stream of lines."""

    lines: int
    """How many lines there were, without empty ones."""
    accepted: int
    """How many of them the broker has acknowledged."""
    ignored: dict[str, int] = {}
    """How many were none, by why."""
    refused: int = 0
    errors: list[Flaw] = []
    """The first 50 things wrong; `#/3/lat` is the `lat` of the fourth line."""


@router.post(
    "/positions",
    status_code=202,
    summary="Report positions",
    responses={202: {"model": PositionReceipts | LinesTaken}},
    response_model=None,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"anyOf": [_FIX, {"type": "array", "items": _FIX}]},
                    "example": [_EXAMPLE],
                },
                LINES: {"schema": {"type": "string"}, "example": orjson.dumps(_EXAMPLE).decode()},
            },
        }
    },
)
async def report_positions(deed: Acting, request: Request) -> PositionReceipts | LinesTaken:
    """Write positions; an array is taken whole or not at all, lines each by itself."""
    taker = Taker(deed, request.app.state.clocks)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == LINES:
        return await _lines(deed, taker, request)
    if media != "application/json":
        shown = media[:60] or "nothing"
        raise Problem("media_type", f"send application/json or {LINES}, not {shown}")
    found = await request.json()
    is_batch = isinstance(found, list)
    fixes = [_read(each) for each in (found if is_batch else [found])]
    taken = await taker.take(fixes, await deed.desk.clock.now())
    _note(deed, taken)
    if taken.refused and not is_batch:
        raise taken.refused[0][1]
    if taken.refused:
        flaws = [flaw for index, problem in taken.refused for flaw in placed(index, problem)]
        detail = f"{len(taken.refused)} of {len(fixes)} cannot be taken; nothing was written"
        raise Problem("batch_refused", detail, errors=flaws[:_MOST_FLAWS])
    receipts = await write(deed, taken.checked) if taken.checked else []
    return PositionReceipts(receipts=receipts, ignored=dict(taken.ignored))


async def _lines(deed: Deed, taker: Taker, request: Request) -> LinesTaken:
    """Write lines as they come; each piece is acknowledged before the next is read."""
    lines = accepted = refused = 0
    ignored: Counter[str] = Counter()
    errors: list[Flaw] = []
    try:
        async for piece in read_lines(request.receive):
            _refuse_over(deed.actor)
            fixes = [_read_line(line) for line in piece if line.strip()]
            taken = await taker.take(fixes, await deed.desk.clock.now())
            _note(deed, taken)
            if taken.checked:
                await _write(deed, taken.checked)
            for index, problem in taken.refused:
                if len(errors) < _MOST_FLAWS:
                    errors += placed(lines + index, problem)
            lines += len(fixes)
            accepted += len(taken.checked)
            refused += len(taken.refused)
            ignored += taken.ignored
    except Problem as problem:
        detail = f"{problem.detail}; {accepted} positions before were written: repeat all you like"
        raise Problem(problem.code, detail, errors=problem.errors) from problem
    return LinesTaken(
        lines=lines,
        accepted=accepted,
        ignored=dict(ignored),
        refused=refused,
        errors=errors[:_MOST_FLAWS],
    )


async def _write(deed: Deed, checked: Sequence[Checked]) -> None:
    """Write a piece; while too much waits for Kafka, the sender waits, too."""
    for rest_s in _RESTS_S:
        try:
            await write(deed, checked)
        except Problem as problem:
            if problem.code != "busy":
                raise
            await asyncio.sleep(rest_s)
        else:
            return
    await write(deed, checked)


def placed(index: int, problem: Problem) -> list[Flaw]:
    """Point at what is wrong with one of many.

    Parameters
    ----------
    index
        Which one it is.
    problem
        What is wrong with it, as if it were alone.
    """
    whole = Flaw(pointer="#", message=problem.detail, code=problem.code)
    at = pointer_to(index)
    return [
        flaw.model_copy(update={"pointer": at + flaw.pointer.removeprefix("#")})
        for flaw in problem.errors or (whole,)
    ]


def _note(deed: Deed, taken: Taken) -> None:
    for why, number in taken.ignored.items():
        deed.desk.metrics.ignored.labels(why).inc(number)
    for _, problem in taken.refused:
        deed.desk.metrics.refused.labels(problem.code).inc()


def _read(found: Any) -> Fix | Problem:
    try:
        return read_fix(found)
    except Problem as problem:
        return problem


def _read_line(line: bytes) -> Fix | Problem:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Problem("not_json", f"the line is not JSON: {error}")
    return _read(found)


def _refuse_over(actor: Actor) -> None:
    if time.time() > actor.expires_at:
        raise Problem("unauthenticated", "the log-in is over; log in again")
