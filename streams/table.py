"""Write a fold's Faust table: first its changelog, confirmed by the broker, then the copy here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.types import TP
from rocksdict import WriteBatch

from streams.bulk import records_of
from streams.epoch import OWNER, Fence, epoch_of, owner_row, stamped
from streams.outbox import post

log = logging.getLogger(__name__)

_READ_WITHIN_S = 10.0


class FencedTable(faust.Table):  # type: ignore[misc]
    """A Faust table that takes in of its changelog only what was its owner's to write.

    What Faust fills, when a partition is taken over and while it stands by, is written by
    `TableWriter` alone.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fence = Fence(self._known_epoch)

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Take in what stands in the changelog, record by record of each message."""
        super().apply_changelog_batch(
            _Change(record)
            for event in batch
            for record in records_of(event.message)
            if self.fence.passes(record.partition, record.value)
        )

    def _known_epoch(self, partition: int) -> int:
        return epoch_of(TableRows(self).get(partition, OWNER))


class _Change:
    """One changelog record, as Faust's stores look at an event."""

    __slots__ = ("key", "message", "offset", "partition", "tp", "value")

    def __init__(self, record: Any) -> None:
        self.message = self
        self.tp = TP(record.topic, record.partition)
        self.partition, self.offset = record.partition, record.offset
        self.key, self.value = record.key, record.value


class TableWriter:
    """Writes a table's rows as the owner of their partitions, and notices who else does.

    Parameters
    ----------
    table
        The table; its keys and values are raw bytes.
    name, servers
        The worker's name, and the brokers, ``host:port[,…]``.
    """

    def __init__(self, table: FencedTable, name: str, servers: str) -> None:
        self._table = table
        self._rows = TableRows(table)
        self._name = name
        self._servers = servers
        self._next: dict[int, int] = {}
        """The offset that the next changelog record of each partition has, if nobody intrudes."""

    async def begin(self, partition: int) -> None:
        """Begin a new epoch in a partition that is ours now."""
        known = self._table.data.persisted_offset(self._changelog(partition))
        if known is not None:
            self._next[partition] = known + 1
        else:
            self._next.pop(partition, None)
        epoch = self._table.fence.begin(partition)
        await self._put(partition, [(OWNER, owner_row(epoch, self._name))])

    async def write(self, partition: int, rows: Iterable[tuple[str, bytes | None]]) -> None:
        """Write rows, and wait until the broker has confirmed them.

        Parameters
        ----------
        partition
            Where to write.
        rows
            Keys and values; none removes a row.

        Raises
        ------
        Dispossessed
            Another worker has begun an epoch after ours, or ours.
        """
        epoch = self._table.fence.epoch(partition)
        await self._put(
            partition, [(key, None if row is None else stamped(row, epoch)) for key, row in rows]
        )

    async def _put(self, partition: int, rows: Sequence[tuple[str, bytes | None]]) -> None:
        if not rows:
            return
        changelog = self._changelog(partition)
        messages = [(key.encode(), row, ()) for key, row in rows]
        offsets = await post(self._table.app.sender, changelog, messages)
        expected = self._next.get(partition, offsets[0])
        self._next[partition] = offsets[-1] + 1
        foreign = set(range(expected, offsets[-1])).difference(offsets)
        overwritten = await self._overwritten(partition, foreign) if foreign else ()
        self._rows.put(partition, rows)
        self._table.data.set_persisted_offset(changelog, offsets[-1])
        if overwritten:
            log.warning(
                "%s: writing %s rows again in %s", self._table.name, len(overwritten), partition
            )
            again = [(key, self._rows.get(partition, key)) for key in overwritten]
            await self.write(partition, again)

    def _changelog(self, partition: int) -> TP:
        return TP(self._table.changelog_topic_name, partition)

    async def _overwritten(self, partition: int, offsets: set[int]) -> list[str]:
        """Name the rows over which another worker's records came, if it did not know better."""
        records = await _records(self._servers, self._changelog(partition), offsets)
        if any(self._is_of_another(record, partition) for record in records):
            raise Dispossessed(f"{self._table.name}: another worker owns partition {partition}")
        return sorted({record.key.decode() for record in records})

    def _is_of_another(self, record: Any, partition: int) -> bool:
        """Say whether a record shows that another worker has begun after us, or as we did."""
        ours, epoch = self._table.fence.epoch(partition), epoch_of(record.value)
        begins = record.key == OWNER.encode() and record.value != owner_row(ours, self._name)
        return epoch > ours or (epoch == ours and begins)


class Dispossessed(Exception):
    """A partition has been taken over while this worker thought that it was its own."""


async def _records(servers: str, place: TP, offsets: set[int]) -> list[Any]:
    """Read some records of one partition, as far as they are there."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    await consumer.start()
    try:
        partition = TopicPartition(*place)
        consumer.assign([partition])
        consumer.seek(partition, min(offsets))
        found: list[Any] = []
        async with asyncio.timeout(_READ_WITHIN_S):
            while await consumer.position(partition) <= max(offsets):
                polled = await consumer.getmany(partition, timeout_ms=200)
                found += polled.get(partition, [])
        return [record for record in found if record.offset in offsets]
    finally:
        await consumer.stop()


class TableRows:
    """A table's rows, partition by partition, past Faust's own view of it as one dictionary.

    Parameters
    ----------
    table
        The table; its store is one RocksDB a partition.
    """

    def __init__(self, table: FencedTable) -> None:
        self._table = table

    def partitions(self) -> list[int]:
        """List the partitions that this worker owns."""
        topic = self._table.changelog_topic_name
        owned = self._table.app.assignor.assigned_actives()
        return sorted(tp.partition for tp in owned if tp.topic == topic)

    def get(self, partition: int, key: str) -> bytes | None:
        """Return one row, or nothing."""
        row: bytes | None = self._database(partition).get(key.encode())
        return row

    def after(self, partition: int, key: str, most: int) -> list[tuple[str, bytes]]:
        """Return the next rows behind a key, in the order of their keys; empty at the end."""
        behind = key.encode() + b"\0"  # the least key that is greater
        rows = self._database(partition).items(from_key=behind if key else None)
        own = self._table.data.offset_key
        return [(name.decode(), row) for name, row in islice(rows, most + 1) if name != own][:most]

    def put(self, partition: int, rows: Iterable[tuple[str, bytes | None]]) -> None:
        """Write rows in one step; none removes one."""
        batch = WriteBatch(raw_mode=True)
        for key, row in rows:
            if row is None:
                batch.delete(key.encode())
            else:
                batch.put(key.encode(), row)
        self._database(partition).write(batch)

    def _database(self, partition: int) -> Any:
        return self._table.data._db_for_partition(partition)  # noqa: SLF001 - Faust has no other way
