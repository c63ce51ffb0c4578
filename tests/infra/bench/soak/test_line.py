"""Hold fitted slopes against series whose slopes are known."""

from __future__ import annotations

from random import Random

import pytest

from infra.bench.soak.line import FLAT_HOURS, FLAT_SHARE, LEAST_MB_PER_H, after, fit, least


def test_a_straight_series_has_its_own_slope() -> None:
    """100 MB that gain 1 MB a minute gain 60 an hour."""
    line = fit([(minute * 60, 100 + minute) for minute in range(41)])
    assert line is not None
    assert line.mean == pytest.approx(120)
    assert line.per_hour == pytest.approx(60)
    assert line.percent_per_hour == pytest.approx(50)
    assert line.error_per_hour == pytest.approx(0, abs=1e-6)
    assert line.per_hour > line.allowed_per_hour


def test_noise_alone_is_flat_and_a_small_leak_beside_it_is_not() -> None:
    """A sawtooth and noise of several percent hide no leak of a tenth in 40 minutes."""
    chance = Random(4)
    noise = [(at, 300 + at % 120 / 10 + chance.uniform(-6, 6)) for at in range(0, 2400, 12)]
    flat, leak = fit(noise), fit([(at, value + 30 * at / 2400) for at, value in noise])
    assert flat is not None
    assert leak is not None
    assert abs(flat.per_hour) < flat.allowed_per_hour / 2
    assert leak.per_hour > leak.allowed_per_hour


def test_what_is_allowed_is_a_share_of_the_mean() -> None:
    """The goal is what the docstring argues for."""
    line = fit([(0, 299), (60, 300), (120, 301)])
    assert line is not None
    assert line.allowed_per_hour * FLAT_HOURS == pytest.approx(FLAT_SHARE * 300)


def test_the_warm_up_does_not_count() -> None:
    """What fills at first and is level then is flat."""
    series = [(at, min(at, 100)) for at in range(0, 301, 10)]
    whole, rest = fit(series), fit(after(series, 100))
    assert whole is not None
    assert rest is not None
    assert whole.per_hour > whole.allowed_per_hour
    assert rest.per_hour == pytest.approx(0)


def test_too_few_samples_have_no_slope() -> None:
    """Two points are no trend."""
    assert fit([]) is None
    assert fit([(0, 1), (1, 2)]) is None
    assert fit([(5, 1), (5, 2), (5, 3)]) is None


def test_what_a_saw_comes_down_to_is_what_counts() -> None:
    """A leak of 10 MB an hour is seen beneath teeth of 100 MB, and no leak is none."""
    saw = [(at, 50 + at * 7 % 100) for at in range(0, 3600, 12)]
    flat = fit(least(saw, 300))
    leak = fit(least([(at, value + 10 * at / 3600) for at, value in saw], 300))
    assert flat is not None
    assert leak is not None
    assert abs(flat.per_hour) < 2
    assert leak.per_hour == pytest.approx(flat.per_hour + 10, abs=2)


def test_something_small_may_grow_a_little() -> None:
    """A folder of half a megabyte need not be flat to a hundredth of one."""
    line = fit([(0, 0.4), (60, 0.5), (120, 0.6)])
    assert line is not None
    assert line.allowed_per_hour == LEAST_MB_PER_H
