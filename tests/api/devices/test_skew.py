"""A tracker's clock is found out, and right ones are left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from api.devices.skew import AHEAD_S, MOST_CLOCKS, STEADY_POSTS, Clocks, Skew, corrected, learn

START = datetime(2021, 8, 24, tzinfo=UTC)
LATENCIES = st.lists(st.floats(0, 10), min_size=STEADY_POSTS, max_size=30)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def heard(skew: Skew, taken_s: float, came_s: float, ahead_s: float) -> tuple[Skew, float]:
    """Learn from one fix; say by how much its corrected time misses when it was really taken."""
    fix, arrival = after(taken_s + ahead_s), after(came_s)
    skew = learn(skew, fix, arrival)
    return skew, (corrected(skew, fix, arrival) - after(taken_s)).total_seconds()


@given(LATENCIES, st.floats(60, 86_000))
def test_a_clock_that_is_ahead_is_corrected_from_the_first_post(
    latencies: list[float], ahead_s: float
) -> None:
    skew = Skew()
    for number, latency in enumerate(latencies):
        skew, miss_s = heard(skew, number * 40, number * 40 + latency, ahead_s)
        assert -0.001 <= miss_s <= 10.001


@given(LATENCIES, st.floats(600, 600_000_000))
def test_a_clock_that_is_behind_is_corrected_once_it_was_so_for_minutes(
    latencies: list[float], behind_s: float
) -> None:
    skew = Skew()
    for number, latency in enumerate(latencies):
        skew, miss_s = heard(skew, number * 40, number * 40 + latency, -behind_s)
        if number >= STEADY_POSTS - 1:
            assert abs(miss_s) <= 10.001


@given(
    st.lists(st.floats(0, 86_400), min_size=1, max_size=40),
    st.floats(0, 10),
)
def test_fixes_that_waited_keep_their_times_where_live_ones_come_between(
    waits: list[float], latency: float
) -> None:
    skew, now = Skew(), 0.0
    for wait_s in waits:
        for waited_s in (latency, wait_s):
            now += 31.7
            skew, miss_s = heard(skew, now - waited_s, now, 0)
            assert miss_s == 0


def test_a_buffer_that_is_emptied_at_once_is_no_clock_that_is_behind() -> None:
    skew = Skew()
    for number in range(60):
        skew, miss_s = heard(skew, number * 2, 7_200 + number * 0.2, 0)
        assert miss_s == 0


def test_a_clock_that_was_set_right_is_believed_again() -> None:
    skew = Skew()
    for number in range(10):
        skew, _ = heard(skew, number * 60, number * 60 + 1, 25_200)
    misses = []
    for number in range(10, 10 + STEADY_POSTS):
        skew, miss_s = heard(skew, number * 60, number * 60 + 1, 0)
        misses.append(miss_s)
    assert misses[-1] == 0
    skew, miss_s = heard(skew, 1_000, 1_001, 3_600)
    assert abs(miss_s) <= 1


@given(
    st.lists(
        st.tuples(st.floats(-90_000, 1e9), st.floats(0, 4_000)),
        min_size=1,
        max_size=40,
        unique=True,
    )
)
def test_no_corrected_time_lies_ahead_of_the_arrival(posts: list[tuple[float, float]]) -> None:
    skew = Skew()
    arrivals = accumulate(step for _, step in posts)
    for (late_s, _), came_s in zip(posts, arrivals, strict=True):
        fix, arrival = after(came_s - late_s), after(came_s)
        skew = learn(skew, fix, arrival)
        assert (corrected(skew, fix, arrival) - arrival).total_seconds() <= AHEAD_S


def test_a_repeated_fix_teaches_nothing() -> None:
    once = learn(Skew(), after(0), after(1))
    assert learn(once, after(0), after(500)) is once


def test_each_reporter_has_clocks_of_its_own_and_the_oldest_are_forgotten() -> None:
    clocks = Clocks()
    clocks.learn("H1", "d1", after(3_600), after(0))
    assert clocks.get("H1", "d1").offset_s == -3_600
    assert clocks.get("H2", "d1").offset_s == 0
    for number in range(MOST_CLOCKS):
        clocks.learn("H2", f"d{number}", after(0), after(0))
    assert clocks.get("H1", "d1") == Skew()
