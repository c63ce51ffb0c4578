"""Write a fold's Faust table: first its changelog, confirmed by the broker, then the copy here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import faust
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.types import TP
from rocksdict import WriteBatch

from streams.bulk import records_of
from streams.disk import Disk
from streams.epoch import OWNER, Fence, epoch_of, owner_row, stamped
from streams.outbox import post

log = logging.getLogger(__name__)

FOREIGN = "~foreign"
"""The key of a copy's own note, which is in no changelog: the rows to be written again."""

_READ_WITHIN_S = 10.0
_NOTED_AT_MOST = 10_000
"""A former owner learns with its first batch that it is one; that has half as many rows at most."""

_Row = tuple[str, bytes | None]
"""A key, and its value; none removes it."""


class FencedTable(faust.Table):  # type: ignore[misc]
    """A Faust table that takes in of its changelog only what was its owner's to write.

    What Faust fills, when a partition is taken over and while it stands by, is written by
    `TableWriter` alone.

    A key over which a former owner wrote is noted, in the copy itself, until its owner has written
    it again: compaction leaves nothing of the key but that record, and once it has dropped the
    record that began the epoch in front of it, whoever reads from the first record takes it in.
    The next owner writes what is noted again, whether or not the last one came to it.

    Not covered: a copy that had not read the owner's row before compaction dropped it, as one that
    begins with nothing; more than `_NOTED_AT_MOST` keys of a partition; and what a former owner
    removes: that says no epoch, so every copy follows it, and only the owner that it happens to
    writes the row again.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fence = Fence(self._known_epoch)

    def _new_store(self) -> Any:
        store = super()._new_store()
        store.rocksdb_options = Disk()
        return store

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Take in what stands in the changelog, record by record of each message."""
        records = (record for event in batch for record in records_of(event.message))
        super().apply_changelog_batch(self._changes(records))

    def _changes(self, records: Iterable[Any]) -> Iterator[_Change]:
        """Yield what counts, and behind it what the copy notes about itself, for the same write.

        Faust writes by itself how far the copy has read, but afterwards: whoever died in between
        would read the same records again with a later epoch, and pass over what counted.
        """
        rows = TableRows(self)
        marks: dict[int, tuple[TP, int]] = {}
        before: dict[int, set[str]] = {}
        noted: dict[int, set[str]] = {}
        for record in records:
            partition = record.partition
            if partition not in marks:
                before[partition] = set(rows.foreign(partition))
                noted[partition] = set(before[partition])
            place = TP(record.topic, partition)
            marks[partition] = place, record.offset
            if self.fence.passes(partition, record.value):
                if noted[partition]:
                    noted[partition].discard(record.key.decode())
                yield _Change(place, record.offset, record.key, record.value)
            else:
                noted[partition].add(record.key.decode())
        for partition, (place, offset) in marks.items():
            if noted[partition] != before[partition]:
                note = self._note(partition, noted[partition])
                yield _Change(place, offset, FOREIGN.encode(), note)
            yield _Change(place, offset, self.data.offset_key, str(offset).encode())

    def _note(self, partition: int, keys: set[str]) -> bytes | None:
        if len(keys) > _NOTED_AT_MOST:
            log.warning("%s: former owners wrote %s rows of %s", self.name, len(keys), partition)
        return orjson.dumps(sorted(keys)[:_NOTED_AT_MOST]) if keys else None

    def _known_epoch(self, partition: int) -> int:
        return epoch_of(TableRows(self).get(partition, OWNER))


class _Change:
    """One change of a copy, as Faust's stores look at an event."""

    __slots__ = ("key", "message", "offset", "partition", "tp", "value")

    def __init__(self, tp: TP, offset: int, key: bytes, value: bytes | None) -> None:
        self.message = self
        self.tp = tp
        self.partition, self.offset = tp.partition, offset
        self.key, self.value = key, value


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
        """Begin a new epoch in a partition that is ours now, and mend what was written over.

        What the copy lacks is removed from the changelog too: there, too, it may come to count.
        """
        known = self._table.data.persisted_offset(self._changelog(partition))
        if known is not None:
            self._next[partition] = known + 1
        else:
            self._next.pop(partition, None)
        epoch = self._table.fence.begin(partition)
        await self._put(partition, [(OWNER, owner_row(epoch, self._name))])
        if noted := self._rows.foreign(partition):
            log.warning("%s: mending %s rows in %s", self._table.name, len(noted), partition)
            await self.write(
                partition, [(key, self._rows.get(partition, key)) for key in noted if key != OWNER]
            )
            self._rows.put(partition, [(FOREIGN, None)])

    async def write(self, partition: int, rows: Iterable[_Row]) -> None:
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
        await self._put(partition, self._stamped(partition, rows))

    def _stamped(self, partition: int, rows: Iterable[_Row]) -> list[_Row]:
        epoch = self._table.fence.epoch(partition)
        return [(key, None if row is None else stamped(row, epoch)) for key, row in rows]

    async def _put(self, partition: int, rows: Sequence[_Row]) -> None:
        """Write rows, and again what another worker wrote over, and only then into the copy.

        So whoever dies before reads in the changelog what every other copy does.
        """
        written: dict[str, bytes | None] = {}
        while rows:
            written.update(rows)
            if again := await self._post(partition, rows):
                log.warning(
                    "%s: writing %s rows again in %s", self._table.name, len(again), partition
                )
            there = (
                (k, written[k] if k in written else self._rows.get(partition, k)) for k in again
            )
            rows = self._stamped(partition, there)
        if written:
            self._rows.put(partition, written.items())
            offset = self._next[partition] - 1
            self._table.data.set_persisted_offset(self._changelog(partition), offset)

    async def _post(self, partition: int, rows: Sequence[_Row]) -> Sequence[str]:
        """Send rows to the changelog; name the rows that another worker has written meanwhile."""
        messages = [(key.encode(), row, ()) for key, row in rows]
        offsets = await post(self._table.app.sender, self._changelog(partition), messages)
        expected = self._next.get(partition, offsets[0])
        self._next[partition] = offsets[-1] + 1
        foreign = set(range(expected, offsets[-1])).difference(offsets)
        return await self._overwritten(partition, foreign) if foreign else ()

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
        own = (self._table.data.offset_key, FOREIGN.encode())
        found = ((name, row) for name, row in rows if name not in own)
        return [(name.decode(), row) for name, row in islice(found, most)]

    def foreign(self, partition: int) -> list[str]:
        """Name the rows that a former owner has written over, as far as the copy has noted it."""
        row = self.get(partition, FOREIGN)
        return [] if row is None else orjson.loads(row)

    def put(self, partition: int, rows: Iterable[_Row]) -> None:
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
