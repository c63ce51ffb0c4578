"""Hold the receipts that the API gave against what stands in Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from infra.bench.streams.pour import read_all

Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Account:
    """What became of acknowledged events.

    Attributes
    ----------
    acknowledged
        Receipts.
    lost
        Receipts whose place in Kafka does not hold their event.
    found
        Events of the benchmark in Kafka; more than acknowledged where an answer did not arrive.
    doubled
        Events of the same id that stand there more than once.
    """

    acknowledged: int
    lost: int
    found: int
    doubled: int


def receipts(files: Iterable[Path]) -> list[tuple[Place, str]]:
    """Read the receipts of answers, one answer a line: each event's place and id."""
    found = []
    for file in files:
        with file.open("rb") as lines:
            for line in lines:
                found += [
                    ((one["topic"], one["partition"], one["offset"]), one["id"])
                    for one in orjson.loads(line)["receipts"]
                ]
    return found


def account(
    servers: str, told: Sequence[tuple[Place, str]], topics: Iterable[str], source: str
) -> Account:
    """Count by reading the topics whole.

    Parameters
    ----------
    servers
        The brokers.
    told
        What `receipts` read.
    topics
        Where to look.
    source
        The source of the benchmark's events.
    """
    ours = source.encode()
    there: dict[Place, str] = {}
    for topic in topics:
        for record in read_all(servers, topic):
            if record.headers.get("ce_source") == ours:
                place = (record.topic, record.partition, record.offset)
                there[place] = record.headers["ce_id"].decode()
    lost = sum(there.get(place) != event_id for place, event_id in told)
    return Account(len(told), lost, len(there), len(there) - len(set(there.values())))
