"""Do what a schedule says to a running stack, and see that it has been done."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import psutil
from redis import Redis

from infra.bench.chaos.schedule import Fault, Kind
from infra.bench.chaos.stack import ChaosStack
from infra.bench.chaos.watcher import Watcher
from schemas.errors import StackError

Found = TypeVar("Found")

INBOX = ("dispatch.inbox.v1", 0)
_POLL_S = 0.1
_WITHIN_S = 120.0
_SPAWNED = "spawn_main"


class Hand:
    """Break one thing at a time.

    Parameters
    ----------
    stack
        What is broken.
    watcher
        Knows which worker leads dispatch.
    """

    def __init__(self, stack: ChaosStack, watcher: Watcher) -> None:
        self._stack = stack
        self._watcher = watcher
        self._ways: Mapping[Kind, Callable[[Fault], None]] = {
            "kill_worker": lambda fault: self._kill(f"worker-{fault.target}"),
            "stop_worker": self._stop_worker,
            "kill_broker": lambda fault: self._kill(f"kafka-{fault.target}"),
            "partition_worker": self._partition,
            "kill_redis": lambda _fault: self._kill("redis"),
            "flush_redis": lambda _fault: self._flush(),
            "kill_solver": lambda _fault: self._kill_solver(),
            "restart_all": lambda _fault: self._restart(),
        }

    def do(self, fault: Fault) -> None:
        """Break something, and return once it is broken no more, or another runs in its place.

        Parameters
        ----------
        fault
            What, and whom it hits.

        Raises
        ------
        StackError
            Nobody took a dead process's place in time.
        """
        self._ways[fault.kind](fault)

    def _kill(self, name: str) -> None:
        pid = self._stack.pid_of(name)
        os.kill(pid, signal.SIGKILL)
        self._await_another(name, pid)

    def _stop_worker(self, fault: Fault) -> None:
        """Let a worker stand still until the time is over, or somebody has ended it."""
        name = f"worker-{fault.target}"
        process = psutil.Process(self._stack.pid_of(name))
        ends = time.monotonic() + fault.lasts_s
        process.suspend()
        while time.monotonic() < ends:
            if not _lives(process):
                self._await_another(name, process.pid)
                return
            time.sleep(_POLL_S)
        process.resume()

    def _partition(self, fault: Fault) -> None:
        proxy = self._stack.proxies[f"worker-{fault.target}"]
        proxy.cut()
        try:
            time.sleep(fault.lasts_s)
        finally:
            proxy.mend()

    def _flush(self) -> None:
        with Redis.from_url(self._stack.settings.redis_url, socket_timeout=10) as client:
            client.flushall()

    def _kill_solver(self) -> None:
        """Kill what plans for the worker that leads dispatch, and wait until another plans."""
        solver = _await(self._solver, "there is no planner's process to kill")
        solver.kill()
        _await(
            lambda: (found := self._solver()) is not None and found.pid != solver.pid,
            "no planner's process was started again",
        )

    def _solver(self) -> psutil.Process | None:
        name = self._watcher.leader_of(INBOX)
        if name is None:
            return None
        try:
            for child in psutil.Process(self._stack.pid_of(name)).children():
                if any(_SPAWNED in word for word in child.cmdline()):
                    return child
        except (psutil.Error, StackError):
            return None
        return None

    def _restart(self) -> None:
        self._stack.kill()
        self._stack.start()
        self._stack.wait_until_ready()

    def _await_another(self, name: str, pid: int) -> None:
        def is_another() -> bool:
            try:
                return self._stack.pid_of(name) != pid
            except StackError:  # it is dead
                return False

        _await(is_another, f"{name} was not started again")


def _await(look: Callable[[], Found | None], why: str) -> Found:
    """Return what is found in time."""
    deadline = time.monotonic() + _WITHIN_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise StackError(why)
        time.sleep(_POLL_S)
    return found


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
