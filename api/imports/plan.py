"""Read a file whole, and say what it would change and what is wrong with it."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from api.imports.delimited import read_delimited
from api.imports.findings import Finding
from api.imports.grid import Sheet, unreadable
from api.imports.known import Doc, Known
from api.imports.lots import read_lot
from api.imports.permits import read_permit
from api.imports.reader import Reader
from api.imports.slots import read_slot
from api.imports.table import Table, find_table, rows_of
from api.imports.target import Target, digest_of
from api.imports.trucks import read_truck
from api.imports.words import WORDS, Kind
from api.imports.workbook import read_workbook
from api.problems import Problem
from api.sight import is_inside
from schemas.envelope import validate
from schemas.errors import MalformedEvent
from schemas.topics import TOPIC_OF_TYPE

_IDS = uuid.UUID("0b8f3c52-5f2e-5c1d-9d0e-6a1c7f5b2e94")
"""Name space of the event ids that are derived from files."""

_INSTEAD: dict[str, tuple[tuple[str, ...], ...]] = {
    "home": (("coordinates",), ("lat", "lon")),
    "pickup": (("coordinates",), ("lat", "lon")),
    "window": (("start", "end"),),
}
"""Columns that say the same as one that is needed."""

_SHARED = {"home": "place", "pickup": "place", "haulier_id": "owner", "facility_id": "facility"}
_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Event:
    """One event that a row makes.

    Attributes
    ----------
    id
        The same for the same row of the same file over the same state, so that a repeat after a
        crash completes what it left, and no worker takes an event twice.
    type, data
        What is said.
    """

    id: str
    type: str
    data: Doc


@dataclass(slots=True)
class Plan:
    """What a file says.

    Attributes
    ----------
    digest
        Of the file's bytes, SHA-256.
    sheets
        All sheets.
    tables
        Headings, of the sheets that are read.
    targets
        What rows ask for.
    passed
        Addresses of rows that are no entries.
    findings
        All that is wrong.
    rows
        How many rows are entries.
    """

    digest: str
    sheets: list[Sheet]
    tables: list[Table]
    targets: list[tuple[str, Target]] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rows: int = 0

    def events(self, kind: Kind) -> list[Event]:
        """Make the events of all rows."""
        return [
            Event(self._id(kind, where, target, part), event_type, data)
            for where, target in self.targets
            for part, (event_type, data) in enumerate(target.events)
        ]

    @property
    def people(self) -> list[Doc]:
        """Who is to be kept."""
        return [target.person for _, target in self.targets if target.person is not None]

    def _id(self, kind: Kind, where: str, target: Target, part: int) -> str:
        content = digest_of(target.events[part], target.before)
        return str(uuid.uuid5(_IDS, f"{self.digest} {kind} {where} {part} {content}"))


def make_plan(raw: bytes, kind: Kind, known: Known) -> Plan:
    """Read a file against what is known.

    Parameters
    ----------
    raw
        The file.
    kind
        What it holds.
    known
        What the stack knows.

    Raises
    ------
    Problem
        `import_unreadable`: the file cannot be read, or no sheet has headings that are understood.
        `too_large`: it holds too much.
    """
    sheets = _sheets(raw, kind)
    tables = [
        table
        for sheet in sheets
        if not sheet.is_hidden and (table := find_table(sheet, kind)) is not None
    ]
    if not tables:
        raise _no_headings(kind)
    plan = Plan(hashlib.sha256(raw).hexdigest(), sheets, tables)
    read = _readers(kind)
    for table in tables:
        plan.findings += _missing(table, kind, known)
        rows, passed = rows_of(table, kind)
        plan.passed += passed
        plan.rows += len(rows)
        for row in rows:
            reader = Reader(row, known)
            target = read(reader)
            plan.findings += reader.findings
            if target is not None and not reader.findings:
                plan.targets.append((reader.where(target.key), target))
    _refuse_twice(plan)
    for where, target in plan.targets:
        plan.findings += _beyond(where, target, kind, known)
    return plan


def _sheets(raw: bytes, kind: Kind) -> list[Sheet]:
    if not raw.strip():
        raise unreadable("tệp rỗng / the file is empty")
    if raw.startswith(_ZIP):
        return read_workbook(raw)
    if raw.startswith(_OLD):
        raise unreadable(
            "tệp .xls (Excel cũ) hoặc tệp có mật khẩu; hãy lưu thành .xlsx không mật khẩu / "
            "an old .xls or a file with a password; save it as .xlsx without one"
        )
    if raw.startswith((b"%PDF", b"{\\rtf")):
        raise unreadable(
            "tệp PDF hoặc RTF; hãy gửi bảng Excel (.xlsx) / a PDF or RTF; send the sheet (.xlsx)"
        )
    return [read_delimited(raw, lambda sheet: _understood(sheet, kind))]


def _understood(sheet: Sheet, kind: Kind) -> int:
    table = find_table(sheet, kind)
    return len(table.fields) if table else 0


def _readers(kind: Kind) -> Callable[[Reader], Target | None]:
    seen: Counter[str] = Counter()
    readers: dict[str, Callable[[Reader], Target | None]] = {
        "trucks": read_truck,
        "permits": read_permit,
        "lots": lambda reader: read_lot(reader, seen),
        "slots": read_slot,
    }
    return readers[kind]


def _no_headings(kind: Kind) -> Problem:
    needed = ", ".join(WORDS["headings"][kind][each][0] for each in WORDS["required"][kind])
    return unreadable(
        f"không thấy dòng tiêu đề; cần các cột: {needed} / "
        f"no row of headings is understood; these columns are needed: {needed}"
    )


def missing_columns(table: Table, kind: Kind, known: Known) -> list[str]:
    """List the fields that are needed and have no column, nor anything in their place."""
    fields = table.fields
    own = not known.deed.is_wide and known.deed.actor.subject is not None
    missing = []
    for name in WORDS["required"][kind]:
        instead = any(set(each) <= fields for each in _INSTEAD.get(name, ()))
        shared = getattr(known.shared, _SHARED.get(name, ""), None) if name in _SHARED else None
        if name in fields or instead or shared or (name == "facility_id" and own):
            continue
        missing.append(name)
    return missing


def _missing(table: Table, kind: Kind, known: Known) -> list[Finding]:
    if kind == "slots" and "window" not in table.fields:
        days = table.column("day")  # `6h-7h 25/8` may stand in one cell
        if days is not None and not {"start", "end"} & table.fields:
            return []
    where = table.sheet.address(table.last, min(each.column for each in table.columns))
    findings = []
    for name in missing_columns(table, kind, known):
        headings = ", ".join(WORDS["headings"][kind][name][:3])
        params: dict[str, object] = {"field": name, "headings": headings}
        findings.append(Finding(where, name, "column_missing", params))
    return findings


def _beyond(where: str, target: Target, kind: Kind, known: Known) -> list[Finding]:
    """Find what no worker could read, and what is outside the actor's regions."""
    actor = known.deed.actor
    present = {
        "trucks": known.trucks,
        "permits": {},
        "lots": known.lots,
        "slots": known.facilities,
    }[kind]
    entity_id = target.shown["facility_id"] if kind == "slots" else target.entity_id
    for doc in (present.get(entity_id) or {}, target.shown):
        if not is_inside(actor, doc):
            return [Finding(where, "region", "not_yours", {})]
    for event_type, data in target.events:
        try:
            validate(TOPIC_OF_TYPE[event_type], event_type, data)
        except MalformedEvent as error:
            return [Finding(where, target.key, "invalid", {"why": str(error)})]
    return []


def _refuse_twice(plan: Plan) -> None:
    """Let each thing be said once in a file: nobody could tell which row is meant."""
    first: dict[str, str] = {}
    for where, target in plan.targets:
        if target.entity_id in first:
            params: dict[str, object] = {"other": first[target.entity_id]}
            plan.findings.append(Finding(where, target.key, "twice", params))
        else:
            first[target.entity_id] = where
