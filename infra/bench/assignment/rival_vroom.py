"""Solve fixed slots by VROOM: jobs with windows, waiting put into the matrix of costs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from infra.bench.assignment.instances import WAIT_COST
from infra.bench.assignment.rivals import LARGE, SMALL, Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infra.bench.assignment.fixed import Fixed, Order
    from infra.bench.assignment.instances import Ints
    from infra.bench.assignment.rivals import Watch

SETTINGS = {
    SMALL: (
        Settings(guesses=((0.1, 0.0),), turn_s=1.0, part_trucks=100),
        Settings(guesses=((0.15, 0.0),), turn_s=1.0, part_trucks=100),
    ),
    LARGE: (
        Settings(guesses=((0.05, 0.0),), turn_s=1.0, part_trucks=100, first_rounds=4),
        Settings(guesses=((0.1, 0.0),), turn_s=1.0, part_trucks=100, first_rounds=4),
    ),
}
"""Two processes of one thread each: a search that begins with a solution has no work for two."""

_EXPLORATION = 0
_FAR_S = 10**6
"""More than a day, small enough for VROOM's sums."""


def solve(fixed: Fixed, start: Order, limit_s: float, seed: int, watch: Watch) -> Order:  # noqa: ARG001
    """Give VROOM a turn; it has no seed."""
    with watch.stopped():
        problem = model(fixed, start)
    return run(problem, len(start), exploration=_EXPLORATION, limit_s=limit_s)


def model(fixed: Fixed, start: Order | None) -> Any:
    """State the visits for VROOM.

    VROOM has no price for waiting. So the cost of going from one visit to the next one holds what
    the truck would wait there, given when the visit before begins in `start`, or may begin.

    Parameters
    ----------
    fixed
        The visits.
    start
        A solution to begin with.
    """
    import vroom  # noqa: PLC0415

    instance, trucks = fixed.instance, fixed.instance.trucks
    problem = vroom.Input()
    times, costs = _matrices(fixed, start)
    problem.set_durations_matrix("car", times)
    problem.set_costs_matrix("car", costs)
    for truck in range(trucks):
        visits = start[truck] if start else []
        steps = [vroom.VehicleStep("single", id=visit) for visit in visits]
        window = (int(instance.shift_start_s[truck]), int(instance.shift_end_s[truck]))
        problem.add_vehicle(
            vroom.Vehicle(
                truck,
                start=truck,
                skills={1} if instance.reefer[truck] else set(),
                time_window=window,
                steps=[vroom.VehicleStep("start"), *steps, vroom.VehicleStep("end")]
                if steps
                else (),
            )
        )
    for visit in range(fixed.visits):
        problem.add_job(
            vroom.Job(
                visit,
                location=trucks + visit,
                default_service=int(fixed.length_s[visit]),
                skills={1} if instance.chilled[fixed.lot[visit]] else set(),
                time_windows=[(max(0, int(fixed.first_s[visit])), int(fixed.last_s[visit]))],
            )
        )
    return problem


def run(problem: Any, trucks: int, *, exploration: int, limit_s: float, threads: int = 1) -> Order:
    """Run VROOM.

    Parameters
    ----------
    problem
        From `model`.
    trucks
        How many.
    exploration
        From 0, quick, to 5, thorough.
    limit_s
        When it is told to stop; it may take longer.
    threads
        How many it uses.
    """
    found = problem.solve(
        exploration_level=exploration,
        nb_threads=threads,
        timeout=timedelta(seconds=max(limit_s, 0.01)),
    ).routes
    order: Order = [[] for _ in range(trucks)]
    for vehicle, step, job in zip(found["vehicle_id"], found["type"], found["id"], strict=True):
        if step == "job":
            order[int(vehicle)].append(int(job))
    return order


def _matrices(fixed: Fixed, start: Order | None) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    trucks = fixed.instance.trucks
    size = trucks + fixed.visits
    times = np.zeros((size, size), np.uint32)
    times[:trucks, trucks:] = fixed.start_s
    times[trucks:, trucks:] = fixed.next_s
    costs = times.copy()
    waits_s = (fixed.start_wait_s, fixed.next_wait_s(_begins_s(fixed, start)))
    for rows, waited_s in zip((slice(trucks), slice(trucks, None)), waits_s, strict=True):
        priced = np.rint(WAIT_COST * np.minimum(waited_s, _FAR_S))
        costs[rows, trucks:] += priced.astype(np.uint32)
    return times, costs


def _begins_s(fixed: Fixed, start: Order | None) -> Ints:
    begins_s = np.maximum(fixed.first_s, 0)
    for truck, visits in enumerate(start or ()):
        begins_s[visits] = fixed.begins_s(truck, visits)
    return begins_s
