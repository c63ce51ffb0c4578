"""Hold reasons to the truth: with the change that they name, and no other, the task fits in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import infra
from routing.problems.assign import assign
from routing.problems.check import check
from routing.problems.lift import LIFTS
from routing.problems.needs import NEEDS
from routing.problems.read import read_problem
from routing.solver.stop import Rounds
from tests.routing.problems.draw import draw
from tests.routing.problems.mend import mended

Json = dict[str, Any]


def solve(problem: Json, rounds: int = 100) -> Json:
    """Solve a problem in so many rounds."""
    return assign(read_problem(problem), stop=Rounds(rounds))


@pytest.mark.parametrize("seed", range(24))
def test_a_fix_makes_room_for_the_task(seed: int) -> None:
    """Of each task that was left, each reason by itself, or all where they need one another."""
    problem = draw(seed, tasks=4 + seed % 8, slots=seed % 3 == 0)
    solution = solve(problem)
    for left in solution["unassigned"]:
        if left["type"] == "delivery":
            continue
        assert left["reasons"]
        fixes = [reason["fix"] for reason in left["reasons"]]
        together = any("the other changes" in fix for fix in fixes)
        for some in [fixes] if together else [[fix] for fix in fixes]:
            better = mended(problem, solution, left, some)
            again = solve(better, 0)
            assert check(better, again) == []
            assert again["summary"]["unassigned"] < solution["summary"]["unassigned"], some


def _base(**changes: Any) -> Json:
    """Return one vehicle and one job that it can serve, with changes to the job."""
    return {
        "vehicles": [{"id": 1, "start_index": 0, "end_index": 0, "capacity": [2]}],
        "jobs": [{"id": 1, "location_index": 1, "delivery": [1], **changes}],
        "matrices": {"car": {"durations": [[0, 100, None], [100, 0, None], [None, None, 0]]}},
    }


def _reasons(problem: Json) -> dict[str, str]:
    left = solve(problem)["unassigned"]
    return {reason["code"]: reason["fix"] for reason in left[0]["reasons"]}


def test_an_unreachable_place_is_told() -> None:
    """The ways that are missing are named by the matrix' own rows."""
    assert _reasons(_base(location_index=2)) == {
        "unreachable": "Give the way from place 0 to 2, 2 to 0 a time, or leave the task out."
    }


def test_missing_skills_are_told() -> None:
    assert _reasons(_base(skills=[3, 4])) == {"skills": "Give vehicle 1 the skills [3, 4]."}


def test_a_load_above_every_capacity_is_told() -> None:
    told = "Raise the capacity of vehicle 1 from [2] to [5]."
    assert _reasons(_base(delivery=[5])) == {"capacity": told}


def test_a_window_that_nobody_meets_is_widened_as_little_as_may_be() -> None:
    told = "Let the job begin at 100, 60 s outside its windows."
    assert _reasons(_base(time_windows=[[10, 40]])) == {"time_window": told}


def test_hours_that_are_too_short_are_told() -> None:
    """By their end; longer hours would do, and so would nothing else."""
    problem = _base(service=50)
    problem["vehicles"][0]["time_window"] = [0, 249]
    assert _reasons(problem) == {"shift_end": "Let vehicle 1 work until 250."}


def test_a_break_in_the_way_is_told() -> None:
    """Without it the job could be served at once."""
    problem = _base(time_windows=[[100, 110]])
    problem["vehicles"][0]["breaks"] = [{"id": 4, "time_windows": [[0, 20]], "service": 60}]
    told = _reasons(problem)
    assert told["break"] == "Let vehicle 1 go without the breaks [4]."
    assert told["time_window"] == "Let the job begin at 160, 50 s outside its windows."


def test_a_full_slot_is_told_with_what_would_help() -> None:
    """One place more, or another slot."""
    problem = _base()
    problem["slots"] = [{"location_index": 1, "start": 200, "end": 300, "capacity": 0}]
    assert _reasons(problem) == {
        "slot_full": "Raise the capacity of slot 0, [200, 300], to 1.",
        "slot_hours": "Open a slot where job 1 is, for one vehicle at 100.",
    }


def test_two_obstacles_are_told_as_belonging_together() -> None:
    told = _reasons(_base(skills=[1], delivery=[3]))
    assert told == {
        "skills": "Give vehicle 1 the skills [1], and make the other changes that are named here.",
        "capacity": (
            "Raise the capacity of vehicle 1 from [2] to [3], "
            "and make the other changes that are named here."
        ),
    }


def test_a_busy_fleet_is_told() -> None:
    """Two full loads at the same time, and one vehicle."""
    problem = _base()
    problem["jobs"] = [
        {"id": at, "location_index": 1, "delivery": [2], "time_windows": [[100, 100]]}
        for at in (1, 2)
    ]
    assert _reasons(problem) == {
        "capacity": "Raise the capacity of vehicle 1 from [2] to [4].",
        "vehicles_busy": "Add one more vehicle like vehicle 1.",
    }


def test_without_vehicles_that_is_the_reason() -> None:
    problem = _base()
    problem["vehicles"] = []
    assert _reasons(problem) == {"no_vehicle": "Give at least one vehicle."}


def test_when_the_time_is_up_that_is_told() -> None:
    """Neither a place nor a reason was sought any more."""
    problem = _base(skills=[1])
    found = assign(read_problem(problem), stop=Rounds(0), explain_stop=lambda rounds: 1.0 + rounds)
    assert found["unassigned"][0]["reasons"][0]["code"] == "not_examined"


def test_every_code_stands_in_the_document() -> None:
    """A rule that can be lifted can be told, and is explained."""
    document = Path(infra.__file__).parents[1] / "docs" / "problem-files.md"
    text = document.read_text(encoding="utf-8")
    assert LIFTS.keys() == NEEDS.keys()
    others = {"vehicles_busy", "no_vehicle", "time_limit", "not_examined"}
    assert [code for code in LIFTS.keys() | others if f"`{code}`" not in text] == []
