"""Know how long a driver has driven since the last break and today."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.model import LOCAL, format_time, parse_time
from streams.desk import Desk
from streams.fold import Doc

_BREAK = timedelta(minutes=15)


def duty_now(desk: Desk, truck_id: str) -> Doc:
    """Return a driver's hours as of now: a rest of 15 minutes and a new day have counted."""
    duty = desk.own("truck", truck_id).get("duty") or {}
    return rested(duty, desk.now)


def rested(duty: Doc, now: datetime) -> Doc:
    """Let time since the last trip count as rest.

    Parameters
    ----------
    duty
        ``since_break_s``, ``today_s`` and the time ``as_of`` which they hold; empty for a driver
        who has not driven yet.
    now
        The stack's time.
    """
    since_break_s, today_s = duty.get("since_break_s", 0), duty.get("today_s", 0)
    if "as_of" in duty:
        as_of = parse_time(duty["as_of"])
        if now - as_of >= _BREAK:
            since_break_s = 0
        if now.astimezone(LOCAL).date() != as_of.astimezone(LOCAL).date():
            today_s = 0
    return {"since_break_s": since_break_s, "today_s": today_s, "as_of": format_time(now)}


def driven(desk: Desk, assignment_id: str, view: Doc) -> Doc:
    """Return a driver's hours in the middle of a trip, from its plan.

    Breaks taken on the way are not counted: hours are never told too low.
    """
    start = desk.own("assignment", assignment_id).get("duty") or {}
    on_the_way_s = int((desk.now - parse_time(view["departure"])).total_seconds())
    if view["status"] == "proposed":
        on_the_way_s = 0
    drove_s = min(max(on_the_way_s, 0), int(view["drive_s"]))
    return {
        "since_break_s": min(start.get("since_break_s", 0) + drove_s, 4 * 3600),
        "today_s": start.get("today_s", 0) + drove_s,
        "as_of": format_time(desk.now),
    }
