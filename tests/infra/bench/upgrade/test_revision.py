"""Find and check out earlier revisions of a made-up project."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from infra.bench.upgrade.revision import checked_out, resolve
from schemas.errors import StackError


def git(project: Path, *words: str) -> str:
    """Run git in a project."""
    who = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    done = subprocess.run(
        ["git", "-C", str(project), *who, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project with three commits, of which the second changed streams/."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for path, text in (("streams/a.py", "1"), ("streams/a.py", "2"), ("docs/a.md", "3")):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", text)
    return folder


def test_without_a_name_it_is_what_was_before_the_last_change_of_the_streams(project: Path) -> None:
    """What was committed since does not count: its rows are the same."""
    assert resolve(None, project=project) == git(project, "rev-parse", "HEAD~2")


def test_without_a_name_a_tag_comes_first(project: Path) -> None:
    """A release is what people run."""
    git(project, "tag", "v1", "HEAD~1")
    assert resolve(None, project=project) == git(project, "rev-parse", "HEAD~1")


def test_a_named_revision_is_checked_out_beside_and_taken_away_again(
    project: Path, tmp_path: Path
) -> None:
    """The project itself is left as it is."""
    with checked_out(resolve("HEAD~2", project=project), tmp_path / "old", project=project) as old:
        assert (old / "streams/a.py").read_text() == "1"
        assert (project / "streams/a.py").read_text() == "2"
    assert not old.exists()
    assert git(project, "worktree", "list").count("\n") == 0


@pytest.mark.parametrize("name", ["nowhere", "--help", ""])
def test_a_revision_that_is_none_is_refused(project: Path, name: str) -> None:
    """The sentence says how to name another."""
    with pytest.raises(StackError, match="--from"):
        resolve(name, project=project)


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    """There is nothing to upgrade from."""
    with pytest.raises(StackError, match="cannot be had"):
        resolve(None, project=tmp_path)
