"""Let commands go to the stack that runs from the folder, not where the environment says."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import topics
from infra.cli import main
from infra.scenario import player, publish
from infra.settings import Settings
from infra.stack.record import Record, held


class _Asked(Exception):
    """A command has come as far as to a stack."""


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give the settings that the environment says."""
    settings = Settings.throwaway(tmp_path)
    for name, value in settings.environment().items():
        if name.startswith("HARVESTLANE_"):
            monkeypatch.setenv(name, value)
    return settings


@pytest.fixture
def running(tmp_path: Path, elsewhere: Settings) -> Iterator[Settings]:
    """Give the settings of a stack that runs from the same folder; the environment says others."""
    settings = Settings.throwaway(tmp_path).model_copy(update={"clock_speed": 7.0})
    assert settings.bootstrap_servers != elsewhere.bootstrap_servers
    assert settings.clock_speed != elsewhere.clock_speed
    with held(settings):
        Record(os.getpid(), True, settings.model_dump(mode="json"), ()).write(settings)
        yield settings


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, float | None]]:
    """Collect with which settings, and at which speed, a stack would have been asked."""
    found: list[tuple[Settings, float | None]] = []

    def ask(settings: Settings, *_script: Any, speed: float | None = None, **_else: Any) -> None:
        found.append((settings, speed))
        raise _Asked

    monkeypatch.setattr(topics, "apply", ask)
    monkeypatch.setattr(topics, "check", ask)
    monkeypatch.setattr(publish, "replay", ask)
    monkeypatch.setattr(player, "Player", ask)
    return found


def _say(monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str) -> None:
    script = folder / "empty.jsonl"
    script.touch()
    monkeypatch.setattr("infra.scenario.script.read_script", lambda _path: None)
    words = tuple(str(script) if word == "SCRIPT" else word for word in words)
    monkeypatch.setattr(sys, "argv", ["harvestlane", *words])
    with pytest.raises(_Asked):
        main()


@pytest.mark.parametrize(
    ("words", "speed"),
    [
        (("topics", "apply"), None),
        (("topics", "check", "--json"), None),
        (("replay", "SCRIPT"), None),
        (("replay", "SCRIPT", "--speed", "3"), 3.0),
        (("play", "SCRIPT"), 7.0),
        (("play", "SCRIPT", "--speed", "3"), 3.0),
    ],
)
def test_the_running_stack_is_asked(
    running: Settings,
    asked: list[tuple[Settings, float | None]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: tuple[str, ...],
    speed: float | None,
) -> None:
    _say(monkeypatch, tmp_path, *words)
    assert asked == [(running, speed)]


@pytest.mark.parametrize("words", [("topics", "apply"), ("topics", "check"), ("replay", "SCRIPT")])
def test_where_none_runs_the_environment_says_what_is_asked(
    elsewhere: Settings,
    asked: list[tuple[Settings, float | None]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: tuple[str, ...],
) -> None:
    _say(monkeypatch, tmp_path, *words)
    assert asked == [(elsewhere, None)]
