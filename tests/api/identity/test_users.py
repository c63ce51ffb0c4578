"""People of the built-in store set their own password, and lose what is taken from them."""

from __future__ import annotations

import logging

import pytest

from tests.api.conftest import Stand
from tests.api.identity.people import OTHER, PASSWORD, add, enter, forget, settle

pytestmark = pytest.mark.integration
WRONG = {"login": "htx-1", "password": "khóm Cầu Đúc dở lắm"}


async def test_a_new_user_can_do_nothing_but_set_a_password(world: Stand) -> None:
    told = await add(world)
    assert told["link"] == f"/login#{told['code']}"
    first = await enter(world, code=told["code"])
    assert first.json()["must_change_password"] is True
    refused = await world.client.get("/v1/trucks")
    assert (refused.status_code, refused.json()["code"]) == (403, "password_needed")
    assert (await world.client.get("/v1/session")).status_code == 200
    done = await world.client.post("/v1/session/password", json={"password": PASSWORD})
    assert "must_change_password" not in done.json()
    assert (await world.client.get("/v1/trucks")).json()["count"] == 1


async def test_a_user_comes_in_by_name_and_password(world: Stand) -> None:
    await settle(world, regions=["kien-giang"])
    forget(world)
    assert (await world.client.get("/v1/session")).status_code == 401
    answer = await enter(world, login=" HTX-1 ", password=PASSWORD)
    assert answer.json() == {
        "role": "haulier",
        "subject": "H1",
        "expires_in_s": 43_200,
        "page": "/haulier",
        "regions": ["kien-giang"],
    }


async def test_a_password_is_the_same_however_a_keyboard_composes_it(stand: Stand) -> None:
    await settle(stand)
    forget(stand)
    import unicodedata  # noqa: PLC0415

    typed = unicodedata.normalize("NFD", PASSWORD)
    assert typed != PASSWORD
    assert (await enter(stand, login="htx-1", password=typed)).status_code == 200


async def test_nobody_learns_which_names_there_are(stand: Stand) -> None:
    await settle(stand)
    await add(stand, "new-one")
    refusals = [
        (await enter(stand, login=login, password=WRONG["password"])).json()
        for login in ("htx-1", "nobody", "new-one")
    ]
    assert refusals[0] == refusals[1] == refusals[2]
    assert refusals[0]["code"] == "login_refused"


async def test_a_first_link_opens_once_and_only_the_newest(stand: Stand) -> None:
    told = await add(stand)
    user_id = told["user"]["user_id"]
    again = await stand.ask("POST", f"/v1/users/{user_id}/reset", role="administrator")
    for code, status in ((told["code"], 401), (again.json()["code"], 200)):
        assert (await enter(stand, code=code)).status_code == status
    assert (await enter(stand, code=again.json()["code"])).json()["code"] == "code_refused"


async def test_a_code_is_not_lost_while_kafka_is_away(stand: Stand) -> None:
    code = (await add(stand))["code"]
    stand.broker.is_down = True
    refused = await enter(stand, code=code)
    assert (refused.status_code, refused.json()["code"]) == (503, "broker_unavailable")
    assert "set-cookie" not in refused.headers
    stand.broker.is_down = False
    assert (await enter(stand, code=code)).status_code == 200


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("ngắn quá", "12 to 256"),
        ("x" * 257, "12 to 256"),
        ("123456789012", "first passwords"),
        ("password1234", "first passwords"),
        ("aaaaaaaaaaaaaaaa", "first passwords"),
        ("anhyeuem12345", "first passwords"),
        ("harvestlane26", "first passwords"),
        ("xhtx-1-htx-1x", "log-in name"),
    ],
)
async def test_a_password_that_is_tried_first_is_refused(
    stand: Stand, password: str, why: str
) -> None:
    await enter(stand, code=(await add(stand))["code"])
    answer = await stand.client.post("/v1/session/password", json={"password": password})
    assert (answer.status_code, answer.json()["code"]) == (422, "password_weak")
    assert why in answer.json()["detail"]
    assert password not in answer.text


async def test_a_later_password_needs_the_present_one_and_ends_other_sessions(
    stand: Stand,
) -> None:
    await settle(stand)
    elsewhere = dict(stand.client.cookies)
    forget(stand)
    await enter(stand, login="htx-1", password=PASSWORD)
    for body in ({"password": OTHER}, {"password": OTHER, "current": OTHER}):
        refused = await stand.client.post("/v1/session/password", json=body)
        assert refused.json()["code"] == "login_refused"
    changed = await stand.client.post(
        "/v1/session/password", json={"password": OTHER, "current": PASSWORD}
    )
    assert changed.status_code == 200
    assert (await stand.client.get("/v1/session")).status_code == 200
    forget(stand)
    cookie = "; ".join(f"{name}={value}" for name, value in elsewhere.items())
    answer = await stand.client.get("/v1/session", headers={"cookie": cookie})
    assert answer.status_code == 401
    assert (await enter(stand, login="htx-1", password=PASSWORD)).status_code == 401
    assert (await enter(stand, login="htx-1", password=OTHER)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"status": "disabled"},
        {"role": "observer"},
        {"subject": "H2"},
        {"subject": None},
        {"regions": ["ca-mau"]},
    ],
)
async def test_a_user_who_was_changed_is_out_at_once(
    stand: Stand, change: dict[str, object]
) -> None:
    user = await settle(stand)
    path = f"/v1/users/{user['user_id']}"
    answer = await stand.ask("PATCH", path, role="administrator", json=change)
    assert answer.json() | change == answer.json()
    refused = await stand.client.get("/v1/session")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    comes_in = await enter(stand, login="htx-1", password=PASSWORD)
    assert comes_in.status_code == (401 if "status" in change else 200)


async def test_a_change_of_nothing_ends_nothing(stand: Stand) -> None:
    user = await settle(stand)
    path = f"/v1/users/{user['user_id']}"
    for body in ({}, {"role": "haulier"}, {"role": None, "status": "active"}):
        answer = await stand.ask("PATCH", path, role="administrator", json=body)
        assert answer.status_code == 200
    assert (await stand.client.get("/v1/session")).status_code == 200


async def test_two_users_never_share_a_name(stand: Stand) -> None:
    await add(stand)
    body = {"login": "htx-1", "role": "observer"}
    answer = await stand.ask("POST", "/v1/users", role="administrator", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "login_taken")
    bad = await stand.ask("POST", "/v1/users", role="administrator", json={**body, "login": "Ầ"})
    assert bad.json()["errors"][0]["pointer"] == "#/login"


async def test_only_administrators_keep_users_and_of_their_regions_only(stand: Stand) -> None:
    here = (await add(stand, "here", regions=["kien-giang"]))["user"]["user_id"]
    everywhere = (await add(stand, "everywhere"))["user"]["user_id"]
    body = {"login": "other", "role": "observer"}
    for role in ("dispatcher", "haulier:H1", "observer"):
        for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{here}"), ("PATCH", f"/{here}")):
            answer = await stand.ask(method, f"/v1/users{path}", role=role, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    await settle(stand, "chief", role="administrator", subject=None, regions=["kien-giang"])
    shown = (await stand.client.get("/v1/users")).json()["items"]
    assert [user["login"] for user in shown] == ["chief", "here"]
    assert not {"password_hash", "code_id"} & shown[0].keys()
    assert (await stand.client.get(f"/v1/users/{everywhere}")).status_code == 404
    assert (await stand.client.post(f"/v1/users/{everywhere}/reset")).status_code == 404
    for regions in (None, ["ca-mau"], ["ca-mau", "kien-giang"]):
        refused = await stand.client.post("/v1/users", json={**body, "regions": regions})
        assert refused.status_code == 403
    path = f"/v1/users/{here}"
    assert (await stand.client.patch(path, json={"regions": None})).status_code == 403
    assert (await stand.client.patch(path, json={"subject": "H9"})).status_code == 200


async def test_a_log_in_by_link_has_no_password(stand: Stand) -> None:
    answer = await stand.ask("POST", "/v1/session/password", json={"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"login": "a"},
        {"password": "b"},
        {"code": "c", "login": "a", "password": "b"},
        {"code": "c", "password": "b"},
    ],
)
async def test_a_log_in_is_one_way_or_the_other(stand: Stand, body: dict[str, str]) -> None:
    answer = await enter(stand, **body)
    assert answer.status_code in {401, 422}
    assert "set-cookie" not in answer.headers


async def test_no_secret_reaches_the_log_or_the_topic(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        code = (await add(stand))["code"]
        await enter(stand, code=code)
        await stand.client.post("/v1/session/password", json={"password": PASSWORD})
        await enter(stand, **WRONG)
        body = {"role": "haulier", "subject": "H1"}
        made = await stand.ask("POST", "/v1/keys", role="administrator", json=body)
        key = made.json()["secret"]
        await stand.client.get("/v1/trucks", headers={"authorization": f"Bearer {key}"})
        await stand.client.get("/v1/trucks", headers={"authorization": f"Bearer {key}0"})
    cookies = list(stand.client.cookies.values())
    assert len(cookies) == 2
    secrets = [code, key, PASSWORD, WRONG["password"], *cookies]
    written = b"".join(record.value or b"" for record in stand.broker.records).decode()
    for secret in secrets:
        assert secret not in caplog.text
        assert secret not in written
        assert secret.rpartition(".")[2][-64:] not in written
