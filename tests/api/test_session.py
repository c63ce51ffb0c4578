"""A one-time link becomes a session; nobody else gets in."""

from __future__ import annotations

import httpx
import jwt
import pytest

from api.config import COOKIE
from api.tokens import make_token, read_token
from tests.api.conftest import SECRET, Stand, token

pytestmark = pytest.mark.integration


async def log_in(stand: Stand, role: str = "haulier", subject: str | None = "H1") -> httpx.Response:
    code = make_token(SECRET, role, subject, use="login")
    return await stand.client.post("/v1/session", json={"code": code})


async def test_a_code_opens_one_session(stand: Stand) -> None:
    code = make_token(SECRET, "haulier", "H1", use="login")
    first = await stand.client.post("/v1/session", json={"code": code})
    assert first.status_code == 200
    assert first.json() == {
        "role": "haulier",
        "subject": "H1",
        "expires_in_s": 43_200,
        "page": "/haulier",
    }
    cookie = first.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    second = await stand.client.post("/v1/session", json={"code": code})
    assert (second.status_code, second.json()["code"]) == (401, "code_refused")
    mine = (await stand.client.get("/v1/session")).json()
    assert (mine["role"], mine["subject"]) == ("haulier", "H1")


async def test_logging_out_takes_the_cookie_back(stand: Stand) -> None:
    await log_in(stand)
    assert (await stand.client.delete("/v1/session")).status_code == 204
    assert (await stand.client.get("/v1/session")).status_code == 401


async def test_no_code_is_spent_while_redis_is_down(blind: Stand) -> None:
    answer = await log_in(blind)
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 202),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://testserver"}, 202),
        ({"origin": "http://testserver:81"}, 403),
        ({"origin": "null"}, 403),
        ({}, 202),
    ],
)
async def test_a_page_of_another_site_cannot_write(
    world: Stand, site: dict[str, str], status: int
) -> None:
    await log_in(world)
    answer = await world.client.post("/v1/assignments/A1/accept", headers=site)
    assert answer.status_code == status


async def test_a_token_counts_only_for_what_it_was_made(stand: Stand) -> None:
    code = make_token(SECRET, "dispatcher", use="login")
    forged = jwt.encode({"role": "administrator", "use": "api"}, b"x" * 32, algorithm="HS256")
    none = jwt.encode({"role": "administrator", "use": "api"}, None, algorithm="none")
    past = {
        "aud": "harvestlane",
        "role": "dispatcher",
        "use": "api",
        "jti": "1",
        "iat": 1,
        "exp": 2,
    }
    over = jwt.encode(past, SECRET, algorithm="HS256")
    for bad in (code, forged, none, over, "", "é"):
        headers = {"authorization": f"Bearer {bad}".encode()}
        answer = await stand.client.get("/v1/trucks", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    cookies = {"cookie": f"{COOKIE}={token('dispatcher')}"}
    assert (await stand.client.get("/v1/trucks", headers=cookies)).status_code == 401


async def test_no_token_stands_in_a_query_string(stand: Stand) -> None:
    for name in ("token", "access_token", "code"):
        answer = await stand.client.get(f"/v1/trucks?{name}={token('dispatcher')}")
        assert answer.status_code == 401


def test_a_token_says_who_it_is_for() -> None:
    actor = read_token(SECRET, make_token(SECRET, "haulier", "H#1"), use="api")
    assert (actor.role, actor.subject, actor.name) == ("haulier", "H#1", "haulier:H#1")
    assert actor.source == "/api/haulier/H%231"


@pytest.mark.parametrize(
    ("role", "subject", "page", "ttl_s"),
    [
        ("king", None, "/", 60.0),
        ("haulier", "a b", "/", 60.0),
        ("haulier", "H1", "//evil.example", 60.0),
        ("haulier", "H1", "/", 0.0),
    ],
)
def test_no_token_is_made_of_nonsense(
    role: str, subject: str | None, page: str, ttl_s: float
) -> None:
    with pytest.raises(ValueError, match="Expected"):
        make_token(SECRET, role, subject, page=page, ttl_s=ttl_s)


async def test_the_log_in_page_is_told_what_to_offer(stand: Stand) -> None:
    answer = await stand.ask("GET", "/v1/session/ways", role=None)
    assert (answer.status_code, answer.json()) == (200, {"password": True, "provider": False})
