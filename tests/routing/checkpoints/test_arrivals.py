"""Test whom checkpoints may expect, and how far the ranges can be trusted."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.checkpoints import Approach, EtaParams, bins, etas, fitted

NOW = 1_700_000_000.0


def _drive(chance: random.Random, stated_s: float) -> float:
    """Drive in pieces of ten minutes: a driver's pace, each piece's traffic, sometimes a halt."""
    pace = math.exp(chance.gauss(0.05, 0.08))
    real_s, left_s = 0.0, stated_s
    while left_s > 0:
        piece_s = min(left_s, 600.0)
        real_s += piece_s * pace * math.exp(chance.gauss(0, 0.22))
        left_s -= piece_s
    return real_s + (chance.uniform(300, 900) if chance.random() < 0.05 else 0.0)


def _coverage(params: EtaParams, seed: int, drives: int = 1_500) -> float:
    """Return the share of simulated arrivals inside their ranges, through one checkpoint."""
    chance = random.Random(seed)
    inside = 0
    for at in range(drives):
        one_s = chance.uniform(900, 7_200)
        two_s = one_s + chance.uniform(900, 7_200)
        planned = chance.random() < 0.5
        approach = Approach(
            vehicle=f"t{at}", from_s=NOW, ahead=(("A", one_s), ("B", two_s)), planned=planned
        )
        _, there = etas([approach], NOW, params, stays={"A": (300.0, 1_500.0)})
        real_s = chance.expovariate(1 / 480) if planned else 0.0
        real_s += _drive(chance, two_s)
        real_s += 300.0 * math.exp(math.log(5) / 1.2816 * chance.gauss(0, 1))
        inside += there.low_s <= NOW + real_s <= there.high_s
    return inside / drives


def test_ranges_hold_the_share_they_state(capsys: pytest.CaptureFixture[str]) -> None:
    """80 % ranges of simulated drives, which are not drawn by the model, hold 76 to 87 %."""
    found = [_coverage(EtaParams(), seed) for seed in (1, 2, 3)]
    with capsys.disabled():
        print(f"\n80 % ETA ranges hold {', '.join(f'{100 * one:.1f} %' for one in found)}")  # noqa: T201
    assert all(0.76 <= one <= 0.87 for one in found)


def test_fitting_mends_a_wrong_assumption() -> None:
    """With an error model far too narrow, ranges are missed; fitted to drives, they hold."""
    wrong = EtaParams(lateness=-0.1, trip_spread=0.03, hour_spread=0.03)
    chance = random.Random(5)
    stated = [chance.uniform(1_800, 14_400) for _ in range(600)]
    right = fitted([(one, _drive(chance, one)) for one in stated], wrong)
    assert right.lateness == pytest.approx(0.05, abs=0.04)
    assert _coverage(wrong, 7) < 0.72
    assert 0.76 <= _coverage(right, 7) <= 0.88


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-30, 200), st.integers(1, 200), st.booleans()),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_counts_add_up_in_whatever_order(
    rows: list[tuple[int, int, bool]], chance: random.Random
) -> None:
    """All bins together expect every truck that can come; no range excludes its mean by a truck."""
    trucks = [
        Approach(vehicle=f"t{at}", from_s=NOW + 60.0 * begin, ahead=(("A", 60.0 * drive),),
                 planned=planned)
        for at, (begin, drive, planned) in enumerate(rows)
    ]  # fmt: skip
    expected = etas(trucks, NOW)
    counts = bins(expected, NOW, ahead_s=48 * 3_600)
    sure = sum(0.97 if planned else 1.0 for _, _, planned in rows)
    assert sum(one.expected for one in counts) == pytest.approx(sure)
    assert all(one.low - 1 < one.expected < one.high + 1 for one in counts)
    chance.shuffle(trucks)
    assert bins(etas(trucks, NOW), NOW, ahead_s=48 * 3_600) == counts


def test_who_was_scanned_is_expected_no_more_and_who_is_late_now() -> None:
    """A scan since the position takes a truck off; a truck long due is due now."""
    late = Approach(vehicle="late", from_s=NOW - 7_200, ahead=(("A", 600.0), ("B", 20_000.0)))
    assert next(one.median_s for one in etas([late], NOW)) == NOW
    left = etas([late], NOW, seen=[("late", "A", NOW - 60)])
    assert [one.checkpoint_id for one in left] == ["B"]
    before = etas([late], NOW, seen=[("late", "A", NOW - 9_000)])
    assert len(before) == 2


def test_two_hours_are_eight_bins() -> None:
    """The default answers for the next two hours."""
    assert [one.from_s - NOW for one in bins([], NOW)] == [900.0 * at for at in range(8)]
    with pytest.raises(ValueError, match="do not fall"):
        Approach(vehicle="a", from_s=NOW, ahead=(("A", 10.0), ("B", 5.0)))
