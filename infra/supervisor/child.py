"""Describe a child process: how it starts, when it is ready, how it ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

State = Literal["starting", "running", "stopping", "dead"]
"""What becomes of a process; between a death and the next start it is `dead`."""


def _nothing() -> None:
    """Do nothing."""


def _never(_pid: int) -> bool:
    """Tell nobody to be still."""
    return False


@dataclass(frozen=True, slots=True)
class Child:
    """Describe one process to be kept running.

    Attributes
    ----------
    name
        How people know it, such as `worker-1`.
    command
        Program and arguments.
    log
        File to which its output is appended.
    is_ready
        Tell whether the process with this id can do its work now; answers within a second or two.
    environment
        Its whole environment; the supervisor's own where None.
    prepare
        Called before every start; raises `StackError` where a start is hopeless.
    stop_within_s
        Time from SIGTERM to SIGKILL when it is stopped.
    may_end
        Whether exit status 0 means that its work is done, rather than that it died.
    is_still
        Tell whether the process with this id gives no sign of life; one that stays so is killed.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    is_ready: Callable[[int], bool]
    environment: Mapping[str, str] | None = None
    prepare: Callable[[], None] = _nothing
    stop_within_s: float = 10.0
    may_end: bool = False
    is_still: Callable[[int], bool] = _never


@dataclass(frozen=True, slots=True)
class Stage:
    """Name children that start together once all earlier stages are ready.

    Attributes
    ----------
    children
        What to start.
    then
        Called once, when all of them are ready and before the next stage starts.
    """

    children: tuple[Child, ...]
    then: Callable[[], None] = field(default=_nothing)


@dataclass(frozen=True, slots=True)
class Report:
    """Say how one process is.

    Attributes
    ----------
    name
        The child's name.
    pid
        Its process id; None while it is dead.
    state
        What becomes of it.
    ready
        Whether it can do its work.
    """

    name: str
    pid: int | None
    state: State
    ready: bool
