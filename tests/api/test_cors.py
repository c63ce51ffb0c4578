"""Pages of other sites read answers where they are named, errors too, and never with a cookie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.conftest import NOTHING, Stand, standing

FRIEND = {"origin": "https://friend.example"}
STRANGER = {"origin": "https://stranger.example"}
ALLOWED = "access-control-allow-origin"


async def _preflight(stand: Stand, origin: dict[str, str]) -> dict[str, str]:
    wanted = {
        **origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization,idempotency-key,if-match",
    }
    answer = await stand.ask("OPTIONS", "/v1/lots/L1", role=None, headers=wanted)
    return dict(answer.headers)


async def test_nobody_is_allowed_unless_named(blind: Stand) -> None:
    assert ALLOWED not in await _preflight(blind, FRIEND)
    answer = await blind.ask("GET", "/v1/trucks", headers=FRIEND)
    assert ALLOWED not in answer.headers


async def test_a_named_site_may_ask_and_reads_errors_too(tmp_path: Path) -> None:
    async with standing(NOTHING, tmp_path, cors_origins=("https://friend.example",)) as stand:
        asked = await _preflight(stand, FRIEND)
        assert asked[ALLOWED] == FRIEND["origin"]
        assert "PATCH" in asked["access-control-allow-methods"]
        assert asked["access-control-allow-headers"] == "authorization,idempotency-key,if-match"
        assert ALLOWED not in await _preflight(stand, STRANGER)
        for role, status in ((None, 401), ("dispatcher", 503)):
            answer = await stand.ask("GET", "/v1/trucks", role=role, headers=FRIEND)
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers[ALLOWED] == FRIEND["origin"]
            assert "etag" in answer.headers["access-control-expose-headers"]
            other = await stand.ask("GET", "/v1/trucks", role=role, headers=STRANGER)
            assert ALLOWED not in other.headers


@pytest.mark.parametrize("origins", [("*",), ("https://friend.example",)])
async def test_no_site_may_ask_with_our_cookie(tmp_path: Path, origins: tuple[str, ...]) -> None:
    async with standing(NOTHING, tmp_path, cors_origins=origins) as stand:
        asked = await _preflight(stand, FRIEND)
        answer = await stand.ask("GET", "/v1/trucks", headers={**FRIEND, "cookie": "a=b"})
        for headers in (asked, answer.headers):
            assert "access-control-allow-credentials" not in headers
