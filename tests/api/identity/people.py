"""Add users and log them in, as an administrator and they themselves do."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.conftest import Stand

PASSWORD = "khóm Cầu Đúc ngon lắm"  # noqa: S105 - nobody's
OTHER = "chợ nổi họp lúc năm giờ"


async def add(stand: Stand, login: str = "htx-1", **rights: Any) -> dict[str, Any]:
    """Add a user and return what the administrator is answered."""
    body = {"login": login, "role": "haulier", "subject": "H1", **rights}
    answer = await stand.ask("POST", "/v1/users", role="administrator", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def enter(stand: Stand, **body: str) -> httpx.Response:
    """Log in as a browser."""
    return await stand.client.post("/v1/session", json=body)


async def settle(stand: Stand, login: str = "htx-1", **rights: Any) -> dict[str, Any]:
    """Add a user who has set a password and is logged in; return the user."""
    told = await add(stand, login, **rights)
    assert (await enter(stand, code=told["code"])).status_code == 200
    answer = await stand.client.post("/v1/session/password", json={"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    user: dict[str, Any] = told["user"]
    return user


def forget(stand: Stand) -> None:
    """Let the browser lose its cookies."""
    stand.client.cookies.clear()
