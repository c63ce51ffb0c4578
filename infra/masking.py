"""Mask what `schemas.personal` names in records that are shown to people."""

from __future__ import annotations

import re
from typing import Any

import orjson

from infra.dead_letters import Letter
from schemas.personal import MASK, masked_fields

_PLATE = re.compile(r"plate:[^\s'\"]+")


def masked(letter: Letter) -> dict[str, Any]:
    """Return a dead letter as one JSON object without what it holds of people.

    Parameters
    ----------
    letter
        The dead letter. A value that is no JSON object is not shown at all: what it holds cannot
        be told.
    """
    doc = letter.doc()
    fields = masked_fields(letter.topic)
    try:
        value = orjson.loads(letter.value)
    except orjson.JSONDecodeError:
        value = None
    secrets: set[str] = set()
    if isinstance(value, dict):
        shown = _without(value, fields, secrets)
        doc["value"] = orjson.dumps(shown).decode()
    else:
        doc["value"] = f"{MASK} ({len(letter.value)} bytes that are no JSON object; see --reveal)"
    doc["key"] = _PLATE.sub(f"plate:{MASK}", doc["key"])
    doc["error"] = _PLATE.sub(f"plate:{MASK}", doc["error"])
    for secret in sorted(secrets, key=len, reverse=True):
        doc["error"] = doc["error"].replace(secret, MASK)
        doc["key"] = doc["key"].replace(secret, MASK)
    return doc


def _without(node: Any, fields: frozenset[str], secrets: set[str]) -> Any:
    if isinstance(node, list):
        return [_without(part, fields, secrets) for part in node]
    if not isinstance(node, dict):
        return node
    shown = {}
    for name, part in node.items():
        if name in fields and part is not None:
            shown[name] = MASK
            if isinstance(part, str) and len(part) > 2:
                secrets.add(part)
        else:
            shown[name] = _without(part, fields, secrets)
    return shown
