"""Run the command, look at processes, kill them, and wait for what becomes of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil

from infra.settings import Settings
from infra.stack import Stack


def cli(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one command of `harvestlane` with the settings of a stack."""
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *words],
        env=settings.environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def exists(pid: int) -> bool:
    """Tell whether a process runs (one that waits to be reaped does not)."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(what: Callable[[], bool]) -> None:
    """Wait until something holds; pytest's own timeout ends a hopeless wait."""
    while not what():
        time.sleep(0.02)


def kill_and_await(stack: Stack, name: str) -> int:
    """Kill a process of a stack by SIGKILL; return the one that is ready in its place."""
    pid = stack.pid_of(name)
    os.kill(pid, signal.SIGKILL)
    while True:
        for process in stack.status()["processes"]:
            if process["name"] == name and process["ready"] and process["pid"] != pid:
                return int(process["pid"])
        time.sleep(0.2)
