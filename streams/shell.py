"""Run a fold safely: decode, fold, confirm what is said, write the table, then let offsets move.

Any failure on the way ends the process, so that the records are read anew; nothing here ever
acknowledges an event that has not been folded into a table whose changelog the broker confirmed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import orjson

from schemas.clock import ClockTicked
from schemas.envelope import Record, decode, encode
from schemas.errors import MalformedEvent
from schemas.model import Fact, parse_time
from schemas.topics import CATALOGUE, DEAD_LETTERS
from streams.fold import Arrival, DeadLetter, Entity, Fold, Output, Raw, Step, derived_id

log = logging.getLogger(__name__)


class Outlet(Protocol):
    """Where a shell writes: each call returns once the record is on its way, and an awaitable
    that is done once the broker has confirmed it."""  # noqa: D205, D209

    async def send(self, record: Record, partition: int | None = None) -> Awaitable[object]:
        """Send one record."""
        ...


class Memory:
    """The entities of one fold that this worker owns, decoded, by partition and key."""

    def __init__(self) -> None:
        self._partitions: dict[int, dict[str, Entity]] = {}

    def load(self, rows: Iterator[tuple[str, bytes]]) -> None:
        """Replace everything by what the table holds."""
        self._partitions = {}
        for key, value in rows:
            entity = Entity.from_doc(orjson.loads(value))
            self._partitions.setdefault(entity.partition, {})[key] = entity

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
    """What one batch of records has done so far."""

    records: list[tuple[Record, int | None]] = field(default_factory=list)
    dirty: dict[tuple[int, str], Raw] = field(default_factory=dict)
    """The last record that touched each changed entity, by partition and key."""
    before: dict[tuple[int, str], dict[str, int]] = field(default_factory=dict)
    """Versions of the entity's views as they were before the batch."""
    oldest_ms: dict[tuple[int, str], int] = field(default_factory=dict)
    """The earliest append time among the records that changed the entity."""
    outcomes: Counter[str] = field(default_factory=Counter)


def read(raw: Raw, appended_ms: int) -> Arrival | DeadLetter:
    """Decode one record, or say why it is none."""
    try:
        event = decode(raw.topic, raw.key, raw.value, raw.headers)
    except MalformedEvent as error:
        return DeadLetter(raw, f"malformed: {error}")
    return Arrival(event, raw, appended_ms)


def dead_record(letter: DeadLetter) -> Record:
    """Return a dead letter: the bytes as they came, and where they stood and why they are dead."""
    raw = letter.raw
    place = {
        "dlq_topic": raw.topic,
        "dlq_partition": str(raw.partition),
        "dlq_offset": str(raw.offset),
        "dlq_error": letter.error[:2000],
        "dlq_attempt": "1",
    }
    headers = (*raw.headers, *((name, text.encode()) for name, text in place.items()))
    return Record(DEAD_LETTERS, raw.key or b"", raw.value or b"", headers)


class Shell:
    """One fold's runner: pure but for what it is given.

    Parameters
    ----------
    fold
        What events mean.
    clock
        Tells what the stack's clock shows.
    """

    def __init__(self, fold: Fold, clock: Callable[[], datetime]) -> None:
        self.fold = fold
        self.memory = Memory()
        self.outcomes: Counter[str] = Counter()
        self._clock = clock
        self._source = f"/streams/{fold.name}"

    def work(self, batch: Sequence[tuple[Raw, int]]) -> Work:
        """Fold a batch of records, with the broker's append times, over the state in memory."""
        work = Work()
        now = self._clock()
        for raw, appended_ms in batch:
            arrival = read(raw, appended_ms)
            if isinstance(arrival, DeadLetter):
                work.outcomes["dead"] += 1
                work.records.append((dead_record(arrival), 0))
                continue
            self._fold_in(work, arrival, now)
        self._say_states(work)
        return work

    def _fold_in(self, work: Work, arrival: Arrival, now: datetime) -> None:
        partition = arrival.raw.partition
        store = self.memory.store(partition)
        step = self.fold.step(store, arrival, now)
        work.outcomes[step.outcome] += 1
        for key in step.changes:
            where = (partition, key)
            if where not in work.before:
                entity = store.get(key)
                views = entity.views if entity is not None else {}
                work.before[where] = {name: view["version"] for name, view in views.items()}
            if step.outcome != "ticked":
                work.oldest_ms.setdefault(where, arrival.appended_ms)
            work.dirty[where] = arrival.raw
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
        if appended_ms is not None:
            extra["causeappended"] = str(appended_ms)
        data: Fact = output.data
        if output.type == "state.known" and appended_ms is not None:
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
        for (partition, key), versions in work.before.items():
            entity = self.memory.store(partition).get(key)
            if entity is None:
                continue
            appended_ms = work.oldest_ms.get((partition, key))
            for name, view in entity.views.items():
                if versions.get(name) != view["version"]:
                    work.records.append((self._state_record(name, view, appended_ms), None))

    def _state_record(self, name: str, view: dict[str, object], appended_ms: int | None) -> Record:
        kind, _, entity_id = name.partition(":")
        topic = CATALOGUE[f"{kind}.state.v1"]
        updated_at = str(view["updated_at"])
        headers = [
            ("ce_id", f"{entity_id}@{view['version']}".encode()),
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

    def table_values(self, work: Work) -> Iterator[tuple[str, bytes, Raw]]:
        """Yield what the table must hold: key, value, and the last record that touched it."""
        for (partition, key), raw in work.dirty.items():
            entity = self.memory.store(partition).get(key)
            if entity is not None:
                yield key, orjson.dumps(entity.to_doc()), raw


async def confirm(outlet: Outlet, work: Work) -> None:
    """Send everything that a batch says, and wait until the broker has confirmed it all."""
    sent = [await outlet.send(record, partition) for record, partition in work.records]
    if sent:
        await asyncio.gather(*sent)
