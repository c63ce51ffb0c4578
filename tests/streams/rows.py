"""A fold's table in memory: what RocksDB and its changelog are to a worker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping


class DictRows:
    """Rows by partition and key.

    Parameters
    ----------
    rows
        The rows to begin with; changed in place.
    """

    def __init__(self, rows: dict[int, dict[str, bytes]] | None = None) -> None:
        self.rows: dict[int, dict[str, bytes]] = defaultdict(dict, rows or {})

    def put(self, partition: int, rows: Mapping[str, bytes]) -> None:
        """Write rows."""
        self.rows[partition].update(rows)

    def partitions(self) -> list[int]:
        """List the partitions that have rows."""
        return sorted(self.rows)

    def get(self, partition: int, key: str) -> bytes | None:
        """Return one row, or nothing."""
        return self.rows[partition].get(key)

    def after(self, partition: int, key: str, most: int) -> list[tuple[str, bytes]]:
        """Return the next rows behind a key, in the order of their keys."""
        return sorted(row for row in self.rows[partition].items() if row[0] > key)[:most]
