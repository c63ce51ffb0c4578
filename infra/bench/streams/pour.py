"""Fill, read and watch topics with the quickest client there is, confluent-kafka."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streams.epoch import owned

if TYPE_CHECKING:
    from infra.bench.streams.fleet import Message

_WAIT_S = 60.0
_LOOK_EVERY_S = 0.01


class NoFigure(Exception):
    """A figure cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """One record as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]
    appended_ms: int


def make_topic(servers: str, name: str, partitions: int, *, compacted: bool = False) -> None:
    """Create a topic as the catalogue's are: stamped by the broker.

    Parameters
    ----------
    servers
        The brokers.
    name, partitions
        The topic.
    compacted
        Whether only the last value of each key is kept.
    """
    from confluent_kafka.admin import AdminClient, NewTopic  # noqa: PLC0415 - for benchmarks only

    configs = {
        "message.timestamp.type": "LogAppendTime",
        "cleanup.policy": "compact" if compacted else "delete",
    }
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 2})
    for done in admin.create_topics([NewTopic(name, partitions, 1, config=configs)]).values():
        done.result()


def pour(servers: str, messages: Iterable[Message], *, topic: str | None = None) -> float:
    """Produce messages as quickly as may be, and wait for the broker.

    Parameters
    ----------
    servers
        The brokers.
    messages
        What to produce.
    topic
        Where to, in place of each message's own topic.

    Returns
    -------
    float
        How long it took, seconds.
    """
    records = (
        (topic or one.topic, one.partition, one.key, one.value, one.headers) for one in messages
    )
    return pour_records(servers, records)


def pour_records(
    servers: str,
    records: Iterable[tuple[str, int, bytes, bytes, list[tuple[str, bytes]]]],
) -> float:
    """Produce records, given as topic, partition, key, value and headers, and wait for them.

    Returns
    -------
    float
        How long it took, seconds.
    """
    producer = quick_producer(servers)
    began = time.monotonic()
    for number, (topic, partition, key, value, headers) in enumerate(records):
        while True:
            try:
                producer.produce(topic, value, key, partition, headers=headers)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 1000 == 0:
            producer.poll(0)
    if producer.flush(_WAIT_S):
        raise NoFigure("the broker did not take what was to be produced")
    return time.monotonic() - began


def quick_producer(servers: str) -> Any:
    """Return a producer that gathers for a moment and wants every record confirmed."""
    from confluent_kafka import Producer  # noqa: PLC0415

    return Producer(
        {
            "bootstrap.servers": servers,
            "log_level": 2,
            "acks": "all",
            "linger.ms": 5,
            "batch.size": 1 << 20,
            "queue.buffering.max.messages": 1_000_000,
        }
    )


class Watch:
    """Watch how far a group has come in some topics.

    Parameters
    ----------
    servers
        The brokers.
    group
        The consumer group.
    topics
        The topics, each with its number of partitions.
    """

    def __init__(self, servers: str, group: str, topics: Mapping[str, int]) -> None:
        from confluent_kafka import Consumer, TopicPartition  # noqa: PLC0415

        self._consumer = Consumer({"bootstrap.servers": servers, "log_level": 2, "group.id": group})
        self._places = [
            TopicPartition(topic, partition)
            for topic, partitions in topics.items()
            for partition in range(partitions)
        ]

    def ends(self) -> dict[tuple[str, int], int]:
        """Return where each partition ends now."""
        found = {}
        for place in self._places:
            _, end = self._consumer.get_watermark_offsets(place, timeout=30, cached=False)
            found[place.topic, place.partition] = end
        return found

    def committed(self) -> dict[tuple[str, int], int]:
        """Return the next offset of each partition, 0 where none is committed."""
        from confluent_kafka import KafkaException  # noqa: PLC0415

        try:
            places = self._consumer.committed(self._places, timeout=10)
        except KafkaException:  # the coordinator is not there yet
            return {(place.topic, place.partition): 0 for place in self._places}
        return {(p.topic, p.partition): max(p.offset, 0) for p in places}

    def wait(
        self,
        *,
        within_s: float,
        alive: Callable[[], bool] = lambda: True,
        look_every_s: float = _LOOK_EVERY_S,
    ) -> float:
        """Wait until everything that is there now is committed.

        Parameters
        ----------
        within_s
            How long to wait at most.
        alive
            Says whether it is still worth waiting.
        look_every_s
            How often to look.

        Returns
        -------
        float
            When that was, on the monotonic clock, seconds.

        Raises
        ------
        NoFigure
            It takes too long, or the process has ended.
        """
        ends = self.ends()
        until = time.monotonic() + within_s
        while True:
            at = self.committed()
            now = time.monotonic()
            if all(at[place] >= end for place, end in ends.items()):
                return now
            if not alive():
                raise NoFigure("the process has ended")
            if now > until:
                left = sum(max(end - at[place], 0) for place, end in ends.items())
                raise NoFigure(f"{left} records were left after {within_s:.0f} s")
            time.sleep(look_every_s)

    def close(self) -> None:
        """Let go."""
        self._consumer.close()


def ends_of(servers: str, topic: str) -> dict[int, int]:
    """Return where each partition of a topic ends now."""
    from confluent_kafka import Consumer, TopicPartition  # noqa: PLC0415

    consumer = Consumer({"bootstrap.servers": servers, "log_level": 2, "group.id": "bench-ends"})
    try:
        known = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        return {
            number: consumer.get_watermark_offsets(
                TopicPartition(topic, number), timeout=30, cached=False
            )[1]
            for number in known
        }
    finally:
        consumer.close()


def read_all(servers: str, topic: str) -> Iterable[Found]:
    """Read everything that stands in a topic now."""
    from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition  # noqa: PLC0415

    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "log_level": 2,
            "group.id": "bench-reader",
            "enable.auto.commit": False,
            "enable.partition.eof": False,
        }
    )
    try:
        known = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        bounds = {
            number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
            for number in known
        }
        left = {number: end for number, (start, end) in bounds.items() if end > start}
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in left])
        quiet = 0
        while left and quiet < 20:
            batch = consumer.consume(10_000, timeout=0.5)
            quiet = 0 if batch else quiet + 1
            for record in batch:
                if record.error() is not None:
                    continue
                yield found(record)
            for place in consumer.position(list(consumer.assignment())):
                if place.offset >= left.get(place.partition, 1 << 62):
                    del left[place.partition]
    finally:
        consumer.close()


def found(record: Any) -> Found:
    """Take over one record of confluent-kafka's."""
    return Found(
        topic=record.topic(),
        partition=record.partition(),
        offset=record.offset(),
        key=record.key(),
        value=record.value(),
        headers=dict(record.headers() or ()),
        appended_ms=record.timestamp()[1],
    )


def last_rows(servers: str, topic: str) -> dict[tuple[int, str], bytes]:
    """Read the last value of each key of a changelog."""
    rows: dict[tuple[int, str], bytes] = {}
    for record in owned(read_all(servers, topic)):
        name = (record.partition, (record.key or b"").decode())
        if record.value is None:
            rows.pop(name, None)
        else:
            rows[name] = record.value
    return rows
