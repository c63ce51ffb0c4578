"""Tell what the stack's one clock shows."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Literal

from api.problems import Problem
from api.views import RedisViews
from schemas.clock import ClockAnchored, ClockState, read_clock
from schemas.errors import Unavailable

_FRESH_S = 0.25


class StackClock:
    """Read the clock by its latest anchor; where Redis is silent, by the last one seen.

    Parameters
    ----------
    views
        Where the projector keeps the latest anchor.
    mode
        What the clock follows by the settings; a scenario's clock needs an anchor.
    """

    def __init__(self, views: RedisViews, mode: Literal["wall", "scenario"]) -> None:
        self._views = views
        self._mode = mode
        self._anchor: ClockAnchored | None = None
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self._is_silent = False

    async def state(self) -> ClockState:
        """Tell what the clock shows now.

        Raises
        ------
        Problem
            `clock_unknown`: a scenario's clock has not been set yet.
        """
        needs_anchor = self._anchor is None and self._mode == "scenario"
        if time.monotonic() - self._looked_at > _FRESH_S:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
            if needs_anchor or not self._is_silent:
                await asyncio.shield(self._looking)
        if self._anchor is None and self._mode == "scenario":
            raise Problem("clock_unknown", "no scenario has set the clock yet; start its replay")
        return read_clock(self._anchor, datetime.now(UTC))

    async def now(self) -> datetime:
        """Tell the time, in UTC; raises as `state` does."""
        return (await self.state()).now

    async def _look(self) -> None:
        """Look once for all who ask meanwhile; while Redis is silent, nobody waits for that."""
        try:
            self._anchor = await self._views.anchor() or self._anchor
            self._is_silent = False
        except Unavailable:
            self._is_silent = True
            if self._anchor is None and self._mode == "scenario":
                raise
        self._looked_at = time.monotonic()
