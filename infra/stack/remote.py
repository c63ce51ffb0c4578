"""Start a stack in a process of its own, look at it, and stop it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from infra.settings import Settings
from infra.stack.plan import Wanted
from infra.stack.record import Record, holder, is_locked
from infra.stack.status import describe
from infra.supervisor.logfile import last_words, open_for_append, size
from infra.supervisor.process import end_with_parent
from schemas.errors import StackError

_POLL_S = 0.1
_READY_WITHIN_S = 300.0
_STOP_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True)
class Stack:
    """Hold a running stack.

    Attributes
    ----------
    settings
        The settings that it runs with: folder, ports, clock.
    """

    settings: Settings

    def status(self) -> dict[str, Any]:
        """Return what `harvestlane status --json` prints."""
        return describe(self.settings)

    def pid_of(self, name: str) -> int:
        """Return the process id of one process, such as `worker-1`.

        Raises
        ------
        StackError
            No such process runs at the moment.
        """
        record = Record.read(self.settings)
        for process in record.processes if record else ():
            if process.name == name and process.pid is not None:
                return process.pid
        raise StackError(f"{name} does not run in the stack of {self.settings.home}")

    def log(self, name: str) -> str:
        """Return what one process has logged."""
        path = self.settings.log_path(name)
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@contextmanager
def running_stack(
    settings: Settings,
    *,
    scenario: str | None = None,
    speed: float | None = None,
    workers: int | None = None,
    broker_only: bool = False,
) -> Iterator[Stack]:
    """Run a stack beside this process, for as long as the block lasts.

    Parameters
    ----------
    settings
        Usually `Settings.throwaway(folder)`.
    scenario
        Name or file of a scenario to play.
    speed
        Seconds of the scenario's clock in one second.
    workers
        Number of stream workers, where the settings' is not wanted.
    broker_only
        Whether to run Kafka and Redis, with the topics, and nothing else.

    Yields
    ------
    Stack
        The stack, everything in it ready.

    Raises
    ------
    StackError
        It did not become ready; the message quotes the log that says why.
    """
    if workers is not None:
        settings = settings.model_copy(update={"workers": workers})
    wanted = Wanted(scenario, speed, broker_only)
    process = _spawn(settings, wanted, preexec=end_with_parent(os.getpid(), signal.SIGTERM))
    try:
        _wait_until_ready(settings, process)
        yield Stack(wanted.clocked(settings))
    finally:
        process.terminate()
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_detached(settings: Settings, wanted: Wanted) -> Settings:
    """Start a stack that outlives this process, and wait until it is ready.

    Parameters
    ----------
    settings
        Folder, addresses and number of workers.
    wanted
        Which part of a stack.

    Returns
    -------
    Settings
        The settings that it runs with.

    Raises
    ------
    StackError
        It did not become ready; it has been stopped again.
    """
    process = _spawn(settings, wanted, preexec=None)
    try:
        _wait_until_ready(settings, process)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    return wanted.clocked(settings)


def stop(settings: Settings) -> bool:
    """Stop the stack of a folder and wait until all of it has ended.

    Parameters
    ----------
    settings
        Name the folder.

    Returns
    -------
    bool
        Whether one ran.

    Raises
    ------
    StackError
        It may not be stopped by this user.
    """
    if not is_locked(settings):
        return False
    pid = holder(settings)
    if pid is None:
        raise StackError(f"a stack holds {settings.home} but says no process id; try again")
    _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_WITHIN_S
    while is_locked(settings) or _runs(pid):
        if time.monotonic() > deadline:
            _signal(pid, signal.SIGKILL)  # its children are killed with it
        time.sleep(_POLL_S)
    return True


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise StackError(f"the stack (pid {pid}) belongs to another user; ask its owner") from error


def _spawn(
    settings: Settings, wanted: Wanted, *, preexec: Callable[[], None] | None
) -> subprocess.Popen[bytes]:
    words = ["up"]
    if wanted.broker_only:
        words.append("--broker-only")
    if wanted.scenario is not None:
        words += ["--scenario", wanted.scenario]
    if wanted.speed is not None:
        words += ["--speed", str(wanted.speed)]
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    errors = settings.run_dir / "up.err"
    errors.unlink(missing_ok=True)
    descriptor = open_for_append(errors)
    try:
        return subprocess.Popen(  # noqa: S603 - our own command
            (sys.executable, "-m", "infra.cli", *words),
            env=settings.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=descriptor,
            start_new_session=True,
            preexec_fn=preexec,  # noqa: PLW1509 - sets one flag of the new process
        )
    finally:
        os.close(descriptor)


def _wait_until_ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    log = settings.log_path("supervisor")
    log_from = size(log)
    deadline = time.monotonic() + _READY_WITHIN_S
    while True:
        record = Record.read(settings)
        if record is not None and record.ready and record.pid == process.pid:
            return
        if process.poll() is not None:
            errors = settings.run_dir / "up.err"
            words = last_words(errors) or last_words(log, log_from)
            why = words.removeprefix("harvestlane: ") or f"it ended with {process.returncode}"
            raise StackError(f"{why} (more in {settings.log_dir})")
        if time.monotonic() > deadline:
            words = last_words(log, log_from)
            raise StackError(f"the stack is not ready after {_READY_WITHIN_S:.0f} s: {words}")
        time.sleep(_POLL_S)
