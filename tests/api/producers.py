"""A producer that keeps batches, and answers when it is told to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords


class Sent(NamedTuple):
    """What a broker says of a batch."""

    offset: int


@dataclass
class SlowProducer:
    """Stands for aiokafka's producer; a batch is acknowledged once somebody lets it go."""

    batch_bytes: int = 16_384
    is_open: bool = False
    is_stopped: bool = False
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    waiting: list[tuple[tuple[str, int], int, asyncio.Future[Sent]]] = field(default_factory=list)
    written: dict[tuple[str, int], list[bytes]] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)

    async def start(self) -> None:
        """Be ready at once."""

    async def stop(self) -> None:
        """Note it."""
        self.is_stopped = True

    def create_batch(self) -> BatchBuilder:
        """Return aiokafka's own builder."""
        return BatchBuilder(self.batch_bytes, 0)

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
        """Keep a batch; acknowledge it now, or when it is let go."""
        place = (topic, partition)
        count = batch.record_count()
        kept = MemoryRecords(bytes(batch._build()))
        while (part := kept.next_batch()) is not None:
            self.written.setdefault(place, []).extend(bytes(one.value) for one in part)
        self.batches.append(count)
        sent: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()
        self.waiting.append((place, count, sent))
        if self.is_open:
            self.let_go()
        return sent

    def let_go(self, error: Exception | None = None) -> None:
        """Acknowledge what waits, or fail it."""
        waiting, self.waiting = self.waiting, []
        for place, count, sent in waiting:
            if error is not None:
                sent.set_exception(error)
                continue
            first = self.ends.get(place, 0)
            self.ends[place] = first + count
            sent.set_result(Sent(first))
