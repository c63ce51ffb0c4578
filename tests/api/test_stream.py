"""The event stream tells each change once, in order, to those who may see it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson
import pytest
import uvicorn
from redis import Redis

from tests.api.conftest import (
    ASSIGNMENT,
    TRUCK,
    Stand,
    free_port,
    running_redis,
    standing,
    token,
)

pytestmark = pytest.mark.integration
Event = dict[str, str]


@asynccontextmanager
async def served(stand: Stand) -> AsyncIterator[str]:
    """Serve an application on a free port: streams need a real connection."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        options = uvicorn.Config(stand.app, lifespan="off", log_config=None, ws="none")
        server = uvicorn.Server(options)
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stand.app.state.desk.stopping.set()
            server.should_exit = True
            await task


@asynccontextmanager
async def following(
    base: str, role: str = "dispatcher", query: str = "", **headers: str
) -> AsyncIterator[AsyncIterator[Event]]:
    sent = {"authorization": f"Bearer {token(role)}", **headers}
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("GET", f"{base}/v1/stream{query}", headers=sent) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[Event]:
    event: Event = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            event[name] = value.strip()
        else:
            yield event
            event = {}


async def named(events: AsyncIterator[Event], count: int) -> list[Event]:
    """Take so many events, but for the marks between them."""
    found: list[Event] = []
    async with asyncio.timeout(10):
        async for event in events:
            if "event" in event:
                found.append(event)
            if len(found) == count:
                break
    return found


async def test_changes_are_told_in_order_with_their_ids(world: Stand) -> None:
    async with served(world) as base, following(base) as events:
        assert "retry" in await anext(events)
        world.put("lot", "L1", lot_id="L1", status="ready")
        world.put("truck", "T1", **TRUCK)
        lot, truck = await named(events, 2)
    assert (lot["event"], truck["event"]) == ("lot", "truck")
    assert orjson.loads(lot["data"]) == {
        "id": "L1",
        "version": 1,
        "lot_id": "L1",
        "status": "ready",
    }
    assert lot["id"] < truck["id"]


async def test_a_reader_goes_on_where_it_stopped(world: Stand) -> None:
    async with served(world) as base:
        async with following(base) as events:
            mark = (await anext(events))["id"]
        for number in range(300):
            world.put("truck", f"T{number}", **TRUCK)
        async with following(base, **{"last-event-id": mark}) as events:
            missed = await named(events, 300)
    assert [orjson.loads(event["data"])["id"] for event in missed] == [f"T{n}" for n in range(300)]


@pytest.mark.parametrize("last", ["1-1", "99999999999999-0", "nonsense"])
async def test_a_reader_that_cannot_go_on_is_told_to_read_anew(world: Stand, last: str) -> None:
    assert world.redis is not None
    world.redis.xtrim("changes", maxlen=2, approximate=False)
    async with served(world) as base, following(base, **{"last-event-id": last}) as events:
        (reset,) = await named(events, 1)
        world.put("truck", "T1", **TRUCK)
        (change,) = await named(events, 1)
    assert reset["event"] == "reset"
    assert change["event"] == "truck"
    assert change["id"] > reset["id"]


async def test_a_flush_of_redis_tells_readers_to_read_anew(world: Stand) -> None:
    assert world.redis is not None
    async with served(world) as base, following(base) as events:
        await anext(events)
        world.redis.flushall()
        (reset,) = await named(events, 1)
        world.put("truck", "T1", **TRUCK)
        (change,) = await named(events, 1)
    assert (reset["event"], change["event"]) == ("reset", "truck")


async def test_an_open_stream_outlives_a_restart_of_redis(tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    async with standing(url, tmp_path) as stand, served(stand) as base:
        with running_redis(tmp_path, port), Redis.from_url(url) as redis:
            redis.xadd("changes", {"kind": "lot", "id": "L1", "doc": b"{}"})
            stream = following(base)
            events = await stream.__aenter__()
            await anext(events)
        with running_redis(tmp_path, port), Redis.from_url(url) as redis:
            (reset,) = await named(events, 1)
            redis.xadd("changes", {"kind": "lot", "id": "L2", "doc": b"{}"})
            (change,) = await named(events, 1)
            await stream.__aexit__(None, None, None)
    assert reset["event"] == "reset"
    assert orjson.loads(change["data"]) == {"id": "L2"}


async def test_a_silent_stream_is_kept_alive(world: Stand) -> None:
    async with served(world) as base, following(base) as events:
        marks = [await anext(events) for _ in range(3)]
    assert all("event" not in mark and "id" in mark for mark in marks)
    assert marks[1][""] == "still here"


async def test_each_role_hears_of_its_own(world: Stand) -> None:
    async with served(world) as base, following(base, "haulier:H1") as events:
        await anext(events)
        world.put("truck", "T2", **{**TRUCK, "haulier_id": "H2"})
        world.put("assignment", "A3", **{**ASSIGNMENT, "assignment_id": "A3"})
        world.put("command", "X1", command_id="X1", assignment_id="A3", status="done")
        world.put("command", "X2", command_id="X2", assignment_id="A9", status="done")
        world.put("truck", "T1", **TRUCK)
        heard = await named(events, 3)
    assert [orjson.loads(event["data"])["id"] for event in heard] == ["A3", "X1", "T1"]


async def test_what_is_gone_is_told_to_those_who_could_see_it(world: Stand) -> None:
    """And nothing of it but its name."""
    world.put("truck", "T2", **{**TRUCK, "haulier_id": "H2"})
    world.put("truck", "T1", **TRUCK)
    async with served(world) as base, following(base, "haulier:H1") as events:
        await anext(events)
        world.remove("truck", "T2")
        world.remove("truck", "T1")
        world.put("truck", "T1", **TRUCK)
        heard = await named(events, 2)
    assert [event["event"] for event in heard] == ["removed", "truck"]
    assert orjson.loads(heard[0]["data"]) == {"kind": "truck", "id": "T1"}


async def test_only_the_kinds_asked_for_are_sent(world: Stand) -> None:
    async with served(world) as base, following(base, query="?kinds=lot,alert") as events:
        await anext(events)
        world.put("truck", "T1", **TRUCK)
        world.remove("truck", "T1")
        world.put("lot", "L1", lot_id="L1")
        heard = await named(events, 1)
        world.remove("lot", "L1")
        heard += await named(events, 1)
    assert [event["event"] for event in heard] == ["lot", "removed"]
    wrong = await world.ask("GET", "/v1/stream?kinds=lorry")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")


async def test_streams_are_bounded_and_need_redis(
    redis_url: str, stand: Stand, blind: Stand, tmp_path: Path
) -> None:
    async with (
        standing(redis_url, tmp_path, stand.redis, most_streams=1) as narrow,
        served(narrow) as base,
        following(base) as events,
    ):
        await anext(events)
        full = await narrow.ask("GET", "/v1/stream")
    assert (full.status_code, full.json()["code"]) == (503, "streams_full")
    assert (await blind.ask("GET", "/v1/stream")).json()["code"] == "views_unavailable"
    assert (await stand.ask("GET", "/v1/stream", role=None)).status_code == 401


async def test_a_stopping_process_ends_its_streams(world: Stand) -> None:
    async with served(world) as base, following(base) as events:
        await anext(events)
        world.app.state.desk.stopping.set()
        async with asyncio.timeout(10):
            rest = [event async for event in events]
    assert all("event" not in event for event in rest)
    assert world.app.state.desk.open_streams.full is False
