"""Hold VROOM to its best chance on problems that a person can solve."""

from __future__ import annotations

from itertools import count

from infra.bench.assignment.pdptw import rival_vroom
from infra.bench.assignment.pdptw.checker import Document, judge
from infra.bench.assignment.pdptw.draw import KINDS
from infra.bench.assignment.pdptw.generate import instance
from routing.problems.check import check
from tests.infra.bench.assignment.pdptw.tiny import ALWAYS, problem, solution


def test_it_serves_all_with_one_vehicle_where_that_is_enough() -> None:
    """There and back along the line, one shipment after the other."""
    document = problem(ALWAYS, ALWAYS, ALWAYS, ALWAYS)
    answer = rival_vroom.solve(document, limit_s=0.05, threads=1)
    verdict = judge(document, answer)
    assert (verdict.vehicles, verdict.served, verdict.distance) == (1, 2, 80)
    assert verdict.violations == ()


def test_it_takes_a_second_vehicle_where_windows_ask_for_it() -> None:
    """The second pickup is due before the first delivery is done, and both do not fit aboard."""
    document = problem((10, 12), ALWAYS, (30, 31), ALWAYS)
    verdict = judge(document, rival_vroom.solve(document, limit_s=0.05, threads=1))
    assert (verdict.vehicles, verdict.served) == (2, 2)


def test_it_is_started_again_with_fewer_vehicles() -> None:
    """An answer of three vehicles is tried with two, then one; what serves less is forgotten."""
    document = problem(*[ALWAYS] * 6)
    ways = {
        3: solution(document, [1, 2], [3, 4], [5, 6]),
        2: solution(document, [1, 2, 3, 4], [5, 6]),
        1: solution(document, [1, 2, 3, 4], left=(5, 6)),
    }
    tried: list[int] = []

    ticks = count()

    def run(asked: Document, **_options: float) -> Document:
        tried.append(len(asked["vehicles"]))
        return ways[tried[-1]]

    best = rival_vroom.solve(document, limit_s=5, threads=1, once=run, clock=lambda: next(ticks))
    assert best == ways[2]
    assert tried == [3, 2, 1, 2, 1]


def test_an_answer_found_without_prices_is_told_with_them() -> None:
    """It is held against the problem as it was given."""
    document = problem(ALWAYS, ALWAYS, ALWAYS, ALWAYS)
    ticks = count()

    def run(asked: Document, **_options: float) -> Document:
        if "costs" in asked["vehicles"][0]:
            return solution(asked, [1, 2], [3, 4])
        return solution(asked, [1, 2, 3, 4])

    best = rival_vroom.solve(document, limit_s=9, threads=1, once=run, clock=lambda: next(ticks))
    assert [route["cost"] for route in best["routes"]] == [10_000]
    assert best["summary"]["cost"] == 10_000


def test_both_checkers_accept_its_answer_to_a_generated_problem() -> None:
    """A run that ends early is whole."""
    document = instance(KINDS[0], 0, seed=3).document
    answer = rival_vroom.run(document, limit_s=1, threads=2)
    assert judge(document, answer).violations == ()
    assert check(document, answer) == []
