"""Read hours of the day, or of some days, in the notation of OpenStreetMap's ``opening_hours``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opening_hours import OpeningHours

from routing.roads.errors import RoadError

if TYPE_CHECKING:
    from datetime import datetime


def within_hours(hours: str, timezone: str, at: datetime) -> bool:
    """Say whether a time lies within hours.

    Parameters
    ----------
    hours
        Such as ``Mo-Fr 06:00-09:00,16:00-19:00``.
    timezone
        IANA name of the hours' time.
    at
        The time.

    Raises
    ------
    RoadError
        If the time has no offset, or the hours or the timezone cannot be read.
    """
    return _hours(hours).is_open(_local(timezone, at))


def open_within(hours: str, timezone: str, start: datetime, end: datetime) -> bool:
    """Say whether any time of an interval, its ends included, lies within hours.

    Raises
    ------
    RoadError
        If a time has no offset, or the hours or the timezone cannot be read.
    """
    if within_hours(hours, timezone, start):
        return True
    change = _hours(hours).next_change(_local(timezone, start))
    return change is not None and change <= _local(timezone, end)


def check_hours(hours: str, timezone: str) -> None:
    """Refuse hours or a timezone that cannot be read.

    Raises
    ------
    RoadError
        Naming which.
    """
    _hours(hours)
    _zone(timezone)


def check_moment(at: datetime) -> None:
    """Refuse a time that is no moment.

    Raises
    ------
    RoadError
        If it has no offset.
    """
    if at.tzinfo is None:
        raise RoadError("a time without an offset is no moment; add one, such as +07:00")


def _local(timezone: str, at: datetime) -> datetime:
    check_moment(at)
    return at.astimezone(_zone(timezone)).replace(tzinfo=None)


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RoadError(f"{timezone!r} is no timezone such as Asia/Ho_Chi_Minh") from error


@lru_cache(maxsize=1024)
def _hours(text: str) -> OpeningHours:
    try:
        return OpeningHours(text)
    except Exception as error:  # the library's own errors share no base
        raise RoadError(
            f"cannot read the hours {text!r}; write them as Mo-Fr 06:00-09:00"
        ) from error
