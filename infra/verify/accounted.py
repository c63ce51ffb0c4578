"""Judge `accounted`: every record was applied once, known as a duplicate, parked, or is dead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

from infra.verify.finding import Finding
from infra.verify.log import Doc, Entry, Log, Read
from schemas.topics import KEPT_TOPICS, TOPICS
from streams.entity import FORGOTTEN
from streams.lot import LOT_FOLD
from streams.place import PLACE_FOLD
from streams.recent import Recent
from streams.truck import TRUCK_FOLD

FOLD_OF: Mapping[str, str] = {
    "truck.registry.v1": "truck",
    "truck.position.v1": "truck",
    "checkpoint.clearance.v1": "truck",
    "corridor.watch.v1": "truck",
    "truck.plate.v1": "truck",
    "place.registry.v1": "place",
    "port.slot.v1": "place",
    "slot.reservation.v1": "place",
    "checkpoint.visit.v1": "place",
    "harvest.lot.v1": "lot",
    "lot.decision.v1": "lot",
    "dispatch.command.v1": "dispatch",
    "road.condition.v1": "dispatch",
    "corridor.lifecycle.v1": "dispatch",
}
"""Which fold remembers the events of a topic in its table."""
FORGETFUL: Mapping[str, int] = {
    topic: limit
    for fold in (TRUCK_FOLD, PLACE_FOLD, LOT_FOLD)
    for topic, limit in fold.limits.items()
}
"""Topics of which a table remembers only so many identities (docs/architecture.md, Tables)."""
INBOX = "dispatch.inbox.v1"
READ_TOPICS = (*FOLD_OF, INBOX, "stack.tick.v1")
"""Every topic that the workers read."""
PROJECTED = (
    *(topic.name for topic in TOPICS if topic.compacted and topic.name not in KEPT_TOPICS),
    "alert.v1",
    "dispatch.assignment.v1",
)
"""Every topic that the projector reads."""

OURS = "/streams/"
"""How the sources of the workers' own events begin; nobody else may write to the inbox."""

Outcome = Literal["applied", "duplicate", "conflict", "dead", "parked", "forgotten", "missing"]


def judge(log: Log) -> Finding:
    """Judge every record of every topic that the workers read, and the tables' own counts."""
    finding = Finding()
    for topic in (*READ_TOPICS, *PROJECTED):
        for entry, error in log.broken(topic):
            _judge_broken(log, finding, entry, error)
    for fold in dict.fromkeys(FOLD_OF.values()):
        memory = _Memory(log, fold)
        for topic in (topic for topic, owner in FOLD_OF.items() if owner == fold):
            for read in log.events(topic):
                _judge_event(log, finding, memory, read)
            _judge_counts(log, finding, topic, log.tables[fold])
    for read in log.events(INBOX):
        if not read.event.source.startswith(OURS):
            _judge_broken(log, finding, read.entry, f"from {read.event.source}")
    _judge_letters(log, finding)
    return finding


def outcomes(log: Log) -> Iterator[tuple[Read | Entry, Outcome]]:
    """Yield what became of every record from outside, as the log and the tables tell.

    A duplicate is one whose source and id stood before under the same key.
    """
    for topic in READ_TOPICS:
        for entry, _ in log.broken(topic):
            yield entry, "dead" if entry.place in log.dead else "missing"
        seen: set[tuple[str, str]] = set()
        for read in log.events(topic):
            who = (read.event.key, read.event.identity)
            if read.entry.place in log.dead:
                yield read, "dead"
            else:
                yield read, "duplicate" if who in seen else "applied"
            seen.add(who)


def table_key(read: Read) -> str:
    """Return the key under which a fold's table keeps what an event speaks of."""
    event = read.event
    if event.topic == "dispatch.command.v1":
        return f"command:{event.id}"
    if event.topic == "corridor.watch.v1":
        return f"~watch/{event.key}"
    for kind, topic in (("closure", "road.condition.v1"), ("corridor", "corridor.lifecycle.v1")):
        if event.topic == topic:
            return f"{kind}:{getattr(event.data, f'{kind}_id')}"
    return event.key


class _Memory:
    """What the tables of one fold remember of each place in the log."""

    def __init__(self, log: Log, fold: str) -> None:
        self.known: dict[str, tuple[str, Doc]] = {}
        self.parked: set[str] = set()
        self.recent: dict[tuple[str, str], Recent] = {}
        self.before: dict[tuple[str, str], str] = {}
        """Digests of the identities that rows of version 0.1 remember whole, by key."""
        for key, doc in log.tables[fold].items():
            for topic, text in doc.get("recent", {}).items():
                self.recent[topic, key] = Recent.from_text(text)
            for identity, memo in doc.get("memory", {}).items():
                self.before[key, identity] = memo["d"]
                for place in memo["at"]:
                    self.known[place] = (key, memo)
            for one in doc.get("parked", ()):
                self.parked.add(f"{one['topic']}:{one['partition']}:{one['offset']}")

    def outcome(self, log: Log, read: Read) -> Outcome:
        place = read.entry.place
        dead = log.dead.get(place)
        if place not in self.known:
            return self._recalled(read, dead=dead is not None)
        _, memo = self.known[place]
        if memo["d"] != read.event.digest:
            return "conflict"
        if dead is not None:
            return "dead"
        if place in self.parked:
            return "parked"
        return "applied" if memo["at"][0] == place else "duplicate"

    def _recalled(self, read: Read, *, dead: bool) -> Outcome:
        """Tell what became of an event of a topic of which only the latest are remembered."""
        event = read.event
        if dead or event.topic not in FORGETFUL:
            return "dead" if dead else "missing"
        if read.entry.place in self.parked:
            return "parked"
        key = table_key(read)
        recent = self.recent.get((event.topic, key), Recent())
        same = recent.know(event.identity, event.digest)
        if same is None and (key, event.identity) in self.before:
            same = self.before[key, event.identity] == event.digest
        if same is None:
            full = recent.size >= FORGETFUL[event.topic]
            return "forgotten" if full else "missing"
        return "applied" if same else "conflict"


def _judge_broken(log: Log, finding: Finding, entry: Entry, error: str) -> None:
    if log.in_flight(entry):
        return
    finding.checked += 1
    if entry.place not in log.dead:
        finding.violate(
            "garbage_lost",
            f"{entry.place} is no event of ours ({error}) and has no dead letter.",
            place=entry.place,
        )


def _judge_event(log: Log, finding: Finding, memory: _Memory, read: Read) -> None:
    entry = read.entry
    if log.in_flight(entry):
        return
    finding.checked += 1
    outcome = memory.outcome(log, read)
    what = f"{read.event.type} {read.event.identity} at {entry.place}"
    if outcome == "missing" and table_key(read).rpartition(":")[2] in log.forgotten:
        return
    if outcome == "missing":
        finding.violate("event_lost", f"{what} is in no table and not dead.", place=entry.place)
    elif outcome == "conflict" and entry.place not in log.dead:
        finding.violate(
            "conflict_hidden",
            f"{what} contradicts an event of the same id and has no dead letter.",
            place=entry.place,
        )
    elif outcome == "dead" and entry.place in memory.parked and not log.fresh:
        finding.violate("parked_and_dead", f"{what} is parked and dead at once.", place=entry.place)


def _judge_counts(log: Log, finding: Finding, topic: str, table: Mapping[str, Doc]) -> None:
    """Hold what each table counts against how many records there are of its key."""
    if not log.whole(topic):
        return
    there = Counter(table_key(read) for read in log.events(topic))
    fresh = {table_key(read) for read in log.events(topic) if log.in_flight(read.entry)}
    for key in there.keys() | {k for k, doc in table.items() if topic in doc.get("counts", {})}:
        if key in log.fresh or key in fresh or key in log.forgotten or key.startswith(FORGOTTEN):
            continue
        counts = table.get(key, {}).get("counts", {}).get(topic, {})
        total = sum(counts.values())
        # A forgetful topic's old record, read again after a crash, is refused as too late again.
        sure = total - counts.get("refused", 0) if topic in FORGETFUL else total
        if total < there[key] or sure > there[key]:
            told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
            finding.violate(
                "counts_differ",
                f"{key} has {there[key]} records in {topic}; its table counts {told or 'none'}.",
                key=key,
                topic=topic,
            )


def _judge_letters(log: Log, finding: Finding) -> None:
    """Demand of every dead letter a reason and the very bytes of its record."""
    by_place = {
        entry.place: entry
        for topic in {letter.place.rsplit(":", 2)[0] for letter in log.dead.values()}
        for entry in log.entries(topic)
    }
    for letter in log.dead.values():
        finding.checked += 1
        origin = by_place.get(letter.place)
        if not letter.error:
            finding.violate("no_reason", f"The dead letter of {letter.place} gives no reason.")
        elif origin is not None and (origin.value or b"") != (letter.entry.value or b""):
            finding.violate("bytes_changed", f"The dead letter of {letter.place} has other bytes.")
