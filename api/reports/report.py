"""Make a report: what was known at the cut-off, what came late, what corrects earlier reports."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from api.reports.figures import Figures, Key
from api.reports.log import Entry, EventLog
from api.reports.period import Period
from schemas.clock import ClockState
from schemas.envelope import FUTURE_LIMIT

LATE_FOR = timedelta(days=7)
"""What comes later than this after the cut-off is a correction in the reports since, no more."""

_FRESH_S = 15.0
_HELD = 64


class Row(NamedTuple):
    """One line of a report.

    The sum of `on_time` and `correction` over all reports is what happened, as far as it is known.
    """

    key: Key
    on_time: int
    """As known at the cut-off."""
    late: int
    """What has come since for this period."""
    correction: int
    """What came in this period for earlier ones."""


class Report(NamedTuple):
    """A report as of a moment of the stack's clock."""

    period: Period
    as_of: datetime
    is_over: bool
    """Whether the cut-off has passed."""
    rows: list[Row]


class Reports:
    """Make reports from the log, one at a time, and remember those that change no more.

    Parameters
    ----------
    log
        Where to read.
    """

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self._made: dict[Period, tuple[float, Report]] = {}
        self._making = asyncio.Lock()

    async def of(self, period: Period, clock: ClockState) -> Report:
        """Return the report of a period.

        Parameters
        ----------
        period
            The day or week.
        clock
            What the stack's clock shows.

        Raises
        ------
        Problem
            `broker_unavailable`, or `report_too_large`.
        """
        async with self._making:
            good_until, made = self._made.get(period, (-math.inf, None))
            if made is not None and time.monotonic() < good_until:
                return made
            entries = await self._read(period, clock)
            rows = await asyncio.to_thread(count, entries, period, is_played=_is_played(clock))
            made = Report(period, clock.now, clock.now >= period.until, rows)
            is_final = clock.now >= period.until + LATE_FOR
            self._made.pop(period, None)
            self._made[period] = (math.inf if is_final else time.monotonic() + _FRESH_S, made)
            while len(self._made) > _HELD:
                del self._made[next(iter(self._made))]
            return made

    async def _read(self, period: Period, clock: ClockState) -> list[Entry]:
        if _is_played(clock):  # the broker's times are of another year than the events'
            return await self.log.read(None, None)
        since = period.start - FUTURE_LIMIT
        until = period.until + LATE_FOR
        return await self.log.read(_ms(since), _ms(until) if until < clock.now else None)


def count(entries: Sequence[Entry], period: Period, *, is_played: bool = False) -> list[Row]:
    """Count what was taken in for a period on time and late, and in it for earlier ones.

    Parameters
    ----------
    entries
        The events, in any order; one that stands there twice is counted once.
    period
        The day or week.
    is_played
        Whether the stack plays a scenario: then the broker's times mean nothing, and an event is
        late if a later one had been taken in before.

    Returns
    -------
    list of Row
        In the order of their keys, without those that are 0 throughout.
    """
    start, until = _ms(period.start), _ms(period.until)
    on_time, whole, earlier = Figures(), Figures(), Figures()
    clearances: dict[str, Entry] = {}
    for entry, recorded in _once(entries, is_played=is_played):
        told: Entry | None = entry
        is_taken_back = entry.type == "checkpoint.retracted"
        if is_taken_back:
            told = clearances.get(_retracted(entry))
        elif entry.type.startswith("checkpoint."):
            clearances[entry.identity] = entry
        if told is None or told.time_ms >= until:
            continue
        if told.time_ms >= start:
            counted = [whole, on_time] if recorded < until else [whole]
        else:
            counted = [earlier] if start <= recorded < until else []
            if told.type.startswith("lot."):
                whole.know(told)
                on_time.know(told)
        for figures in counted:
            (figures.take_back if is_taken_back else figures.take)(told)
    return _rows(on_time.rows(), whole.rows(), earlier.rows())


def _once(entries: Sequence[Entry], *, is_played: bool) -> Iterator[tuple[Entry, int]]:
    """Give each event once with when it was taken in, by the stack's clock, in that order."""
    seen: set[str] = set()
    latest = 0
    for entry in sorted(entries, key=lambda each: each.appended_ms):
        latest = max(latest, entry.time_ms)
        if entry.identity not in seen:
            seen.add(entry.identity)
            yield entry, latest if is_played else entry.appended_ms


def _rows(on_time: dict[Key, int], whole: dict[Key, int], earlier: dict[Key, int]) -> list[Row]:
    keys = sorted({*on_time, *whole, *earlier}, key=lambda key: [part or "" for part in key])
    rows = [
        Row(
            key,
            on_time.get(key, 0),
            whole.get(key, 0) - on_time.get(key, 0),
            earlier.get(key, 0),
        )
        for key in keys
    ]
    return [row for row in rows if any(row[1:])]


def _retracted(entry: Entry) -> str:
    named = entry.data["retracts"] or {}
    return f"{named.get('source')} {named.get('id')}"


def _is_played(clock: ClockState) -> bool:
    return clock.mode == "scenario"


def _ms(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)
