"""Load an API from a process of its own, and say what came back.

Run as `python -m infra.bench.api.load ERRAND`; the last line of its output is a `Found` as JSON.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

import orjson
import uvloop

from infra.bench.api.connection import Answer, Connection, connect, raise_file_limit
from infra.bench.api.draw import Reports, page, reads

_READ = ("trucks", "lots")
_OPEN_S = 20.0
"""How long answers are waited for once the last request of a schedule was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Say what to ask.

    Attributes
    ----------
    port, token
        Where the API is, and in whose name to ask.
    what
        Which requests.
    part
        Names the part of the benchmark, in the events' ids.
    seed
        Where chance comes from.
    warm_s, measured_s
        How long to ask before anything counts, and while it does.
    connections
        How many are kept open.
    rate_per_s
        With it, requests are due by a schedule drawn from it (Poisson); without, each connection
        asks as soon as it has its answer.
    batch
        Events in a batch.
    receipts
        The file to which the bodies of all answers to posts are written, one a line.
    """

    port: int
    token: str
    what: Literal["posts", "positions", "batches", "reads"]
    part: str
    seed: int
    warm_s: float
    measured_s: float
    connections: int
    rate_per_s: float | None = None
    batch: int = 500
    receipts: str | None = None


@dataclass(slots=True)
class Found:
    """What came back.

    Attributes
    ----------
    statuses
        Answers by status, of the measured time; 0 for a broken connection.
    waits_ms
        How long each took: from when it was due, or else sent, until it was read.
    measured_s
        From the first counted request to the last counted answer.
    bytes_read
        Of all measured answers' bodies.
    cpu_s
        What this process used of a core, in seconds, while it measured.
    """

    statuses: dict[str, int] = field(default_factory=dict)
    waits_ms: list[float] = field(default_factory=list)
    measured_s: float = 0.0
    bytes_read: int = 0
    cpu_s: float = 0.0


class Load:
    """Ask what an errand says.

    Parameters
    ----------
    errand
        What to ask.
    """

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._found = Found()
        self._bodies: list[bytes] = []
        self._count_from = 0.0
        self._last = 0.0

    async def run(self) -> Found:
        """Ask until the time is over, and wait for every answer."""
        errand = self._errand
        connections = await connect(errand.port, errand.connections)
        if errand.what == "reads":
            cursors = {plural: await self._pages(connections[0], plural) for plural in _READ}
            requests = reads(errand.seed, errand.token, cursors)
        else:
            requests = _posts(errand)
        self._count_from = time.perf_counter() + errand.warm_s
        until = self._count_from + errand.measured_s
        used_s = time.process_time()
        if errand.rate_per_s is None:
            await asyncio.gather(*(self._ask_on(each, requests, until) for each in connections))
        else:
            await self._by_schedule(connections, requests, errand.rate_per_s, until)
        share = errand.measured_s / (errand.measured_s + errand.warm_s)
        self._found.cpu_s = (time.process_time() - used_s) * share
        self._found.measured_s = max(self._last - self._count_from, errand.measured_s)
        for connection in connections:
            connection.close()
        return self._found

    def write_receipts(self, path: Path) -> None:
        """Write the bodies of all answers to posts, one a line."""
        with path.open("wb") as file:
            file.writelines(body + b"\n" for body in self._bodies)

    async def _pages(self, connection: Connection, plural: str) -> list[str | None]:
        """Walk through a collection; tell where each of its pages begins."""
        found: list[str | None] = [None]
        while True:
            _, body = await connection.ask(page(self._errand.token, plural, found[-1]))
            following = orjson.loads(body)["next"]
            if following is None:
                return found
            found.append(following)

    async def _ask_on(
        self, connection: Connection, requests: Iterator[bytes], until: float
    ) -> None:
        while (began := time.perf_counter()) < until:
            answer = await connection.ask(next(requests))
            self._note(answer, began)
            if answer[0] == 0:
                return

    async def _by_schedule(
        self, connections: list[Connection], requests: Iterator[bytes], rate: float, until: float
    ) -> None:
        """Ask when it is due, whatever has been answered: late answers delay no request."""
        chance = Random(f"{self._errand.seed}/schedule")
        due = self._count_from - self._errand.warm_s
        waiting: asyncio.Queue[float | None] = asyncio.Queue()
        asking = [asyncio.create_task(self._serve(each, requests, waiting)) for each in connections]
        while due < until:
            now = time.perf_counter()
            if due > now:
                await asyncio.sleep(due - now)
            while due <= time.perf_counter() and due < until:
                waiting.put_nowait(due)
                due += chance.expovariate(rate)
        for _ in connections:
            waiting.put_nowait(None)
        await asyncio.wait(asking, timeout=_OPEN_S)
        for task in asking:
            if not task.done():
                task.cancel()
                self._count("unanswered")

    async def _serve(
        self,
        connection: Connection,
        requests: Iterator[bytes],
        waiting: asyncio.Queue[float | None],
    ) -> None:
        while (due := await waiting.get()) is not None:
            self._note(await connection.ask(next(requests)), due)

    def _note(self, answer: Answer, began: float) -> None:
        status, body = answer
        if self._errand.what != "reads" and status == 202:
            self._bodies.append(body)
        if began < self._count_from:
            return
        self._last = time.perf_counter()
        self._count(str(status))
        self._found.waits_ms.append(1000 * (self._last - began))
        self._found.bytes_read += len(body)

    def _count(self, status: str) -> None:
        statuses = self._found.statuses
        statuses[status] = statuses.get(status, 0) + 1


def _posts(errand: Errand) -> Iterator[bytes]:
    drawn = Reports(errand.seed, errand.part)
    if errand.what == "batches":
        return drawn.batches(errand.token, errand.batch)
    return drawn.posts(errand.token) if errand.what == "posts" else drawn.positions(errand.token)


def main() -> None:
    """Run the errand that the command line holds."""
    raise_file_limit()
    errand = Errand(**orjson.loads(sys.argv[1]))
    load = Load(errand)
    found = uvloop.run(load.run())
    if errand.receipts is not None:
        load.write_receipts(Path(errand.receipts))
    found.waits_ms = [round(wait, 2) for wait in found.waits_ms]
    sys.stdout.write(orjson.dumps(asdict(found)).decode() + "\n")


if __name__ == "__main__":
    main()
