"""Hold every record that was acknowledged against the log and the tables' counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.bench.load import Sent
from infra.verify.accounted import FOLD_OF, FORGETFUL, table_key
from infra.verify.log import Log

Place = tuple[str, int]


@dataclass
class Ledger(Sent):
    """Every acknowledged record, by where the broker said that it stands."""

    places: dict[Place, list[int]] = field(default_factory=dict)
    """Acknowledged offsets by topic and partition, in the order of their acknowledgement."""

    def note(self, kind: str, topic: str, partition: int, offset: int) -> None:
        """Count one acknowledged record, and remember where it stands."""
        super().note(kind, topic, partition, offset)
        self.places.setdefault((topic, partition), []).append(offset)


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the acknowledged records.

    Attributes
    ----------
    acknowledged
        How many there are.
    not_in_log
        Those that the brokers no longer have.
    not_counted
        Records of the log that no table counts, and garbage without a dead letter.
    applied_twice
        By how much the tables have applied more than there are different events.
    applied, duplicates, dead, refused
        What the tables and the dead letters count of the load's topics.
    examples
        Some that are wrong, in words.
    """

    acknowledged: int
    not_in_log: int
    not_counted: int
    applied_twice: int
    applied: int
    duplicates: int
    dead: int
    refused: int
    examples: list[str]

    @property
    def lost(self) -> int:
        """How many acknowledged records nobody has, or nobody counts."""
        return self.not_in_log + self.not_counted


def settle(places: Mapping[Place, list[int]], log: Log) -> Account:
    """Account for every acknowledged record exactly once.

    Parameters
    ----------
    places
        What was acknowledged.
    log
        The whole log at the end, nothing in flight.

    Returns
    -------
    Account
        Of all topics on which something was acknowledged.
    """
    examples: list[str] = []
    found: Counter[str] = Counter()
    topics = sorted({topic for topic, _ in places})
    for (topic, partition), offsets in places.items():
        there = {entry.offset for entry in log.entries(topic) if entry.partition == partition}
        gone = len(offsets) - len(there & set(offsets))
        if gone:
            found["not_in_log"] += gone
            examples.append(f"{gone} acknowledged records of {topic}:{partition} are gone")
    for topic in topics:
        for entry, error in log.broken(topic):
            found["dead"] += 1
            if entry.place not in log.dead:
                found["not_counted"] += 1
                examples.append(f"{entry.place} ({error}) has no dead letter")
        _settle_counts(log, topic, found, examples)
    return Account(
        acknowledged=sum(map(len, places.values())),
        not_in_log=found["not_in_log"],
        not_counted=found["not_counted"],
        applied_twice=found["applied_twice"],
        applied=found["applied"],
        duplicates=found["duplicate"],
        dead=found["dead"],
        refused=found["refused"],
        examples=examples[:20],
    )


def _settle_counts(log: Log, topic: str, found: Counter[str], examples: list[str]) -> None:
    """Hold what a table counts of each key against the records and the different events of it."""
    table = log.tables[FOLD_OF[topic]]
    records: Counter[str] = Counter()
    events: defaultdict[str, set[str]] = defaultdict(set)
    for read in log.events(topic):
        key = table_key(read)
        records[key] += 1
        events[key].add(read.event.identity)
    for key, many in records.items():
        counts: Counter[str] = Counter(table.get(key, {}).get("counts", {}).get(topic, {}))
        found.update(counts)
        # what a forgetful topic's table no longer remembers is refused, whenever it is read again
        sure = counts.total() - (counts["refused"] if topic in FORGETFUL else 0)
        missing = max(many - counts.total(), 0)
        twice = max(counts["applied"] - len(events[key]), sure - many, 0)
        found["not_counted"] += missing
        found["applied_twice"] += twice
        if missing or twice:
            told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
            examples.append(
                f"{key} has {many} records of {len(events[key])} events in {topic}; its table "
                f"counts {told or 'none'}"
            )
