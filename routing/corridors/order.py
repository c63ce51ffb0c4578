"""Follow which checkpoints a truck passed, and which clearances it has for them.

A checkpoint is passed once the truck was `passed_m` before it and is `passed_m` behind it, on a
branch on which it lies, by two positions in a row each. The way between may have been unheard, or
around the checkpoint. A passage needs a `cleared` from `before_s` before the last position on
the one side to `grace_s` after the first one on the other.

Which way a truck drives its positions tell: it turns once it has come back `heading_m`. Against
that way no checkpoint may be cleared after one that lies further.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from routing.corridors.seen import Scan, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.corridors.params import WatchParams

SCANS_KEPT = 64
Where = tuple[str, tuple[float | None, ...]]
"""A checkpoint and how far along each branch it lies, None where it does not."""


@dataclass(frozen=True, slots=True)
class Side:
    """On which side of a checkpoint a truck is: -1 before, 1 behind; where it was seen there last.

    `other` counts the positions in a row on the other side, the first of which is `other_at`.
    """

    checkpoint_id: str
    side: int
    at: tuple[float, float, float]
    other: int = 0
    other_at: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A checkpoint that was passed: the last position before it, the first one behind it."""

    checkpoint_id: str
    direction: int
    before: tuple[float, float, float]
    behind: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Order:
    """What is known of a truck's way through the checkpoints.

    Attributes
    ----------
    sides
        Where it is to each checkpoint that it came near to.
    passages
        Those passed without a clearance so far.
    scans
        What officers did with it, by time.
    heading, turned_s
        Which way it drives (1, -1, or 0 while that is open), and since when.
    extreme_m
        How far it has come that way.
    disorder
        The last two clearances, if they are against its way.
    """

    sides: tuple[Side, ...] = ()
    passages: tuple[Passage, ...] = ()
    scans: tuple[Scan, ...] = ()
    heading: int = 0
    turned_s: float = 0.0
    extreme_m: float | None = None
    disorder: tuple[Scan, Scan] | None = None


def moved(
    order: Order, seen: Seen, where: tuple[Where, ...], reach_m: float, params: WatchParams
) -> Order:
    """Go on by one position, later than all before.

    Parameters
    ----------
    order
        What was known.
    seen
        The position.
    where
        The corridor's checkpoints.
    reach_m
        How far off a branch a position may be that tells of its checkpoints.
    params
        The thresholds.
    """
    branch = seen.nearest
    if seen.distance_m[branch] > reach_m:
        return order
    order = _headed(order, seen.at_s, seen.along_m[branch], params)
    sides = {side.checkpoint_id: side for side in order.sides}
    passages = order.passages
    for checkpoint_id, alongs in where:
        now = _side(seen, alongs, reach_m, params.passed_m)
        if now == 0:
            continue
        here = (seen.at_s, seen.lat, seen.lon)
        known = sides.get(checkpoint_id)
        if known is None or known.side == now:
            sides[checkpoint_id] = Side(checkpoint_id, now, here)
        elif known.other_at is None:
            sides[checkpoint_id] = replace(known, other=1, other_at=here)
        else:
            sides[checkpoint_id] = Side(checkpoint_id, now, here)
            passages = tuple(p for p in passages if p.checkpoint_id != checkpoint_id)
            passage = Passage(checkpoint_id, now, known.at, known.other_at)
            if not any(clears(passage, scan, params) for scan in order.scans):
                passages = (*passages, passage)
    return replace(order, sides=tuple(sides.values()), passages=passages)


def _side(seen: Seen, alongs: tuple[float | None, ...], reach_m: float, passed_m: float) -> int:
    """Return the side of a checkpoint on the first branch that tells: -1, 1, or 0."""
    for distance_m, along_m, at_m in zip(seen.distance_m, seen.along_m, alongs, strict=True):
        if at_m is not None and distance_m <= reach_m and abs(along_m - at_m) >= passed_m:
            return 1 if along_m > at_m else -1
    return 0


def _headed(order: Order, at_s: float, along_m: float, params: WatchParams) -> Order:
    if order.extreme_m is None:
        return replace(order, extreme_m=along_m, turned_s=at_s)
    ahead_m = along_m - order.extreme_m
    if order.heading == 0:
        if abs(ahead_m) < params.heading_m:
            return order
        return replace(order, heading=1 if ahead_m > 0 else -1, extreme_m=along_m)
    if ahead_m * order.heading >= 0:
        return replace(order, extreme_m=along_m)
    if abs(ahead_m) < params.heading_m:
        return order
    return replace(order, heading=-order.heading, extreme_m=along_m, turned_s=at_s, disorder=None)


def clears(passage: Passage, scan: Scan, params: WatchParams) -> bool:
    """Tell whether a scan is the clearance of a passage.

    Parameters
    ----------
    passage, scan
        The two.
    params
        The thresholds.
    """
    return (
        scan.decision == "cleared"
        and scan.checkpoint_id == passage.checkpoint_id
        and passage.before[0] - params.before_s <= scan.at_s <= passage.behind[0] + params.grace_s
    )


def scanned(
    order: Order, scan: Scan, where: tuple[Where, ...], params: WatchParams, *, late: bool = False
) -> Order:
    """Take in what an officer did; one that comes late mends what it can, and finds no fault.

    Parameters
    ----------
    order
        What was known.
    scan
        What the officer did.
    where
        The corridor's checkpoints.
    params
        The thresholds.
    late
        Whether later things were judged before.
    """
    if scan in order.scans:
        return order
    disorder = order.disorder
    if scan.decision == "cleared" and not late:
        disorder = _disorder(order, scan, where)
    return replace(
        order,
        scans=tuple(sorted((*order.scans, scan))[-SCANS_KEPT:]),
        passages=tuple(p for p in order.passages if not clears(p, scan, params)),
        disorder=disorder,
    )


def _disorder(order: Order, scan: Scan, where: tuple[Where, ...]) -> tuple[Scan, Scan] | None:
    known = dict(where)
    before = [
        other
        for other in order.scans
        if other.decision == "cleared"
        and other.at_s >= order.turned_s
        and other.checkpoint_id in known
    ]
    if not before or scan.checkpoint_id not in known or order.heading == 0:
        return None
    pairs = zip(known[before[-1].checkpoint_id], known[scan.checkpoint_id], strict=True)
    ahead = [there - here for here, there in pairs if here is not None and there is not None]
    against = bool(ahead) and ahead[0] * order.heading < 0
    return (before[-1], scan) if against else None


def skipped(order: Order, now_s: float, params: WatchParams) -> Iterator[Passage]:
    """Yield the passages whose clearance should have been known by now.

    Parameters
    ----------
    order
        What is known.
    now_s
        Until when everything is known.
    params
        The thresholds.
    """
    for passage in order.passages:
        if now_s >= passage.behind[0] + params.grace_s:
            yield passage
