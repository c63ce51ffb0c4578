"""Tell what could be known at a moment of something that changed over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Value = TypeVar("Value")

NEWS_MS = 30_000
"""How long news of one topic may take to whoever decides, who may go by the older until then: the
partitions of a killed worker are read again after 5 to 12 s, and a busy machine is slower."""
DISPLACED_WITHIN_MS = 60_000
"""How long an excess may last (contract), by the broker's append times like every latency."""


@dataclass(frozen=True, slots=True)
class Change(Generic[Value]):
    """From its append on, something was so."""

    appended_ms: int
    value: Value


def as_known(changes: Sequence[Change[Value]], at_ms: int) -> list[Value]:
    """List the values that somebody may have gone by at a moment, the latest last.

    Parameters
    ----------
    changes
        Every change, in order.
    at_ms
        The append time of what was decided.

    Returns
    -------
    list
        What held at that moment, and what it replaced within the last `NEWS_MS`.
    """
    past = [change for change in changes if change.appended_ms <= at_ms]
    settled = [n for n, change in enumerate(past) if change.appended_ms <= at_ms - NEWS_MS]
    return [change.value for change in past[settled[-1] if settled else 0 :]]


def in_order(told: Sequence[tuple[datetime, int, Value]]) -> list[Change[Value]]:
    """Keep of what was told (event time, append time, value) what was news when it came.

    An event that is older than one which came before changes nothing.
    """
    changes: list[Change[Value]] = []
    latest: datetime | None = None
    for time, appended_ms, value in told:
        if latest is not None and time < latest:
            continue
        latest = time
        changes.append(Change(appended_ms, value))
    return changes


def lasts_too_long(start_ms: int, end_ms: int) -> bool:
    """Tell whether an excess that lasted so long should have been displaced before."""
    return end_ms - start_ms > DISPLACED_WITHIN_MS
