"""Over a real Kafka, a restart of the process goes on where telling stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.broker import KafkaBroker
from api.webhooks.hooks import HOOKS
from infra.stack import Stack
from schemas.envelope import Record
from tests.api.conftest import config, token
from tests.api.webhooks.conftest import Receiver, until
from tests.golden import golden_events

pytestmark = pytest.mark.integration
Told = tuple[FastAPI, httpx.AsyncClient]


def truck(truck_id: str, version: int) -> Record:
    """Give a state of a truck as the workers write it."""
    known = next(each for each in golden_events() if each.topic == "truck.state.v1")
    value = orjson.loads(known.value) | {"truck_id": truck_id, "version": version}
    return Record(known.topic, truck_id.encode(), orjson.dumps(value), tuple(known.headers))


@asynccontextmanager
async def running(broker: Stack, folder: Path) -> AsyncIterator[Told]:
    """Run an application with all that goes on beside the requests."""
    settings = broker.settings
    app = create_app(
        config(
            settings.redis_url,
            folder,
            bootstrap=settings.bootstrap_servers,
            webhook_http=True,
        )
    )
    transport = httpx.ASGITransport(app)
    headers = {"authorization": f"Bearer {token('dispatcher')}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://testserver", headers=headers
        ) as client,
    ):
        kept = app.state.desk.kept
        await until(lambda: kept.is_whole, within_s=20)
        yield app, client


async def test_a_restart_misses_nothing_and_the_log_lasts(
    broker: Stack, tmp_path: Path, receiver: Receiver
) -> None:
    writer = KafkaBroker(broker.settings.bootstrap_servers)
    try:
        async with running(broker, tmp_path) as (_, client):
            body = {"url": receiver.url, "kinds": ["truck"]}
            made = (await client.post("/v1/webhooks", json=body)).json()
            await writer.publish([truck("hooked-1", 1), truck("hooked-2", 1)])
            await receiver.until(2, within_s=20)
        await writer.publish([truck("hooked-3", 1), truck("hooked-3", 2)])
        async with running(broker, tmp_path) as (app, client):
            path = f"/v1/webhooks/{made['hook_id']}"
            await until(lambda: _is_told(receiver, "hooked-3", 2), within_s=20)
            tried = (await client.get(f"{path}/deliveries")).json()["items"]
            assert {"hooked-1", "hooked-2"} <= {each["entity_id"] for each in tried}
            assert (await client.delete(path)).status_code == 204
            assert app.state.desk.kept.get(HOOKS, made["hook_id"]) is None
    finally:
        await writer.close()
    ids = {got.data["id"] for got in receiver.got}
    assert {"hooked-1", "hooked-2", "hooked-3"} <= ids


def _is_told(receiver: Receiver, truck_id: str, version: int) -> bool:
    told: list[dict[str, Any]] = [got.data for got in receiver.got]
    return any((data["id"], data["version"]) == (truck_id, version) for data in told)
