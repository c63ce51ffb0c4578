"""Hold the checker to finding each way of being wrong."""

from __future__ import annotations

import pytest

from infra.bench.assignment.pdptw.checker import judge
from tests.infra.bench.assignment.pdptw.tiny import ALWAYS, Document, problem, solution

TWO = problem(ALWAYS, ALWAYS, ALWAYS, ALWAYS)


def test_a_right_answer_is_measured_anew() -> None:
    """One vehicle drives to the fourth place and back, another to the second."""
    verdict = judge(TWO, solution(TWO, [3, 4], [1, 2]))
    assert verdict.violations == ()
    assert (verdict.vehicles, verdict.served, verdict.distance) == (2, 2, 120)


def test_a_vehicle_that_stays_at_home_counts_for_nothing() -> None:
    """A route without tasks is no route."""
    verdict = judge(TWO, solution(TWO, [], [1, 2, 3, 4]))
    assert (verdict.vehicles, verdict.distance, verdict.violations) == (1, 80, ())


def test_a_shipment_that_is_left_is_not_served() -> None:
    """Leaving is allowed, if it is said."""
    verdict = judge(TWO, solution(TWO, [1, 2], left=(3, 4)))
    assert (verdict.served, verdict.violations) == (1, ())


@pytest.mark.parametrize(
    ("document", "routes", "left", "says"),
    [
        (problem((0, 9), ALWAYS), ([1, 2],), (), "is served at 10, after 9"),
        (problem((50, 60), (0, 60)), ([1, 2],), (), "is served at 61, after 60"),
        (problem(ALWAYS, ALWAYS, home=41), ([1, 2],), (), "back at 42, after 41"),
        (TWO, ([1, 3, 2, 4],), (), "12 is aboard"),
        (TWO, ([2, 1, 3, 4],), (), "before or without its pickup"),
        (TWO, ([1, 4], [3, 2]), (), "without its pickup"),
        (TWO, ([1, 2, 3, 4], [1, 2]), (), "2 times"),
        (TWO, ([1, 2, 3, 4],), (3, 4), "2 times"),
        (TWO, ([1, 2],), (), "0 times"),
        (TWO, ([1, 2, 3],), (4,), "stays aboard"),
        (TWO, ([1, 2, 3, 4, 5],), (), "There is no"),
        (TWO, ([], [], [], [1, 2, 3, 4]), (), "no vehicle 4"),
    ],
)
def test_each_broken_rule_is_named(
    document: Document, routes: tuple[list[int], ...], left: tuple[int, ...], says: str
) -> None:
    """Windows, room, order, depots and accounts are all looked after."""
    verdict = judge(document, solution(document, *routes, left=left))
    assert any(says in sentence for sentence in verdict.violations), verdict.violations


def test_a_vehicle_drives_once() -> None:
    """Two routes of one vehicle would hide a vehicle."""
    answer = solution(TWO, [1, 2], [3, 4])
    answer["routes"][1]["vehicle"] = 1
    assert judge(TWO, answer).violations != ()
