"""Group what waits to be written by partition, so that one request to the broker carries it all.

Of each partition one batch is on its way at a time; whatever comes meanwhile goes with the next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from aiokafka.errors import ProducerClosed, UnknownError
from aiokafka.partitioner import murmur2

from schemas.envelope import Record
from schemas.topics import CATALOGUE

GATHER_S = 0.002
"""So long the first record that comes waits for others: a request to the broker costs as much."""

Place = tuple[str, int]


class Written(NamedTuple):
    """Where the broker put one record."""

    topic: str
    partition: int
    offset: int


class BatchProducer(Protocol):
    """What lanes ask of aiokafka's producer."""

    def create_batch(self) -> Any:
        """Return an empty batch."""

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
        """Hand a batch over; return a future of where it begins."""


class Write:
    """Records that are acknowledged together.

    Parameters
    ----------
    records
        What to write.

    Attributes
    ----------
    done
        Is set once all are acknowledged, or one has failed; whoever cancels it gives up those that
        are not on their way yet.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.written: list[Any] = [None] * len(records)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = len(records)
        if not records:
            self.done.set_result(None)

    def settle(self, index: int, written: Written) -> None:
        """Note where one record stands."""
        self.written[index] = written
        self._left -= 1
        if not self._left and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        """Note that not all will be written."""
        if not self.done.done():
            self.done.set_exception(error)


Waiting = deque[tuple[Write, int]]
"""Records of one partition, each by its write and its index there."""


class Lanes:
    """Feed one producer.

    Parameters
    ----------
    producer
        An idempotent producer that was started.
    """

    def __init__(self, producer: BatchProducer) -> None:
        self._producer = producer
        self._lanes: dict[Place, Waiting] = {}
        self._busy: dict[Place, asyncio.Task[None]] = {}
        self._flush_at: asyncio.TimerHandle | None = None
        self._is_closed = False

    def add(self, write: Write) -> None:
        """Take records in, each behind those of its partition that came before.

        Parameters
        ----------
        write
            Is settled when they are acknowledged.
        """
        if self._is_closed:
            write.fail(ProducerClosed())
            return
        for index, record in enumerate(write.records):
            place = record.topic, home_of(record.topic, record.key)
            self._lanes.setdefault(place, deque()).append((write, index))
        if self._flush_at is None:
            self._flush_at = asyncio.get_running_loop().call_later(GATHER_S, self._flush)

    def close(self) -> None:
        """Give up what is not on its way yet."""
        self._is_closed = True
        if self._flush_at is not None:
            self._flush_at.cancel()
        for waiting in self._lanes.values():
            _fail(waiting, ProducerClosed())
        self._lanes.clear()

    def _flush(self) -> None:
        self._flush_at = None
        for place in self._lanes.keys() - self._busy.keys():
            self._busy[place] = asyncio.create_task(self._drain(place))

    async def _drain(self, place: Place) -> None:
        """Write what waits for one partition until nothing does."""
        try:
            while waiting := self._lanes.pop(place, None):
                batch, taken = self._producer.create_batch(), Waiting()
                try:
                    _fill(batch, waiting, taken)
                except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
                    _fail([*taken, *waiting], error)
                    continue
                if waiting:
                    self._lanes[place] = waiting  # before what comes meanwhile
                if taken:
                    await self._send(place, batch, taken)
        finally:
            del self._busy[place]

    async def _send(self, place: Place, batch: Any, taken: Waiting) -> None:
        topic, partition = place
        try:
            sent = await self._producer.send_batch(batch, topic, partition=partition)
            first = _offset(await sent)
        except Exception as error:  # noqa: BLE001 - as above
            _fail(taken, error)
            return
        for position, (write, index) in enumerate(taken):
            write.settle(index, Written(topic, partition, first + position))


def _fail(some: Iterable[tuple[Write, int]], error: Exception) -> None:
    for write, _ in some:
        write.fail(error)


def _offset(sent: Any) -> int:
    if sent.offset < 0:  # an earlier try wrote it, and the broker no longer knows where
        raise UnknownError("the broker does not say where the records stand")
    return int(sent.offset)


def _fill(batch: Any, waiting: Waiting, taken: Waiting) -> None:
    """Put into a batch what fits; what was given up meanwhile is left out."""
    while waiting:
        write, index = waiting[0]
        if not write.done.done():
            record = write.records[index]
            fits = batch.append(
                timestamp=None,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
            )
            if fits is None:
                break
            taken.append((write, index))
        waiting.popleft()


@lru_cache(maxsize=1 << 16)
def home_of(topic: str, key: bytes) -> int:
    """Return the partition of a key, as Kafka's own clients choose it.

    Parameters
    ----------
    topic
        A topic of the catalogue.
    key
        The record's key.
    """
    return int((murmur2(key) & 0x7FFFFFFF) % CATALOGUE[topic].partitions)
