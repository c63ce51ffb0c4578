"""Say what a row asks for, and how it differs from what is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.imports.known import Doc


@dataclass(frozen=True, slots=True)
class Target:
    """What one row asks for.

    Attributes
    ----------
    entity_id
        The thing it is about.
    key
        The field whose cell names the thing.
    shown
        What a preview tells of it; nothing about people.
    events
        Types and data of the events that bring it about; empty where nothing changes.
    is_new
        Whether the thing is not known yet.
    before
        What of the thing is known that the events change.
    assumed
        Fields that no cell says.
    person
        Who is to be kept sealed; None where nobody is, or is already.
    """

    entity_id: str
    key: str
    shown: Doc
    events: list[tuple[str, Doc]] = field(default_factory=list)
    is_new: bool = False
    before: Any = None
    assumed: frozenset[str] = frozenset()
    person: Doc | None = None

    @property
    def change(self) -> str:
        """`new`, `changed` or `unchanged`."""
        if not self.events and self.person is None:
            return "unchanged"
        return "new" if self.is_new else "changed"


def differing(wanted: Doc, present: Doc) -> Doc:
    """Return what is wanted otherwise than it is; points by their places, to some ten metres."""
    return {
        name: value
        for name, value in wanted.items()
        if value is not None and not _is_same(value, present.get(name))
    }


def _is_same(wanted: Any, present: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(present, dict) and "lat" in wanted:
        return all(abs(wanted[axis] - present.get(axis, 999)) < 1e-4 for axis in ("lat", "lon"))
    if isinstance(wanted, list) and isinstance(present, list):
        return sorted(wanted) == sorted(present)
    return bool(wanted == present)


def digest_of(*parts: Any) -> str:
    """Return a short digest of some JSON values."""
    raw = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(raw, digest_size=6).hexdigest()
