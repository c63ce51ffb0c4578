"""Send records a batch at a time, and wait until the broker has confirmed them.

Faust sends every record by itself and remembers each until it is confirmed: at a thousand positions
a second that was most of what a worker did.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from faust.types import TP

from schemas.envelope import Record
from streams.shell import home_of

BATCH_BYTES = 512 << 10
"""So large is a batch at most, unless one record is larger: topics take twice that."""

Message = tuple[bytes, bytes | None, Sequence[tuple[str, bytes]]]
"""Key, value and headers."""


async def post(producer: Any, place: TP, messages: Sequence[Message]) -> list[int]:
    """Send records to one partition.

    Parameters
    ----------
    producer
        aiokafka's; its `max_batch_size` is `BATCH_BYTES`.
    place
        The partition.
    messages
        The records, in order.

    Returns
    -------
    list of int
        Their offsets, once the broker has confirmed all.
    """
    sent: list[tuple[int, asyncio.Future[Any]]] = []
    batch = producer.create_batch()
    for key, value, headers in messages:
        if batch.append(timestamp=None, key=key, value=value, headers=list(headers)) is None:
            sent.append((batch.record_count(), await _send(producer, place, batch)))
            batch = producer.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=list(headers))
    if batch.record_count():
        sent.append((batch.record_count(), await _send(producer, place, batch)))
    offsets: list[int] = []
    for count, confirmed in sent:
        first = (await confirmed).offset
        offsets += range(first, first + count)
    return offsets


async def _send(producer: Any, place: TP, batch: Any) -> asyncio.Future[Any]:
    batch.close()
    promise: asyncio.Future[Any] = await producer.send_batch(
        batch, place.topic, partition=place.partition
    )
    return promise


async def send_all(producer: Any, records: Sequence[tuple[Record, int | None]]) -> None:
    """Send records and wait until the broker has confirmed every one.

    Parameters
    ----------
    producer
        aiokafka's.
    records
        What to send, and the partition, where the key does not decide it.
    """
    places: defaultdict[TP, list[Message]] = defaultdict(list)
    for record, partition in records:
        number = home_of(record.topic, record.key) if partition is None else partition
        places[TP(record.topic, number)].append((record.key, record.value, record.headers))
    await asyncio.gather(*(post(producer, place, many) for place, many in places.items()))
