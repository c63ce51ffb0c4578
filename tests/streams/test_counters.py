"""Count without Redis, and with it."""

from __future__ import annotations

import asyncio
import contextlib

from infra.settings import free_ports
from streams.counters import Counters


async def test_counts_wait_where_redis_does_not_answer() -> None:
    counters = Counters(f"redis://127.0.0.1:{free_ports(1)[0]}/0")
    counters.add("truck", {"applied": 2})
    sending = asyncio.create_task(counters.keep_sending())
    await asyncio.sleep(1.5)
    counters.add("truck", {"applied": 1, "dead": 1})
    assert not sending.done()
    assert counters._waiting == {"outcome:truck:applied": 3, "outcome:truck:dead": 1}
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending
