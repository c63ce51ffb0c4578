"""Who guesses or asks too much has to wait; a Redis that is gone keeps nobody out."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from redis import Redis

from api.identity.attempts import PER_ADDRESS, PER_NAME
from tests.api.conftest import Stand, standing
from tests.api.identity.people import PASSWORD, add, enter, forget, settle
from tests.api.identity.test_keys import by, make

pytestmark = pytest.mark.integration


async def guess(stand: Stand, login: str = "htx-1", password: str = "đoán mò lần nữa") -> str:  # noqa: S107
    answer = await enter(stand, login=login, password=password)
    if answer.status_code == 429:
        assert 1 <= int(answer.headers["retry-after"]) <= 900
    return str(answer.json().get("code", "in"))


async def test_a_name_is_locked_for_a_while_after_ten_guesses(stand: Stand) -> None:
    await settle(stand)
    await settle(stand, "other")
    forget(stand)
    answers = [await guess(stand) for _ in range(PER_NAME.amount)]
    assert set(answers) == {"login_refused"}
    assert await guess(stand) == "too_many"
    assert await guess(stand, password=PASSWORD) == "too_many"
    assert await guess(stand, " HTX-1 ") == "too_many"
    assert await guess(stand, "other", PASSWORD) == "in"


async def test_whoever_comes_in_begins_anew(stand: Stand) -> None:
    await settle(stand)
    for _ in range(2):
        for _ in range(PER_NAME.amount - 1):
            assert await guess(stand) == "login_refused"
        assert await guess(stand, password=PASSWORD) == "in"


async def test_a_name_that_nobody_has_is_locked_alike(stand: Stand) -> None:
    answers = [await guess(stand, "nobody") for _ in range(PER_NAME.amount + 1)]
    assert answers[-2:] == ["login_refused", "too_many"]


async def test_one_address_cannot_try_all_names(stand: Stand) -> None:
    await settle(stand)
    attempts = stand.app.state.desk.door.attempts
    for number in range(PER_ADDRESS.amount):
        await attempts.begin(f"name-{number}", "127.0.0.1")
        await attempts.failed("127.0.0.1")
    assert await guess(stand, password=PASSWORD) == "too_many"


async def test_no_name_or_address_stands_in_redis(stand: Stand) -> None:
    await guess(stand, "nguyen-van-a")
    assert stand.redis is not None
    names = b" ".join(stand.redis.keys("LIMITS*"))  # type: ignore[arg-type]
    assert names
    assert b"nguyen" not in names
    assert b"127.0.0.1" not in names


async def test_without_redis_nobody_is_kept_out_and_the_log_says_so_once(
    blind: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    await add(blind)
    with caplog.at_level(logging.WARNING):
        answers = [await guess(blind) for _ in range(PER_NAME.amount + 2)]
    assert set(answers) == {"login_refused"}
    said = [record for record in caplog.records if "none is refused" in record.getMessage()]
    assert len(said) == 1


async def test_a_session_or_key_that_asks_too_much_has_to_wait(
    redis_url: str, tmp_path: Path
) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        async with standing(redis_url, tmp_path, redis, rate_per_minute=5) as stand:
            busy = (await make(stand, role="observer"))["secret"]
            calm = (await make(stand, role="observer"))["secret"]
            for _ in range(6):
                assert (await by(stand, busy, "GET", "/v1/trucks")).status_code == 200
            await by(stand, calm, "GET", "/v1/trucks")
            await stand.app.state.desk.door.attempts.flush()
            held = await by(stand, busy, "GET", "/v1/trucks")
            assert (held.status_code, held.json()["code"]) == (429, "too_many")
            assert 1 <= int(held.headers["retry-after"]) <= 60
            assert (await by(stand, calm, "GET", "/v1/trucks")).status_code == 200
            assert (await stand.ask("GET", "/v1/trucks")).status_code == 200


async def test_any_number_is_taken_where_no_rate_is_set(redis_url: str, tmp_path: Path) -> None:
    async with standing(redis_url, tmp_path, rate_per_minute=0) as stand:
        key = (await make(stand, role="observer"))["secret"]
        for _ in range(20):
            assert (await by(stand, key, "GET", "/v1/session")).status_code == 200
        await stand.app.state.desk.door.attempts.flush()
        assert (await by(stand, key, "GET", "/v1/session")).status_code == 200
