"""Cut batches, and let no process write that stood still."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import runner
from streams.app import BULK_TOPICS, FOLDS
from streams.bulk import Bulk
from streams.fold import Raw
from streams.runner import _BATCH_BYTES, Heart, Runner, _portions
from streams.shell import Work


@dataclass(frozen=True)
class _Event:
    message: Any


def _event(partition: int, offset: int, size: int) -> _Event:
    return _Event(
        SimpleNamespace(
            topic="truck.position.v1",
            partition=partition,
            offset=offset,
            key=b"",
            value=bytes(size),
            headers=[],
            timestamp=1.5,
        )
    )


@given(st.lists(st.sampled_from([0, 1, 1 << 20, 3 << 20, 5 << 20]), max_size=9))
def test_batches_keep_every_event_in_order_and_are_not_too_large(sizes: list[int]) -> None:
    batches = list(_portions([_event(1, n, size) for n, size in enumerate(sizes)]))
    offsets = [raw.offset for batch in batches for raw, _ in batch]
    assert offsets == list(range(len(sizes)))
    for batch in batches:
        lengths = [len(raw.value or b"") for raw, _ in batch]
        assert sum(lengths) <= _BATCH_BYTES or len(lengths) == 1


def test_a_bulk_topic_is_read_by_one_fold_alone() -> None:
    readers = {
        topic: [fold.name for fold in FOLDS if topic in fold.topics] for topic in BULK_TOPICS
    }
    assert [names for names in readers.values() if len(names) != 1] == []


async def test_what_a_partition_has_done_is_counted_while_another_is_still_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = asyncio.Event()
    counted: list[tuple[int, bool]] = []

    async def write(work: Work, _generation: int) -> bool:
        if work.partition == 1:
            await written.wait()
        return True

    def count(partition: int) -> None:
        counted.append((partition, written.is_set()))
        written.set()

    events = []
    for partition in (0, 1):
        event = _event(partition, 0, 1)
        event.message.value = Bulk((SimpleNamespace(value=b"", timestamp=0, offset=0),), 0)
        event.message.generation_id = 7
        events.append(SimpleNamespace(message=event.message, ack=partial(count, partition)))
    one = _runner_at_work(generation=7)
    monkeypatch.setattr(one, "_write", write)
    monkeypatch.setattr(runner, "_read", lambda _message: iter([(Raw("", 0, 0, b"", b"", ()), 0)]))
    await one._take(events)
    assert counted == [(0, False), (1, True)]


def _runner_at_work(generation: int) -> Runner:
    """Return a runner without app, broker and table, which changes something with each batch."""

    def work(partition: int, _batch: object, *, behind: object) -> Work:
        assert not behind
        return Work(partition, "", {(partition, "k"): None})

    one = object.__new__(Runner)
    one.app = SimpleNamespace(consumer_generation_id=generation)
    one._generation = generation
    one.shell = cast("Any", SimpleNamespace(fold=SimpleNamespace(name="truck"), work=work))
    one._counters = cast("Any", SimpleNamespace(add=lambda *_: None))
    return one


class _Died(Exception):
    """The process would have ended."""


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Let the test say what time it is, and raise where the process would end."""
    face = SimpleNamespace(now=100.0)

    def die(why: str) -> None:
        raise _Died(why)

    monkeypatch.setattr(runner, "die", die)
    monkeypatch.setattr(runner, "time", SimpleNamespace(monotonic=lambda: face.now))
    return face


def test_a_process_that_beats_may_write(watch: SimpleNamespace) -> None:
    heart = Heart()
    watch.now += 5.9
    heart.refuse_stalled()
    assert watch.now == 105.9


async def test_a_process_that_stood_still_may_not_write_even_where_it_beats_again_first(
    watch: SimpleNamespace,
) -> None:
    heart = Heart()
    beating = asyncio.create_task(heart.beat())
    await asyncio.sleep(0)
    watch.now += 8.0
    await asyncio.sleep(0.6)
    with pytest.raises(_Died):
        heart.refuse_stalled()
    watch.now += 5.1
    heart.refuse_stalled()
    beating.cancel()
