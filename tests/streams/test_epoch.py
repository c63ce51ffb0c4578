"""Tell an owner's records from a former owner's, however late those come."""

from __future__ import annotations

from types import SimpleNamespace

import orjson
from hypothesis import given
from hypothesis import strategies as st

from streams.epoch import Fence, epoch_of, owned, owner_row, stamped
from streams.fold import Entity

_ROW = orjson.dumps(Entity(1, own={"n": 1}).to_doc())


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_row_says_its_epoch_and_is_what_it_was(first: int, second: int) -> None:
    row = stamped(_ROW, first)
    assert epoch_of(row) == first
    assert orjson.loads(row) == {"epoch": first, **orjson.loads(_ROW)}
    assert stamped(row, second) == stamped(_ROW, second)
    assert Entity.from_doc(orjson.loads(row)) == Entity.from_doc(orjson.loads(_ROW))


def test_rows_of_an_earlier_version_and_removed_ones_say_none() -> None:
    assert epoch_of(_ROW) == 0
    assert epoch_of(None) == 0
    assert epoch_of(orjson.dumps({"epoch": 3})) == 3


@given(st.data())
def test_what_a_former_owner_wrote_counts_until_the_next_one_begins(data: st.DataObject) -> None:
    """Each worker writes in its own order; the broker puts them together as it likes."""
    queues = [
        [owner_row(n, f"w{n}"), stamped(_ROW, n), stamped(_ROW, n)]
        for n in range(1, data.draw(st.integers(1, 4)) + 1)
    ]
    log: list[bytes] = []
    while any(queues):
        who = data.draw(st.sampled_from([queue for queue in queues if queue]))
        log.append(who.pop(0))
    fence, latest = Fence(), 0
    for row in log:
        assert fence.passes(0, row) == (epoch_of(row) >= latest)
        latest = max(latest, epoch_of(row))
    assert fence.epoch(0) == latest
    assert fence.begin(0) == latest + 1
    assert not fence.passes(0, stamped(_ROW, latest))


def test_a_copy_tells_where_it_stands() -> None:
    fence = Fence(lambda partition: 7 if partition == 2 else 0)
    assert not fence.passes(2, stamped(_ROW, 6))
    assert fence.passes(2, stamped(_ROW, 7))
    assert fence.passes(1, _ROW)
    assert fence.begin(2) == 8


def test_each_partition_of_each_changelog_has_owners_of_its_own() -> None:
    def record(topic: str, partition: int, epoch: int) -> SimpleNamespace:
        return SimpleNamespace(topic=topic, partition=partition, value=stamped(_ROW, epoch))

    kept = [record("a", 1, 3), record("a", 0, 2), record("b", 0, 1), record("b", 0, 2)]
    late = [record("a", 1, 2), record("a", 0, 1)]
    there = [kept[0], kept[1], late[0], kept[2], late[1], kept[3]]
    assert [*map(id, owned(there))] == [*map(id, kept)]
