"""Slow down who guesses passwords, and who asks more than anybody needs to."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import math
import time
from collections import Counter
from collections.abc import Awaitable
from typing import Any

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from api.problems import Problem
from api.tokens import Actor

_log = logging.getLogger(__name__)

PER_NAME = RateLimitItemPerMinute(10, 15)
PER_ADDRESS = RateLimitItemPerMinute(60, 15)
"""Log-ins that fail in 15 minutes; an office may share one address."""

_FLUSH_S = 2.0
_ANSWER_S = 0.5
_MINUTE_S = 60


class Attempts:
    """Count failed log-ins and requests in Redis; while it is gone, nobody is refused.

    Parameters
    ----------
    url
        The Redis that counts.
    secret
        Names and addresses are counted under a hash that only this stack can make.
    per_minute
        How many requests one actor may send in a minute; 0 for any number.
    """

    def __init__(self, url: str, secret: bytes, per_minute: int) -> None:
        self._storage = RedisStorage(
            f"async+{url}",
            implementation="redispy",
            wrap_exceptions=True,
            socket_timeout=_ANSWER_S,
            socket_connect_timeout=_ANSWER_S,
        )
        self._failed = SlidingWindowCounterRateLimiter(self._storage)
        self._asked = FixedWindowRateLimiter(self._storage)
        self._secret = secret
        self._rate = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._since: Counter[str] = Counter()
        self._held: dict[str, float] = {}
        self._is_open = False

    async def begin(self, login: str, address: str) -> None:
        """Let a log-in be tried; it counts for its name already, as guesses side by side must.

        Parameters
        ----------
        login, address
            Whose it is to be, and where it comes from.

        Raises
        ------
        Problem
            `too_many`.
        """
        name, place = self._name(login), self._name(address)
        if not await self._counted(self._failed.test(PER_ADDRESS, place)):
            raise await self._locked(PER_ADDRESS, place)
        if not await self._counted(self._failed.hit(PER_NAME, name)):
            raise await self._locked(PER_NAME, name)

    async def failed(self, address: str) -> None:
        """Count a log-in that was tried in vain for its address, too."""
        await self._counted(self._failed.hit(PER_ADDRESS, self._name(address)))

    async def succeeded(self, login: str) -> None:
        """Forget the failed log-ins of a name: its holder came in."""
        await self._counted(self._failed.clear(PER_NAME, self._name(login)))

    def take(self, actor: Actor) -> None:
        """Count a request; the operator's own tokens are not counted.

        Parameters
        ----------
        actor
            Who asks.

        Raises
        ------
        Problem
            `too_many`.
        """
        name = actor.key_id or actor.session_id or actor.user_id
        if self._rate is None or name is None:
            return
        self._since[name] += 1
        left_s = self._held.get(name, 0.0) - time.time()
        if left_s > 0:
            raise _too_many("too many requests in one minute; send fewer, or batches", left_s)

    async def keep_counting(self) -> None:
        """Add up in Redis what was asked, every other second, until cancelled."""
        while True:
            await asyncio.sleep(_FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        """Add up in Redis what was asked since the last time."""
        counted, self._since = self._since, Counter()
        now = time.time()
        self._held = {name: until for name, until in self._held.items() if until > now}
        for name, count in counted.items():
            if self._rate is None:
                return
            if not await self._counted(self._asked.hit(self._rate, name, cost=count)):
                self._held[name] = now + _MINUTE_S

    async def close(self) -> None:
        """Close the connections."""
        bridge: Any = self._storage.bridge
        await bridge.storage.aclose()

    async def _counted(self, asked: Awaitable[bool | None]) -> bool:
        """Ask Redis; True where it says nothing."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                is_below = await asked
        except (StorageError, OSError, TimeoutError) as error:
            self._say_open(error)
            return True
        self._is_open = False
        return is_below is not False

    async def _locked(self, item: RateLimitItem, name: str) -> Problem:
        left_s = float(_MINUTE_S)
        with contextlib.suppress(StorageError, OSError, TimeoutError):
            async with asyncio.timeout(_ANSWER_S):
                stats = await self._failed.get_window_stats(item, name)
            left_s = stats.reset_time - time.time()
        return _too_many("too many log-ins failed; wait a while", left_s)

    def _say_open(self, error: Exception) -> None:
        if not self._is_open:
            _log.warning("Redis does not count log-ins and requests: none is refused (%r)", error)
        self._is_open = True

    def _name(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self._secret[:64], digest_size=12).hexdigest()


def _too_many(why: str, left_s: float) -> Problem:
    wait_s = max(1, math.ceil(left_s))
    return Problem("too_many", why, headers={"retry-after": str(wait_s)})
