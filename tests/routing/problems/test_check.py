"""Hold the checker to both sides: it accepts what VROOM says, and finds every broken rule."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from routing.problems.check import check, cost_of, distance_of, vehicles_of
from tests.routing.problems.draw import by_vroom, draw

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

PROBLEM: Json = {
    "vehicles": [
        {
            "id": 1,
            "start_index": 0,
            "end_index": 0,
            "capacity": [3],
            "skills": [7],
            "time_window": [0, 2000],
            "max_tasks": 3,
            "max_travel_time": 330,
            "max_distance": 3300,
            "breaks": [{"id": 5, "time_windows": [[0, 900]], "service": 50}],
        },
        {"id": 2, "start_index": 0, "capacity": [9]},
    ],
    "jobs": [
        {"id": 1, "location_index": 1, "delivery": [1], "setup": 10, "service": 20, "skills": [7]}
    ],
    "shipments": [
        {
            "amount": [2],
            "priority": 4,
            "pickup": {"id": 1, "location_index": 1, "service": 5, "time_windows": [[300, 400]]},
            "delivery": {"id": 1, "location_index": 2},
        }
    ],
    "matrices": {
        "car": {
            "durations": [[0, 100, 120], [100, 0, 110], [120, 110, 0]],
            "distances": [[0, 1000, 1200], [1000, 0, 1100], [1200, 1100, 0]],
        }
    },
    "slots": [{"location_index": 2, "start": 400, "end": 450, "capacity": 1}],
}

SOLUTION: Json = {
    "code": 0,
    "summary": {"cost": 330, "routes": 1, "unassigned": 0, "duration": 330, "priority": 8},
    "unassigned": [],
    "routes": [
        {
            "vehicle": 1,
            "cost": 330,
            "duration": 330,
            "setup": 10,
            "service": 75,
            "waiting_time": 20,
            "distance": 3300,
            "delivery": [3],
            "pickup": [2],
            "steps": [
                {"type": "start", "arrival": 100, "duration": 0, "load": [1]},
                {
                    "type": "job",
                    "id": 1,
                    "arrival": 200,
                    "duration": 100,
                    "setup": 10,
                    "service": 20,
                    "load": [0],
                },
                {"type": "break", "id": 5, "arrival": 230, "duration": 100, "service": 50},
                {
                    "type": "pickup",
                    "id": 1,
                    "arrival": 280,
                    "waiting_time": 20,
                    "duration": 100,
                    "service": 5,
                    "load": [2],
                },
                {
                    "type": "delivery",
                    "id": 1,
                    "arrival": 415,
                    "duration": 210,
                    "load": [0],
                    "slot": {"index": 0},
                },
                {"type": "end", "arrival": 535, "duration": 330, "distance": 3300},
            ],
        }
    ],
}


def test_a_right_solution_passes_and_is_measured() -> None:
    assert check(PROBLEM, SOLUTION) == []
    assert cost_of(PROBLEM, SOLUTION) == 330
    assert distance_of(PROBLEM, SOLUTION) == 3300
    assert vehicles_of(PROBLEM, SOLUTION) == 1


@pytest.mark.parametrize("seed", range(40))
def test_what_vroom_answers_passes(seed: int) -> None:
    """Random problems of every feature, some of them partly unassigned."""
    problem = draw(seed, tasks=3 + seed % 10)
    assert check(problem, by_vroom(problem)) == []


def _step(number: int, **changes: Any) -> Callable[[Json, Json], None]:
    def spoil(_problem: Json, solution: Json) -> None:
        solution["routes"][0]["steps"][number] |= changes

    return spoil


def _vehicle(**changes: Any) -> Callable[[Json, Json], None]:
    def spoil(problem: Json, _solution: Json) -> None:
        problem["vehicles"][0] |= changes

    return spoil


def _whole(**changes: Any) -> Callable[[Json, Json], None]:
    def spoil(_problem: Json, solution: Json) -> None:
        solution |= changes

    return spoil


def _summary(**changes: Any) -> Callable[[Json, Json], None]:
    def spoil(_problem: Json, solution: Json) -> None:
        solution["summary"] |= changes

    return spoil


def _route(**changes: Any) -> Callable[[Json, Json], None]:
    def spoil(_problem: Json, solution: Json) -> None:
        solution["routes"][0] |= changes

    return spoil


def _swap(one: int, two: int) -> Callable[[Json, Json], None]:
    def spoil(_problem: Json, solution: Json) -> None:
        steps = solution["routes"][0]["steps"]
        steps[one], steps[two] = steps[two], steps[one]

    return spoil


def _drop(number: int) -> Callable[[Json, Json], None]:
    def spoil(_problem: Json, solution: Json) -> None:
        del solution["routes"][0]["steps"][number]

    return spoil


def _no_way(problem: Json, _solution: Json) -> None:
    problem["matrices"]["car"]["durations"][1][2] = None


def _twice(_problem: Json, solution: Json) -> None:
    solution["routes"].append(copy.deepcopy(solution["routes"][0]))


def _no_places(problem: Json, _solution: Json) -> None:
    problem["slots"][0]["capacity"] = 0


def _closed(problem: Json, _solution: Json) -> None:
    problem["slots"][0]["end"] = 410


def _nameless(_problem: Json, solution: Json) -> None:
    del solution["routes"][0]["steps"][4]["slot"]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_step(1, arrival=150), "arrival"),
        (_step(1, service=5), "service"),
        (_step(1, setup=0), "setup"),
        (_step(1, id=9), "unknown_task"),
        (_step(1, duration=90), "duration"),
        (_step(1, load=[1]), "load"),
        (_step(3, arrival=230), "arrival"),
        (_step(3, waiting_time=10), "time_window"),
        (_step(3, setup=3), "setup"),
        (_step(2, service=40), "service"),
        (_step(2, id=6), "unknown_break"),
        (_step(5, distance=1), "distance"),
        (_drop(2), "missing_break"),
        (_drop(4), "precedence"),
        (_drop(1), "task_lost"),
        (_drop(5), "missing_end"),
        (_swap(3, 4), "precedence"),
        (_swap(1, 5), "misplaced_end"),
        (_vehicle(capacity=[1]), "load"),
        (_vehicle(skills=[]), "skills"),
        (_vehicle(max_tasks=2), "max_tasks"),
        (_vehicle(max_travel_time=329), "max_travel_time"),
        (_vehicle(max_distance=3299), "max_distance"),
        (_vehicle(time_window=[101, 2000]), "shift"),
        (_vehicle(time_window=[0, 534]), "shift"),
        (_vehicle(id=4), "unknown_vehicle"),
        (_vehicle(breaks=[{"id": 5, "time_windows": [[0, 200]], "service": 50}]), "break_window"),
        (_vehicle(breaks=[{"id": 5, "max_load": [0], "service": 50}]), ""),
        (_vehicle(costs={"fixed": 7}), "cost"),
        (_no_way, "no_way"),
        (_twice, "vehicle_twice"),
        (_twice, "task_twice"),
        (_no_places, "slot_capacity"),
        (_closed, "slot"),
        (_nameless, "slot"),
        (_step(4, slot={"index": 3}), "slot"),
        (_whole(code=2), "code"),
        (_whole(unassigned=[{"type": "job", "id": 1}]), "task_twice"),
        (_whole(unassigned=[{"type": "job", "id": 8}]), "unknown_task"),
        (_summary(cost=331), "cost"),
        (_summary(routes=2), "routes"),
        (_summary(unassigned=1), "unassigned"),
        (_summary(priority=4), "priority"),
        (_route(delivery=[1]), "delivery"),
        (_route(waiting_time=0), "waiting_time"),
        (_route(steps=[]), "empty_route"),
    ],
)
def test_each_broken_rule_is_found(spoil: Callable[[Json, Json], None], code: str) -> None:
    problem, solution = copy.deepcopy(PROBLEM), copy.deepcopy(SOLUTION)
    spoil(problem, solution)
    found = {one.code for one in check(problem, solution)}
    assert code in found if code else found == set()


def test_a_heavy_break_is_found() -> None:
    """A break's own limit of load counts, here with the job still aboard."""
    problem, solution = copy.deepcopy(PROBLEM), copy.deepcopy(SOLUTION)
    problem["vehicles"][0]["breaks"][0] |= {"max_load": [0], "time_windows": [[0, 900]]}
    steps = solution["routes"][0]["steps"]
    steps[2] |= {"arrival": 305, "duration": 100}
    steps[3] |= {"arrival": 230, "waiting_time": 70}
    steps[2], steps[3] = steps[3], steps[2]
    assert "max_load" in {one.code for one in check(problem, solution)}


def test_nameless_slots_are_found_where_they_exist() -> None:
    """A rival that knows no slots is judged by whether slots could be found for its deliveries."""
    problem, solution = copy.deepcopy(PROBLEM), copy.deepcopy(SOLUTION)
    _nameless(problem, solution)
    assert check(problem, solution, slots_named=False) == []
    problem["slots"][0]["capacity"] = 0
    found = check(problem, solution, slots_named=False)
    assert [one.code for one in found] == ["slot"]


def test_a_vehicle_counts_once_in_a_slot() -> None:
    """Two deliveries of one vehicle need one place."""
    problem, solution = copy.deepcopy(PROBLEM), copy.deepcopy(SOLUTION)
    problem["vehicles"][0] |= {"max_tasks": 9, "capacity": [4]}
    problem["jobs"].append({"id": 2, "location_index": 2, "delivery": [1]})
    steps = solution["routes"][0]["steps"]
    for at, load in ((0, 2), (1, 1), (3, 3), (4, 1)):
        steps[at]["load"] = [load]
    steps.insert(5, {"type": "job", "id": 2, "arrival": 415, "duration": 210, "load": [0]})
    steps[5]["slot"] = {"index": 0}
    solution["routes"][0]["delivery"] = [4]
    assert check(problem, solution) == []
