"""Test the delays that queues mean for those who are yet to come."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.checkpoints import Bin, delay_profile


def _bins(counts: list[float]) -> list[Bin]:
    return [Bin(900.0 * at, 900.0 * (at + 1), one, 0, 99) for at, one in enumerate(counts)]


@settings(max_examples=300, deadline=None)
@given(
    st.floats(0, 400),
    st.lists(st.floats(0, 200), max_size=10),
    st.integers(1, 30),
    st.floats(1, 4_000),
    st.lists(st.integers(-1_000_000, 40_000_000), min_size=2, max_size=30),
)
def test_who_comes_later_leaves_later(
    waiting: float, counts: list[float], bays: int, service_s: float, moments: list[int]
) -> None:
    """First in, first out, at every two moments, as the engine reads the profile."""
    profile = delay_profile(waiting, _bins(counts), bays=bays, service_s=service_s, now_s=0.0)
    leaves = [one + profile.delay_at(one) for one in sorted(moments)]
    assert leaves == sorted(leaves)
    assert profile.delay_ms[-1] >= round(1000 * service_s) - 1


def test_a_queue_drains_at_the_rate() -> None:
    """Twelve wait for two bays of ten minutes: an hour, less every minute, then ten minutes."""
    profile = delay_profile(12, _bins([0.0] * 8), bays=2, service_s=600.0, now_s=0.0)
    minutes = [profile.delay_at(60_000 * at) / 60_000 for at in (0, 30, 60, 90)]
    assert minutes == [70.0, 40.0, 10.0, 10.0]


def test_arrivals_above_capacity_make_a_queue_that_outlasts_them() -> None:
    """Twice the rate for an hour needs a second hour."""
    profile = delay_profile(0, _bins([6.0] * 4), bays=2, service_s=600.0, now_s=0.0)
    minutes = [profile.delay_at(60_000 * at) / 60_000 for at in (0, 60, 120, 180)]
    assert minutes == [10.0, 70.0, 10.0, 10.0]


def test_the_profile_counts_from_the_clock_asked_for() -> None:
    """Counted from an hour before, all is an hour later."""
    profile = delay_profile(6, [], bays=1, service_s=600.0, now_s=7_200.0, clock_s=3_600.0)
    assert profile.at_ms == (3_600_000, 7_200_000)
    assert profile.delay_ms == (4_200_000, 600_000)


def test_bins_with_gaps_are_refused() -> None:
    """A gap would be a time of which nothing is known."""
    with pytest.raises(ValueError, match="join"):
        delay_profile(0, [Bin(900.0, 1_800.0, 1, 0, 2)], bays=1, service_s=1, now_s=0.0)
