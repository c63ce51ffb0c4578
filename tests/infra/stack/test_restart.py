"""Restart a stack's processes while events come, and lose none."""

from __future__ import annotations

import json
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.bench.load import Load, pump
from infra.settings import Settings
from infra.stack import Stack
from infra.stack.restart import Requests, restart
from schemas.errors import StackError
from tests.infra.processes import cli


def test_no_stack_no_restart(tmp_path: Path) -> None:
    """The sentence says how to start one."""
    with pytest.raises(StackError, match="harvestlane up"):
        list(restart(Settings.throwaway(tmp_path)))


def test_a_request_is_taken_once_and_names_the_usual_ones(tmp_path: Path) -> None:
    """Garbage in its place is thrown away."""
    settings = Settings.throwaway(tmp_path)
    settings.run_dir.mkdir(parents=True)
    waiting = settings.run_dir / "restart.json"
    waiting.write_text('{"id": "old", "names": []}')
    requests = Requests(settings, ["worker-1", "api"])
    assert requests() is None  # it was put to a supervisor that is no more
    waiting.write_text('{"id": "a1", "names": []}')
    taken = requests()
    assert taken is not None
    assert taken.names == ("worker-1", "api")
    assert requests() is None
    waiting.write_text("{")
    assert requests() is None
    assert not waiting.exists()
    taken.came_back("worker-1", 2.345)
    taken.over("api was not ready")
    answer = json.loads((settings.run_dir / "restart-a1.json").read_text())
    assert answer == {"restarted": {"worker-1": 2.35}, "over": True, "error": "api was not ready"}


@pytest.mark.integration
def test_workers_are_restarted_under_load_and_nothing_is_lost(stack: Stack) -> None:
    """All of ours have new processes, Kafka and Redis the old ones, and `verify` is content."""
    names = ("kafka", "redis", "worker-1", "worker-2", "projector", "api")
    before = {name: stack.pid_of(name) for name in names}
    load, over = Load(17, trucks=20), threading.Event()
    servers = stack.settings.bootstrap_servers
    pump(servers, load.furniture(), rate_per_s=math.inf)
    with ThreadPoolExecutor(1) as pool:
        pumping = pool.submit(pump, servers, load.records(), rate_per_s=60, until=over.is_set)
        try:
            done = cli(stack.settings, "restart")
        finally:
            over.set()
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(names[2:])
    assert pumping.result().acknowledged > 100
    after = {name: stack.pid_of(name) for name in names}
    assert {name for name in names if before[name] == after[name]} == {"kafka", "redis"}
    verdict = json.loads(cli(stack.settings, "verify", "--json").stdout)
    assert verdict["ok"], verdict


@pytest.mark.integration
def test_an_unknown_name_is_status_1(stack: Stack) -> None:
    """The sentence names those there are."""
    done = cli(stack.settings, "restart", "nobody")
    assert done.returncode == 1
    assert "'nobody' is none of kafka, redis, worker-1" in done.stderr
