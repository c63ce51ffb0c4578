"""Hold generated problems to what makes them Li & Lim's."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from infra.bench.assignment.pdptw.checker import judge
from infra.bench.assignment.pdptw.draw import KINDS, SCALE
from infra.bench.assignment.pdptw.generate import (
    FIXED_COST,
    VEHICLES,
    Instance,
    instance,
    instances,
)
from routing.problems.read import read_problem
from tests.infra.bench.assignment.pdptw.tiny import solution


@pytest.fixture(scope="module")
def problems() -> list[Instance]:
    """Make all problems of a seed."""
    return instances(7)


def _widths(problem: Instance) -> np.ndarray:
    tasks = [s[part] for s in problem.document["shipments"] for part in ("pickup", "delivery")]
    return np.array([task["time_windows"][0] for task in tasks]) @ [-1, 1] / SCALE


def test_there_are_four_problems_of_each_class(problems: list[Instance]) -> None:
    """Clustered, random and mixed, of short and long horizon: 24 of them."""
    classes = Counter(problem.name.rpartition("-")[0] for problem in problems)
    assert classes == {kind.name: 4 for kind in KINDS}
    assert len(classes) == 6


def test_every_problem_has_a_hundred_tasks_and_can_be_served(problems: list[Instance]) -> None:
    """The routes that the pairs come from serve it, with vehicles to spare."""
    for problem in problems:
        verdict = judge(problem.document, solution(problem.document, *problem.witness))
        assert verdict.violations == (), problem.name
        assert (verdict.served, len(problem.document["shipments"])) == (50, 50)
        assert verdict.vehicles < VEHICLES
        assert verdict.distance < FIXED_COST


def test_long_horizons_take_few_vehicles_and_short_ones_many(problems: list[Instance]) -> None:
    """As in Li & Lim's, where it is two to four, and nine to nineteen or so."""
    for problem in problems:
        if "long" in problem.name:
            assert len(problem.witness) <= 5
        else:
            assert len(problem.witness) >= 9


def test_windows_differ_in_width_and_density(problems: list[Instance]) -> None:
    """The first of a class has narrow windows all over, the second has them at half the tasks."""
    for kind in KINDS:
        first, second, third, _last = (
            _widths(problem) for problem in problems if problem.name.startswith(kind.name)
        )
        width = kind.windows[0][0][0]
        assert (first <= width).all()
        assert 0.3 < (second <= width).mean() < 0.7
        assert first.mean() < third.mean() < second.mean()


def test_the_same_seed_makes_the_same_problem() -> None:
    """A figure can be taken again on the same problem; another seed makes another."""
    one, two, other = (instance(KINDS[2], 3, seed=seed) for seed in (1, 1, 2))
    assert one == two
    assert one.document != other.document


def test_a_problem_is_a_problem_file(problems: list[Instance]) -> None:
    """`harvestlane assign` reads it."""
    read = read_problem(problems[-1].document)
    assert (len(read.vehicles), len(read.shipments)) == (VEHICLES, 50)
