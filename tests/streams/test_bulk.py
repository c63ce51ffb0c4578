"""Hand out whole polls, and commit no record before its message is done."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any
from weakref import WeakSet

import pytest
from aiokafka import TopicPartition
from faust.transport.consumer import IntervalTree
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams import bulk
from streams.bulk import BulkConsumer, records_of
from streams.mended import MendedConsumer, MendedListener

PLACE = TP("truck.position.v1", 2)
POLLED = TopicPartition(*PLACE)


def _record(offset: int) -> Any:
    return SimpleNamespace(
        topic=PLACE.topic,
        partition=PLACE.partition,
        offset=offset,
        timestamp=1_500,
        timestamp_type=1,
        headers=[("ce_id", b"x")],
        key=b"T",
        value=b"{}",
        checksum=None,
        serialized_key_size=1,
        serialized_value_size=2,
    )


def _consumer(committed: int) -> Any:
    consumer = MendedConsumer.__new__(MendedConsumer)
    consumer.app = SimpleNamespace(
        bulk_topics=frozenset({PLACE.topic}),
        consumer_generation_id=1,
        topics=SimpleNamespace(acks_enabled_for=lambda _topic: True),
        in_recovery=False,
        flow_control=SimpleNamespace(is_active=lambda: True),
    )
    consumer.scheduler = SimpleNamespace(iterate=lambda _records: iter(()))
    consumer._gap = defaultdict(IntervalTree)
    consumer._acked = defaultdict(list)
    consumer._acked_index = defaultdict(set)
    consumer._committed_offset = defaultdict(lambda: None, {PLACE: committed or None})
    consumer._unacked_messages = WeakSet()
    consumer._buffered_partitions = set()
    consumer._active_partitions = {PLACE}
    consumer._waiting_for_ack = None
    consumer._n_acked = 0
    BulkConsumer.begin(consumer)
    return consumer


@given(
    st.integers(0, 5),
    st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=9), min_size=1, max_size=6),
    st.data(),
)
def test_what_is_committed_is_what_was_done(
    committed: int, polls: list[list[int]], data: st.DataObject
) -> None:
    """Offsets may be missing: each number is how far the next record is from the last."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "AT_ONCE", 4)
        consumer = _consumer(committed)
        offset, handed = committed - 1, []
        for steps in polls:
            records = []
            for step in steps:
                offset += step
                records.append(_record(offset))
            handed += [message for _, message in consumer._messages({POLLED: records})]
    assert [one.offset for message in handed for one in records_of(message)] == sorted(
        one.offset for message in handed for one in records_of(message)
    )
    done = data.draw(st.integers(0, len(handed)))
    for message in handed[:done]:
        assert consumer.ack(message)
        if data.draw(st.booleans()):
            now = consumer._new_offset(PLACE)
            assert now == message.offset + 1
            consumer._committed_offset[PLACE] = now
    expected = handed[done - 1].offset + 1 if done else None
    assert consumer._new_offset(PLACE) in {expected, None}
    if consumer._acked[PLACE]:
        assert consumer._acked[PLACE] == []


def test_reading_stops_where_too_much_is_in_hand_and_goes_on_once_it_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 10)
    monkeypatch.setattr(bulk, "IN_HAND", 30)
    consumer = _consumer(0)
    records = [_record(offset) for offset in range(30)]
    messages = [message for _, message in consumer._messages({POLLED: records})]
    assert PLACE not in consumer._active_partitions
    consumer.ack(messages[0])
    assert PLACE not in consumer._active_partitions
    consumer.ack(messages[1])
    assert PLACE in consumer._active_partitions


def test_a_new_generation_forgets_what_was_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "IN_HAND", 5)
    consumer = _consumer(0)
    [(_, old)] = list(consumer._messages({POLLED: [_record(offset) for offset in range(5)]}))
    assert PLACE in consumer._buffered_partitions
    consumer.app.consumer_generation_id = 2
    [(_, new)] = list(consumer._messages({POLLED: [_record(0)]}))
    assert PLACE not in consumer._buffered_partitions
    assert not consumer.ack(old)
    assert consumer.ack(new)
    assert consumer._new_offset(PLACE) == 1


def test_records_handed_out_twice_are_committed_at_once() -> None:
    """A partition sought to again gives the same records in other portions."""
    consumer = _consumer(0)
    for portion in (range(6), range(3, 9)):
        [(_, message)] = list(consumer._messages({POLLED: [_record(at) for at in portion]}))
        consumer.ack(message)
    assert consumer._new_offset(PLACE) == 9


async def test_what_was_dropped_on_the_way_is_read_again() -> None:
    """Only where the same offset comes again are the ones before it really missing."""
    consumer, sought = _consumer(4), []

    async def seek(place: TP, offset: int) -> None:
        sought.append((place, offset))

    consumer.seek = seek
    consumer._begin_anew()
    consumer._start[PLACE] = 4
    later = {POLLED: [_record(9)]}
    assert await consumer._in_order(later) == {}
    assert sought == [(PLACE, 4)]
    assert await consumer._in_order(later) == later
    assert await consumer._in_order({POLLED: [_record(4)]}) == {POLLED: [_record(4)]}


def test_what_is_skipped_while_partitions_change_hands_is_not_committed() -> None:
    """Faust acknowledges what its streams skip, after it has forgotten what was acknowledged."""
    consumer = _consumer(0)
    message = next(message for _, message in consumer._messages({POLLED: [_record(0)]}))
    consumer.app.flow_control.is_active = lambda: False
    assert not consumer.ack(message)
    consumer.app.flow_control.is_active = lambda: True
    assert consumer._new_offset(PLACE) is None


async def test_each_assignment_has_a_number_of_its_own_in_one_generation_of_the_group() -> None:
    """What was fetched before is stale, though the group's generation is the same."""
    told: list[tuple[set[TP], int]] = []

    async def note(assigned: set[TP], number: int) -> None:
        told.append((assigned, number))

    app = SimpleNamespace(consumer_generation_id=0)
    listener = MendedListener(SimpleNamespace(app=app, on_partitions_assigned=note))
    await listener.on_partitions_assigned([POLLED])
    await listener.on_partitions_assigned([POLLED])
    assert told == [({PLACE}, 1), ({PLACE}, 2)]
    assert app.consumer_generation_id == 2
