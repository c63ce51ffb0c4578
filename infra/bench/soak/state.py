"""Count what the tables say of every topic, from their changelogs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from kafka import TopicPartition

from infra.settings import Settings
from infra.topics import CHANGELOGS
from infra.verify.reader import consuming, entries
from schemas.topics import DEAD_LETTERS
from streams.epoch import owned


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
    rows: dict[tuple[str, int, bytes | None], Mapping[str, Mapping[str, int]]] = {}
    places = [
        TopicPartition(topic, number)
        for topic, partitions in CHANGELOGS.items()
        for number in range(partitions)
    ]
    with consuming(settings, "harvestlane-soak") as consumer:
        letters = consumer.end_offsets([TopicPartition(DEAD_LETTERS, 0)])
        first, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
        for row in owned(entries(consumer, first, ends)):
            doc = orjson.loads(row.value) if row.value else {}
            rows[row.topic, row.partition, row.key] = doc.get("counts", {})
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for counts in rows.values():
        for topic, outcomes in counts.items():
            found[topic].update(outcomes)
    return Counts(found, sum(letters.values()))
