"""Say from when until when a report counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from api.problems import Flaw, Problem
from schemas.model import FIRST_YEAR, LAST_YEAR, LOCAL

CUT_OFF = time(16, 0)
"""When a day ends (Asia/Ho_Chi_Minh): plan 107/KH-UBND wants the report before 16:00 every day."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WEEK = re.compile(r"(\d{4})-W(\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a week from cut-off to cut-off.

    Attributes
    ----------
    kind, name
        What it is, and its date (`2021-08-25`) or ISO week (`2021-W34`).
    start, until
        Its first moment, and the first after it, in UTC.
    """

    kind: Literal["daily", "weekly"]
    name: str
    start: datetime
    until: datetime


def day(text: str) -> Period:
    """Return the day that ends at 16:00 of a date.

    Parameters
    ----------
    text
        The date, such as `2021-08-25`.

    Raises
    ------
    Problem
        `invalid`.
    """
    try:
        found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR < found.year < LAST_YEAR:
        raise _unreadable("date", "a date such as 2021-08-25")
    return _ending(found, days=1, kind="daily", name=text)


def week(text: str) -> Period:
    """Return the seven days of an ISO week, from the Sunday before it to its Sunday.

    Parameters
    ----------
    text
        The week, such as `2021-W34`.

    Raises
    ------
    Problem
        `invalid`.
    """
    match = _WEEK.fullmatch(text)
    try:
        sunday = date.fromisocalendar(int(match[1]), int(match[2]), 7) if match else None
    except ValueError:
        sunday = None
    if sunday is None or not FIRST_YEAR < sunday.year < LAST_YEAR:
        raise _unreadable("week", "an ISO week such as 2021-W34")
    return _ending(sunday, days=7, kind="weekly", name=text)


def last_day(now: datetime) -> Period:
    """Return the last day that is over."""
    return day(_last_cut_off(now).isoformat())


def last_week(now: datetime) -> Period:
    """Return the last week that is over."""
    latest = _last_cut_off(now)
    year, number, _ = (latest - timedelta(days=latest.isoweekday() % 7)).isocalendar()
    return week(f"{year}-W{number:02}")


def _last_cut_off(now: datetime) -> date:
    local = now.astimezone(LOCAL)
    is_over = local.time() >= CUT_OFF
    return local.date() if is_over else local.date() - timedelta(days=1)


def _ending(last: date, *, days: int, kind: Literal["daily", "weekly"], name: str) -> Period:
    until = datetime.combine(last, CUT_OFF, LOCAL).astimezone(UTC)
    return Period(kind, name, until - timedelta(days=days), until)


def _unreadable(field: str, wanted: str) -> Problem:
    flaw = Flaw(pointer=f"query:{field}", message=f"expected {wanted}", code=f"{field}_parsing")
    return Problem("invalid", f"{field}: expected {wanted}", errors=[flaw])
