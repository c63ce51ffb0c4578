"""Answer the daily and the weekly report as JSON or CSV."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.desk import Asking, Deed, Desk, Route
from api.desk import Query as Question
from api.problems import language_of
from api.reads import json_answer
from api.reports.period import Period, day, last_day, last_week, week
from api.reports.report import Report, Reports
from api.reports.sheet import write
from schemas.model import Moment, format_time

router = APIRouter(prefix="/v1/reports", tags=["reports"], route_class=Route)

Format = Annotated[
    Literal["json", "csv"] | None,
    Query(description="Left out, `Accept` decides."),
]


class ReportRow(BaseModel, frozen=True):
    """One figure: as known at the cut-off, what came late, what corrects earlier periods."""

    section: Annotated[str, Field(examples=["goods"])]
    measure: Annotated[str, Field(examples=["delivered"])]
    unit: Annotated[str, Field(examples=["kg"])]
    region: str | None
    product: str | None
    place_id: str | None
    place_name: str | None
    code: str | None
    on_time: int
    late: int
    correction: int


class ReportAnswer(BaseModel, frozen=True):
    """A report; `is_over` says whether its cut-off has passed."""

    report: Literal["daily", "weekly"]
    period: Annotated[str, Field(examples=["2021-08-25", "2021-W34"])]
    since: Annotated[Moment, Field(alias="from")]
    until: Moment
    as_of: Moment
    is_over: bool
    rows: list[ReportRow]


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": ReportAnswer,
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/daily",
    summary="What happened from 16:00 to 16:00",
    responses=_ANSWERS,
    response_model=None,
)
async def daily(
    asking: Asking,
    request: Request,
    date: Annotated[
        str | None, Query(max_length=10, examples=["2021-08-25"], description="The day that ends.")
    ] = None,
    format: Format = None,  # noqa: A002 - the parameter's name
) -> Response:
    """Answer the report of a day, by default of the last one that is over."""
    return await _answer(asking, request, day(date) if date is not None else None, last_day, format)


@router.get(
    "/weekly",
    summary="What happened from Sunday 16:00 to Sunday 16:00",
    responses=_ANSWERS,
    response_model=None,
)
async def weekly(
    asking: Asking,
    request: Request,
    week_: Annotated[
        str | None,
        Query(alias="week", max_length=8, examples=["2021-W34"], description="An ISO week."),
    ] = None,
    format: Format = None,  # noqa: A002 - the parameter's name
) -> Response:
    """Answer the report of a week, by default of the last one that is over."""
    return await _answer(
        asking, request, week(week_) if week_ is not None else None, last_week, format
    )


async def _answer(
    asking: Question, request: Request, period: Period | None, latest: Any, wanted: str | None
) -> Response:
    Deed(asking.desk, asking.actor, "", None).only("observer")
    clock = await asking.desk.clock.state()
    reports: Reports = request.app.state.reports
    report = await reports.of(period or latest(clock.now), clock)
    said = await _shown(asking, report)
    if (wanted or _accepted(request)) == "json":
        answer = json_answer(
            orjson.dumps(said, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)
        )
        answer.headers["vary"] = "accept"
        return answer
    language = language_of(request.headers.get("accept-language"))
    name = f"harvestlane-{report.period.kind}-{report.period.name}.csv"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-language": language,
        "vary": "accept, accept-language",
    }
    return Response(write(said, language), 200, headers, "text/csv; charset=utf-8")


def _accepted(request: Request) -> str:
    accepted = request.headers.get("accept", "")
    return "csv" if "text/csv" in accepted and "json" not in accepted else "json"


async def _shown(asking: Question, report: Report) -> dict[str, Any]:
    places = await _places(asking.desk)
    regions = asking.actor.regions
    rows = []
    for key, on_time, late, correction in report.rows:
        place = places.get(key.place_id or "", {})
        region = key.region or place.get("region")
        if regions is None or region is None or region in regions:
            row = key._asdict() | {"region": region, "place_name": place.get("name")}
            rows.append(row | {"on_time": on_time, "late": late, "correction": correction})
    return {
        "report": report.period.kind,
        "period": report.period.name,
        "from": report.period.start,
        "until": report.period.until,
        "as_of": report.as_of,
        "is_over": report.is_over,
        "rows": rows,
    }


async def _places(desk: Desk) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for kind in ("facility", "checkpoint"):
        entries = await desk.views.entries(kind)
        found |= {place_id: entry.doc for place_id, entry in entries.items()}
    return found


def _plain(value: Any) -> str:
    return format_time(value)
