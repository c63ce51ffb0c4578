"""A file is written whole or not at all, whatever dies in between."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from api.broker import Written
from api.desk import Desk
from api.imports.outbox import TOPIC, complete
from api.problems import Problem
from schemas.envelope import Record
from tests.api.conftest import MemoryBroker, Stand
from tests.imports.conftest import csv_of, post

pytestmark = pytest.mark.integration

ROWS = [[f"68C-{n:05}", "HTX A", "3500", "Tắc Cậu"] for n in range(2_001)]
FILE = csv_of([["BKS", "Chủ xe", "Tải trọng (kg)", "Địa bàn"], *ROWS])


class Dying(MemoryBroker):
    """Takes so many writes, and of the one after these only the first record."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.writes = writes

    async def publish(self, records: Sequence[Record]) -> list[Written]:
        """Keep the records while it lives."""
        self.writes -= 1
        if self.writes >= 0:
            return await super().publish(records)
        if self.writes == -1:
            await super().publish(records[:1])
        raise Problem("broker_unavailable", "it died")


def _trucks(broker: MemoryBroker) -> list[str]:
    return [str(each.key, "utf-8") for each in broker.records if each.topic == "truck.registry.v1"]


def _die(place: Stand, writes: int) -> tuple[Desk, Dying]:
    """Let the broker behind the application die after so many writes."""
    desk: Desk = place.app.state.desk
    dying = Dying(writes)
    place.broker.publish = dying.publish  # type: ignore[method-assign]
    return desk, dying


async def test_what_was_written_leaves_no_intent(place: Stand) -> None:
    answer = await post(place, "trucks", FILE, region="kien-giang", commit=True)
    assert answer.status_code == 202, answer.text
    assert len(set(_trucks(place.broker))) == 2_001
    assert place.app.state.desk.kept.every(TOPIC) == {}
    assert place.app.state.intents == set()


@pytest.mark.parametrize("writes", [0, 1, 2])
async def test_a_death_before_the_intent_is_whole_writes_nothing(place: Stand, writes: int) -> None:
    desk, dying = _die(place, writes)
    answer = await post(place, "trucks", FILE, region="kien-giang", commit=True)
    assert answer.status_code == 503
    dying.writes = 99
    await complete(desk, set())
    assert _trucks(dying) == []
    assert desk.kept.every(TOPIC) == {}


@pytest.mark.parametrize("writes", [3, 4])
async def test_a_death_after_the_intent_is_made_good(place: Stand, writes: int) -> None:
    desk, dying = _die(place, writes)
    await post(place, "trucks", FILE, region="kien-giang", commit=True)
    dying.writes = 99
    await complete(desk, set())
    ids = {dict(each.headers)["ce_id"] for each in dying.records if "registry" in each.topic}
    assert len(set(_trucks(dying))) == len(ids) == 2_001
    assert desk.kept.every(TOPIC) == {}


async def test_what_is_under_way_is_left_to_who_does_it(place: Stand) -> None:
    desk, dying = _die(place, 3)
    await post(place, "trucks", FILE, region="kien-giang", commit=True)
    dying.writes = 99
    held = desk.kept.every(TOPIC)
    await complete(desk, {part.intent_id for part in held.values()})
    assert desk.kept.every(TOPIC).keys() == held.keys()
