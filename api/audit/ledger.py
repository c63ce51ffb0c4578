"""Write audit entries where nobody else can write at the same time, and read them backwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from api.kafka import stop
from schemas.envelope import Record
from schemas.errors import Unavailable

TOPIC = "audit.entry.v1"
_PLACE = TopicPartition(TOPIC, 0)
_REQUEST_MS = 5_000
_START_S = 6.0
_APPEND_S = 8.0
_READ_S = 5.0
_STOP_S = 5.0
_WINDOW = 500
_IN_TURN = 2
_SILENT = "Kafka, which holds the audit log, does not answer"


class ShutOut(Unavailable):
    """Another process has opened the ledger since: nothing was written."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it stands in the log.

    Attributes
    ----------
    offset
        Where it stands.
    raw
        Its bytes.
    doc
        The same, read; empty where it is no JSON object.
    """

    offset: int
    raw: bytes
    doc: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Some entries, the newest first, and where the older ones end; None at the beginning."""

    lines: list[Line]
    before: int | None


class Ledger(Protocol):
    """Where audit entries are kept. All methods raise `Unavailable` where it does not answer."""

    async def open(self) -> dict[str, Any] | None:
        """Shut out whoever wrote before, and return the last entry; None where there is none."""

    async def append(self, records: Sequence[Record]) -> None:
        """Write records, all or none of them."""

    async def back(self, before: int | None) -> Window:
        """Read some entries that stand before an offset; None for the newest."""

    async def offset_at(self, time: datetime) -> int | None:
        """Return the offset of the first entry written at or after a time; None for none."""

    async def shut(self) -> None:
        """Let go of the connection for writing; `open` makes a new one."""

    async def close(self) -> None:
        """Let go of all connections."""


class MemoryLedger:
    """A ledger that lasts as long as the process, and can be switched off."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.is_down = False
        self.opened = 0

    @property
    def docs(self) -> list[dict[str, Any]]:
        """The entries in their order."""
        return [orjson.loads(record.value or b"") for record in self.records]

    async def open(self) -> dict[str, Any] | None:
        """See `Ledger.open`."""
        self._answer()
        self.opened += 1
        return self.docs[-1] if self.records else None

    async def append(self, records: Sequence[Record]) -> None:
        """See `Ledger.append`."""
        await asyncio.sleep(0)
        self._answer()
        self.records.extend(records)

    async def back(self, before: int | None) -> Window:
        """See `Ledger.back`."""
        self._answer()
        end = len(self.records) if before is None else before
        first = max(end - _WINDOW, 0)
        lines = [_line(at, self.records[at].value) for at in reversed(range(first, end))]
        return Window(lines, first or None)

    async def offset_at(self, time: datetime) -> int | None:
        """See `Ledger.offset_at`."""
        del time
        return None

    async def shut(self) -> None:
        """See `Ledger.shut`."""

    async def close(self) -> None:
        """See `Ledger.close`."""

    def _answer(self) -> None:
        if self.is_down:
            raise Unavailable(_SILENT)


class KafkaLedger:
    """Hold the one partition of the audit log by transactional producers that take turns.

    Their transactional ids are always the same: the broker shuts out a process that held them
    before, so that a late write of that one can never fork the chain. A producer that has just
    committed has to wait until the broker has noted it everywhere; meanwhile it is another's turn.

    Parameters
    ----------
    bootstrap
        Bootstrap servers, `host:port[,…]`.
    writer
        Whose chain it is.
    """

    def __init__(self, bootstrap: str, writer: str) -> None:
        self._bootstrap = bootstrap
        self._writer = writer
        self._producers: list[Any] = []
        self._consumer: Any = None
        self._reading = asyncio.Lock()

    async def open(self) -> dict[str, Any] | None:
        """See `Ledger.open`."""
        await self.shut()
        for number in range(_IN_TURN):  # should one fail, those before it are stopped
            self._producers.append(await self._started(number))
        before: int | None = None
        while True:
            window = await self.back(before)
            if window.lines or window.before is None:
                return window.lines[0].doc if window.lines else None
            before = window.before

    async def _started(self, number: int) -> Any:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id="harvestlane-audit",
            transactional_id=f"harvestlane-audit-{self._writer}-{number}",
            transaction_timeout_ms=10_000,
            request_timeout_ms=_REQUEST_MS,
            max_request_size=16 << 20,
            linger_ms=0,
        )
        try:
            async with asyncio.timeout(_START_S):
                await producer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await stop(producer, within_s=_STOP_S)
            raise Unavailable(_SILENT) from error
        except BaseException:
            await stop(producer, within_s=_STOP_S)
            raise
        return producer

    async def append(self, records: Sequence[Record]) -> None:
        """See `Ledger.append`."""
        producer = self._producers.pop(0)
        self._producers.append(producer)
        try:
            async with asyncio.timeout(_APPEND_S), producer.transaction():
                sent = [
                    await producer.send(
                        TOPIC,
                        value=record.value,
                        key=record.key,
                        partition=0,
                        headers=list(record.headers),
                    )
                    for record in records
                ]
                await asyncio.gather(*sent)
        except ProducerFenced as error:
            raise ShutOut(_SILENT) from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(_SILENT) from error

    async def back(self, before: int | None) -> Window:
        """See `Ledger.back`."""
        window: Window = await self._asking(lambda consumer: _back(consumer, before))
        return window

    async def offset_at(self, time: datetime) -> int | None:
        """See `Ledger.offset_at`."""
        found = await self._asking(
            lambda consumer: consumer.offsets_for_times({_PLACE: int(time.timestamp() * 1000)})
        )
        place = found[_PLACE]
        return None if place is None else int(place.offset)

    async def shut(self) -> None:
        """See `Ledger.shut`."""
        producers, self._producers = self._producers, []
        await asyncio.gather(*(stop(one, within_s=_STOP_S) for one in producers))

    async def close(self) -> None:
        """See `Ledger.close`."""
        await self.shut()
        await self._leave()

    async def _asking(self, ask: Any) -> Any:
        async with self._reading:
            try:
                async with asyncio.timeout(_READ_S):
                    return await ask(await self._reader())
            except (KafkaError, OSError, TimeoutError) as error:
                await self._leave()
                raise Unavailable(_SILENT) from error

    async def _reader(self) -> Any:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap,
                client_id="harvestlane-audit",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
            )
            try:
                await consumer.start()
            except BaseException:
                await stop(consumer, within_s=_STOP_S)
                raise
            consumer.assign([_PLACE])
            self._consumer = consumer
        return self._consumer

    async def _leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await stop(consumer, within_s=_STOP_S)


async def _back(consumer: Any, before: int | None) -> Window:
    first = (await consumer.beginning_offsets([_PLACE]))[_PLACE]
    end = (await consumer.end_offsets([_PLACE]))[_PLACE]
    end = end if before is None else min(before, end)
    start = max(end - _WINDOW, first)
    if start >= end:
        return Window([], None)
    consumer.seek(_PLACE, start)
    lines: list[Line] = []
    while await consumer.position(_PLACE) < end:  # the ends of transactions are no records
        polled = await consumer.getmany(_PLACE, timeout_ms=200)
        found = (each for each in polled.get(_PLACE, ()) if each.offset < end)
        lines.extend(_line(each.offset, each.value) for each in found)
    return Window(lines[::-1], start if start > first else None)


def _line(offset: int, raw: bytes | None) -> Line:
    doc: Any = None
    with contextlib.suppress(orjson.JSONDecodeError):
        doc = orjson.loads(raw or b"")
    return Line(offset, raw or b"", doc if isinstance(doc, dict) else {})
