"""Write events to Kafka and acknowledge them only once the broker has."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from pydantic import BaseModel

from api.problems import Problem
from schemas.envelope import Record
from schemas.topics import CATALOGUE

_log = logging.getLogger(__name__)

WRITE_S = 8.0
"""Longest time that a write waits for the broker, in seconds."""
_START_S = 4.0
_REQUEST_MS = 5_000
_LOOK_S = 2.5
_STOP_S = 10.0
_NO_BROKER = "Kafka does not answer: not everything was acknowledged; repeat it with the same ids"


class Written(BaseModel, frozen=True):
    """Where the broker put one record."""

    topic: str
    partition: int
    offset: int


class Broker(Protocol):
    """What the API asks of a broker."""

    async def publish(self, records: Sequence[Record]) -> list[Written]:
        """Write records in order; return once the broker has acknowledged all of them.

        Raises
        ------
        Problem
            `broker_unavailable`: not all were acknowledged. `too_large`: the broker takes no
            record of this size.
        """

    async def missing_topics(self) -> set[str] | None:
        """Name the topics of the catalogue that are missing; None where no broker answers."""

    async def close(self) -> None:
        """Let go of the connection."""


class KafkaBroker:
    """Hold one idempotent producer, and replace it whenever it fails.

    A producer that has failed may have a hole in its sequence of records, which no later write
    could pass; a new one starts afresh.

    Parameters
    ----------
    bootstrap
        Bootstrap servers, `host:port[,…]`.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()

    async def publish(self, records: Sequence[Record]) -> list[Written]:
        """Write records; see `Broker.publish`."""
        producer: AIOKafkaProducer | None = None
        try:
            async with asyncio.timeout(WRITE_S):
                producer = await self._started()
                sent = [
                    await producer.send(
                        record.topic,
                        value=record.value,
                        key=record.key,
                        headers=list(record.headers),
                    )
                    for record in records
                ]
                results = await asyncio.gather(*sent)
        except MessageSizeTooLargeError:
            raise Problem("too_large", "the broker takes no record of this size") from None
        except (TimeoutError, KafkaError, OSError) as error:
            _log.warning("writing to Kafka failed: %r", error)
            self._discard(producer)
            raise Problem("broker_unavailable", _NO_BROKER) from error
        return [Written(topic=r.topic, partition=r.partition, offset=r.offset) for r in results]

    async def missing_topics(self) -> set[str] | None:
        """Look at the cluster; see `Broker.missing_topics`."""
        try:
            async with asyncio.timeout(_LOOK_S):
                producer = await self._started()
                cluster = await producer.client.fetch_all_metadata()
        except (TimeoutError, KafkaError, OSError) as error:
            _log.info("looking at Kafka failed: %r", error)
            return None  # and the producer stays: writes may be on their way
        return set(CATALOGUE) - set(cluster.topics())

    async def close(self) -> None:
        """Stop the producer and those that were replaced."""
        self._discard(self._producer)
        await asyncio.gather(*self._leaving)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    client_id="harvestlane-api",
                    acks="all",
                    enable_idempotence=True,
                    request_timeout_ms=_REQUEST_MS,
                    linger_ms=0,
                )
                try:
                    async with asyncio.timeout(_START_S):
                        await producer.start()
                except BaseException:
                    self._later(_stop(producer))
                    raise
                self._producer = producer
            return self._producer

    def _discard(self, producer: AIOKafkaProducer | None) -> None:
        if producer is None or producer is not self._producer:
            return
        self._producer = None
        self._later(_stop(producer))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


async def _stop(producer: AIOKafkaProducer) -> None:
    with contextlib.suppress(TimeoutError, KafkaError, OSError):
        async with asyncio.timeout(_STOP_S):
            await producer.stop()
