"""What waits for Kafka is bounded in number, size and time; nobody's write is lost by that."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from api.app import create_app
from api.broker import KafkaBroker
from api.problems import Problem
from schemas.envelope import Record
from tests.api.conftest import NOTHING, config, token
from tests.api.producers import SlowProducer

TOPIC = "truck.position.v1"


def record(number: int, size: int = 10) -> Record:
    return Record(TOPIC, f"T{number}".encode(), b"x" * size, (("ce_id", b"1"),))


class Producers:
    """Makes one producer after the other."""

    def __init__(self) -> None:
        self.made: list[SlowProducer] = []

    def __call__(self, bootstrap: str) -> SlowProducer:
        """Make the next."""
        del bootstrap
        self.made.append(SlowProducer())
        return self.made[-1]


@pytest.fixture
def producers() -> Producers:
    """Give producers of which none acknowledges by itself."""
    return Producers()


async def test_more_than_may_wait_is_refused_at_once_and_taken_later(producers: Producers) -> None:
    broker = KafkaBroker("", most_records=3, producer=producers)
    waiting = [asyncio.create_task(broker.publish([record(n)])) for n in range(3)]
    await asyncio.sleep(0.01)
    with pytest.raises(Problem) as refused:
        await broker.publish([record(9)])
    assert (refused.value.code, refused.value.status) == ("busy", 503)
    producers.made[0].is_open = True
    producers.made[0].let_go()
    assert [len(written) for written in await asyncio.gather(*waiting)] == [1, 1, 1]
    await broker.publish([record(9)])
    assert sum(producers.made[0].batches) == 4
    await broker.close()


async def test_much_that_waits_is_refused_by_its_size(producers: Producers) -> None:
    broker = KafkaBroker("", most_bytes=1_000, producer=producers)
    waiting = asyncio.create_task(broker.publish([record(1, 900)]))
    await asyncio.sleep(0.01)
    with pytest.raises(Problem, match="too much waits"):
        await broker.publish([record(2, 200)])
    producers.made[0].let_go()
    await waiting
    await broker.close()


async def test_a_broker_that_is_silent_for_too_long_makes_room_again(producers: Producers) -> None:
    broker = KafkaBroker("", most_records=1, write_s=0.05, producer=producers)
    for _ in range(3):
        with pytest.raises(Problem) as refused:
            await broker.publish([record(1)])
        assert refused.value.code == "broker_unavailable"
    assert len(producers.made) == 3
    await broker.close()
    assert all(producer.is_stopped for producer in producers.made)


async def test_a_record_of_more_than_a_broker_takes_is_too_large(producers: Producers) -> None:
    broker = KafkaBroker("", producer=producers)
    with pytest.raises(Problem, match="no record of this size"):
        await broker.publish([record(1, 1_100_000)])
    assert producers.made == []


async def test_posts_to_a_slow_broker_are_refused_with_when_to_come_again(
    producers: Producers, tmp_path: Path
) -> None:
    broker = KafkaBroker("", most_records=5, producer=producers)
    app = create_app(config(NOTHING, tmp_path), broker=broker)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        posts = [asyncio.create_task(client.post("/v1/events", **_post(n))) for n in range(20)]
        while sum(post.done() for post in posts) < 15:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        refused = [post.result() for post in posts if post.done()]
        assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {
            (503, "busy")
        }
        assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
        producers.made[0].is_open = True
        producers.made[0].let_go()
        taken = [await post for post in posts if not post.done() or post.result().is_success]
        assert [answer.status_code for answer in taken] == [202] * 5
        ids = [answer.json()["receipts"][0]["id"] for answer in taken]
        assert len(set(ids)) == sum(producers.made[0].batches) == 5
    await broker.close()
    await app.state.desk.views.close()


def _post(number: int) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "/gps/7",
        "type": "truck.position_reported",
        "data": {"truck_id": f"T{number}", "lat": 10.0, "lon": 105.0},
    }
    headers = {
        "content-type": "application/cloudevents+json",
        "authorization": f"Bearer {token('dispatcher')}",
    }
    return {"content": orjson.dumps(event), "headers": headers}
