"""Run one fold over one partition: what a test tells it, in that order, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from schemas.clock import ClockTicked
from schemas.envelope import Record, encode, validate
from schemas.topics import CATALOGUE, DEAD_LETTERS, OWN_TOPICS
from streams.fold import Doc, Entity, Fold, Raw
from streams.memory import JOURNAL, DictRows
from streams.shell import Shell, Work
from tests.streams.town import NOON


class Bench:
    """A fold, its table, and the log of one partition of its topics.

    Parameters
    ----------
    fold
        What is tested.
    """

    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.now = NOON
        self.log: list[tuple[Raw, int]] = []
        self.said: list[Record] = []
        self._offsets: Counter[str] = Counter()
        self._rows = DictRows()
        self._ids = 0
        self.shell = self._started()

    def _started(self) -> Shell:
        shell = Shell(self.fold, lambda: self.now, home=lambda _topic, _key: 0)
        for work in shell.take_over(self._rows):
            self._rows.put(0, dict(work.rows()))
        return shell

    def restart(self) -> None:
        """Forget the memory, and load it from the table."""
        self.shell = self._started()

    def say(
        self,
        event_type: str,
        data: Doc,
        *,
        when: datetime | None = None,
        event_id: str | None = None,
        source: str | None = None,
    ) -> str:
        """Let an event arrive; return its id."""
        topic = self._topic(event_type)
        self._ids += 1
        event_id = event_id or f"e{self._ids}"
        source = source or ("/streams/test" if topic in OWN_TOPICS else "/test")
        self.put(self._record(event_type, data, when or self.now, event_id, source))
        return event_id

    def _topic(self, event_type: str) -> str:
        return next(name for name in self.fold.topics if event_type in CATALOGUE[name].types)

    def _record(
        self,
        event_type: str,
        data: Doc,
        when: datetime,
        event_id: str | None = None,
        source: str = "/test",
    ) -> Record:
        topic = self._topic(event_type)
        if event_id is None:
            self._ids += 1
            event_id = f"e{self._ids}"
        fact = validate(CATALOGUE[topic], event_type, data)
        return encode(topic, event_type, fact, event_id=event_id, source=source, time=when)

    def put(self, record: Record) -> None:
        """Let a record arrive."""
        self.read([self._append(record)])

    def put_unread(self, event_type: str, data: Doc) -> None:
        """Append an event that nobody reads yet."""
        self._append(self._record(event_type, data, self.now))

    def tick_inbox(self) -> None:
        """Tick where dispatch hears of it."""
        self.read([self.tick_unread("dispatch.inbox.v1")])

    def tick_unread(self, topic: str = "stack.tick.v1") -> tuple[Raw, int]:
        """Append a tick that nobody reads yet, and return it as it stands in the log."""
        self._ids += 1
        fact = ClockTicked(now=self.now)
        return self._append(
            encode(
                topic,
                "clock.ticked",
                fact,
                event_id=f"t{self._ids}",
                source="/streams/clock",
                time=self.now,
            )
        )

    def _append(self, record: Record) -> tuple[Raw, int]:
        raw = Raw(
            topic=record.topic,
            partition=0,
            offset=self._offsets[record.topic],
            key=record.key,
            value=record.value,
            headers=record.headers,
        )
        self._offsets[record.topic] += 1
        self.log.append((raw, 1_000 + len(self.log)))
        return self.log[-1]

    def read(self, batch: list[tuple[Raw, int]], *, behind: Collection[str] = ()) -> Work:
        """Fold records that stand in the log, and keep and say what comes of it."""
        work = self.shell.work(0, batch, behind=behind)
        if work.changes or work.events:
            self._rows.put(0, {JOURNAL: work.journal()})
            self.said += [record for record, _ in work.records]
            self._rows.put(0, dict(work.rows()))
        return work

    def wait(self, **time: float) -> None:
        """Let time pass, and tick."""
        self.now += timedelta(**time)
        self.read([self.tick_unread()])

    def row(self, key: str) -> bytes | None:
        """Return what the table holds of an entity."""
        return self._rows.get(0, key)

    def put_row(self, key: str, row: bytes | None) -> None:
        """Let the table hold something else, as after a death between two writes."""
        self._rows.put(0, {key: row})

    def entities(self) -> dict[str, Entity]:
        """Return every entity of the fold by its key."""
        return dict(self.shell.memory.store(0).items())

    def view(self, name: str) -> Doc | None:
        """Return one view, or nothing."""
        for entity in self.entities().values():
            if name in entity.views:
                return entity.views[name]
        return None

    def counts(self) -> dict[str, Counter[str]]:
        """Return what became of the records of each topic."""
        return counts_of(self.entities().values())

    def dead(self) -> list[str]:
        """List why records were set aside."""
        return [
            dict(record.headers)["dlq_error"].decode()
            for record in self.said
            if record.topic == DEAD_LETTERS
        ]

    def events(self, topic: str) -> Iterator[tuple[str, Any]]:
        """Yield type and value of everything said on a topic."""
        for record in self.said:
            if record.topic == topic:
                yield dict(record.headers)["ce_type"].decode(), record.value

    def check_counts(self) -> None:
        """Check that every record is counted once, as one thing."""
        counts = self.counts()
        for topic in self.fold.topics:
            if topic != "stack.tick.v1":
                assert counts.get(topic, Counter()).total() == self._offsets[topic], topic
        parked = sum(len(entity.parked) for entity in self.entities().values())
        assert sum(of_topic["parked"] for of_topic in counts.values()) == parked
        assert all(count >= 0 for of_topic in counts.values() for count in of_topic.values())


def counts_of(entities: Any) -> dict[str, Counter[str]]:
    """Add up what became of the records of each topic."""
    found: dict[str, Counter[str]] = {}
    for entity in entities:
        for topic, counts in entity.counts.items():
            found.setdefault(topic, Counter()).update(counts)
    return found
