"""Take the measures of pickup and delivery within windows: ours beside VROOM."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.bench.assignment.pdptw import ours, rival_vroom
from infra.bench.assignment.pdptw.checker import Document, Verdict, judge
from infra.bench.assignment.pdptw.generate import instances
from infra.bench.measure import Measure, Outcome, Tell
from routing.problems.check import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.bench.assignment.pdptw.generate import Instance

LIMIT_S = 10.0
THREADS = 2
Solve = Callable[..., Document]
"""Answers a problem, given `limit_s`, `threads` and `seed`."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one solver did with one problem.

    Attributes
    ----------
    verdict
        Of the checker here, which believes nothing but the order of the stops.
    violations
        Of that one, and of the one of problem files, which also reads times, loads and costs.
    shipments
        How many there were to serve.
    taken_s
        How long it took.
    """

    verdict: Verdict
    violations: tuple[str, ...]
    shipments: int
    taken_s: float

    @property
    def vehicles(self) -> int:
        """Count the vehicles; a shipment that is left counts as one, for it would need one."""
        return self.verdict.vehicles + self.shipments - self.verdict.served

    def to_doc(self) -> dict[str, Any]:
        """Give it as the benchmark's document holds it."""
        return {
            "vehicles": self.verdict.vehicles,
            "served": self.verdict.served,
            "distance": self.verdict.distance,
            "violations": list(self.violations),
            "taken_s": round(self.taken_s, 2),
        }


@dataclass(frozen=True)
class Pair:
    """Our answer to a problem beside VROOM's."""

    ours: Answer
    theirs: Answer

    @property
    def ties(self) -> bool:
        """Say whether both serve all with as many vehicles."""
        served = {self.ours.verdict.served, self.theirs.verdict.served}
        return self.ours.vehicles == self.theirs.vehicles and served == {self.ours.shipments}


def take(seed: int, tell: Tell) -> Outcome:
    """Solve 24 problems, each by VROOM and by ours in the same time with the same threads.

    Parameters
    ----------
    seed
        Of the problems and of both searches.
    tell
        Is told what happens.

    Returns
    -------
    Outcome
        Vehicles and distance beside VROOM's; among the facts the two answers to each problem, and
        `checker_violations`: how many there were in all, VROOM's included.
    """
    problems = instances(seed)
    ours.warm(problems[0].document, threads=THREADS)
    pairs = {}
    for problem in problems:
        tell(f"pickup and delivery: {problem.name}")
        theirs = answer(problem, rival_vroom.solve, seed=seed)
        pairs[problem.name] = Pair(answer(problem, ours.solve, seed=seed), theirs)
    return summed(pairs)


def answer(problem: Instance, solve: Solve, *, seed: int, limit_s: float = LIMIT_S) -> Answer:
    """Have a problem solved, and judge the answer.

    Parameters
    ----------
    problem
        The problem.
    solve
        Ours or VROOM's.
    seed
        Of the search.
    limit_s
        How long it may take.
    """
    began = time.perf_counter()
    solution = solve(problem.document, limit_s=limit_s, threads=THREADS, seed=seed)
    taken_s = time.perf_counter() - began
    verdict = judge(problem.document, solution)
    told = tuple(str(violation) for violation in check(problem.document, solution))
    shipments = len(problem.document["shipments"])
    return Answer(
        verdict=verdict,
        violations=verdict.violations + told,
        shipments=shipments,
        taken_s=taken_s,
    )


def summed(pairs: dict[str, Pair]) -> Outcome:
    """Sum the answers to all problems up.

    Parameters
    ----------
    pairs
        Both answers to each problem, by its name.
    """
    ties = [pair for pair in pairs.values() if pair.ties]
    rows = [
        ("pdptw_vehicles_vs_vroom", _ratio(list(pairs.values()), lambda one: one.vehicles), 1.0),
        ("pdptw_distance_vs_vroom", _ratio(ties, lambda one: one.verdict.distance), 1.005),
    ]
    answers = [one for pair in pairs.values() for one in (pair.ours, pair.theirs)]
    facts = {
        "limit_s": LIMIT_S,
        "threads": THREADS,
        "instances": len(pairs),
        "ties": len(ties),
        "answers": {
            name: {"ours": pair.ours.to_doc(), "vroom": pair.theirs.to_doc()}
            for name, pair in pairs.items()
        },
    }
    violations = sum(len(one.violations) for one in answers)
    return Outcome(
        measures=[
            Measure(name=name, value=value, unit="times", goal=goal, better="lower")
            for name, value, goal in rows
        ],
        facts={"pdptw": facts, "checker_violations": violations},
    )


def _ratio(pairs: Sequence[Pair], figure: Callable[[Answer], int]) -> float | None:
    """Give the sum of ours over the sum of theirs; None where there is nothing to sum."""
    theirs = sum(figure(pair.theirs) for pair in pairs)
    return sum(figure(pair.ours) for pair in pairs) / theirs if theirs else None
