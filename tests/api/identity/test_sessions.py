"""A session lasts a shift, renews itself, and ends at once where it has to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.config import COOKIE
from api.identity.cookies import REFRESH
from api.identity.sessions import TOPIC
from api.tokens import make_token, read_claims, sign
from schemas.identity import Session
from tests.api.conftest import SECRET, Stand, token
from tests.api.identity.people import PASSWORD, enter, forget, settle
from tests.api.test_stream import served

pytestmark = pytest.mark.integration


async def log_in(stand: Stand, role: str = "haulier", subject: str | None = "H1") -> None:
    code = make_token(SECRET, role, subject, use="login")
    assert (await enter(stand, code=code)).status_code == 200


def held(stand: Stand) -> dict[str, str]:
    """Return the cookies that the browser holds."""
    return dict(stand.client.cookies)


async def ask_with(stand: Stand, **cookies: str) -> httpx.Response:
    """Ask who is logged in, as a browser that holds these cookies and no others."""
    forget(stand)
    text = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return await stand.client.get("/v1/session", headers={"cookie": text})


def the_session(stand: Stand) -> Session:
    (session,) = stand.app.state.desk.kept.every(TOPIC).values()
    assert isinstance(session, Session)
    return session


async def test_a_page_whose_token_is_over_goes_on_and_gets_new_ones(stand: Stand) -> None:
    await log_in(stand)
    first = held(stand)
    assert set(first) == {COOKIE, REFRESH}
    claims = read_claims(SECRET, first[COOKIE], use="session")
    assert claims["exp"] - time.time() <= 600
    answer = await ask_with(stand, **{REFRESH: first[REFRESH]})
    assert answer.json()["role"] == "haulier"
    second = held(stand)
    assert set(second) == {COOKIE, REFRESH}
    assert second[REFRESH] != first[REFRESH]
    again = await ask_with(stand, **second)
    assert (again.status_code, "set-cookie" in again.headers) == (200, False)


async def test_an_answer_that_was_lost_costs_nothing(stand: Stand) -> None:
    await log_in(stand)
    refresh = held(stand)[REFRESH]
    for _ in range(3):
        assert (await ask_with(stand, **{REFRESH: refresh})).status_code == 200
    assert (await ask_with(stand, **held(stand))).status_code == 200


async def test_a_replaced_secret_that_comes_again_ends_the_session_for_both(stand: Stand) -> None:
    await log_in(stand)
    stolen = held(stand)[REFRESH]
    await ask_with(stand, **{REFRESH: stolen})
    mine = held(stand)
    await ask_with(stand, **{REFRESH: mine[REFRESH]})
    later = held(stand)
    in_time = await ask_with(stand, **{REFRESH: stolen})
    assert (in_time.status_code, REFRESH in in_time.headers["set-cookie"]) == (200, False)
    kept, session = stand.app.state.desk.kept, the_session(stand)
    past = {"last_seen_at": datetime.now(UTC) - timedelta(seconds=61)}
    await kept.put(TOPIC, session.model_copy(update=past))
    reused = await ask_with(stand, **{REFRESH: stolen})
    assert (reused.status_code, reused.json()["code"]) == (401, "unauthenticated")
    assert the_session(stand).revoked_at is not None
    assert (await ask_with(stand, **later)).status_code == 401


async def test_two_children_of_one_secret_are_one_too_many(stand: Stand) -> None:
    await log_in(stand)
    parent = held(stand)[REFRESH]
    await ask_with(stand, **{REFRESH: parent})
    thiefs = held(stand)[REFRESH]
    await ask_with(stand, **{REFRESH: parent})
    mine = held(stand)[REFRESH]
    assert (await ask_with(stand, **{REFRESH: thiefs})).status_code == 200
    assert (await ask_with(stand, **{REFRESH: mine})).status_code == 401
    assert (await ask_with(stand, **{REFRESH: thiefs})).status_code == 401


async def test_requests_side_by_side_are_no_reuse(stand: Stand) -> None:
    await log_in(stand)
    await ask_with(stand, **{REFRESH: held(stand)[REFRESH]})
    refresh = held(stand)[REFRESH]
    answers = await asyncio.gather(*(ask_with(stand, **{REFRESH: refresh}) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await ask_with(stand, **{REFRESH: held(stand)[REFRESH]})).status_code == 200


async def test_a_session_goes_on_while_kafka_is_away_and_a_log_in_does_not(stand: Stand) -> None:
    await log_in(stand)
    await ask_with(stand, **{REFRESH: held(stand)[REFRESH]})
    refresh = held(stand)[REFRESH]
    stand.broker.is_down = True
    for _ in range(2):
        answer = await ask_with(stand, **{REFRESH: refresh})
        assert (answer.status_code, REFRESH in held(stand)) == (200, False)
    refused = await enter(stand, code=make_token(SECRET, "haulier", "H1", use="login"))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    stand.broker.is_down = False
    assert (await ask_with(stand, **{REFRESH: refresh})).status_code == 200
    assert REFRESH in held(stand)


async def test_a_shift_is_the_longest_that_a_session_lasts(stand: Stand) -> None:
    await log_in(stand)
    cookies, session = held(stand), the_session(stand)
    assert session.expires_at - session.created_at == timedelta(hours=12)
    assert read_claims(SECRET, cookies[REFRESH], use="refresh")["exp"] <= time.time() + 43_200
    over = session.model_copy(update={"expires_at": datetime.now(UTC)})
    await stand.app.state.desk.kept.put(TOPIC, over)
    assert (await ask_with(stand, **cookies)).status_code == 401
    assert await stand.app.state.desk.door.sessions.sweep() == 1
    assert stand.app.state.desk.kept.every(TOPIC) == {}


async def test_logging_out_ends_the_session_for_whoever_copied_its_cookies(stand: Stand) -> None:
    await log_in(stand)
    copied = held(stand)
    assert (await stand.client.delete("/v1/session")).status_code == 204
    assert held(stand) == {}
    assert (await ask_with(stand, **copied)).status_code == 401
    assert the_session(stand).revoked_at is not None


async def test_a_log_out_while_kafka_is_away_is_written_later(stand: Stand) -> None:
    await log_in(stand)
    copied = held(stand)
    stand.broker.is_down = True
    assert (await stand.client.delete("/v1/session")).status_code == 204
    assert (await ask_with(stand, **copied)).status_code == 401
    assert the_session(stand).revoked_at is None
    stand.broker.is_down = False
    await stand.app.state.desk.door.sessions.sweep()
    assert the_session(stand).revoked_at is not None


async def test_another_site_cannot_log_anybody_out(stand: Stand) -> None:
    await log_in(stand)
    answer = await stand.client.delete("/v1/session", headers={"sec-fetch-site": "cross-site"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_origin")
    assert (await stand.client.get("/v1/session")).status_code == 200


async def test_sessions_are_ended_by_their_holder_and_by_administrators(stand: Stand) -> None:
    await settle(stand, "other")
    forget(stand)
    await settle(stand)
    await enter(stand, login="htx-1", password=PASSWORD)
    mine = (await stand.client.get("/v1/sessions")).json()["items"]
    assert {one["role"] for one in mine} == {"haulier"}
    assert len(mine) == 2
    assert sorted(one["is_this"] for one in mine) == [False, True]
    every = (await stand.ask("GET", "/v1/sessions", role="administrator")).json()["items"]
    assert len(every) == 3
    (foreign,) = {one["session_id"] for one in every} - {one["session_id"] for one in mine}
    assert (await stand.client.delete(f"/v1/sessions/{foreign}")).status_code == 404
    others = await stand.ask("DELETE", f"/v1/sessions/{foreign}", role="dispatcher")
    assert others.status_code == 404
    for one in mine:
        path = f"/v1/sessions/{one['session_id']}"
        assert (await stand.ask("DELETE", path, role="administrator")).status_code == 204
    assert (await stand.client.get("/v1/session")).status_code == 401


async def test_an_open_stream_ends_with_its_session_or_key(stand: Stand) -> None:
    await log_in(stand)
    body = {"role": "observer"}
    made = (await stand.ask("POST", "/v1/keys", role="administrator", json=body)).json()
    by_key = {"authorization": f"Bearer {made['secret']}"}
    by_session = {"cookie": "; ".join(f"{name}={text}" for name, text in held(stand).items())}
    ends = {
        "session": f"/v1/sessions/{the_session(stand).session_id}",
        "key": f"/v1/keys/{made['key']['key_id']}",
    }
    forget(stand)
    user = await settle(stand)
    by_user = {"cookie": "; ".join(f"{name}={text}" for name, text in held(stand).items())}
    async with served(stand) as base, httpx.AsyncClient(timeout=10, base_url=base) as client:
        for headers, path in ((by_session, ends["session"]), (by_key, ends["key"])):
            async with client.stream("GET", "/v1/stream", headers=headers) as answer:
                lines = answer.aiter_lines()
                assert (await anext(lines)).startswith("retry")
                gone = await stand.ask("DELETE", path, role="administrator")
                assert gone.status_code == 204
                await over(lines)
        async with client.stream("GET", "/v1/stream", headers=by_user) as answer:
            lines = answer.aiter_lines()
            assert (await anext(lines)).startswith("retry")
            path = f"/v1/users/{user['user_id']}"
            await stand.ask("PATCH", path, role="administrator", json={"status": "disabled"})
            await over(lines)


async def over(lines: AsyncIterator[str]) -> None:
    """Wait until a stream ends by itself."""
    async with asyncio.timeout(5):
        async for _ in lines:
            pass


def crafted(session_id: str) -> dict[str, str]:
    """Make tokens that somebody might try in place of a session's."""
    over = sign(SECRET, "session", {"sid": session_id, "exp": 1}, ttl_s=60)
    return {
        "over": over,
        "of another stack": sign(b"x" * 32, "session", {"sid": session_id}, ttl_s=60),
        "of another audience": sign(SECRET, "session", {"sid": session_id, "aud": "x"}, ttl_s=60),
        "of no session": sign(SECRET, "session", {"sid": "nobody"}, ttl_s=60),
        "without a session": sign(SECRET, "session", {}, ttl_s=60),
        "a script's": token("administrator"),
        "a link's": make_token(SECRET, "administrator", use="login"),
        "a refresh token": sign(
            SECRET, "refresh", {"sid": session_id, "jti": "a", "prev": None}, ttl_s=60
        ),
        "none": "",
    }


async def test_no_crafted_token_is_a_session(stand: Stand) -> None:
    await log_in(stand)
    session = the_session(stand)
    for what, text in crafted(session.session_id).items():
        if what != "a refresh token":
            assert (await ask_with(stand, **{REFRESH: text})).status_code == 401, what
        assert (await ask_with(stand, **{COOKIE: text})).status_code == 401, what
        if what != "a script's":
            headers = {"authorization": f"Bearer {text}"}
            answer = await stand.client.get("/v1/session", headers=headers)
            assert answer.status_code == 401, what
    assert the_session(stand).revoked_at is None


_SOUND = sign(SECRET, "api", {"role": "haulier", "sub": "H1"}, ttl_s=3_600)


@given(at=st.integers(0, len(_SOUND) - 1), letter=st.sampled_from("ABCabc019-_.="))
def test_a_token_with_one_letter_changed_is_refused(at: int, letter: str) -> None:
    from api.problems import Problem  # noqa: PLC0415

    changed = _SOUND[:at] + letter + _SOUND[at + 1 :]
    if changed == _SOUND or _same_bits(changed):
        return
    with pytest.raises(Problem):
        read_claims(SECRET, changed, use="api")


def _same_bits(changed: str) -> bool:
    """Tell whether only bits beyond the signature's last byte differ: base64 carries four spare."""
    import base64  # noqa: PLC0415

    (*head, one), (*sound, other) = changed.split("."), _SOUND.split(".")
    try:
        return head == sound and base64.urlsafe_b64decode(one + "=") == base64.urlsafe_b64decode(
            other + "="
        )
    except ValueError:
        return False


async def test_under_tls_cookies_are_bound_to_the_host(stand: Stand) -> None:
    transport = httpx.ASGITransport(stand.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://testserver") as client:
        code = make_token(SECRET, "haulier", "H1", use="login")
        answer = await client.post("/v1/session", json={"code": code})
        for cookie in answer.headers.get_list("set-cookie"):
            assert cookie.startswith("__Host-harvestlane_")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert (await client.get("/v1/session")).status_code == 200
        plain = {name.removeprefix("__Host-"): text for name, text in client.cookies.items()}
        client.cookies.clear()
        text = "; ".join(f"{name}={value}" for name, value in plain.items())
        refused = await client.get("/v1/session", headers={"cookie": text})
        assert refused.status_code == 401


async def test_what_nests_without_end_is_refused_before_it_is_read(stand: Stand) -> None:
    deep = '{"a":' * 33 + "1" + "}" * 33
    for body in (deep, "[" * 100_000, '[{"a":' * 500_00):
        headers = {"content-type": "application/json"}
        answer = await stand.ask("POST", "/v1/events", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "not_json")
        assert "32 deep" in answer.json()["detail"]


@given(depth=st.integers(1, 40), text=st.text('[]{}\\"a', max_size=60), width=st.integers(1, 40))
def test_depth_is_told_exactly_whatever_texts_hold(depth: int, text: str, width: int) -> None:
    import orjson  # noqa: PLC0415

    from api.depth import MOST_DEPTH, refuse_deep  # noqa: PLC0415
    from api.problems import Problem  # noqa: PLC0415

    value: Any = text
    for level in range(depth):
        value = [value] if level % 2 else {text: value}
    body = orjson.dumps([value] + [{}] * width) if depth > 1 else orjson.dumps(value)
    inside = depth + 1 if depth > 1 else depth
    if inside > MOST_DEPTH:
        with pytest.raises(Problem):
            refuse_deep("application/json", body)
    else:
        refuse_deep("application/json", body)
