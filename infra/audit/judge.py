"""Judge the audit log: is its chain whole, is its end where it was, did anything pass it by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from api.audit.chronicle import TELEMETRY
from api.audit.chronicler import record_of
from api.audit.heads import Noted
from infra.verify.log import Entry
from schemas.audit import GENESIS, canonical, hash_of
from schemas.topics import POSTABLE, TOPIC_OF_TYPE

OURS = "/api/"
"""How the source of everything begins that the API writes in somebody's name."""

Doc = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the audit log.

    Attributes
    ----------
    code
        `changed`, `missing`, `out_of_order`, `unlinked`, `no_entry`, `cut`, `replaced`,
        `unaudited` or `altered`.
    where
        The entry's number, or the event's place.
    message
        One sentence for people.
    """

    code: str
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    Attributes
    ----------
    entries
        How many entries there are.
    head
        The last one, as `SEQ:HASH`; None where there is none.
    heads
        How many noted heads were compared.
    events
        How many events in the API's name were looked for.
    faults
        What is wrong.
    """

    entries: int
    head: str | None
    heads: int
    events: int
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def judge_chain(docs: Iterable[Doc], start: tuple[int, str] = (0, GENESIS)) -> Iterator[Fault]:
    """Find every entry that was changed, removed, moved or put in.

    Parameters
    ----------
    docs
        The entries in the order of the log; an empty one is no entry at all.
    start
        The number of the first, and the hash before it, as `start_of` tells.
    """
    seq, previous = start
    for doc in docs:
        here, found = doc.get("seq"), doc.get("hash")
        if not isinstance(here, int) or not isinstance(found, str):
            yield Fault("no_entry", f"after {seq - 1}", "a record that is no entry stands here")
            continue
        where = str(here)
        if hash_of(dict(doc)) != found:
            yield Fault("changed", where, f"entry {here} is not as it was written")
        if here > seq:
            gone = str(seq) if here == seq + 1 else f"{seq} to {here - 1}"
            yield Fault("missing", gone, f"before entry {here}, {gone} is missing")
        elif here < seq:
            yield Fault("out_of_order", where, f"entry {here} stands after entry {seq - 1}")
        elif doc.get("previous") != previous:
            what = f"entry {here} does not follow from the one before it"
            yield Fault("unlinked", where, what)
        seq, previous = here + 1, found


def start_of(
    docs: Sequence[Doc], heads: Iterable[Noted], oldest: datetime | None
) -> tuple[int, str]:
    """Tell where a chain may begin: later than at 0 only where time has taken what was before.

    Parameters
    ----------
    docs
        The entries.
    heads
        Heads that were noted.
    oldest
        Entries from before may be gone; None where none may. Each entry that is gone has to be
        older, by the times of the heads that were noted of them.

    Returns
    -------
    tuple
        The number of the first entry, and the hash before it.
    """
    first = docs[0] if docs else {}
    seq, previous = first.get("seq"), first.get("previous")
    if oldest is None or not isinstance(seq, int) or not isinstance(previous, str):
        return 0, GENESIS
    gone = [head.at for head in heads if head.seq < seq]
    is_due = bool(gone) and all(at is not None and at < oldest for at in gone)
    return (seq, previous) if is_due else (0, GENESIS)


def judge_heads(docs: Iterable[Doc], heads: Iterable[Noted], first: int = 0) -> Iterator[Fault]:
    """Find what was cut off or written anew since a head was noted.

    Parameters
    ----------
    docs
        The entries.
    heads
        Heads that were noted.
    first
        The number of the first entry that has to be there.
    """
    hashes = {doc.get("seq"): doc.get("hash") for doc in docs}
    for seq, noted in sorted({(head.seq, head.hash) for head in heads if head.seq >= first}):
        if seq not in hashes:
            yield Fault("cut", str(seq), f"entry {seq} was there once and is not any more")
        elif hashes[seq] != noted:
            yield Fault("replaced", str(seq), f"entry {seq} was another once")


def judge_form(entries: Iterable[Entry]) -> Iterator[Fault]:
    """Find records whose key, headers or way of writing are not as the writer makes them."""
    for entry in entries:
        doc = _object(entry.value)
        if not {"seq", "writer", "at"} <= doc.keys():
            continue  # `judge_chain` says so
        made = record_of(doc)
        if (entry.key, entry.value, entry.headers) != (made.key, canonical(doc), made.headers):
            what = f"the record of entry {doc['seq']} is not as the writer makes it"
            yield Fault("changed", entry.place, what)


def judge_events(docs: Sequence[Doc], events: Iterable[Entry], since_ms: int) -> Iterator[Fault]:
    """Find events in the API's name that no entry names, or that say something else by now.

    Parameters
    ----------
    docs
        The audit log's entries.
    events
        The records of the topics that the API writes to.
    since_ms
        When the audit log began; earlier events had none.
    """
    named: dict[tuple[str, str], set[str]] = {}
    for doc in docs:
        for each in doc.get("events", ()):
            named.setdefault((each["source"], each["id"]), set()).add(each["content"])
    for entry in events:
        if not is_audited(entry) or entry.appended_ms < since_ms:
            continue
        who = (entry.header("ce_source") or "", entry.header("ce_id") or "")
        if who not in named:
            what = f"the event {who[1]} of {who[0]} is in no audit entry"
            yield Fault("unaudited", entry.place, what)
        elif hashlib.sha256(entry.value or b"").hexdigest() not in named[who]:
            what = f"the event {who[1]} of {who[0]} does not say what was audited"
            yield Fault("altered", entry.place, what)


def is_audited(entry: Entry) -> bool:
    """Tell whether a record is in the API's name and of a type that is audited."""
    said, source = entry.header("ce_type"), entry.header("ce_source") or ""
    return source.startswith(OURS) and said in POSTABLE and said not in TELEMETRY


def _object(value: bytes | None) -> dict[str, Any]:
    try:
        doc = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    return doc if isinstance(doc, dict) else {}


AUDITED_TOPICS = tuple(sorted({TOPIC_OF_TYPE[kind].name for kind in POSTABLE - TELEMETRY}))
"""Topics that audited events stand in."""
