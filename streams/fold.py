"""Say what a fold is: a pure step from a state and an event to changes and what is to be said.

``step(store, arrival, now) -> Step``. The folds of trucks, places and lots share
:class:`streams.entity.EntityFold`; dispatch is one of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from schemas.envelope import Event
from schemas.model import Fact, format_time, parse_time

Doc = dict[str, Any]
"""A JSON object; treated as a value: never changed once it is part of a state."""

Outcome = Literal["applied", "duplicate", "refused", "dead", "parked", "redelivered", "ticked"]


@dataclass(frozen=True, slots=True)
class Raw:
    """A record's bytes as they came, for parking and dead letters."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def place(self) -> str:
        """Where the record stands in the log: ``topic:partition:offset``."""
        return f"{self.topic}:{self.partition}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event and where, and when, it stood in the log."""

    event: Event
    raw: Raw
    appended_ms: int
    """The broker's append time, milliseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Output:
    """An event to be said; its id is derived from its cause, so saying it twice is harmless."""

    topic: str
    type: str
    data: Fact
    name: str = ""
    """Tells several outputs of one cause apart."""
    time: datetime | None = None
    cause_appended_ms: int | None = None
    """When the event behind this was appended; by default the cause's own time, 0 for none."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that cannot be applied, and why."""

    raw: Raw
    error: str


@dataclass(frozen=True, slots=True)
class Entity:
    """What one table key holds; see "Tables" in ``docs/architecture.md``."""

    partition: int
    views: Mapping[str, Doc] = field(default_factory=dict)
    memory: Mapping[str, Doc] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    parked: tuple[Doc, ...] = ()
    own: Doc = field(default_factory=dict)
    """What else the fold needs to remember."""

    def to_doc(self) -> Doc:
        """Return the table value as a JSON object."""
        return {
            "partition": self.partition,
            "views": self.views,
            "memory": self.memory,
            "counts": self.counts,
            "parked": self.parked,
            "own": self.own,
        }

    @classmethod
    def from_doc(cls, doc: Doc) -> Entity:
        """Read a table value."""
        return cls(
            partition=doc["partition"],
            views=doc["views"],
            memory=doc["memory"],
            counts=doc["counts"],
            parked=tuple(doc["parked"]),
            own=doc["own"],
        )


@dataclass(frozen=True, slots=True)
class Step:
    """What one arrival does: changed entities by key, events to say, records to set aside."""

    changes: Mapping[str, Entity] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    dead: tuple[DeadLetter, ...] = ()
    outcome: Outcome = "applied"


class Store(Protocol):
    """The entities of one partition, by key."""

    def get(self, key: str) -> Entity | None:
        """Return one entity, or nothing."""
        ...

    def keys(self) -> Iterator[str]:
        """Iterate over all keys."""
        ...


class Fold(Protocol):
    """One noun's fold: its name is its table's, its topics are its agent's."""

    name: str
    topics: tuple[str, ...]

    def step(self, store: Store, arrival: Arrival, now: datetime) -> Step:
        """Answer one arrival."""
        ...


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule's answer: the event holds; these views change (``None`` removes) and this is said."""

    views: Mapping[str, Doc | None] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    own: Doc | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule's answer: the event changes nothing, by a named rule."""

    rule: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A rule's answer: it speaks of an id that nobody has registered yet."""

    what: str


Answer = Applied | Refused | Unknown
Rule = Callable[[Entity, Event, datetime], Answer]
"""What one type of event means: pure, and it may look at nothing but its arguments."""
TimeRule = Callable[[str, Entity, datetime], Applied | None]
"""What passing time means for one entity."""


def derived_id(*parts: str) -> str:
    """Derive a short event id from its cause and its name."""
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


def rank(moment: datetime) -> str:
    """Write a moment so that texts compare as moments do: always to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def revise(before: Doc | None, at: datetime, /, **fields: Any) -> Doc:
    """Return a view with changed fields, the next version and its latest event time."""
    base = before or {}
    earlier = base.get("updated_at")
    latest = at if earlier is None else max(at, parse_time(earlier))
    version = base.get("version", 0) + 1
    return {**base, **fields, "version": version, "updated_at": format_time(latest)}
