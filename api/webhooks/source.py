"""Read changes from where they last: the state topics and the alerts in Kafka.

Redis, which feeds the pages' stream, may be lost and keeps the latest 20,000 changes only. Kafka
keeps the latest state of every thing for ever and every alert for a month, at offsets from which a
hook can go on.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from api.kafka import stop
from schemas.envelope import decode, takes_back
from schemas.errors import MalformedEvent
from schemas.model import format_time
from schemas.topics import CATALOGUE

_AT_ONCE = 500
_FETCH_BYTES = 256 * 1_024
_WAIT_MS = 1_000
_EARLIER_MS = 2_000
"""The broker's clock and ours may differ: a new hook is rather told of a change too many."""
_MESSAGES = uuid.UUID("d3a0c2f4-2d34-5c15-9d5c-5f0b7a0e8a11")
"""Name space of the message ids that are derived from records."""


@dataclass(frozen=True, slots=True)
class Read:
    """One record.

    Attributes
    ----------
    topic, partition, offset, key, value, headers
        As Kafka has them.
    at
        When the broker appended it.
    """

    topic: str
    partition: int
    offset: int
    at: datetime
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One change that somebody may be told of.

    Attributes
    ----------
    message_id
        The same whenever this change is read.
    kind, entity_id
        What has changed.
    at
        When the broker heard of it.
    doc
        Its state from then on.
    """

    message_id: str
    kind: str
    entity_id: str
    at: datetime
    doc: dict[str, Any]


class Reader(Protocol):
    """Topics that are being read."""

    places: dict[str, int]
    """`topic:partition` to the next offset to read."""

    async def read(self, wait_s: float) -> list[Read]:
        """Give the next records, or none after a while.

        Raises
        ------
        OSError
            They cannot be read at the moment.
        """


class Source(Protocol):
    """Where changes are read."""

    def open(
        self, topics: Sequence[str], places: Mapping[str, int], since: datetime
    ) -> AbstractAsyncContextManager[Reader]:
        """Read topics from some places on, and from a moment on where no place is known.

        Parameters
        ----------
        topics
            Their names.
        places
            `topic:partition` to the next offset.
        since
            What was appended before is not read where no place is known.
        """


class KafkaSource:
    """Read from Kafka, for each hook by itself: who is slow reads less, and nobody waits for it.

    Parameters
    ----------
    bootstrap
        Bootstrap servers, `host:port[,…]`.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    @asynccontextmanager
    async def open(
        self, topics: Sequence[str], places: Mapping[str, int], since: datetime
    ) -> AsyncIterator[Reader]:
        """Read topics; see `Source.open`."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=_WAIT_MS,
        )
        try:
            try:
                await consumer.start()
                yield await _KafkaReader.begin(consumer, topics, places, since)
            except KafkaError as error:
                raise OSError(f"reading from Kafka failed: {error!r}") from error
        finally:
            await stop(consumer)


class _KafkaReader:
    def __init__(self, consumer: AIOKafkaConsumer, places: dict[str, int]) -> None:
        self._consumer = consumer
        self.places = places

    @classmethod
    async def begin(
        cls,
        consumer: AIOKafkaConsumer,
        topics: Sequence[str],
        known: Mapping[str, int],
        since: datetime,
    ) -> _KafkaReader:
        places = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in range(CATALOGUE[topic].partitions)
        ]
        consumer.assign(places)
        new = [place for place in places if _name(place) not in known]
        ends = await consumer.end_offsets(new) if new else {}
        moment = int(since.timestamp() * 1_000) - _EARLIER_MS
        # asked after the ends: what is appended between is found by its time
        found = await consumer.offsets_for_times(dict.fromkeys(new, moment)) if new else {}
        starts: dict[str, int] = {}
        for place in places:
            if place in new:
                at = found.get(place)
                starts[_name(place)] = at.offset if at is not None else ends[place]
            else:
                starts[_name(place)] = known[_name(place)]
            consumer.seek(place, starts[_name(place)])
        return cls(consumer, starts)

    async def read(self, wait_s: float) -> list[Read]:
        polled = await self._consumer.getmany(timeout_ms=int(wait_s * 1_000), max_records=_AT_ONCE)
        found = [
            Read(
                topic=each.topic,
                partition=each.partition,
                offset=each.offset,
                at=datetime.fromtimestamp(each.timestamp / 1_000, UTC),
                key=each.key or b"",
                value=each.value,
                headers=tuple(each.headers),
            )
            for records in polled.values()
            for each in records
        ]
        for each in found:
            self.places[f"{each.topic}:{each.partition}"] = each.offset + 1
        return found


def told(read: Read) -> Told | None:
    """Say what change a record is; None for what is forgotten, and for garbage.

    Parameters
    ----------
    read
        The record.
    """
    if takes_back(read.topic, read.value, read.headers):
        return None
    try:
        event = decode(read.topic, read.key, read.value, read.headers)
    except MalformedEvent:
        return None
    kind = read.topic.partition(".")[0]
    if kind == "alert":
        entity_id = str(getattr(event.data, "alert_id", event.key))
        doc = event.data.model_dump(mode="json") | {
            "status": event.type.partition(".")[2],
            "version": read.offset + 1,
            "updated_at": format_time(event.time),
        }
    else:
        entity_id, doc = event.key, orjson.loads(read.value or b"{}")
    named = f"{read.topic}:{read.partition}:{read.offset}:{read.at.timestamp():.3f}"
    message_id = f"msg_{uuid.uuid5(_MESSAGES, named).hex}"
    return Told(message_id, kind, entity_id, read.at, doc)


def _name(place: TopicPartition) -> str:
    return f"{place.topic}:{place.partition}"
