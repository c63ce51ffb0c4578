"""Find the best solution of a tiny problem by trying every order of every choice of tasks."""

from __future__ import annotations

import math
from itertools import combinations, permutations
from typing import Any

from routing.problems.check import check, cost_of

Json = dict[str, Any]
Stop = tuple[str, int]


def best_of(problem: Json) -> tuple[int, int, float]:
    """Return priority lost, tasks left and cost of the best solution; breaks are not known here."""
    groups = [[("job", job["id"])] for job in problem["jobs"]]
    groups += [
        [("pickup", one["pickup"]["id"]), ("delivery", one["delivery"]["id"])]
        for one in problem["shipments"]
    ]
    worth = [(one.get("priority", 0), 1) for one in problem["jobs"]]
    worth += [(2 * one.get("priority", 0), 2) for one in problem["shipments"]]
    numbers = range(len(groups))
    subsets = [set(some) for size in range(len(groups) + 1) for some in combinations(numbers, size)]
    cheapest = [
        [_cheapest(problem, vehicle, [groups[n] for n in some]) for some in subsets]
        for vehicle in problem["vehicles"]
    ]
    table = {frozenset[int](): 0.0}
    for row in cheapest:
        grown = dict(table)
        for done, cost in table.items():
            for some, more in zip(subsets, row, strict=True):
                if not some & done and math.isfinite(more):
                    whole = frozenset(done | some)
                    grown[whole] = min(grown.get(whole, math.inf), cost + more)
        table = grown
    return min(
        (
            sum(worth[n][0] for n in numbers if n not in done),
            sum(worth[n][1] for n in numbers if n not in done),
            cost,
        )
        for done, cost in table.items()
    )


def _cheapest(problem: Json, vehicle: Json, groups: list[list[Stop]]) -> float:
    if not groups:
        return 0.0
    stops = [stop for group in groups for stop in group]
    costs = [math.inf]
    for order in permutations(stops):
        if all(order.index(one) < order.index(two) for one, two in filter(_pair, groups)):
            solution = _timed(problem, vehicle, list(order))
            if solution is not None and not check(problem, solution):
                costs.append(cost_of(problem, solution))
    return min(costs)


def _pair(group: list[Stop]) -> bool:
    return len(group) == 2


def _timed(problem: Json, vehicle: Json, order: list[Stop]) -> Json | None:
    """Lay an order out in time, everything as soon as may be; None where a window is missed."""
    tasks: dict[Stop, Json] = {("job", job["id"]): job for job in problem["jobs"]}
    for one in problem["shipments"]:
        for kind in ("pickup", "delivery"):
            tasks[kind, one[kind]["id"]] = one[kind]
    durations = problem["matrices"]["car"]["durations"]
    clock = vehicle.get("time_window", [0])[0]
    here = vehicle.get("start_index")
    driven = 0
    steps: list[Json] = [{"type": "start", "arrival": clock, "duration": 0}]
    for kind, number in order:
        task = tasks[kind, number]
        there = task["location_index"]
        way = 0 if here is None else durations[here][there]
        clock, driven = clock + way, driven + way
        starts = [max(clock, a) for a, b in task.get("time_windows", [[0, 10**9]]) if clock <= b]
        if not starts:
            return None
        setup = 0 if here == there else task.get("setup", 0)
        step = {"type": kind, "id": number, "arrival": clock, "duration": driven, "setup": setup}
        steps.append(step | {"service": task.get("service", 0), "waiting_time": starts[0] - clock})
        clock, here = starts[0] + setup + task.get("service", 0), there
    way = durations[here][vehicle["end_index"]] if "end_index" in vehicle else 0
    steps.append({"type": "end", "arrival": clock + way, "duration": driven + way})
    left = [{"type": k, "id": n} for k, n in tasks if (k, n) not in order]
    return {"code": 0, "unassigned": left, "routes": [{"vehicle": vehicle["id"], "steps": steps}]}
