"""Tell what closing a road, a checkpoint or a gate would do, and commit it by the same request."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.cloudevents import Incoming
from api.desk import Acting, Deed, Route
from api.intake import Checked, Receipt, check, write
from api.osrm.inquiry import Inquiries
from api.problems import Flaw, Problem, pointer_to
from api.reads import json_answer
from api.rights import permit
from api.sight import those_inside
from routing.whatif.outcome import Consequences
from schemas.model import Fact, Flag, Geometry, Identifier, Moment, Region, ShortText, format_time

if TYPE_CHECKING:
    from routing.roads.network import RoadNetwork
    from routing.whatif.measure import Measure
    from routing.whatif.world import World

router = APIRouter(prefix="/v1", tags=["what-if"], route_class=Route)

_JSON = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


class RoadMeasure(Fact):
    """A closed road or a restricted zone, as `road.closed` and `zone.restricted` take it."""

    kind: Literal["road", "zone"]
    geometry: Geometry
    radius_m: Annotated[float, Field(gt=0, le=50_000, strict=True)] | None = None
    """With a point: closes a circle of this radius instead of the 100 m of a point."""


class CheckpointMeasure(Fact):
    """A checkpoint where no truck passes: the roads within 150 m of it are closed."""

    kind: Literal["checkpoint"]
    checkpoint_id: Identifier


class GateMeasure(Fact):
    """A gate that takes no trucks: its windows that overlap the span are closed."""

    kind: Literal["gate"]
    facility_id: Identifier
    gate_id: Identifier


class Question(Fact):
    """What somebody thinks of; committed only with ``commit``."""

    measure: Annotated[RoadMeasure | CheckpointMeasure | GateMeasure, Field(discriminator="kind")]
    since: Annotated[Moment | None, Field(alias="from")] = None
    """Now, if it is left out."""
    until: Moment | None = None
    """Excluded; open-ended, if it is left out."""
    region: Region | None = None
    """The dispatch region that the closure is said for; that of the nearest place by default."""
    reason: ShortText | None = None
    commit: Flag = False


class EventOut(BaseModel, frozen=True):
    """A CloudEvent that committing posts."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Annotated[str, Field(examples=["road.closed"])]
    time: str
    datacontenttype: Literal["application/json"]
    data: dict[str, Any]


class WhatIf(BaseModel, frozen=True):
    """What a measure would do, and what committing it posts; ``receipts`` once it is committed."""

    consequences: Consequences
    events: list[EventOut]
    receipts: list[Receipt] | None = None


@router.post(
    "/what-if",
    summary="What closing a road, checkpoint or gate would do; commits it where asked to",
    operation_id="what_if",
    response_model=None,
    responses={
        200: {"model": WhatIf, "description": "Nothing was committed."},
        202: {"model": WhatIf, "description": "Committed: each event has its receipt."},
    },
)
async def what_if(deed: Acting, request: Request, question: Question) -> Response:
    """Tell trips, lots, slots and corridors that are hit, and what is lost; for dispatchers."""
    deed.only()
    now = await deed.desk.clock.now()
    _check(question, now, is_keyed=deed.key is not None)
    views = {kind: those_inside(deed.actor, await deed.desk.views.every(kind)) for kind in KINDS}
    inquiries: Inquiries = request.app.state.inquiries
    said, facts = await inquiries.work(lambda network: answer(network, views, now, question))
    events = [_event(deed, *fact, now) for fact in facts]
    body = {"consequences": orjson.Fragment(said), "events": events}
    if not question.commit:
        return json_answer(orjson.dumps(body))
    if not events:
        raise Problem("already_decided", "no open window of that gate overlaps the span")
    receipts = await write(deed, await _checked(deed, events, now))
    body["receipts"] = receipts  # orjson writes dataclasses
    return json_answer(orjson.dumps(body), 202)


KINDS = ("truck", "lot", "slot", "assignment", "corridor", "checkpoint", "facility", "closure")
"""The views that a what-if reads (`routing.whatif.world.KINDS`, which is heavy to import)."""

EventFact = tuple[str, dict[str, Any]]
"""Type and data of an event."""


def answer(
    network: RoadNetwork,
    views: Mapping[str, Mapping[str, bytes]],
    now: datetime,
    question: Question,
) -> tuple[bytes, list[EventFact]]:
    """Return the consequences of a measure as JSON, and the events that commit it.

    Parameters
    ----------
    network
        The roads.
    views
        The states of `KINDS` as the views hold them.
    now
        The stack's time; rules bound to hours are read to the minute.
    question
        The measure.

    Raises
    ------
    Problem
        `checkpoint_unknown`, `facility_unknown`, or `invalid`.
    """
    from routing.roads.errors import RoadError  # noqa: PLC0415 - heavy, as what follows
    from routing.travel import RoadTravel  # noqa: PLC0415
    from routing.whatif.consider import what_if as consider  # noqa: PLC0415
    from routing.whatif.world import read_world  # noqa: PLC0415

    docs = {kind: {key: orjson.loads(raw) for key, raw in views[kind].items()} for kind in KINDS}
    world = read_world(docs, now)
    _check_known(question, world, docs["facility"])
    minute = now.replace(second=0, microsecond=0)
    travel = RoadTravel(network, closures=world.closures, at=minute)
    try:
        measure = measure_of(question, now)
        found = consider(world, measure, travel)
    except RoadError as error:
        field = "checkpoint_id" if question.measure.kind == "checkpoint" else "geometry"
        raise _invalid(str(error), "measure", field) from error
    return orjson.dumps(found, option=_JSON), _facts(question, measure, found, world)


def measure_of(question: Question, now: datetime) -> Measure:
    """Return the measure that a question asks about.

    Parameters
    ----------
    question
        The question.
    now
        When the measure begins where the question does not say.

    Raises
    ------
    RoadError
        If the measure is none.
    """
    from routing.whatif.measure import (  # noqa: PLC0415 - heavy
        ClosedCheckpoint,
        ClosedGate,
        ClosedRoad,
        circle,
    )

    asked, span = question.measure, {"valid_from": question.since or now}
    until = question.until
    if isinstance(asked, CheckpointMeasure):
        return ClosedCheckpoint(checkpoint_id=asked.checkpoint_id, valid_until=until, **span)
    if isinstance(asked, GateMeasure):
        return ClosedGate(
            facility_id=asked.facility_id, gate_id=asked.gate_id, valid_until=until, **span
        )
    geometry = asked.geometry.model_dump(mode="json")
    if asked.radius_m is not None:
        lon, lat = asked.geometry.coordinates[:2]
        geometry = circle(lat, lon, asked.radius_m)
    return ClosedRoad(geometry=geometry, kind=asked.kind, valid_until=until, **span)


def _check(question: Question, now: datetime, *, is_keyed: bool) -> None:
    since = question.since or now
    if question.commit and is_keyed and question.since is None:
        raise _invalid("say from when: repeated later, it would be another measure", "from")
    if question.until is not None and question.until <= max(since, now):
        raise _invalid("must be later than `from`, and than now", "until")
    if question.commit and not (question.reason or "").strip():
        raise _invalid("say why, where it is to be committed", "reason")
    asked = question.measure
    is_point = isinstance(asked, RoadMeasure) and asked.geometry.type == "Point"
    if isinstance(asked, RoadMeasure) and asked.radius_m is not None and not is_point:
        raise _invalid("a radius belongs to a Point", "measure", "radius_m")


def _check_known(question: Question, world: World, facilities: Mapping[str, Any]) -> None:
    asked = question.measure
    if isinstance(asked, CheckpointMeasure) and asked.checkpoint_id not in world.checkpoints:
        raise Problem("checkpoint_unknown", f"no checkpoint {asked.checkpoint_id!r} is in use")
    if isinstance(asked, GateMeasure):
        if asked.facility_id not in world.facilities:
            raise Problem("facility_unknown", f"no facility {asked.facility_id!r} is in use")
        gates = facilities[asked.facility_id].get("gates") or []
        if gates and asked.gate_id not in gates:
            raise _invalid(f"the facility has the gates {', '.join(gates)}", "measure", "gate_id")


def _facts(
    question: Question, measure: Measure, found: Consequences, world: World
) -> list[EventFact]:
    """Return the type and data of each event that commits a measure."""
    from routing.whatif.measure import name_of  # noqa: PLC0415 - heavy

    if found.closed is None:
        return [
            (
                "slot.closed",
                _said(
                    facility_id=slot.facility_id,
                    gate_id=slot.gate_id,
                    window_start=format_time(slot.window_start),
                    window_end=format_time(slot.window_end),
                    reason=question.reason,
                ),
            )
            for slot in found.slots
            if slot.closed
        ]
    data = _said(
        closure_id=name_of(measure),
        region=question.region or world.region_near(found.closed),
        geometry=found.closed,
        valid_from=format_time(found.valid_from),
        valid_until=format_time(found.valid_until) if found.valid_until else None,
        reason=question.reason,
    )
    kind = "zone.restricted" if question.measure.kind == "zone" else "road.closed"
    return [(kind, data)]


def _said(**data: Any) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def _event(deed: Deed, event_type: str, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Write an event, named by its window or closure: a repeat may have fewer of them to say."""
    name = data.get("closure_id") or data["window_start"]
    return {
        "specversion": "1.0",
        "id": deed.event_id(zlib.crc32(name.encode())),
        "source": deed.actor.source,
        "type": event_type,
        "time": format_time(now),
        "datacontenttype": "application/json",
        "data": data,
    }


async def _checked(deed: Deed, events: list[dict[str, Any]], now: datetime) -> list[Checked]:
    """Check the events of a measure as `POST /v1/events` checks a batch."""
    deed, checked = replace(deed, is_patient=False), []
    for index, event in enumerate(events):
        attributes = {name: value for name, value in event.items() if name != "data"}
        one = check(deed, Incoming(attributes, event["data"], (index,)), now, part=index)
        await permit(deed, one.type, one.data)
        checked.append(one)
    return checked


def _invalid(message: str, *where: str) -> Problem:
    flaw = Flaw(pointer=pointer_to(*where), message=message, code="value_error")
    return Problem("invalid", f"{'.'.join(where)}: {message}", errors=[flaw])
