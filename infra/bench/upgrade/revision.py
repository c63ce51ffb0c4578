"""Find an earlier revision of this project, and check it out beside this one, ready to run."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.settings import PROJECT
from schemas.errors import StackError

_FOLDED_BY = "streams"
_COMPILED = ("routing/engine", "routing/solver")
"""Where numba compiles, and keeps what it compiled beside the sources."""
_WARM = (
    "from routing.engine.warm import warm as roads; from routing.solver.warm import warm as search;"
    "roads(); search()"
)


def resolve(name: str | None, *, project: Path = PROJECT) -> str:
    """Name an earlier revision in full.

    Parameters
    ----------
    name
        A revision as git knows it; without one the last tag, or, where nothing is tagged, what was
        there before the last change of `streams/`.
    project
        The repository.

    Raises
    ------
    StackError
        There is no such revision, or no repository.
    """
    if name is None:
        name = (
            _last_tag(project) or f"{_git(project, 'log', '-1', '--format=%H', '--', _FOLDED_BY)}^"
        )
    return _git(
        project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )


@contextmanager
def checked_out(revision: str, folder: Path, *, project: Path = PROJECT) -> Iterator[Path]:
    """Check a revision out into a new folder for as long as the block lasts.

    Parameters
    ----------
    revision
        What to check out.
    folder
        Where to; it must not exist.
    project
        The repository.

    Yields
    ------
    Path
        The folder.
    """
    _git(project, "worktree", "add", "--quiet", "--detach", str(folder), revision)
    try:
        yield folder
    finally:
        _git(project, "worktree", "remove", "--force", str(folder))


def compile_search(folder: Path, *, project: Path = PROJECT) -> None:
    """Have what the planner of a checked-out revision runs compiled, as `make setup` does.

    Parameters
    ----------
    folder
        The checked-out revision.
    project
        Where the same may be compiled already: taken over if the sources are no others.
    """
    sources = [path for part in _COMPILED for path in (project / part).rglob("*.py")]
    others = {path: folder / path.relative_to(project) for path in sources}
    if all(o.is_file() and filecmp.cmp(p, o, shallow=False) for p, o in others.items()):
        for path, other in others.items():
            shutil.copystat(path, other)  # numba goes by a source's size and time
            for kept in (path.parent / "__pycache__").glob(f"{path.stem}.*.nb[ic]"):
                (other.parent / "__pycache__").mkdir(exist_ok=True)
                shutil.copy2(kept, other.parent / "__pycache__" / kept.name)
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}
    # a revision that knows no such words compiles when it plans
    subprocess.run(  # noqa: S603 - our own words
        (sys.executable, "-c", _WARM), env=environment, capture_output=True, check=False
    )


def _last_tag(project: Path) -> str | None:
    try:
        return _git(project, "describe", "--tags", "--abbrev=0")
    except StackError:
        return None


def _git(project: Path, *words: str) -> str:
    command = ["git", "-C", str(project), *words]
    done = subprocess.run(  # noqa: S603 - no shell; a revision's name ends the options
        command, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip() or f"git {words[0]} finds nothing"
        raise StackError(f"the earlier revision cannot be had: {said}; name one with --from")
    return done.stdout.strip()
