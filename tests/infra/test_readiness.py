"""Say readiness by a file, and doubt it when it is old or another's."""

import json
import os
from pathlib import Path

import pytest

from infra.readiness import STALE_AFTER_S, Readiness, Sign
from infra.supervisor.probes import still_by_sign


def test_fresh_sign_of_the_process_holds(tmp_path: Path) -> None:
    """What a process says of itself counts."""
    path = tmp_path / "run" / "worker-1.json"
    Readiness(path).write(ready=True)
    sign = Sign.read(path)
    assert sign is not None
    assert sign.holds(os.getpid())


def test_sign_of_an_earlier_process_does_not_hold(tmp_path: Path) -> None:
    """A file left by a dead process says nothing of the next one."""
    path = tmp_path / "worker-1.json"
    Readiness(path).write(ready=True)
    sign = Sign.read(path)
    assert sign is not None
    assert not sign.holds(os.getpid() + 1)


def test_process_that_is_not_ready_does_not_hold(tmp_path: Path) -> None:
    """Readiness can be taken back."""
    path = tmp_path / "worker-1.json"
    Readiness(path).write(ready=False)
    sign = Sign.read(path)
    assert sign is not None
    assert not sign.holds(os.getpid())


def test_old_sign_does_not_hold(tmp_path: Path) -> None:
    """A process that no longer renews its file is stuck."""
    path = tmp_path / "worker-1.json"
    Readiness(path).write(ready=True)
    sign = Sign.read(path)
    assert sign is not None
    old = Sign(pid=sign.pid, ready=True, at=sign.at - 2 * STALE_AFTER_S)
    assert not old.holds(os.getpid())


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"pid": "x", "ready": 1, "at": 0})])
def test_broken_file_is_no_sign(tmp_path: Path, text: str) -> None:
    """Half a file, or another's, is not an error."""
    path = tmp_path / "worker-1.json"
    path.write_text(text, encoding="utf-8")
    assert Sign.read(path) is None


def test_missing_file_is_no_sign(tmp_path: Path) -> None:
    """A process that has not spoken yet is not ready."""
    assert Sign.read(tmp_path / "none.json") is None


def test_only_an_old_sign_of_the_process_itself_says_that_it_stands_still(tmp_path: Path) -> None:
    """A new process has time to write its first one."""
    path = tmp_path / "worker-1.json"
    is_still = still_by_sign(path, after_s=10)
    assert not is_still(os.getpid())
    Readiness(path).write(ready=False)
    assert not is_still(os.getpid())
    old = json.loads(path.read_text()) | {"at": 1.0}
    path.write_text(json.dumps(old))
    assert is_still(os.getpid())
    assert not is_still(os.getpid() + 1)
