"""Test what the headers of every answer say to browsers, and to nobody else."""

import pytest

from tests.api.conftest import Stand

ASKED = [
    ("GET", "/healthz", None, 200),
    ("GET", "/v1/trucks", "dispatcher", 200),
    ("GET", "/v1/trucks", None, 401),
    ("GET", "/v1/nowhere", "dispatcher", 404),
    ("GET", "/openapi.json", None, 200),
]
every_answer = pytest.mark.parametrize(("method", "path", "role", "status"), ASKED)


@every_answer
async def test_every_answer_is_hardened(
    stand: Stand, method: str, path: str, role: str | None, status: int
) -> None:
    answer = await stand.ask(method, path, role=role)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    for rule in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe-inline" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-type"]


@every_answer
async def test_no_answer_tells_what_it_runs_on(
    stand: Stand, method: str, path: str, role: str | None, status: int
) -> None:
    answer = await stand.ask(method, path, role=role)
    assert answer.status_code == status
    assert not {"server", "x-powered-by"} & set(answer.headers)


async def test_data_is_not_stored_by_browsers(stand: Stand) -> None:
    for path in ("/v1/trucks", "/v1/nowhere", "/v1/session"):
        assert (await stand.ask("GET", path)).headers["cache-control"] == "no-store"
