"""Judge an answer to a pure pickup-and-delivery problem, from the two documents alone.

Nothing an answer says of times, loads or costs is believed: they are worked out anew.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Document = dict[str, Any]
_Stop = tuple[str, int]


@dataclass(frozen=True)
class Verdict:
    """What an answer is worth.

    Attributes
    ----------
    vehicles
        How many of them drive.
    served
        How many shipments are delivered.
    distance
        What they drive, in the unit of the matrix.
    violations
        What is wrong, in sentences.
    """

    vehicles: int
    served: int
    distance: int
    violations: tuple[str, ...]


def judge(problem: Document, solution: Document) -> Verdict:
    """Hold an answer against its problem.

    Parameters
    ----------
    problem
        As `generate` makes them: shipments only, one profile, a depot for each vehicle, no
        breaks, one window a task.
    solution
        As VROOM's API has it: the steps of each vehicle.

    Returns
    -------
    Verdict
        What is driven, and whatever breaks a rule.
    """
    routes = {
        route["vehicle"]: [
            (step["type"], step["id"])
            for step in route["steps"]
            if step["type"] not in {"start", "end"}
        ]
        for route in solution["routes"]
    }
    left = {(task["type"], task["id"]) for task in solution.get("unassigned", [])}
    fleet = {vehicle["id"]: vehicle for vehicle in problem["vehicles"]}
    violations = _once(problem, routes, left)
    if len(routes) < len(solution["routes"]):
        violations.append("A vehicle has two routes.")
    for number, stops in routes.items():
        if number not in fleet:
            violations.append(f"There is no vehicle {number}.")
        elif not violations:
            violations += _route(problem, fleet[number], stops)
    served = sum(len(stops) for stops in routes.values()) // 2
    vehicles = sum(bool(stops) for stops in routes.values())
    distance = 0 if violations else sum(_length(problem, s) for s in routes.values())
    return Verdict(vehicles, served, distance, tuple(violations))


def _tasks(problem: Document) -> dict[_Stop, tuple[Document, int, int]]:
    """Give each stop's task, what it loads (negative: unloads), and its shipment's number."""
    return {
        (part, shipment[part]["id"]): (shipment[part], sign * shipment["amount"][0], number)
        for number, shipment in enumerate(problem["shipments"])
        for part, sign in (("pickup", 1), ("delivery", -1))
    }


def _once(problem: Document, routes: dict[int, list[_Stop]], left: set[_Stop]) -> list[str]:
    """Find tasks that are served twice, served and left, neither of both, or unknown."""
    times = Counter(stop for stops in routes.values() for stop in stops)
    times.update(left)
    known = _tasks(problem)
    wrong = [f"{stop} is served or left {times[stop]} times." for stop in known if times[stop] != 1]
    return wrong + [f"There is no {stop}." for stop in times if stop not in known]


def _route(problem: Document, vehicle: Document, stops: list[_Stop]) -> list[str]:
    """Drive a route as early as can be, and tell what it breaks."""
    known, travel = _tasks(problem), problem["matrices"]["car"]["durations"]
    wrong: list[str] = []
    now, end = vehicle["time_window"]
    here, load, aboard = vehicle["start_index"], 0, set()
    for stop in stops:
        task, amount, shipment = known[stop]
        first, last = task["time_windows"][0]
        now = max(first, now + travel[here][task["location_index"]])
        load += amount
        if now > last:
            wrong.append(f"{stop} is served at {now}, after {last}.")
        if load > vehicle["capacity"][0]:
            wrong.append(f"{load} is aboard vehicle {vehicle['id']} after {stop}.")
        if stop[0] == "pickup":
            aboard.add(shipment)
        elif shipment not in aboard:
            wrong.append(f"{stop} is served before or without its pickup.")
        aboard.discard(shipment if stop[0] == "delivery" else None)
        now, here = now + task["service"], task["location_index"]
    now += travel[here][vehicle["end_index"]]
    if now > end:
        wrong.append(f"Vehicle {vehicle['id']} is back at {now}, after {end}.")
    return wrong + [f"Shipment {shipment} stays aboard." for shipment in sorted(aboard)]


def _length(problem: Document, stops: list[_Stop]) -> int:
    """Give the length of a route; all vehicles start and end at the depot of the first."""
    if not stops:
        return 0
    known, length = _tasks(problem), problem["matrices"]["car"]["distances"]
    depot = problem["vehicles"][0]["start_index"]
    way = [depot, *(known[stop][0]["location_index"] for stop in stops), depot]
    return sum(length[one][other] for one, other in pairwise(way))
