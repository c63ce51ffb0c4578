"""Hold the demo's small parts: folders, refusals, and what people read of it.

A whole run, with crashes in its middle, is in `tests/test_chaos.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import build_app
from infra.commands.demo import _table
from infra.demo import Demo, run_demo
from infra.settings import Settings
from infra.verify.report import table
from schemas.errors import StackError, Unavailable

SUMMARY: dict[str, Any] = {
    "scenario": "kien-giang-2021-08",
    "broker": {"name": "Apache Kafka", "version": "4.2.0"},
    "roads": {"source": "OpenStreetMap", "nodes": 1200, "edges": 3000},
    "speed": 600.0,
    "latency_ms": {
        "event_to_state": {"p50": 40.0, "p99": 900.0},
        "event_to_assignment": {"p50": None, "p99": None},
    },
    "invariants": {"accounted": True, "views_agree": False},
    "violations": {"views_agree": [{"rule": "differs", "detail": "lot l1: Redis is older."}]},
    "lag": 3,
    "goal_met": False,
    "passes": {
        "presented": 2,
        "held": 1,
        "accepted": [
            {"plate": "68C-1", "checkpoint_id": "cp-1", "vi": "Có hiệu lực", "en": "Holds"}
        ],
        "refused": [
            {
                "plate": "69C-2",
                "checkpoint_id": "cp-1",
                "reason": "unknown_key",
                "forgery": "foreign_key",
                "posted": True,
                "vi": "Giấy giả",
                "en": "Forged",
            }
        ],
    },
    "strays": 1,
    "deviations": [
        {
            "truck_id": "k1",
            "corridor_id": "c1",
            "assignment_id": "a1",
            "since": "2021-08-24T03:00:00Z",
            "at": "2021-08-24T03:02:30Z",
            "until": "2021-08-24T03:09:00Z",
            "beyond_m": 431.6,
            "lasted_s": 540.0,
            "alert": "cleared",
        }
    ],
    "metering": {
        "place_id": "yard-1",
        "kind": "yard",
        "bays": 3,
        "trips": 60,
        "others": 0,
        "queue_peak": [9, 3],
        "ratio": 0.333,
        "tonnes": 300.0,
        "tonnes_in_time": [290.0, 300.0],
        "mean_wait_min": [24.5, 4.0],
        "mean_hold_min": 40.0,
    },
} | dict.fromkeys(
    (
        "events_published",
        "duplicates_ignored",
        "dead_letters",
        "simulated_events",
        "events_applied",
        "redelivered",
        "lots_declared",
        "lots_withdrawn",
        "lots_delivered",
        "lots_delivered_in_hold",
        "tonnes_delivered",
        "assignments",
        "declined",
        "reassignments",
        "wall_s",
    ),
    7,
)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """A demo never runs over what somebody keeps."""
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(StackError, match="not empty"):
        run_demo(Demo(folder=tmp_path))
    assert (tmp_path / "mine").read_text() == "kept"


def test_without_roads_the_demo_says_how_to_build_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is started before that is known."""
    monkeypatch.setenv("HARVESTLANE_NETWORK", str(tmp_path / "none"))
    with pytest.raises(StackError, match="roads build --bundled"):
        run_demo(Demo(folder=tmp_path / "home"))


def test_the_table_tells_counts_latencies_and_what_is_broken() -> None:
    """A person sees at once which invariant does not hold, and by what."""
    lines = "\n".join(_table(SUMMARY))
    assert "4.2.0" in lines
    assert "40 ms p50, 900 ms p99" in lines
    assert "none p50" in lines
    assert "BROKEN" in lines
    assert "lot l1: Redis is older." in lines
    assert "3 records were not dealt with" in lines
    assert "four fifths" in lines


def test_the_table_tells_the_forged_pass_the_deviation_and_the_queue() -> None:
    """What the day had to show stands in lines of its own."""
    lines = list(_table(SUMMARY))
    assert "pass of 68C-1 at cp-1: holds" in lines
    assert "pass of 69C-2 at cp-1: refused, unknown_key" in lines
    assert "    Giấy giả / Forged" in lines
    assert "deviation: truck k1, corridor c1, 432 m outside for 9 min; alert cleared" in lines
    assert (
        "queue at yard-1: peak 9 unmetered, 3 metered (0.33 times); "
        "tonnes in time 290.0 unmetered, 300.0 metered, of 300.0"
    ) in lines


def test_verify_tells_the_first_violations_of_each_invariant() -> None:
    """The rest is in the JSON."""
    many = [{"rule": "overlap", "detail": f"number {n}"} for n in range(9)]
    finding = {"ok": False, "checked": 90, "broken": 9, "violations": many}
    doc = {"invariants": {"trips_feasible": finding}, "lag": 0, "records": 90, "took_s": 1.0}
    lines = list(table(doc))
    assert "BROKEN 9 times" in lines[0]
    assert [line for line in lines if "number 4" in line]
    assert not [line for line in lines if "number 5" in line]


@pytest.mark.parametrize("words", [("verify",), ("projection", "rebuild")])
def test_without_a_stack_the_error_is_one_line_that_says_what_to_do(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback, whatever is missing."""
    settings = Settings.throwaway(tmp_path)
    for name, value in settings.environment().items():
        if name.startswith("HARVESTLANE_"):
            monkeypatch.setenv(name, value)
    result = CliRunner().invoke(build_app(), [*words, "--json"])
    assert isinstance(result.exception, Unavailable)
    assert "harvestlane up" in str(result.exception)
    assert "\n" not in str(result.exception)
    assert result.stdout == ""


def test_demo_offers_what_the_contract_names() -> None:
    """Speed, JSON and seed are options."""
    result = CliRunner().invoke(build_app(), ["demo", "--help"])
    assert all(option in result.stdout for option in ("--speed", "--json", "--seed", "--keep"))
