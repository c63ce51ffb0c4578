"""Give the tests receivers of webhooks, and changes in memory."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from api.webhooks.following import Pace
from api.webhooks.hooks import HOOKS
from api.webhooks.job import Webhooks
from api.webhooks.source import Read, Reader
from api.webhooks.target import Sender
from schemas.envelope import encode
from schemas.topics import CATALOGUE
from schemas.webhook import Hook
from tests.api.conftest import Stand
from tests.golden import golden_events

PACE = Pace(first_s=0.02, most_s=0.05, keep_s=0.0, wait_s=0.02)
Decide = Callable[["Got"], Awaitable[int]]


@dataclass(frozen=True)
class Got:
    """One message as a receiver got it."""

    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        """What it tells."""
        found: dict[str, Any] = orjson.loads(self.body)["data"]
        return found


async def until(is_so: Callable[[], bool], *, within_s: float = 5) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.005)


async def take(_got: Got) -> int:
    """Take every message."""
    return 200


@dataclass
class Receiver:
    """A receiver of webhooks on this machine."""

    port: int = 0
    decide: Decide = take
    got: list[Got] = field(default_factory=list)
    answer: bytes = b""
    serving: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Get one message and answer."""
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[1:-1]
            headers = {name.lower(): text for name, _, text in (h.partition(": ") for h in head)}
            got = Got(headers, await reader.readexactly(int(headers["content-length"])))
            self.got.append(got)
            status = await self.decide(got)
            where = b"location: http://127.0.0.1:1/elsewhere\r\n" if 300 <= status < 400 else b""
            writer.write(b"HTTP/1.1 %d X\r\nconnection: close\r\n%b\r\n" % (status, where))
            writer.write(self.answer)
            await writer.drain()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self.serving.discard(task)

    async def until(self, count: int, *, within_s: float = 5) -> list[Got]:
        """Wait until so many messages came; give them."""
        await until(lambda: len(self.got) >= count, within_s=within_s)
        return self.got


@asynccontextmanager
async def receiving(
    decide: Decide = take, answer: bytes = b"", context: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver(decide=decide, answer=answer)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tuple(receiver.serving):
            task.cancel()
        await asyncio.gather(*receiver.serving, return_exceptions=True)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a receiver that takes everything."""
    async with receiving() as built:
        yield built


class MemorySource:
    """Changes that lie in memory as they would in Kafka."""

    def __init__(self) -> None:
        self.records: list[Read] = []
        self.is_down = False

    def change(self, kind: str, entity_id: str, **doc: Any) -> None:
        """Append a state of something; what it lacks is made up."""
        topic = CATALOGUE[f"{kind}.state.v1"]
        (model,) = topic.types.values()
        known = next(each for each in golden_events() if each.topic == topic.name)
        base = orjson.loads(known.value)
        doc |= {topic.key: entity_id, "version": len(self.records) + 1}
        self._append(topic.name, f"{kind}.state", model.model_validate(base | doc))

    def alert(self, event_type: str, **data: Any) -> None:
        """Append an alert."""
        model = CATALOGUE["alert.v1"].types[event_type]
        self._append("alert.v1", event_type, model.model_validate(data))

    def _append(self, topic: str, event_type: str, fact: Any) -> None:
        now = datetime.now(UTC)
        record = encode(
            topic, event_type, fact, event_id=str(now), source="/streams/test", time=now
        )
        offset = len(self.records)
        self.records.append(Read(topic, 0, offset, now, record.key, record.value, record.headers))

    @asynccontextmanager
    async def open(
        self, topics: Sequence[str], places: Mapping[str, int], since: datetime
    ) -> AsyncIterator[Reader]:
        """Read; see `api.webhooks.source.Source`."""
        if self.is_down:
            raise OSError("switched off")
        starts = {f"{topic}:0": self._start(f"{topic}:0", places, since) for topic in topics}
        yield MemoryReader(self, starts)

    def _start(self, place: str, places: Mapping[str, int], since: datetime) -> int:
        if place in places:
            return places[place]
        later = (each.offset for each in self.records if each.at >= since)
        return next(later, len(self.records))


class MemoryReader:
    """Read what lies in memory."""

    def __init__(self, source: MemorySource, places: dict[str, int]) -> None:
        self._source = source
        self.places = places

    async def read(self, wait_s: float) -> list[Read]:
        """Give the next records."""
        found = [
            each
            for each in self._source.records
            if each.offset >= self.places.get(f"{each.topic}:0", len(self._source.records))
        ]
        if not found:
            await asyncio.sleep(wait_s)
        for each in found:
            self.places[f"{each.topic}:0"] = each.offset + 1
        return found


@pytest.fixture
def source() -> MemorySource:
    """Give changes in memory."""
    return MemorySource()


@asynccontextmanager
async def telling(
    stand: Stand, source: MemorySource, pace: Pace = PACE, sender: Sender | None = None
) -> AsyncIterator[Webhooks]:
    """Tell an application's hooks; leave as a process that is stopped."""
    job = Webhooks(
        stand.app.state.desk,
        source=source,
        sender=sender or Sender(may_be_private=True),
        pace=pace,
    )
    stand.app.state.webhooks = job
    task = asyncio.create_task(job.run())
    try:
        yield job
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def hook(
    stand: Stand, url: str, role: str = "dispatcher", key: str | None = None, **body: Any
) -> dict[str, Any]:
    """Make a hook, in a role or by a key."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    answer = await stand.ask(
        "POST",
        "/v1/webhooks",
        json={"url": url, **body},
        role=None if key else role,
        headers=headers,
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def state(stand: Stand, made: Mapping[str, Any]) -> Hook:
    """Give what is kept of a hook."""
    found: Hook = stand.app.state.desk.kept.get(HOOKS, made["hook_id"])
    return found


async def seen(stand: Stand, made: Mapping[str, Any]) -> dict[str, Any]:
    """Look at a hook."""
    answer = await stand.ask("GET", f"/v1/webhooks/{made['hook_id']}")
    found: dict[str, Any] = answer.json()
    return found
