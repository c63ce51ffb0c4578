"""Keep what a run has done, so that a player that dies goes on where it stood."""

from __future__ import annotations

import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from infra.scenario.generate import SCENARIOS, generate
from infra.scenario.script import ScenarioError
from infra.settings import Settings
from schemas.model import format_time


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one scenario on one stack; saved after the broker has confirmed what it says.

    Attributes
    ----------
    scenario, digest
        The file's name without its ending, and what its content was when the run began.
    run_id
        Marks the ids of the run's events.
    started_at, finished_at
        Wall times.
    position
        How many lines of the file have been sent.
    mark
        The scenario's time up to which everything has been sent; None before the start.
    assignments_from, assignments_next
        Offsets in `dispatch.assignment.v1`: where the run began, and what it has heard.
    simulated
        How many events the simulated trucks have sent, by type.
    """

    scenario: str
    digest: str
    run_id: str
    started_at: str
    finished_at: str | None = None
    position: int = 0
    mark: str | None = None
    assignments_from: int | None = None
    assignments_next: int = 0
    simulated: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Run | None:
        """Read a run; None where there is none.

        Raises
        ------
        ScenarioError
            The file is no run.
        """
        try:
            return cls(**orjson.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (TypeError, ValueError):
            raise ScenarioError(f"{path} is no run of a scenario; remove it") from None

    def save(self, path: Path) -> None:
        """Replace the file as one step."""
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_bytes(orjson.dumps(asdict(self)))
        draft.replace(path)

    def but(self, **fields: Any) -> Run:
        """Return the run with other fields."""
        return replace(self, **fields)


def run_path(settings: Settings, name: str) -> Path:
    """Name the file that keeps the run of a scenario."""
    return settings.home / "scenario" / f"{name}.json"


def find_script(settings: Settings, name: str) -> Path:
    """Return the file of a scenario: the named file, or a known scenario's, made where missing.

    Parameters
    ----------
    settings
        Name the stack's folder.
    name
        A path, or one of `infra.scenario.generate.SCENARIOS`.

    Raises
    ------
    ScenarioError
        There is neither.
    """
    if name in SCENARIOS:
        path = settings.home / "scenario" / f"{name}.jsonl"
        if not path.exists():
            generate(name, out=path)
        return path
    path = Path(name).expanduser()
    if not path.is_file():
        raise ScenarioError(
            f"{name!r} is neither a file nor a scenario; there is {', '.join(SCENARIOS)}"
        )
    return path


def begin_or_resume(settings: Settings, script_path: Path) -> tuple[Run, Path]:
    """Return the run of a scenario on this stack, and the file that keeps it.

    Raises
    ------
    ScenarioError
        The scenario file is another than the one that the run began with.
    """
    path = run_path(settings, script_path.stem)
    digest = blake2b(script_path.read_bytes(), digest_size=12).hexdigest()
    run = Run.load(path)
    if run is not None:
        if run.digest != digest:
            raise ScenarioError(
                f"{script_path} changed since its run began; remove {path} to play it anew"
            )
        return run, path
    path.parent.mkdir(parents=True, exist_ok=True)
    run = Run(
        scenario=script_path.stem,
        digest=digest,
        run_id=secrets.token_hex(4),
        started_at=format_time(datetime.now(UTC)),
    )
    run.save(path)
    return run, path
