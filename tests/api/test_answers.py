"""A write repeated under its key is answered as at first, and is one event whatever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from api import answers
from api.broker import Written
from api.desk import Deed
from api.kept import Kept
from api.problems import Problem
from api.tokens import Actor
from schemas.answer import StoredAnswer
from schemas.envelope import Record
from streams.lot import LOT_FOLD
from tests.api.conftest import ASSIGNMENT, NOTHING, MemoryBroker, Stand, standing
from tests.api.test_writes import NEW_LOT
from tests.streams.bench import Bench

pytestmark = pytest.mark.integration

KEY = {"idempotency-key": "k-1"}


async def test_a_repeat_is_answered_as_at_first_and_writes_nothing(stand: Stand) -> None:
    first = await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
    written = list(stand.broker.records)
    shuffled = dict(reversed(NEW_LOT.items()))
    again = await stand.ask("POST", "/v1/lots", json=shuffled, headers=KEY)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert stand.broker.records == written


async def test_a_key_means_one_request_of_one_actor_on_one_path(world: Stand) -> None:
    await world.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
    other = {**NEW_LOT, "quantity_kg": 1}
    reused = await world.ask("POST", "/v1/lots", json=other, headers=KEY)
    assert (reused.status_code, reused.json()["code"]) == (422, "key_reused")
    role = "lot_declarer:HTX1"
    elsewhere = [
        await world.ask("POST", "/v1/lots", role=role, json=other, headers=KEY),
        await world.ask("PATCH", "/v1/lots/L1", json={"quantity_kg": 1}, headers=KEY),
    ]
    for answer in elsewhere:
        assert answer.status_code == 202
        assert "idempotency-replayed" not in answer.headers


async def test_what_was_refused_for_its_content_may_be_mended_under_the_same_key(
    world: Stand,
) -> None:
    bad = await world.ask("POST", "/v1/lots", json={**NEW_LOT, "quantity_kg": 0}, headers=KEY)
    assert bad.status_code == 422
    mended = await world.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
    assert mended.status_code == 202


async def test_a_conflict_is_answered_as_at_first(world: Stand) -> None:
    path = "/v1/assignments/A1/accept"
    world.put("assignment", "A1", **{**ASSIGNMENT, "status": "loaded"})
    first = await world.ask("POST", path, headers=KEY)
    world.put("assignment", "A1", **ASSIGNMENT)
    again = await world.ask("POST", path, headers=KEY)
    assert (first.status_code, again.status_code) == (409, 409)
    assert again.json() == first.json()
    assert again.headers["content-type"] == "application/problem+json"


async def test_nothing_is_kept_while_kafka_is_silent(stand: Stand) -> None:
    stand.broker.is_down = True
    answer = await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")
    assert answer.headers["retry-after"]
    stand.broker.is_down = False
    assert (await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)).status_code == 202


class SlowBroker(MemoryBroker):
    """A broker that acknowledges once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go = asyncio.Event()
        self.is_asked = asyncio.Event()

    async def publish(self, records: Sequence[Record]) -> list[Written]:
        """Wait, then keep the records."""
        self.is_asked.set()
        await self.may_go.wait()
        return await super().publish(records)


async def test_a_repeat_that_overtakes_its_first_is_told_to_wait(tmp_path: Path) -> None:
    broker = SlowBroker()
    async with standing(NOTHING, tmp_path, broker=broker) as stand:
        first = asyncio.create_task(stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY))
        await broker.is_asked.wait()
        early = await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
        assert (early.status_code, early.json()["code"]) == (409, "in_progress")
        assert early.headers["retry-after"] == "1"
        other = {**NEW_LOT, "quantity_kg": 1}
        reused = await stand.ask("POST", "/v1/lots", json=other, headers=KEY)
        assert reused.json()["code"] == "key_reused"
        broker.may_go.set()
        assert (await first).status_code == 202
        late = await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
        assert late.headers["idempotency-replayed"] == "true"


class DyingBroker(MemoryBroker):
    """A broker that acknowledges what the process does not live to hear of."""

    def __init__(self) -> None:
        super().__init__()
        self.dies = True

    async def publish(self, records: Sequence[Record]) -> list[Written]:
        """Keep the records, and die."""
        written = await super().publish(records)
        if self.dies:
            raise SystemExit("killed")
        return written


async def test_a_crash_between_broker_and_answer_leaves_one_event(tmp_path: Path) -> None:
    broker = DyingBroker()
    async with standing(NOTHING, tmp_path, broker=broker) as stand:
        with pytest.raises(SystemExit):
            await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
    broker.dies = False
    async with standing(NOTHING, tmp_path, broker=broker) as stand:
        repeated = await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
        assert repeated.status_code == 202
        again = await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
        assert again.json() == repeated.json()
    first, second = broker.events
    assert (first.identity, first.digest) == (second.identity, second.digest)
    lots = Bench(LOT_FOLD)
    lots.now = datetime.now(UTC)
    for record in broker.records:
        if record.topic == "harvest.lot.v1":
            lots.put(record)
    counts = lots.counts()["harvest.lot.v1"]
    assert (counts["applied"], counts["duplicate"]) == (1, 1)


async def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise Problem("broker_unavailable", "gone since")

    monkeypatch.setattr(stand.app.state.desk.kept, "put", refuse)
    answer = await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
    assert answer.status_code == 202


async def test_an_answer_with_secrets_is_not_kept(stand: Stand) -> None:
    for path in ("/v1/session", "/v1/users", "/v1/keys/K1", "/v1/assignments/A1/driver-link"):
        await stand.ask("POST", path, json={}, headers=KEY)
    assert stand.broker.records == []


async def test_a_long_answer_is_not_kept_but_its_request_is(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_BODY_BYTES", 10)
    await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
    again = await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
    assert again.status_code == 202
    first, second = stand.broker.events
    assert first.identity == second.identity
    other = {**NEW_LOT, "quantity_kg": 1}
    reused = await stand.ask("POST", "/v1/lots", json=other, headers=KEY)
    assert reused.json()["code"] == "key_reused"


async def test_an_answer_is_known_for_a_day(stand: Stand) -> None:
    await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
    kept: Kept = stand.app.state.desk.kept
    (stored,) = kept.every(answers.TOPIC).values()
    old = stored.model_copy(update={"at": datetime.now(UTC) - timedelta(hours=25)})
    await kept.put(answers.TOPIC, old)
    again = await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=KEY)
    assert "idempotency-replayed" not in again.headers


async def test_only_the_latest_answers_are_held() -> None:
    held = Kept(MemoryBroker(), [answers.TOPIC], most_bytes={answers.TOPIC: 2_000})
    for number in range(100):
        await held.put(answers.TOPIC, _answer(number))
    known = held.every(answers.TOPIC)
    assert 3 <= len(known) <= 12
    assert f"{99:064x}" in known
    assert sum(len(orjson.dumps(fact.model_dump(mode="json"))) for fact in known.values()) <= 2_000


def _answer(number: int) -> StoredAnswer:
    data: dict[str, Any] = {"answer_id": f"{number:064x}", "request": "0" * 64, "status": 202}
    return StoredAnswer(**data, at=datetime.now(UTC), body="{}")


async def test_two_users_of_one_role_may_choose_the_same_key(stand: Stand) -> None:
    """Else the second one's event would be taken for a changed repeat of the first one's."""

    def deed(**who: Any) -> Deed:
        actor = Actor("dispatcher", None, 0.0, **who)
        return Deed(stand.app.state.desk, actor, "POST /v1/lots", "1")

    deeds = [deed(), deed(user_id="u-1"), deed(user_id="u-2"), deed(key_id="k-1")]
    assert len({each.event_id() for each in deeds}) == 4
    assert deed(user_id="u-1").event_id() == deeds[1].event_id()
