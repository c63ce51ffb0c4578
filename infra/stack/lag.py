"""Measure how many records the workers and the projector have still to read."""

from typing import Any

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from redis import Redis
from redis.exceptions import RedisError

from infra.kafka.groups import WORKERS, admin_of, committed
from infra.settings import Settings
from schemas.errors import Unavailable


def measure(settings: Settings) -> dict[str, Any] | None:
    """Compare what was read with the ends of the topics.

    Parameters
    ----------
    settings
        Name broker and Redis.

    Returns
    -------
    dict or None
        `total`, and records still to read by topic for `workers` and `projector`; None where the
        broker does not answer. The projector's part is empty while Redis does not answer.
    """
    try:
        with admin_of(settings) as admin:
            workers = committed(admin, WORKERS)
            projector = _projector_read(settings)
            ends = _ends(admin, [*workers, *projector])
    except Unavailable:
        return None
    parts = {"workers": _by_topic(workers, ends), "projector": _by_topic(projector, ends)}
    return {"total": sum(sum(part.values()) for part in parts.values()), **parts}


def _projector_read(settings: Settings) -> dict[TopicPartition, int]:
    try:
        with Redis.from_url(settings.redis_url, socket_timeout=2, decode_responses=True) as client:
            offsets: dict[str, str] = client.hgetall("offsets")
    except RedisError:
        return {}
    places = ((*key.rpartition(":"), int(offset)) for key, offset in offsets.items())
    return {TopicPartition(topic, int(number)): at for topic, _, number, at in places}


def _ends(admin: Any, places: list[TopicPartition]) -> dict[TopicPartition, int]:
    wanted = dict.fromkeys(places, OffsetSpec.LATEST)
    if not wanted:
        return {}
    return {place: found.offset for place, found in admin.list_partition_offsets(wanted).items()}


def _by_topic(read: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, offset in sorted(read.items()):
        found[place.topic] = found.get(place.topic, 0) + max(0, ends[place] - offset)
    return found
