"""Write a fold's Faust table so that a write can be awaited until the broker has its changelog."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import ref

import faust
from faust import streams as faust_streams


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
    table: ConfirmedTable, topic: str, partition: int, rows: Iterable[tuple[str, bytes]]
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
        Keys and values.
    """
    with writing_in(topic, partition):
        for key, value in rows:
            table[key.encode()] = value
    promises, table.unconfirmed = table.unconfirmed, []
    if promises:
        await asyncio.gather(*promises)


def read_rows(table: ConfirmedTable) -> Iterator[tuple[str, bytes]]:
    """Read every key and value of the partitions that this worker owns."""
    for key, value in table.items():
        yield key.decode(), value
