"""Do what a reason's fix says to a problem, read from the sentence itself as a person would."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

Json = dict[str, Any]


def mended(problem: Json, solution: Json, left: Json, fixes: list[str]) -> Json:
    """Return the problem with the fixes made, beginning with the solution's routes.

    Parameters
    ----------
    problem
        What was solved.
    solution
        What was found.
    left
        The entry of its ``unassigned`` that the fixes are for.
    fixes
        Sentences.
    """
    better = copy.deepcopy(problem)
    routes = {route["vehicle"]: route["steps"] for route in solution["routes"]}
    for vehicle in better["vehicles"]:
        vehicle["steps"] = [
            {"type": step["type"], "id": step.get("id")} for step in routes.get(vehicle["id"], [])
        ]
    for fix in fixes:
        _mend(better, left, fix)
    return better


def _mend(problem: Json, left: Json, fix: str) -> None:
    vehicles = {vehicle["id"]: vehicle for vehicle in problem["vehicles"]}
    found = re.search(r"vehicle (\d+)", fix)
    vehicle = vehicles[int(found[1])] if found and int(found[1]) in vehicles else {}
    if said := re.match(r"Give vehicle \d+ the skills (\[.*?\])", fix):
        vehicle["skills"] = vehicle.get("skills", []) + json.loads(said[1])
    elif said := re.match(r"Raise the capacity of vehicle \d+ from .* to (\[.*?\])", fix):
        vehicle["capacity"] = json.loads(said[1])
    elif said := re.match(r"Raise the capacity of slot (\d+), .* to (\d+)", fix):
        problem["slots"][int(said[1])]["capacity"] = int(said[2])
    elif said := re.match(r"Raise (max_\w+) of vehicle \d+ from \d+ to (\d+)", fix):
        vehicle[said[1]] = int(said[2])
    elif said := re.match(r"Let vehicle \d+ work until (\d+)", fix):
        vehicle["time_window"] = [vehicle["time_window"][0], int(said[1])]
    elif said := re.match(r"Let vehicle \d+ work from (\d+) on", fix):
        vehicle["time_window"] = [int(said[1]), vehicle["time_window"][1]]
    elif re.match(r"Let vehicle \d+ go without the breaks", fix):
        del vehicle["breaks"]
    elif re.match(r"Add one more vehicle like", fix):
        problem["vehicles"].append({**vehicle, "id": 99, "steps": []})
    else:
        _mend_task(problem, left, fix)


def _mend_task(problem: Json, left: Json, fix: str) -> None:
    if said := re.findall(r"the (job|pickup|delivery) begin at (\d+)", fix):
        for kind, begin in said:
            task = _task(problem, left, kind)
            task["time_windows"] = [*task["time_windows"], [int(begin), int(begin)]]
    elif said := re.findall(r"Open a slot where (\w+) (\d+) is, for one vehicle at (\d+)", fix):
        kind, _number, begin = said[0]
        at = _task(problem, left, kind)["location_index"]
        slot = {"location_index": at, "start": int(begin), "end": int(begin), "capacity": 1}
        problem["slots"].append(slot)
    elif said := re.findall(r"(\d+) to (\d+)", fix.partition("a time")[0]):
        for one, two in said:
            problem["matrices"]["car"]["durations"][int(one)][int(two)] = 1
    else:
        raise AssertionError(f"nobody knows how to do this: {fix}")


def _task(problem: Json, left: Json, kind: str) -> Json:
    """Return the task that was left, or the other one of its shipment."""
    if kind == "job":
        found: list[Json] = [job for job in problem["jobs"] if job["id"] == left["id"]]
    else:
        own = [one for one in problem["shipments"] if one[left["type"]]["id"] == left["id"]]
        found = [one[kind] for one in own]
    return found[0]
