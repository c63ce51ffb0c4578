"""Start one operating-system process so that nothing of it can be left behind."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable

from infra.supervisor import logfile
from infra.supervisor.child import Child
from schemas.errors import StackError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def end_with_parent(parent: int, number: signal.Signals) -> Callable[[], None]:
    """Make the function that a new process calls to be signalled when its parent dies.

    Parameters
    ----------
    parent
        Process id of the parent, to notice that it died before the call.
    number
        The signal to get.
    """

    def ask() -> None:
        if sys.platform == "linux":
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(number))
            if os.getppid() != parent:
                os.kill(os.getpid(), number)

    return ask


def spawn(child: Child) -> subprocess.Popen[bytes]:
    """Start a child as the head of its own process group, killed if this process dies.

    Parameters
    ----------
    child
        What to start.

    Raises
    ------
    StackError
        The program is missing.
    """
    log = logfile.open_for_append(child.log)
    try:
        return subprocess.Popen(  # noqa: S603 - commands come from infra.stack
            child.command,
            env=child.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=end_with_parent(os.getpid(), signal.SIGKILL),  # noqa: PLW1509 - takes no lock
        )
    except FileNotFoundError as error:
        raise StackError(
            f"{child.name}: the program {child.command[0]} is missing; run `make setup`"
        ) from error
    finally:
        os.close(log)


def collect(process: subprocess.Popen[bytes]) -> int | None:
    """Return the exit status of a process that ended, having killed what is left of its group.

    Parameters
    ----------
    process
        A process from `spawn`.

    Returns
    -------
    int or None
        Exit status, negative for a signal; None while the process runs.
    """
    if process.returncode is not None:
        return process.returncode
    # Look without reaping: until then nobody else can get this process group's number.
    if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        return None
    kill_group(process)
    return process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that has not been reaped, and all of its group."""
    os.killpg(process.pid, signal.SIGKILL)
