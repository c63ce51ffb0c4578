"""The log is read between two moments, each partition to where it ended when it was asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from api.problems import Problem
from api.reports import log
from api.reports.log import TOPICS, Entry
from schemas.topics import CATALOGUE

LOTS = TopicPartition("harvest.lot.v1", 2)
HOUR_MS = 3_600_000


class Consumer:
    """Lots of one partition, one an hour; two more come while they are read."""

    def __init__(self, lots: int = 10) -> None:
        self.lots = lots
        self.at: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()

    def assign(self, places: list[TopicPartition]) -> None:
        """Read these."""
        self.at = dict.fromkeys(places, 0)

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Begin with what is retained."""
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        """End with the last lot."""
        return {place: self.lots if place == LOTS else 0 for place in places}

    async def offsets_for_times(self, times: dict[TopicPartition, int]) -> dict[Any, Any]:
        """Tell the first offset at or after a time."""
        found: dict[Any, Any] = dict.fromkeys(times)
        first = -(-times[LOTS] // HOUR_MS)
        if first < self.lots:
            found[LOTS] = SimpleNamespace(offset=first)
        return found

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Go on from there."""
        self.at[place] = offset

    def pause(self, *places: TopicPartition) -> None:
        """Read these no more."""
        self.paused |= {*places}

    async def position(self, place: TopicPartition) -> int:
        """Tell what is read next."""
        return self.at[place]

    async def getmany(
        self, *, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Any]]:
        """Give three at a time, also those that came since."""
        assert timeout_ms
        assert max_records
        assert LOTS not in self.paused
        first = self.at[LOTS]
        self.at[LOTS] = min(first + 3, self.lots + 2)
        return {LOTS: [_record(offset) for offset in range(first, self.at[LOTS])]}


def _record(offset: int) -> Any:
    attributes = {
        "ce_type": b"lot.ready",
        "ce_source": b"/x",
        "ce_id": b"%d" % offset,
        "ce_time": b"2021-08-25T00:00:00Z",
    }
    headers = list(attributes.items())
    value = b'{"lot_id": "L"}'
    return SimpleNamespace(offset=offset, value=value, headers=headers, timestamp=offset * HOUR_MS)


async def _read(consumer: Any, since_ms: int | None, until_ms: int | None) -> list[int]:
    def keep(entry: Entry) -> bool:
        return entry.identity != "/x 4"

    found = await log._read(consumer, since_ms, until_ms, keep)
    return [entry.appended_ms // HOUR_MS for entry in found]


@pytest.mark.parametrize(
    ("since_ms", "until_ms", "found"),
    [
        (None, None, [0, 1, 2, 3, 5, 6, 7, 8, 9]),
        (3 * HOUR_MS, 7 * HOUR_MS, [3, 5, 6]),
        (3 * HOUR_MS + 1, None, [5, 6, 7, 8, 9]),
        (99 * HOUR_MS, None, []),
        (None, 99 * HOUR_MS, [0, 1, 2, 3, 5, 6, 7, 8, 9]),
        (7 * HOUR_MS, 3 * HOUR_MS, []),
    ],
)
async def test_what_came_between_two_moments_is_read_and_no_more(
    since_ms: int | None, until_ms: int | None, found: list[int]
) -> None:
    consumer = Consumer()
    assert await _read(consumer, since_ms, until_ms) == found
    wanted = {(name, at) for name in TOPICS for at in range(CATALOGUE[name].partitions)}
    assert {(place.topic, place.partition) for place in consumer.paused} == wanted


@pytest.mark.parametrize("bound", ["MOST_RECORDS", "MOST_HELD"])
async def test_a_log_that_is_too_large_is_refused(
    monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(log, bound, 5)
    with pytest.raises(Problem) as refused:
        await _read(Consumer(), None, None)
    assert refused.value.code == "report_too_large"
