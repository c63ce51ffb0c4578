"""Test that log-ins, refused ones, users and keys are written down."""

from typing import Any

import pytest

from tests.api.conftest import Stand
from tests.api.identity.people import PASSWORD, add, enter, settle


def docs(stand: Stand) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stand.app.state.desk.audit.ledger.docs
    return found


async def written(stand: Stand, action: str) -> dict[str, Any]:
    """Return the one entry of an action, once everything that waits is written."""
    await stand.app.state.desk.audit.close()
    (doc,) = (doc for doc in docs(stand) if doc["action"] == action)
    return doc


async def test_log_ins_and_refused_ones_are_written_down(stand: Stand) -> None:
    user = await settle(stand)
    stand.client.cookies.clear()
    wrong = {"login": "htx-1", "password": "wrong, wrong, wrong"}
    assert (await enter(stand, **wrong)).status_code == 401
    assert (await enter(stand, login="htx-1", password=PASSWORD)).status_code == 200
    await stand.app.state.desk.audit.close()
    said = [(doc["action"], doc["outcome"]) for doc in docs(stand)]
    assert said.count(("session.opened", "allowed")) == 2
    assert said.count(("session.refused", "refused")) == 1
    opened = next(doc for doc in reversed(docs(stand)) if doc["action"] == "session.opened")
    assert (opened["role"], opened["user_id"]) == ("haulier", user["user_id"])
    assert opened["session_id"]


async def test_neither_names_nor_secrets_are_written_down(stand: Stand) -> None:
    told = await add(stand)
    await enter(stand, login="htx-1", password=PASSWORD)
    await enter(stand, code="no such code")
    await stand.app.state.desk.audit.close()
    raw = b"".join(each.value or b"" for each in stand.app.state.desk.audit.ledger.records)
    for secret in ("htx-1", PASSWORD, told["code"], "no such code"):
        assert secret.encode() not in raw


async def test_users_are_added_and_changed_in_somebodys_name(stand: Stand) -> None:
    told = await add(stand)
    path = f"/v1/users/{told['user']['user_id']}"
    changed = await stand.ask(
        "PATCH", path, role="administrator:ops-1", json={"status": "disabled"}
    )
    assert changed.status_code == 200
    entry = await written(stand, "user.changed")
    assert (entry["role"], entry["subject"]) == ("administrator", "ops-1")
    assert entry["entities"] == [f"user/{told['user']['user_id']}"]


async def test_keys_are_made_and_taken_away_in_somebodys_name(stand: Stand) -> None:
    body = {"role": "haulier", "subject": "H1"}
    made = await stand.ask("POST", "/v1/keys", role="administrator", json=body)
    key_id = made.json()["key"]["key_id"]
    gone = await stand.ask("DELETE", f"/v1/keys/{key_id}", role="administrator")
    assert gone.status_code == 204
    for action in ("key.made", "key.taken_away"):
        assert (await written(stand, action))["entities"] == [f"key/{key_id}"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/users", {"login": "htx-2", "role": "haulier", "subject": "H1"}),
        ("POST", "/v1/keys", {"role": "haulier", "subject": "H1"}),
    ],
)
async def test_no_secret_is_told_that_was_not_written_down(
    stand: Stand, method: str, path: str, body: dict[str, Any]
) -> None:
    stand.app.state.desk.audit.ledger.is_down = True
    answer = await stand.ask(method, path, role="administrator", json=body)
    assert answer.status_code == 503
    assert "code" not in answer.json().get("user", {})
    assert "hlk_" not in answer.text
