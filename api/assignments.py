"""Take in what people ask of assignments, and tell what became of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api.desk import Acting, Asking, Deed, Route
from api.intake import Draft, Receipt, send
from api.problems import Flaw, Problem
from api.reads import json_answer, look_at
from api.rights import own_assignment
from schemas.assignment import ENDED
from schemas.errors import Unavailable
from schemas.model import Fact, Flag, Identifier, Kilograms, Numeric, ShortText

router = APIRouter(prefix="/v1", tags=["assignments"], route_class=Route)

_TOO_LATE: dict[str, frozenset[str]] = {
    "assignment.accept": ENDED | {"accepted", "loaded"},
    "assignment.decline": ENDED | {"loaded"},
    "assignment.report_loaded": ENDED | {"loaded"},
}
"""Statuses after which a command cannot succeed; views may be behind, so none before them."""


class Why(Fact):
    """A command with nothing but a reason."""

    reason: ShortText | None = None


class Pin(Why):
    """Whether the planner may change the assignment."""

    pinned: Flag = True


class Override(Why):
    """Another truck, another slot, or both."""

    truck_id: Identifier | None = None
    slot_id: Identifier | None = None


class Loaded(Why):
    """How much was loaded, where it differs from the plan."""

    quantity_kg: Kilograms | None = None


class Obstacle(Why):
    """What the driver meets."""

    kind: Annotated[str, Field(max_length=64)] = "other"
    delay_s: Annotated[int, Field(ge=0, le=172_800), Numeric] | None = None


class Sent(BaseModel, frozen=True):
    """A command that was written; its outcome stands at `/v1/commands/{command_id}`."""

    command_id: str
    assignment_id: str
    command: Annotated[str, Field(examples=["assignment.accept"])]
    status: Literal["pending"] = "pending"
    receipts: list[Receipt]


class CommandAnswer(BaseModel, frozen=True):
    """What became of a command."""

    command_id: str
    assignment_id: str
    command: str
    status: Literal["pending", "done", "refused"]
    reason: str | None = None
    detail: str | None = None


_HAULAGE = ("haulier", "driver")


@router.post("/assignments/{assignment_id:path}/accept", status_code=202, summary="Accept an offer")
async def accept(
    deed: Acting, assignment_id: Identifier, response: Response, body: Why | None = None
) -> Sent:
    """Take the offer; for its haulier."""
    deed.only("haulier")
    return await _command(deed, assignment_id, "assignment.accept", body, response)


@router.post(
    "/assignments/{assignment_id:path}/decline", status_code=202, summary="Decline an offer"
)
async def decline(
    deed: Acting, assignment_id: Identifier, response: Response, body: Why | None = None
) -> Sent:
    """Do not take the offer; for its haulier."""
    deed.only("haulier")
    return await _command(deed, assignment_id, "assignment.decline", body, response)


@router.post("/assignments/{assignment_id:path}/cancel", status_code=202, summary="Call it off")
async def cancel(
    deed: Acting, assignment_id: Identifier, response: Response, body: Why | None = None
) -> Sent:
    """Call the assignment off; for dispatchers."""
    deed.only()
    return await _command(deed, assignment_id, "assignment.cancel", body, response)


@router.post("/assignments/{assignment_id:path}/pin", status_code=202, summary="Pin or unpin it")
async def pin(
    deed: Acting, assignment_id: Identifier, response: Response, body: Pin | None = None
) -> Sent:
    """Forbid the planner to change the assignment, or allow it again; for dispatchers."""
    deed.only()
    return await _command(deed, assignment_id, "assignment.pin", body, response)


@router.post(
    "/assignments/{assignment_id:path}/override", status_code=202, summary="Choose truck or slot"
)
async def override(
    deed: Acting, assignment_id: Identifier, response: Response, body: Override
) -> Sent:
    """Give the consignment to another truck or slot, by the same rules; for dispatchers."""
    deed.only()
    if body.truck_id is None and body.slot_id is None:
        flaw = Flaw(pointer="#", message="name a truck_id or a slot_id", code="missing")
        raise Problem("invalid", "neither a truck nor a slot is named", errors=[flaw])
    return await _command(deed, assignment_id, "assignment.override", body, response)


@router.post("/assignments/{assignment_id:path}/loaded", status_code=202, summary="Report loaded")
async def loaded(
    deed: Acting, assignment_id: Identifier, response: Response, body: Loaded | None = None
) -> Sent:
    """Report that the truck has the consignment; for its driver or haulier."""
    deed.only(*_HAULAGE)
    return await _command(deed, assignment_id, "assignment.report_loaded", body, response)


@router.post(
    "/assignments/{assignment_id:path}/delivered", status_code=202, summary="Report delivered"
)
async def delivered(
    deed: Acting, assignment_id: Identifier, response: Response, body: Why | None = None
) -> Sent:
    """Report that the consignment is at its facility; for its driver or haulier."""
    deed.only(*_HAULAGE)
    return await _command(deed, assignment_id, "assignment.report_delivered", body, response)


@router.post(
    "/assignments/{assignment_id:path}/problem", status_code=202, summary="Report a problem"
)
async def problem(
    deed: Acting, assignment_id: Identifier, response: Response, body: Obstacle | None = None
) -> Sent:
    """Report an obstacle on the way; for its driver or haulier."""
    deed.only(*_HAULAGE)
    return await _command(deed, assignment_id, "assignment.report_problem", body, response)


@router.get(
    "/commands/{command_id:path}",
    summary="What became of a command",
    responses={200: {"model": CommandAnswer}},
    response_model=None,
)
async def command(asking: Asking, command_id: str) -> Response:
    """Answer `pending` until dispatch has decided, then `done` or `refused` with a reason."""
    views = asking.desk.views
    entry = (await views.mirror.fresh()).shelf("command").get(command_id)
    if entry is None:
        pending = await views.pending_command(command_id) or {}
        issuer = pending.pop("actor", None)
        if issuer is not None and (asking.sight.is_whole or issuer == asking.actor.name):
            answer = json_answer(orjson.dumps(pending))
            answer.headers["retry-after"] = "1"
            return answer
    else:
        seen = await look_at(views, asking.sight, "command", command_id, entry)
        if seen is not None:
            return json_answer(seen)
    raise Problem("command_unknown", f"no command {command_id[:140]!r} is known to you")


async def _command(
    deed: Deed, assignment_id: str, event_type: str, body: Why | None, response: Response
) -> Sent:
    assignment = await _assignment(deed, assignment_id)
    command_id = deed.event_id()
    if not await _is_repeated(deed, command_id):
        deed.match("assignment", assignment_id, assignment)
        _refuse_too_late(assignment_id, assignment["status"], event_type)
    data = body.model_dump(mode="json", exclude_none=True) if body else {}
    data |= {
        "assignment_id": assignment_id,
        "region": assignment["region"],
        "actor": deed.actor.name,
    }
    if deed.versions is not None and len(deed.versions) == 1:
        data["expected_version"] = min(deed.versions)
    receipts = await send(deed, [Draft(type=event_type, data=data)])
    sent = Sent(
        command_id=receipts[0].id,
        assignment_id=assignment_id,
        command=event_type,
        receipts=receipts,
    )
    await _remember(deed, sent)
    response.headers["location"] = f"/v1/commands/{sent.command_id}"
    return sent


async def _assignment(deed: Deed, assignment_id: str) -> dict[str, Any]:
    wait_s = deed.desk.config.view_wait_s
    assignment = await deed.desk.views.find("assignment", assignment_id, wait_s=wait_s)
    if assignment is None:
        raise Problem("assignment_unknown", f"no assignment {assignment_id} is known")
    await own_assignment(deed, assignment_id, assignment)
    return assignment


async def _is_repeated(deed: Deed, command_id: str) -> bool:
    """Tell whether this very command was sent before: its first answer may have been lost."""
    if deed.key is None:
        return False
    views = deed.desk.views
    if await views.get("command", command_id) is not None:
        return True
    return await views.pending_command(command_id) is not None


def _refuse_too_late(assignment_id: str, status: str, event_type: str) -> None:
    if status in _TOO_LATE.get(event_type, ENDED):
        verb = event_type.partition(".")[2]
        detail = f"{assignment_id} is {status} already; {verb} is no longer possible"
        raise Problem("already_decided", detail)


async def _remember(deed: Deed, sent: Sent) -> None:
    doc = {
        "command_id": sent.command_id,
        "assignment_id": sent.assignment_id,
        "command": sent.command,
        "status": "pending",
        "reason": None,
        "detail": None,
        "actor": deed.actor.name,
    }
    try:
        await deed.desk.views.remember_command(sent.command_id, doc)
    except Unavailable:  # it was written all the same; only "pending" cannot be told
        return
