"""Repeat a step of the set-up only where the content of its inputs changed."""

import subprocess
from pathlib import Path

import pytest

from infra.settings import PROJECT

COMMON = PROJECT / "infra" / "setup" / "common.sh"


def bash(folder: Path, words: str) -> subprocess.CompletedProcess[str]:
    """Run a few words of shell with the set-up's own words known."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f". {COMMON}; {words}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Make a folder with one file."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.txt").write_text("one", encoding="utf-8")
    return tmp_path


def content(folder: Path) -> str:
    """Return the digest of the folder's source."""
    return bash(folder, "content source").stdout


def test_content_follows_bytes_and_names_not_times(source: Path) -> None:
    """A fresh clone with the same bytes has the same stamp."""
    first = content(source)
    (source / "source" / "a.txt").touch()
    assert content(source) == first
    (source / "source" / "a.txt").rename(source / "source" / "b.txt")
    assert content(source) != first


def test_content_leaves_out_what_is_made(source: Path) -> None:
    """Builds and installed packages are no inputs."""
    first = content(source)
    for made in ("node_modules", "dist", "__pycache__"):
        (source / "source" / made).mkdir()
        (source / "source" / made / "a.pyc").write_text("made", encoding="utf-8")
    assert content(source) == first


def test_step_is_done_for_the_input_it_was_done_with(source: Path) -> None:
    """Another digest, or none, means that it has to run."""
    assert bash(source, "is_done roads abc").returncode != 0
    assert bash(source, "done_with roads abc; is_done roads abc").returncode == 0
    assert bash(source, "is_done roads abd").returncode != 0


def test_missing_input_is_an_error(source: Path) -> None:
    """A step whose inputs were renamed must not take an empty digest for them."""
    assert bash(source, 'x=$(content source nowhere); echo "$x"').returncode != 0
