"""Fold what is seen of a truck on a corridor into what is wrong, each said once and re-armed.

`took(rules, truck_id, state, item) -> (state, outputs)`, `passed(…, now_s)` for time that goes by
without one, and `left(…)` when the truck is watched no longer. Who is watched, and when, is the
caller's to say: a truck from its departure to the end of its trip.

What is said depends on the *set* of positions and scans alone. They wait, in the order of their
times, until the truck's newest position (or the clock) is `lateness_s` ahead; only then are they
judged. One that comes in whatever order before that is judged in its place; a duplicate changes
nothing; of two positions at one time the greater counts. A position older than what was judged is
refused and counted. A clearance that is older still mends a skipped checkpoint: officers without a
network send late.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from routing.corridors.drift import Drift, drifted
from routing.corridors.findings import Finding, Judged, Kind, findings
from routing.corridors.halt import stood
from routing.corridors.hold import held
from routing.corridors.order import moved, scanned
from routing.corridors.seen import Scan, Seen

if TYPE_CHECKING:
    from routing.corridors.rules import CorridorRules

MOST_WAITING = 2_000
"""So many positions and scans wait; of more the earliest are judged before their time."""


@dataclass(frozen=True, slots=True)
class Raised:
    """Something is wrong: said once.

    Attributes
    ----------
    alert_id
        The same for the same finding of the same set of positions.
    kind, about
        What is wrong, and with which checkpoint.
    since_s, at_s
        Since when, and when what is known sufficed to say so.
    evidence
        What shows it, as JSON.
    """

    alert_id: str
    kind: Kind
    about: str
    since_s: float
    at_s: float
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mended:
    """What was wrong is so no longer; the next time it will be raised anew."""

    alert_id: str
    kind: Kind
    about: str
    at_s: float


Said = Raised | Mended


@dataclass(frozen=True, slots=True)
class OnCorridor:
    """What is known of one truck on one corridor.

    Attributes
    ----------
    judged
        What follows from what was judged.
    until_s
        Everything up to this time was judged.
    newest_s
        The time of the newest position.
    waiting
        Positions and scans to be judged, by time.
    open
        What is wrong and was said: kind, checkpoint, and the alert's id.
    too_late
        How many positions were refused: duplicates of what was judged among them.
    """

    judged: Judged = field(default_factory=Judged)
    until_s: float | None = None
    newest_s: float | None = None
    waiting: tuple[Seen | Scan, ...] = ()
    open: tuple[tuple[Kind, str, str], ...] = ()
    too_late: int = 0


def begun(*, joined: bool = True) -> OnCorridor:
    """Return what is known of a truck that is watched from now on.

    Parameters
    ----------
    joined
        Whether its trip starts on the corridor; else it is judged once it has come there.
    """
    return OnCorridor(Judged(drift=Drift(joined=joined)))


def took(
    rules: CorridorRules,
    truck_id: str,
    state: OnCorridor,
    item: Seen | Scan,
    *,
    now_s: float | None = None,
) -> tuple[OnCorridor, tuple[Said, ...]]:
    """Take in a position or a scan.

    Parameters
    ----------
    rules
        The corridor.
    truck_id
        The truck.
    state
        What is known of it there.
    item
        The position, matched with the corridor, or what an officer did.
    now_s
        The clock, if it is known: a position from a phone whose clock is ahead then waits with the
        others, instead of making them late.
    """
    if state.until_s is not None and item.at_s <= state.until_s:
        return _too_late(rules, truck_id, state, item)
    waiting = _inserted(state.waiting, item)
    if waiting is not state.waiting:
        state = replace(state, waiting=waiting)
    until_s = state.until_s
    if isinstance(item, Seen) and (state.newest_s is None or item.at_s > state.newest_s):
        state = replace(state, newest_s=item.at_s)
        until_s = (item.at_s if now_s is None else min(item.at_s, now_s)) - rules.params.lateness_s
    if len(waiting) > MOST_WAITING:
        early_s = waiting[-MOST_WAITING - 1].at_s
        until_s = early_s if until_s is None else max(until_s, early_s)
    if until_s is None:
        return state, ()
    return _judge(rules, truck_id, state, until_s)


def passed(
    rules: CorridorRules, truck_id: str, state: OnCorridor, now_s: float
) -> tuple[OnCorridor, tuple[Said, ...]]:
    """Let time go by: judge what waits although the truck has fallen silent.

    Parameters
    ----------
    rules, truck_id, state
        The corridor, the truck, and what is known of it there.
    now_s
        The clock, seconds since the epoch.
    """
    return _judge(rules, truck_id, state, now_s - rules.params.lateness_s)


def left(
    rules: CorridorRules, truck_id: str, state: OnCorridor, at_s: float
) -> tuple[OnCorridor, tuple[Said, ...]]:
    """Watch a truck no longer: judge what waits, then mend all that is still open.

    Parameters
    ----------
    rules, truck_id, state
        The corridor, the truck, and what is known of it there.
    at_s
        When its trip ended, seconds since the epoch; what was later is not judged.
    """
    state, said = _judge(rules, truck_id, state, at_s)
    mended = tuple(Mended(alert_id, kind, about, at_s) for kind, about, alert_id in state.open)
    return replace(state, open=(), waiting=()), said + mended


def to_doc(state: OnCorridor) -> dict[str, Any]:
    """Return a state as JSON, for a table.

    Parameters
    ----------
    state
        What is known of a truck on a corridor.
    """
    doc: dict[str, Any] = _adapter().dump_python(state, mode="json")
    return doc


def from_doc(doc: Mapping[str, Any]) -> OnCorridor:
    """Return the state that `to_doc` made JSON of.

    Parameters
    ----------
    doc
        The JSON.
    """
    return _adapter().validate_python(doc)


@cache
def _adapter() -> TypeAdapter[OnCorridor]:
    return TypeAdapter(OnCorridor)


def _order(item: Seen | Scan) -> tuple[float, int, str, str]:
    if isinstance(item, Seen):
        return (item.at_s, 1, "", "")
    return (item.at_s, 0, item.checkpoint_id, item.decision)


def _inserted(waiting: tuple[Seen | Scan, ...], item: Seen | Scan) -> tuple[Seen | Scan, ...]:
    """Return what waits with one more in its place, or as it was if it is there already."""
    place = bisect_left(waiting, _order(item), key=_order)
    if place == len(waiting) or _order(waiting[place]) != _order(item):
        return (*waiting[:place], item, *waiting[place:])
    there = waiting[place]
    if isinstance(there, Seen) and isinstance(item, Seen) and item > there:
        return (*waiting[:place], item, *waiting[place + 1 :])
    return waiting


def _too_late(
    rules: CorridorRules, truck_id: str, state: OnCorridor, item: Seen | Scan
) -> tuple[OnCorridor, tuple[Said, ...]]:
    if isinstance(item, Seen):
        return replace(state, too_late=state.too_late + 1), ()
    assert state.until_s is not None
    order = scanned(state.judged.order, item, rules.checkpoints, rules.params, late=True)
    return _said(
        rules, truck_id, replace(state, judged=replace(state.judged, order=order)), state.until_s
    )


def _judge(
    rules: CorridorRules, truck_id: str, state: OnCorridor, until_s: float
) -> tuple[OnCorridor, tuple[Said, ...]]:
    """Judge what waits up to a time, one by one."""
    if state.until_s is not None and until_s <= state.until_s:
        return state, ()
    said: list[Said] = []
    count = bisect_left(state.waiting, (until_s, 2, "", ""), key=_order)
    ready = state.waiting[:count]
    state = replace(state, waiting=state.waiting[count:], until_s=until_s)
    for item in ready:
        if state.judged.order.passages:
            state, more = _said(rules, truck_id, state, item.at_s)
            said += more
        judged = _seen(rules, truck_id, state.judged, item)
        state, more = _said(rules, truck_id, replace(state, judged=judged), item.at_s)
        said += more
    state, more = _said(rules, truck_id, state, until_s)
    return state, (*said, *more)


def _seen(rules: CorridorRules, truck_id: str, judged: Judged, item: Seen | Scan) -> Judged:
    params = rules.params
    if isinstance(item, Scan):
        return replace(judged, order=scanned(judged.order, item, rules.checkpoints, params))
    drift = drifted(judged.drift, item, params)
    halt = stood(judged.halt, item, params)
    order = judged.order
    if drift.joined:
        reach_m = rules.course.half_m + params.deviation_m
        order = moved(order, item, rules.checkpoints, reach_m, params)
    place = rules.course.may_stand(item.lat, item.lon)
    if place is not None and place.kind == "checkpoint":
        return replace(judged, drift=drift, halt=halt, order=order)
    uses = drift.joined and drift.deviation is None and item.excess_m <= 0 and place is None
    shut = uses and not rules.is_open(item.at_s)
    foreign = uses and bool(rules.roster) and truck_id not in rules.roster
    along_m, least = item.along_m[item.nearest], (params.hold_s, params.use_m)
    return Judged(
        drift,
        halt,
        held(judged.hours, item.at_s, along_m, true=shut, least=least),
        held(judged.roster, item.at_s, along_m, true=foreign, least=least),
        order,
    )


def _said(
    rules: CorridorRules, truck_id: str, state: OnCorridor, at_s: float
) -> tuple[OnCorridor, tuple[Said, ...]]:
    """Say what is wrong and was not, and what was wrong and is not."""
    found = {(f.kind, f.about): f for f in findings(rules, state.judged, at_s)}
    known = {(kind, about): alert_id for kind, about, alert_id in state.open}
    if found.keys() == known.keys():
        return state, ()
    mended = [
        Mended(alert_id, kind, about, at_s)
        for (kind, about), alert_id in known.items()
        if (kind, about) not in found
    ]
    raised = [_raised(rules, truck_id, f, at_s) for key, f in found.items() if key not in known]
    still = [entry for entry in state.open if (entry[0], entry[1]) in found]
    entries = (*still, *((alert.kind, alert.about, alert.alert_id) for alert in raised))
    return replace(state, open=entries), (*mended, *raised)


def _raised(rules: CorridorRules, truck_id: str, finding: Finding, at_s: float) -> Raised:
    about = f"/{finding.about}" if finding.about else ""
    began_ms = round(1000 * finding.since_s)
    alert_id = f"{finding.kind}/{rules.corridor_id}/{truck_id}{about}/{began_ms}"
    at_s = at_s if finding.due_s is None else finding.due_s
    return Raised(alert_id, finding.kind, finding.about, finding.since_s, at_s, finding.evidence)
