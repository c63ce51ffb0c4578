"""Stand in for the planner's process: it does as a file says, and hangs, dies or fails at will."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SLEEPS_S = {"hang": 600, "think": 0.2}


@dataclass(frozen=True)
class Moody:
    """A solver whose mood is in a file; it notes every question beside it."""

    folder: Path

    def feel(self, mood: str) -> None:
        """Be so from the next question on."""
        (self.folder / "mood").write_text(mood)

    def asked(self) -> int:
        """Count the questions so far."""
        notes = self.folder / "asked"
        return len(notes.read_text()) if notes.exists() else 0

    def __call__(self, plan_id: str) -> Any:
        """Answer with an empty plan of that name, or do not answer at all."""
        with (self.folder / "asked").open("a") as notes:
            notes.write("?")
        match (self.folder / "mood").read_text():
            case "hang" | "think" as mood:
                time.sleep(_SLEEPS_S[mood])
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "leave":
                os._exit(3)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "exhaust":
                raise MemoryError("no memory is left")
            case "raise":
                raise ZeroDivisionError("a truck of no kilograms")
            case "babble":
                return {"trips": "many"}
            case "secret":
                return lambda: None
            case "pid":
                return os.getpid()
        return empty(plan_id)


def empty(plan_id: str) -> dict[str, Any]:
    """Return a plan of nothing."""
    return {
        "plan_id": plan_id,
        "basis": 0,
        "trips": [],
        "unassigned": [],
        "stranded": [],
        "waiting": [],
        "refused_overrides": [],
        "skipped": [],
        "planned_at": "2021-08-25T05:00:00Z",
        "took_ms": 1.0,
    }


def start() -> None:
    """Load nothing."""


def start_never() -> None:
    """Load for ever."""
    time.sleep(600)


def start_broken() -> None:
    """Find no roads."""
    raise FileNotFoundError("there is no road network")
