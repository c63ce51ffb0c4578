"""Solve fixed slots by OR-Tools' routing library: guided local search, waiting in the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from infra.bench.assignment.instances import UNSERVED_COST
from infra.bench.assignment.rivals import LARGE, SMALL, Settings

if TYPE_CHECKING:
    from infra.bench.assignment.fixed import Fixed, Order
    from infra.bench.assignment.rivals import Watch

_DRIVE, _WAIT = 7, 3
"""Tenths of a second for each second of driving, and for each until the end of a route."""
_DAY_S = 2 * 86_400
_SEARCH = "GUIDED_LOCAL_SEARCH"
SETTINGS = {
    SMALL: (
        Settings(guesses=((0.3, 0.0),), turn_s=0.7, part_trucks=50, first_rounds=8),
        Settings(guesses=((0.3, 1.0),), turn_s=0.7, part_trucks=50, first_rounds=8),
    ),
    LARGE: (
        Settings(guesses=((0.05, 0.0),), turn_s=0.4, part_trucks=50, first_rounds=4),
        Settings(guesses=((0.1, 0.0),), turn_s=0.4, part_trucks=50, first_rounds=4),
    ),
}


def solve(fixed: Fixed, start: Order, limit_s: float, seed: int, watch: Watch) -> Order:  # noqa: ARG001
    """Give OR-Tools a turn; it has no seed."""
    with watch.stopped():
        stated = model(fixed)
    return run(stated, start, limit_s=limit_s, first="PARALLEL_CHEAPEST_INSERTION", search=_SEARCH)


def model(fixed: Fixed) -> tuple[Any, Any]:
    """State the visits for OR-Tools.

    The span of a route begins with the truck's shift, so that 0.7 × driving + 0.3 × span is the
    true cost but for what each visit itself costs, which is taken off the price of leaving it.

    Parameters
    ----------
    fixed
        The visits.

    Returns
    -------
    tuple
        The routing model, and its numbering of visits (from 0, then the trucks' starts, the end).
    """
    from ortools.constraint_solver import (  # noqa: PLC0415
        pywrapcp as pr,
    )

    instance, trucks, visits = fixed.instance, fixed.instance.trucks, fixed.visits
    end = visits + trucks
    ways_s = np.zeros((end + 1, end + 1), np.int64)
    ways_s[visits:end, :visits] = fixed.start_s
    ways_s[:visits, :visits] = fixed.next_s
    lasting_s = np.zeros(end + 1, np.int64)
    lasting_s[:visits] = fixed.length_s
    starts = list(range(visits, end))
    numbers = pr.RoutingIndexManager(end + 1, trucks, starts, [end] * trucks)
    routing = pr.RoutingModel(numbers)
    driving = routing.RegisterTransitMatrix((_DRIVE * ways_s).tolist())
    timing = routing.RegisterTransitMatrix((ways_s + lasting_s[:, None]).tolist())
    routing.SetArcCostEvaluatorOfAllVehicles(driving)
    routing.AddDimension(timing, _DAY_S, _DAY_S, False, "time")
    times = routing.GetDimensionOrDie("time")
    chilled = np.zeros(end + 1, np.int64)
    chilled[:visits] = instance.chilled[fixed.lot]
    room = (visits * instance.reefer).astype(np.int64).tolist()
    cooling = routing.RegisterUnaryTransitVector(chilled.tolist())
    routing.AddDimensionWithVehicleCapacity(cooling, 0, room, True, "chilled")
    within = -_WAIT * fixed.length_s + _WAIT * fixed.loaded_s + _DRIVE * fixed.loaded_s
    for visit in range(visits):
        index = numbers.NodeToIndex(visit)
        first_s, last_s = max(0, int(fixed.first_s[visit])), int(fixed.last_s[visit])
        times.CumulVar(index).SetRange(first_s, last_s)
        routing.AddDisjunction([index], int(10 * UNSERVED_COST - within[visit]))
    for truck in range(trucks):
        begin_s, end_s = int(instance.shift_start_s[truck]), int(instance.shift_end_s[truck])
        times.CumulVar(routing.Start(truck)).SetRange(begin_s, begin_s)
        times.CumulVar(routing.End(truck)).SetRange(begin_s, end_s)
        times.SetCumulVarSoftUpperBound(routing.End(truck), begin_s, _WAIT)
        routing.AddVariableMinimizedByFinalizer(times.CumulVar(routing.End(truck)))
    return routing, numbers


def run(stated: tuple[Any, Any], start: Order, *, limit_s: float, first: str, search: str) -> Order:
    """Run OR-Tools.

    Parameters
    ----------
    stated
        From `model`.
    start
        A solution to begin with; without visits, OR-Tools makes its own.
    limit_s
        How long.
    first, search
        Its first solution strategy and its metaheuristic.
    """
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2  # noqa: PLC0415 - a rival

    routing, numbers = stated
    words = pywrapcp.DefaultRoutingSearchParameters()
    words.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.Value.Value(first)
    words.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.Value.Value(
        search
    )
    words.time_limit.FromMilliseconds(max(1, int(1000 * limit_s)))
    if any(start):
        routing.CloseModelWithParameters(words)
        begun = routing.ReadAssignmentFromRoutes([list(visits) for visits in start], True)
        found = routing.SolveFromAssignmentWithParameters(begun, words) if begun else None
    else:
        found = routing.SolveWithParameters(words)
    if found is None:
        return [list(visits) for visits in start]
    order: Order = []
    for truck in range(len(start)):
        order.append([])
        index = found.Value(routing.NextVar(routing.Start(truck)))
        while not routing.IsEnd(index):
            order[-1].append(numbers.IndexToNode(index))
            index = found.Value(routing.NextVar(index))
    return order
