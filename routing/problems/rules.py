"""Refuse problems whose fields contradict each other: one pure function for each rule.

A rule answers the first thing wrong, as where and what to do, or None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.problems.problem import Position, Problem, Vehicle

Rule = Callable[["Problem"], str | None]


def ids_differ(problem: Problem) -> str | None:
    """No two vehicles, jobs, pickups, deliveries or breaks of a vehicle have one id."""
    shipments = problem.shipments
    kinds: list[tuple[str, Iterable[int]]] = [
        ("vehicles[{}].id", (one.id for one in problem.vehicles)),
        ("jobs[{}].id", (one.id for one in problem.jobs)),
        ("shipments[{}].pickup.id", (one.pickup.id for one in shipments)),
        ("shipments[{}].delivery.id", (one.delivery.id for one in shipments)),
    ]
    kinds += [
        (f"vehicles[{at}].breaks[{{}}].id", (pause.id for pause in vehicle.breaks))
        for at, vehicle in enumerate(problem.vehicles)
    ]
    for where, ids in kinds:
        first: dict[int, int] = {}
        for at, one in enumerate(ids):
            if one in first:
                return (
                    f"{where.format(at)}: {one} is the id of {where.format(first[one])[:-3]} "
                    "already; give each one its own"
                )
            first[one] = at
    return None


def amounts_have_one_length(problem: Problem) -> str | None:
    """All capacities and amounts that are given count in the same dimensions."""
    size = None
    for where, amounts in problem.amounts():
        if size is None:
            size, model = len(amounts), where
        if len(amounts) != size:
            return f"{where}: has {len(amounts)} numbers, {model} has {size}; give the same number"
    if size is None:
        return None
    for at, vehicle in enumerate(problem.vehicles):
        if not vehicle.capacity:
            return f"vehicles[{at}].capacity: missing, but {model} has {size} numbers; give {size}"
    return None


def vehicles_stand_somewhere(problem: Problem) -> str | None:
    """Each vehicle has a start, an end or both."""
    for at, vehicle in enumerate(problem.vehicles):
        if not any(_ends(vehicle, indexed=True)) and not any(_ends(vehicle, indexed=False)):
            return f"vehicles[{at}]: has neither start nor end; give one of them, or both"
    return None


def _ends(vehicle: Vehicle, *, indexed: bool) -> tuple[bool, bool]:
    if indexed:
        return vehicle.start_index is not None, vehicle.end_index is not None
    return vehicle.start is not None, vehicle.end is not None


def matrices_are_whole(problem: Problem) -> str | None:
    """Each profile that is used has durations, and all matrices of a profile are of one size."""
    if not problem.matrices:
        return None
    for name, matrices in problem.matrices.items():
        given = {
            field: len(getattr(matrices, field))
            for field in ("durations", "distances", "costs")
            if getattr(matrices, field) is not None
        }
        if len(set(given.values())) > 1:
            sizes = ", ".join(f"{field} {size}" for field, size in given.items())
            return f"matrices.{name}: {sizes} rows; give all of them the same places"
    for at, vehicle in enumerate(problem.vehicles):
        known = problem.matrices.get(vehicle.profile)
        if known is None or known.durations is None:
            return (
                f"vehicles[{at}].profile: there is no matrices.{vehicle.profile}.durations; "
                "add it, or leave all matrices out and give coordinates to drive by road"
            )
    return None


def ways_have_lengths_and_costs(problem: Problem) -> str | None:
    """Where there is a duration, there are a distance and a cost, if such matrices are given."""
    for name, matrices in problem.matrices.items():
        if matrices.durations is None:
            continue
        for field in ("distances", "costs"):
            other = getattr(matrices, field)
            if other is None:
                continue
            lost = np.argwhere((matrices.durations >= 0) & (other < 0))
            if len(lost):
                one, two = lost[0]
                return (
                    f"matrices.{name}.{field}[{one}][{two}]: null, though durations has a time "
                    "there; give a number, or null in both"
                )
    return None


def staying_is_free(problem: Problem) -> str | None:
    """Driving from a place to itself takes nothing."""
    for name, matrices in problem.matrices.items():
        for field in ("durations", "distances", "costs"):
            matrix = getattr(matrices, field)
            if matrix is not None and (at := np.flatnonzero(matrix.diagonal())).size:
                one = int(at[0])
                return (
                    f"matrices.{name}.{field}[{one}][{one}]: must be 0, as it leads from a place "
                    f"to itself, and is {_shown(matrix[one, one])}"
                )
    return None


def _shown(cell: int) -> str:
    return "null" if cell < 0 else str(cell)


def places_are_known(problem: Problem) -> str | None:
    """With matrices everything has an index within them, without them coordinates."""
    size = min(
        (len(one.durations) for one in problem.matrices.values() if one.durations is not None),
        default=None,
    )
    for where, index, position in places(problem):
        if size is None and position is None:
            return f"{where}: has no coordinates; give them, or a matrix and an index"
        if size is not None and index is None:
            return f"{where}_index: missing; with matrices each place needs its row in them"
        if size is not None and index is not None and index >= size:
            return f"{where}_index: {index} is outside the matrix; rows go from 0 to {size - 1}"
    return None


def places(problem: Problem) -> Iterator[tuple[str, int | None, Position | None]]:
    """Yield every place: where it stands in the file, its index and its coordinates."""
    for at, vehicle in enumerate(problem.vehicles):
        if any((vehicle.start_index is not None, vehicle.start is not None)):
            yield f"vehicles[{at}].start", vehicle.start_index, vehicle.start
        if any((vehicle.end_index is not None, vehicle.end is not None)):
            yield f"vehicles[{at}].end", vehicle.end_index, vehicle.end
    for where, task in problem.tasks():
        yield f"{where}.location", task.location_index, task.location
    for at, slot in enumerate(problem.slots):
        yield f"slots[{at}].location", slot.location_index, slot.location


def prices_can_be_told(problem: Problem) -> str | None:
    """Prices and limits by length need lengths; a matrix of costs allows no price by the hour."""
    for at, vehicle in enumerate(problem.vehicles):
        where, matrices = f"vehicles[{at}]", problem.matrices.get(vehicle.profile)
        if matrices is None:
            continue
        distances = f"matrices.{vehicle.profile}.distances"
        if vehicle.costs.per_km and matrices.distances is None and matrices.costs is None:
            return f"{where}.costs.per_km: needs {distances}; add them, or leave per_km out"
        if vehicle.max_distance is not None and matrices.distances is None:
            return f"{where}.max_distance: needs {distances}; add them, or leave it out"
        if matrices.costs is None:
            continue
        if "per_hour" in vehicle.costs.model_fields_set and vehicle.costs.per_hour != 3600:
            return (
                f"{where}.costs.per_hour: stands against matrices.{vehicle.profile}.costs, which "
                "are the costs of driving; leave one of them out"
            )
        if vehicle.max_distance is not None:
            return (
                f"{where}.max_distance: not supported together with "
                f"matrices.{vehicle.profile}.costs; leave one of them out"
            )
    return None


def breaks_are_supported(problem: Problem) -> str | None:
    """No break asks for a load that the vehicle could be above."""
    for at, vehicle in enumerate(problem.vehicles):
        for number, pause in enumerate(vehicle.breaks):
            most = pause.max_load
            if most and any(
                load < fits for load, fits in zip(most, vehicle.capacity or (), strict=True)
            ):
                return (
                    f"vehicles[{at}].breaks[{number}].max_load: not supported below the "
                    "vehicle's capacity; leave it out"
                )
    return None


def steps_name_tasks(problem: Problem) -> str | None:
    """Routes that are given to begin with hold known tasks, each once, pickup before delivery."""
    known = {("job", job.id) for job in problem.jobs}
    known |= {("pickup", one.pickup.id) for one in problem.shipments}
    known |= {("delivery", one.delivery.id) for one in problem.shipments}
    seen: Counter[tuple[str, int]] = Counter()
    for at, vehicle in enumerate(problem.vehicles):
        for number, step in enumerate(vehicle.steps):
            if step.type in ("start", "end", "break"):
                continue
            where = f"vehicles[{at}].steps[{number}]"
            if step.id is None or (step.type, step.id) not in known:
                return f"{where}: there is no {step.type} {step.id}; name one that there is"
            seen[step.type, step.id] += 1
            if seen[step.type, step.id] > 1:
                return f"{where}: {step.type} {step.id} stands in a route already; name it once"
    return None


RULES: tuple[Rule, ...] = (
    ids_differ,
    amounts_have_one_length,
    vehicles_stand_somewhere,
    matrices_are_whole,
    ways_have_lengths_and_costs,
    staying_is_free,
    places_are_known,
    prices_can_be_told,
    breaks_are_supported,
    steps_name_tasks,
)
