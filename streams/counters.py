"""Count what became of records in Redis: counters that may be lost, so nothing waits for them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

COUNTERS = "counters"
"""The hash that holds them."""

_SEND_EVERY_S = 1.0


class Counters:
    """Counts, sent to Redis once a second.

    Parameters
    ----------
    redis_url
        Where Redis is.
    """

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._waiting: Counter[str] = Counter()

    def add(self, group: str, counts: Mapping[str, int]) -> None:
        """Count, under ``outcome:GROUP:NAME``."""
        for name, count in counts.items():
            self._waiting[f"outcome:{group}:{name}"] += count

    async def keep_sending(self) -> None:
        """Send for ever; what cannot be sent is kept for the next time."""
        redis = Redis.from_url(self._redis_url, socket_timeout=2.0, socket_connect_timeout=2.0)
        while True:
            await asyncio.sleep(_SEND_EVERY_S)
            waiting, self._waiting = self._waiting, Counter()
            try:
                async with redis.pipeline(transaction=True) as pipe:
                    for name, count in waiting.items():
                        pipe.hincrby(COUNTERS, name, count)
                    await pipe.execute()
            except (RedisError, OSError) as error:
                log.warning("counters wait: Redis does not answer (%s)", error)
                self._waiting.update(waiting)
