"""Kill a worker, the API and Redis in the middle of the demo: it ends with everything true."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.demo import SCENARIO
from infra.scenario.generate import generate
from infra.scenario.run import Run, run_path
from infra.scenario.script import dump_script, read_script
from infra.settings import PROJECT, Settings
from infra.stack.record import Record
from infra.verify.judge import INVARIANTS
from schemas.model import format_time

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]

HOURS = 9
"""How much of the day is played: the morning's harvest, and its deliveries."""
SPEED = 600
KILLS = (("worker-1", 0.35), ("api", 0.5), ("redis", 0.65))
"""Who is killed, and after which share of the scenario's events."""
WITHIN_S = 120.0

PROMISED = {
    "broker",
    "roads",
    "events_published",
    "dead_letters",
    "duplicates_ignored",
    "simulated_events",
    "redelivered",
    "events_applied",
    "lots_declared",
    "lots_withdrawn",
    "lots_delivered",
    "lots_delivered_in_hold",
    "tonnes_delivered",
    "assignments",
    "reassignments",
    "declined",
    "latency_ms",
    "invariants",
    "wall_s",
    "speed",
    "seed",
    "passes",
    "deviations",
    "metering",
}


@dataclass(frozen=True)
class Ended:
    """A demo that has ended."""

    status: int
    summary: dict[str, Any]
    errors: str
    supervisor: str
    restarted: dict[str, bool]
    """Whether each killed process ran again, under another id."""


def shortened(folder: Path) -> Path:
    """Write the demo scenario's first hours as a scenario of its own."""
    whole = folder / "whole.jsonl"
    generate(SCENARIO, out=whole)
    script = read_script(whole)
    end = script.start + timedelta(hours=HOURS)
    path = folder / "morning.jsonl"
    lines = [line.raw for line in script.lines if line.at <= end]
    with path.open("wb") as file:
        file.writelines(dump_script(script.meta | {"end": format_time(end)}, lines))
    return path


def until(what: str, holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until something holds, as long as the demo runs."""
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert process.poll() is None, f"the demo ended before {what}"
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.2)


def pid_of(settings: Settings, name: str) -> int | None:
    """Return the id under which a process of the demo's stack runs."""
    record = Record.read(settings)
    processes = record.processes if record is not None else ()
    return next((one.pid for one in processes if one.name == name), None)


def kill_and_await(settings: Settings, name: str, process: subprocess.Popen[bytes]) -> bool:
    """Kill one process with SIGKILL and wait until the supervisor has started it again."""
    before = pid_of(settings, name)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    until(f"{name} runs again", lambda: pid_of(settings, name) not in {None, before}, process)
    return True


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Run `harvestlane demo` on a morning, and kill in the middle of it."""
    folder = tmp_path_factory.mktemp("chaos")
    scenario = shortened(folder)
    count = len(read_script(scenario).lines)
    home = folder / "home"
    settings = Settings(home=home)
    words = ("demo", "--json", "--speed", str(SPEED), "--scenario", str(scenario))
    with (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(
            (sys.executable, "-m", "infra.cli", *words, "--keep", str(home)),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            restarted = {}
            for name, share in KILLS:
                sent = _sent(settings, scenario.stem)
                until(f"{share:.0%} are sent", lambda s=share, n=sent: n() >= s * count, process)
                restarted[name] = kill_and_await(settings, name, process)
            output, _ = process.communicate(timeout=300)
        except BaseException:
            process.terminate()
            process.communicate(timeout=90)
            raise
    return Ended(
        process.returncode,
        json.loads(output or b"{}"),
        (folder / "errors").read_text(),
        settings.log_path("supervisor").read_text(),
        restarted,
    )


def _sent(settings: Settings, name: str) -> Callable[[], int]:
    def position() -> int:
        run = Run.load(run_path(settings, name))
        return 0 if run is None else run.position

    return position


def test_the_demo_ends_well(ended: Ended) -> None:
    """It exits 0 and says nothing but one JSON object."""
    assert ended.status == 0, (ended.errors, ended.summary.get("violations"))
    assert ended.errors == ""


def test_every_invariant_is_true(ended: Ended) -> None:
    """Crashes in the middle break nothing."""
    assert ended.summary["invariants"] == dict.fromkeys(INVARIANTS, True)
    assert ended.summary["lag"] == 0


def test_the_supervisor_started_again_what_was_killed(ended: Ended) -> None:
    """Each killed process ran again under another id, and the log says why."""
    assert ended.restarted == {name: True for name, _ in KILLS}
    for name, _ in KILLS:
        assert f"{name} was killed by SIGKILL" in ended.supervisor


def test_the_summary_has_what_is_promised(ended: Ended) -> None:
    """The object holds at least what users were told."""
    assert set(ended.summary) >= PROMISED
    assert set(ended.summary["latency_ms"]) == {"event_to_state", "event_to_assignment"}
    assert ended.summary["broker"]["name"] == "Apache Kafka"


def test_work_was_done(ended: Ended) -> None:
    """Trucks were offered lots, drove, and delivered."""
    assert ended.summary["assignments"] > 10
    assert ended.summary["lots_delivered"] > 5
    assert ended.summary["tonnes_delivered"] > 0
    assert ended.summary["simulated_events"] > 100
    assert ended.summary["duplicates_ignored"] > 0
    assert ended.summary["dead_letters"] > 0


def test_the_forged_passes_were_turned_back(ended: Ended) -> None:
    """The real one holds; both others are refused, and the checkpoint said so."""
    passes = ended.summary["passes"]
    assert (passes["presented"], passes["held"]) == (3, 1)
    assert [one["reason"] for one in passes["refused"]] == ["unknown_key", "bad_signature"]
    assert all(one["posted"] for one in passes["refused"])


def test_deviations_are_told_as_they_were_said(ended: Ended) -> None:
    """Each names its truck and corridor and lasted two minutes or more."""
    assert ended.summary["strays"] == 1
    for one in ended.summary["deviations"]:
        assert one["truck_id"]
        assert one["corridor_id"]
        assert one["beyond_m"] >= 50
        assert one["lasted_s"] >= 120


def test_the_longest_queue_is_told_unmetered_and_metered(ended: Ended) -> None:
    """Loaded trips passed it, and no more came in time than were carried."""
    found = ended.summary["metering"]
    assert found["trips"] > 0
    assert found["queue_peak"][1] <= found["queue_peak"][0] + 1
    assert all(0 <= tonnes <= found["tonnes"] for tonnes in found["tonnes_in_time"])
