"""Keep a vehicle's recent clearances, so that one posted in error can be taken back.

The rules of the truck fold (``streams/truck.py``) are made of these functions: what a truck's last
checkpoint was, and what has to be warned of, is computed anew from the clearances that stand, so
that neither depends on the order in which clearances and retractions came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

from schemas.alert import AlertCleared, AlertRaised, Severity
from schemas.checkpoint import (
    CheckpointArrived,
    CheckpointCleared,
    CheckpointHeld,
    CheckpointRefused,
    CheckpointRetracted,
    Clearance,
    Decision,
    VisitRecorded,
    VisitRetracted,
)
from schemas.envelope import Event
from schemas.model import format_time, parse_time
from streams.fold import Doc, Entity, Output, Refused, Unknown, derived_id, rank

CLEARANCES_KEPT = 32
"""A vehicle's latest clearances, and retractions, that are kept: only these can be taken back.

A truck passes some ten checkpoints a day with two or three clearances each: this is a day. Each
costs about 100 bytes in a state that is written again with every position of the truck.
"""

_DECISIONS: dict[type[Clearance], Decision] = {
    CheckpointArrived: "arrived",
    CheckpointCleared: "cleared",
    CheckpointHeld: "held",
    CheckpointRefused: "refused",
}


@dataclass(frozen=True, slots=True)
class Sign:
    """One clearance of a vehicle, as far as it has to be remembered."""

    at: str
    clearance: str
    """A short name of its event's source and id."""
    checkpoint_id: str
    decision: Decision
    reason_code: str | None
    plate: str | None
    retracted: bool = False

    @property
    def order(self) -> tuple[str, str]:
        """By which clearances come one after another: time, then identity."""
        return rank(parse_time(self.at)), self.clearance

    @property
    def as_seen(self) -> Doc:
        """The clearance as a truck's state tells it (`schemas.truck.TruckSeen`)."""
        return {
            "checkpoint_id": self.checkpoint_id,
            "decision": self.decision,
            "at": self.at,
            "reason_code": self.reason_code,
        }


Signs = Sequence[Sign]


def _named(identity: str) -> str:
    """Name an event by as few letters as tell it from all others: names are kept many times."""
    return derived_id(identity)


def sign_of(event: Event) -> Sign:
    """Return what has to be remembered of a clearance."""
    data = event.data
    assert isinstance(data, Clearance)
    return Sign(
        at=format_time(event.time),
        clearance=_named(event.identity),
        checkpoint_id=data.checkpoint_id,
        decision=_DECISIONS[type(data)],
        reason_code=data.reason_code,
        plate=data.plate,
    )


def recent(own: Doc, last: Doc | None = None) -> list[Sign]:
    """Read a vehicle's recent clearances, the earliest first.

    Parameters
    ----------
    own
        What the fold remembers of the vehicle.
    last
        The truck's last checkpoint as its view has it. Where an earlier version, which kept no
        clearances, wrote it, it stands for the clearance that it came from.
    """
    signs = [Sign(*row) for row in own.get("clearances", [])]
    if last is None or any(not sign.retracted and sign.as_seen == last for sign in signs):
        return signs
    return added(signs, Sign(clearance="", plate=None, **last))


def added(signs: Signs, sign: Sign) -> list[Sign]:
    """Return the clearances with one more, however late it comes."""
    return sorted([*signs, sign], key=lambda one: one.order)[-CLEARANCES_KEPT:]


def without(signs: Signs, wrong: Sign) -> list[Sign]:
    """Return the clearances with one of them taken back; its place is kept."""
    return [replace(one, retracted=True) if one == wrong else one for one in signs]


def remembered(own: Doc, signs: Signs, **fields: Any) -> Doc:
    """Return what the fold remembers of a vehicle, with these clearances."""
    return {**own, "clearances": [list(astuple(sign)) for sign in signs], **fields}


def latest(signs: Signs) -> Sign | None:
    """Return the latest clearance that stands, or nothing."""
    return next((sign for sign in reversed(signs) if not sign.retracted), None)


def wrong_one(entity: Entity, event: Event, signs: Signs) -> Sign | Refused | Unknown:
    """Find the clearance that a retraction takes back.

    A retraction may come before it: then it waits like everything that speaks of an unknown id,
    and ends as a dead letter when nothing comes in ten minutes, which tells of a mistyped id what
    a tombstone would hide for ever. The clearance is applied when it comes and taken back in the
    same step: what is counted and what is known are the same in every order.

    Parameters
    ----------
    entity
        The vehicle.
    event
        The retraction.
    signs
        The vehicle's recent clearances.

    Returns
    -------
    Sign, Refused or Unknown
        The clearance, perhaps taken back before; or the rule that forbids to take it back; or
        that it has not come.
    """
    data = event.data
    assert isinstance(data, CheckpointRetracted)
    identity = data.retracts.identity
    name = _named(identity)
    if identity == event.identity or any(name == one for _, one in _retractions(entity.own)):
        return Refused("retracts_a_retraction")
    found = next((sign for sign in signs if sign.clearance == name), None)
    if found is None:
        heard = _was_heard(entity, identity)
        return Refused("not_a_recent_clearance") if heard else Unknown(identity)
    if found.checkpoint_id != data.checkpoint_id:
        return Refused("another_checkpoint")
    return found


def _was_heard(entity: Entity, identity: str) -> bool:
    """Tell whether an event was applied or refused: it is neither unheard, nor parked, nor dead."""
    known = entity.memory.get(identity)
    parked = {f"{one['topic']}:{one['partition']}:{one['offset']}" for one in entity.parked}
    if known is not None:  # of a topic remembered whole, or of a row of version 0.1
        return not known.get("dead") and not parked.intersection(known["at"])
    waits = any(one.get("identity") == identity for one in entity.parked)
    return not waits and any(recent.holds(identity) for recent in entity.recent.values())


def _retractions(own: Doc) -> list[list[str]]:
    found: list[list[str]] = own.get("retractions", [])
    return found


def noted(own: Doc, event: Event) -> Doc:
    """Remember of a retraction that it is one."""
    known = sorted([*_retractions(own), [rank(event.time), _named(event.identity)]])
    return {**own, "retractions": known[-CLEARANCES_KEPT:]}


def visit_of(
    event: Event, *, vehicle: str, truck_id: str | None, ahead_s: int | None = None
) -> Output:
    """Pass a clearance on to its checkpoint."""
    data = event.data
    assert isinstance(data, Clearance)
    visit = VisitRecorded(
        checkpoint_id=data.checkpoint_id,
        vehicle=vehicle,
        truck_id=truck_id,
        plate=data.plate,
        decision=_DECISIONS[type(data)],
        at=event.time,
        people_count=data.people_count,
        reason_code=data.reason_code,
        clearance=_named(event.identity),
        ahead_s=ahead_s,
    )
    return Output("checkpoint.visit.v1", "visit.recorded", visit, "visit", event.time)


def taken_back(event: Event, sign: Sign, vehicle: str) -> Output:
    """Pass a retraction on to its checkpoint."""
    visit = VisitRetracted(
        checkpoint_id=sign.checkpoint_id,
        vehicle=vehicle,
        clearance=sign.clearance,
        decision=sign.decision,
        at=parse_time(sign.at),
    )
    return Output("checkpoint.visit.v1", "visit.retracted", visit, "visit", event.time)


def _cause(signs: Signs) -> tuple[str | None, Sign | None]:
    """Say what has to be warned of by now, and which clearance is behind it.

    A truck that is held stays so when it arrives, perhaps again, until it is let through; one that
    was refused may go on as soon as it is seen elsewhere.
    """
    code: str | None = None
    cause: Sign | None = None
    for sign in signs:
        if sign.retracted or (sign.decision == "arrived" and code == "truck_held"):
            continue
        code, cause = None, None
        if sign.decision in {"held", "refused"}:
            code, cause = f"truck_{sign.decision}", sign
    return code, cause


def warnings_of(
    event: Event, truck_id: str, warned: str | None, before: Signs, after: Signs
) -> tuple[list[Output], str | None]:
    """Warn of a truck that is held or refused, as long as a clearance that says so stands.

    Parameters
    ----------
    event
        The clearance or retraction.
    truck_id
        The truck.
    warned
        The code of the alert that is raised, if any.
    before, after
        The truck's clearances before and after the event.

    Returns
    -------
    list of Output, str or None
        What is said, and the code that is raised from now on.
    """
    (_, told), (code, cause) = _cause(before), _cause(after)
    outputs = []
    if warned is not None and warned != code:
        outputs.append(_cleared(warned, truck_id))
    if cause is not None and code is not None and (warned != code or cause != told):
        severity: Severity = "critical" if code == "truck_refused" else "warning"
        fields = {**cause.as_seen, "plate": cause.plate}
        outputs.append(_alert(event, code, truck_id, severity, fields))
    return outputs, code


def stray_warnings(
    event: Event, vehicle: str, before: Sequence[Doc], after: Sequence[Doc]
) -> list[Output]:
    """Warn of a vehicle that nobody registered, by the latest of its visits that stand.

    Parameters
    ----------
    event
        The clearance, the retraction, or the link to a truck.
    vehicle
        ``plate:NUMBER``.
    before, after
        Its visits before and after the event.
    """
    told, cause = _latest_visit(before), _latest_visit(after)
    if cause == told:
        return []
    if cause is None:
        return [_cleared("vehicle_unregistered", vehicle)]
    return [_alert(event, "vehicle_unregistered", vehicle, "warning", cause)]


def _latest_visit(visits: Sequence[Doc]) -> Doc | None:
    def order(visit: Doc) -> tuple[str, str]:
        return rank(parse_time(visit["at"])), visit.get("clearance") or ""

    return max(visits, key=order, default=None)


def _cleared(code: str, subject: str) -> Output:
    data = AlertCleared(alert_id=f"{code}/{subject}", subject=subject)
    return Output("alert.v1", "alert.cleared", data, "cleared")


def _alert(
    event: Event, code: str, subject: str, severity: Severity, fields: Mapping[str, Any]
) -> Output:
    names = ("checkpoint_id", "plate", "reason_code", "at")
    alert = AlertRaised(
        alert_id=f"{code}/{subject}",
        subject=subject,
        code=code,
        severity=severity,
        params={name: fields[name] for name in names},
    )
    return Output("alert.v1", "alert.raised", alert, code, event.time)
