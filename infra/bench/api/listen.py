"""Hold many event streams open from a process of its own, and say what each has seen and when.

Run as `python -m infra.bench.api.listen ERRAND`. It says `open` once all streams are, and the last
line of its output, when its input is closed, is a `Heard` as JSON. Every stream's trucks are noted;
of one in `EVERY`, each event is read whole: its version, and how old it is.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime

import httptools
import orjson
import uvloop

from infra.bench.api.connection import raise_file_limit, request

EVERY = 20
_ID = re.compile(rb'data: ?\{"id":"(T\d{4})"')
_AT_ONCE = 50
_OPEN_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Say where to listen.

    Attributes
    ----------
    port, token
        Where the API is, and in whose name to listen.
    clients
        How many streams.
    settle_s
        What is heard so soon after the last stream was opened does not count.
    """

    port: int
    token: str
    clients: int
    settle_s: float = 3.0


@dataclass(slots=True)
class Heard:
    """What the streams said.

    Attributes
    ----------
    opened, lost
        Streams that were opened, and of these, that ended before they were to.
    events
        Events on all streams.
    bytes_read
        On all streams.
    waits_ms
        How old each state was that a wholly read stream gave: from the report's own time.
    trucks
        On how many streams each number of trucks was seen.
    versions
        The highest version of each truck that each wholly read stream has given.
    cpu_s, measured_s
        What this process used of a core, and in how long.
    """

    opened: int = 0
    lost: int = 0
    events: int = 0
    bytes_read: int = 0
    waits_ms: list[float] = field(default_factory=list)
    trucks: dict[str, int] = field(default_factory=dict)
    versions: list[dict[str, int]] = field(default_factory=list)
    cpu_s: float = 0.0
    measured_s: float = 0.0


class Stream(asyncio.Protocol):
    """One open stream.

    Parameters
    ----------
    room
        Keeps what it says.
    wire
        The request for it.
    whole
        Whether each event is read.
    """

    def __init__(self, room: Room, wire: bytes, *, whole: bool) -> None:
        self._room = room
        self._wire = wire
        self._whole = whole
        self._rest = b""
        self._parser = httptools.HttpResponseParser(self)
        self.trucks: set[bytes] = set()
        self.versions: dict[str, int] = {}
        self.is_open = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream; called by asyncio."""
        self.transport = transport
        transport.write(self._wire)  # type: ignore[attr-defined]

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it ended; called by asyncio."""
        del exc
        if not self._room.is_over:
            self._room.heard.lost += 1

    def data_received(self, data: bytes) -> None:
        """Read what came; called by asyncio."""
        self._parser.feed_data(data)

    def on_headers_complete(self) -> None:
        """Note that it is open; called by the parser."""
        if self._parser.get_status_code() == 200:
            self.is_open.set()
            self._room.heard.opened += 1

    def on_body(self, part: bytes) -> None:
        """Note what it says; called by the parser."""
        self._room.heard.bytes_read += len(part)
        text = self._rest + part
        end = text.rfind(b"\n\n") + 2
        if end == 1:
            self._rest = text
            return
        self._rest = text[end:]
        if self._whole:
            self._read(text[:end])
        found = _ID.findall(text, 0, end)
        self.trucks.update(found)
        self._room.heard.events += len(found)

    def _read(self, text: bytes) -> None:
        now = time.time()
        for frame in text.split(b"\n\n"):
            head, _, data = frame.partition(b"data:")
            if b"event: truck" not in head:
                continue
            doc = orjson.loads(data)
            name, position = doc["truck_id"], doc.get("position")
            self.versions[name] = max(self.versions.get(name, 0), doc["version"])
            if position and now >= self._room.count_from:
                age_s = now - datetime.fromisoformat(position["at"]).timestamp()
                self._room.heard.waits_ms.append(round(1000 * age_s, 1))


class Room:
    """Open the streams and keep what they said.

    Parameters
    ----------
    errand
        Where to listen.
    """

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self.heard = Heard()
        self.count_from = float("inf")
        self.is_over = False

    async def run(self) -> Heard:
        """Listen until the input of this process is closed."""
        errand = self._errand
        streams: list[Stream] = []
        for first in range(0, errand.clients, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, errand.clients))
            made = [await self._open(whole=number % EVERY == 0) for number in numbers]
            async with asyncio.timeout(_OPEN_WITHIN_S):
                for each in made:
                    await each.is_open.wait()
            streams += made
        self.count_from = time.time() + errand.settle_s
        used_s, began = time.process_time(), time.monotonic()
        sys.stdout.write("open\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        self.is_over = True
        heard = self.heard
        heard.cpu_s = time.process_time() - used_s
        heard.measured_s = time.monotonic() - began
        for each in streams:
            seen = str(len(each.trucks))
            heard.trucks[seen] = heard.trucks.get(seen, 0) + 1
            if each.versions:
                heard.versions.append(each.versions)
            each.transport.close()
        return heard

    async def _open(self, *, whole: bool) -> Stream:
        _, stream = await asyncio.get_running_loop().create_connection(
            lambda: self.stream(whole=whole), "127.0.0.1", self._errand.port
        )
        return stream

    def stream(self, *, whole: bool) -> Stream:
        """Make a stream that is not connected yet.

        Parameters
        ----------
        whole
            Whether each of its events is read.
        """
        wire = request("GET", "/v1/stream?kinds=truck", self._errand.token)
        return Stream(self, wire, whole=whole)


def main() -> None:
    """Run the errand that the command line holds."""
    raise_file_limit()
    heard = uvloop.run(Room(Errand(**orjson.loads(sys.argv[1]))).run())
    sys.stdout.write(orjson.dumps(asdict(heard)).decode() + "\n")


if __name__ == "__main__":
    main()
