"""Write a fold's Faust table so that a write can be awaited until the broker has its changelog."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any
from weakref import ref

import faust
from faust import streams as faust_streams
from faust.types import TP

from streams.bulk import records_of


class ConfirmedTable(faust.Table):  # type: ignore[misc]
    """A Faust table that keeps the promises of its changelog records.

    Faust itself only logs a changelog record that fails (upstream's default); here a writer
    takes `unconfirmed` and awaits it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unconfirmed: list[asyncio.Future[Any]] = []

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
            _Change(record) for event in batch for record in records_of(event.message)
        )


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


async def write(
    table: ConfirmedTable, topic: str, partition: int, rows: Iterable[tuple[str, bytes | None]]
) -> None:
    """Write rows into one partition of a table, and wait until the broker has confirmed them.

    Parameters
    ----------
    table
        The table; its keys and values are raw bytes.
    topic
        Any topic that is partitioned like the table.
    partition
        Where to write.
    rows
        Keys and values; none removes a row.
    """
    with writing_in(topic, partition):
        for key, value in rows:
            if value is None:
                del table[key.encode()]
            else:
                table[key.encode()] = value
    promises, table.unconfirmed = table.unconfirmed, []
    if promises:
        await asyncio.gather(*promises)


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
