"""Look at processes, kill them, and wait for what becomes of them."""

import os
import signal
import time
from collections.abc import Callable

import psutil

from infra.stack import Stack


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
