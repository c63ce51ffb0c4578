"""Write a fold's Faust table so that a write can be awaited until the broker has its changelog."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any
from weakref import ref

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition
from faust import streams as faust_streams
from faust.types import TP

from streams.bulk import records_of
from streams.epoch import OWNER, Fence, epoch_of, owner_row, stamped

log = logging.getLogger(__name__)

_READ_WITHIN_S = 10.0


class ConfirmedTable(faust.Table):  # type: ignore[misc]
    """A Faust table that keeps the promises of its changelog records.

    Faust itself only logs a changelog record that fails (upstream's default); here a writer
    takes `unconfirmed` and awaits it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unconfirmed: list[asyncio.Future[Any]] = []
        self.fence = Fence(self._known_epoch)

    def on_key_set(self, key: Any, value: Any) -> None:
        """Send the changelog record of a written key, and keep its promise."""
        sent = self.send_changelog(self.partition_for_key(key), key, value)
        self.unconfirmed.append(sent)

    def on_key_del(self, key: Any) -> None:
        """Send the changelog record of a removed key, and keep its promise."""
        sent = self.send_changelog(self.partition_for_key(key), key, None)
        self.unconfirmed.append(sent)

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


@dataclass
class _Message:
    topic: str
    partition: int


class _Place:
    """Stands where Faust looks for the event at hand, to learn whose partition is written."""

    def __init__(self, topic: str, partition: int) -> None:
        self.message = _Message(topic, partition)


@contextmanager
def writing_in(topic: str, partition: int) -> Iterator[None]:
    """Let tables write into one partition, whatever event is at hand.

    Parameters
    ----------
    topic
        Any topic that is partitioned like the table.
    partition
        The partition.
    """
    place = _Place(topic, partition)
    token = faust_streams._current_event.set(ref(place))  # noqa: SLF001 - Faust has no other way
    try:
        yield
    finally:
        faust_streams._current_event.reset(token)  # noqa: SLF001


class TableWriter:
    """Writes a table's rows as the owner of their partitions, and notices who else does.

    Parameters
    ----------
    table
        The table; its keys and values are raw bytes.
    topic
        Any topic that is partitioned like the table.
    name, servers
        The worker's name, and the brokers, ``host:port[,…]``.
    """

    def __init__(self, table: ConfirmedTable, topic: str, name: str, servers: str) -> None:
        self._table = table
        self._rows = TableRows(table)
        self._topic = topic
        self._name = name
        self._servers = servers
        self._next: dict[int, int] = {}
        """The offset that the next changelog record of each partition has, if nobody intrudes."""

    async def begin(self, partition: int) -> None:
        """Begin a new epoch in a partition that is ours now."""
        changelog = TP(self._table.changelog_topic_name, partition)
        known = self._table.data.persisted_offset(changelog)
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
            Another worker has begun an epoch after ours.
        """
        epoch = self._table.fence.epoch(partition)
        await self._put(
            partition, [(key, None if row is None else stamped(row, epoch)) for key, row in rows]
        )

    async def _put(self, partition: int, rows: Sequence[tuple[str, bytes | None]]) -> None:
        table = self._table
        with writing_in(self._topic, partition):
            for key, row in rows:
                if row is None:
                    del table[key.encode()]
                else:
                    table[key.encode()] = row
        promises, table.unconfirmed = table.unconfirmed, []
        offsets = {sent.offset for sent in await asyncio.gather(*promises)}
        if not offsets:
            return
        expected = self._next.get(partition, min(offsets))
        self._next[partition] = max(offsets) + 1
        foreign = set(range(expected, max(offsets))) - offsets
        if foreign:
            await self._write_again(partition, foreign)

    async def _write_again(self, partition: int, offsets: set[int]) -> None:
        """Write the rows again over which another worker's records came: it did not know better."""
        records = await _records(
            self._servers, TP(self._table.changelog_topic_name, partition), offsets
        )
        ours = self._table.fence.epoch(partition)
        if any(epoch_of(record.value) > ours for record in records):
            raise Dispossessed(f"{self._table.name}: another worker owns partition {partition}")
        keys = {record.key.decode() for record in records} - {OWNER}
        log.warning("%s: writing %s rows again in %s", self._table.name, len(keys), partition)
        await self.write(partition, [(key, self._rows.get(partition, key)) for key in sorted(keys)])


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

    def __init__(self, table: ConfirmedTable) -> None:
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

    def _database(self, partition: int) -> Any:
        return self._table.data._db_for_partition(partition)  # noqa: SLF001 - Faust has no other way
