"""Hooks are made, seen and changed by their owners only."""

from __future__ import annotations

from typing import Any

import pytest

from api.webhooks.routes import MOST_OF_ONE
from tests.api.conftest import Stand

pytestmark = pytest.mark.integration

URL = "https://example.org/harvestlane"


async def make(stand: Stand, role: str = "haulier:H1", **body: Any) -> dict[str, Any]:
    answer = await stand.ask("POST", "/v1/webhooks", json={"url": URL, **body}, role=role)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_secret_is_shown_once_and_kept_nowhere(stand: Stand) -> None:
    made = await make(stand, kinds=["truck"], purpose="our fleet system")
    seen = (await stand.ask("GET", f"/v1/webhooks/{made['hook_id']}", role="haulier:H1")).json()
    assert seen == {name: value for name, value in made.items() if name != "secret"}
    assert (seen["status"], seen["failing_since"]) == ("active", None)
    secret = made["secret"].removeprefix("whsec_").encode()
    assert not any(secret in (record.value or b"") for record in stand.broker.records)


async def test_another_owners_hook_is_not_there(stand: Stand) -> None:
    path = f"/v1/webhooks/{(await make(stand))['hook_id']}"
    for role, status, count in (
        ("haulier:H2", 404, 0),
        ("observer", 404, 0),
        ("driver:D1", 403, None),
        ("haulier:H1", 200, 1),
        ("dispatcher", 200, 1),
    ):
        for method, tail, body in (
            ("GET", "", None),
            ("GET", "/deliveries", None),
            ("PATCH", "", {"purpose": "x"}),
            ("POST", "/rotate-secret", None),
        ):
            answer = await stand.ask(method, path + tail, role=role, json=body)
            assert answer.status_code == status, (role, method, tail)
        listed = (await stand.ask("GET", "/v1/webhooks", role=role)).json()
        assert listed.get("count") == count, role
        if status != 200:
            assert (await stand.ask("DELETE", path, role=role)).status_code == status, role
    assert (await stand.ask("DELETE", path)).status_code == 204
    assert (await stand.ask("GET", path)).status_code == 404


async def test_what_cannot_be_told_is_refused(stand: Stand) -> None:
    path = f"/v1/webhooks/{(await make(stand))['hook_id']}"
    bodies: list[tuple[dict[str, Any], str, str]] = [
        ({"url": "http://example.org/"}, "url_refused", "#/url"),
        ({"url": "https://10.0.0.1/"}, "url_refused", "#/url"),
        ({"url": "https://exämple.org/"}, "invalid", "#/url"),
        ({"kinds": ["position"]}, "invalid", "#/kinds/0"),
        ({"region": "Kiên Giang"}, "invalid", "#/region"),
    ]
    for body, code, pointer in bodies:
        for method, where, sent in (
            ("POST", "/v1/webhooks", {"url": URL, **body}),
            ("PATCH", path, body),
        ):
            answer = await stand.ask(method, where, json=sent)
            assert (answer.status_code, answer.json()["code"]) == (422, code), sent
            assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_hook_is_paused_and_resumed(stand: Stand) -> None:
    path = f"/v1/webhooks/{(await make(stand))['hook_id']}"
    for status, why in (("paused", "asked"), ("active", None)):
        answer = await stand.ask("PATCH", path, json={"status": status}, role="haulier:H1")
        assert (answer.json()["status"], answer.json()["paused_because"]) == (status, why)
    null = await stand.ask("PATCH", path, json={"status": None}, role="haulier:H1")
    assert (null.status_code, null.json()["errors"][0]["pointer"]) == (422, "#/status")


async def test_one_owner_has_so_many_hooks_and_no_more(stand: Stand) -> None:
    for _ in range(MOST_OF_ONE):
        await make(stand)
    answer = await stand.ask("POST", "/v1/webhooks", json={"url": URL}, role="haulier:H1")
    assert (answer.status_code, answer.json()["code"]) == (409, "webhooks_full")
    await make(stand, role="haulier:H2")


async def test_a_test_says_how_it_went(stand: Stand) -> None:
    made = await make(stand, url="https://nobody.invalid/")
    answer = await stand.ask("POST", f"/v1/webhooks/{made['hook_id']}/test", role="haulier:H1")
    assert answer.status_code == 200
    assert answer.json()["error"] == "name_unknown"
    path = f"/v1/webhooks/{made['hook_id']}/deliveries"
    (tried,) = (await stand.ask("GET", path, role="haulier:H1")).json()["items"]
    assert (tried["kind"], tried["error"]) == ("test", "name_unknown")


async def test_without_kafka_no_hook_is_made(stand: Stand) -> None:
    stand.broker.is_down = True
    answer = await stand.ask("POST", "/v1/webhooks", json={"url": URL})
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")
