"""Kafka, Redis or the API fails under a whole stack: what was acknowledged is there, once."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import psutil
import pytest

from infra.bench.api.connection import request
from infra.bench.streams.pour import ends_of, read_all
from infra.logins import script_token
from infra.settings import Settings
from infra.stack import Stack, running_stack
from infra.verify.judge import judge
from infra.verify.reader import read

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TOPIC = "truck.position.v1"
SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
Receipt = dict[str, Any]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run a whole stack; whatever is broken in it, the supervisor starts again."""
    settings = Settings.throwaway(tmp_path_factory.mktemp("faults"), workers=1)
    with running_stack(settings) as running:
        truck = {
            "truck_id": "T1",
            "plate": "68C-123.45",
            "haulier_id": "H1",
            "region": "kien-giang",
            "payload_kg": 8000,
            "home": {"lat": 10.0, "lon": 105.0},
        }
        event = position("registered", kind="truck.registered", data=truck)
        with _client(running) as client:
            until(lambda: post(client, event).status_code == 202)
        yield running


def _client(stack: Stack) -> httpx.Client:
    headers = {"authorization": f"Bearer {script_token(stack.settings, 'dispatcher')}"}
    return httpx.Client(base_url=stack.settings.base_url, headers=headers, timeout=30)


def position(
    name: str | None, *, kind: str = "truck.position_reported", data: Any = None
) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": name,
        "source": "/gps/faults",
        "type": kind,
        "data": data or {"truck_id": "T1", "lat": 10.0, "lon": 105.0},
    }
    return {key: value for key, value in event.items() if value is not None}


def post(client: httpx.Client, body: Any, media: str = SINGLE) -> httpx.Response:
    return client.post("/v1/events", content=orjson.dumps(body), headers={"content-type": media})


def until(is_so: Callable[[], Any], within_s: float = 120) -> Any:
    """Wait for something to become true; what answers nothing at all is asked again."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if found := is_so():
                return found
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("it does not come true")


@contextmanager
def stopped(stack: Stack, name: str) -> Iterator[None]:
    """Hold a process still: its connections stay open, and nobody answers."""
    pid = stack.pid_of(name)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def held(stack: Stack, receipts: list[Receipt]) -> Counter[str]:
    """Count the events of each id in Kafka, having found every receipt's where it says."""
    there = {}
    for record in read_all(stack.settings.bootstrap_servers, TOPIC):
        there[record.partition, record.offset] = record.headers["ce_id"].decode()
    for one in receipts:
        assert there[one["partition"], one["offset"]] == one["id"]
    return Counter(there.values())


def test_while_kafka_is_away_nothing_is_acknowledged_and_repeats_are_taken(stack: Stack) -> None:
    names = [f"away-{number}" for number in range(20)]
    receipts: dict[str, Receipt] = {}
    refused = []
    with _client(stack) as client:
        os.kill(stack.pid_of("kafka"), signal.SIGKILL)
        for name in names:
            answer = post(client, position(name))
            if answer.status_code == 202:
                receipts[name] = answer.json()["receipts"][0]
            else:
                assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")
                assert int(answer.headers["retry-after"]) > 0
                refused.append(name)
        for name in refused:
            answer = until(partial(_taken, client, name))
            receipts[name] = answer.json()["receipts"][0]
    counts = held(stack, list(receipts.values()))
    assert all(counts[name] >= 1 for name in names)
    # a worker that joins again before Kafka has loaded its topics is given none, and must notice
    last = {"truck_id": "T1", "lat": 10.5, "lon": 105.0}
    with _client(stack) as client:
        until(lambda: post(client, position("away-last", data=last)).status_code == 202)
        until(lambda: (client.get("/v1/trucks/T1").json().get("position") or {}).get("lat") == 10.5)


def _taken(client: httpx.Client, name: str) -> httpx.Response | None:
    answer = post(client, position(name))
    return answer if answer.status_code == 202 else None


async def test_a_slow_kafka_fills_a_bounded_queue_and_no_more(stack: Stack) -> None:
    headers = {
        "authorization": f"Bearer {script_token(stack.settings, 'dispatcher')}",
        "content-type": BATCH,
    }
    limits = httpx.Limits(max_connections=200)
    api = psutil.Process(stack.pid_of("api"))
    async with httpx.AsyncClient(
        base_url=stack.settings.base_url, headers=headers, timeout=60, limits=limits
    ) as client:

        async def flood(part: str, count: int) -> list[httpx.Response]:
            bodies = [
                orjson.dumps([position(f"{part}-{number}-{n}") for n in range(500)])
                for number in range(count)
            ]
            posts = (client.post("/v1/events", content=body) for body in bodies)
            return await asyncio.gather(*posts)

        with stopped(stack, "kafka"):
            first = await flood("first", 100)
            before = api.memory_info().rss
            second = await flood("second", 100)
            grown = api.memory_info().rss - before
        for answers in (first, second):
            codes = Counter(answer.json()["code"] for answer in answers)
            assert codes.keys() == {"busy", "broker_unavailable"}
            assert codes["busy"] >= 60  # 40 batches of 500 may wait
            assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
        assert grown < 100e6
    with _client(stack) as after:
        answer = until(partial(_taken, after, "slow-after"))
    held(stack, answer.json()["receipts"])


def test_while_redis_is_silent_reads_say_so_and_writes_reach_kafka(stack: Stack) -> None:
    with _client(stack) as client:
        until(lambda: client.get("/v1/trucks/T1").status_code == 200)
        with stopped(stack, "redis"):
            read_ = client.get("/v1/trucks/T1")
            assert (read_.status_code, read_.json()["code"]) == (503, "views_unavailable")
            assert int(read_.headers["retry-after"]) > 0
            answer = post(client, position("no-redis"))
            assert answer.status_code == 202
        assert held(stack, answer.json()["receipts"])["no-redis"] == 1
        until(lambda: client.get("/v1/trucks/T1").status_code == 200)


def test_a_write_repeated_after_a_crash_before_its_answer_is_one_event(stack: Stack) -> None:
    settings = stack.settings
    token = script_token(settings, "dispatcher")
    headers = {"content-type": SINGLE, "idempotency-key": "crash-1"}
    body = orjson.dumps(position(None))
    before = sum(ends_of(settings.bootstrap_servers, TOPIC).values())
    with socket.create_connection(("127.0.0.1", urlsplit(settings.base_url).port)) as wire:
        wire.sendall(request("POST", "/v1/events", token, body, headers))
        until(lambda: sum(ends_of(settings.bootstrap_servers, TOPIC).values()) > before)
        os.kill(stack.pid_of("api"), signal.SIGKILL)  # nobody has read an answer
    with _client(stack) as client:

        def repeated() -> httpx.Response | None:
            answer = client.post("/v1/events", content=body, headers=headers)
            return answer if answer.status_code == 202 else None

        answer = until(repeated)
    (receipt,) = answer.json()["receipts"]
    assert held(stack, [receipt])[receipt["id"]] in {1, 2}


def test_after_all_that_every_acknowledged_event_is_applied_once(stack: Stack) -> None:
    log, _ = read(stack.settings, wait_s=120, progress=lambda _: None)
    verdict = judge(log)
    assert verdict.ok, list(verdict.told(5))
