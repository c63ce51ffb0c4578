"""The unit that starts the stack at boot says what systemd needs, and says it safely."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from infra.settings import Settings
from infra.unit import unit


def _parsed(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if value:
            found.setdefault(name, []).append(value)
    return found


def test_it_starts_up_with_the_settings_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what differs from the defaults is written, quoted, and the program is there."""
    monkeypatch.setenv("PATH", "/usr/bin")
    text = unit(Settings(home=tmp_path / '50% "off"', port=8123), user="harvest")
    said = _parsed(text)
    assert said["User"] == ["harvest"]
    assert said["Environment"] == [
        '"PATH=/usr/bin"',
        f'"HARVESTLANE_HOME={tmp_path}/50%% \\"off\\""',
        '"HARVESTLANE_PORT=8123"',
    ]
    (start,) = said["ExecStart"]
    program = start.removesuffix(" up").strip('"')
    assert Path(program).is_file()
    assert said["WantedBy"] == ["multi-user.target"]


def test_it_is_three_sections() -> None:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(unit(Settings()))
    assert parser.sections() == ["Unit", "Service", "Install"]
