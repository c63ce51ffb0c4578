"""Stand in for the broker of a changelog, with workers that write it and copies that follow it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
from faust.types import TP

from streams.epoch import OWNER, Fence
from streams.mended import MendedApp
from streams.table import FencedTable, TableRows, TableWriter

PARTITION = 0
Row = tuple[str, bytes | None]


def row(number: int) -> bytes:
    """Write a row that says a number."""
    return orjson.dumps({"n": number})


def said(value: bytes | None) -> int | None:
    """Return the number that a row says."""
    return None if value is None else orjson.loads(value)["n"]


class _Batch:
    """What aiokafka's batches do, as far as `streams/outbox.py` asks."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def append(self, *, timestamp: None, key: bytes, value: bytes | None, headers: Any) -> object:
        del timestamp, headers
        self.rows.append((key.decode(), value))
        return self

    def record_count(self) -> int:
        return len(self.rows)

    def close(self) -> None:
        pass


class Changelog:
    """The records of the one partition that there is.

    Attributes
    ----------
    records
        All that it has taken in.
    on_their_way
        Portions of rows that a former owner has sent: one lands in front of each batch.
    history
        The same as `records`, had it never been compacted.
    until_death
        After so many batches, whoever sent the last one dies; None: nobody.
    takes_the_last
        Whether it takes in the batch on which its sender dies.
    """

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.history: list[Any] = []
        self.on_their_way: list[list[Row]] = []
        self.until_death: int | None = None
        self.takes_the_last = True

    def create_batch(self) -> _Batch:
        """Make a batch, as aiokafka's producer does."""
        return _Batch()

    async def send_batch(self, batch: _Batch, topic: str, *, partition: int) -> Any:
        """Take in a batch, as the broker does."""
        if self.on_their_way:
            self.take_in(self.on_their_way.pop(0), topic, partition)
        if self.until_death is not None:
            self.until_death -= 1
        promise = asyncio.get_running_loop().create_future()
        if self.until_death != 0 or self.takes_the_last:
            promise.set_result(SimpleNamespace(offset=self.take_in(batch.rows, topic, partition)))
        if self.until_death == 0:
            raise Died
        return promise

    def take_in(self, rows: Sequence[Row], topic: str = "", partition: int = PARTITION) -> int:
        """Append rows; return the offset of the first."""
        first = len(self.history)
        for offset, (key, value) in enumerate(rows, first):
            record = SimpleNamespace(
                topic=topic,
                partition=partition,
                offset=offset,
                key=key.encode(),
                value=value,
                timestamp=1.0,
            )
            self.records.append(record)
            self.history.append(record)
        return first

    def compact(self) -> None:
        """Drop all that compaction may drop."""
        self.records = self.compacted()

    def rows_from(self, offset: int) -> list[Row]:
        """List the rows from an offset on."""
        return [(record.key.decode(), record.value) for record in self.records[offset:]]

    def compacted(self) -> list[Any]:
        """Return the last record of each key, which is all that compaction leaves."""
        latest = {record.key: record for record in self.records}
        return sorted(latest.values(), key=lambda record: record.offset)

    def rows(self) -> dict[str, int | None]:
        """Return the rows that a copy has that begins with nothing, after compaction."""
        return self._counting(self.compacted())

    def told(self) -> dict[str, int | None]:
        """Return the rows that a copy has that has read every record there ever was."""
        return self._counting(self.history)

    def _counting(self, records: list[Any]) -> dict[str, int | None]:
        fence = Fence()
        counts = [one for one in records if fence.passes(one.partition, one.value)]
        found = {one.key.decode(): one.value for one in counts}
        there = {key: said(value) for key, value in found.items() if key != OWNER}
        return {key: number for key, number in there.items() if number is not None}

    def consumer(self, **_settings: Any) -> _Consumer:
        """Make what aiokafka calls a consumer."""
        return _Consumer(self)


class Died(Exception):
    """Whoever was sending is dead."""


class _Consumer:
    """Reads the changelog, two records at a time."""

    def __init__(self, changelog: Changelog) -> None:
        self._changelog = changelog
        self._at = 0

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def assign(self, _places: list[Any]) -> None:
        pass

    def seek(self, _place: Any, offset: int) -> None:
        self._at = offset

    async def position(self, _place: Any) -> int:
        return self._at

    async def getmany(self, place: Any, *, timeout_ms: int) -> dict[Any, list[Any]]:
        del timeout_ms
        found = [one for one in self._changelog.records if one.offset >= self._at][:2]
        self._at = found[-1].offset + 1 if found else len(self._changelog.history)
        return {place: found}


class _App(MendedApp):
    """The workers' app, which sends to the stand-in."""

    changelog: Changelog

    @property
    def sender(self) -> Any:
        return self.changelog


class Copy:
    """A worker's own copy of the table, with a writer, that a restart leaves on its disk.

    Parameters
    ----------
    changelog
        What it follows.
    folder
        Its disk.
    """

    def __init__(self, changelog: Changelog, folder: Path) -> None:
        self.changelog = changelog
        self.folder = folder
        self.app = _App(
            "test",
            broker="kafka://127.0.0.1:1",
            store="rocksdb://",
            datadir=str(folder),
            Table=FencedTable,
            bulk_topics=frozenset(),
            autodiscover=False,
            web_enabled=False,
        )
        self.app.changelog = changelog
        self.table: FencedTable = self.app.Table(
            "truck", key_type=bytes, value_type=bytes, options={"driver": "rocksdict"}
        )
        self.writer = TableWriter(self.table, folder.name, "broker")

    def follow(self, *, compacted: bool = False) -> None:
        """Take in what the changelog holds by now, from where the copy stands."""
        known = self.table.data.persisted_offset(TP(self.table.changelog_topic_name, PARTITION))
        first = 0 if known is None else known + 1
        there = self.changelog.compacted() if compacted else self.changelog.records
        records = [one for one in there if one.offset >= first]
        self.table.apply_changelog_batch(SimpleNamespace(message=record) for record in records)

    async def own(self) -> None:
        """Take the partition over."""
        self.follow()
        await self.writer.begin(PARTITION)

    async def write(self, **numbers: int | None) -> None:
        """Write rows; none removes one."""
        rows = [(key, None if n is None else row(n)) for key, n in numbers.items()]
        await self.writer.write(PARTITION, rows)

    def rows(self) -> dict[str, int | None]:
        """Return the rows that the copy has."""
        found = TableRows(self.table).after(PARTITION, "", 1_000)
        return {key: said(value) for key, value in found if key != OWNER}

    def restarted(self) -> Copy:
        """End the worker, and start it again on the same disk."""
        self.close()
        return Copy(self.changelog, self.folder)

    def close(self) -> None:
        """Let go of the disk."""
        self.table.data._db_for_partition(PARTITION).close()
        self.table.data._dbs.clear()
