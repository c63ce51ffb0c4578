"""Let go of Kafka's clients, whatever state they are in."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from aiokafka.errors import KafkaError


async def stop(client: Any, *, within_s: float | None = None) -> None:
    """Stop a producer or a consumer; where that fails, its connections end with the process.

    Parameters
    ----------
    client
        Of aiokafka; started or not.
    within_s
        How long that may take, in seconds; None for as long as it likes.
    """
    with contextlib.suppress(TimeoutError, KafkaError, OSError):
        async with asyncio.timeout(within_s):
            await client.stop()
