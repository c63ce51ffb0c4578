"""Nothing of a stack can be reached from elsewhere unless somebody says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.kafka.broker import _own
from infra.redis.server import server
from infra.settings import Settings


@pytest.mark.parametrize("brokers", [1, 3])
def test_brokers_listen_on_this_machine_alone(tmp_path: Path, brokers: int) -> None:
    settings = Settings.throwaway(tmp_path, brokers=brokers)
    for number in range(brokers):
        said = dict(line.partition("=")[::2] for line in _own(settings, number, ()))
        for name in ("listeners", "advertised.listeners"):
            doors = said[name].split(",")
            assert doors
            assert all(re.fullmatch(r"[A-Z]+://127\.0\.0\.1:\d+", door) for door in doors)


def test_redis_listens_on_this_machine_alone(tmp_path: Path) -> None:
    command = server(Settings.throwaway(tmp_path)).command
    assert command[command.index("--bind") + 1] == "127.0.0.1"
    config = Path(command[1]).read_text(encoding="utf-8")
    assert "protected-mode yes" in config.splitlines()
    assert not re.search(r"^bind", config, re.MULTILINE)


def test_the_api_listens_on_this_machine_alone_until_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HARVESTLANE_HOST", raising=False)
    assert Settings().host == "127.0.0.1"


def test_workers_open_no_door() -> None:
    """Faust would serve a page of its own on every address."""
    source = (Path(__file__).parents[3] / "streams" / "app.py").read_text(encoding="utf-8")
    assert "web_enabled=False" in source
