"""Keep the entities that a worker owns in memory, read from the table when they are asked for.

A fold that looks at all its entities (dispatch) has them read at once. For the others a table may
be larger than memory, and a worker goes to work before it has seen all of it: who waits for time to
pass is found bit by bit, with each tick.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Protocol

import orjson

from streams.epoch import OWNER
from streams.fold import Entity, Fold

JOURNAL = "~journal"
"""The table key of a partition's last batch; no identifier may hold a tilde."""

_NO_ENTITIES = frozenset((JOURNAL, OWNER))

KEPT = 2_500
"""So many entities of a partition stay in memory between two batches."""
LOOKED_AT = 5_000
"""So many rows are looked at with one tick for who waits for time to pass."""


class Rows(Protocol):
    """A fold's table, of the partitions that this worker owns."""

    def partitions(self) -> list[int]:
        """List these partitions."""
        ...

    def get(self, partition: int, key: str) -> bytes | None:
        """Return one row, or nothing."""
        ...

    def after(self, partition: int, key: str, most: int) -> list[tuple[str, bytes]]:
        """Return the next rows behind a key, in the order of their keys; empty at the end."""
        ...


class DictRows:
    """A table in dictionaries: before a worker has one of its own, in tests and benchmarks.

    Parameters
    ----------
    rows
        The rows to begin with, by partition and key.
    """

    def __init__(self, rows: Mapping[int, dict[str, bytes]] | None = None) -> None:
        self.rows: defaultdict[int, dict[str, bytes]] = defaultdict(dict, rows or {})

    def put(self, partition: int, rows: Mapping[str, bytes | None]) -> None:
        """Write rows; none removes one."""
        for key, row in rows.items():
            if row is None:
                self.rows[partition].pop(key, None)
            else:
                self.rows[partition][key] = row

    def partitions(self) -> list[int]:
        """List the partitions that have rows."""
        return sorted(self.rows)

    def get(self, partition: int, key: str) -> bytes | None:
        """Return one row, or nothing."""
        return self.rows[partition].get(key)

    def after(self, partition: int, key: str, most: int) -> list[tuple[str, bytes]]:
        """Return the next rows behind a key, in the order of their keys."""
        return sorted(row for row in self.rows[partition].items() if row[0] > key)[:most]


class Memory:
    """The entities of one fold that this worker owns, by partition and key.

    Parameters
    ----------
    fold
        Says whose they are.
    """

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._rows: Rows = DictRows()
        self._partitions: dict[int, PartitionStore] = {}

    def load(self, rows: Rows) -> list[bytes]:
        """Replace everything by what the table holds, and return each partition's journal."""
        self._rows = rows
        self._partitions = {}
        if self._fold.whole:
            for partition in rows.partitions():
                self.store(partition)
        found = [rows.get(partition, JOURNAL) for partition in rows.partitions()]
        return [journal for journal in found if journal is not None]

    def store(self, partition: int) -> PartitionStore:
        """Return one partition's entities."""
        if partition not in self._partitions:
            self._partitions[partition] = PartitionStore(self._fold, self._rows, partition)
        return self._partitions[partition]


class PartitionStore:
    """One partition's entities, by key: those in memory, and behind them the table.

    Parameters
    ----------
    fold
        Says whether all are kept, and who waits for time to pass.
    rows
        The table.
    partition
        The partition.
    """

    def __init__(self, fold: Fold, rows: Rows, partition: int) -> None:
        self._fold = fold
        self._rows = rows
        self._partition = partition
        self._entities: dict[str, Entity] = {}
        self._waiting: dict[str, None] = {}
        self._gone: set[str] = set()
        """Forgotten in this batch: their rows may still be there."""
        self._looked_at: str | None = ""
        """The last key that was looked at; None once all were."""
        self._round_at = ""
        while fold.whole and self._looked_at is not None:
            self.look_further()

    def get(self, key: str) -> Entity | None:
        """Return one entity, or nothing."""
        entity = self._entities.get(key)
        if entity is None and not self._fold.whole and key not in self._gone:
            row = self._rows.get(self._partition, key)
            if row is not None:
                entity = self._take_in(key, row)
        return entity

    def keys(self) -> Iterator[str]:
        """Iterate over all keys; of a fold that keeps not all, over all rows."""
        return (key for key, _ in self.items())

    def items(self) -> Iterator[tuple[str, Entity]]:
        """Iterate over all keys and entities; of a fold that keeps not all, over all rows."""
        yield from self._entities.items()
        at = "" if not self._fold.whole else None
        while at is not None:
            rows = self._rows.after(self._partition, at, LOOKED_AT)
            at = rows[-1][0] if rows else None
            for key, row in rows:
                if key not in self._entities and key not in self._gone and key not in _NO_ENTITIES:
                    yield key, Entity.from_doc(orjson.loads(row))

    def waiting(self) -> list[str]:
        """List the keys of the entities that wait for time to pass, as far as they are known."""
        return list(self._waiting)

    def next_few(self, most: int) -> list[tuple[str, Entity]]:
        """Return the next entities on a round through all rows."""
        rows = self._rows.after(self._partition, self._round_at, most)
        self._round_at = rows[-1][0] if rows else ""
        return [
            (key, self._entities.get(key) or Entity.from_doc(orjson.loads(row)))
            for key, row in rows
            if key not in _NO_ENTITIES and key not in self._gone
        ]

    def apply(self, changes: Mapping[str, Entity | None]) -> None:
        """Take over changed entities, and forget those that are None."""
        for key, entity in changes.items():
            if entity is None:
                self._entities.pop(key, None)
                self._waiting.pop(key, None)
                self._gone.add(key)
            else:
                self._entities[key] = entity
                self._gone.discard(key)
                self._note(key, entity)

    def forget_most(self) -> None:
        """Keep only so many entities in memory, the ones that came last; the rest has rows."""
        self._gone.clear()
        if self._fold.whole or len(self._entities) <= 2 * KEPT:
            return
        kept = list(self._entities.items())[-KEPT:]
        self._entities = dict(kept)

    def look_further(self) -> None:
        """Look at the next rows for entities that wait, or that are to be kept."""
        if self._looked_at is None:
            return
        rows = self._rows.after(self._partition, self._looked_at, LOOKED_AT)
        self._looked_at = rows[-1][0] if rows else None
        for key, row in rows:
            if key in self._entities or key in _NO_ENTITIES:
                continue
            if self._fold.whole:
                self._take_in(key, row)
            else:
                self._note(key, Entity.from_doc(orjson.loads(row)))

    def _take_in(self, key: str, row: bytes) -> Entity:
        entity = self._entities[key] = Entity.from_doc(orjson.loads(row))
        self._note(key, entity)
        return entity

    def _note(self, key: str, entity: Entity) -> None:
        if self._fold.waits(entity):
            self._waiting[key] = None
        else:
            self._waiting.pop(key, None)
