"""Ours on the benchmark's days, through the front door and by the search alone."""

from __future__ import annotations

import numpy as np
import pytest

from infra.bench.assignment import ours_direct
from infra.bench.assignment.checker import judge
from infra.bench.assignment.instances import draw
from infra.bench.assignment.ours import PARAMS, Present, calls_of, problem_of
from routing.dispatch import Iterations, plan
from routing.solver.solve import solve
from routing.solver.stop import Rounds


@pytest.mark.parametrize("seed", range(2))
def test_our_plan_breaks_no_rule_of_the_checker_and_says_the_same_cost(seed: int) -> None:
    day = draw(8, 16, seed=seed)
    made = plan(problem_of(day), stop=Iterations(200), seed=1, params=PARAMS)
    verdict = judge(day, calls_of(day, made))
    assert verdict.violations == ()
    assert verdict.served >= 12
    assert sum(trip.cost["total"] for trip in made.trips) + 86_400 * (
        16 - verdict.served
    ) == pytest.approx(verdict.cost, abs=1.0)


def test_the_search_alone_breaks_no_rule_and_says_the_same_cost() -> None:
    day = draw(8, 16, seed=3)
    found = solve(ours_direct.model(day), stop=Rounds(200), seed=1)
    verdict = judge(day, ours_direct.routes(day, found))
    assert verdict.violations == ()
    assert found.cost + found.unserved_cost == pytest.approx(verdict.cost, abs=1.0)


def test_what_is_not_there_is_not_in_our_problem() -> None:
    day = draw(8, 16, seed=1)
    lots, trucks = np.ones(16, bool), np.ones(8, bool)
    lots[3], trucks[2] = False, False
    problem = problem_of(day, Present(lots, trucks, frozenset({(1, 2)}), {5: 2}))
    assert "lot-3" not in {lot.lot_id for lot in problem.lots}
    assert "truck-2" not in {truck.truck_id for truck in problem.trucks}
    assert problem.forbidden == {("truck-1", "lot-2")}
    assert {lot.priority for lot in problem.lots if lot.lot_id == "lot-5"} == {2}
