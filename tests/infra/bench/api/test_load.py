"""What a benchmark asks is what machines may ask, and no answer is counted that did not come."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from api.cloudevents import Incoming
from api.desk import Deed
from api.intake import check
from api.tokens import Actor
from infra.bench.api.bench import all_seen
from infra.bench.api.connection import connect, request
from infra.bench.api.draw import Reports, reads
from infra.bench.api.listen import Errand as Hearing
from infra.bench.api.listen import Room
from infra.bench.api.load import Errand, Load

NOBODY = "t"
HEAD = b"HTTP/1.1 %d OK\r\ncontent-length: %d\r\n\r\n"


@asynccontextmanager
async def answering(answer: Callable[[bytes], bytes | None]) -> AsyncIterator[int]:
    """Serve answers to requests without a body on a port."""
    serving: list[asyncio.Task[Any] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = [line for line in head.split(b"\r\n") if line.startswith(b"content-length")]
            if length:
                await reader.readexactly(int(length[0].split(b":")[1]))
            said = answer(head)
            if said is None:
                break
            writer.write(HEAD % (202, len(said)) + said)

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*filter(None, serving))


def errand(port: int, **options: Any) -> Errand:
    given = {"what": "posts", "warm_s": 0.0, "measured_s": 0.1, "connections": 2, **options}
    return Errand(port=port, token=NOBODY, part="p", seed=1, **given)


def test_all_that_is_drawn_would_be_taken_and_has_an_id_of_its_own() -> None:
    drawn = Reports(1, "p")
    found = [drawn.draw() for _ in range(300)]
    deed = Deed(None, Actor("dispatcher", None, time.time() + 60), "POST /v1/events", None)  # type: ignore[arg-type]
    now = datetime.now(UTC)
    for each in found:
        attributes = {name: value for name, value in each.items() if name != "data"}
        check(deed, Incoming(attributes, each["data"], ()), now)
    assert len({each["id"] for each in found}) == 300
    assert Counter(each["type"] for each in found)["truck.position_reported"] == 282


def test_reads_are_half_items_and_half_pages_from_all_over() -> None:
    drawn = reads(1, "t", {"trucks": [None, "c1"], "lots": [None, "c/2"]})
    found = [next(drawn).split(b" ")[1] for _ in range(400)]
    pages = [path for path in found if b"?limit=20" in path]
    assert len(pages) == 200
    assert any(path.endswith(b"&cursor=c/2") for path in pages)
    assert len(set(found) - set(pages)) > 150


async def test_a_connection_gives_each_answer_and_says_when_it_broke() -> None:
    said = iter([b"one", b"two"])
    async with answering(lambda _: next(said, None)) as port:
        (connection,) = await connect(port, 1)
        asked = request("GET", "/", "t")
        assert await connection.ask(asked) == (202, b"one")
        assert await connection.ask(asked) == (202, b"two")
        assert await connection.ask(asked) == (0, b"")
        assert await connection.ask(asked) == (0, b"")


async def test_requests_by_schedule_count_their_wait_from_when_they_were_due() -> None:
    def late(_: bytes) -> bytes:
        time.sleep(0.01)  # nobody else is answered meanwhile
        return b'{"receipts":[]}'

    async with answering(late) as port:
        found = await Load(errand(port, rate_per_s=300.0, connections=1)).run()
    count = found.statuses["202"]
    assert found.statuses.keys() == {"202"}
    assert count > 10  # all that were due, though at most ten fit into the time
    assert max(found.waits_ms) > 5 * min(found.waits_ms)


async def test_a_stream_is_heard_however_it_is_cut() -> None:
    room = Room(Hearing(port=0, token=NOBODY, clients=1))
    frames = b"".join(
        b'id: %d-0\nevent: truck\ndata: {"id":"T%04d","truck_id":"T%04d","version":%d}\n\n'
        % (n, n % 3, n % 3, n)
        for n in range(9)
    )
    stream = room.stream(whole=True)
    for at in range(0, len(frames), 7):
        stream.on_body(frames[at : at + 7])
    assert room.heard.events == 9
    assert stream.trucks == {b"T0000", b"T0001", b"T0002"}
    assert stream.versions == {"T0000": 6, "T0001": 7, "T0002": 8}


@pytest.mark.parametrize(
    ("mine", "is_all"),
    [({"a": 2, "b": 5}, True), ({"a": 1, "b": 5}, False), ({"b": 5}, False)],
)
def test_a_stream_has_seen_all_if_it_gave_the_last_version_of_each(
    mine: dict[str, int], *, is_all: bool
) -> None:
    assert all_seen(mine, [{"a": 2, "b": 4}, mine], 2) is is_all
