"""Hold the measures to what the issue says of them."""

from __future__ import annotations

from infra.bench.assignment.pdptw import ours
from infra.bench.assignment.pdptw.bench import Answer, Pair, answer, summed
from infra.bench.assignment.pdptw.checker import Verdict
from infra.bench.assignment.pdptw.generate import Instance
from tests.infra.bench.assignment.pdptw.tiny import ALWAYS, problem


def _answer(vehicles: int, distance: int, served: int = 50, wrong: tuple[str, ...] = ()) -> Answer:
    verdict = Verdict(vehicles, served, distance, wrong)
    return Answer(verdict=verdict, violations=wrong, shipments=50, taken_s=10.0)


def _values(**pairs: Pair) -> dict[str, float | None]:
    return {measure.name: measure.value for measure in summed(pairs).measures}


def test_vehicles_are_summed_and_distances_where_they_tie() -> None:
    """A shorter way with more vehicles is not compared."""
    values = _values(
        tie=Pair(_answer(10, 990), _answer(10, 1000)),
        fewer=Pair(_answer(4, 2000), _answer(5, 100)),
    )
    assert values == {"pdptw_vehicles_vs_vroom": 14 / 15, "pdptw_distance_vs_vroom": 0.99}


def test_a_shipment_that_is_left_counts_as_a_vehicle() -> None:
    """Nobody gets better by leaving what is hard to serve; and such a one is no tie."""
    values = _values(left=Pair(_answer(9, 500, served=49), _answer(10, 1000)))
    assert values == {"pdptw_vehicles_vs_vroom": 1.0, "pdptw_distance_vs_vroom": None}


def test_every_violation_counts_whoever_commits_it() -> None:
    """The caller sums them up."""
    pair = Pair(_answer(1, 1, wrong=("late", "full")), _answer(1, 1, wrong=("late",)))
    assert summed({"wrong": pair}).facts["checker_violations"] == 3


def test_our_answer_is_judged_by_both_checkers() -> None:
    """The product's own door solves a small problem as well as it can be solved."""
    instance = Instance("line", problem(ALWAYS, ALWAYS, ALWAYS, ALWAYS), [[1, 2, 3, 4]])
    found = answer(instance, ours.solve, seed=1, limit_s=0.1)
    assert found.violations == ()
    assert (found.vehicles, found.verdict.distance) == (1, 80)
