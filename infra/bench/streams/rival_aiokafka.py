"""Keep trucks with plain aiokafka: state in memory, a changelog, confirmed before the offset moves.

Option `batched`: whether the last state of each key is written once per poll and partition, or one
record for each event. Option `records`: how many records a poll may bring.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from infra.bench.streams.contestant import Errand
from infra.bench.streams.reducer import quiet_shell, raw_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.shell import Shell


async def run(errand: Errand) -> None:
    """Fold for ever."""
    consumer = AIOKafkaConsumer(
        errand.topic,
        bootstrap_servers=errand.servers,
        group_id=errand.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 << 20,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=errand.servers,
        acks="all",
        linger_ms=2,
        max_batch_size=1 << 20,
        max_request_size=16 << 20,
    )
    await producer.start()
    await consumer.start()
    await _follow(errand, consumer, producer)


async def _follow(errand: Errand, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
    shell = quiet_shell()
    fold = _batched if errand.options["batched"] else _each
    while True:
        polled = await consumer.getmany(timeout_ms=200, max_records=errand.options["records"])
        sent = []
        for place, records in polled.items():
            for key, value in fold(shell, errand, place.partition, records):
                sent.append(
                    await producer.send(errand.changelog, value, key=key, partition=place.partition)
                )
        if sent:
            await asyncio.gather(*sent)
        if polled:
            await consumer.commit(
                {place: records[-1].offset + 1 for place, records in polled.items()}
            )


def _batched(
    shell: Shell, errand: Errand, partition: int, records: Sequence[Any]
) -> Iterator[tuple[bytes, bytes | None]]:
    batch = [(_raw(errand, record), record.timestamp) for record in records]
    for key, value in shell.work(partition, batch).rows():
        yield key.encode(), value


def _each(
    shell: Shell, errand: Errand, partition: int, records: Sequence[Any]
) -> Iterator[tuple[bytes, bytes | None]]:
    for record in records:
        yield from _batched(shell, errand, partition, (record,))


def _raw(errand: Errand, record: Any) -> Any:
    return raw_of(
        errand.registered,
        record.partition,
        record.offset,
        record.key,
        record.value,
        record.headers,
    )


if __name__ == "__main__":
    asyncio.run(run(Errand.read()))
