"""Show administrators who did what."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from api.audit.chronicle import chronicle
from api.audit.search import Sought, rows, search
from api.desk import Asking, Route
from api.identity.administrators import Administrator
from api.reads import json_answer
from schemas.audit import AuditEntry

router = APIRouter(prefix="/v1", tags=["audit"], route_class=Route)


class Page(Sought):
    """Choose entries, and how many of them."""

    cursor: Annotated[str | None, Field(pattern=r"^[0-9]{1,18}$")] = Field(
        None, description="`next` of the answer before."
    )
    limit: int = Field(100, ge=1, le=1_000)


class AuditPage(BaseModel):
    """Entries, the newest first."""

    items: list[AuditEntry]
    """With `address` as it was; null once its key was thrown away."""
    next: str | None
    """Ask on with it as `cursor`; null where there are no older ones. `items` may be empty."""


@router.get(
    "/audit",
    summary="Who did what",
    responses={200: {"model": AuditPage}},
    response_model=None,
)
async def audit(asking: Asking, actor: Administrator, page: Annotated[Page, Query()]) -> Response:
    """Answer the newest entries that are sought; that they were read is written down, too."""
    keeper = asking.desk.audit
    before = int(page.cursor) if page.cursor else None
    await chronicle(asking.desk, actor, "audit.read")
    found = await search(keeper, page, before=before, limit=page.limit, regions=actor.regions)
    further = None if found.before is None else str(found.before)
    return json_answer(orjson.dumps({"items": found.items, "next": further}))


@router.get(
    "/audit.csv",
    summary="Who did what, as a table",
    response_model=None,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def table(
    asking: Asking, actor: Administrator, sought: Annotated[Sought, Query()]
) -> Response:
    """Send all entries that are sought, the newest first; that they were is written down, too."""
    await chronicle(asking.desk, actor, "audit.exported")
    lines = rows(asking.desk.audit, sought, actor.regions)
    headers = {"content-disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)
