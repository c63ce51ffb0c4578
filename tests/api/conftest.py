"""Give the tests an application over a real Redis and a broker in memory."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from redis import Redis
from redis.exceptions import RedisError

from api.app import create_app
from api.broker import Written
from api.config import ApiConfig
from api.problems import Problem
from api.tokens import make_token
from schemas.envelope import Event, Record, decode

SECRET = b"s" * 32
NOWHERE = "127.0.0.1:1"
"""A broker that never answers."""
NOTHING = "redis://127.0.0.1:1/0"
"""A Redis that never answers."""


class MemoryBroker:
    """A broker that keeps what was written, and can be switched off."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.is_down = False
        self.refusals = 0
        """So many writes are refused because too much waits already."""

    async def publish(self, records: Sequence[Record]) -> list[Written]:
        """Keep the records."""
        if self.is_down:
            raise Problem("broker_unavailable", "switched off")
        if self.refusals:
            self.refusals -= 1
            raise Problem("busy", "too much waits")
        first = len(self.records)
        self.records.extend(records)
        return [
            Written(topic=record.topic, partition=0, offset=first + index)
            for index, record in enumerate(records)
        ]

    async def missing_topics(self) -> set[str] | None:
        """Miss no topic."""
        return None if self.is_down else set()

    async def close(self) -> None:
        """Do nothing."""
        return

    @property
    def events(self) -> list[Event]:
        """The records, read as a worker reads them, without the answers that the API keeps."""
        return [
            decode(each.topic, each.key, each.value, each.headers)
            for each in self.records
            if each.topic != "api.answer.v1"
        ]


@dataclass
class Stand:
    """One application and what stands around it."""

    app: FastAPI
    client: httpx.AsyncClient
    broker: MemoryBroker
    redis: Redis | None

    def put(self, kind: str, entity_id: str, /, **doc: Any) -> None:
        """Put a view into Redis, as the projector would."""
        assert self.redis is not None
        raw = orjson.dumps({"version": 1, **doc})
        self.redis.hset(f"view:{kind}", entity_id, raw)
        self.redis.xadd("changes", {"kind": kind, "id": entity_id, "doc": raw})

    def remove(self, kind: str, entity_id: str) -> None:
        """Take a view out of Redis, as the projector would."""
        assert self.redis is not None
        raw: Any = self.redis.hget(f"view:{kind}", entity_id)
        self.redis.hdel(f"view:{kind}", entity_id)
        self.redis.xadd("changes", {"kind": kind, "id": entity_id, "doc": raw, "removed": "1"})

    async def forget_answers(self) -> None:
        """Let the API know no answer that it gave, as after a crash before it was kept."""
        kept = self.app.state.desk.kept
        for answer_id in kept.every("api.answer.v1"):
            await kept.take_away("api.answer.v1", answer_id)

    async def ask(
        self, method: str, path: str, *, role: str | None = "dispatcher", **options: Any
    ) -> httpx.Response:
        """Send a request in a role, `role` or `role:subject`."""
        headers = {**options.pop("headers", {})}
        if role is not None:
            headers["authorization"] = f"Bearer {token(role)}"
        return await self.client.request(method, path, headers=headers, **options)


def token(role: str) -> str:
    """Make a token for `role` or `role:subject`."""
    name, _, subject = role.partition(":")
    return make_token(SECRET, name, subject or None)


def config(redis_url: str, folder: Path, **options: Any) -> ApiConfig:
    """Describe an API process."""
    return ApiConfig(
        redis_url=redis_url,
        secret=SECRET,
        network_dir=folder / "network",
        pages_dir=folder / "dist",
        **{"bootstrap": NOWHERE, "view_wait_s": 0.0, "heartbeat_s": 0.2, **options},
    )


@asynccontextmanager
async def standing(
    redis_url: str,
    folder: Path,
    redis: Redis | None = None,
    *,
    broker: MemoryBroker | None = None,
    **options: Any,
) -> AsyncIterator[Stand]:
    """Build an application and close it afterwards."""
    broker = broker or MemoryBroker()
    app = create_app(config(redis_url, folder, **options), broker=broker)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield Stand(app, client, broker, redis)
    await app.state.desk.hub.close()
    await app.state.desk.views.close()
    await app.state.desk.door.close()


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running_redis(folder: Path, port: int) -> Iterator[str]:
    """Run a Redis that forgets everything when it stops."""
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    try:
        _wait(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Redis of the tests' own."""
    with running_redis(tmp_path_factory.mktemp("redis"), free_port()) as url:
        yield url


def _wait(url: str) -> None:
    with Redis.from_url(url) as client:
        for _ in range(100):
            try:
                client.ping()
            except RedisError:
                time.sleep(0.05)
            else:
                return
    raise AssertionError("redis-server does not answer")


@pytest.fixture
async def stand(redis_url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    """Give an application over an empty Redis."""
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        async with standing(redis_url, tmp_path, redis) as built:
            yield built


@pytest.fixture
async def blind(tmp_path: Path) -> AsyncIterator[Stand]:
    """Give an application whose Redis does not answer."""
    async with standing(NOTHING, tmp_path) as built:
        yield built


ASSIGNMENT = {
    "assignment_id": "A1",
    "region": "kien-giang",
    "status": "proposed",
    "haulier_id": "H1",
    "truck_id": "T1",
    "lot_id": "L1",
    "facility_id": "F1",
    "actor": "dispatcher:someone",
}
TRUCK = {
    "truck_id": "T1",
    "plate": "68C-123.45",
    "haulier_id": "H1",
    "driver_id": "D1",
    "region": "kien-giang",
    "status": "available",
    "position": {"lat": 10.0, "lon": 105.0, "at": "2021-08-24T00:00:00Z"},
    "home": {"lat": 10.0, "lon": 105.0},
}
LOT = {
    "lot_id": "L1",
    "declarer_id": "HTX1",
    "status": "declared",
    "region": "kien-giang",
    "price_vnd_per_kg": 90_000,
    "ready_from": "2021-08-24T00:00:00Z",
    "hold_until": "2021-08-25T00:00:00Z",
}


@pytest.fixture
def world(stand: Stand) -> Stand:
    """Give one of everything that commands and reports need."""
    stand.put("assignment", "A1", **ASSIGNMENT)
    stand.put("truck", "T1", **TRUCK)
    stand.put("truck", "T2", **{**TRUCK, "truck_id": "T2", "haulier_id": "H2", "plate": "69C-1"})
    stand.put("lot", "L1", **LOT)
    stand.put("lot", "L2", **{**LOT, "lot_id": "L2", "declarer_id": "HTX2"})
    stand.put("facility", "F1", place_id="F1", gates=["G1"], name="Tắc Cậu", status="active")
    stand.put("checkpoint", "C1", place_id="C1", name="Chốt 1", status="active", present=[])
    stand.put("alert", "truck_held/T1", alert_id="truck_held/T1", subject="T1", params={})
    return stand
