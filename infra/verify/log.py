"""Hold what is judged: every record of the log, the changelogs, and a copy of Redis."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson
from kafka.partitioner import murmur2

from schemas.envelope import Event, decode, takes_back
from schemas.errors import MalformedEvent
from schemas.slot import Reservation
from schemas.topics import CATALOGUE, DEAD_LETTERS, KEPT_TOPICS

Doc = dict[str, Any]

CHANGELOG = "harvestlane-workers-{}-changelog"
FOLDS = ("truck", "place", "lot", "dispatch")
KINDS: Mapping[str, str] = {
    "truck": "truck",
    "lot": "lot",
    "slot": "place",
    "facility": "place",
    "checkpoint": "place",
    "assignment": "dispatch",
    "closure": "dispatch",
    "corridor": "dispatch",
    "command": "dispatch",
}
"""The kinds of views that have a state topic, and the fold whose changelog holds them."""

_ID_FIELDS = (
    "truck_id",
    "lot_id",
    "place_id",
    "facility_id",
    "checkpoint_id",
    "assignment_id",
    "corridor_id",
    "closure_id",
    "alert_id",
    "command_id",
)
_UNREMARKABLE = frozenset(
    {"stack.tick.v1", "stack.clock.v1", "dispatch.inbox.v1", "audit.entry.v1", *KEPT_TOPICS}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as it stands in the log; ``appended_ms`` is the broker's append time."""

    topic: str
    partition: int
    offset: int
    appended_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def place(self) -> str:
        """Where it stands: ``topic:partition:offset``."""
        return f"{self.topic}:{self.partition}:{self.offset}"

    def header(self, name: str) -> str | None:
        """Return the last header of this name as text, or nothing."""
        found = [value for header, value in self.headers if header == name]
        return found[-1].decode("utf-8", "replace") if found else None


@dataclass(frozen=True, slots=True)
class Read:
    """A record that is an event of the catalogue."""

    entry: Entry
    event: Event


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What the dead-letter topic says of one record."""

    entry: Entry
    place: str
    error: str


@dataclass(frozen=True, slots=True)
class Views:
    """A copy of the Redis views: documents and versions by kind and id."""

    docs: Mapping[str, Mapping[str, Doc]] = field(default_factory=dict)
    versions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def _strays(entry: Entry, event: Event) -> bool:
    """Tell whether an event stands in another partition than Kafka gives its key."""
    home = (murmur2(event.key.encode()) & 0x7FFFFFFF) % CATALOGUE[event.topic].partitions
    return bool(home != entry.partition)


class Log:
    """The whole of what is judged; it answers questions, and changes nothing.

    Parameters
    ----------
    entries
        Every record of the catalogue's topics and of the changelogs, in any order.
    views
        A copy of Redis.
    cut
        The offsets, by topic and partition, below which every record must have been dealt with;
        what stands later is in flight. A partition not named is judged to its end.
    first
        The oldest retained offsets, by topic and partition, where they are not 0.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        views: Views | None = None,
        *,
        cut: Mapping[tuple[str, int], int] | None = None,
        first: Mapping[tuple[str, int], int] | None = None,
    ) -> None:
        self.views = views or Views()
        self._cut = dict(cut or {})
        self._first = dict(first or {})
        self._entries: dict[str, list[Entry]] = {}
        for entry in entries:
            self._entries.setdefault(entry.topic, []).append(entry)
        for of_topic in self._entries.values():
            of_topic.sort(key=lambda entry: (entry.partition, entry.offset))
        self._reads: dict[str, tuple[list[Read], list[tuple[Entry, str]]]] = {}

    def entries(self, topic: str) -> list[Entry]:
        """Return a topic's records by partition and offset."""
        return self._entries.get(topic, [])

    def events(self, topic: str) -> list[Read]:
        """Return a topic's records that are events of the catalogue."""
        return self._read(topic)[0]

    def broken(self, topic: str) -> list[tuple[Entry, str]]:
        """Return a topic's records that are no events, each with the first thing wrong."""
        return self._read(topic)[1]

    def _read(self, topic: str) -> tuple[list[Read], list[tuple[Entry, str]]]:
        if topic not in self._reads:
            reads: list[Read] = []
            broken: list[tuple[Entry, str]] = []
            for entry in self.entries(topic):
                if takes_back(topic, entry.value, entry.headers):
                    continue
                try:
                    event = decode(topic, entry.key, entry.value, entry.headers)
                except MalformedEvent as error:
                    broken.append((entry, str(error)))
                else:
                    letter = self.dead.get(entry.place)
                    if letter and letter.error.startswith("misplaced:") and _strays(entry, event):
                        broken.append((entry, letter.error))
                    else:
                        reads.append(Read(entry, event))
            self._reads[topic] = (reads, broken)
        return self._reads[topic]

    def live(self, topic: str) -> Iterator[Read]:
        """Yield each event of a topic once: no duplicates, nothing that was dead-lettered."""
        seen: set[tuple[str, str]] = set()
        for read in self.events(topic):
            who = (read.event.key, read.event.identity)
            if who in seen or read.entry.place in self.dead:
                continue
            seen.add(who)
            yield read

    def in_flight(self, entry: Entry) -> bool:
        """Tell whether a record is so new that nobody need have dealt with it yet."""
        return entry.offset >= self._cut.get((entry.topic, entry.partition), entry.offset + 1)

    def whole(self, topic: str) -> bool:
        """Tell whether nothing of a topic has been removed by its retention."""
        return not any(name == topic and at > 0 for (name, _), at in self._first.items())

    @cached_property
    def records(self) -> int:
        """How many records there are in all."""
        return sum(len(of_topic) for of_topic in self._entries.values())

    @cached_property
    def last_ms(self) -> int:
        """The latest append time of all."""
        return max((e.appended_ms for many in self._entries.values() for e in many), default=0)

    @cached_property
    def dead(self) -> dict[str, DeadLetter]:
        """What was dead-lettered, by the place where it stood."""
        letters: dict[str, DeadLetter] = {}
        for entry in self.entries(DEAD_LETTERS):
            parts = [entry.header(f"dlq_{name}") for name in ("topic", "partition", "offset")]
            if all(parts):
                place = ":".join(str(part) for part in parts)
                letters.setdefault(place, DeadLetter(entry, place, entry.header("dlq_error") or ""))
        return letters

    @cached_property
    def tables(self) -> dict[str, dict[str, Doc]]:
        """What the changelogs hold now, by fold and key."""
        return {fold: self._table(fold) for fold in FOLDS}

    def _table(self, fold: str) -> dict[str, Doc]:
        last = {entry.key: entry.value for entry in self.entries(CHANGELOG.format(fold))}
        docs = {(key or b"").decode("utf-8", "replace"): _object(last[key]) for key in last}
        # a journal of a batch is no entity
        return {key: doc for key, doc in docs.items() if doc is not None and "views" in doc}

    @cached_property
    def states(self) -> dict[str, dict[str, Doc]]:
        """What the state topics hold now, by kind and id: the record of the greatest version."""
        return {kind: self._states(kind) for kind in KINDS}

    def _states(self, kind: str) -> dict[str, Doc]:
        topic = CATALOGUE[f"{kind}.state.v1"]
        found: dict[str, Doc] = {}
        for entry in self.entries(topic.name):
            doc = _object(entry.value)
            key = (entry.key or b"").decode("utf-8", "replace")
            if takes_back(topic.name, entry.value, entry.headers):
                found.pop(key, None)
            if doc is None or doc.get(topic.key) != key or not isinstance(doc.get("version"), int):
                continue
            if key not in found or doc["version"] >= found[key]["version"]:
                found[key] = doc
        return found

    @cached_property
    def forgotten(self) -> frozenset[str]:
        """The ids of entities that were over for so long that their state was taken back."""
        return frozenset(
            (entry.key or b"").decode("utf-8", "replace")
            for kind in KINDS
            for entry in self.entries(f"{kind}.state.v1")
            if takes_back(entry.topic, entry.value, entry.headers)
        )

    @cached_property
    def fresh(self) -> frozenset[str]:
        """The ids that records in flight speak of: what is said of them may differ for a while."""
        ids: set[str] = set()
        for topic, entries in self._entries.items():
            if topic in _UNREMARKABLE or not any(self.in_flight(e) for e in entries):
                continue
            for entry in entries:
                if self.in_flight(entry):
                    ids |= _ids(entry)
        return frozenset(ids)

    @cached_property
    def _ticks(self) -> tuple[list[int], list[float]]:
        shown: dict[int, float] = {}
        for read in self.events("stack.tick.v1"):
            if not read.event.source.startswith("/streams/"):
                continue
            moment: datetime = read.event.data.now  # type: ignore[attr-defined]
            shown[read.entry.appended_ms] = moment.timestamp()
        return sorted(shown), [shown[ms] for ms in sorted(shown)]

    def clock(self, appended_ms: float) -> datetime:
        """Tell what the stack's clock showed at an append time, as its ticks say."""
        walls, shows = self._ticks
        if not walls:
            return _moment(appended_ms / 1000)
        right = bisect_right(walls, appended_ms)
        if right == 0:
            return _moment(shows[0] - (walls[0] - appended_ms) / 1000)
        if right == len(walls):
            return _moment(shows[-1])
        share = (appended_ms - walls[right - 1]) / (walls[right] - walls[right - 1])
        return _moment(shows[right - 1] + share * (shows[right] - shows[right - 1]))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _object(value: bytes | None) -> Doc | None:
    if value is None:
        return None
    try:
        doc = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return doc if isinstance(doc, dict) else None


def _ids(entry: Entry) -> set[str]:
    ids = {(entry.key or b"").decode("utf-8", "replace"), entry.header("ce_id") or ""}
    doc = _object(entry.value) or {}
    ids |= {value for name in _ID_FIELDS if isinstance(value := doc.get(name), str)}
    slot_id = doc.get("slot_id")
    if isinstance(slot_id, str):
        ids.add(slot_id)
    return ids - {""}


def slot_of(read: Read) -> str:
    """Return the slot that a reservation's event speaks of."""
    data = read.event.data
    assert isinstance(data, Reservation)
    return data.slot_id
