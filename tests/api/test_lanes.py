"""Writes go by partition, in their order, in as few batches as there can be."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import KafkaError, ProducerClosed

from api.lanes import Lanes, Write, home_of
from schemas.envelope import Record
from streams.shell import home_of as home_of_workers
from tests.api.producers import SlowProducer

TOPIC = "truck.position.v1"


def records(*numbers: int, key: str = "T1", size: int = 10) -> list[Record]:
    values = [str(number).encode().ljust(size) for number in numbers]
    return [Record(TOPIC, key.encode(), value, (("ce_id", b"1"),)) for value in values]


async def until_sent(producer: SlowProducer, batches: int) -> None:
    async with asyncio.timeout(5):
        while len(producer.batches) < batches:  # noqa: ASYNC110
            await asyncio.sleep(0)


def add(lanes: Lanes, found: list[Record]) -> Write:
    write = Write(found)
    lanes.add(write)
    return write


async def test_what_comes_while_a_batch_is_on_its_way_goes_with_the_next() -> None:
    producer = SlowProducer()
    lanes = Lanes(producer)
    first = add(lanes, records(1))
    await until_sent(producer, 1)
    later = [add(lanes, records(number, number + 10)) for number in (2, 3, 4)]
    await asyncio.sleep(0.01)
    assert producer.batches == [1]
    producer.let_go()
    await first.done
    await until_sent(producer, 2)
    producer.let_go()
    await asyncio.gather(*(write.done for write in later))
    assert producer.batches == [1, 6]
    assert [[written.offset for written in write.written] for write in later] == [
        [1, 2],
        [3, 4],
        [5, 6],
    ]
    (values,) = producer.written.values()
    assert [int(value) for value in values] == [1, 2, 12, 3, 13, 4, 14]


async def test_what_does_not_fit_goes_with_the_next_batch_before_what_came_later() -> None:
    producer = SlowProducer(batch_bytes=500)
    lanes = Lanes(producer)
    write = add(lanes, records(*range(10), size=100))
    await until_sent(producer, 1)
    last = add(lanes, records(99))
    producer.is_open = True
    producer.let_go()
    await asyncio.gather(write.done, last.done)
    (values,) = producer.written.values()
    assert [int(value) for value in values] == [*range(10), 99]
    assert len(producer.batches) > 2
    assert [written.offset for written in (*write.written, *last.written)] == [*range(11)]


async def test_a_slow_partition_delays_no_other() -> None:
    producer = SlowProducer()
    lanes = Lanes(producer)
    here = home_of(TOPIC, b"T1")
    other = next(f"T{n}" for n in range(2, 99) if home_of(TOPIC, f"T{n}".encode()) != here)
    add(lanes, records(1))
    await until_sent(producer, 1)
    stuck, producer.waiting = producer.waiting, []
    quick = add(lanes, records(2, key=other))
    await until_sent(producer, 2)
    producer.let_go()
    await quick.done
    assert not stuck[0][2].done()


async def test_a_failed_batch_fails_all_who_have_a_record_in_it_and_nobody_else() -> None:
    producer = SlowProducer()
    lanes = Lanes(producer)
    failed = [add(lanes, records(1)), add(lanes, records(2))]
    await until_sent(producer, 1)
    after = add(lanes, records(3))
    producer.let_go(KafkaError())
    for write in failed:
        with pytest.raises(KafkaError):
            await write.done
    await until_sent(producer, 2)
    producer.let_go()
    await after.done


async def test_a_place_that_the_broker_does_not_know_is_no_receipt() -> None:
    producer = SlowProducer()
    lanes = Lanes(producer)
    write = add(lanes, records(1))
    await until_sent(producer, 1)
    producer.ends[TOPIC, home_of(TOPIC, b"T1")] = -1
    producer.let_go()
    with pytest.raises(KafkaError):
        await write.done


async def test_what_was_given_up_before_it_was_on_its_way_is_never_written() -> None:
    producer = SlowProducer()
    lanes = Lanes(producer)
    add(lanes, records(1))
    await until_sent(producer, 1)
    add(lanes, records(2)).done.cancel()
    kept = add(lanes, records(3))
    producer.is_open = True
    producer.let_go()
    await kept.done
    (values,) = producer.written.values()
    assert [int(value) for value in values] == [1, 3]


async def test_closed_lanes_fail_what_waits_and_take_nothing() -> None:
    producer = SlowProducer()
    lanes = Lanes(producer)
    add(lanes, records(1))
    await until_sent(producer, 1)
    waiting = add(lanes, records(2))
    lanes.close()
    for write in (waiting, add(lanes, records(3))):
        with pytest.raises(ProducerClosed):
            await write.done
    producer.let_go()


async def test_something_that_no_batch_takes_fails_its_write() -> None:
    producer = SlowProducer()
    lanes = Lanes(producer)
    (record,) = records(1)
    odd = Write([_odd(record)])
    lanes.add(odd)
    with pytest.raises(TypeError):
        await odd.done


def _odd(record: Record) -> Record:
    return Record(record.topic, record.key, "text", record.headers)  # type: ignore[arg-type]


def test_keys_are_at_home_where_the_workers_look_for_them() -> None:
    for number in range(200):
        key = f"truck-{number}".encode()
        assert home_of(TOPIC, key) == home_of_workers(TOPIC, key)
