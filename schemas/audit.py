"""State what the audit log holds, and how each entry is chained to the one before it."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field

from schemas.model import Fact, Moment, Region, ShortText

GENESIS = "0" * 64
"""What the first entry of a chain names as the hash before it."""

MOST_EVENTS = 100
"""An entry names at most so many events; a request with more has several entries."""

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Word = Annotated[str, Field(min_length=1, max_length=128)]
EntityRef = Annotated[str, Field(max_length=400, examples=["assignment/A-17"])]
"""A kind and an id, as `KIND/ID`."""


class AuditedEvent(Fact):
    """An event that is about to be written, and the SHA-256 of its value's bytes."""

    id: Annotated[str, Field(min_length=1, max_length=512)]
    source: Annotated[str, Field(min_length=1, max_length=512)]
    type: Word
    content: Sha256


class AuditNote(Fact):
    """Who does what, from where, when and why, before it is chained.

    ``address`` is sealed (`api.personal.ring`); ``request`` stands in the answer's
    ``x-request-id`` too; ``outcome`` says whether it was allowed, not whether it came to pass.
    """

    at: Moment
    action: Word
    outcome: Literal["allowed", "refused"] = "allowed"
    role: Word | None = None
    subject: Word | None = None
    user_id: Word | None = None
    session_id: Word | None = None
    key_id: Word | None = None
    address: Annotated[str, Field(max_length=500)] | None = None
    request: Word | None = None
    route: Annotated[str, Field(max_length=200)] | None = None
    region: Region | None = None
    entities: list[EntityRef] = []
    reason: ShortText | None = None
    events: Annotated[list[AuditedEvent], Field(max_length=MOST_EVENTS)] = []


class AuditEntry(AuditNote):
    """One link of a chain: ``hash`` is over everything else, ``previous`` among it."""

    writer: Word
    seq: Annotated[int, Field(ge=0)]
    previous: Sha256
    hash: Sha256


class AuditHead(Fact):
    """How far a chain had come, noted apart from it, so that a cut end is found."""

    writer: Word
    seq: Annotated[int, Field(ge=0)]
    hash: Sha256
    at: Moment


def canonical(doc: dict[str, Any]) -> bytes:
    """Write a document in the one form that is hashed: RFC 8785, as ours holds no fractions.

    Parameters
    ----------
    doc
        An entry, or part of one, with ASCII names.
    """
    return orjson.dumps(doc, option=orjson.OPT_SORT_KEYS)


def hash_of(doc: dict[str, Any]) -> str:
    """Return the SHA-256, in hexadecimal, of a whole entry without its own hash.

    Parameters
    ----------
    doc
        The entry as it stands in the log, with or without `hash`.
    """
    rest = {name: value for name, value in doc.items() if name != "hash"}
    return hashlib.sha256(canonical(rest)).hexdigest()


def chained(note: AuditNote, writer: str, seq: int, previous: str) -> dict[str, Any]:
    """Make the next entry of a chain.

    Parameters
    ----------
    note
        What it says.
    writer
        Whose chain it is.
    seq
        Its number, from 0.
    previous
        The hash of the entry before it; `GENESIS` for the first.

    Returns
    -------
    dict
        The entry, to be written by `canonical`.
    """
    doc = note.model_dump(mode="json", exclude_none=True)
    doc |= {"writer": writer, "seq": seq, "previous": previous}
    return {**doc, "hash": hash_of(doc)}
