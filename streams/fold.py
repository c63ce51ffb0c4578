"""Say what a fold is: a pure step from a state and an event to changes and what is to be said.

``step(store, arrival, now) -> Step``. The folds of trucks, places and lots share
:class:`streams.entity.EntityFold`; dispatch is one of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

from schemas.envelope import Event
from schemas.model import Fact, format_time, parse_time
from streams.recent import Recent

_SECONDS = len("2021-08-24T05:00:00")

Doc = dict[str, Any]
"""A JSON object; treated as a value: never changed once it is part of a state."""

_EMPTY: Doc = {}
_NOTHING: Mapping[str, Any] = MappingProxyType({})

Outcome = Literal["applied", "duplicate", "refused", "dead", "parked", "redelivered", "ticked"]


class Raw(NamedTuple):
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


class Arrival(NamedTuple):
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


class Entity(NamedTuple):
    """What one table key holds; see "Tables" in ``docs/architecture.md``."""

    partition: int
    views: Mapping[str, Doc] = _EMPTY
    memory: Mapping[str, Doc] = _EMPTY
    counts: Mapping[str, Mapping[str, int]] = _EMPTY
    parked: tuple[Doc, ...] = ()
    own: Doc = _EMPTY
    """What else the fold needs to remember."""
    recent: Mapping[str, Recent] = _EMPTY
    """The latest identities of each topic that is not remembered whole."""

    def but(
        self,
        *,
        views: Mapping[str, Doc] | None = None,
        memory: Mapping[str, Doc] | None = None,
        counts: Mapping[str, Mapping[str, int]] | None = None,
        parked: tuple[Doc, ...] | None = None,
        own: Doc | None = None,
        recent: Mapping[str, Recent] | None = None,
    ) -> Entity:
        """Return this entity with other values in some fields."""
        return Entity(
            self.partition,
            self.views if views is None else views,
            self.memory if memory is None else memory,
            self.counts if counts is None else counts,
            self.parked if parked is None else parked,
            self.own if own is None else own,
            self.recent if recent is None else recent,
        )

    def to_doc(self) -> Doc:
        """Return the table value as a JSON object."""
        return {
            "partition": self.partition,
            "views": self.views,
            "memory": self.memory,
            "counts": self.counts,
            "parked": self.parked,
            "own": self.own,
            "recent": {topic: recent.to_text() for topic, recent in self.recent.items()},
        }

    @classmethod
    def from_doc(cls, doc: Doc) -> Entity:
        """Read a table value."""
        recent = {topic: Recent.from_text(text) for topic, text in doc.get("recent", {}).items()}
        memory: Mapping[str, Doc] = doc["memory"]
        if "recent" not in doc and any("t" in known for known in memory.values()):
            memory, recent = _packed(memory)
        return cls(
            doc["partition"],
            doc["views"],
            memory,
            doc["counts"],
            tuple(doc["parked"]),
            doc["own"],
            recent,
        )


def _packed(memory: Mapping[str, Doc]) -> tuple[dict[str, Doc], dict[str, Recent]]:
    """Pack what a row of version 0.1 remembered of bulk topics: one object an identity."""
    kept = {identity: known for identity, known in memory.items() if "t" not in known}
    recent: dict[str, Recent] = {}
    for identity, known in memory.items():
        if "t" in known:
            topic = known["at"][0].split(":", 1)[0]
            at_ms = milliseconds(parse_time(known["t"]))
            recent[topic] = recent.get(topic, Recent()).with_event(
                at_ms, identity, known["d"], len(memory)
            )
    return kept, recent


class Step(NamedTuple):
    """What one arrival does: changed entities by key, events to say, records to set aside.

    An entity that is None is forgotten.
    """

    changes: Mapping[str, Entity | None] = _NOTHING
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

    def waiting(self) -> list[str]:
        """List the keys of the entities that wait for time to pass, as far as they are known."""
        ...

    def next_few(self, most: int) -> list[tuple[str, Entity]]:
        """Return the next entities on a round through all of them, to look at each in time."""
        ...


class Fold(Protocol):
    """One noun's fold: its name is its table's, its topics are its agent's."""

    name: str
    topics: tuple[str, ...]
    whole: bool
    """Whether a step may look at every entity of the partition: all are then kept in memory."""

    def waits(self, entity: Entity) -> bool:
        """Say whether passing time may mean something for an entity."""
        ...

    def step(self, store: Store, arrival: Arrival, now: datetime) -> Step:
        """Answer one arrival."""
        ...


class Applied(NamedTuple):
    """A rule's answer: the event holds; these views change (``None`` removes) and this is said."""

    views: Mapping[str, Doc | None] = _NOTHING
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


def milliseconds(moment: datetime) -> int:
    """Return a moment as whole milliseconds since the epoch."""
    return int(moment.timestamp() * 1000)


def rank(moment: datetime) -> str:
    """Write a moment so that texts compare as moments do: always to the millisecond."""
    return rank_told(format_time(moment))


def rank_told(told: str) -> str:
    """Write a moment that `format_time` wrote as `rank` does."""
    return f"{told[:-1]}+00:00" if len(told) > _SECONDS + 1 else f"{told[:-1]}.000+00:00"


def revise(before: Doc | None, at: datetime, /, **fields: Any) -> Doc:
    """Return a view with changed fields, the next version and its latest event time."""
    return revise_told(before, at, format_time(at), fields)


def revise_told(before: Doc | None, at: datetime, told: str, fields: Mapping[str, Any]) -> Doc:
    """Do what `revise` does, with the time as `format_time` writes it."""
    base = before or {}
    earlier = base.get("updated_at")
    if earlier is not None and not _is_surely_later(told, earlier):
        told = format_time(max(at, parse_time(earlier)))
    version = base.get("version", 0) + 1
    return {**base, **fields, "version": version, "updated_at": told}


def _is_surely_later(told: str, earlier: str) -> bool:
    """Compare two times by their seconds, as `format_time` wrote them."""
    return told[:_SECONDS] > earlier[:_SECONDS]
