"""Read CloudEvents 1.0 from HTTP requests: structured, binary, or a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson

from api.problems import Flaw, Problem, pointer_to

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_JSON = "application/json"


class Incoming(NamedTuple):
    """One event as it came, unchecked.

    Attributes
    ----------
    attributes
        The CloudEvents attributes by name, and whatever else stood beside them.
    data
        The data, of whatever type.
    base
        Where the event stands in the body, as parts of a JSON pointer; None in binary mode.
    """

    attributes: Mapping[str, Any]
    data: Any
    base: tuple[str | int, ...] | None

    def pointer(self, *parts: str | int) -> str:
        """Point at an attribute (`id`) or into the data (`data`, `lot_id`).

        Parameters
        ----------
        *parts
            Names and indices from the event inwards.
        """
        if self.base is not None:
            return pointer_to(*self.base, *parts)
        return pointer_to(*parts[1:]) if parts[0] == "data" else f"header:ce-{parts[0]}"


def read_request(headers: Mapping[str, str], body: bytes) -> tuple[list[Incoming], bool]:
    """Find the events of a request.

    Parameters
    ----------
    headers
        The request's headers, names in lower case.
    body
        Its whole body.

    Returns
    -------
    tuple of list of Incoming and bool
        The events, and whether they came as a batch.

    Raises
    ------
    Problem
        `media_type`, `not_json`, or `malformed_event` where the body is of the wrong shape.
    """
    content_type, _, options = headers.get("content-type", "").partition(";")
    media = content_type.strip().lower()
    if "charset" in options.lower() and "utf-8" not in options.lower():
        raise Problem("media_type", "send UTF-8")
    if media == BATCH:
        return _batch(_json(body)), True
    if media == STRUCTURED:
        return [_structured(_json(body), ())], False
    if media == _JSON or media.endswith("+json"):
        return _by_headers(headers, _json(body))
    raise Problem(
        "media_type",
        f"send {STRUCTURED}, {BATCH}, or {_JSON} with ce- headers, not {media[:60] or 'nothing'}",
    )


def _by_headers(headers: Mapping[str, str], found: Any) -> tuple[list[Incoming], bool]:
    """Read plain JSON: data where `ce-` headers say so, else what it shows itself to be."""
    if any(name.startswith("ce-") for name in headers):
        return [_binary(headers, found)], False
    if isinstance(found, list):
        return _batch(found), True
    if isinstance(found, dict) and "specversion" in found:
        return [_structured(found, ())], False
    raise Problem(
        "malformed_event",
        f"this is no CloudEvent: send `ce-` headers, or the whole event as {STRUCTURED}",
        errors=[Flaw(pointer="header:ce-id", message="missing", code="missing")],
    )


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        flaw = Flaw(pointer="#", message=str(error), code="json_invalid")
        raise Problem("not_json", f"the body is not JSON: {error}", errors=[flaw]) from None


def _batch(found: Any) -> list[Incoming]:
    if not isinstance(found, list):
        raise Problem("malformed_event", "a batch must be a JSON array of events")
    return [_structured(each, (index,)) for index, each in enumerate(found)]


def _structured(found: Any, base: tuple[str | int, ...]) -> Incoming:
    if not isinstance(found, dict):
        raise Problem(
            "malformed_event",
            "an event must be a JSON object",
            errors=[Flaw(pointer=pointer_to(*base), message="not an object", code="object_type")],
        )
    attributes = found.copy()
    return Incoming(attributes, attributes.pop("data", None), base)


def _binary(headers: Mapping[str, str], data: Any) -> Incoming:
    attributes = {
        name.removeprefix("ce-"): unquote(value)
        for name, value in headers.items()
        if name.startswith("ce-")
    }
    return Incoming(attributes, data, None)
