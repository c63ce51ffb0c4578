"""Know where trucks on a trip stand: that one has come to its port, and that one is stuck.

In: dispatch.inbox.v1 (state.known of trucks, clock.ticked)
Out: alert.v1

It is dispatch that judges, because only dispatch knows trips, pickups and ports. It hears of a
truck that moved 2 km, or after 15 minutes of positions (`streams.truck.ANNOUNCE_EVERY`): four signs
in 45 minutes, which is enough to tell standing from driving. A truck that went less than 2 km and
came back between two signs has not got on with its trip either.

Standing is measured between the times of positions. The truck fold passes on nothing that is older
than what it knows, so a late position makes no truck stand. And the alert is raised by a tick, only
while the last position is fresh: signs that were held up and come all together, of a truck that has
driven on since, raise nothing. What is known of a truck is part of dispatch's table: no restart
forgets since when it stands.
"""

from __future__ import annotations

from datetime import timedelta

from routing.roads.sphere import distance_m
from schemas.model import parse_time
from streams.alarm import clear, warn
from streams.desk import Desk
from streams.fold import Doc

STUCK_AFTER = timedelta(minutes=45)
"""A truck on a trip that has stood for so long is stuck [assumed]."""
STANDS_WITHIN_M = 300.0
"""A truck stands while its positions are so near to the first of them [assumed]."""
SIGNS_WITHIN = timedelta(minutes=20)
"""Two signs further apart say nothing of the time between, and an older one nothing of now: such a
truck is not stuck but silent. One that reports every ten minutes is heard of every 20 [assumed].
"""
AT_PLACE_M = 1_000.0
"""A truck so near to its pickup or its port waits there, in a queue or at a bay [assumed]."""

ON_TRIP = frozenset({"accepted", "loaded"})
_AT_CHECKPOINT = frozenset({"arrived", "held"})


def stood(known: Doc | None, position: Doc | None) -> Doc | None:
    """Say where a truck stands and since when, given its next position.

    Parameters
    ----------
    known
        ``lat``, ``lon``, ``since`` and ``until`` as they were known, if at all.
    position
        The truck's latest position, if any: ``lat``, ``lon``, ``at``.
    """
    if position is None:
        return known
    there = {"lat": position["lat"], "lon": position["lon"]}
    if known is None or _apart_m(known, position) > STANDS_WITHIN_M:
        return {**there, "since": position["at"], "until": position["at"]}
    gap = parse_time(position["at"]) - parse_time(known["until"])
    since = position["at"] if gap > SIGNS_WITHIN else known["since"]
    return {**known, "since": since, "until": position["at"]}


def note_arrival(desk: Desk, truck_id: str, position: Doc | None) -> None:
    """Note that a loaded truck has come to its port, wherever it may be later."""
    job = desk.own("truck", truck_id).get("job")
    view = None if job is None else desk.view("assignment", job)
    if job is None or view is None or view["status"] != "loaded" or position is None:
        return
    facility_id = view["facility_id"]
    if _is_near(position, desk.state("facility", facility_id)):
        desk.keep("assignment", job, came=facility_id)


def _is_near(place: Doc, other: Doc | None) -> bool:
    return other is not None and _apart_m(place, other) <= AT_PLACE_M


def _apart_m(one: Doc, other: Doc) -> float:
    return distance_m((one["lat"], one["lon"]), (other["lat"], other["lon"]))


def watch(desk: Desk, assignment_id: str, view: Doc) -> None:
    """Warn of a truck that is stuck on its trip, once, until it moves or has a reason to stand.

    Parameters
    ----------
    desk
        The step.
    assignment_id, view
        The truck's trip.
    """
    truck_id = view["truck_id"]
    told = desk.own("assignment", assignment_id).get("stuck")
    if told is None and view["status"] not in ON_TRIP:
        return
    standing = desk.own("truck", truck_id).get("standing")
    if standing is None:
        return
    place = [standing["lat"], standing["lon"]]
    explained = view["status"] not in ON_TRIP or _may_stand(desk, view, standing)
    if told is None and not explained and _has_stood(desk, view, standing):
        desk.keep("assignment", assignment_id, stuck=place)
        params = {
            "assignment_id": assignment_id,
            "at": standing["since"],
            "lat": standing["lat"],
            "lon": standing["lon"],
        }
        warn(desk, "truck_stuck", truck_id, params, view["region"], severity="warning")
    elif told is not None and (explained or told != place):
        desk.keep("assignment", assignment_id, stuck=None)
        clear(desk, "truck_stuck", truck_id)


def _may_stand(desk: Desk, view: Doc, standing: Doc) -> bool:
    """Tell whether a truck is where it should be: at its pickup, its port, or with officers."""
    seen = (desk.state("truck", view["truck_id"]) or {}).get("last_checkpoint") or {}
    return (
        _is_near(standing, view["pickup"])
        or _is_near(standing, desk.state("facility", view["facility_id"]))
        or seen.get("decision") in _AT_CHECKPOINT
    )


def _has_stood(desk: Desk, view: Doc, standing: Doc) -> bool:
    """Tell whether a truck has stood too long since it might go on, by signs that are fresh."""
    seen = (desk.state("truck", view["truck_id"]) or {}).get("last_checkpoint")
    begins = [standing["since"], view["departure"], *([seen["at"]] if seen else [])]
    until = parse_time(standing["until"])
    long_enough = until - max(map(parse_time, begins)) >= STUCK_AFTER
    return long_enough and desk.now - until <= SIGNS_WITHIN
