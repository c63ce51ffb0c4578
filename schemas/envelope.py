"""Read and write CloudEvents 1.0 in Kafka's binary mode.

The SDK's Kafka binding is not used: intake needs the first thing wrong in one sentence, the bytes
untouched for the dead-letter topic, and no second validation (``docs/decisions/0002``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from schemas.errors import MalformedEvent, RefusedEvent
from schemas.model import Fact, format_time, parse_time
from schemas.topics import CATALOGUE, OWN_SOURCE, OWN_TOPICS, OWN_TYPES, Topic

FUTURE_LIMIT = timedelta(hours=24)
"""How far ahead of the stack's clock an event's time may lie."""

MAX_DEPTH = 32
"""How deep an event's data may be nested: deeper ones cannot be written again by every library."""

MAX_TEXT = 512
"""How many characters an event's attribute may have."""

_NESTING = frozenset((dict, list))

Headers = Sequence[tuple[str, bytes]]


class Event(NamedTuple):
    """One event of the catalogue, read and checked.

    ``digest`` tells events of the same source and id but other content apart.
    """

    topic: str
    key: str
    id: str
    source: str
    type: str
    time: datetime
    data: Fact
    digest: str
    correlation_id: str | None = None
    causation_id: str | None = None

    @property
    def identity(self) -> str:
        """Source and id: what de-duplication goes by."""
        return f"{self.source} {self.id}"


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record to be written: topic, key, value (none takes a state back), headers."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def explain(error: ValidationError) -> str:
    """Say the first thing that a validation found wrong, in one line."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    what = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def _text(name: str, raw: bytes | None) -> str:
    if raw is None:
        raise MalformedEvent(f"the header {name} is missing")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedEvent(f"the header {name} is not UTF-8") from None
    if not 1 <= len(text) <= MAX_TEXT:
        raise MalformedEvent(f"the header {name} must have 1 to {MAX_TEXT} characters")
    return text


def validate(topic: Topic, event_type: str, payload: Any) -> Fact:
    """Check data against the model of its type.

    Raises
    ------
    MalformedEvent
        The type is not of this topic, the data is nested too deep, or a field is wrong; the
        message names it.
    """
    model = topic.types.get(event_type)
    if model is None:
        known = ", ".join(topic.types)
        raise MalformedEvent(f"{topic.name} carries no {event_type[:60]!r}; it carries {known}")
    if not isinstance(payload, dict):
        raise MalformedEvent("the data must be a JSON object")
    _refuse_deep(payload)
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        raise MalformedEvent(explain(error)) from None


def _refuse_deep(payload: dict[str, Any]) -> None:
    if not _NESTING.intersection(map(type, payload.values())):
        return
    level: list[Any] = [payload]
    for _ in range(MAX_DEPTH):
        level = [
            part
            for node in level
            for part in (node.values() if isinstance(node, dict) else node)
            if isinstance(part, dict | list)
        ]
        if not level:
            return
    raise MalformedEvent(f"the data is nested deeper than {MAX_DEPTH} levels")


def decode(
    topic_name: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]
) -> Event:
    """Read one Kafka record as an event of the catalogue.

    Raises
    ------
    MalformedEvent
        The record is none; the message names the first thing wrong.
    """
    topic = CATALOGUE[topic_name]
    found = dict(headers or ())
    event_id = _text("ce_id", found.get("ce_id"))
    source = _source(topic_name, found.get("ce_source"))
    if found.get("ce_specversion") != b"1.0":
        raise MalformedEvent("the header ce_specversion must be 1.0")
    event_type = _type(found.get("ce_type"))
    if event_type in OWN_TYPES and not source.startswith(OWN_SOURCE):
        raise MalformedEvent(f"only {OWN_SOURCE}… says {event_type}, not {source[:60]}")
    try:
        time = parse_time(_text("ce_time", found.get("ce_time")))
    except ValueError as error:
        raise MalformedEvent(f"ce_time: {error}") from None
    payload = _payload(value)
    data = validate(topic, event_type, payload)
    expected = _expected_key(topic, data, key)
    return Event(
        topic_name,
        expected,
        event_id,
        source,
        event_type,
        time,
        data,
        digest(event_type, payload),
        _optional(found, "ce_correlationid"),
        _optional(found, "ce_causationid"),
    )


def read_data(topic_name: str, event_type: str, key: bytes | None, value: bytes | None) -> Fact:
    """Read a record's data as `decode` does, where its headers are known to be sound.

    Raises
    ------
    MalformedEvent
        As from `decode`.
    """
    topic = CATALOGUE[topic_name]
    data = validate(topic, event_type, _payload(value))
    _expected_key(topic, data, key)
    return data


def _payload(value: bytes | None) -> Any:
    if value is None:
        raise MalformedEvent("the value is empty")
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise MalformedEvent(f"the value is not JSON: {error}") from None


def _expected_key(topic: Topic, data: Fact, key: bytes | None) -> str:
    expected = topic.key_of(data)
    if key is None or key.decode("utf-8", "replace") != expected:
        raise MalformedEvent(f"the key must be the data's {topic.key}, {expected!r}")
    return expected


@lru_cache(maxsize=1 << 10)
def _source(topic_name: str, raw: bytes | None) -> str:
    source = _text("ce_source", raw)
    if source.split() != [source]:  # or "a b" + "c" would be "a" + "b c" in memories
        raise MalformedEvent("the header ce_source must be a URI reference, without white space")
    if topic_name in OWN_TOPICS and not source.startswith(OWN_SOURCE):
        raise MalformedEvent(f"only {OWN_SOURCE}… speaks on {topic_name}, not {source[:60]}")
    return source


@lru_cache(maxsize=1 << 10)
def _type(raw: bytes | None) -> str:
    return _text("ce_type", raw)


def _optional(found: Mapping[str, bytes], name: str) -> str | None:
    raw = found.get(name)
    return raw.decode("utf-8", "replace")[:MAX_TEXT] if raw else None


def takes_back(topic_name: str, value: bytes | None, headers: Headers) -> bool:
    """Say whether a record of a state topic takes a state back: nothing else may be empty there."""
    kind = topic_name.partition(".")[0]
    return value is None and ("ce_type", f"{kind}.forgotten".encode()) in headers


def digest(event_type: str, payload: Any) -> str:
    """Return a short digest of an event's content, the same for every way to write its JSON."""
    canonical = orjson.dumps([event_type, payload], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(canonical, digest_size=9).hexdigest()


def refuse_future(time: datetime, now: datetime) -> None:
    """Refuse an event whose time lies more than 24 hours ahead of the stack's clock.

    Raises
    ------
    RefusedEvent
        With the rule ``time_ahead``.
    """
    if time > now + FUTURE_LIMIT:
        raise RefusedEvent(
            "time_ahead",
            f"the event's time {format_time(time)} is more than 24 h ahead of the clock "
            f"({format_time(now)})",
        )


def encode(  # noqa: PLR0913 - an envelope has this many attributes
    topic_name: str,
    event_type: str,
    data: Fact,
    *,
    event_id: str,
    source: str,
    time: datetime,
    correlation_id: str | None = None,
    causation_id: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> Record:
    """Write one event as a Kafka record.

    Parameters
    ----------
    topic_name, event_type
        A topic of the catalogue and one of its types.
    data
        The fact; its key field becomes the record's key.
    event_id, source, time
        The CloudEvents attributes of these names.
    correlation_id, causation_id
        The event that started the chain, and the one that directly caused this one.
    extra
        More CloudEvents attributes, by name without ``ce_``.

    Returns
    -------
    Record
        Ready for a producer.
    """
    topic = CATALOGUE[topic_name]
    headers = [
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_specversion", b"1.0"),
        ("ce_type", event_type.encode()),
        ("ce_time", format_time(time).encode()),
    ]
    more = {"correlationid": correlation_id, "causationid": causation_id, **(extra or {})}
    headers += [(f"ce_{name}", text.encode()) for name, text in more.items() if text]
    headers.append(("content-type", b"application/json"))
    return Record(
        topic=topic_name,
        key=topic.key_of(data).encode(),
        value=data.model_dump_json(exclude_none=False).encode(),
        headers=tuple(headers),
    )
