"""Work on questions in threads, a few at a time; open the roads when the first one comes."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from api.desk import Desk
from api.osrm.query import Asked

if TYPE_CHECKING:
    from api.osrm.roads import OpenRoads
    from routing.roads.network import RoadNetwork

Found = TypeVar("Found")

_AT_ONCE = 2
"""Questions that are worked on at a time; the others wait, so that the API stays quick."""


class Inquiries:
    """Questions on the road network of a folder.

    Until the first one, neither roads nor what searches them are loaded: a hundred megabytes
    that an API needs only where OSRM's clients ask it.

    Parameters
    ----------
    folder
        Where the network stands.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opening = threading.Lock()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._roads: OpenRoads | None = None

    async def answer(self, desk: Desk, asked: Asked[Any], *, packed: bool) -> bytes:
        """Return the JSON answer to a question, on the roads as they are now.

        Parameters
        ----------
        desk
            Tells the stack's time and what is closed.
        asked
            The question.
        packed
            Whether to pack the answer by gzip.

        Raises
        ------
        Refused
            What OSRM would refuse, too.
        Problem
            `roads_missing`, or `clock_unknown`.
        Unavailable
            Redis, which holds the closures, does not answer.
        """
        now = await desk.clock.now()
        closures = await desk.views.every("closure")
        async with self._turns:
            return await asyncio.to_thread(self._work, asked, closures, now, packed)

    def _work(
        self,
        asked: Asked[Any],
        closures: Mapping[str, bytes],
        now: datetime,
        packed: bool,  # noqa: FBT001 - handed to a thread
    ) -> bytes:
        from api.osrm.answers import write_answer  # noqa: PLC0415 - heavy

        written = write_answer(self._open().ways(closures, now), asked)
        return gzip.compress(written, 1) if packed else written

    async def work(self, ask: Callable[[RoadNetwork], Found]) -> Found:
        """Return what other work on the roads finds, done in a thread in its turn.

        Parameters
        ----------
        ask
            The work.

        Raises
        ------
        Problem
            `roads_missing`.
        """
        async with self._turns:
            return await asyncio.to_thread(lambda: ask(self._open().network))

    def _open(self) -> OpenRoads:
        from api.osrm.roads import OpenRoads  # noqa: PLC0415 - heavy

        with self._opening:
            if self._roads is None:
                self._roads = OpenRoads(self._folder)
            return self._roads
