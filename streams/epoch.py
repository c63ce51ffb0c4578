"""Tell the records of a partition's owner from those of one that has lost it and does not know.

A worker that was cut off goes on writing, and what it had sent may reach the broker after another
worker has taken over. So each owner begins a new epoch in the changelog, with a record of its own,
and every row says its epoch: a row of an older one behind that record counts for nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

OWNER = "~owner"
"""The table key that names a partition's present epoch and its owner."""

_BEGINS = b'{"epoch":'


def stamped(row: bytes, epoch: int) -> bytes:
    """Return a JSON object with its epoch in front.

    Parameters
    ----------
    row
        An object that is not empty, without white space in front; perhaps of another epoch.
    epoch
        The writer's.
    """
    body = row[row.index(b",") + 1 :] if row.startswith(_BEGINS) else row[1:]
    return b"%s%d,%s" % (_BEGINS, epoch, body)


def epoch_of(row: bytes | None) -> int:
    """Return the epoch of a row; 0 where it says none, as rows of version 0.1."""
    if row is None or not row.startswith(_BEGINS):
        return 0
    end = row.find(b",", len(_BEGINS))
    return int(row[len(_BEGINS) : end if end > 0 else -1])


def owner_row(epoch: int, name: str) -> bytes:
    """Write the record that begins an epoch."""
    return stamped(orjson.dumps({"owner": name}), epoch)


class Fence:
    """Goes through a changelog, each partition from its first record or from where a copy stands.

    Parameters
    ----------
    known
        Tells the epoch of the copy of a partition that there is already; 0 without one.
    """

    def __init__(self, known: Callable[[int], int] = lambda _partition: 0) -> None:
        self._known = known
        self._epochs: dict[int, int] = {}

    def passes(self, partition: int, row: bytes | None) -> bool:
        """Say whether a record counts: it was its owner's to write, or it removes a row."""
        if row is None:
            return True
        epoch = epoch_of(row)
        if epoch < self.epoch(partition):
            return False
        self._epochs[partition] = epoch
        return True

    def epoch(self, partition: int) -> int:
        """Return the latest epoch of a partition so far."""
        if partition not in self._epochs:
            self._epochs[partition] = self._known(partition)
        return self._epochs[partition]

    def begin(self, partition: int) -> int:
        """Begin the next epoch of a partition, and return it."""
        self._epochs[partition] = self.epoch(partition) + 1
        return self._epochs[partition]


def owned(records: Iterable[Any]) -> Iterator[Any]:
    """Leave out what was not its owner's to write.

    Parameters
    ----------
    records
        Of changelogs and nothing else, whoever read them: each has `topic`, `partition`, `value`.
        They begin with each partition's first.
    """
    fences: defaultdict[str, Fence] = defaultdict(Fence)
    for record in records:
        if fences[record.topic].passes(record.partition, record.value):
            yield record
