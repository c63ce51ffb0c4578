"""The independent checker, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from infra.bench.assignment.checker import Call, judge
from tests.infra.bench.assignment.days import line

HOUR = 3600
FIRST, SECOND, THIRD = 0, 1, 2


def test_a_route_costs_its_driving_and_three_tenths_of_its_waiting() -> None:
    """06:00 start, 07:00 loading after 50 min of waiting, 07:40 at the port, 08:00 unloading.

    Then 20 minutes out, loading 08:50 to 09:20, back at 09:40, unloading till 10:10.
    """
    verdict = judge(line(), [[Call(0, 0, FIRST), Call(1, 0, SECOND)]])
    assert verdict.violations == ()
    assert verdict.drive_s == 2 * 600 + 2 * 1200
    assert verdict.wait_s == 50 * 60 + 20 * 60
    assert verdict.cost == pytest.approx(3600 + 0.3 * 4200)
    assert (verdict.served, verdict.used) == (2, 1)


def test_an_idle_truck_costs_nothing_and_a_lot_that_is_left_a_day() -> None:
    verdict = judge(line(), [[]])
    assert verdict.cost == 2 * 86_400
    assert (verdict.drive_s, verdict.wait_s, verdict.violations) == (0, 0, ())


@pytest.mark.parametrize(
    ("changes", "routes", "said"),
    [
        ({}, [[Call(0, 0, FIRST), Call(1, 0, FIRST)]], "misses slot"),
        ({}, [[Call(0, 0, SECOND), Call(1, 0, SECOND)]], "misses slot"),
        ({}, [[Call(0, 0, FIRST), Call(0, 0, SECOND)]], "is served 2 times"),
        ({}, [[Call(0, 0, FIRST)], []], "2 routes for 1 trucks"),
        ({"slot_places": np.array([0, 1, 1])}, [[Call(0, 0, FIRST)]], "0 places for 1 trucks"),
        ({"chilled": np.array([True, False])}, [[Call(0, 0, FIRST)]], "cannot chill"),
        ({"takes": np.array([[False], [True]])}, [[Call(0, 0, FIRST)]], "does not take"),
        ({"slot_port": np.array([1, 0, 0])}, [[Call(0, 0, FIRST)]], "is none of port"),
        ({"hold_s": np.array([8 * HOUR - 1, 0])}, [[Call(0, 0, FIRST)]], "held too long"),
        ({"shift_end_s": np.array([8 * HOUR])}, [[Call(0, 0, FIRST)]], "longer than its shift"),
    ],
)
def test_every_rule_that_is_broken_is_named(
    changes: dict[str, object], routes: list[list[Call]], said: str
) -> None:
    found = judge(line(**changes), routes).violations
    assert any(said in sentence for sentence in found)


def test_two_trucks_may_not_share_the_one_place_of_a_slot() -> None:
    day = line(
        shift_start_s=np.array([6 * HOUR] * 2),
        shift_end_s=np.array([14 * HOUR] * 2),
        reefer=np.array([False] * 2),
        drive_s=np.array([[0, 0, 9, 9, 0]] * 5, np.int32),
    )
    found = judge(day, [[Call(0, 0, FIRST)], [Call(1, 0, FIRST)]]).violations
    assert found == ("slot 0 has 1 places for 2 trucks",)
