"""Every route and event, asked by every role about its own row, another's and none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts
from redis import Redis

from api.hot import HotRoutes
from schemas.topics import POSTABLE
from tests.api.conftest import Stand, standing, token
from tests.api.identity.test_keys import make
from tests.api.matrix.asks import (
    ELSEWHERE,
    FOREIGN,
    KEPT,
    NONE,
    OWN,
    REACHED,
    STRANGERS,
    ask_of,
    build,
    event_of,
    renew,
    row_id,
)
from tests.api.matrix.rights import EVENTS, ROLES, ROUTES

pytestmark = pytest.mark.integration
in_one_loop = pytest.mark.asyncio(loop_scope="module")

_REFUSALS = {"forbidden": "F", "not_yours": "N"}
_ROWS = ((OWN, False), (FOREIGN, False), (OWN, True), (NONE, False))
_FAR_AWAY = "203.0.113.9"


def _lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()[2:] if line.strip()]


CELLS = {f"{method} {path}": cells for method, path, *cells in _lines(ROUTES)}
EVENT_CELLS = {kind: cells for kind, *cells in _lines(EVENTS)}
OPEN = [name for name, cells in CELLS.items() if cells == ["open"]]
BY_TYPE = [name for name, cells in CELLS.items() if cells == ["events"]]
LOCAL = [name for name, cells in CELLS.items() if cells == ["local"]]
GUARDED = [name for name in CELLS if name not in {*OPEN, *LOCAL, *BY_TYPE}]


class Matrix:
    """One application, its rows, and how each role shows who it is."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self._secrets = {role: token(role) for role in ROLES}
        self._elsewhere: dict[str, str] = {}

    async def settle(self) -> None:
        """Make log-ins of another region."""
        for role in ROLES:
            name, _, subject = role.partition(":")
            made = await make(self.stand, role=name, subject=subject or None, regions=[ELSEWHERE])
            self._elsewhere[role] = made["secret"]

    async def ask(
        self, ask: dict[str, Any], role: str | None, *, elsewhere: bool = False
    ) -> tuple[httpx.Response, int]:
        """Ask, and tell how many records that wrote, what is said of the asking left out."""
        headers = dict(ask.get("headers", {}))
        if role is not None:
            secret = (self._elsewhere if elsewhere else self._secrets)[role]
            headers["authorization"] = f"Bearer {secret}"
        before = len(self.stand.broker.records)
        answer = await self.stand.client.request(
            ask["method"],
            ask["path"],
            json=ask.get("json"),
            content=ask.get("content"),
            headers=headers,
        )
        written = self.stand.broker.records[before:]
        return answer, sum(not record.topic.startswith("audit.") for record in written)

    async def row(self, asks: dict[str, dict[str, Any]], role: str, letters: int, **of: Any) -> str:
        """Ask in a role about each row that has a letter; return the letters."""
        found = ""
        for row, elsewhere in _ROWS[:letters]:
            answer, written = await self.ask(asks[row], role, elsewhere=elsewhere)
            found += _letter(answer, written, row, **of)
        return found


def _letter(
    answer: httpx.Response, written: int, row: str, *, collection: str = "", reached: int = 200
) -> str:
    status = answer.status_code
    if answer.is_success and collection:
        shown = [list(item.values()) for item in answer.json()["items"]]
        return "y" if any(row_id(collection, row) in values for values in shown) else "-"
    if answer.is_success or status == reached:
        assert written or status != 202, "taken, but nothing was written"
        return "y"
    assert not written, f"refused with {status}, and written all the same"
    assert not any(f"'{name}'" in answer.text or f" {name} " in answer.text for name in STRANGERS)
    code = answer.json()["code"]
    if status == 404 or code.endswith("_unknown"):
        return "-"
    return _REFUSALS.get(code, f"({status} {code})")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def matrix(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Matrix]:
    """Give one application for all cells."""
    folder: Path = tmp_path_factory.mktemp("matrix")
    (folder / "network").mkdir()
    (folder / "network" / "roads.geojson").write_text("{}", encoding="utf-8")
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        async with standing(redis_url, folder, redis, rate_per_minute=1_000_000) as stand:
            build(stand)
            matrix = Matrix(stand)
            await matrix.settle()
            yield matrix


def _served(matrix: Matrix) -> set[str]:
    routes = (each.route for each in iter_route_contexts(matrix.stand.app.routes))
    return {
        f"{method} {route.path}"
        for route in routes
        if not isinstance(route, HotRoutes)  # it finds the others' routes
        for method in route.methods - {"HEAD"}
    }


@in_one_loop
async def test_every_route_has_a_line(matrix: Matrix) -> None:
    new, gone = _served(matrix) - CELLS.keys(), CELLS.keys() - _served(matrix)
    assert not new, (
        f"say in tests/api/matrix/rights.py what each role may do by {sorted(new)}, and in asks.py "
        "what is sent (BODIES) and which rows there are (IDS), where it is a new noun"
    )
    assert not gone, f"take {sorted(gone)} out of tests/api/matrix/rights.py: no such route"


def test_every_event_has_a_line() -> None:
    assert EVENT_CELLS.keys() == POSTABLE, "say in tests/api/matrix/rights.py who may report it"


@in_one_loop
@pytest.mark.parametrize("name", GUARDED)
async def test_a_route_answers_and_refuses_as_its_line_says(matrix: Matrix, name: str) -> None:
    method, path = name.split()
    asks = {row: ask_of(method, path, row) for row in (OWN, FOREIGN, NONE)}
    stopping = matrix.stand.app.state.desk.stopping
    if path == "/v1/stream":
        stopping.set()  # or it would never end
    of = {"reached": REACHED.get(name, 200)}
    found = []
    for role, cell in zip(ROLES, CELLS[name], strict=True):
        if KEPT & set(path.split("/")):
            await renew(matrix.stand, role)
        is_collection = method == "GET" and len(cell) == 3
        found.append(
            await matrix.row(asks, role, len(cell), collection=path if is_collection else "", **of)
        )
    stopping.clear()
    assert _differences(found, CELLS[name]) == []
    answer, written = await matrix.ask(asks[OWN], None)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert not written


@in_one_loop
@pytest.mark.parametrize("kind", sorted(EVENT_CELLS))
async def test_an_event_is_taken_and_refused_as_its_line_says(matrix: Matrix, kind: str) -> None:
    asks = {row: event_of(kind, row) for row in (OWN, FOREIGN, NONE)}
    found = [
        await matrix.row(asks, role, len(cell))
        for role, cell in zip(ROLES, EVENT_CELLS[kind], strict=True)
    ]
    assert _differences(found, EVENT_CELLS[kind]) == []


@in_one_loop
@pytest.mark.parametrize("name", [*OPEN, *LOCAL])
async def test_what_is_open_asks_nobody_who_they_are(matrix: Matrix, name: str) -> None:
    answer, _ = await matrix.ask(ask_of(*name.split(), NONE), None)
    assert "nauthenticated" not in answer.text


@in_one_loop
@pytest.mark.parametrize("name", LOCAL)
async def test_what_is_open_here_needs_a_log_in_from_elsewhere(matrix: Matrix, name: str) -> None:
    far = httpx.ASGITransport(matrix.stand.app, client=(_FAR_AWAY, 1))
    ask = ask_of(*name.split(), NONE)
    async with httpx.AsyncClient(transport=far, base_url="http://testserver") as client:
        assert (await client.request(**_plain(ask))).status_code == 401
        for role in ROLES:
            headers = {"authorization": f"Bearer {token(role)}"}
            answer = await client.request(**_plain(ask), headers=headers)
            assert answer.status_code not in {401, 403}


def _plain(ask: dict[str, Any]) -> dict[str, Any]:
    return {"method": ask["method"], "url": ask["path"]}


def _differences(found: list[str], told: list[str]) -> list[str]:
    cells = zip(ROLES, told, found, strict=True)
    return [
        f"{role}: {line} in the table, {now} in fact" for role, line, now in cells if line != now
    ]
