"""Check events before they are written, write them, and give receipts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from api.audit import chronicle_events
from api.cloudevents import Incoming
from api.desk import Deed
from api.problems import Flaw, Problem
from api.rights import within
from schemas.envelope import (
    FUTURE_LIMIT,
    Record,
    encode,
    read_data,
    refuse_future,
    validate,
)
from schemas.errors import MalformedEvent, RefusedEvent
from schemas.model import Fact, parse_time
from schemas.topics import POSTABLE, TOPIC_OF_TYPE, Topic

_MOST_CHARACTERS = 512
_MOST_EXTENSIONS = 16
_EXTENSION = re.compile(r"[a-z0-9]{1,20}", re.ASCII)
_PLAIN = frozenset({"id", "source", "specversion", "type", "time", "datacontenttype"})
_RESERVED = ("/streams", "/api/", "/planner", "/infra")
"""Sources in whose name only the system's own parts speak."""


_REASONED = frozenset({"assignment.override"})
"""Types that nobody may report without saying why: they set aside what the rules had decided."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the broker acknowledged of one event."""

    id: Annotated[str, Field(examples=["9d2f3c1e-6a0b-5c7e-8f61-0d6f1f6b9a52"])]
    source: Annotated[str, Field(examples=["/api/lot_declarer/htx-go-quao"])]
    type: Annotated[str, Field(examples=["lot.declared"])]
    status: Literal["accepted"]
    topic: Annotated[str, Field(examples=["harvest.lot.v1"])]
    partition: int
    offset: int


class Receipts(BaseModel, frozen=True):
    """One receipt for each event, in their order."""

    receipts: list[Receipt]


class Checked(NamedTuple):
    """One event that may be written."""

    record: Record
    type: str
    id: str
    source: str
    data: Fact


class Draft(BaseModel, frozen=True, arbitrary_types_allowed=True):
    """One event that a route makes of a request.

    Attributes
    ----------
    type
        Its type.
    data
        Its data as it came from the body, with what the path adds.
    time
        When it happened; None for now.
    event_id
        Its id where the request decides that; None for one by the idempotency key.
    """

    type: str
    data: dict[str, Any]
    time: datetime | None = None
    event_id: str | None = None


async def send(deed: Deed, drafts: Sequence[Draft]) -> list[Receipt]:
    """Check and write the events of one request, in the actor's name.

    Parameters
    ----------
    deed
        Who writes.
    drafts
        The events, all or none of which are written.

    Raises
    ------
    Problem
        `invalid` with what is wrong, `time_ahead`, or `broker_unavailable`.
    """
    now = await deed.desk.clock.now()
    checked = [_made(deed, part, draft, now) for part, draft in enumerate(drafts)]
    return await write(deed, checked)


async def write(deed: Deed, checked: Sequence[Checked]) -> list[Receipt]:
    """Write events that were checked; return once the broker has acknowledged all of them.

    What is decided, not measured, is written to the audit log first.

    Parameters
    ----------
    deed
        Who writes.
    checked
        The events.

    Raises
    ------
    Problem
        As by `api.rights.within`, and `broker_unavailable`.
    """
    await within(deed, [(each.type, each.data) for each in checked])
    await chronicle_events(deed.desk, deed.actor, checked)
    written = await deed.desk.broker.publish([each.record for each in checked])
    for event_type, count in Counter(each.type for each in checked).items():
        deed.desk.metrics.events.labels(event_type).inc(count)
    return [
        Receipt(each.id, each.source, each.type, "accepted", *where)
        for each, where in zip(checked, written, strict=True)
    ]


def check(deed: Deed, event: Incoming, now: datetime, *, part: int = 0) -> Checked:
    """Check one event that came from outside, all but whose it is.

    Parameters
    ----------
    deed
        Who brings it.
    event
        The event as it came.
    now
        What the stack's clock shows.
    part
        Which event of its request it is.

    Raises
    ------
    Problem
        With a code that says what kind of thing is wrong, and every flaw by its pointer.
    """
    topic = _topic(event)
    event_type = event.attributes["type"]
    if event.attributes.get("specversion") != "1.0":
        raise _flaw(event, "specversion", "must be 1.0")
    event_id = event.attributes.get("id", deed.event_id(part) if deed.key else None)
    event_id = _text(event, "id", event_id)
    source = _text(event, "source", event.attributes.get("source"))
    _refuse_reserved(deed, event, source)
    time = _time(event, now)
    media = event.attributes.get("datacontenttype", "application/json")
    if media not in ("application/json", "application/json; charset=utf-8"):
        raise _flaw(event, "datacontenttype", "must be application/json")
    data = _data(event, topic, event_type)
    record = encode(
        topic.name,
        event_type,
        data,
        event_id=event_id,
        source=source,
        time=time,
        extra=_extensions(event),
    )
    return _finished(event, record, event_type, event_id, source)


def _made(deed: Deed, part: int, draft: Draft, now: datetime) -> Checked:
    attributes = {
        "specversion": "1.0",
        "type": draft.type,
        "source": deed.actor.source,
        "id": draft.event_id or deed.event_id(part),
    }
    event = Incoming(attributes, draft.data, None)  # the body is the data
    time = draft.time or now
    if time > now + FUTURE_LIMIT:
        flaw = Flaw(pointer="#/time", message="more than 24 h ahead", code="time_ahead")
        raise Problem("time_ahead", "the time is more than 24 h ahead of the clock", errors=[flaw])
    topic = TOPIC_OF_TYPE[draft.type]
    record = encode(
        topic.name,
        draft.type,
        _data(event, topic, draft.type),
        event_id=attributes["id"],
        source=attributes["source"],
        time=time,
    )
    return _finished(event, record, draft.type, attributes["id"], attributes["source"])


def _finished(
    event: Incoming, record: Record, event_type: str, event_id: str, source: str
) -> Checked:
    """Read the data again as every worker will: what they could not read is never written.

    The attributes were checked as strictly as workers check them, and are written as they were.
    """
    try:
        read = read_data(record.topic, event_type, record.key, record.value)
    except MalformedEvent as error:
        raise _flaw(event, "data", str(error)) from None
    if event_type in _REASONED and not (getattr(read, "reason", None) or "").strip():
        flaw = Flaw(pointer=event.pointer("data", "reason"), message="missing", code="missing")
        raise Problem("reason_needed", f"{event_type} needs a reason", errors=[flaw])
    return Checked(record=record, type=event_type, id=event_id, source=source, data=read)


def _topic(event: Incoming) -> Topic:
    event_type = event.attributes.get("type")
    if not isinstance(event_type, str):
        raise _flaw(event, "type", "must be a text; it names what happened")
    if event_type in POSTABLE:
        return TOPIC_OF_TYPE[event_type]
    shown = repr(event_type[:60])
    if event_type in TOPIC_OF_TYPE:
        message = f"{shown} is said by the system itself, not from outside"
        raise _flaw(event, "type", message, code="type_not_postable")
    raise _flaw(event, "type", f"there is no event type {shown}", code="type_unknown")


def _text(event: Incoming, name: str, value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= _MOST_CHARACTERS:
        raise _flaw(event, name, f"must be a text of 1 to {_MOST_CHARACTERS} characters")
    if not value.isprintable() or (name == "source" and value.split() != [value]):
        raise _flaw(event, name, "must hold no control characters, and a source no white space")
    return value


def _refuse_reserved(deed: Deed, event: Incoming, source: str) -> None:
    if source.startswith(_RESERVED) and source != deed.actor.source:
        message = f"{source[:80]!r} is another's; yours is {deed.actor.source}"
        raise _flaw(event, "source", message, code="source_reserved")


def _time(event: Incoming, now: datetime) -> datetime:
    value = event.attributes.get("time")
    if value is None:
        return now
    if not isinstance(value, str):
        raise _flaw(event, "time", "must be an RFC 3339 time with an offset, as text")
    try:
        time = parse_time(value)
        refuse_future(time, now)
    except RefusedEvent as refused:
        raise _flaw(event, "time", refused.detail, code=refused.rule) from None
    except (ValueError, OverflowError) as error:
        raise _flaw(event, "time", str(error)) from None
    return time


def _data(event: Incoming, topic: Topic, event_type: str) -> Fact:
    if "data_base64" in event.attributes:
        raise _flaw(event, "data_base64", "send the data as JSON in `data`")
    try:
        return validate(topic, event_type, event.data)
    except MalformedEvent as error:
        flaws = _flaws(event, topic.types[event_type])
        flaws = flaws or [Flaw(pointer=event.pointer("data"), message=str(error), code="invalid")]
        raise Problem("invalid", str(error), errors=flaws) from None


def _flaws(event: Incoming, model: type[Fact]) -> list[Flaw]:
    """List all that is wrong with data, where a first thing is known to be."""
    try:
        model.model_validate(event.data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return [
            Flaw(
                pointer=event.pointer("data", *each["loc"]),
                message=str(each["msg"]).removeprefix("Value error, "),
                code=each["type"],
            )
            for each in found[:20]
        ]
    return []


def _extensions(event: Incoming) -> dict[str, str]:
    if event.attributes.keys() <= _PLAIN:
        return {}
    extensions = {
        name: str(value).lower() if isinstance(value, bool | int) else value
        for name, value in event.attributes.items()
        if name not in _PLAIN and value not in (None, "")
    }
    if len(extensions) > _MOST_EXTENSIONS:
        raise _flaw(event, "extensions", f"an event carries at most {_MOST_EXTENSIONS} of them")
    for name, value in extensions.items():
        if not _EXTENSION.fullmatch(name):
            raise _flaw(event, name[:40], "attribute names are small letters and digits")
        _text(event, name, value)
    return extensions


def _flaw(event: Incoming, name: str, message: str, *, code: str = "malformed_event") -> Problem:
    flaw = Flaw(pointer=event.pointer(name), message=message, code=code)
    return Problem(code, f"{name}: {message}", errors=[flaw])
