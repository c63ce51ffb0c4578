"""Fake children: tiny Python programs that behave in one way each."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from infra.supervisor import Child, Report, Supervisor

RUNS = "import time; time.sleep(600)"
WRITES_READY = """
import pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text("ready")
time.sleep(600)
"""
DIES = "import sys; sys.exit('harvestlane: no luck today')"
DIES_ONCE = """
import pathlib, sys, time
if not pathlib.Path(sys.argv[1]).exists():
    pathlib.Path(sys.argv[1]).write_text("been here")
    sys.exit(3)
time.sleep(600)
"""
IGNORES_TERM = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("ready")
time.sleep(600)
"""
HAS_A_CHILD = """
import pathlib, subprocess, sys, time
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(str(other.pid))
time.sleep(600)
"""
NOTES_ITS_END = """
import pathlib, signal, sys, time
def end(*_):
    with open(sys.argv[2], "a") as file:
        file.write(sys.argv[3] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1]).write_text("ready")
time.sleep(600)
"""


def child(
    folder: Path,
    name: str,
    program: str,
    *words: str,
    is_ready: Callable[[int], bool] | None = None,
    stop_within_s: float = 10.0,
    may_end: bool = False,
    is_still: Callable[[int], bool] = lambda _pid: False,
) -> Child:
    """Describe a fake child; ready at once where nothing else is said."""
    return Child(
        name=name,
        command=(sys.executable, "-c", program, *words),
        log=folder / f"{name}.log",
        is_ready=is_ready or (lambda _pid: True),
        stop_within_s=stop_within_s,
        may_end=may_end,
        is_still=is_still,
    )


@dataclass
class Watcher:
    """Note what a supervisor says, and end it when something has come about."""

    until: Callable[["Watcher"], bool]
    said: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    history: list[list[Report]] = field(default_factory=list)
    supervisor: Supervisor | None = None
    became_ready: bool = False

    def say(self, line: str) -> None:
        """Take a line."""
        self.said.append(line)
        self.look()

    def on_change(self, reports: list[Report]) -> None:
        """Take the state of all children."""
        self.reports = reports
        self.history.append(reports)
        self.look()

    def on_ready(self) -> None:
        """Take that all is ready."""
        self.became_ready = True
        self.look()

    def look(self) -> None:
        """Ask the supervisor to stop once what was waited for is there."""
        if self.supervisor is not None and self.until(self):
            self.supervisor.ask_to_stop()

    def heard(self, words: str) -> bool:
        """Tell whether a line with these words was said."""
        return any(words in line for line in self.said)

    def pid(self, name: str) -> int | None:
        """Return the process id that a child has now."""
        return next((report.pid for report in self.reports if report.name == name), None)
