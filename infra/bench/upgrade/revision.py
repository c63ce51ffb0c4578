"""Find an earlier revision of this project, and check it out beside this one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.settings import PROJECT
from schemas.errors import StackError

_FOLDED_BY = "streams"


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
