"""Take in files: show what they would change, and with `commit` change it all or nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.desk import Acting, Deed, Route
from api.imports.findings import Finding
from api.imports.known import Shared, gather
from api.imports.outbox import Outbox
from api.imports.permits import people_records
from api.imports.plan import Plan, make_plan, missing_columns
from api.imports.words import Kind
from api.intake import Draft, send
from api.problems import Flaw, Problem
from schemas.model import Identifier, Region, ShortText

router = APIRouter(prefix="/v1", tags=["imports"], route_class=Route)

MOST_FINDINGS = 200
"""Findings that an answer lists; it counts all."""

_SAMPLE = 5
_MOST_PASSED = 50
_ROLES: dict[Kind, tuple[str, ...]] = {
    "trucks": (),
    "permits": (),
    "lots": ("lot_declarer",),
    "slots": ("port_operator",),
}
"""Who may import each kind, besides those who may everything."""

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEDIA = (_XLSX, "text/csv", "application/vnd.ms-excel", "application/octet-stream")
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY = {"requestBody": {"required": True, "content": dict.fromkeys(_MEDIA[:2], _BINARY)}}


class SheetTold(BaseModel, frozen=True):
    """What became of one sheet."""

    name: str
    status: Literal["read", "hidden", "no_headings"]
    header_row: int | None = None
    """The last row of its headings."""


class ColumnTold(BaseModel, frozen=True):
    """How one column was understood."""

    cell: str
    heading: str
    field: str | None
    """Null where it is not read."""
    unit: str | None


class Changes(BaseModel, frozen=True):
    """How many things the file would bring, change, or leave as they are."""

    new: int
    changed: int
    unchanged: int


class FindingTold(BaseModel, frozen=True):
    """One thing wrong with one cell."""

    cell: Annotated[str, Field(examples=["Sheet1!D7"])]
    field: str
    value: str | None
    """Null where it may be about people."""
    code: str
    message_vi: str
    message_en: str


class ImportTold(BaseModel, frozen=True):
    """What a file says, and what came of it."""

    kind: Kind
    file_digest: str
    """SHA-256 of the file."""
    committed: bool
    sheets: list[SheetTold]
    header_row: int
    columns: list[ColumnTold]
    unknown_columns: list[str]
    """Addresses of headings that are not understood."""
    missing_columns: list[str]
    """Fields that are needed and have no column."""
    assumed: list[str]
    """Fields that some row leaves open, filled in by the assumptions of the documentation."""
    rows: int
    """How many rows are entries."""
    passed_over: list[str]
    """Rows that are none: totals, titles, signatures; at most 50."""
    changes: Changes
    error_count: int
    errors: list[FindingTold]
    """At most 200."""
    sample: list[dict[str, Any]]
    event_count: int
    people_count: int
    """How many people are kept anew, or otherwise than before."""
    event_ids: list[str]
    """What was written; empty for a preview."""


class Asked(BaseModel, frozen=True):
    """How to take a file."""

    commit: bool = False
    """Whether to write what it says; else it is shown."""
    region: Region | None = None
    """Where no column says it."""
    place: ShortText | None = None
    """Home of all trucks, or pickup of all lots, by name or id."""
    owner: Identifier | None = None
    """Haulier of all trucks, or declarer of all lots."""
    facility: ShortText | None = None
    """Whose slots they are, by name or id."""


@router.post(
    "/imports/{kind}",
    summary="Import a file of trucks, permits, lots or slots",
    openapi_extra=_BODY,
    responses={202: {"model": ImportTold, "description": "Written; with `commit=true`."}},
)
async def import_file(
    deed: Acting,
    kind: Kind,
    request: Request,
    response: Response,
    asked: Annotated[Asked, Query()],
) -> ImportTold:
    """Preview an XLSX or CSV file, or write all that it says; with one error, nothing."""
    deed.only(*_ROLES[kind])
    _refuse_media(request.headers.get("content-type", ""))
    raw = await request.body()
    shared = Shared(asked.region, asked.place, asked.owner, asked.facility)
    known = await gather(deed, shared)
    async with request.app.state.importing:  # one at a time: each may take a core for seconds
        plan = await asyncio.to_thread(make_plan, raw, kind, known)
    if not asked.commit:
        missing = {name for table in plan.tables for name in missing_columns(table, kind, known)}
        return _told(plan, kind, sorted(missing), [], is_committed=False)
    if plan.findings:
        raise _refused(plan)
    ids = await _write(deed, plan, kind, request.app.state.intents)
    response.status_code = 202
    return _told(plan, kind, [], ids, is_committed=True)


async def _write(deed: Deed, plan: Plan, kind: Kind, intents: set[str]) -> list[str]:
    drafts = [
        Draft(type=event.type, data=event.data, event_id=event.id) for event in plan.events(kind)
    ]
    people = await people_records(deed, plan.people)
    outbox = Outbox(deed.desk.broker, deed.desk.kept, intents, people)
    if not drafts:
        await outbox.publish(())
        return []
    desk = replace(deed.desk, broker=outbox)
    receipts = await send(replace(deed, desk=desk), drafts)
    return [receipt.id for receipt in receipts]


def _refuse_media(content_type: str) -> None:
    media = content_type.partition(";")[0].strip().lower()
    if media not in _MEDIA:
        detail = f"send the file itself as {_MEDIA[0]} or text/csv, not {media[:60] or 'nothing'}"
        raise Problem("media_type", detail)


def _refused(plan: Plan) -> Problem:
    count = len(plan.findings)
    flaws = [
        Flaw(pointer=each.cell, message=" / ".join(each.messages), code=each.code)
        for each in plan.findings[:MOST_FINDINGS]
    ]
    detail = f"{count} ô có lỗi; chưa ghi gì cả / {count} cells are wrong; nothing was written"
    return Problem("import_refused", detail, errors=flaws)


def _told(
    plan: Plan, kind: Kind, missing: list[str], ids: list[str], *, is_committed: bool
) -> ImportTold:
    headings = {table.sheet.name: table.last for table in plan.tables}
    columns = [(table, each) for table in plan.tables for each in table.columns]
    changes = [target.change for _, target in plan.targets]
    return ImportTold(
        kind=kind,
        file_digest=plan.digest,
        committed=is_committed,
        sheets=[
            SheetTold(
                name=each.name,
                status="hidden"
                if each.is_hidden
                else ("read" if each.name in headings else "no_headings"),
                header_row=headings.get(each.name),
            )
            for each in plan.sheets
        ],
        header_row=plan.tables[0].last,
        columns=[
            ColumnTold(
                cell=table.sheet.address(each.row, each.column),
                heading=each.heading[:80],
                field=each.field,
                unit=each.unit,
            )
            for table, each in columns
        ],
        unknown_columns=[
            table.sheet.address(each.row, each.column)
            for table, each in columns
            if each.field is None and not each.is_left_out
        ],
        missing_columns=missing,
        assumed=sorted({name for _, target in plan.targets for name in target.assumed}),
        rows=plan.rows,
        passed_over=plan.passed[:_MOST_PASSED],
        changes=Changes(
            new=changes.count("new"),
            changed=changes.count("changed"),
            unchanged=changes.count("unchanged"),
        ),
        error_count=len(plan.findings),
        errors=[_finding(each) for each in plan.findings[:MOST_FINDINGS]],
        sample=[target.shown for _, target in plan.targets[:_SAMPLE]],
        event_count=sum(len(target.events) for _, target in plan.targets),
        people_count=len(plan.people),
        event_ids=ids,
    )


def _finding(each: Finding) -> FindingTold:
    vietnamese, english = each.messages
    return FindingTold(
        cell=each.cell,
        field=each.field,
        value=each.value,
        code=each.code,
        message_vi=vietnamese,
        message_en=english,
    )
