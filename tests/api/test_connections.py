"""What a connection may send: one reading of each request, a short head, and soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httptools
import orjson
import pytest
import uvicorn

from api.connections import MOST_HEAD_BYTES, BoundedProtocol
from api.guard import SECURITY_HEADERS
from api.server import _listen, spoken
from tests.api.conftest import Stand

_HOST = b"Host: a\r\n"
_LAST = b"Connection: close\r\n"


@dataclass
class Answer:
    """One answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Its problem's code."""
        code: str = orjson.loads(self.body)["code"]
        return code


class _Reader:
    """Take answers apart."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Read what came."""
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._body = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        self.answers.append(Answer(status, self._headers, self._body))


@dataclass
class Line:
    """A way to a served application."""

    port: int

    async def say(self, *parts: bytes, pause_s: float = 0.0) -> list[Answer]:
        """Send bytes on one connection and return the answers until the server closes it."""
        read, write = await asyncio.open_connection("127.0.0.1", self.port)
        reader = _Reader()
        try:
            for part in parts:
                write.write(part)
                await write.drain()
                await asyncio.sleep(pause_s)
            while data := await asyncio.wait_for(read.read(1 << 16), 10):
                reader.feed(data)
        finally:
            write.close()
            await write.wait_closed()
        return reader.answers


class Hasty(BoundedProtocol):
    """Wait for no head longer than it takes to notice."""

    head_s = 0.1


@asynccontextmanager
async def serving(stand: Stand, **options: Any) -> AsyncIterator[Line]:
    """Serve an application as `harvestlane api` does."""
    config = spoken(stand.app)
    config.lifespan = "off"
    for name, value in options.items():
        setattr(config, name, value)
    server = uvicorn.Server(config)
    with _listen("127.0.0.1", 0) as listener:
        running = asyncio.create_task(server._serve([listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
            await asyncio.sleep(0.01)
        yield Line(listener.getsockname()[1])
        server.should_exit = True
        await running


@pytest.fixture
async def line(blind: Stand) -> AsyncIterator[Line]:
    """Give a way to an application that needs nothing else."""
    async with serving(blind) as served:
        yield served


SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: +4\r\n",
        b"Content-Length : 4\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"X: a\r\n b\r\n",
        b"X: a\x00b\r\n",
        b"X: a\rb\r\n",
        b"X: a\nY: b\r\n",
    ],
)
async def test_what_two_servers_could_read_differently_is_no_request(
    line: Line, head: bytes
) -> None:
    sent = b"POST /v1/session HTTP/1.1\r\n" + _HOST + head + b"\r\n0\r\n\r\n" + SMUGGLED
    (answer,) = await line.say(sent)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert answer.headers["connection"] == "close"
    assert answer.headers.keys() >= SECURITY_HEADERS.keys()


@pytest.mark.parametrize(
    "start",
    [
        b"GET /v1/trucks/\xc3\xa9 HTTP/1.1\r\n",
        b"CONNECT elsewhere:443 HTTP/1.1\r\n",
        b"CONJURE /v1/trucks HTTP/1.1\r\n",
        b"GET /v1/trucks HTTP/1.1\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n",
    ],
)
async def test_what_is_no_http_is_refused_in_our_own_words(line: Line, start: bytes) -> None:
    (answer,) = await line.say(start + _HOST + b"\r\n")
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize(
    "parts",
    [
        [b"GET /healthz HTTP/1.1\r\nX: " + b"a" * MOST_HEAD_BYTES + b"\r\n\r\n"],
        [b"GET /healthz HTTP/1.1\r\n" + b"X: a\r\n" * (MOST_HEAD_BYTES // 6) + b"\r\n"],
        [b"GET /healthz HTTP/1.1\r\nX: ", *[b"a" * 50_000] * 2],
        [b"GET /", *[b"a" * 50_000] * 2],
        [SMUGGLED + b"GET /healthz HTTP/1.1\r\nX: ", *[b"a" * 50_000] * 2],
    ],
)
async def test_a_head_without_end_is_refused(line: Line, parts: list[bytes]) -> None:
    *earlier, answer = await line.say(*parts, pause_s=0.001)
    assert all(each.status == 200 for each in earlier)
    assert (answer.status, answer.code) == (431, "head_too_large")


async def test_a_long_head_is_none_too_long(line: Line) -> None:
    coordinates = b";".join([b"105.081,10.012"] * 2_000)
    head = b"GET /osrm/table/v1/truck/" + coordinates + b" HTTP/1.1\r\n" + _LAST + b"\r\n"
    (answer,) = await line.say(head)
    assert answer.status == 503  # there are no roads here


@pytest.mark.parametrize(
    "parts",
    [
        [b"", b""],
        [b"GET /healthz HTTP/1.1\r\n", b"X: a\r\n"],
        [b"\r\n", b"\r\n"],
        [SMUGGLED, b"GET /healthz"],
    ],
)
async def test_who_sends_no_head_is_not_waited_for(blind: Stand, parts: list[bytes]) -> None:
    async with serving(blind, http=Hasty) as line:
        read, write = await asyncio.open_connection("127.0.0.1", line.port)
        for part in parts:
            write.write(part)
            await asyncio.sleep(0.01)
        async with asyncio.timeout(10):
            while await read.read(1 << 16):
                pass
        write.close()
        await write.wait_closed()


async def test_a_body_is_waited_for_longer_than_its_head(blind: Stand) -> None:
    body = b'{"code": "a"}'
    length = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    head = b"POST /v1/session HTTP/1.1\r\n" + _LAST + length
    async with serving(blind, http=Hasty) as line:
        (answer,) = await line.say(head, body[:5], body[5:], pause_s=1.5 * Hasty.head_s)
    assert answer.code == "code_refused"


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("", 503),
        ("203.0.113.9", 401),
        ("127.0.0.1, 203.0.113.9", 401),
        ("203.0.113.9, 127.0.0.1", 401),
    ],
)
async def test_a_proxy_on_this_machine_says_who_asks(
    line: Line, forwarded: str, status: int
) -> None:
    """The last address that is not the proxy's own counts; what a client put before it does not."""
    header = b"X-Forwarded-For: " + forwarded.encode() + b"\r\n"
    head = b"GET /osrm/route/v1/truck/1,1;2,2 HTTP/1.1\r\n" + _LAST + header + b"\r\n"
    (answer,) = await line.say(head)
    assert answer.status == status


async def test_what_came_by_tls_to_the_proxy_is_told_so(line: Line) -> None:
    head = b"GET /healthz HTTP/1.1\r\n" + _LAST + b"X-Forwarded-Proto: https\r\n\r\n"
    (answer,) = await line.say(head)
    assert answer.headers["strict-transport-security"].startswith("max-age=")
