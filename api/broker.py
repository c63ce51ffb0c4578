"""Write events to Kafka and acknowledge them only once the broker has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from api.kafka import stop
from api.lanes import Lanes, Write, Written
from api.problems import Problem
from schemas.envelope import Record
from schemas.topics import CATALOGUE

__all__ = ["MOST_BYTES", "MOST_RECORDS", "WRITE_S", "Broker", "KafkaBroker", "Written"]

_log = logging.getLogger(__name__)

WRITE_S = 8.0
"""Longest time that a write waits for the broker, in seconds."""
MOST_RECORDS = 20_000
"""So many records wait for the broker at most; whoever brings more is told to come again."""
MOST_BYTES = 16 << 20
"""The same in bytes of keys and values."""
_BATCH_BYTES = 256 << 10
_MOST_RECORD_BYTES = 1 << 20
_START_S = 4.0
_REQUEST_MS = 5_000
_LOOK_S = 2.5
_STOP_S = 10.0
_BUSY = "too much waits for Kafka already; nothing of this was written: repeat it in a moment"
_NO_BROKER = "Kafka does not answer: not everything was acknowledged; repeat it with the same ids"


class Broker(Protocol):
    """What the API asks of a broker."""

    async def publish(self, records: Sequence[Record]) -> list[Written]:
        """Write records in order; return once the broker has acknowledged all of them.

        Raises
        ------
        Problem
            `broker_unavailable`: not all were acknowledged. `busy`: too much waits for the broker,
            and nothing was written. `too_large`: the broker takes no record of this size.
        """

    async def missing_topics(self) -> set[str] | None:
        """Name the topics of the catalogue that are missing; None where no broker answers."""

    async def close(self) -> None:
        """Let go of the connection."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A producer, and what feeds it."""

    producer: AIOKafkaProducer
    lanes: Lanes


class KafkaBroker:
    """Hold one idempotent producer, and replace it whenever it fails.

    A producer that has failed may have a hole in its sequence of records, which no later write
    could pass; a new one starts afresh. What waits is bounded, so that a slow broker makes the API
    refuse, not grow; and nobody waits longer than `WRITE_S`.

    Parameters
    ----------
    bootstrap
        Bootstrap servers, `host:port[,…]`.
    most_records, most_bytes
        How much may wait for the broker.
    write_s
        Longest time that a write waits for it, in seconds.
    producer
        Makes a producer that has not been started yet.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        most_records: int = MOST_RECORDS,
        most_bytes: int = MOST_BYTES,
        write_s: float = WRITE_S,
        producer: Callable[[str], Any] | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._write_s = write_s
        self._make = producer or _producer
        self._line: _Line | None = None
        self._starting = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()
        self._most = most_records, most_bytes
        self._waiting = 0, 0

    async def publish(self, records: Sequence[Record]) -> list[Written]:
        """Write records; see `Broker.publish`."""
        sizes = [len(record.key) + len(record.value or b"") for record in records]
        if max(sizes, default=0) > _MOST_RECORD_BYTES:
            raise _too_large()
        size = len(records), sum(sizes)
        self._admit(size)
        line: _Line | None = None
        try:
            async with asyncio.timeout(self._write_s):
                line = await self._started()
                write = Write(records)
                line.lanes.add(write)
                await write.done
        except MessageSizeTooLargeError:
            raise _too_large() from None
        except (TimeoutError, KafkaError, OSError) as error:
            _log.warning("writing to Kafka failed: %r", error)
            self._discard(line)
            raise Problem("broker_unavailable", _NO_BROKER) from error
        finally:
            self._waiting = self._waiting[0] - size[0], self._waiting[1] - size[1]
        return write.written

    def _admit(self, size: tuple[int, int]) -> None:
        waiting = self._waiting[0] + size[0], self._waiting[1] + size[1]
        if waiting[0] > self._most[0] or waiting[1] > self._most[1]:
            raise Problem("busy", _BUSY)
        self._waiting = waiting

    async def missing_topics(self) -> set[str] | None:
        """Look at the cluster; see `Broker.missing_topics`."""
        try:
            async with asyncio.timeout(_LOOK_S):
                line = await self._started()
                cluster = await line.producer.client.fetch_all_metadata()
        except (TimeoutError, KafkaError, OSError) as error:
            _log.info("looking at Kafka failed: %r", error)
            return None  # and the producer stays: writes may be on their way
        return set(CATALOGUE) - set(cluster.topics())

    async def close(self) -> None:
        """Stop the producer and those that were replaced."""
        self._discard(self._line)
        await asyncio.gather(*self._leaving)

    async def _started(self) -> _Line:
        async with self._starting:
            if self._line is None:
                producer = self._make(self._bootstrap)
                try:
                    async with asyncio.timeout(_START_S):
                        await producer.start()
                except BaseException:
                    self._later(stop(producer, within_s=_STOP_S))
                    raise
                self._line = _Line(producer, Lanes(producer))
            return self._line

    def _discard(self, line: _Line | None) -> None:
        if line is None or line is not self._line:
            return
        self._line = None
        line.lanes.close()
        self._later(stop(line.producer, within_s=_STOP_S))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


def _producer(bootstrap: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id="harvestlane-api",
        acks="all",
        enable_idempotence=True,
        request_timeout_ms=_REQUEST_MS,
        max_batch_size=_BATCH_BYTES,
        linger_ms=0,  # `Lanes` gathers
    )


def _too_large() -> Problem:
    return Problem("too_large", "the broker takes no record of this size")
