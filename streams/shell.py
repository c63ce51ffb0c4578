"""Fold batches of records over a state in memory, and keep each batch as one journal entry.

A decision is made durable before it is said: a batch's changes and everything it says are written
to the table as one *journal* record, confirmed; only then is it said, and only then are the
entities written. Whoever takes the partition over repeats the last journal: its changes are made
good and its records said again under the same ids. ``streams/app.py`` does the writing.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from aiokafka.partitioner import murmur2

from schemas.clock import ClockTicked
from schemas.envelope import MAX_TEXT, Record, decode, encode
from schemas.errors import MalformedEvent
from schemas.model import Fact, parse_time
from schemas.topics import CATALOGUE, DEAD_LETTERS
from streams.fold import Arrival, DeadLetter, Doc, Entity, Fold, Output, Raw, Step, derived_id

JOURNAL = "~journal"
"""The table key of a partition's last batch; no identifier may hold a tilde."""

TICKS, BURIES_TICKS = "stack.tick.v1", "truck"
"""Several folds read the ticks: this one sets garbage among them aside."""


class Memory:
    """The entities of one fold that this worker owns, decoded, by partition and key."""

    def __init__(self) -> None:
        self._partitions: dict[int, dict[str, Entity]] = {}

    def load(self, rows: Iterable[tuple[str, bytes]]) -> list[Work]:
        """Replace everything by what the table holds.

        Returns
        -------
        list of Work
            The last batch of each partition, to be written and said again.
        """
        self._partitions = {}
        journals: list[Work] = []
        for key, value in rows:
            doc = orjson.loads(value)
            if key == JOURNAL:
                journals.append(Work.from_journal(doc))
                continue
            entity = Entity.from_doc(doc)
            self._partitions.setdefault(entity.partition, {})[key] = entity
        for work in journals:
            for (partition, key), entity in work.changes.items():
                self._partitions.setdefault(partition, {})[key] = entity
        return journals

    def store(self, partition: int) -> PartitionStore:
        """Return one partition's entities."""
        return PartitionStore(self._partitions.setdefault(partition, {}))


class PartitionStore:
    """One partition's entities, by key."""

    def __init__(self, entities: dict[str, Entity]) -> None:
        self._entities = entities

    def get(self, key: str) -> Entity | None:
        """Return one entity, or nothing."""
        return self._entities.get(key)

    def keys(self) -> Iterator[str]:
        """Iterate over all keys."""
        return iter(self._entities)

    def items(self) -> Iterator[tuple[str, Entity]]:
        """Iterate over all keys and entities."""
        return iter(self._entities.items())

    def apply(self, changes: Mapping[str, Entity]) -> None:
        """Take over changed entities."""
        self._entities.update(changes)


@dataclass
class Work:
    """What one batch of records of one partition does: what changes, and what is to be said."""

    partition: int
    changes: dict[tuple[int, str], Entity] = field(default_factory=dict)
    records: list[tuple[Record, int | None]] = field(default_factory=list)
    """What is said, with the partition to say it in; None leaves that to the key."""
    before: dict[str, dict[str, int]] = field(default_factory=dict)
    """Versions of each changed entity's views as they were before the batch."""
    oldest_ms: dict[str, int] = field(default_factory=dict)
    """The earliest append time among the records that changed the entity."""
    outcomes: Counter[str] = field(default_factory=Counter)

    def journal(self) -> bytes:
        """Return the batch as one table value."""
        doc = {
            "partition": self.partition,
            "changes": {key: entity.to_doc() for (_, key), entity in self.changes.items()},
            "records": [
                [
                    record.topic,
                    partition,
                    _to_doc(record.key),
                    _to_doc(record.value),
                    [[name, _to_doc(value)] for name, value in record.headers],
                ]
                for record, partition in self.records
            ],
        }
        return orjson.dumps(doc)

    @classmethod
    def from_journal(cls, doc: Doc) -> Work:
        """Read a batch back."""
        partition = doc["partition"]
        return cls(
            partition=partition,
            changes={
                (partition, key): Entity.from_doc(entity) for key, entity in doc["changes"].items()
            },
            records=[
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
        )

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Yield what the table must hold: keys and values."""
        for (_, key), entity in self.changes.items():
            yield key, orjson.dumps(entity.to_doc())


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
    attempt = own.get("dlq_attempt", b"0")
    place = {
        "dlq_topic": raw.topic,
        "dlq_partition": str(raw.partition),
        "dlq_offset": str(raw.offset),
        "dlq_error": letter.error[:2000],
        "dlq_attempt": str(1 + int(attempt) if attempt.isdigit() else 1),
    }
    kept = [pair for pair in raw.headers if not pair[0].startswith("dlq_")]
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
        self.memory = Memory()
        self._clock = clock
        self._source = f"/streams/{fold.name}"

    def work(self, partition: int, batch: Sequence[tuple[Raw, int]]) -> Work:
        """Fold records of one partition, with the broker's append times, over the state in memory.

        The memory holds the changes from then on: where they cannot be written, it is to be
        loaded anew.
        """
        work = Work(partition)
        now = self._clock()
        for raw, appended_ms in batch:
            arrival = self._placed(read(raw, appended_ms))
            if isinstance(arrival, DeadLetter):
                if raw.topic == TICKS and self.fold.name != BURIES_TICKS:
                    continue
                work.outcomes["dead"] += 1
                work.records.append((dead_record(arrival), 0))
                continue
            self._fold_in(work, arrival, now)
        self._say_states(work)
        return work

    def _placed(self, arrival: Arrival | DeadLetter) -> Arrival | DeadLetter:
        """Set aside what stands in another partition than its key's, or two would be its state."""
        if isinstance(arrival, DeadLetter) or arrival.raw.topic == TICKS:
            return arrival
        raw, key = arrival.raw, arrival.event.key
        home = self._home(raw.topic, key.encode())
        if raw.partition == home:
            return arrival
        return DeadLetter(raw, f"misplaced: {key[:140]!r} belongs in partition {home} (murmur2)")

    def _fold_in(self, work: Work, arrival: Arrival, now: datetime) -> None:
        store = self.memory.store(work.partition)
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
        self._say(work, step, arrival, now)

    def _say(self, work: Work, step: Step, arrival: Arrival, now: datetime) -> None:
        cause = arrival.event
        ticked = isinstance(cause.data, ClockTicked)
        for output in step.outputs:
            work.records.append((self._record(output, arrival, now, ticked=ticked), None))
        work.records += [(dead_record(letter), 0) for letter in step.dead]

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
            appended_ms = work.oldest_ms.get(key)
            for name, view in entity.views.items():
                if versions.get(name) != view["version"]:
                    work.records.append((self._state_record(name, view, appended_ms), None))

    def _state_record(self, name: str, view: dict[str, object], appended_ms: int | None) -> Record:
        kind, _, entity_id = name.partition(":")
        topic = CATALOGUE[f"{kind}.state.v1"]
        updated_at = str(view["updated_at"])
        headers = [
            ("ce_id", _state_id(entity_id, view["version"]).encode()),
            ("ce_source", self._source.encode()),
            ("ce_specversion", b"1.0"),
            ("ce_type", f"{kind}.state".encode()),
            ("ce_time", updated_at.encode()),
            ("content-type", b"application/json"),
        ]
        parse_time(updated_at)
        if appended_ms is not None:
            headers.append(("ce_causeappended", str(appended_ms).encode()))
        return Record(topic.name, entity_id.encode(), orjson.dumps(view), tuple(headers))
