"""Write a table as its owner: over what a former owner writes, and never over a later one's."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import table
from streams.epoch import OWNER, epoch_of, owner_row, stamped
from streams.table import Dispossessed, TableRows
from tests.streams.changelog import PARTITION, Changelog, Copy, Died, Row, row


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

    def follow(self, *names: str) -> None:
        """Let copies take in what the changelog holds by now."""
        for name in names:
            self[name].follow()

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


async def _dead(
    workers: Workers, late: list[Row], *, trying: bool = False, **numbers: int | None
) -> None:
    """Let an owner write and die before it writes again over what came in front of that.

    Or as it tries to, with nothing of it on the broker.
    """
    owner = await _taken_over(workers)
    await owner.write(**numbers)
    workers.changelog.on_their_way = [late]
    workers.changelog.until_death = 2 if trying else 1
    workers.changelog.takes_the_last = not trying
    with pytest.raises(Died):
        await owner.write(z=2)
    workers.changelog.until_death = None
    workers.restart("second")


def _noted(copy: Copy) -> list[str]:
    return TableRows(copy.table).foreign(PARTITION)


@pytest.mark.parametrize("trying", [False, True])
@pytest.mark.parametrize("successor", ["first", "second", "third"])
async def test_the_next_owner_writes_again_what_a_dead_one_did_not_come_to(
    workers: Workers, successor: str, *, trying: bool
) -> None:
    """Whoever that is: the former owner, the dead one on its own disk, or who stood by."""
    await _dead(workers, _late(1, x=7), trying=trying, x=2)
    workers.follow("first", "second", "third")
    workers.changelog.compact()
    assert workers.changelog.rows() == {"y": 1, "z": 2}  # x is in the copies alone
    await workers[successor].own()
    assert workers.changelog.rows_from(-2) == [(OWNER, owner_row(3, successor)), *_late(3, x=2)]
    assert workers.changelog.rows() == workers[successor].rows() == {"x": 2, "y": 1, "z": 2}
    assert _noted(workers[successor]) == []


async def test_what_was_removed_is_removed_again_and_never_comes_to_count(
    workers: Workers,
) -> None:
    """Compaction drops the record that began the epoch in front of the former owner's row."""
    await _dead(workers, _late(1, x=7), x=None)
    workers.follow("third")
    workers.changelog.compact()
    await workers["third"].own()
    assert workers.changelog.rows_from(-1) == [("x", None)]
    assert workers.changelog.rows() == workers["third"].rows() == {"y": 1, "z": 2}


async def test_a_copy_notes_until_the_owner_has_written_again_and_restarts_do_not_matter(
    workers: Workers,
) -> None:
    owner = await _taken_over(workers)
    workers.follow("third")
    workers.changelog.take_in([*_late(1, x=7, y=7), (OWNER, owner_row(1, "first"))])
    workers.follow("third")
    assert _noted(workers.restart("third")) == ["x", "y", OWNER]
    workers.follow("third")
    await owner.write(y=2)
    workers.follow("third")
    assert _noted(workers["third"]) == []
    assert workers["third"].rows() == owner.rows() == {"x": 1, "y": 2}


async def test_an_owner_that_dies_as_it_begins_reads_what_the_other_copies_do(
    workers: Workers,
) -> None:
    """What stands in front of its epoch counts, unless it came to write that again."""
    await workers["first"].own()
    await workers["first"].write(x=1)
    workers["second"].follow()
    workers.changelog.on_their_way = [_late(1, x=7)]
    workers.changelog.until_death = 1
    with pytest.raises(Died):
        await workers["second"].writer.begin(PARTITION)
    workers.restart("second")
    workers.follow("second", "third")
    assert workers["second"].rows() == workers["third"].rows() == workers.changelog.rows()


async def test_a_note_has_bounds(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_NOTED_AT_MOST", 2)
    await _taken_over(workers)
    workers.changelog.take_in(_late(1, x=7, y=7, z=7))
    workers.follow("third")
    assert _noted(workers["third"]) == ["x", "y"]


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


_LATE = st.lists(_NUMBERS, max_size=3)
_Death = tuple[int, bool] | None
_DEATH = st.none() | st.tuples(st.integers(1, 3), st.booleans())
"""At which batch, and whether the broker takes that in."""
_NAMES = st.sampled_from(["first", "second", "third"])


class _Story:
    """What happens to the workers, one of which at most is the owner."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.owner: Copy | None = None

    async def own(self, name: str, late: list[dict[str, int | None]], death: _Death) -> None:
        """Let a worker take over, whatever the last owner had sent."""
        self._workers.follow(name)
        self.owner = self._workers[name]
        await self._try(name, self.owner.writer.begin(PARTITION), late, death)

    async def write(
        self,
        numbers: dict[str, int | None],
        late: list[dict[str, int | None]],
        death: _Death,
    ) -> None:
        """Let the owner write, if there is one."""
        if self.owner is not None:
            name = self.owner.folder.name
            await self._try(name, self.owner.write(**numbers), late, death)

    async def compact(self) -> None:
        """Compact what all have read; so it is in time, while whoever has died is started again."""
        for name in ("first", "second", "third"):
            if self._workers[name] is not self.owner:
                self._workers.follow(name)
        self._workers.changelog.compact()

    async def _try(
        self,
        name: str,
        doing: Coroutine[Any, Any, None],
        late: list[dict[str, int | None]],
        death: _Death,
    ) -> None:
        changelog = self._workers.changelog
        former = self._workers[name].table.fence.epoch(PARTITION) - 1
        changelog.on_their_way = [_late(former, **one) for one in late if former > 0]
        changelog.until_death, changelog.takes_the_last = death or (None, True)
        try:
            await doing
        except Died:
            for rows in changelog.on_their_way:
                changelog.take_in(rows)
            self._workers.restart(name)
            self.owner = None
        changelog.until_death = None
        changelog.on_their_way = []


_STEPS = st.one_of(
    st.tuples(st.just("own"), _NAMES, _LATE, _DEATH),
    st.tuples(st.just("write"), _NUMBERS, _LATE, _DEATH),
    st.tuples(st.just("write"), _NUMBERS, _LATE, _DEATH),
    st.tuples(st.just("compact")),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_STEPS, min_size=3, max_size=12), _NAMES)
def test_compaction_loses_nothing_whoever_dies_before_it_has_written_again(
    steps: list[Any], last: str
) -> None:
    """A fresh copy has the last owner's rows, and those of who has read all there ever was."""

    async def play(workers: Workers) -> None:
        story = _Story(workers)
        for what, *how in steps:
            await getattr(story, what)(*how)
        await story.own(last, [], None)
        await story.compact()
        assert story.owner is not None
        workers["fresh"].follow()
        assert workers["fresh"].rows() == story.owner.rows() == workers.changelog.told()
        assert workers.changelog.rows() == story.owner.rows()
        for name in ("first", "second", "third"):
            assert workers[name].rows() == story.owner.rows()

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        workers = Workers(Path(folder))
        patch.setattr(table, "AIOKafkaConsumer", workers.changelog.consumer)
        try:
            asyncio.run(play(workers))
        finally:
            workers.close()
