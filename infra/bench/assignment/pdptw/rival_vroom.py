"""Let VROOM have its best chance: exploration 5, again and again with fewer vehicles."""

from __future__ import annotations

import json
import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import vroom

from infra.bench.assignment.pdptw.checker import judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.bench.assignment.pdptw.checker import Document, Verdict

EXPLORATION = 5


class Run(Protocol):
    """Runs a solver once; it may end before its time."""

    def __call__(self, problem: Document, *, limit_s: float, threads: int) -> Document:
        """Answer a problem."""
        ...


def run(problem: Document, *, limit_s: float, threads: int) -> Document:
    """Run VROOM once.

    Parameters
    ----------
    problem
        As VROOM's API has it.
    limit_s
        When to break off; it may end much sooner.
    threads
        How many it may use.
    """
    asked = vroom.Input()
    asked._from_json(json.dumps(problem), False)  # noqa: SLF001 - `from_json` reads files
    solution = asked.solve(EXPLORATION, nb_threads=threads, timeout=timedelta(seconds=limit_s))
    answer: Document = solution.to_dict()
    return answer


def solve(
    problem: Document,
    *,
    limit_s: float,
    threads: int,
    seed: int = 0,
    once: Run = run,
    clock: Callable[[], float] = time.perf_counter,
) -> Document:
    """Answer with the best that VROOM finds in a time: most served, fewest vehicles, shortest.

    It runs with the whole fleet, then with one vehicle fewer than its answer used, until some
    shipment is left. While there is time, it is started again, by turns with one vehicle fewer
    and with as many as the best answer, and with and without the fixed costs; and since it would
    find the same again, with the shipments in another order each time.

    Parameters
    ----------
    problem
        As VROOM's API has it. Its vehicles have a fixed cost, with which VROOM's first run uses
        fewer of them than without.
    limit_s
        How long it may take in all.
    threads
        How many it may use.
    seed
        Of the other orders.
    once, clock
        Runs it once; tells seconds.

    Returns
    -------
    dict
        Its best answer, as VROOM's API has it.
    """
    until = clock() + limit_s
    order, turn = random.Random(seed), 0
    best = once(problem, limit_s=limit_s, threads=threads)
    verdict = judge(problem, best)
    while (left_s := until - clock()) > 0:
        fewer = verdict.vehicles - (turn % 2 == 0)
        priced = turn % 4 < 2
        again = problem if turn == 0 else _shuffled(problem, order, priced=priced)
        found = once(_with(again, fewer), limit_s=left_s, threads=threads)
        found = found if priced else _repriced(found, problem)
        judged = judge(problem, found)
        if _worth(judged) < _worth(verdict):
            best, verdict = found, judged
            turn = -1 if turn == 0 else turn
        turn += 1
    return best


def _worth(verdict: Verdict) -> tuple[int, int, int]:
    return -verdict.served, verdict.vehicles, verdict.distance


def _with(problem: Document, vehicles: int) -> Document:
    return problem | {"vehicles": problem["vehicles"][: max(1, vehicles)]}


def _shuffled(problem: Document, order: random.Random, *, priced: bool) -> Document:
    """Give the same problem in another order, with or without the fixed costs."""
    shipments = order.sample(problem["shipments"], len(problem["shipments"]))
    vehicles = [
        vehicle if priced else {key: value for key, value in vehicle.items() if key != "costs"}
        for vehicle in problem["vehicles"]
    ]
    return problem | {"shipments": shipments, "vehicles": vehicles}


def _repriced(answer: Document, problem: Document) -> Document:
    """Restate an answer's costs with the fixed costs of the problem, where it knew of none."""
    fixed = {vehicle["id"]: vehicle["costs"]["fixed"] for vehicle in problem["vehicles"]}
    routes = [
        route | {"cost": route["cost"] + fixed[route["vehicle"]]} for route in answer["routes"]
    ]
    total = sum(route["cost"] for route in routes)
    return answer | {"routes": routes, "summary": answer["summary"] | {"cost": total}}
