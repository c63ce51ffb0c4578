"""Test what a checkpoint's visits tell of its queue, dwell and rate."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.checkpoints import CheckpointParams, Visit, estimate, passages

NOW = 1_700_000_000.0
DECISIONS = st.sampled_from(["arrived", "held", "cleared", "refused"])


@st.composite
def visits(draw: st.DrawFn) -> list[Visit]:
    """Draw scans of a few vehicles, many at the same moments."""
    count = draw(st.integers(0, 25))
    return [
        Visit(
            NOW - 60.0 * draw(st.integers(-5, 200)),
            draw(st.sampled_from("abcd")),
            draw(DECISIONS),
            draw(st.sampled_from([None, "papers_missing"])),
            draw(st.sampled_from(["", f"n{at}"])),
        )
        for at in range(count)
    ]


@settings(max_examples=200, deadline=None)
@given(visits(), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(told: list[Visit], chance: random.Random) -> None:
    """Late and repeated visits give the same answer."""
    expected = estimate(told, 2, NOW)
    again = [*told, *chance.sample(told, len(told) // 2)]
    chance.shuffle(again)
    assert estimate(again, 2, NOW) == expected
    assert passages(again) == passages(told)


@settings(max_examples=200, deadline=None)
@given(visits())
def test_a_stay_is_in_order_and_a_vehicle_is_in_one_at_a_time(told: list[Visit]) -> None:
    """Arrived, dealt with, left; the next stay of a vehicle begins no earlier."""
    by_vehicle: dict[str, float] = {}
    for stay in passages(told):
        signs = [one for one in (stay.arrived_s, stay.dealt_s, stay.left_s) if one is not None]
        assert signs == sorted(signs)
        assert stay.began_s >= by_vehicle.get(stay.vehicle, 0.0)
        by_vehicle[stay.vehicle] = signs[-1]


def _served(count: int, gap_s: float, dwell_s: float) -> list[Visit]:
    found = []
    for at in range(count):
        end_s = NOW - gap_s * (count - at) + gap_s / 2
        found.append(Visit(end_s - dwell_s, f"t{at}", "arrived", name=f"a{at}"))
        found.append(Visit(end_s, f"t{at}", "cleared", name=f"c{at}"))
    return found


def test_nothing_observed_is_the_assumption_and_says_so() -> None:
    """Priors stand, marked, with no observation behind them."""
    params = CheckpointParams()
    known = estimate([], 2, NOW, params)
    assert (known.queue, known.longest_wait_s) == (0, 0.0)
    assert known.rate_per_bay_h.assumed
    assert known.rate_per_bay_h.observations == 0
    assert known.service_s == pytest.approx(params.service_s)
    assert known.dwell_median_s.value == pytest.approx(params.dwell_median_s, rel=0.05)
    assert known.dwell_p90_s.value == pytest.approx(params.dwell_p90_s, rel=0.10)


def test_many_observations_outweigh_the_assumption() -> None:
    """A bay that is never empty deals with one truck in 6 minutes: 10 an hour, for each of 2."""
    visits_ = _served(60, 180.0, 1_800.0)
    known = estimate(visits_, 2, NOW, CheckpointParams(window_s=3 * 3_600))
    assert not known.rate_per_bay_h.assumed
    assert known.rate_per_bay_h.value == pytest.approx(10.0, rel=0.12)
    assert known.rate_per_bay_h.low < known.rate_per_bay_h.value < known.rate_per_bay_h.high
    assert known.dwell_median_s.value == 1_800.0


def test_those_who_still_stand_make_stays_longer() -> None:
    """Ten short stays, and thirty trucks that have waited an hour: that is not short."""
    short = _served(10, 300.0, 300.0)
    standing = [Visit(NOW - 3_600, f"s{at}", "arrived", name=f"s{at}") for at in range(30)]
    known = estimate([*short, *standing], 2, NOW)
    assert known.waiting == 30
    assert known.dwell_median_s.value >= 3_600.0
    assert estimate(short, 2, NOW).dwell_median_s.value == 300.0


def test_held_aside_takes_no_bay_and_is_in_the_queue() -> None:
    """A held truck is there; it waits for papers, not for a bay."""
    told = [
        Visit(NOW - 900, "a", "arrived"),
        Visit(NOW - 600, "a", "held", "papers_missing"),
        Visit(NOW - 300, "b", "arrived"),
    ]
    known = estimate(told, 1, NOW)
    assert (known.waiting, known.held, known.queue) == (1, 1, 2)


def test_who_left_unseen_is_forgotten() -> None:
    """A scan of seven hours ago stands in no queue."""
    known = estimate([Visit(NOW - 7 * 3_600, "a", "arrived")], 1, NOW)
    assert (known.queue, known.forgotten) == (0, 1)


def test_a_second_clearance_is_no_second_truck() -> None:
    """Scanned twice, counted once; back after hours, counted again."""
    told = [
        Visit(NOW - 9_000, "a", "arrived"),
        Visit(NOW - 8_800, "a", "cleared"),
        Visit(NOW - 8_790, "a", "cleared"),
        Visit(NOW - 400, "a", "arrived"),
        Visit(NOW - 100, "a", "refused", "pass_expired"),
    ]
    assert [one.end for one in passages(told)] == ["cleared", "refused"]
    known = estimate(told, 1, NOW, CheckpointParams(window_s=4 * 3_600))
    assert known.ends == {"cleared": 1, "refused": 1}
    assert known.reasons == {"pass_expired": 1}


def test_no_bay_and_bad_parameters_are_refused() -> None:
    """What makes no sense is not computed with."""
    with pytest.raises(ValueError, match="at least one bay"):
        estimate([], 0, NOW)
    with pytest.raises(ValueError, match="service_s above 0"):
        CheckpointParams(service_s=0)
