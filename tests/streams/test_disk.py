"""Hold what a table's partition writes about itself to its ends."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from streams.table import TableRows
from tests.streams.changelog import PARTITION, Changelog, Copy

_SPACE = 2 << 20
"""The rows are a few bytes: all else in the folder is what RocksDB says of itself."""


def _sizes(folder: Path) -> dict[str, int]:
    """Return the size of each file; RocksDB merges meanwhile, and removes some."""
    sizes = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file():
                sizes[path.name] = path.stat().st_size
    return sizes


async def test_a_partition_that_is_written_for_long_takes_no_more_room(tmp_path: Path) -> None:
    copy = Copy(Changelog(), tmp_path / "worker")
    await copy.own()
    database = TableRows(copy.table)._database(PARTITION)
    for number in range(1_500):
        await copy.write(a=number)
        database.flush()
    sizes = _sizes(copy.folder)
    assert "LOG" in sizes
    assert sum(sizes.values()) < _SPACE
