"""Look for dead letters where the folder's stack runs, not where the environment says."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.cli import main
from infra.settings import Settings
from infra.stack.record import Record, held


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Give the settings of a stack that runs, but for its broker; the environment names another."""
    settings = Settings.throwaway(tmp_path)
    elsewhere = Settings.throwaway(tmp_path)
    assert elsewhere.bootstrap_servers != settings.bootstrap_servers
    for name, value in elsewhere.environment().items():
        if name.startswith("HARVESTLANE_"):
            monkeypatch.setenv(name, value)
    with held(settings):
        Record(os.getpid(), True, settings.model_dump(mode="json"), ()).write(settings)
        yield settings


@pytest.mark.parametrize(
    "words", [("list",), ("show", "3"), ("retry", "3"), ("retry", "--all"), ("list", "--json")]
)
def test_the_running_stacks_broker_is_asked(
    running: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    monkeypatch.setattr(sys, "argv", ["harvestlane", "dlq", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(
        f"harvestlane: the broker at {running.bootstrap_servers} does not answer"
    )
