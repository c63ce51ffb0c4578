"""Search the audit log backwards, so many entries at a time, and write what was found as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.audit.chronicler import Chronicler
from api.audit.ledger import Line
from schemas.errors import HarvestlaneError
from schemas.model import Moment, parse_time

Doc = dict[str, Any]

MOST_SCANNED = 10_000
"""How many entries one answer looks at: it comes soon, and `next` goes on from there."""

COLUMNS = (
    "seq",
    "at",
    "action",
    "outcome",
    "role",
    "subject",
    "user_id",
    "session_id",
    "key_id",
    "address",
    "request",
    "route",
    "region",
    "entities",
    "reason",
    "events",
    "hash",
)
_ACTOR_FIELDS = ("role", "subject", "user_id", "session_id", "key_id")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Sought(BaseModel):
    """Choose entries; one that lacks a named field is not chosen."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    actor: str | None = Field(
        None, max_length=260, description="A role, a subject, `role:subject`, a user or a key."
    )
    entity: str | None = Field(
        None, max_length=400, description="`KIND/ID`, such as `truck/T1`, or an event's id."
    )
    action: str | None = Field(
        None, max_length=400, description="Such as `assignment.override`; several with commas."
    )
    since: Moment | None = Field(None, alias="from")
    until: Moment | None = Field(None, alias="to")

    def takes(self, doc: Doc) -> bool:
        """Tell whether an entry is sought, its time apart.

        Parameters
        ----------
        doc
            The entry.
        """
        if self.action is not None and doc.get("action") not in self.action.split(","):
            return False
        if self.actor is not None and self.actor not in _names(doc):
            return False
        return self.entity is None or self.entity in _subjects(doc)


@dataclass(frozen=True, slots=True)
class Found:
    """Entries, the newest first, and where to go on; None at the beginning of the log."""

    items: list[Doc]
    before: int | None


async def search(
    keeper: Chronicler,
    sought: Sought,
    *,
    before: int | None,
    limit: int,
    regions: frozenset[str] | None = None,
) -> Found:
    """Search backwards from a place in the log.

    Parameters
    ----------
    keeper
        Has the log, and the keys to its addresses.
    sought
        Which entries.
    before
        The place, from an earlier answer; None for the newest.
    limit
        At most so many entries.
    regions
        The dispatch regions that whoever asks may see; None for all.

    Raises
    ------
    Unavailable
        Kafka does not answer.
    """
    if before is None and sought.until is not None:
        before = await keeper.ledger.offset_at(sought.until)
    items: list[Doc] = []
    scanned = 0
    while scanned < MOST_SCANNED:
        window = await keeper.ledger.back(before)
        for line in window.lines:
            if _is_before(line, sought):
                return Found(items, None)
            if _is_wanted(line.doc, sought, regions):
                items.append(opened(keeper, line.doc))
                if len(items) == limit:
                    return Found(items, line.offset or None)
        scanned += len(window.lines)
        before = window.before
        if before is None:
            break
    return Found(items, before)


async def rows(
    keeper: Chronicler, sought: Sought, regions: frozenset[str] | None
) -> AsyncIterator[bytes]:
    """Yield all that is sought as CSV that a spreadsheet opens, the newest first.

    Parameters
    ----------
    keeper, sought, regions
        As in `search`.
    """
    yield b"\xef\xbb\xbf" + _csv([COLUMNS])
    before: int | None = None
    while True:
        found = await search(keeper, sought, before=before, limit=MOST_SCANNED, regions=regions)
        yield _csv([_cells(doc) for doc in found.items])
        before = found.before
        if before is None:
            return


def opened(keeper: Chronicler, doc: Doc) -> Doc:
    """Return an entry with its address as it was; null where its key was thrown away.

    Parameters
    ----------
    keeper
        Has the keys.
    doc
        The entry as it stands in the log.
    """
    sealed = doc.get("address")
    if not isinstance(sealed, str):
        return doc
    try:
        raw = keeper.ring.unseal("address", sealed, str(doc.get("request")))
    except HarvestlaneError:  # `audit verify` says that the entry was changed
        raw = None
    return {**doc, "address": None if raw is None else raw.decode("utf-8", "replace")}


def defused(cell: str) -> str:
    """Write a cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _is_before(line: Line, sought: Sought) -> bool:
    """Tell whether an entry is older than all that is sought: so are those before it."""
    at = line.doc.get("at")
    return bool(sought.since and isinstance(at, str) and parse_time(at) < sought.since)


def _is_wanted(doc: Doc, sought: Sought, regions: frozenset[str] | None) -> bool:
    if not isinstance(doc.get("at"), str):
        return False
    if regions is not None and doc.get("region") not in regions:
        return False
    if sought.until is not None and parse_time(doc["at"]) >= sought.until:
        return False
    return sought.takes(doc)


def _names(doc: Doc) -> set[str]:
    names = {str(doc[name]) for name in _ACTOR_FIELDS if doc.get(name)}
    return names | {f"{doc.get('role')}:{doc.get('subject')}"}


def _subjects(doc: Doc) -> set[str]:
    return {*doc.get("entities", ()), *(each["id"] for each in doc.get("events", ()))}


def _cells(doc: Doc) -> list[str]:
    shown = {
        **doc,
        "entities": " ".join(doc.get("entities", ())),
        "events": " ".join(f"{each['source']}#{each['id']}" for each in doc.get("events", ())),
    }
    return [defused(str(value)) if (value := shown.get(name)) else "" for name in COLUMNS]


def _csv(lines: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode("utf-8", "replace")
