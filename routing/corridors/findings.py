"""State what can be wrong with a truck on a corridor, and say what is, with its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from routing.corridors.drift import Drift, positions_of
from routing.corridors.halt import Halt
from routing.corridors.hold import Hold
from routing.corridors.order import Order, Passage, skipped
from schemas.corridor import FindingKind

if TYPE_CHECKING:
    from routing.corridors.rules import CorridorRules

Kind = FindingKind


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong now.

    Attributes
    ----------
    kind
        What it is.
    about
        The checkpoint, if it is about one.
    since_s
        Since when, seconds since the epoch.
    evidence
        What shows it, as JSON: positions (`at_s`, `lat`, `lon`, `beyond_m`), metres, seconds.
    due_s
        When it became so by time alone; None where a position or scan made it so.
    """

    kind: Kind
    about: str
    since_s: float
    evidence: Mapping[str, Any]
    due_s: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of a truck by the positions that were judged.

    Attributes
    ----------
    drift
        How it stands to the border.
    halt
        Where it stands, if it does.
    hours, roster
        Whether it uses the corridor outside its hours and dates, or without being on its roster.
    order
        Its way through the checkpoints.
    """

    drift: Drift = field(default_factory=Drift)
    halt: Halt | None = None
    hours: Hold = field(default_factory=Hold)
    roster: Hold = field(default_factory=Hold)
    order: Order = field(default_factory=Order)


def findings(rules: CorridorRules, judged: Judged, now_s: float) -> Iterator[Finding]:
    """Yield all that is wrong.

    Parameters
    ----------
    rules
        The corridor.
    judged
        What is known of the truck.
    now_s
        Until when everything is known.
    """
    yield from _deviation(judged.drift)
    yield from _stop(rules, judged)
    for passage in skipped(judged.order, now_s, rules.params):
        yield _skip(passage, judged.order, rules)
    yield from _disorder(judged.order)
    if judged.hours.on:
        yield Finding("outside_hours", "", judged.hours.began_s, _use(judged.hours))
    if judged.roster.on:
        yield Finding("not_on_roster", "", judged.roster.began_s, _use(judged.roster))


def _deviation(drift: Drift) -> Iterator[Finding]:
    stretch = drift.deviation
    if stretch is not None:
        evidence = {
            "beyond_m": round(stretch.furthest_m, 1),
            "lasted_s": round(stretch.lasted_s, 1),
            "positions": [
                {"at_s": s.at_s, "lat": s.lat, "lon": s.lon, "beyond_m": round(s.excess_m, 1)}
                for s in positions_of(stretch)
            ],
        }
        yield Finding("deviation", "", stretch.since_s, evidence)


def _stop(rules: CorridorRules, judged: Judged) -> Iterator[Finding]:
    halt = judged.halt
    if (
        halt is not None
        and judged.drift.joined
        and halt.stood_s >= rules.params.stop_s
        and rules.course.may_stand(halt.lat, halt.lon) is None
    ):
        evidence = {
            "stood_s": round(halt.stood_s, 1),
            "positions": [{"at_s": halt.since_s, "lat": halt.lat, "lon": halt.lon}],
            "count": halt.count,
        }
        yield Finding("unlisted_stop", "", halt.since_s, evidence)


def _skip(passage: Passage, order: Order, rules: CorridorRules) -> Finding:
    seen = [
        {"at_s": scan.at_s, "decision": scan.decision}
        for scan in order.scans
        if scan.checkpoint_id == passage.checkpoint_id
        and scan.at_s >= passage.before[0] - rules.params.before_s
    ]
    positions = [
        {"at_s": at_s, "lat": lat, "lon": lon}
        for at_s, lat, lon in (passage.before, passage.behind)
    ]
    evidence = {"positions": positions, "scans": seen, "direction": passage.direction}
    since_s = passage.behind[0]
    due_s = since_s + rules.params.grace_s
    return Finding("checkpoint_skipped", passage.checkpoint_id, since_s, evidence, due_s)


def _disorder(order: Order) -> Iterator[Finding]:
    if order.disorder is not None:
        first, second = order.disorder
        evidence = {
            "scans": [
                {"at_s": scan.at_s, "checkpoint_id": scan.checkpoint_id} for scan in (first, second)
            ],
            "direction": order.heading,
        }
        yield Finding("checkpoint_out_of_order", second.checkpoint_id, second.at_s, evidence)


def _use(hold: Hold) -> dict[str, Any]:
    return {"along_m": round(hold.began_m, 1)}
