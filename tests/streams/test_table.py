"""Write a table as its owner: over what a former owner writes, and never over a later one's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import table
from streams.epoch import OWNER, epoch_of, owner_row, stamped
from streams.table import Dispossessed
from tests.streams.changelog import PARTITION, Changelog, Copy, Row, row


class Workers:
    """Some workers, each with its own disk, and the changelog that they share."""

    def __init__(self, folder: Path) -> None:
        self.changelog = Changelog()
        self._folder = folder
        self._copies: dict[str, Copy] = {}

    def __getitem__(self, name: str) -> Copy:
        if name not in self._copies:
            self._copies[name] = Copy(self.changelog, self._folder / name)
        return self._copies[name]

    def restart(self, name: str) -> Copy:
        """Start a worker again, on the same disk."""
        self._copies[name] = self._copies[name].restarted()
        return self._copies[name]

    def close(self) -> None:
        """Let go of the disks."""
        for copy in self._copies.values():
            copy.close()


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    """Give workers that read back from the stand-in what they have to write again."""
    found = Workers(tmp_path)
    monkeypatch.setattr(table, "AIOKafkaConsumer", found.changelog.consumer)
    yield found
    found.close()


def _late(epoch: int, **numbers: int | None) -> list[Row]:
    """Make the rows that an owner of an epoch has sent."""
    return [
        (key, None if number is None else stamped(row(number), epoch))
        for key, number in numbers.items()
    ]


async def _taken_over(workers: Workers) -> Copy:
    """Let one worker own the partition and write x and y, and then another."""
    await workers["first"].own()
    await workers["first"].write(x=1, y=1)
    await workers["second"].own()
    return workers["second"]


async def test_who_writes_alone_writes_everything_once(workers: Workers) -> None:
    owner = await _taken_over(workers)
    await owner.write(x=2)
    await owner.write(x=3, z=3)
    assert [(key, epoch_of(value)) for key, value in workers.changelog.rows_from(0)] == [
        *[(OWNER, 1), ("x", 1), ("y", 1)],
        *[(OWNER, 2), ("x", 2), ("x", 2), ("z", 2)],
    ]
    assert workers.changelog.rows() == owner.rows() == {"x": 3, "y": 1, "z": 3}


async def test_rows_that_a_former_owner_wrote_over_are_written_again_and_no_others(
    workers: Workers,
) -> None:
    owner = await _taken_over(workers)
    await owner.write(x=2, z=2)
    workers.changelog.on_their_way = [_late(1, x=7)]
    await owner.write(y=2)
    assert workers.changelog.rows_from(-3) == [
        *_late(1, x=7),
        *_late(2, y=2),
        *_late(2, x=2),
    ]
    assert workers.changelog.rows() == owner.rows() == {"x": 2, "y": 2, "z": 2}


async def test_what_was_removed_stays_removed_and_what_was_not_does_not(workers: Workers) -> None:
    owner = await _taken_over(workers)
    await owner.write(x=None, z=2)
    workers.changelog.on_their_way = [_late(1, x=7, y=None, z=None)]
    await owner.write(w=2)
    assert workers.changelog.rows() == owner.rows() == {"w": 2, "y": 1, "z": 2}


async def test_what_comes_while_rows_are_written_again_is_written_over_too(
    workers: Workers,
) -> None:
    owner = await _taken_over(workers)
    await owner.write(x=2)
    workers.changelog.on_their_way = [_late(1, x=7), _late(1, y=8, x=8)]
    await owner.write(z=2)
    assert workers.changelog.rows() == owner.rows() == {"x": 2, "y": 1, "z": 2}


async def test_what_came_between_reading_and_beginning_is_written_over(workers: Workers) -> None:
    """It stands before the new epoch, and would count for whoever reads it."""
    await workers["first"].own()
    await workers["first"].write(x=1)
    workers["second"].follow()
    workers.changelog.on_their_way = [_late(1, x=7)]
    await workers["second"].writer.begin(PARTITION)
    assert workers.changelog.rows() == workers["second"].rows() == {"x": 1}


async def test_the_record_that_begins_an_epoch_is_written_again_too(workers: Workers) -> None:
    """Or compaction leaves a former owner's, and a copy's next owner begins an epoch anew."""
    owner = await _taken_over(workers)
    workers.changelog.on_their_way = [[(OWNER, owner_row(1, "first"))]]
    await owner.write(x=2)
    workers["third"].follow(compacted=True)
    third = workers.restart("third")
    await third.own()
    assert epoch_of(workers.changelog.records[-1].value) == 3


async def test_who_writes_after_another_began_learns_that_it_owns_nothing(
    workers: Workers,
) -> None:
    owner = await _taken_over(workers)
    await owner.write(x=2)
    before = len(workers.changelog.records)
    with pytest.raises(Dispossessed, match="another worker owns partition 0"):
        await workers["first"].write(x=7, z=7)
    assert workers.changelog.rows_from(before) == _late(1, x=7, z=7)  # and not a row more
    await owner.write(y=2)
    assert workers.changelog.rows() == owner.rows() == {"x": 2, "y": 2}


async def test_it_learns_so_from_any_row(workers: Workers) -> None:
    """Compaction may have left no record but a row of the later epoch."""
    owner = await _taken_over(workers)
    await owner.write(x=2)
    del workers.changelog.records[3]  # its beginning
    for offset, record in enumerate(workers.changelog.records):
        record.offset = offset
    with pytest.raises(Dispossessed):
        await workers["first"].write(z=7)


async def test_of_two_that_begin_at_once_neither_goes_on(workers: Workers) -> None:
    """Neither has read of the other; whoever is started again begins an epoch of its own."""
    await workers["third"].own()
    for name in ("first", "second"):
        workers[name].follow()
    await workers["first"].writer.begin(PARTITION)
    with pytest.raises(Dispossessed):
        await workers["second"].writer.begin(PARTITION)
    with pytest.raises(Dispossessed):
        await workers["first"].write(x=7)
    await workers.restart("second").own()
    assert epoch_of(workers.changelog.records[-1].value) == 3


async def test_a_record_that_the_broker_took_in_twice_is_nobody_elses(workers: Workers) -> None:
    """A producer sends again what was not confirmed in time."""
    workers.changelog.on_their_way = [[(OWNER, owner_row(1, "first"))], _late(1, x=1)]
    await workers["first"].own()
    await workers["first"].write(x=1)
    assert workers.changelog.rows() == workers["first"].rows() == {"x": 1}


async def test_who_was_dispossessed_reads_what_it_missed_once_it_is_started_again(
    workers: Workers,
) -> None:
    owner = await _taken_over(workers)
    await owner.write(x=2, z=2)
    with pytest.raises(Dispossessed):
        await workers["first"].write(y=7)
    former = workers.restart("first")
    await former.own()
    assert former.rows() == {"x": 2, "y": 1, "z": 2}
    assert epoch_of(workers.changelog.records[-1].value) == 3


_NUMBERS = st.dictionaries(st.sampled_from("xyz"), st.none() | st.integers(0, 99), min_size=1)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(_NUMBERS, st.lists(_NUMBERS, max_size=2)), min_size=1, max_size=5))
def test_the_changelog_holds_the_owners_rows_whatever_a_former_one_sends(
    steps: list[tuple[dict[str, int | None], list[dict[str, int | None]]]],
) -> None:
    """Each write of the owner's meets what was on its way, in front of it and of its repair."""

    async def play(workers: Workers) -> None:
        owner = await _taken_over(workers)
        expected: dict[str, int | None] = {"x": 1, "y": 1}
        for numbers, late in steps:
            workers.changelog.on_their_way = [_late(1, **one) for one in late]
            await owner.write(**numbers)
            expected |= numbers
        while workers.changelog.on_their_way:  # what comes last is found by the next write
            await owner.write(w=0)
            expected["w"] = 0
        kept = {key: number for key, number in expected.items() if number is not None}
        assert workers.changelog.rows() == owner.rows() == kept

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        workers = Workers(Path(folder))
        patch.setattr(table, "AIOKafkaConsumer", workers.changelog.consumer)
        try:
            asyncio.run(play(workers))
        finally:
            workers.close()
