"""Measure how many records the workers and the projector have still to read."""

from collections.abc import Iterable
from typing import Any

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from redis import Redis
from redis.exceptions import RedisError

from infra.kafka.groups import WORKERS, admin_of, committed
from infra.settings import Settings
from schemas.errors import Unavailable
from schemas.topics import CATALOGUE, POSTABLE, TOPIC_OF_TYPE

Offsets = dict[TopicPartition, int]


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
        broker or Redis does not answer.
    """
    try:
        with admin_of(settings) as admin:
            workers = _places({TOPIC_OF_TYPE[name].name for name in POSTABLE})
            projector = _places(name for name in CATALOGUE if name.endswith(".state.v1"))
            workers |= committed(admin, WORKERS)
            projector |= projected(settings)
            begins, ends = _bounds(admin, workers | projector)
    except (Unavailable, RedisError):
        return None
    parts = {
        "workers": _by_topic(workers, begins, ends),
        "projector": _by_topic(projector, begins, ends),
    }
    return {"total": sum(sum(part.values()) for part in parts.values()), **parts}


def _places(topics: Iterable[str]) -> Offsets:
    """Return every partition of some topics as not read at all."""
    return {
        TopicPartition(name, number): 0
        for name in topics
        for number in range(CATALOGUE[name].partitions)
    }


def projected(settings: Settings) -> Offsets:
    """Read from Redis the next offset of each partition to be shown.

    Raises
    ------
    redis.exceptions.RedisError
        It does not answer within two seconds.
    """
    with Redis.from_url(settings.redis_url, socket_timeout=2, decode_responses=True) as client:
        offsets: dict[str, str] = client.hgetall("offsets")
    places = ((*key.rpartition(":"), int(offset)) for key, offset in offsets.items())
    return {TopicPartition(topic, int(number)): at for topic, _, number, at in places}


def _bounds(admin: Any, places: Iterable[TopicPartition]) -> tuple[Offsets, Offsets]:
    """Return where each partition begins by now (older records may be gone), and where it ends."""

    def ask(spec: OffsetSpec) -> Offsets:
        answer = admin.list_partition_offsets(dict.fromkeys(places, spec))
        return {place: found.offset for place, found in answer.items()}

    return ask(OffsetSpec.EARLIEST), ask(OffsetSpec.LATEST)


def _by_topic(read: Offsets, begins: Offsets, ends: Offsets) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, offset in sorted(read.items()):
        left = max(0, ends[place] - max(offset, begins[place]))
        found[place.topic] = found.get(place.topic, 0) + left
    return found
