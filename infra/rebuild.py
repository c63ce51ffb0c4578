"""Throw the views in Redis away and have them made anew from Kafka."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from redis import Redis
from redis.exceptions import RedisError

from infra.kafka.groups import admin_of
from infra.settings import Settings
from infra.stack.record import Record
from infra.verify.reader import VIEW_KINDS, projected, require_broker
from schemas.errors import Unavailable
from schemas.topics import CATALOGUE
from streams.projection import PROJECTED, Projector

_WITHIN_S = 120.0
_POLL_S = 0.1


def rebuild_views(settings: Settings) -> dict[str, int]:
    """Delete every view and wait until all are there again.

    A running projector notices that its offsets are gone and begins anew; where none runs, this
    process projects.

    Parameters
    ----------
    settings
        Name the stack.

    Returns
    -------
    dict
        How many entities there are by kind.

    Raises
    ------
    Unavailable
        The broker or Redis does not answer, or the projector does not finish.
    """
    record = Record.read(settings)
    running = settings if record is None else record.running_settings(settings)
    require_broker(running)
    try:
        with Redis.from_url(running.redis_url, socket_timeout=10, decode_responses=True) as redis:
            ends = _ends(running)
            _delete(redis)
            if record is None or all(one.name != "projector" for one in record.processes):
                servers, redis_url = running.bootstrap_servers, running.redis_url
                projector = Projector(servers, redis_url, _nobody, running.kept)
                asyncio.run(projector.run(until_done=True))
            _wait(redis, ends)
            return {kind: int(redis.hlen(f"view:{kind}")) for kind in VIEW_KINDS}
    except RedisError as error:
        raise Unavailable(
            f"Redis at {running.redis_url} does not answer ({error}); start a stack with "
            "`harvestlane up`"
        ) from error


def _nobody(_ready: bool) -> None:  # noqa: FBT001 - the projector's report
    return None


def _ends(settings: Settings) -> dict[TopicPartition, int]:
    places = [
        TopicPartition(name, number)
        for name in PROJECTED
        for number in range(CATALOGUE[name].partitions)
    ]
    with admin_of(settings) as admin:
        found = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    return {place: at.offset for place, at in found.items()}


def _delete(redis: Any) -> None:
    """Delete all at once, so that nobody sees offsets without views; the clock's face stays."""
    names = [f"{what}:{kind}" for what in ("view", "version") for kind in VIEW_KINDS]
    redis.delete(*names, "version:clock", "offsets", "changes")


def _wait(redis: Any, ends: dict[TopicPartition, int]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while True:
        done = projected(redis)
        left = sum(max(end - done.get(place, 0), 0) for place, end in ends.items())
        if left == 0:
            return
        if time.monotonic() > deadline:
            raise Unavailable(
                f"the projector has {left} records left after {_WITHIN_S:.0f} s; see "
                "`harvestlane status` and its log"
            )
        time.sleep(_POLL_S)
