"""Solve fixed slots by PyVRP: optional clients with prizes, at the true cost.

PyVRP takes its time with fleets in which no two vehicles are alike. So the trucks are made alike:
every route leaves one depot and begins with a client that stands for a truck's start, from which
alone there are ways to lots. What a truck may not do, it has no room for: the start of a truck
that cannot chill fills the room for chilled lots, and that of a truck whose shift ends early the
room that vehicles with a late end have not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from infra.bench.assignment.instances import UNSERVED_COST
from infra.bench.assignment.rivals import LARGE, SMALL, Settings

if TYPE_CHECKING:
    from infra.bench.assignment.fixed import Fixed, Order
    from infra.bench.assignment.rivals import Watch

SETTINGS = {
    SMALL: (
        Settings(guesses=((0.3, 0.0),), turn_s=1.0, part_trucks=100, first_rounds=8),
        Settings(guesses=((0.3, 1.0),), turn_s=1.0, part_trucks=100, first_rounds=8),
    ),
    LARGE: (
        Settings(guesses=((0.05, 0.0),), turn_s=0.4, part_trucks=50, first_rounds=4),
        Settings(guesses=((0.1, 0.0),), turn_s=0.4, part_trucks=50, first_rounds=4),
    ),
}
_DRIVE, _WAIT = 7, 3
"""Tenths of a second for each second of driving, and for each until the end of a route."""
_NEVER_S = 10**6
_UNIT, _ROOM = 1_000, 20_000
_NEIGHBOURS, _PERTURBED = 20, 8
"""Tuned: with its own 50 and 25, rounds are too long for 10 s."""


@dataclass(frozen=True, eq=False)
class Model:
    """A problem as PyVRP takes it, and which type of vehicle each truck is."""

    data: Any
    types: list[int]


def solve(fixed: Fixed, start: Order, limit_s: float, seed: int, watch: Watch) -> Order:
    """Give PyVRP a turn."""
    with watch.stopped():
        stated = model(fixed)
    return run(stated, fixed.visits, start, limit_s=limit_s, seed=seed)


def model(fixed: Fixed) -> Model:
    """State the visits for PyVRP.

    A route's duration begins with the truck's shift, so that 0.7 × driving + 0.3 × duration is
    the true cost but for what each visit itself costs, which is taken off its prize.

    Parameters
    ----------
    fixed
        The visits.
    """
    import pyvrp  # noqa: PLC0415 - a rival

    instance, visits = fixed.instance, fixed.visits
    ends_s, type_of = np.unique(instance.shift_end_s, return_inverse=True)
    latest = len(ends_s) - 1
    ways_s = _ways_s(fixed)
    types = [
        pyvrp.VehicleType(
            int((type_of == number).sum()),
            capacity=[_ROOM, _UNIT * (latest - number)],
            tw_late=int(end),
            unit_distance_cost=_DRIVE,
            unit_duration_cost=_WAIT,
        )
        for number, end in enumerate(ends_s)
    ]
    starts = [
        pyvrp.Client(
            1 + visits + truck,
            pickup=[0 if reefer else _ROOM, _UNIT * (latest - int(type_of[truck]))],
            tw_early=int(instance.shift_start_s[truck]),
            tw_late=int(instance.shift_start_s[truck]),
        )
        for truck, reefer in enumerate(instance.reefer)
    ]
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in range(len(ways_s))],
        clients=[*_clients(fixed), *starts],
        depots=[pyvrp.Depot(0)],
        vehicle_types=types,
        distance_matrices=[ways_s],
        duration_matrices=[ways_s],
    )
    return Model(data, type_of.tolist())


def run(stated: Model, visits: int, start: Order, *, limit_s: float, seed: int) -> Order:
    """Run PyVRP.

    Parameters
    ----------
    stated
        From `model`.
    visits
        How many there are.
    start
        A solution to begin with.
    limit_s
        How long.
    seed
        Where its chance comes from.
    """
    import pyvrp  # noqa: PLC0415 - a rival

    routes = [
        pyvrp.Route(stated.data, [visits + truck, *order], stated.types[truck])
        for truck, order in enumerate(start)
    ]
    result = pyvrp.solve(
        stated.data,
        pyvrp.stop.MaxRuntime(limit_s),
        seed=seed,
        collect_stats=False,
        params=_params(),
        initial_solution=pyvrp.Solution(stated.data, routes),
    )
    if not result.best.is_feasible():
        return [list(order) for order in start]
    order: Order = [[] for _ in start]
    for route in result.best.routes():
        first, *others = [activity.idx for activity in route if activity.is_client()]
        order[first - visits] = others
    return order


def _params() -> Any:
    import pyvrp  # noqa: PLC0415 - a rival

    return pyvrp.SolveParams(
        ils=pyvrp.IteratedLocalSearchParams(exhaustive_on_best=False),
        neighbourhood=pyvrp.search.NeighbourhoodParams(num_neighbours=_NEIGHBOURS),
        perturbation=pyvrp.search.PerturbationParams(1, _PERTURBED),
    )


def _clients(fixed: Fixed) -> list[Any]:
    import pyvrp  # noqa: PLC0415 - a rival

    within = _WAIT * (fixed.loaded_s - fixed.length_s) + _DRIVE * fixed.loaded_s
    prize = 10 * UNSERVED_COST - within
    return [
        pyvrp.Client(
            1 + visit,
            pickup=[_UNIT * int(fixed.instance.chilled[fixed.lot[visit]]), 0],
            service_duration=int(fixed.length_s[visit]),
            tw_early=max(0, int(fixed.first_s[visit])),
            tw_late=int(fixed.last_s[visit]),
            prize=int(prize[visit]),
            required=False,
        )
        for visit in range(fixed.visits)
    ]


def _ways_s(fixed: Fixed) -> Any:
    """Give the driving between the depot, the visits and the trucks' starts, in this order."""
    trucks, visits = fixed.instance.trucks, fixed.visits
    ways_s = np.full((1 + visits + trucks,) * 2, _NEVER_S, np.int64)
    ways_s[:, 0] = 0
    ways_s[0, 1 + visits :] = 0
    ways_s[1 + visits :, 1 : 1 + visits] = fixed.start_s
    ways_s[1 : 1 + visits, 1 : 1 + visits] = fixed.next_s
    np.fill_diagonal(ways_s, 0)
    return ways_s
