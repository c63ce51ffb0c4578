"""Count what the tables say of every topic, from their changelogs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from kafka import TopicPartition

from infra.settings import Settings
from infra.topics import CHANGELOGS
from infra.verify.reader import consuming
from schemas.topics import DEAD_LETTERS
from streams.epoch import Fence


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of records.

    Attributes
    ----------
    by_topic
        Records by topic and outcome (`applied`, `duplicate`, `refused`, `parked`, `dead`), as the
        tables count them.
    dead_letters
        How many dead letters were ever written, those that retention removed included.
    """

    by_topic: Mapping[str, Counter[str]]
    dead_letters: int


def counted(settings: Settings) -> Counts:
    """Read the changelogs to their ends, and add up what the tables count.

    Parameters
    ----------
    settings
        Name the broker.

    Raises
    ------
    Unavailable
        No broker answers.
    """
    rows: dict[tuple[str, int, bytes], Mapping[str, Mapping[str, int]]] = {}
    with consuming(settings, "harvestlane-soak") as consumer:
        letters = consumer.end_offsets([TopicPartition(DEAD_LETTERS, 0)])
        for topic, partitions in CHANGELOGS.items():
            places = [TopicPartition(topic, number) for number in range(partitions)]
            _read(consumer, places, rows)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for counts in rows.values():
        for topic, outcomes in counts.items():
            found[topic].update(outcomes)
    return Counts(found, sum(letters.values()))


def _read(
    consumer: Any, places: list[TopicPartition], rows: dict[tuple[str, int, bytes], Any]
) -> None:
    fences = {place.topic: Fence() for place in places}
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    ends = consumer.end_offsets(places)
    while any(consumer.position(place) < end for place, end in ends.items()):
        for place, records in consumer.poll(timeout_ms=500).items():
            for record in records:
                if not fences[place.topic].passes(place.partition, record.value):
                    continue
                doc = orjson.loads(record.value) if record.value else {}
                rows[place.topic, place.partition, record.key] = doc.get("counts", {})
