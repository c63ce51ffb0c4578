"""Hold `assign` to the roads, where a problem has coordinates and no matrices."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from infra import cli
from routing.problems.assign import assign
from routing.problems.check import check
from routing.problems.read import read_problem
from routing.problems.roads import on_roads
from routing.solver.stop import Rounds
from routing.travel import RoadTravel

if TYPE_CHECKING:
    from pathlib import Path

    from routing.roads.network import RoadNetwork

RACH_GIA, CAN_THO, HANOI = [105.081, 10.012], [105.788, 10.037], [105.85, 21.03]
PROBLEM = {
    "vehicles": [{"id": 1, "start": RACH_GIA, "end": RACH_GIA, "profile": "rigid_2_axle"}],
    "jobs": [{"id": 1, "location": CAN_THO}, {"id": 2, "location": HANOI}],
}


def test_a_truck_drives_to_can_tho_and_nobody_to_hanoi(network: RoadNetwork) -> None:
    """The roads' own times and lengths; what lies beside them is unreachable, not an error."""
    travel = RoadTravel(network)
    problem = read_problem(PROBLEM)
    solution = assign(problem, stop=Rounds(5), travel=travel)
    assert solution["summary"]["distance"] > 150_000
    assert [step["location"] for step in solution["routes"][0]["steps"]] == [
        RACH_GIA,
        CAN_THO,
        RACH_GIA,
    ]
    assert [one["code"] for one in solution["unassigned"][0]["reasons"]] == ["unreachable"]
    assert check(on_roads(problem, travel), solution) == []


def test_the_command_opens_the_network(
    network_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`assign` without matrices, from the command line."""
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(PROBLEM))
    words = ["harvestlane", "assign", str(file), "--network", str(network_dir), "--rounds", "1"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["summary"]["unassigned"] == 1
