"""Put what the engine found on the trucks of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.dispatch.replay import follow
from routing.dispatch.work import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from routing.dispatch.drives import Drives
    from routing.dispatch.lower import Lowered
    from routing.dispatch.table import Table
    from routing.dispatch.work import Errand, Standing, Step, Work
    from routing.solver.solution import Solution, Visit


def book(table: Table, drives: Drives, work: Work, lowered: Lowered, solution: Solution) -> None:
    """Add a solution's routes to a plan.

    Parameters
    ----------
    table, drives
        The problem, and the driving times of its places.
    work
        The plan, which is added to.
    lowered, solution
        The engine's model with its meaning, and what was found for it.
    """
    errands = _errands(table, work, lowered, solution)
    for vehicle, truck in enumerate(lowered.trucks):
        before, visits = work.standing[truck], solution.routes[vehicle]
        for step in steps_of(table, drives, truck, before, tasks_of(lowered, visits, errands)):
            work.standing[truck] = step.after
            work.steps[truck].append(step)


def tasks_of(
    lowered: Lowered, visits: Iterable[Visit], errands: Mapping[int, Errand]
) -> Iterator[Task]:
    """Yield what a vehicle does, as tasks.

    Parameters
    ----------
    lowered, visits
        The engine's model with its meaning, and the vehicle's visits.
    errands
        What each request carries.
    """
    for visit in visits:
        slot = None if visit.slot is None else lowered.slots[visit.slot]
        errand = errands[visit.request]
        yield Task(errand, visit.part, visit.arrival, visit.start, visit.end, slot)


def steps_of(
    table: Table, drives: Drives, truck: int, before: Standing, tasks: Iterable[Task]
) -> Iterator[Step]:
    """Yield a truck's tasks with the ways to them.

    Parameters
    ----------
    table, drives
        The problem, and the driving times of its places.
    truck, before, tasks
        Who does what, and where the truck stands before it.
    """
    for task in tasks:
        step = follow(table, drives, truck, before, task)
        before = step.after
        yield step


def _errands(table: Table, work: Work, lowered: Lowered, solution: Solution) -> dict[int, Errand]:
    """Return the errand of each request that is served, and take it from what is open."""
    pickups = sorted(
        (visit.start, visit.request, visit.option, visit.amount[0])
        for route in solution.routes[: len(lowered.trucks)]
        for visit in route
        if visit.part == 0
    )
    found: dict[int, Errand] = {}
    for _, request, option, amount in pickups:
        asked = lowered.asked[request]
        open_kg = work.open_kg[asked.lot]
        found[request] = lowered.errand(table, request, option, amount, open_kg)
        if asked.leg == 1:
            work.open_kg[asked.lot] -= amount
    return found
