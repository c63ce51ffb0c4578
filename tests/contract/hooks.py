"""Tell schemathesis what the description cannot say; `schemathesis.toml` names this module."""

from __future__ import annotations

import json
import uuid
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, SerializationContext

_KEY = "idempotency-key"
_LONGEST_KEY = 200


@schemathesis.serializer("application/x-ndjson")
def write_lines(_: SerializationContext, value: Any) -> dict[str, bytes]:
    """Send each thing of a list on a line of its own."""
    lines = value if isinstance(value, list) else [value]
    return {"data": b"\n".join(json.dumps(line).encode() for line in lines)}


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Give each request a key of its own: with a known one it would be answered as the first was.

    A key that breaks the rules of keys stays as it is.
    """
    del context, kwargs
    key = (case.headers or {}).get(_KEY)
    if isinstance(key, str) and 1 <= len(key) <= _LONGEST_KEY and key.isascii():
        case.headers[_KEY] = uuid.uuid4().hex
