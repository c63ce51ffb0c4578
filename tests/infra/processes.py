"""Look at processes, and wait for what becomes of them."""

import time
from collections.abc import Callable

import psutil


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
