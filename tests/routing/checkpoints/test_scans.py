"""Test which scans are flagged, and that good ones are not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.checkpoints import (
    CheckpointScan,
    clock_flags,
    clock_skews,
    duplicate_scans,
    impossible_travel,
)

PLACES = {"A": 0.0, "B": 30_000.0, "C": 55_000.0, "D": 90_000.0}


def _road_m(one: str, two: str) -> float:
    return abs(PLACES[one] - PLACES[two])


def _drive_s(one: str, two: str) -> float:
    return _road_m(one, two) / 12.5


def _day(seed: int, ahead: dict[str, float], *, both: bool = True) -> list[CheckpointScan]:
    """Drive 200 trucks along the road, up and down, by clocks that are so far ahead."""
    chance = random.Random(seed)
    scans = []
    for at in range(200):
        way = list("ABCD") if not both or chance.random() < 0.6 else list("DCBA")
        now_s = chance.uniform(0, 40_000)
        pace = chance.lognormvariate(0.08, 0.1)
        for index, here in enumerate(way):
            if index:
                now_s += _drive_s(way[index - 1], here) * pace * chance.lognormvariate(0, 0.08)
            for decision in ("arrived", "cleared"):
                scans.append(
                    CheckpointScan(now_s + ahead.get(here, 0.0), f"t{at}", here, decision, here)
                )
                now_s += chance.uniform(90, 400)
            if chance.random() < 0.1:
                now_s += chance.uniform(600, 7_200)
    return scans


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_a_flag(seed: int, chance: random.Random) -> None:
    """Flags are a function of the set of scans."""
    scans = chance.sample(_day(seed, {"B": 900.0}), 300)
    again = [*scans, *scans[:50]]
    chance.shuffle(again)
    assert duplicate_scans(again) == duplicate_scans(scans)
    assert impossible_travel(again, _road_m) == impossible_travel(scans, _road_m)
    assert clock_flags(again, _drive_s) == clock_flags(scans, _drive_s)


def test_a_day_with_good_clocks_raises_nothing() -> None:
    """No flag without a fault, over several days."""
    for seed in range(5):
        scans = _day(seed, {})
        assert duplicate_scans(scans) == []
        assert impossible_travel(scans, _road_m) == []
        assert clock_flags(scans, _drive_s) == []


@pytest.mark.parametrize("ahead_s", [-1_500.0, -600.0, 600.0, 1_500.0])
def test_a_clock_that_is_off_is_found_and_how_far(ahead_s: float) -> None:
    """One device of four, ahead or behind; the others stay unflagged."""
    for seed in range(5):
        scans = _day(seed, {"B": ahead_s})
        flags = clock_flags(scans, _drive_s)
        assert [(one.code, one.about) for one in flags] == [("clock_skew", "B")]
        assert flags[0].evidence["ahead_s"] == pytest.approx(ahead_s, abs=120)


def test_with_the_skew_known_no_truck_is_accused() -> None:
    """A clock that is behind makes trucks fly; set right, none does."""
    scans = _day(3, {"B": -1_500.0})
    assert len(impossible_travel(scans, _road_m)) > 20
    skews = {one.device: one.ahead_s for one in clock_skews(scans, _drive_s)}
    assert impossible_travel(scans, _road_m, skew_s=skews) == []


def test_one_plate_at_two_places_is_flagged_with_evidence() -> None:
    """Ninety kilometres in ten minutes: a second truck with the same plate."""
    scans = [CheckpointScan(0, "68C12345", "A"), CheckpointScan(600, "68C12345", "D")]
    (flag,) = impossible_travel(scans, _road_m)
    assert (flag.code, flag.about) == ("impossible_travel", "68C12345")
    assert flag.evidence["took_s"] == 600
    assert flag.evidence["least_s"] == 3_600
    assert [one["checkpoint_id"] for one in flag.evidence["scans"]] == ["A", "D"]
    fair = [scans[0], CheckpointScan(3_500, "68C12345", "D")]
    assert impossible_travel(fair, _road_m) == []


def test_a_row_of_scans_is_one_duplicate() -> None:
    """Three within minutes are one flag; an hour later is a new visit."""
    at = (0, 100, 350, 4_000)
    scans = [CheckpointScan(one, "v", "A", name=f"n{one}") for one in at]
    (flag,) = duplicate_scans([*scans, CheckpointScan(50, "v", "A", "cleared")])
    assert [one["at_s"] for one in flag.evidence["scans"]] == [0, 100, 350]


def test_a_scan_from_the_future_tells_its_clock() -> None:
    """Received before it was made: the device is ahead, without any neighbour."""
    scan = CheckpointScan(1_000, "v", "A", received_s=100.0)
    (flag,) = clock_flags([scan], _drive_s)
    assert (flag.code, flag.evidence["ahead_s"]) == ("clock_ahead", 900)
    late = CheckpointScan(100, "v", "A", received_s=9_000.0)
    assert clock_flags([late], _drive_s) == []
