"""Start one contestant in a process of its own, hold it still while work is laid out, let it go."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from infra.settings import PROJECT
from infra.supervisor.logfile import last_words
from infra.supervisor.process import end_with_parent

_ENDS_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Say what a rival is to do.

    Attributes
    ----------
    servers
        The brokers.
    topic
        Where the positions come from, after the registrations, in the same partitions.
    registered
        How many of each partition's first records are registrations.
    group
        The consumer group.
    changelog
        Where to keep the state, where the rival does not name that topic itself.
    folder
        Where a table may be kept.
    options
        What else there is to choose.
    """

    servers: str
    topic: str
    registered: Sequence[int]
    group: str
    changelog: str
    folder: str
    options: Mapping[str, Any]

    @classmethod
    def read(cls) -> Self:
        """Read the errand of this process, its one argument."""
        return cls(**json.loads(sys.argv[1]))

    def say(self) -> str:
        """Write the errand as an argument."""
        return json.dumps(asdict(self))


class Process:
    """One process of a contest.

    Parameters
    ----------
    words
        What Python is to run: `-m` and a module, with its arguments.
    log
        The file that takes its words.
    environment
        Its environment.
    """

    def __init__(
        self, words: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, *words],
                cwd=PROJECT,
                env=dict(environment if environment is not None else os.environ),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                preexec_fn=end_with_parent(os.getpid(), signal.SIGKILL),  # noqa: PLW1509
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Tell whether it runs."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """Return the last line that it logged."""
        return last_words(self._log)

    def log(self) -> str:
        """Return everything that it logged."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def cpu_s(self) -> float:
        """Return what it and its children have used of the processors so far, seconds."""
        found = 0.0
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.pid)
            for one in (parent, *parent.children(recursive=True)):
                times = one.cpu_times()
                found += times.user + times.system
        return found

    def hold(self) -> None:
        """Hold it still."""
        self._process.send_signal(signal.SIGSTOP)

    def let_go(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Ask it to end, and see to it."""
        if not self.is_alive():
            return
        self.let_go()
        self._process.terminate()
        try:
            self._process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
