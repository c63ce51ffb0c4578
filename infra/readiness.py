"""Say, and see, whether a process is ready, by a small file that the process renews."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

RENEW_EVERY_S = 1.0
"""How often a process writes its file."""

STALE_AFTER_S = 5.0
"""How old a file may be and still count."""


@dataclass(frozen=True)
class Sign:
    """Hold what a process last said of itself.

    Attributes
    ----------
    pid
        Process that said it.
    ready
        Whether it can do its work.
    at
        When it said so, in seconds since 1970.
    """

    pid: int
    ready: bool
    at: float

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read the file of one process; None where there is no whole one.

        Parameters
        ----------
        path
            The process's file, see `infra.settings.Settings.readiness_path`.
        """
        try:
            raw = json.loads(path.read_bytes())
            return cls(pid=int(raw["pid"]), ready=bool(raw["ready"]), at=float(raw["at"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def holds(self, pid: int) -> bool:
        """Tell whether this sign says, freshly, that the process `pid` is ready."""
        return self.ready and self.pid == pid and abs(time.time() - self.at) <= STALE_AFTER_S


class Readiness:
    """Let this process say whether it is ready; to be renewed every `RENEW_EVERY_S`.

    Parameters
    ----------
    path
        File to write, see `infra.settings.Settings.readiness_path`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, ready: bool) -> None:  # noqa: FBT001
        """Replace the file as one step, so that no reader sees half of it.

        Parameters
        ----------
        ready
            Whether this process can do its work now.
        """
        draft = self._path.with_suffix(f".{os.getpid()}.tmp")
        sign = {"pid": os.getpid(), "ready": ready, "at": time.time()}
        draft.write_text(json.dumps(sign), encoding="utf-8")
        draft.replace(self._path)
