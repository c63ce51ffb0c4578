"""Ask the supervisor of a running stack to restart processes, and hear how it goes.

A request is a file in the stack's run folder, as readiness and the stack's record are: a signal
could name nobody, and a socket would be one more thing that listens. It is made in one step and
only where none waits, so that two people cannot overwrite each other; the supervisor takes it away
and answers in a file of the request's own.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.settings import Settings
from infra.stack.record import is_locked
from schemas.errors import StackError

_POLL_S = 0.1


@dataclass
class Answer:
    """What the supervisor says of a request so far.

    Attributes
    ----------
    restarted
        Seconds from SIGTERM until everything was ready again, by process, in order.
    over
        Whether nothing more is done.
    error
        Why not everything was done.
    """

    restarted: dict[str, float] = field(default_factory=dict)
    over: bool = False
    error: str | None = None


@dataclass
class Request:
    """A request that the supervisor has taken.

    Attributes
    ----------
    names
        Whom to restart, in this order.
    """

    id: str
    names: tuple[str, ...]
    _path: Path
    _answer: Answer = field(default_factory=Answer)

    def came_back(self, name: str, took_s: float) -> None:
        """Say that a process is ready again."""
        self._answer.restarted[name] = round(took_s, 2)
        self._write()

    def over(self, error: str | None) -> None:
        """Say that this was all."""
        self._answer.over, self._answer.error = True, error
        self._write()

    def _write(self) -> None:
        _put(self._path, asdict(self._answer))


class Requests:
    """The requests to one supervisor.

    Parameters
    ----------
    settings
        Name the stack.
    usual
        Whom to restart where a request names nobody.
    """

    def __init__(self, settings: Settings, usual: Sequence[str]) -> None:
        self._folder = settings.run_dir
        self._usual = tuple(usual)
        for path in (_waiting(self._folder), *self._folder.glob("restart-*.json")):
            path.unlink(missing_ok=True)  # of a supervisor that is no more

    def __call__(self) -> Request | None:
        """Take the request that waits, if one does."""
        path = _waiting(self._folder)
        if not path.exists():
            return None
        try:
            raw = json.loads(path.read_bytes())
            names = tuple(raw["names"]) or self._usual
            found = Request(raw["id"], names, _answer(self._folder, raw["id"]))
        except (OSError, ValueError, KeyError, TypeError):
            found = None
        path.unlink(missing_ok=True)
        return found


def restart(settings: Settings, names: Sequence[str] = ()) -> Iterator[tuple[str, float]]:
    """Restart processes of the stack that runs from a folder, one after another.

    Parameters
    ----------
    settings
        Name the folder.
    names
        Whom to restart, in this order; without any, all workers, the projector and the API.

    Yields
    ------
    tuple
        A process that came back, and the seconds until everything was ready again.

    Raises
    ------
    StackError
        No stack runs, another restart waits, a name is unknown, or a process did not come back.
    """
    request_id = secrets.token_hex(8)
    if not is_locked(settings):
        raise StackError(
            f"no stack runs from {settings.home}; start one with `harvestlane up` (or `make run`)"
        )
    _ask(settings.run_dir, request_id, names)
    told: set[str] = set()
    try:
        while True:
            answer = _read(_answer(settings.run_dir, request_id))
            yield from _news(answer, told)
            if answer.error is not None:
                raise StackError(answer.error)
            if answer.over:
                return
            if not is_locked(settings):
                raise StackError("the stack was stopped before everything was restarted")
            time.sleep(_POLL_S)
    finally:
        _answer(settings.run_dir, request_id).unlink(missing_ok=True)


def _news(answer: Answer, told: set[str]) -> Iterator[tuple[str, float]]:
    for name, took_s in answer.restarted.items():
        if name not in told:
            told.add(name)
            yield name, took_s


def _ask(folder: Path, request_id: str, names: Iterable[str]) -> None:
    draft = folder / f"restart.{request_id}.tmp"
    draft.write_text(json.dumps({"id": request_id, "names": list(names)}), encoding="utf-8")
    try:
        os.link(draft, _waiting(folder))
    except FileExistsError:
        raise StackError(
            "another restart waits for its turn; see `harvestlane status` and ask again"
        ) from None
    finally:
        draft.unlink()


def _read(path: Path) -> Answer:
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Answer(**json.loads(path.read_bytes()))
    return Answer()


def _put(path: Path, doc: Mapping[str, Any]) -> None:
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(doc), encoding="utf-8")
    draft.replace(path)


def _waiting(folder: Path) -> Path:
    return folder / "restart.json"


def _answer(folder: Path, request_id: str) -> Path:
    return folder / f"restart-{request_id}.json"
