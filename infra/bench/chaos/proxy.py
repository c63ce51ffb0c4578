"""Stand between a process and its brokers, and cut it off from all of them as a network would."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from typing import Any, Self

HOST = "127.0.0.1"
_CHUNK = 1 << 16
_WITHIN_S = 10.0


class Proxy:
    """Pass bytes on from some ports to others, in a thread of its own.

    While it is cut, nothing passes and no connection is closed: whoever waits, waits. What was on
    its way arrives once it is mended, even from a process that is dead by then, as from a network.

    Parameters
    ----------
    ways
        The port to listen at, and the one to pass on to.
    """

    def __init__(self, ways: Mapping[int, int]) -> None:
        self._ways = dict(ways)
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._passing: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        """Listen.

        Raises
        ------
        OSError
            A port is taken.
        """
        self._thread.start()
        self._do(self._start())
        return self

    def __exit__(self, *_error: object) -> None:
        """Close everything."""
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WITHIN_S)
        self._loop.close()

    def cut(self) -> None:
        """Let nothing pass from now on."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        """Let everything pass again."""
        self._loop.call_soon_threadsafe(self._open.set)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_WITHIN_S)

    async def _start(self) -> None:
        self._open.set()
        for port, target in self._ways.items():
            self._servers.append(await asyncio.start_server(self._taker(target), HOST, port))

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    def _taker(self, target: int) -> Any:
        def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = self._loop.create_task(self._join(reader, writer, target))
            self._passing.add(task)
            task.add_done_callback(self._passing.discard)

        return take

    async def _join(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int
    ) -> None:
        """Pass on both ways until one side has closed."""
        other_writer = None
        try:
            await self._open.wait()
            other_reader, other_writer = await asyncio.open_connection(HOST, target)
            both = (self._pass(reader, other_writer), self._pass(other_reader, writer))
            tasks = [self._loop.create_task(one) for one in both]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        except OSError:
            return
        finally:
            for end in (writer, other_writer):
                if end is not None:
                    end.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_CHUNK):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
            await self._open.wait()  # nobody hears of a closed connection through a cut
        except OSError:
            await self._open.wait()
