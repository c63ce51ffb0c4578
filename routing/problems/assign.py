"""Solve a problem file: read in, found out, explained, written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routing.problems.errors import ProblemError
from routing.problems.lower import Lowered, lower
from routing.problems.reasons import reasons_of
from routing.problems.roads import on_roads
from routing.problems.write import write_solution
from routing.solver.errors import InvalidModel
from routing.solver.live import Live
from routing.solver.solve import solve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.problems.problem import Problem
    from routing.problems.roads import Travel
    from routing.solver.solve import SearchParams
    from routing.solver.stop import StopCriterion


def assign(
    problem: Problem,
    *,
    stop: StopCriterion,
    explain_stop: StopCriterion | None = None,
    seed: int = 0,
    params: SearchParams | None = None,
    travel: Travel | None = None,
) -> dict[str, Any]:
    """Return a solution as a JSON object in the form of VROOM's API.

    Parameters
    ----------
    problem
        As `read.read_problem` gives it.
    stop
        When the search is to stop; whenever that is, the answer is whole and valid.
    explain_stop
        When to stop looking for reasons why tasks are left; it is called with the number of those
        explained. None: every one is explained.
    seed
        Where chance comes from.
    params
        How to search.
    travel
        What answers for the roads, where the problem has coordinates and no matrices.

    Raises
    ------
    ProblemError
        The roads do not reach the problem's places, or a route given to begin with cannot be
        driven.
    """
    ready = on_roads(problem, travel)
    lowered = lower(ready)
    live = Live(lowered.model, seed=seed)
    _begin(ready, lowered, live)
    found = solve(lowered.model, stop=stop, seed=seed, params=params, start=live)
    reasons = reasons_of(ready, lowered, live, found, stop=explain_stop)
    return write_solution(ready, lowered, found, reasons=reasons, indexed=ready is problem)


def _begin(problem: Problem, lowered: Lowered, live: Live) -> None:
    """Set the routes that the problem gives to begin with."""
    if not any(vehicle.steps for vehicle in problem.vehicles):
        return
    routes = _given(problem, lowered)
    try:
        live.load(routes)
    except InvalidModel:
        alone = Live(lowered.model).load_what_fits(routes)
        at = alone[0] if alone else 0
        raise ProblemError(
            f"vehicles[{at}].steps: this route breaks a rule; mend it, or leave steps out"
        ) from None


def _given(problem: Problem, lowered: Lowered) -> list[Sequence[tuple[int, int, int]]]:
    request: dict[tuple[str, int | None], tuple[int, int]] = {}
    for number, job in enumerate(problem.jobs):
        request["job", job.id] = number, 0
    for number, shipment in enumerate(problem.shipments, len(problem.jobs)):
        request["pickup", shipment.pickup.id] = number, 0
        request["delivery", shipment.delivery.id] = number, 1
    routes: list[Sequence[tuple[int, int, int]]] = []
    for at, vehicle in enumerate(problem.vehicles):
        route = []
        for step in vehicle.steps:
            if (step.type, step.id) in request:
                number, part = request[step.type, step.id]
                route.append((number, lowered.option_of(number, at), part))
        _check_pairs(at, route, len(problem.jobs))
        routes.append(route)
    return routes


def _check_pairs(at: int, route: list[tuple[int, int, int]], jobs: int) -> None:
    """Refuse a route that delivers what it did not pick up, or the other way round."""
    aboard: set[int] = set()
    for number, _option, part in route:
        if number < jobs:
            continue
        if part and number not in aboard:
            raise ProblemError(
                f"vehicles[{at}].steps: a delivery stands before its pickup, or without it; "
                "name both, pickup first"
            )
        (aboard.discard if part else aboard.add)(number)
    if aboard:
        raise ProblemError(
            f"vehicles[{at}].steps: a pickup has no delivery in the same route; name both"
        )
