"""Fold batches of records over a state in memory, and keep each batch as one journal entry.

A decision is made durable before it is said: a batch's changes and everything it says are written
to the table as one *journal* record, confirmed; only then is it said, and only then are the
entities written. Whoever takes the partition over repeats the last journal: its changes are made
good and its records said again under the same ids. ``streams/runner.py`` does the writing.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache

import orjson
from aiokafka.partitioner import murmur2

from schemas.clock import ClockTicked
from schemas.envelope import MAX_TEXT, Record, decode, encode
from schemas.errors import MalformedEvent
from schemas.model import Fact
from schemas.topics import CATALOGUE, DEAD_LETTERS
from streams.fold import Arrival, DeadLetter, Doc, Entity, Fold, Output, Raw, Step, derived_id
from streams.memory import Memory, PartitionStore, Rows
from streams.watermark import NEVER, Watermark

TICKS, BURIES_TICKS = "stack.tick.v1", "truck"
"""Several folds read the ticks: this one sets garbage among them aside."""


@dataclass
class Work:
    """What one batch of records of one partition does: what changes, and what is to be said."""

    partition: int
    source: str
    """Who says it: the fold."""
    changes: dict[tuple[int, str], Entity | None] = field(default_factory=dict)
    events: list[tuple[Record, int | None]] = field(default_factory=list)
    """Events and dead letters, with the partition to say them in; None leaves that to the key."""
    states: list[tuple[str, str, int | None]] = field(default_factory=list)
    """Whose state is said: entity, view, and when the record that changed it was appended."""
    before: dict[str, dict[str, int]] = field(default_factory=dict)
    """Versions of each changed entity's views as they were before the batch."""
    oldest_ms: dict[str, int] = field(default_factory=dict)
    """The earliest append time among the records that changed the entity."""
    outcomes: Counter[str] = field(default_factory=Counter)

    def journal(self) -> bytes:
        """Return the batch as one table value."""
        doc = {
            "partition": self.partition,
            "changes": {
                key: None if row is None else orjson.Fragment(row) for key, row in self.rows()
            },
            "records": [
                [
                    record.topic,
                    partition,
                    _to_doc(record.key),
                    _to_doc(record.value or b""),
                    [[name, _to_doc(value)] for name, value in record.headers],
                ]
                for record, partition in self.events
            ],
            "states": self.states,
        }
        return orjson.dumps(doc)

    @property
    def records(self) -> list[tuple[Record, int | None]]:
        """Everything that is said: events and dead letters, then states as they are in the end."""
        return [*self.events, *((self._state(*state), None) for state in self.states)]

    def _state(self, key: str, name: str, appended_ms: int | None) -> Record:
        """Say a view as it is in the end, or take it back where it is no more."""
        entity = self.changes[self.partition, key]
        view = None if entity is None else entity.views.get(name)
        kind, _, entity_id = name.partition(":")
        topic = f"{kind}.state.v1"
        if view is None:
            headers = [
                ("ce_source", self.source.encode()),
                ("ce_type", f"{kind}.forgotten".encode()),
            ]
            return Record(topic, entity_id.encode(), None, tuple(headers))
        headers = [
            ("ce_id", _state_id(entity_id, view["version"]).encode()),
            ("ce_source", self.source.encode()),
            ("ce_specversion", b"1.0"),
            ("ce_type", f"{kind}.state".encode()),
            ("ce_time", str(view["updated_at"]).encode()),
            ("content-type", b"application/json"),
        ]
        if appended_ms is not None:
            headers.append(("ce_causeappended", str(appended_ms).encode()))
        return Record(topic, entity_id.encode(), orjson.dumps(view), tuple(headers))

    @classmethod
    def from_journal(cls, doc: Doc, source: str) -> Work:
        """Read a batch back."""
        partition = doc["partition"]
        return cls(
            partition=partition,
            source=source,
            changes={
                (partition, key): None if entity is None else Entity.from_doc(entity)
                for key, entity in doc["changes"].items()
            },
            events=[
                (
                    Record(
                        topic,
                        _from_doc(key),
                        _from_doc(value),
                        tuple((name, _from_doc(header)) for name, header in headers),
                    ),
                    target,
                )
                for topic, target, key, value, headers in doc["records"]
            ],
            states=[tuple(state) for state in doc.get("states", ())],
        )

    def rows(self) -> list[tuple[str, bytes | None]]:
        """List what the table must hold, once the batch is whole: keys and values, or none."""
        return self._rows

    @cached_property
    def _rows(self) -> list[tuple[str, bytes | None]]:
        return [
            (key, None if entity is None else orjson.dumps(entity.to_doc()))
            for (_, key), entity in self.changes.items()
        ]


def _to_doc(raw: bytes) -> str | list[str]:
    """Write bytes as text, or, where they are none (dead letters), as a list of one in base64."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return [base64.b64encode(raw).decode()]


def _from_doc(doc: str | list[str]) -> bytes:
    return doc.encode() if isinstance(doc, str) else base64.b64decode(doc[0])


def read(raw: Raw, appended_ms: int) -> Arrival | DeadLetter:
    """Decode one record, or say why it is none."""
    try:
        event = decode(raw.topic, raw.key, raw.value, raw.headers)
    except MalformedEvent as error:
        return DeadLetter(raw, f"malformed: {error}")
    return Arrival(event, raw, appended_ms)


@lru_cache(maxsize=1 << 16)
def home_of(topic: str, key: bytes) -> int:
    """Return the partition of a key, as Kafka's own clients choose it."""
    return int((murmur2(key) & 0x7FFFFFFF) % CATALOGUE[topic].partitions)


def _state_id(entity_id: str, version: object) -> str:
    """Name one version of a state, in no more characters than a header may have."""
    name = f"{entity_id}@{version}"
    return name if len(name) <= MAX_TEXT else derived_id(name)


def dead_record(letter: DeadLetter) -> Record:
    """Return a dead letter: the bytes as they came, and where they stood and why they are dead."""
    raw = letter.raw
    own = dict(raw.headers)
    attempt = own.get("dlq_attempt") or b"0"
    place = {
        "dlq_topic": raw.topic,
        "dlq_partition": str(raw.partition),
        "dlq_offset": str(raw.offset),
        "dlq_error": letter.error[:2000],
        "dlq_attempt": str(1 + int(attempt) if attempt.isdigit() else 1),
    }
    kept = [(name, text or b"") for name, text in raw.headers if not name.startswith("dlq_")]
    headers = (*kept, *((name, text.encode()) for name, text in place.items()))
    return Record(DEAD_LETTERS, raw.key or b"", raw.value or b"", headers)


class Shell:
    """One fold's runner: pure but for what it is given.

    Parameters
    ----------
    fold
        What events mean.
    clock
        Tells what the stack's clock shows.
    home
        Names the partition of a topic in which a key belongs.
    """

    def __init__(
        self,
        fold: Fold,
        clock: Callable[[], datetime],
        *,
        home: Callable[[str, bytes], int] = home_of,
    ) -> None:
        self.fold = fold
        self._home = home
        self.memory = Memory(fold)
        self._clock = clock
        self._watermark = Watermark()
        self._source = f"/streams/{fold.name}"

    def take_over(self, rows: Rows) -> list[Work]:
        """Begin anew with what the table holds.

        Returns
        -------
        list of Work
            The last batch of each partition, to be written and said again.
        """
        journals = [
            Work.from_journal(orjson.loads(value), self._source) for value in self.memory.load(rows)
        ]
        for work in journals:
            changes = {key: entity for (_, key), entity in work.changes.items()}
            self.memory.store(work.partition).apply(changes)
        return journals

    def work(
        self,
        partition: int,
        batch: Sequence[tuple[Raw, int]],
        *,
        behind: Collection[str] = (),
    ) -> Work:
        """Fold records of one partition over the state in memory.

        Parameters
        ----------
        partition
            Whose state.
        batch
            The records, each with the broker's append time in milliseconds.
        behind
            The topics of which this partition has unread records: they hold back its time.

        Notes
        -----
        The batch before must have been written: the table tells what memory has forgotten. The
        memory holds the changes from then on; where they cannot be written, it is to be loaded
        anew.
        """
        work = Work(partition, self._source)
        now = self._clock()
        store = self.memory.store(partition)
        store.forget_most()
        for raw, appended_ms in batch:
            arrival = self._placed(read(raw, appended_ms))
            if isinstance(arrival, DeadLetter):
                if raw.topic == TICKS and self.fold.name != BURIES_TICKS:
                    continue
                work.outcomes["dead"] += 1
                work.events.append((dead_record(arrival), 0))
                continue
            if not isinstance(arrival.event.data, ClockTicked):
                self._watermark.hear(partition, raw.topic, arrival.event.time, now)
                self._fold_in(work, store, arrival, now)
                continue
            store.look_further()
            held = self._held(arrival, arrival.event.data, set(behind) - {raw.topic})
            if held is not None:
                self._fold_in(work, store, held, now)
        self._say_states(work)
        return work

    def _held(self, tick: Arrival, data: ClockTicked, behind: Collection[str]) -> Arrival | None:
        """Let a tick tell no later time than the unread records allow; none if they allow none."""
        time = self._watermark.time(tick.raw.partition, data.now, behind)
        if time == data.now:
            return tick
        if time == NEVER:
            return None
        return tick._replace(event=tick.event._replace(data=ClockTicked(now=time)))

    def _placed(self, arrival: Arrival | DeadLetter) -> Arrival | DeadLetter:
        """Set aside what stands in another partition than its key's, or two would be its state."""
        if isinstance(arrival, DeadLetter) or arrival.raw.topic == TICKS:
            return arrival
        raw, key = arrival.raw, arrival.event.key
        home = self._home(raw.topic, raw.key or b"")
        if raw.partition == home:
            return arrival
        return DeadLetter(raw, f"misplaced: {key[:140]!r} belongs in partition {home} (murmur2)")

    def _fold_in(self, work: Work, store: PartitionStore, arrival: Arrival, now: datetime) -> None:
        step = self.fold.step(store, arrival, now)
        work.outcomes[step.outcome] += 1
        for key, changed in step.changes.items():
            if key not in work.before:
                entity = store.get(key)
                views = entity.views if entity is not None else {}
                work.before[key] = {name: view["version"] for name, view in views.items()}
            if step.outcome != "ticked":
                work.oldest_ms.setdefault(key, arrival.appended_ms)
            work.changes[work.partition, key] = changed
        store.apply(step.changes)
        if step.outputs or step.dead:
            self._say(work, step, arrival, now)

    def _say(self, work: Work, step: Step, arrival: Arrival, now: datetime) -> None:
        cause = arrival.event
        ticked = isinstance(cause.data, ClockTicked)
        for output in step.outputs:
            work.events.append((self._record(output, arrival, now, ticked=ticked), None))
        work.events += [(dead_record(letter), 0) for letter in step.dead]

    def _record(self, output: Output, arrival: Arrival, now: datetime, *, ticked: bool) -> Record:
        cause = arrival.event
        # A tick is never the same twice, so what it causes is named by its own name alone.
        origin = self._source if ticked else cause.identity
        extra: dict[str, str] = {}
        appended_ms = output.cause_appended_ms
        if appended_ms is None and not ticked:
            appended_ms = arrival.appended_ms
        if appended_ms:
            extra["causeappended"] = str(appended_ms)
        data: Fact = output.data
        if output.type == "state.known" and appended_ms:
            data = data.model_copy(update={"cause_at_ms": appended_ms})
        return encode(
            output.topic,
            output.type,
            data,
            event_id=derived_id(origin, output.topic, output.type, output.name),
            source=self._source,
            time=output.time or (now if ticked else cause.time),
            correlation_id=cause.correlation_id or (None if ticked else cause.id),
            causation_id=None if ticked else cause.id,
            extra=extra,
        )

    def _say_states(self, work: Work) -> None:
        """Announce every view that the batch changed, once, as it stands at the end."""
        for key, versions in work.before.items():
            entity = work.changes[work.partition, key]
            views = {} if entity is None else entity.views
            appended_ms = work.oldest_ms.get(key)
            for name, view in views.items():
                if versions.get(name) != view["version"]:
                    work.states.append((key, name, appended_ms))
            work.states += [(key, name, None) for name in versions if name not in views]
