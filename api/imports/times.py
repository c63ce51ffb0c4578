"""Read days, times and windows as people write them: `25/8`, `7g30`, `sáng 25/8`, `6h-7h`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from api.imports.findings import Unread
from api.imports.words import WORDS, plain, said

_FIRST_DAY = date(1899, 12, 30)  # of Excel's serial numbers, with its leap day of 1900
_SERIALS = (20_000, 80_000)
_YEARS = (2000, 2100)
_DAY_MINUTES = 1440

_PARTS: dict[str, list[int]] = {
    name: hours
    for part, hours in WORDS["assumed"]["day_parts"].items()
    for name in (part, plain(part))
}
_PART = re.compile(r"\b(sang|trua|chieu|toi|dem|am|pm)\b")
_CLOCK = re.compile(
    r"(?:luc |tu |khoang )?(\d{1,2})(?: ?(?:h|g|gio|:) ?(\d{1,2}|ruoi)?(?::\d{2})?)?"
    r" ?(?:p|phut|ph)?"
)
_APART = re.compile(r"\s*(?:->|→|[-–—~]|\bđến\b|\bden\b|\btới\b|\bto\b)\s*")

_DAYS: tuple[tuple[re.Pattern[str], Callable[..., tuple[str | None, str, str]]], ...] = (
    (re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)"), lambda y, m, d: (y, m, d)),
    (
        re.compile(r"(?<!\d)(\d{1,2}) ?[-/.] ?(\d{1,2}) ?[-/.] ?(\d{4}|\d{2})(?!\d)"),
        lambda d, m, y: (y, m, d),
    ),
    (
        re.compile(r"(?<!\d)(\d{1,2}) thang (\d{1,2})(?:,? nam (\d{4}))?(?!\d)"),
        lambda d, m, y: (y, m, d),
    ),
    (re.compile(r"(?<![\d/.-])(\d{1,2})/(\d{1,2})(?![\d/.-])"), lambda d, m: (None, m, d)),
    (re.compile(r"(?<!\d)(\d{1,2})[-.](\d{1,2})(?![\d/.-])$"), lambda d, m: (None, m, d)),
    (re.compile(r"^(20\d{2})(\d{2})(\d{2})$"), lambda y, m, d: (y, m, d)),
)
_WEEKDAY = re.compile(r"\b(?:thu (?:hai|ba|tu|nam|sau|bay|[2-7])|t[2-7]|chu nhat|cn)\b,?|\bngay\b")


def read_day(value: Any, today: date) -> tuple[date, str]:
    """Read a day, and return what else the text says.

    Parameters
    ----------
    value
        A cell's date, serial number or text; day before month.
    today
        Decides the year where none is written: the nearest one.

    Raises
    ------
    Unread
        `not_a_day`.
    """
    if isinstance(value, datetime):
        rest = "" if value.time() == time() else f"{value:%H:%M}"
        return value.date(), rest
    if isinstance(value, date):
        return value, ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_serial(float(value))
    text = plain(str(value))
    if re.fullmatch(r"\d{5}(?:[.,]\d+)?", text):
        return _of_serial(float(text.replace(",", ".")))
    text = re.sub(r"(\d)t(\d\d:)", r"\1 \2", text)  # 2021-08-25T07:30
    for pattern, ordered in _DAYS:
        if found := pattern.search(text):
            day = _day(*ordered(*found.groups()), today)
            rest = f"{text[: found.start()]} {text[found.end() :]}"
            return day, _WEEKDAY.sub(" ", rest).strip(" ,;()")
    raise Unread("not_a_day")


def _of_serial(serial: float) -> tuple[date, str]:
    if not _SERIALS[0] <= serial <= _SERIALS[1]:
        raise Unread("not_a_day")
    minutes = round((serial % 1) * _DAY_MINUTES)
    day = _FIRST_DAY + timedelta(days=int(serial))
    if minutes == _DAY_MINUTES:
        return day + timedelta(days=1), ""
    return day, f"{minutes // 60:02}:{minutes % 60:02}" if minutes else ""


def _day(year: str | None, month: str, day: str, today: date) -> date:
    years = [int(year)] if year else [today.year - 1, today.year, today.year + 1]
    years = [each + 2000 if each < 100 else each for each in years]
    found = []
    for each in years:
        try:
            found.append(date(each, int(month), int(day)))
        except ValueError:
            continue
    found = [each for each in found if _YEARS[0] <= each.year <= _YEARS[1]]
    if not found:
        raise Unread("not_a_day")
    return min(found, key=lambda each: abs(each - today))


def read_clock(value: Any) -> int:
    """Read a time of day, in minutes after midnight, up to 1440.

    Parameters
    ----------
    value
        A cell's time, fraction of a day, whole hour or text; of a part of the day its beginning.

    Raises
    ------
    Unread
        `not_a_time`.
    """
    if isinstance(value, datetime | time):
        return value.hour * 60 + value.minute
    if isinstance(value, timedelta):
        return _in_day(round(value.total_seconds() / 60))
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value <= 24:
            raise Unread("not_a_time")
        is_hours = float(value).is_integer()
        return _in_day(round(value * 60) if is_hours else round(value * _DAY_MINUTES))
    text = plain(str(value)).strip(" .,")
    if re.fullmatch(r"0[.,]\d+", text):
        return _in_day(round(float(text.replace(",", ".")) * _DAY_MINUTES))
    part = _PART.search(text)
    word = part[1] if part else ""
    bare = _PART.sub("", text).replace("buoi", "").strip(" ,;.")
    if not bare and word in _PARTS:
        return _PARTS[word][0] * 60
    found = _CLOCK.fullmatch(bare)
    if found is None:
        raise Unread("not_a_time")
    hour, minute = int(found[1]), 30 if found[2] == "ruoi" else int(found[2] or 0)
    hour = _after_noon(hour, word)
    if minute > 59:
        raise Unread("not_a_time")
    return _in_day(hour * 60 + minute)


def _after_noon(hour: int, word: str) -> int:
    if word == "dem" and hour == 12:
        return 24
    begins = {"trua": 1, "chieu": 1, "pm": 1, "toi": 1, "dem": 6}.get(word, 24)
    is_late_morning = word == "trua" and hour == 11
    return hour + 12 if begins <= hour < 12 and not is_late_morning else hour


def _in_day(minutes: int) -> int:
    if not 0 <= minutes <= _DAY_MINUTES:
        raise Unread("not_a_time")
    return minutes


def read_window(value: Any) -> tuple[int, int]:
    """Read a window as minutes after midnight; one that ends by its start ends the next day.

    Parameters
    ----------
    value
        A text such as `6h-7h`, `từ 6h đến 7h30` or `sáng`.

    Raises
    ------
    Unread
        `not_a_window`.
    """
    text = said(str(value)).strip(" .,")
    if (word := plain(text).removeprefix("buoi ")) in _PARTS:
        first, last = _PARTS[word]
        return first * 60, last * 60
    ends = _APART.split(text)
    if len(ends) != 2:
        raise Unread("not_a_window")
    try:
        return spanned(read_clock(ends[0]), read_clock(ends[1]))
    except Unread:
        raise Unread("not_a_window") from None


def spanned(start: int, end: int) -> tuple[int, int]:
    """Let a window that ends before its start end the next day.

    Raises
    ------
    Unread
        `not_a_window`: it has no length.
    """
    if start == end:
        raise Unread("not_a_window")
    return start, end if end > start else end + _DAY_MINUTES
