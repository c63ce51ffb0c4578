"""Flag scans that cannot be right: twice the same, too far too fast, by a clock that is ahead.

Each flag has one writer that sees what it rests on: a vehicle's own scans are the truck fold's, the
clock of a checkpoint is the place fold's, and ways between checkpoints, whose places only dispatch
knows together, are dispatch's. All are functions of the scans that stand, so that a retraction
takes a flag back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from routing.checkpoints import (
    CheckpointScan,
    ScanFlag,
    ScanParams,
    clock_flags,
    duplicate_scans,
    impossible_travel,
)
from routing.roads.sphere import distance_m
from schemas.alert import AlertCleared, AlertRaised
from schemas.checkpoint import VehicleScan, VehicleScans
from schemas.dispatch import StateKnown
from schemas.envelope import Event
from schemas.model import parse_time
from streams.alarm import clear, warn
from streams.clearance import Sign, Signs
from streams.desk import Desk
from streams.fold import Doc, Output

PAIRS_SAID = 3
"""So many of a vehicle's latest ways between checkpoints are judged, each with one scan at each."""
PAIRED_WITHIN = timedelta(hours=3)
"""A longer way between two scans is none that is too fast: 90 km/h is 270 km by then."""
CLOCK_VISITS = 8
"""A checkpoint's clock is judged by so many of its latest visits."""
_PARAMS = ScanParams()


def ahead_s(event: Event, now: datetime) -> int | None:
    """Return how far an event's time lies ahead of the stack's clock, where that is much.

    Parameters
    ----------
    event
        A clearance.
    now
        What the stack's clock shows as it is read.
    """
    ahead = (event.time - now).total_seconds()
    return round(ahead) if ahead > _PARAMS.skew_s else None


def duplicate_warnings(
    event: Event, vehicle: str, region: str | None, before: Signs, after: Signs
) -> list[Output]:
    """Warn once of a vehicle scanned twice, until it is seen elsewhere or the scan is taken back.

    Parameters
    ----------
    event
        The clearance or retraction.
    vehicle, region
        The truck's id, or ``plate:…``, and whose dispatchers are warned.
    before, after
        Its clearances before and after the event.
    """
    told, found = _duplicates(vehicle, before), _duplicates(vehicle, after)
    if not found:
        cleared = AlertCleared(alert_id=f"duplicate_scan/{vehicle}", subject=vehicle)
        return [Output("alert.v1", "alert.cleared", cleared, "single")] if told else []
    if found.keys() <= told.keys():
        return []
    flag = max(found.values(), key=lambda one: float(one.evidence["scans"][-1]["at_s"]))
    scans = flag.evidence["scans"]
    last = next(sign for sign in after if sign.clearance == scans[-1]["name"])
    alert = AlertRaised(
        alert_id=f"duplicate_scan/{vehicle}",
        subject=vehicle,
        code="duplicate_scan",
        severity="info",
        region=region,
        params={
            "checkpoint_id": last.checkpoint_id,
            "decision": last.decision,
            "plate": last.plate,
            "at": last.at,
            "count": len(scans),
            "apart_s": round(flag.evidence["apart_s"]),
        },
    )
    return [Output("alert.v1", "alert.raised", alert, "duplicate_scan", event.time)]


def _duplicates(vehicle: str, signs: Signs) -> dict[str, ScanFlag]:
    """Return the flags of the checkpoint at which a vehicle was seen last, by decision."""
    standing = [one for one in signs if not one.retracted]
    here = standing[-1].checkpoint_id if standing else ""
    scans = [_scan(vehicle, one) for one in standing if one.checkpoint_id == here]
    flags = duplicate_scans(scans, _PARAMS)
    return {f"{here}/{flag.evidence['scans'][0]['decision']}": flag for flag in flags}


def _scan(vehicle: str, sign: Sign | VehicleScan) -> CheckpointScan:
    at = sign.at if isinstance(sign.at, datetime) else parse_time(sign.at)
    return CheckpointScan(
        at.timestamp(), vehicle, sign.checkpoint_id, sign.decision, name=sign.clearance
    )


def travelled(
    vehicle: str, plate: str | None, region: str | None, before: Signs, after: Signs
) -> list[Output]:
    """Tell dispatch where a vehicle was scanned one after another, where that changed.

    Parameters
    ----------
    vehicle, plate, region
        Which.
    before, after
        Its clearances before and after an event.
    """
    pairs = _pairs(after)
    if pairs == _pairs(before):
        return []
    signs = {sign.order: sign for pair in pairs for sign in pair}
    scans = [
        VehicleScan(
            checkpoint_id=sign.checkpoint_id,
            decision=sign.decision,
            at=parse_time(sign.at),
            clearance=sign.clearance,
        )
        for _, sign in sorted(signs.items())
    ]
    state = VehicleScans(vehicle=vehicle, plate=plate, region=region, scans=scans)
    data = StateKnown(kind="scans", state=state.model_dump(mode="json"))
    return [Output("dispatch.inbox.v1", "state.known", data, "scans")]


def _pairs(signs: Signs) -> list[tuple[Sign, Sign]]:
    standing = [one for one in signs if not one.retracted]
    found = [
        (one, two)
        for one, two in pairwise(standing)
        if one.checkpoint_id != two.checkpoint_id
        and parse_time(two.at) - parse_time(one.at) <= PAIRED_WITHIN
    ]
    return found[-PAIRS_SAID:]


def judge_travel(desk: Desk, told: Doc) -> None:
    """Warn of a vehicle that two checkpoints saw sooner than any truck drives between them.

    The way is taken to be a straight line, which no road is shorter than: nobody is accused for a
    road that is not known. A checkpoint that dispatch does not know is no reason to warn.

    Parameters
    ----------
    desk
        The step.
    told
        `schemas.checkpoint.VehicleScans`.
    """
    state = VehicleScans.model_validate(told)
    vehicle = state.vehicle
    scans = [_scan(vehicle, one) for one in state.scans]
    flags = impossible_travel(scans, lambda a, b: _straight_m(desk, a, b), _PARAMS)
    known = desk.own("scans", vehicle).get("flagged", [])
    found = ["/".join(scan["name"] for scan in flag.evidence["scans"]) for flag in flags]
    if not found:
        if known:
            desk.keep("scans", vehicle, flagged=None)
            clear(desk, "impossible_travel", vehicle)
        return
    if found != known:
        desk.keep("scans", vehicle, flagged=found)
    if set(found) <= set(known):
        return
    flag = flags[-1]
    one, two = (_place(desk, scan["checkpoint_id"]) for scan in flag.evidence["scans"])
    by_name = {scan.clearance: scan for scan in state.scans}
    first, last = (by_name[scan["name"]] for scan in flag.evidence["scans"])
    params = {
        "from_checkpoint_id": first.checkpoint_id,
        "checkpoint_id": last.checkpoint_id,
        "plate": state.plate,
        "at": last.model_dump(mode="json")["at"],
        "took_s": round(flag.evidence["took_s"]),
        "least_s": round(flag.evidence["least_s"] or 0),
        "distance_m": round(flag.evidence["road_m"] or 0),
    }
    region = state.region or (two or one or {}).get("region")
    warn(desk, "impossible_travel", vehicle, params, region, severity="warning")


def _place(desk: Desk, checkpoint_id: str) -> Doc | None:
    return desk.state("checkpoint", checkpoint_id)


def _straight_m(desk: Desk, one_id: str, two_id: str) -> float:
    one, two = _place(desk, one_id), _place(desk, two_id)
    if one is None or two is None:
        return 0.0
    return float(distance_m((one["lat"], one["lon"]), (two["lat"], two["lon"])))


def skew_warnings(
    event: Event, view: Doc, visits: Sequence[Doc], warned: str | None
) -> tuple[list[Output], str | None]:
    """Warn once of a checkpoint whose latest visits were told before they can have happened.

    Parameters
    ----------
    event
        The visit or its retraction.
    view
        The checkpoint's state.
    visits
        Its visits, in order of time.
    warned
        The visit behind the alert that is raised, if any.

    Returns
    -------
    list of Output, str or None
        What is said, and the visit behind the alert from now on.
    """
    place_id = view["place_id"]
    if warned is None and not any("ahead_s" in one for one in visits[-CLOCK_VISITS:]):
        return [], None
    flags = clock_flags(_received(place_id, visits), lambda _a, _b: 0.0, _PARAMS)
    if not flags:
        if warned is None:
            return [], None
        cleared = AlertCleared(alert_id=f"clock_skew/{place_id}", subject=place_id)
        return [Output("alert.v1", "alert.cleared", cleared, "clock")], None
    if warned is not None:
        return [], warned
    evidence = flags[0].evidence
    alert = AlertRaised(
        alert_id=f"clock_skew/{place_id}",
        subject=place_id,
        code="clock_skew",
        severity="warning",
        region=view.get("region"),
        params={"checkpoint_id": place_id, "ahead_s": round(evidence["ahead_s"])},
    )
    output = Output("alert.v1", "alert.raised", alert, "clock_skew", event.time)
    return [output], str(evidence["scan"]["name"])


def _received(place_id: str, visits: Sequence[Doc]) -> Iterator[CheckpointScan]:
    """Yield the latest visits that stand, with when each was received where that is known."""
    standing = [one for one in visits if not one.get("retracted")]
    for one in standing[-CLOCK_VISITS:]:
        at_s = parse_time(one["order"][0]).timestamp()
        received_s = at_s - one["ahead_s"] if "ahead_s" in one else None
        yield CheckpointScan(
            at_s,
            one["vehicle"],
            place_id,
            one["decision"],
            name=one["order"][1],
            received_s=received_s,
        )
