"""Write down which stack runs from a folder, so that other commands find it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from infra.settings import Settings, load_settings
from infra.supervisor import Report
from schemas.errors import StackError


@dataclass(frozen=True, slots=True)
class Record:
    """What the supervisor last wrote down.

    Attributes
    ----------
    pid
        Process id of the supervisor.
    ready
        Whether everything has been ready once.
    settings
        The settings that the stack runs with.
    processes
        How its children are.
    """

    pid: int
    ready: bool
    settings: dict[str, Any]
    processes: tuple[Report, ...]

    @classmethod
    def read(cls, settings: Settings) -> Self | None:
        """Read the record of the stack that runs from a folder; None where none runs.

        Parameters
        ----------
        settings
            Name the folder.
        """
        if not is_locked(settings):
            return None
        try:
            raw = json.loads(_path(settings).read_bytes())
        except (OSError, ValueError):
            return None
        processes = tuple(Report(**process) for process in raw["processes"])
        return cls(raw["pid"], raw["ready"], raw["settings"], processes)

    def write(self, settings: Settings) -> None:
        """Replace the record as one step; the settings in it are for its owner only."""
        draft = _path(settings).with_suffix(".tmp")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self)), encoding="utf-8")
        draft.replace(_path(settings))

    def running_settings(self, asked: Settings) -> Settings:
        """Return the settings that the stack runs with, whatever the environment says by now."""
        return type(asked).model_validate(self.settings)


def running_settings(settings: Settings) -> Settings:
    """Return the settings of the stack that runs from a folder; those given where none runs.

    Parameters
    ----------
    settings
        Name the folder.
    """
    record = Record.read(settings)
    return settings if record is None else record.running_settings(settings)


def load_running_settings() -> Settings:
    """Read the settings, and go by those of the stack that runs from their folder, if one does."""
    return running_settings(load_settings())


@contextmanager
def held(settings: Settings) -> Iterator[None]:
    """Hold a stack's folder for this process; let go, whatever happens, when it ends.

    Parameters
    ----------
    settings
        Name the folder.

    Raises
    ------
    StackError
        Another stack runs from this folder.
    """
    settings.make_home()
    settings.run_dir.mkdir(exist_ok=True)
    with _lock_path(settings).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError(
                f"a stack already runs from {settings.home} (pid {holder(settings) or 'unknown'}); "
                "see it with `harvestlane status`, stop it with `harvestlane down`"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            _path(settings).unlink(missing_ok=True)
            file.truncate(0)


def is_locked(settings: Settings) -> bool:
    """Tell whether a supervisor holds the stack's folder."""
    try:
        with _lock_path(settings).open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def holder(settings: Settings) -> int | None:
    """Return the process id of the supervisor that holds the stack's folder."""
    try:
        return int(_lock_path(settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _path(settings: Settings) -> Path:
    return settings.run_dir / "stack.json"


def _lock_path(settings: Settings) -> Path:
    return settings.run_dir / "stack.lock"
