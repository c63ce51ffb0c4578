"""Read partitions from their first records to their ends, and no further."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition

from infra.verify import reader
from infra.verify.reader import entries
from schemas.errors import Unavailable

LOTS, TABLE = TopicPartition("harvest.lot.v1", 0), TopicPartition("table", 1)


class _Consumer:
    """Gives two records of each partition that it reads with each poll."""

    def __init__(self, offsets: dict[TopicPartition, list[int]]) -> None:
        self._offsets = offsets
        self._at: dict[TopicPartition, int] = {}

    def assign(self, places: list[TopicPartition]) -> None:
        self._at = dict.fromkeys(places, 0)

    def seek(self, place: TopicPartition, offset: int) -> None:
        self._at[place] = offset

    def position(self, place: TopicPartition) -> int:
        return self._at[place]

    def pause(self, *places: TopicPartition) -> None:
        for place in places:
            del self._at[place]

    def poll(self, *, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        del timeout_ms
        found: dict[TopicPartition, list[Any]] = {}
        for place, at in self._at.items():
            if next_ones := [one for one in self._offsets[place] if one >= at][:2]:
                self._at[place] = next_ones[-1] + 1
                found[place] = [_record(place, offset) for offset in next_ones]
        return found


def _record(place: TopicPartition, offset: int) -> Any:
    return SimpleNamespace(
        topic=place.topic,
        partition=place.partition,
        offset=offset,
        timestamp=1,
        key=b"k",
        value=b"{}",
        headers=[("ce_id", None)],
    )


def test_every_record_before_the_end_is_read_once_with_gaps_and_without() -> None:
    consumer = _Consumer({LOTS: [3, 4, 5, 6, 7], TABLE: [0, 9, 10]})
    read = list(entries(consumer, {LOTS: 3, TABLE: 0}, {LOTS: 6, TABLE: 11}))
    assert sorted((entry.topic, entry.offset) for entry in read) == [
        *[(LOTS.topic, 3), (LOTS.topic, 4), (LOTS.topic, 5)],
        *[(TABLE.topic, 0), (TABLE.topic, 9), (TABLE.topic, 10)],
    ]
    assert read[0].headers == (("ce_id", b""),)


def test_only_the_partitions_whose_ends_are_given_are_read() -> None:
    consumer = _Consumer({LOTS: [0], TABLE: [0, 1]})
    first = {LOTS: 0, TABLE: 0}
    assert {entry.topic for entry in entries(consumer, first, {TABLE: 2})} == {TABLE.topic}
    assert {entry.topic for entry in entries(consumer, first, {LOTS: 1})} == {LOTS.topic}


def test_a_broker_that_gives_no_more_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_STUCK_S", -1.0)
    with pytest.raises(Unavailable, match="gives no more records"):
        list(entries(_Consumer({LOTS: []}), {LOTS: 0}, {LOTS: 1}))
