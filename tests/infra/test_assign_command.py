"""Hold `assign` to its answers, its refusals and its exit codes."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import infra
from routing.problems.check import check
from tests.infra.program import Ended, Program

Json = dict[str, Any]

_DOCUMENT = Path(infra.__file__).parents[1] / "docs" / "problem-files.md"
PROBLEM: Json = {
    "vehicles": [{"id": 1, "start_index": 0, "end_index": 0}],
    "jobs": [{"id": at, "location_index": at} for at in (1, 2)],
    "matrices": {"car": {"durations": [[0, 100, 200], [100, 0, 150], [200, 150, 0]]}},
}


class Command:
    """`assign` over a small file."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.file = program.folder / "problem.json"

    def __call__(self, problem: Any, *words: str) -> Ended:
        """Run `assign` over a file that holds this."""
        text = problem if isinstance(problem, str) else json.dumps(problem)
        self.file.write_text(text, encoding="utf-8")
        return self.run(str(self.file), *words)

    def run(self, *words: str) -> Ended:
        """Run `assign` with these words."""
        return self._program.run("assign", *words)


@pytest.fixture
def command(program: Program) -> Command:
    """Return the command, ready to run."""
    return Command(program)


def test_a_problem_is_solved_on_stdout(command: Command) -> None:
    """One JSON object that the checker accepts, with its times, and nothing on stderr."""
    ended = command(PROBLEM, "--time-limit", "0.2", "--seed", "3")
    assert (ended.status, ended.err) == (0, "")
    solution = json.loads(ended.out)
    assert check(PROBLEM, solution) == []
    assert solution["summary"]["cost"] == 450
    assert solution["summary"]["computing_times"].keys() == {"loading", "solving", "routing"}


def test_the_problem_may_come_from_stdin(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe:
        buffer = io.BytesIO(json.dumps(PROBLEM).encode())

    monkeypatch.setattr(sys, "stdin", Pipe())
    assert json.loads(command.run("-", "--rounds", "10").out)["summary"]["unassigned"] == 0


def test_no_time_at_all_still_gives_a_whole_answer(command: Command) -> None:
    """A thousand shipments and a limit of nothing: valid, with everything accounted for."""
    shipments = [
        {
            "pickup": {"id": at, "location_index": at % 3},
            "delivery": {"id": at, "location_index": (at + 1) % 3},
        }
        for at in range(1000)
    ]
    problem = {**PROBLEM, "jobs": [], "shipments": shipments}
    solution = json.loads(command(problem, "--time-limit", "0").out)
    assert check(problem, solution) == []
    assert all(one["reasons"] for one in solution["unassigned"])


def test_equal_rounds_and_seeds_give_equal_answers(command: Command) -> None:
    one, two = (json.loads(command(PROBLEM, "--rounds", "50").out) for _ in range(2))
    del one["summary"]["computing_times"], two["summary"]["computing_times"]
    assert one == two


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        ("", "not JSON"),
        ('{"vehicles": [}', "not JSON: expected value at line 1 column 15"),
        ("[]", "the problem: must be an object"),
        (
            {**PROBLEM, "jobs": [{"id": 1, "location_index": 9}]},
            "jobs[0].location_index: 9 is outs",
        ),
        ({**PROBLEM, "vehicles": [{"id": 1}]}, "vehicles[0]: has neither start nor end"),
    ],
)
def test_a_bad_problem_is_wrong_use_in_one_line(command: Command, problem: Any, told: str) -> None:
    """The file, the place in it and what is wrong; nothing on stdout."""
    ended = command(problem)
    assert (ended.status, ended.out) == (2, "")
    assert "problem.json" in ended.err
    assert told in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--time-limit", "-1"), "--time-limit must be 0 s or more"),
        (("--time-limit", "nan"), "--time-limit must be 0 s or more"),
        (("--seed", "-1"), "--seed"),
        (("--rounds", "few"), "--rounds"),
    ],
)
def test_wrong_options_are_told(command: Command, words: tuple[str, ...], told: str) -> None:
    ended = command(PROBLEM, *words)
    assert (ended.status, ended.out) == (2, "")
    assert told in ended.err


def test_a_missing_file_is_told(command: Command, tmp_path: Path) -> None:
    ended = command.run(str(tmp_path / "none.json"))
    assert ended.status == 2
    assert "none.json: No such file or directory; name a file, or - for stdin" in ended.err


def test_the_example_of_the_document_runs(command: Command) -> None:
    """The first lot is delivered in its slot, the second is left for the reason told."""
    text = _DOCUMENT.read_text(encoding="utf-8")
    found, told = (re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("json", "text"))
    assert found is not None
    assert told is not None
    solution = json.loads(command(found[1], "--rounds", "20").out)
    slots = [step["slot"] for step in solution["routes"][0]["steps"] if "slot" in step]
    assert slots == [{"index": 0, "start": 28800, "end": 32399}]
    [reason] = solution["unassigned"][0]["reasons"]
    assert " ".join(told[1].split()) == "{code}: {detail} {fix}".format(**reason)
