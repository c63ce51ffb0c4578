"""Changes are told signed, in order, at least once, and to whom they concern."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis
from standardwebhooks import Webhook, WebhookVerificationError

from tests.api.conftest import ASSIGNMENT, TRUCK, Stand, standing
from tests.api.webhooks.conftest import (
    PACE,
    Got,
    MemorySource,
    Receiver,
    hook,
    receiving,
    seen,
    state,
    telling,
    until,
)

pytestmark = pytest.mark.integration
TRUCK_DOC = {**TRUCK, "registered": True}
SEEN = {"checkpoint_id": "C1", "decision": "arrived", "at": "2021-08-24T00:00:00Z"}


@pytest.fixture
async def stand(redis_url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    """Give an application whose webhooks may go to this machine."""
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        async with standing(redis_url, tmp_path, redis, webhook_http=True) as built:
            yield built


async def test_a_change_is_told_signed_by_the_standard(
    stand: Stand, source: MemorySource, receiver: Receiver
) -> None:
    source.change("truck", "T0", **TRUCK_DOC)  # before anybody asked
    made = await hook(stand, receiver.url)
    async with telling(stand, source):
        source.change("truck", "T1", **TRUCK_DOC)
        (got,) = await receiver.until(1)
    told = Webhook(made["secret"]).verify(got.body, got.headers)
    assert (told["type"], told["data"]["id"]) == ("truck.changed", "T1")
    assert told["data"]["plate"] == "68C-123.45"
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(got.body.replace(b"T1", b"T2"), got.headers)


async def test_of_each_thing_the_latest_is_told_last(
    stand: Stand, source: MemorySource, receiver: Receiver
) -> None:
    await hook(stand, receiver.url)
    async with telling(stand, source):
        for number in range(30):
            source.change("truck", f"T{number % 3}", **{**TRUCK_DOC, "payload_kg": number + 1})
            await asyncio.sleep(0.002)
        await until(lambda: {got.data["payload_kg"] for got in receiver.got} >= {28, 29, 30})
    for number in range(3):
        told = [g.data["version"] for g in receiver.got if g.data["id"] == f"T{number}"]
        assert told == sorted(told)


async def test_what_was_not_taken_is_told_again_under_the_same_id(
    stand: Stand, source: MemorySource
) -> None:
    answers = iter([500, 302, 200])

    async def decide(_got: Got) -> int:
        return next(answers)

    async with receiving(decide) as receiver, telling(stand, source) as job:
        made = await hook(stand, receiver.url)
        source.change("truck", "T1", **TRUCK_DOC)
        got = await receiver.until(3)
        await until(lambda: len(job.log.latest(made["hook_id"])) == 3)
        path = f"/v1/webhooks/{made['hook_id']}/deliveries"
        tried = (await stand.ask("GET", path)).json()
    assert len({each.headers["webhook-id"] for each in got}) == 1
    shown = [(each["attempt"], each["status"], each["error"]) for each in tried["items"]]
    assert shown == [(3, 200, None), (2, 302, None), (1, 500, None)]
    assert tried["items"][0]["entity_id"] == "T1"
    written = [event for event in stand.broker.events if event.topic == "webhook.delivery.v1"]
    assert len(written) == 3


async def test_a_restart_goes_on_where_telling_stopped(stand: Stand, source: MemorySource) -> None:
    is_open = asyncio.Event()

    async def decide(got: Got) -> int:
        return 200 if is_open.is_set() or got.data["id"] == "T1" else 503

    async with receiving(decide) as receiver:
        made = await hook(stand, receiver.url)
        async with telling(stand, source):
            source.change("truck", "T1", **TRUCK_DOC)
            await receiver.until(1)
            await asyncio.sleep(0.05)
            source.change("truck", "T2", **TRUCK_DOC)
            await receiver.until(2)
            assert (await seen(stand, made))["failing_since"] is not None
        source.change("truck", "T3", **TRUCK_DOC)
        is_open.set()
        before = len(receiver.got)
        async with telling(stand, source):
            got = (await receiver.until(before + 2))[before:]
            source.change("truck", "T4", **TRUCK_DOC)
            await receiver.until(before + 3)
            await asyncio.sleep(0.05)
            assert (await seen(stand, made))["failing_since"] is None
    assert {each.data["id"] for each in got} == {"T2", "T3"}
    ids = {each.headers["webhook-id"] for each in receiver.got if each.data["id"] == "T2"}
    assert len(ids) == 1


async def test_a_slow_receiver_delays_nobody_else(stand: Stand, source: MemorySource) -> None:
    async def never(_got: Got) -> int:
        await asyncio.Event().wait()
        return 200

    async with receiving(never) as slow, receiving() as quick, telling(stand, source):
        await hook(stand, slow.url)
        await hook(stand, quick.url)
        for number in range(40):
            source.change("truck", f"T{number}", **TRUCK_DOC)
        await quick.until(40)
        assert len(slow.got) <= PACE.at_once


async def test_a_receiver_that_is_gone_is_told_no_more(stand: Stand, source: MemorySource) -> None:
    async def gone(_got: Got) -> int:
        return 410

    async with receiving(gone) as receiver, telling(stand, source):
        made = await hook(stand, receiver.url)
        source.change("truck", "T1", **TRUCK_DOC)
        await until(lambda: state(stand, made).status == "paused")
        source.change("truck", "T2", **TRUCK_DOC)
        await asyncio.sleep(0.1)
        assert state(stand, made).paused_because == "gone"
        assert len(receiver.got) == 1


async def test_a_receiver_that_is_long_away_is_paused_and_told_the_rest_once_resumed(
    stand: Stand, source: MemorySource
) -> None:
    answers = [503]

    async def decide(_got: Got) -> int:
        return answers[-1]

    async with (
        receiving(decide) as receiver,
        telling(stand, source, replace(PACE, give_up_s=0.1)),
    ):
        made = await hook(stand, receiver.url)
        source.change("truck", "T1", **TRUCK_DOC)
        await until(lambda: state(stand, made).status == "paused")
        assert state(stand, made).paused_because == "unreachable"
        assert len(receiver.got) > 2
        answers.append(200)
        await stand.ask("PATCH", f"/v1/webhooks/{made['hook_id']}", json={"status": "active"})
        before = len(receiver.got)
        got = await receiver.until(before + 1)
        assert got[-1].data["id"] == "T1"


async def test_a_change_of_address_counts_at_once(
    stand: Stand, source: MemorySource, receiver: Receiver
) -> None:
    async def fail(_got: Got) -> int:
        return 500

    slow = replace(PACE, first_s=60, most_s=60)
    async with receiving(fail) as wrong, telling(stand, source, slow):
        made = await hook(stand, wrong.url)
        source.change("truck", "T1", **TRUCK_DOC)
        await wrong.until(1)
        await asyncio.sleep(0.05)
        await stand.ask("PATCH", f"/v1/webhooks/{made['hook_id']}", json={"url": receiver.url})
        await receiver.until(1)


async def test_an_owner_is_told_what_it_may_see_and_no_more(
    world: Stand, source: MemorySource, receiver: Receiver
) -> None:
    await hook(world, receiver.url, role="haulier:H1", kinds=["truck", "assignment", "alert"])
    async with receiving() as officers, telling(world, source):
        await hook(world, officers.url, role="checkpoint_officer:C1", kinds=["truck", "alert"])
        source.change("truck", "T2", **{**TRUCK_DOC, "haulier_id": "H2"})
        source.change("truck", "T1", **TRUCK_DOC, last_checkpoint=SEEN)
        source.change("lot", "L1", region="kien-giang", status="declared")
        source.change("assignment", "A1", **ASSIGNMENT)
        source.change("assignment", "A2", **{**ASSIGNMENT, "haulier_id": "H2", "truck_id": "T2"})
        source.alert("alert.raised", alert_id="truck_silent/T1", subject="T1", code="truck_silent")
        source.alert("alert.raised", alert_id="truck_silent/T2", subject="T2", code="truck_silent")
        own = {got.data["id"]: got.data for got in await receiver.until(3)}
        await officers.until(1)
        await asyncio.sleep(0.1)
    assert own.keys() == {"T1", "A1", "truck_silent/T1"}
    assert len(receiver.got) == 3
    assert "actor" not in own["A1"]
    (at_post,) = (got.data for got in officers.got)
    assert at_post["id"] == "T1"
    assert not {"driver_id", "position", "home"} & at_post.keys()


async def test_a_hook_ends_with_the_key_that_made_it(
    stand: Stand, source: MemorySource, receiver: Receiver
) -> None:
    body = {"role": "haulier", "subject": "H1"}
    key = (await stand.ask("POST", "/v1/keys", json=body, role="administrator")).json()
    made = await hook(stand, receiver.url, key=key["secret"])
    async with telling(stand, source):
        source.change("truck", "T1", **TRUCK_DOC)
        await receiver.until(1)
        key_id = key["key"]["key_id"]
        await stand.ask("DELETE", f"/v1/keys/{key_id}", role="administrator")
        await until(lambda: state(stand, made).status == "paused")
        source.change("truck", "T1", **TRUCK_DOC)
        await asyncio.sleep(0.05)
    assert state(stand, made).paused_because == "owner_gone"
    assert len(receiver.got) == 1


async def test_a_hook_is_narrowed_to_its_owners_regions(
    stand: Stand, source: MemorySource, receiver: Receiver
) -> None:
    body = {"role": "dispatcher", "regions": ["ca-mau"]}
    key = (await stand.ask("POST", "/v1/keys", json=body, role="administrator")).json()
    made = await hook(stand, receiver.url, key=key["secret"])
    everything = await hook(stand, "https://example.org/")
    async with telling(stand, source):
        source.change("truck", "T1", **TRUCK_DOC)
        source.change("truck", "T2", **{**TRUCK_DOC, "region": "ca-mau"})
        (got,) = await receiver.until(1)
    assert got.data["id"] == "T2"
    headers = {"authorization": f"Bearer {key['secret']}"}
    for hook_id, status in ((made["hook_id"], 200), (everything["hook_id"], 404)):
        path = f"/v1/webhooks/{hook_id}"
        answer = await stand.ask("PATCH", path, json={}, role=None, headers=headers)
        assert answer.status_code == status


async def test_a_hook_follows_the_kinds_and_region_it_asked_for(
    stand: Stand, source: MemorySource, receiver: Receiver
) -> None:
    made = await hook(stand, receiver.url, kinds=["truck"], region="ca-mau")
    async with telling(stand, source):
        source.change("lot", "L1", region="ca-mau")
        source.change("truck", "T1", **TRUCK_DOC)
        source.change("truck", "T2", **{**TRUCK_DOC, "region": "ca-mau"})
        await receiver.until(1)
        path = f"/v1/webhooks/{made['hook_id']}"
        await stand.ask("PATCH", path, json={"kinds": ["lot"], "region": None})
        await asyncio.sleep(0.3)
        source.change("truck", "T3", **TRUCK_DOC)
        source.change("lot", "L2", region="kien-giang")
        await receiver.until(2)
    assert [got.data["id"] for got in receiver.got] == ["T2", "L2"]


async def test_a_cleared_alert_says_what_it_was(
    stand: Stand, source: MemorySource, receiver: Receiver
) -> None:
    raised = {"alert_id": "truck_silent/T1", "subject": "T1", "code": "truck_silent"}
    stand.put("alert", "truck_silent/T1", **raised, severity="warning", status="raised")
    await hook(stand, receiver.url, kinds=["alert"])
    async with telling(stand, source):
        source.alert("alert.cleared", alert_id="truck_silent/T1", subject="T1")
        (got,) = await receiver.until(1)
    assert (got.data["status"], got.data["code"]) == ("cleared", "truck_silent")


async def test_a_command_is_told_whatever_its_id_is(
    stand: Stand, source: MemorySource, receiver: Receiver
) -> None:
    made = await hook(stand, receiver.url, kinds=["command"])
    async with telling(stand, source) as job:
        source.change("command", "lệnh 1 / của ai đó")
        (got,) = await receiver.until(1)
        await until(lambda: bool(job.log.latest(made["hook_id"])))
    assert got.data["id"] == "lệnh 1 / của ai đó"


async def test_for_a_day_the_old_secret_signs_too(
    stand: Stand, source: MemorySource, receiver: Receiver
) -> None:
    made = await hook(stand, receiver.url)
    path = f"/v1/webhooks/{made['hook_id']}/rotate-secret"
    new = (await stand.ask("POST", path)).json()["secret"]
    async with telling(stand, source):
        source.change("truck", "T1", **TRUCK_DOC)
        (got,) = await receiver.until(1)
    assert new != made["secret"]
    for secret in (new, made["secret"]):
        Webhook(secret).verify(got.body, got.headers)


async def test_telling_waits_while_changes_cannot_be_read(
    stand: Stand, source: MemorySource, receiver: Receiver
) -> None:
    source.is_down = True
    await hook(stand, receiver.url)
    async with telling(stand, source):
        source.change("truck", "T1", **TRUCK_DOC)
        await asyncio.sleep(0.1)
        source.is_down = False
        await receiver.until(1)
