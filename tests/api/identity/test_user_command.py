"""`harvestlane user` keeps the users of the running stack."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.settings import Settings
from tests.api.conftest import SECRET, Stand
from tests.api.identity.people import PASSWORD, enter, settle
from tests.api.test_stream import served
from tests.infra.program import Ended, Program

pytestmark = pytest.mark.integration
Run = Callable[..., Ended]


@pytest.fixture
def program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    """Give the program, with the secret of the tests' application."""
    (tmp_path / "secret").write_bytes(SECRET)
    for name, value in Settings.throwaway(tmp_path).environment().items():
        if name.startswith("HARVESTLANE_"):
            monkeypatch.setenv(name, value)
    return Program(tmp_path, monkeypatch, capsys)


async def run(stand: Stand, program: Program, *words: str) -> Ended:
    """Run the program beside the application that it asks."""
    async with served(stand) as base:
        program._patch.setenv("HARVESTLANE_PORT", str(urlsplit(base).port))
        ended = await asyncio.to_thread(program.run, "user", *words)
    stand.app.state.desk.stopping.clear()
    return ended


async def test_a_user_is_added_disabled_enabled_and_reset(stand: Stand, program: Program) -> None:
    words = ("add", "htx-9", "--role", "lot_declarer", "--subject", "HTX9", "--region", "ca-mau")
    added = await run(stand, program, *words)
    assert (added.status, added.err) == (0, "")
    link, _, code = added.out.strip().partition("#")
    assert link.endswith("/login")
    assert (await enter(stand, code=code)).json()["regions"] == ["ca-mau"]
    assert (
        await stand.client.post("/v1/session/password", json={"password": PASSWORD})
    ).status_code == 200
    listed = await run(stand, program, "list")
    assert listed.out.split() == ["htx-9", "lot_declarer:HTX9", "ca-mau", "active"]
    assert (await run(stand, program, "disable", "htx-9")).out == "htx-9 is disabled\n"
    assert (await stand.client.get("/v1/session")).status_code == 401
    enabled = await run(stand, program, "enable", "HTX-9", "--json")
    assert json.loads(enabled.out)["status"] == "active"
    assert (await enter(stand, login="htx-9", password=PASSWORD)).status_code == 200
    reset = await run(stand, program, "reset", "htx-9", "--json")
    assert json.loads(reset.out)["user"]["must_change_password"] is True
    assert (await enter(stand, login="htx-9", password=PASSWORD)).status_code == 401


async def test_what_the_api_refuses_is_one_line(stand: Stand, program: Program) -> None:
    await settle(stand)
    for words, why in (
        (("disable", "nobody"), "nobody has the log-in name 'nobody'"),
        (("add", "htx-1", "--role", "observer"), "somebody has this log-in name"),
        (("add", "htx-2", "--role", "king"), "king"),
    ):
        ended = await run(stand, program, *words)
        assert ended.status == 1
        assert why in ended.err
        assert ended.err.startswith("harvestlane: ")
        assert ended.err.count("\n") == 1


def test_a_stack_that_is_not_there_is_said_so(program: Program) -> None:
    ended = program.run("user", "list")
    assert ended.status == 1
    assert "start the stack with `harvestlane up`" in ended.err
