"""Hold the API's own lasting records: compacted topics, read whole at start and then followed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from api.broker import Broker, Written
from api.kafka import stop
from api.problems import Problem
from schemas.envelope import Record, encode
from schemas.model import Fact
from schemas.topics import CATALOGUE, Topic

_log = logging.getLogger(__name__)

SOURCE = "/api/kept"
"""Source of everything that is written here."""

_RETRY_S = 1.0
_AT_ONCE = 2_000
_HEARD_S = 1.0

Listener = Callable[[str, Fact | None], None]
"""Is told a key and what stands under it from now on; None where nothing does any more."""


class Kept:
    """Hold compacted topics of one API process in memory, and write to them.

    What was written is seen at once by whoever asks here, and a moment later by other processes.
    A topic of these has one partition and one type, `NOUN.kept`; a key's last record counts.

    Parameters
    ----------
    broker
        Where to write.
    topics
        Names of the topics.
    bootstrap
        Where to read, `host:port[,…]`; without it nothing is read, and what is written here is
        all there is.
    most_bytes
        Of these topics only the latest records are held, so many bytes; older ones are not known.
    """

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[str],
        bootstrap: str | None = None,
        *,
        most_bytes: Mapping[str, int] | None = None,
    ) -> None:
        self._broker = broker
        self._most_bytes = dict(most_bytes or {})
        self._sizes: dict[str, dict[str, int]] = {name: {} for name in self._most_bytes}
        self._held_bytes = dict.fromkeys(self._most_bytes, 0)
        self._bootstrap = bootstrap
        self._facts: dict[str, dict[str, Fact]] = {name: {} for name in topics}
        self._places: dict[tuple[str, str], int] = {}
        self._listeners: dict[str, list[Listener]] = {name: [] for name in topics}
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}
        self._is_whole = bootstrap is None or not topics

    @property
    def bootstrap(self) -> str | None:
        """Where the topics are read; None where nothing is."""
        return self._bootstrap

    @property
    def is_whole(self) -> bool:
        """Whether everything that stood in the topics at start has been read."""
        return self._is_whole

    def refuse_partial(self) -> None:
        """Refuse to answer from what has not been read whole.

        Raises
        ------
        Problem
            `not_ready`.
        """
        if not self._is_whole:
            raise Problem("not_ready", "what lasts has not been read from Kafka yet; try again")

    def get(self, topic: str, key: str) -> Any | None:
        """Return what stands under a key; None for nothing.

        Raises
        ------
        Problem
            `not_ready`.
        """
        self.refuse_partial()
        return self._facts[topic].get(key)

    def every(self, topic: str) -> dict[str, Any]:
        """Return what stands in a topic, by key in their order.

        Raises
        ------
        Problem
            `not_ready`.
        """
        self.refuse_partial()
        return dict(sorted(self._facts[topic].items()))

    def listen(self, topic: str, listener: Listener) -> None:
        """Tell somebody of every change of a topic from now on, and of what stands there already.

        Parameters
        ----------
        topic
            Its name.
        listener
            Must return at once and raise nothing.
        """
        self._listeners[topic].append(listener)
        for key, fact in self._facts[topic].items():
            listener(key, fact)

    def lock(self, topic: str, key: str) -> asyncio.Lock:
        """Return the lock of a key, to be held from reading it until it is written.

        Parameters
        ----------
        topic, key
            What is to change.
        """
        return self._locks.setdefault((topic, key), asyncio.Lock())

    async def put(self, topic: str, fact: Fact) -> None:
        """Write what stands under a key from now on; return once the broker has acknowledged it.

        Parameters
        ----------
        topic
            Its name.
        fact
            What to write; its key field names the key.

        Raises
        ------
        Problem
            `broker_unavailable`: nothing is known to be written.
        """
        record = record_of(topic, fact)
        (written,) = await self._broker.publish([record])
        self.heard(record, written)

    async def take_away(self, topic: str, key: str) -> None:
        """Let nothing stand under a key; return once the broker has acknowledged it.

        Parameters
        ----------
        topic, key
            What is to go.

        Raises
        ------
        Problem
            `broker_unavailable`.
        """
        record = Record(topic, key.encode(), None, (("ce_type", _gone(topic)),))
        (written,) = await self._broker.publish([record])
        self.heard(record, written)

    def heard(self, record: Record, written: Written) -> None:
        """Take in a record of these topics that was written together with others.

        Parameters
        ----------
        record, written
            The record, made by `record_of`, and where the broker put it.
        """
        self._take(record.topic, record.key, record.value, written.offset)

    async def follow(self) -> None:
        """Read the topics whole, then follow them until cancelled."""
        if self._bootstrap is None or not self._facts:
            return
        while True:
            try:
                await self._follow(self._bootstrap)
            except (KafkaError, OSError) as error:
                _log.warning("reading what lasts failed (%r); trying again", error)
            await asyncio.sleep(_RETRY_S)

    async def _follow(self, bootstrap: str) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        try:
            await consumer.start()
            places = [TopicPartition(name, 0) for name in self._facts]
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            await consumer.seek_to_beginning(*places)
            while True:
                polled = await consumer.getmany(
                    timeout_ms=int(_HEARD_S * 1000), max_records=_AT_ONCE
                )
                for place, records in polled.items():
                    for each in records:
                        self._take(place.topic, each.key, each.value, each.offset)
                if not self._is_whole:
                    at = [await consumer.position(place) for place in places]
                    self._is_whole = all(
                        here >= ends[place] for here, place in zip(at, places, strict=True)
                    )
        finally:
            await stop(consumer)

    def _take(self, topic: str, raw_key: bytes | None, value: bytes | None, offset: int) -> None:
        key = (raw_key or b"").decode("utf-8", "replace")
        if self._places.get((topic, key), -1) >= offset:
            return
        self._places[topic, key] = offset
        try:
            fact = None if value is None else _model(topic).model_validate(orjson.loads(value))
        except (ValidationError, ValueError):
            _log.error("a record of %s at %d cannot be read and is left out", topic, offset)
            return
        if fact is None:
            self._facts[topic].pop(key, None)
        else:
            self._facts[topic][key] = fact
        if topic in self._most_bytes:
            self._hold(topic, key, len(value or b""))
        for listener in self._listeners[topic]:
            listener(key, fact)

    def _hold(self, topic: str, key: str, size: int) -> None:
        """Count what a key holds, as the latest of all, and let the oldest go for it."""
        sizes = self._sizes[topic]
        self._held_bytes[topic] += size - sizes.pop(key, 0)
        sizes[key] = size
        while self._held_bytes[topic] > self._most_bytes[topic]:
            oldest = next(iter(sizes))
            self._held_bytes[topic] -= sizes.pop(oldest)
            self._facts[topic].pop(oldest, None)
            del self._places[topic, oldest]


def record_of(topic: str, fact: Fact) -> Record:
    """Write a fact as a record of one of these topics.

    Parameters
    ----------
    topic
        Its name.
    fact
        What to write.
    """
    (kind,) = CATALOGUE[topic].types
    now = datetime.now(UTC)
    event_id = f"{CATALOGUE[topic].key_of(fact)}@{now.timestamp():.6f}"
    return encode(topic, kind, fact, event_id=event_id, source=SOURCE, time=now)


def _model(topic: str) -> type[Fact]:
    found: Topic = CATALOGUE[topic]
    (model,) = found.types.values()
    return model


def _gone(topic: str) -> bytes:
    return f"{topic.partition('.')[0]}.forgotten".encode()
