"""Write a solution as JSON in the form of VROOM's API."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from routing.problems.problem import Job
from routing.problems.schedule import lay_out, loads_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from routing.problems.lower import Lowered
    from routing.problems.problem import Problem, Task, Vehicle
    from routing.problems.schedule import Row
    from routing.solver.solution import Solution

    Json = dict[str, Any]

_HOUR_S = 3600
_KM_M = 1000


def write_solution(
    problem: Problem,
    lowered: Lowered,
    solution: Solution,
    *,
    reasons: Mapping[int, Sequence[Json]],
    indexed: bool = True,
) -> Json:
    """Return a solution as a JSON object.

    Parameters
    ----------
    problem
        With matrices.
    lowered
        The same, as the solver took it.
    solution
        What the solver found.
    reasons
        For each unserved request, why: ``code``, ``detail``, ``fix``.
    indexed
        Whether the problem came with its own matrices, whose indices mean something to its author.
    """
    return _Writer(problem, lowered, indexed=indexed).whole(solution, reasons)


class _Writer:
    """Writes solutions of one problem."""

    def __init__(self, problem: Problem, lowered: Lowered, *, indexed: bool) -> None:
        self.problem, self.lowered, self.indexed = problem, lowered, indexed
        self.size = problem.dimensions

    def whole(self, solution: Solution, reasons: Mapping[int, Sequence[Json]]) -> Json:
        routes = [
            self._route(number, visits) for number, visits in enumerate(solution.routes) if visits
        ]
        unassigned = [
            self._about(kind, task) | {"reasons": list(reasons.get(request, ()))}
            for request in solution.unserved
            for kind, task in self._tasks(request)
        ]
        names = ["cost", "setup", "service", "duration", "waiting_time", "priority"]
        if all(self._has_metres(vehicle) for vehicle in self.problem.vehicles):
            names.append("distance")
        summary: Json = {"routes": len(routes), "unassigned": len(unassigned)}
        summary |= {name: sum(route[name] for route in routes) for name in names}
        if self.size:
            for name in ("delivery", "pickup"):
                columns = zip(*(route[name] for route in routes), strict=True)
                summary[name] = [sum(column) for column in columns] or [0] * self.size
        summary["violations"] = []
        return {"code": 0, "summary": summary, "unassigned": unassigned, "routes": routes}

    def _has_metres(self, vehicle: Vehicle) -> bool:
        return self.problem.matrices[vehicle.profile].distances is not None

    def _tasks(self, request: int) -> list[tuple[str, Task]]:
        carrier = self.lowered.carriers[request]
        if isinstance(carrier, Job):
            return [("job", carrier)]
        return [("pickup", carrier.pickup), ("delivery", carrier.delivery)]

    def _route(self, number: int, visits: Any) -> Json:
        vehicle = self.problem.vehicles[number]
        rows = lay_out(self.problem, self.lowered, number, visits)
        loads, delivered, picked = loads_of(self.lowered, rows, self.size)
        steps = [self._step(vehicle, row, load) for row, load in zip(rows, loads, strict=True)]
        route: Json = {
            "vehicle": vehicle.id,
            "cost": self._cost(vehicle, rows),
            "setup": sum(row.setup for row in rows),
            "service": sum(row.service for row in rows),
            "duration": rows[-1].driven_s,
            "waiting_time": sum(row.waiting for row in rows),
            "priority": sum(
                self.lowered.carriers[row.request].priority
                for row in rows
                if row.request is not None
            ),
        }
        if rows[-1].driven_m is not None:
            route["distance"] = rows[-1].driven_m
        if self.size:
            route |= {"delivery": delivered, "pickup": picked}
        if vehicle.description is not None:
            route["description"] = vehicle.description
        return route | {"steps": steps, "violations": []}

    def _cost(self, vehicle: Vehicle, rows: Sequence[Row]) -> int:
        worked = sum(row.setup + row.service for row in rows if row.task is not None)
        cost = vehicle.costs.fixed + worked * vehicle.costs.per_task_hour / _HOUR_S
        priced = self.problem.matrices[vehicle.profile].costs
        if priced is None:
            cost += rows[-1].driven_s * vehicle.costs.per_hour / _HOUR_S
            cost += (rows[-1].driven_m or 0) * vehicle.costs.per_km / _KM_M
        else:
            places = [row.index for row in rows if row.index is not None]
            cost += sum(int(priced[one, two]) for one, two in pairwise(places))
        return round(cost)

    def _step(self, vehicle: Vehicle, row: Row, load: list[int]) -> Json:
        step: Json = {"type": row.kind}
        if row.task is not None:
            step = self._about(row.kind, row.task)
        elif row.pause is not None:
            step["id"] = row.pause.id
            if row.pause.description is not None:
                step["description"] = row.pause.description
        elif row.index is not None:
            step |= self._where(vehicle, row)
        step |= {"arrival": row.arrival, "duration": row.driven_s}
        step |= {"setup": row.setup, "service": row.service, "waiting_time": row.waiting}
        if row.driven_m is not None:
            step["distance"] = row.driven_m
        if self.size:
            step["load"] = load
        if row.slot is not None:
            slot = self.problem.slots[row.slot]
            step["slot"] = {"index": row.slot, "start": slot.start, "end": slot.end}
        return step | {"violations": []}

    def _about(self, kind: str, task: Task) -> Json:
        """Tell which task and where."""
        told: Json = {"type": kind, "id": task.id}
        if task.description is not None:
            told["description"] = task.description
        if task.location is not None:
            told["location"] = list(task.location)
        if self.indexed and task.location_index is not None:
            told["location_index"] = task.location_index
        return told

    def _where(self, vehicle: Vehicle, row: Row) -> Json:
        """Tell where a start or an end is: the vehicle's, or that of the task beside it."""
        told: Json = {}
        own = vehicle.start if row.kind == "start" else vehicle.end
        if own is not None:
            told["location"] = list(own)
        if self.indexed:
            told["location_index"] = row.index
        return told
