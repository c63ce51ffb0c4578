"""Hold the reader to its word: a good problem is read whole, a bad one is named where it is bad."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from routing.problems.errors import ProblemError
from routing.problems.problem import NO_WAY_S
from routing.problems.read import read_problem
from routing.solver.model import NO_WAY

Json = dict[str, Any]

GOOD: Json = {
    "vehicles": [
        {
            "id": 1,
            "start_index": 0,
            "end_index": 0,
            "capacity": [4],
            "time_window": [0, 5000],
            "breaks": [{"id": 1, "time_windows": [[100, 200]], "service": 60}],
        },
        {"id": 2, "start_index": 1, "capacity": [4]},
    ],
    "jobs": [{"id": 1, "location_index": 1, "delivery": [1], "time_windows": [[50, 60], [10, 20]]}],
    "shipments": [
        {
            "amount": [2],
            "pickup": {"id": 1, "location_index": 1},
            "delivery": {"id": 1, "location_index": 2},
        }
    ],
    "matrices": {"car": {"durations": [[0, 9, 9], [9, 0, 9], [9, 9, 0]]}},
    "slots": [{"location_index": 2, "start": 0, "end": 10, "capacity": 1}],
}


def test_a_good_problem_is_read_with_its_defaults() -> None:
    """Windows stand in order, a profile is a car's, a missing priority is 0."""
    problem = read_problem(json.dumps(GOOD))
    assert problem.jobs[0].time_windows == ((10, 20), (50, 60))
    assert problem.vehicles[0].profile == "car"
    assert problem.vehicles[1].costs.per_hour == 3600
    assert problem.shipments[0].priority == 0
    assert read_problem(GOOD) != copy.deepcopy(problem).changed(jobs=())


def test_the_old_matrix_and_the_old_amount_are_understood() -> None:
    """`matrix` stands for a car's durations, `amount` for a delivery."""
    old = {**GOOD, "matrix": GOOD["matrices"]["car"]["durations"]}
    del old["matrices"]
    old["jobs"] = [{"id": 1, "location_index": 1, "amount": [3]}]
    problem = read_problem(old)
    assert problem.matrices["car"].durations[0, 1] == 9
    assert problem.jobs[0].delivered == (3,)


def test_unknown_fields_and_null_ways_are_no_error() -> None:
    """A field that nobody knows is passed over; null means that there is no way."""
    odd = copy.deepcopy(GOOD)
    odd["colour"] = "green"
    odd["matrices"]["car"]["durations"][0][2] = None
    assert read_problem(odd).matrices["car"].durations[0, 2] == -1


def test_both_sides_agree_from_where_on_there_is_no_way() -> None:
    assert NO_WAY_S == NO_WAY


BAD: list[tuple[str, Any, str]] = [
    ("jobs.0.delivery", [-1], "jobs[0].delivery[0]: must be 0 or more, and is -1"),
    ("jobs.0.delivery", [1, 2], "jobs[0].delivery: has 2 numbers, vehicles[0].capacity has 1"),
    ("jobs.0.delivery", [1.5], "jobs[0].delivery[0]: must be a whole number, and is 1.5"),
    ("jobs.0.delivery", ["1"], "jobs[0].delivery[0]: must be a whole number, and is '1'"),
    ("jobs.0.delivery", [True], "jobs[0].delivery[0]: must be a whole number, and is True"),
    ("jobs.0.delivery", [float("nan")], "jobs[0].delivery[0]: must be a whole number, and is nan"),
    ("jobs.0.service", 2**40, "jobs[0].service: must be 4294967295 or less"),
    ("jobs.0.priority", 101, "jobs[0].priority: must be 100 or less, and is 101"),
    ("jobs.0.id", None, "jobs[0].id: must be a whole number, and is None"),
    ("jobs.0.location_index", 3, "jobs[0].location_index: 3 is outside the matrix; rows go from 0"),
    ("jobs.0.location_index", None, "jobs[0].location_index: missing; with matrices each place"),
    ("jobs.0.time_windows", [], "jobs[0].time_windows: needs 1 or more entries"),
    ("jobs.0.time_windows", [[1]], "jobs[0].time_windows[0][1]: missing; give it"),
    ("jobs.0.time_windows", [[9, 1]], "jobs[0].time_windows[0]: ends at 1, before it starts at 9"),
    (
        "jobs.0.time_windows",
        [[0, 5], [3, 9]],
        "jobs[0].time_windows: windows [0, 5] and [3, 9] overlap",
    ),
    ("jobs", {}, "jobs: must be an array, and is {}"),
    ("shipments.0.pickup", None, "shipments[0].pickup: must be an object, and is None"),
    (
        "shipments.0.delivery.location_index",
        7,
        "shipments[0].delivery.location_index: 7 is outside",
    ),
    ("vehicles.1.id", 1, "vehicles[1].id: 1 is the id of vehicles[0] already"),
    ("vehicles.1.capacity", None, "vehicles[1].capacity: missing, but vehicles[0].capacity has 1"),
    ("vehicles.1.start_index", None, "vehicles[1]: has neither start nor end"),
    ("vehicles.1.profile", "bike", "vehicles[1].profile: there is no matrices.bike.durations"),
    ("vehicles.1.speed_factor", 0, "vehicles[1].speed_factor: must be more than 0.0, and is 0"),
    ("vehicles.1.speed_factor", 5.5, "vehicles[1].speed_factor: must be 5.0 or less, and is 5.5"),
    ("vehicles.1.max_distance", 9, "vehicles[1].max_distance: needs matrices.car.distances"),
    ("vehicles.1.costs", {"per_km": 2}, "vehicles[1].costs.per_km: needs matrices.car.distances"),
    ("vehicles.0.breaks.0.max_load", [1], "vehicles[0].breaks[0].max_load: not supported below"),
    ("vehicles.0.time_window", [5, 4], "vehicles[0].time_window: ends at 4, before it starts at 5"),
    ("vehicles.0.steps", [{"type": "job", "id": 8}], "vehicles[0].steps[0]: there is no job 8"),
    ("vehicles.0.steps", [{"type": "walk"}], "vehicles[0].steps[0].type: 'walk' is none of start"),
    ("matrices.car.durations", [[0, 1]], "matrices.car.durations: must be square: row 0 needs 1"),
    ("matrices.car.durations", [], "matrices.car.durations: must be rows of whole numbers"),
    ("matrices.car.durations.1.2", -4, "matrices.car.durations[1][2] must be a whole number"),
    ("matrices.car.durations.1.2", float("nan"), "matrices.car.durations[1][2] must be a whole"),
    ("matrices.car.durations.1.2", True, "matrices.car.durations[1][2] must be a whole number"),
    ("matrices.car.durations.1.1", 4, "matrices.car.durations[1][1]: must be 0"),
    ("matrices.car.distances", [[0]], "matrices.car: durations 3, distances 1 rows"),
    ("slots.0.end", -1, "slots[0].end: must be 0 or more, and is -1"),
    ("slots.0.start", 11, "slots[0]: ends at 10, before it starts at 11"),
    ("slots.0.location_index", 5, "slots[0].location_index: 5 is outside the matrix"),
    ("vehicles", None, "vehicles: must be an array, and is None"),
]


@pytest.mark.parametrize(("path", "value", "told"), BAD)
def test_what_is_wrong_is_named_where_it_stands(path: str, value: Any, told: str) -> None:
    """By its path in the file, with the value and what to do; from JSON as from objects."""
    bad = copy.deepcopy(GOOD)
    *way, last = path.split(".")
    at: Any = bad
    for part in way:
        at = at[int(part)] if part.isdigit() else at[part]
    at[int(last) if last.isdigit() else last] = value
    for source in (bad, json.dumps(bad)):
        with pytest.raises(ProblemError) as caught:
            read_problem(source)
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON: EOF while parsing a value at line 1 column 0"),
        ('{"vehicles": [}', "not JSON: expected value at line 1 column 15"),
        (b"\xff\xfe", "not JSON: expected value at line 1 column 1"),
        ("[]", "the problem: must be an object, and is []"),
        ("{}", "vehicles: missing; give it"),
        ('{"vehicles": ' + "[" * 5000 + "]" * 5000 + "}", "not JSON: recursion limit exceeded"),
    ],
)
def test_what_is_no_problem_at_all_is_told(text: str | bytes, told: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_problem(text)
    assert told in str(caught.value)


def test_prices_that_stand_against_each_other_are_refused() -> None:
    """A matrix of costs allows neither a price by the hour nor a limit of length."""
    bad = copy.deepcopy(GOOD)
    square = GOOD["matrices"]["car"]["durations"]
    bad["matrices"]["car"] |= {"costs": square, "distances": square}
    bad["vehicles"][0]["costs"] = {"per_hour": 10}
    with pytest.raises(ProblemError, match=r"vehicles\[0\]\.costs\.per_hour: stands against"):
        read_problem(bad)
    bad["vehicles"][0] |= {"costs": {}, "max_distance": 5}
    with pytest.raises(ProblemError, match=r"vehicles\[0\]\.max_distance: not supported together"):
        read_problem(bad)


def test_a_way_without_a_length_is_refused() -> None:
    bad = copy.deepcopy(GOOD)
    bad["matrices"]["car"]["distances"] = [[0, 9, 9], [9, 0, None], [9, 9, 0]]
    with pytest.raises(ProblemError, match=r"matrices\.car\.distances\[1\]\[2\]: null"):
        read_problem(bad)


def test_without_matrices_places_need_coordinates() -> None:
    bad = copy.deepcopy(GOOD)
    del bad["matrices"]
    with pytest.raises(ProblemError, match=r"vehicles\[0\]\.start: has no coordinates"):
        read_problem(bad)
