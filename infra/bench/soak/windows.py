"""Shorten a stack's retention, so that its windows pass while a soak lasts.

Positions are kept seven days and most other events thirty: within an hour nothing would be deleted,
and whatever grows beside it could not be seen. A soak changes no code that reads or writes; it only
has Kafka forget earlier and compact more keenly.
"""

from __future__ import annotations

from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from infra.settings import Settings
from infra.topics import wanted_topics
from schemas.topics import CATALOGUE

_OFFSETS = "__consumer_offsets"
_SEGMENT_BYTES = 4 << 20


def shorten(settings: Settings, window_s: float) -> None:
    """Give every topic of a stack a short window, and Kafka's own offsets, too.

    Parameters
    ----------
    settings
        Name the broker.
    window_s
        How long records are kept where the catalogue gives a topic a retention at all; compacted
        topics are compacted as often. Segments are rolled in a fifth of it.
    """
    admin = AdminClient({"bootstrap.servers": settings.bootstrap_servers})
    names = [*(topic.name for topic in wanted_topics()), _OFFSETS]
    asked = [_resource(name, window_s) for name in names]
    for future in admin.incremental_alter_configs(asked).values():
        future.result(timeout=30)


def _resource(name: str, window_s: float) -> ConfigResource:
    entries = [
        ConfigEntry(key, str(value), incremental_operation=AlterConfigOpType.SET)
        for key, value in _wanted(name, window_s).items()
    ]
    return ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)


def _wanted(name: str, window_s: float) -> dict[str, float]:
    window_ms = round(window_s * 1000)
    wanted: dict[str, float] = {
        "segment.ms": window_ms // 5,
        "segment.bytes": _SEGMENT_BYTES,
        "file.delete.delay.ms": 1_000,
    }
    topic = CATALOGUE.get(name)
    if topic is None or topic.compacted:
        wanted |= {
            "min.cleanable.dirty.ratio": 0.1,
            "max.compaction.lag.ms": window_ms,
            "delete.retention.ms": 1_000,
        }
    elif topic.retention_ms > 0:
        wanted["retention.ms"] = window_ms
    return wanted
