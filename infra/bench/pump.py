"""Produce records at a rate, and count what the brokers acknowledge."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.envelope import Record


@dataclass
class Sent:
    """Hold what the broker has acknowledged; any thread may read while another produces.

    Attributes
    ----------
    counts
        Acknowledged records by topic and kind of dirt (`plain`, `duplicate`, `late`, `malformed`).
    highest
        The highest acknowledged offset by topic and partition.
    failed
        Records that were given up: the broker did not take them in time.
    handed_over
        Records that were given to the producer.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    highest: dict[tuple[str, int], int] = field(default_factory=dict)
    failed: int = 0
    handed_over: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def acknowledged(self) -> int:
        """How many records the broker has acknowledged."""
        with self._lock:
            return self.counts.total()

    @property
    def topics(self) -> Counter[str]:
        """Acknowledged records by topic."""
        found = Counter[str]()
        for (topic, _), count in self.snapshot().counts.items():
            found[topic] += count
        return found

    @property
    def kinds(self) -> Counter[str]:
        """Acknowledged records by kind of dirt."""
        found = Counter[str]()
        for (_, kind), count in self.snapshot().counts.items():
            found[kind] += count
        return found

    def snapshot(self) -> Sent:
        """Return a copy that stays as it is."""
        with self._lock:
            highest = dict(self.highest)
            return Sent(Counter(self.counts), highest, self.failed, self.handed_over)

    def note(self, kind: str, topic: str, partition: int, offset: int) -> None:
        """Count one acknowledged record."""
        with self._lock:
            self.counts[topic, kind] += 1
            place = (topic, partition)
            self.highest[place] = max(self.highest.get(place, -1), offset)

    def note_failed(self) -> None:
        """Count one record that was given up."""
        with self._lock:
            self.failed += 1


_PATIENCE_MS = 300_000
"""How long the producer tries to deliver a record: brokers may be away for a minute, and more."""


def pump(
    bootstrap_servers: str,
    records: Iterable[Record],
    *,
    rate_per_s: float,
    until: Callable[[], bool] = lambda: False,
    sent: Sent | None = None,
) -> Sent:
    """Produce records at a rate, until told to end or there are no more, and wait for the answers.

    Parameters
    ----------
    bootstrap_servers
        The brokers, `host:port[,…]`.
    records
        What to send, in this order.
    rate_per_s
        Records in a second; `math.inf` sends as fast as the broker takes them. What a pause delayed
        is caught up with.
    until
        Asked before every record whether to end.
    sent
        Counts what is acknowledged while this runs; a new one without it.

    Returns
    -------
    Sent
        What was acknowledged; nothing is under way any more.

    Raises
    ------
    KafkaException
        The producer cannot go on at all.
    """
    sent = sent or Sent()
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "client.id": "harvestlane-bench",
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": "murmur2_random",  # as the workers expect: Kafka's own
            "linger.ms": 5,
            "message.timeout.ms": _PATIENCE_MS,
            "queue.buffering.max.messages": 1_000_000,
            "log_level": 2,  # brokers that are away are no news here
        }
    )
    start = time.monotonic()
    for number, record in enumerate(records):
        if until():
            break
        while (ahead_s := start + number / rate_per_s - time.monotonic()) > 0:
            producer.poll(min(ahead_s, 0.05))
        _hand_over(producer, record, sent)
        sent.handed_over += 1
        if number % 100 == 0:
            producer.poll(0)
    producer.flush()
    return sent


def _hand_over(producer: Producer, record: Record, sent: Sent) -> None:
    """Give a record to the producer, waiting while its queue is full."""
    kind = getattr(record, "kind", "plain")
    headers: Sequence[tuple[str, bytes]] = record.headers
    while True:
        try:
            producer.produce(
                record.topic,
                value=record.value,
                key=record.key,
                headers=list(headers),
                on_delivery=partial(_answered, sent, kind),
            )
        except BufferError:
            producer.poll(0.1)
        else:
            return


def _answered(sent: Sent, kind: str, error: KafkaError | None, message: Message) -> None:
    if error is not None:
        if error.fatal():
            raise KafkaException(error)
        sent.note_failed()
        return
    sent.note(kind, message.topic(), message.partition(), message.offset())
