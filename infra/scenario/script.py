"""Read and write scenario files: JSON Lines of CloudEvents, with a first line that describes them.

The first line may be `{"scenario": {…}}` (`Meta`). Every other line is one CloudEvent in the
structured JSON format; `recordedtime` (an extension of CloudEvents) says when it is sent where that
is not its `time`. What no CloudEvent can say, such as bytes that are no JSON, is a *raw* line:
`{"raw": {"topic": …, "key": …, "value": …, "headers": [[name, …], …]}, "at": …}`, its bytes in
Base64 and null for none.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from schemas.errors import HarvestlaneError
from schemas.model import format_time, parse_time
from schemas.topics import CATALOGUE, TOPIC_OF_TYPE
from schemas.truck import plate_key

_ATTRIBUTES = ("id", "source", "specversion", "type", "time")
_NO_HEADERS = frozenset({"data", "data_base64", "datacontenttype", *_ATTRIBUTES})


class ScenarioError(HarvestlaneError):
    """A scenario cannot be read, made or played."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is handed to the broker; a key or value may be null."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One record to be sent, and when.

    Attributes
    ----------
    at
        Scenario time of sending.
    raw
        The line as it stands in the file, without its end.
    number
        Where it stands, counted from 1.
    """

    at: datetime
    raw: dict[str, Any]
    number: int

    @property
    def type(self) -> str:
        """The event's type; `raw` where the line is no CloudEvent."""
        return str(self.raw.get("type", "raw"))

    def message(self, run_id: str | None) -> Message:
        """Return the message that this line stands for.

        Parameters
        ----------
        run_id
            Marks the event's id (`ID~RUN`), so that another run is not taken for duplicates; None
            leaves the id as recorded.
        """
        if "raw" in self.raw:
            return _raw_message(self.raw["raw"], run_id)
        event = self.raw
        topic, data = TOPIC_OF_TYPE[event["type"]], event.get("data")
        attributes = {name: str(event[name]) for name in _ATTRIBUTES if name in event}
        attributes["id"] = with_run(attributes["id"], run_id)
        extra = {name: str(text) for name, text in event.items() if name not in _NO_HEADERS}
        headers = [(f"ce_{name}", text.encode()) for name, text in (attributes | extra).items()]
        headers.append(("content-type", b"application/json"))
        return Message(
            topic.name, _key(topic.key, data).encode(), orjson.dumps(data), tuple(headers)
        )


@dataclass(frozen=True, slots=True)
class Script:
    """A whole scenario: what describes it, and its lines in the order of sending."""

    meta: dict[str, Any]
    lines: tuple[Line, ...]

    @property
    def start(self) -> datetime:
        """When the scenario begins."""
        return parse_time(self.meta["start"]) if "start" in self.meta else self.lines[0].at

    @property
    def end(self) -> datetime:
        """When the scenario ends, though what it began may go on."""
        return parse_time(self.meta["end"]) if "end" in self.meta else self.lines[-1].at


def with_run(event_id: str, run_id: str | None) -> str:
    """Return the id that an event has in one run."""
    return event_id if run_id is None else f"{event_id}~{run_id}"


def read_script(path: Path) -> Script:
    """Read a scenario file.

    Raises
    ------
    ScenarioError
        There is no such file, or a line is none; the message names file and line.
    """
    meta: dict[str, Any] = {}
    lines: list[Line] = []
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, 1):
                if not text.strip():
                    continue
                found = _parse(text, f"{path.name}:{number}")
                if number == 1 and isinstance(found.get("scenario"), dict):
                    meta = found["scenario"]
                else:
                    lines.append(_line(found, number, path.name))
    except OSError as error:
        raise ScenarioError(
            f"the scenario {path} cannot be read ({error.strerror}); name a scenario that "
            "`harvestlane scenario generate` knows, or a file"
        ) from None
    if not lines:
        raise ScenarioError(f"{path} holds no events")
    return Script(meta, tuple(sorted(lines, key=lambda line: line.at)))


def dump_script(meta: dict[str, Any], lines: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield a scenario file line by line, the same bytes for the same content."""
    for content in ({"scenario": meta}, *lines):
        yield orjson.dumps(content) + b"\n"


def event_line(
    event_type: str,
    data: dict[str, Any],
    *,
    event_id: str,
    source: str,
    time: datetime,
    at: datetime,
) -> dict[str, Any]:
    """Return one CloudEvent in the structured format, sent at `at`."""
    line: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": event_type,
        "time": format_time(time),
    }
    if at != time:
        line["recordedtime"] = format_time(at)
    return {**line, "datacontenttype": "application/json", "data": data}


def raw_line(
    topic: str,
    *,
    at: datetime,
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes]],
) -> dict[str, Any]:
    """Return a line of bytes that no CloudEvent can say, sent at `at`."""
    raw = {
        "topic": topic,
        "key": _to_text(key),
        "value": _to_text(value),
        "headers": [[name, _to_text(text)] for name, text in headers],
    }
    return {"raw": raw, "at": format_time(at)}


def _parse(text: bytes, where: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ScenarioError(f"{where} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ScenarioError(f"{where} must be one JSON object, a CloudEvent")
    return found


def _line(found: dict[str, Any], number: int, name: str) -> Line:
    where = f"{name}:{number}"
    if "raw" in found:
        return Line(_moment(found, "at", where), _checked_raw(found, where), number)
    for attribute in _ATTRIBUTES:
        if not isinstance(found.get(attribute), str) or not found[attribute]:
            raise ScenarioError(f"{where} is no CloudEvent: it lacks {attribute!r}")
    if found["type"] not in TOPIC_OF_TYPE:
        raise ScenarioError(
            f"{where}: no topic carries the type {found['type'][:60]!r}; write it as a raw line"
        )
    if not isinstance(found.get("data"), dict):
        raise ScenarioError(f"{where}: data must be a JSON object; write others as a raw line")
    stamp = "recordedtime" if "recordedtime" in found else "time"
    return Line(_moment(found, stamp, where), found, number)


def _moment(found: dict[str, Any], name: str, where: str) -> datetime:
    try:
        return parse_time(str(found.get(name)))
    except ValueError as error:
        raise ScenarioError(f"{where}: {name}: {error}") from None


def _checked_raw(found: dict[str, Any], where: str) -> dict[str, Any]:
    try:
        message = _raw_message(found["raw"], None)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise ScenarioError(
            f"{where}: a raw line needs topic, key, value and headers, bytes in Base64"
        ) from None
    if message.topic not in CATALOGUE:
        raise ScenarioError(f"{where}: there is no topic {message.topic[:60]!r}")
    return found


def _raw_message(raw: dict[str, Any], run_id: str | None) -> Message:
    headers = [(str(name), _to_bytes(text) or b"") for name, text in raw["headers"]]
    marked = tuple(
        (name, text + f"~{run_id}".encode() if run_id and name == "ce_id" else text)
        for name, text in headers
    )
    return Message(raw["topic"], _to_bytes(raw["key"]), _to_bytes(raw["value"]), marked)


def _key(field: str, data: Any) -> str:
    value = data.get(field)
    if value is None and isinstance(data.get("plate"), str):
        return plate_key(data["plate"])
    return "stack" if value is None else str(value)


def _to_text(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def _to_bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
