"""Ask processes that hang, die and fail: an answer or a failure always comes in time."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.pool import Limits, NoAnswer, Pool
from tests.streams import solvers
from tests.streams.solvers import Moody

BRIEF = Limits(answer_s=2.0, start_s=30.0, pause_s=0.1, longest_pause_s=0.4)


@pytest.fixture
def moody(tmp_path: Path) -> Moody:
    solver = Moody(tmp_path)
    solver.feel("pid")
    return solver


@pytest.fixture
def pool(moody: Moody) -> Iterator[Pool]:
    made = Pool(moody, start=solvers.start, limits=BRIEF)
    yield made
    made.close()


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


async def _failure(pool: Pool) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        await pool.ask("P-1")
    return caught.value


def _wait_until_gone(pid: int) -> None:
    until = time.monotonic() + 10
    while _is_alive(pid):
        assert time.monotonic() < until, "the process still runs"
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # gone before, or while it was read
        return False
    return state != "Z"


def test_one_process_answers_question_after_question(pool: Pool) -> None:
    async def ask() -> None:
        assert await pool.ask("P-1") == await pool.ask("P-1") != os.getpid()

    _run(ask)


@pytest.mark.parametrize("mood", ["hang", "stop"])
def test_one_that_never_answers_is_ended_in_time_and_another_answers(
    pool: Pool, moody: Moody, mood: str
) -> None:
    """Whether it loops or stands still: the line is broken, its process gone, the next one new."""

    async def ask() -> None:
        before = await pool.ask("P-1")
        moody.feel(mood)
        failure = await _failure(pool)
        assert (failure.outage, failure.detail) == (
            "slow",
            "It gave no answer within 2 s and was ended.",
        )
        moody.feel("pid")
        assert await pool.ask("P-1") != before
        assert not _is_alive(before)

    _run(ask)


@pytest.mark.parametrize(
    ("mood", "detail"),
    [
        ("die", "Its process was ended by SIGKILL."),
        ("leave", "Its process ended by itself (exit status 3)."),
    ],
)
def test_one_that_dies_is_told_of_at_once_and_replaced(
    pool: Pool, moody: Moody, mood: str, detail: str
) -> None:
    async def ask() -> None:
        before = await pool.ask("P-1")
        moody.feel(mood)
        failure = await _failure(pool)
        assert (failure.outage, failure.detail) == ("dead", detail)
        moody.feel("pid")
        assert await pool.ask("P-1") != before

    _run(ask)


@pytest.mark.parametrize(
    ("mood", "begins"),
    [
        ("raise", "ZeroDivisionError: a truck of no kilograms"),
        ("exhaust", "MemoryError: no memory is left"),
        ("secret", "AttributeError: "),
    ],
)
def test_one_that_raises_says_why_and_goes_on(
    pool: Pool, moody: Moody, mood: str, begins: str
) -> None:
    """An error, or an answer that cannot be sent, costs no process."""

    async def ask() -> None:
        before = await pool.ask("P-1")
        moody.feel(mood)
        failure = await _failure(pool)
        assert failure.outage == "failed"
        assert failure.detail.startswith(begins)
        moody.feel("pid")
        assert await pool.ask("P-1") == before

    _run(ask)


def test_one_that_died_between_two_questions_is_missed_by_nobody(pool: Pool) -> None:
    async def ask() -> None:
        before = await pool.ask("P-1")
        os.kill(before, signal.SIGKILL)
        _wait_until_gone(before)
        assert await pool.ask("P-1") != before

    _run(ask)


def test_a_question_that_cannot_be_sent_fails_alone(pool: Pool) -> None:
    async def ask() -> None:
        before = await pool.ask("P-1")
        with pytest.raises(NoAnswer, match="pickle"):
            await pool.ask(lambda: None)
        assert await pool.ask("P-1") == before

    _run(ask)


def test_one_that_does_not_load_in_time_is_ended(moody: Moody) -> None:
    hurried = Pool(moody, start=solvers.start_never, limits=Limits(start_s=0.3))

    async def ask() -> None:
        failure = await _failure(hurried)
        assert (failure.outage, failure.detail) == (
            "slow",
            "It did not start within 0.3 s and was ended.",
        )

    _run(ask)
    assert moody.asked() == 0


def test_one_that_cannot_load_says_why_each_time(moody: Moody) -> None:
    broken = Pool(moody, start=solvers.start_broken, limits=BRIEF)

    async def ask() -> None:
        for _ in range(2):
            failure = await _failure(broken)
            assert failure.outage == "failed"
            assert failure.detail == "FileNotFoundError: there is no road network"

    _run(ask)


def test_the_event_loop_goes_on_while_a_question_hangs(pool: Pool, moody: Moody) -> None:
    async def ask() -> None:
        await pool.ask("P-1")
        moody.feel("hang")
        turns = 0
        asking = asyncio.create_task(_failure(pool))
        while not asking.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert turns > 10

    _run(ask)


def test_a_question_that_nobody_waits_for_any_more_ends_its_process(
    pool: Pool, moody: Moody
) -> None:
    async def ask() -> None:
        pid = await pool.ask("P-1")
        moody.feel("hang")
        asking = asyncio.create_task(pool.ask("P-1"))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        _wait_until_gone(pid)

    _run(ask)


def test_pauses_double_up_to_a_limit() -> None:
    assert [BRIEF.pause_after(n) for n in (1, 2, 3, 4, 5000)] == [0.1, 0.2, 0.4, 0.4, 0.4]


@pytest.mark.parametrize("name", ["answer_s", "start_s", "pause_s", "longest_pause_s"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_a_limit_is_a_time(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"Expected {name} > 0."):
        Limits(**{name: value})
