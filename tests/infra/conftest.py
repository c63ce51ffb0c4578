"""Offer the program, and roads for it, to the tests of its commands."""

from pathlib import Path

import pytest

from routing.roads.bundled import build_bundled
from tests.infra.program import Program


@pytest.fixture(scope="session")
def network_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a freshly built bundled network, to be read only."""
    folder = tmp_path_factory.mktemp("roads") / "bundled"
    build_bundled(folder)
    return folder


@pytest.fixture
def program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    """Return the program, ready to run."""
    return Program(tmp_path, monkeypatch, capsys)
