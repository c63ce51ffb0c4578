"""Measure how long acknowledged records waited, and where offsets stood still."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from infra.bench.chaos.schedule import Fault
from infra.bench.chaos.watcher import Place, Sample
from infra.verify.log import Log

STALLED_S = 30.0
"""An offset that stands still for longer, with records after it, is stalled."""
STALLED_RESTART_S = 90.0
"""The same while everything starts anew."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one fault did.

    Attributes
    ----------
    fault
        What went wrong.
    began, ended
        From when to when (seconds since 1970) it took until all was well again.
    """

    fault: Fault
    began: float
    ended: float

    @property
    def recover_s(self) -> float:
        """How long that was."""
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Gap:
    """How long one record waited, and for what.

    Attributes
    ----------
    waited_s
        From the broker's append to when somebody outside saw that it was applied.
    place
        Where it stands.
    kind
        The last fault before it was applied; None before the first one.
    restart
        Whether everything was starting anew while it waited.
    """

    waited_s: float
    place: str
    kind: str | None
    restart: bool


def longest(
    places: Mapping[Place, list[int]], log: Log, committed: Sequence[Sample], rounds: list[Round]
) -> list[Gap]:
    """Find the record of each fault that waited the longest.

    Parameters
    ----------
    places
        The acknowledged offsets by topic and partition.
    log
        Knows when each was appended.
    committed
        What was seen of the workers' offsets.
    rounds
        What happened.

    Returns
    -------
    list of Gap
        The longest first; one for each kind of fault, with and without a restart. A record that
        was never applied waited for ever.
    """
    found: dict[tuple[str | None, bool], Gap] = {}
    seen = [at for at, _ in committed]
    for (topic, partition), offsets in places.items():
        acknowledged = set(offsets)
        done = [offset.get((topic, partition), 0) for _, offset in committed]
        for entry in log.entries(topic):
            if entry.partition != partition or entry.offset not in acknowledged:
                continue
            sample = bisect_right(done, entry.offset)
            applied = seen[sample] if sample < len(seen) else math.inf
            appended = entry.appended_ms / 1000
            kind = _last_before(rounds, applied)
            restart = _restarts_within(rounds, appended, applied)
            gap = Gap(applied - appended, entry.place, kind, restart)
            if (kind, restart) not in found or gap.waited_s > found[kind, restart].waited_s:
                found[kind, restart] = gap
    return sorted(found.values(), key=lambda gap: -gap.waited_s)


def stalls(ends: Sequence[Sample], committed: Sequence[Sample], rounds: list[Round]) -> list[str]:
    """Find where an offset stood still too long though there were records after it.

    Returns
    -------
    list of str
        One line for each standstill.
    """
    found: list[str] = []
    places = {place for _, offsets in committed for place in offsets}
    asked = [at for at, _ in ends]
    for place in sorted(places):
        since: float | None = None
        for (before, was), (_, now) in pairwise(committed):
            there = ends[max(bisect_right(asked, before) - 1, 0)][1].get(place, 0)
            still = now.get(place, 0) == was.get(place, 0) < there
            if still and since is None:
                since = before
            elif not still and since is not None:
                found += _stall(place, since, before, rounds)
                since = None
        if since is not None:
            found += _stall(place, since, committed[-1][0], rounds)
    return found


def _stall(place: Place, since: float, until: float, rounds: list[Round]) -> list[str]:
    may_s = STALLED_RESTART_S if _restarts_within(rounds, since, until) else STALLED_S
    if until - since <= may_s:
        return []
    topic, partition = place
    kind = _last_before(rounds, until)
    return [f"the offset of {topic}:{partition} stood still for {until - since:.0f} s ({kind})"]


def _last_before(rounds: list[Round], at: float) -> str | None:
    before = [one for one in rounds if one.began <= at]
    return before[-1].fault.kind if before else None


def _restarts_within(rounds: list[Round], start: float, end: float) -> bool:
    return any(
        one.fault.kind == "restart_all" and one.began < end and start < one.ended for one in rounds
    )
