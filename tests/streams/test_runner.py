"""Cut batches, and let no process write that stood still."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import runner
from streams.runner import _BATCH_BYTES, Heart, _portions


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
