"""Make the demo scenario once for all tests of it."""

from pathlib import Path

import pytest

from infra.scenario.generate import generate
from infra.scenario.script import Script, read_script

NAME = "kien-giang-2021-08"


@pytest.fixture(scope="session")
def demo_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the demo scenario."""
    path = tmp_path_factory.mktemp("scenario") / f"{NAME}.jsonl"
    generate(NAME, out=path)
    return path


@pytest.fixture(scope="session")
def demo(demo_path: Path) -> Script:
    """Return the demo scenario, read."""
    return read_script(demo_path)
