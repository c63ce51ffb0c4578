"""Fold events into one entity each, with a memory of every event inside the entity's own value.

What is not yet known is set aside, and what became of every record is counted; what a noun's events
mean stands in that noun's module.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from schemas.clock import ClockTicked
from schemas.envelope import Event, decode, refuse_future
from schemas.errors import RefusedEvent
from schemas.model import format_time, parse_time
from streams.fold import (
    Answer,
    Applied,
    Arrival,
    DeadLetter,
    Doc,
    Entity,
    Output,
    Raw,
    Refused,
    Rule,
    Step,
    Store,
    TimeRule,
    Unknown,
    milliseconds,
)
from streams.recent import Recent

PARKING = timedelta(minutes=10)
"""How long an event may wait for an id that nobody has registered yet (contract)."""

KEPT = timedelta(days=45)
"""How long what is over is remembered: longer than any log holds what was said of it (setting
``HARVESTLANE_KEEP_DAYS``)."""

FORGOTTEN = "~forgotten/"
"""How the key begins that keeps the counts of all entities of a partition that were forgotten."""

LOOKED_AT = 200
"""So many entities are looked at with each tick for what is over for long enough."""

CHANGED_AT_ONCE = 200
"""So many entities does one tick change, so that its journal stays a record that Kafka takes; the
next tick goes on."""


_NOTHING = Recent()
_CONFLICT = "conflict: the same source and id came before with other content"


def _count(entity: Entity, topic: str, outcome: str, by: int = 1) -> dict[str, Mapping[str, int]]:
    of_topic = dict(entity.counts.get(topic, {}))
    of_topic[outcome] = of_topic.get(outcome, 0) + by
    return {**entity.counts, topic: of_topic}


def _merge(views: Mapping[str, Doc], changes: Mapping[str, Doc | None]) -> dict[str, Doc]:
    merged = {**views, **changes}
    return {name: view for name, view in merged.items() if view is not None}


class EntityFold:
    """The fold of a noun whose every event concerns one key.

    Parameters
    ----------
    name
        The table's name.
    topics
        What the fold reads, but for the tick.
    rules
        What each type of event means.
    on_time
        What passing time means, if anything.
    waits
        Whether passing time may mean something for an entity; with ``on_time`` only.
    over
        Since when an entity is over, if it is: it is forgotten in time.
    kept
        How long it is remembered.
    memory_limits
        How many identities of a topic's events are remembered of each entity, the latest to
        arrive. Topics not named are remembered whole.
    refused_late
        The topics of which an event that is older than all those remembered is refused: it cannot
        be told from one that came before, and would change nothing that is told. Of these the
        latest are remembered by event time.
    key_of
        Which entity an event concerns; by default its record's key.
    changed_at_once
        How many entities one tick changes; fewer where rows are large.
    """

    whole = False

    def __init__(  # noqa: PLR0913 - all that tells one noun from another
        self,
        name: str,
        topics: tuple[str, ...],
        rules: Mapping[str, Rule],
        *,
        on_time: TimeRule | None = None,
        waits: Callable[[Entity], bool] = lambda _entity: False,
        over: Callable[[Entity], datetime | None] | None = None,
        kept: timedelta = KEPT,
        memory_limits: Mapping[str, int] | None = None,
        refused_late: Collection[str] = (),
        key_of: Callable[[Event], str] = lambda event: event.key,
        changed_at_once: int = CHANGED_AT_ONCE,
    ) -> None:
        self.name = name
        self.topics = (*topics, "stack.tick.v1")
        self._rules = rules
        self._on_time = on_time
        self._over = over
        self.kept = kept
        self._waits = waits
        self.limits = memory_limits or {}
        self._refused_late = frozenset(refused_late)
        self._key_of = key_of
        self._changed_at_once = changed_at_once

    def waits(self, entity: Entity) -> bool:
        """Say whether passing time may mean something for an entity."""
        return bool(entity.parked) or self._waits(entity)

    def step(self, store: Store, arrival: Arrival, now: datetime) -> Step:
        """Answer one arrival; a tick concerns every entity of the partition that waits for it."""
        event = arrival.event
        if isinstance(event.data, ClockTicked):
            return self._tick(store, event.data.now)
        key = self._key_of(event)
        entity = store.get(key) or Entity(arrival.raw.partition)
        limit = self.limits.get(event.topic)
        if limit is not None:
            return self._arrive_anew(key, entity, arrival, now, limit)
        return self._arrive(key, entity, arrival, now)

    def _arrive(self, key: str, entity: Entity, arrival: Arrival, now: datetime) -> Step:
        event = arrival.event
        known = entity.memory.get(event.identity)
        if known is not None and not _may_try(known, arrival):
            return self._again(key, entity, arrival, known)
        remembered = _remember(entity, arrival, known)
        try:
            refuse_future(event.time, now)
        except RefusedEvent as refusal:
            memory = _dead(remembered, event.identity)
            return _bury(key, entity, memory, arrival.raw, str(refusal))
        answer = self._rules[event.type](entity, event, now)
        return self._answered(key, entity, arrival, now, answer, {"memory": remembered})

    def _arrive_anew(
        self, key: str, entity: Entity, arrival: Arrival, now: datetime, limit: int
    ) -> Step:
        """Answer an event of a topic of which only the latest identities are remembered.

        What is read again is told by its offset, perhaps of an identity forgotten since.
        """
        event, raw, topic = arrival.event, arrival.raw, arrival.event.topic
        identity = event.identity
        read = entity.own.get("read", {})
        if raw.offset < read.get(topic, 0):
            return Step(outcome="redelivered")
        entity = entity.but(own={**entity.own, "read": {**read, topic: raw.offset + 1}})
        recent = entity.recent.get(topic, _NOTHING)
        known = recent.know(identity, event.digest)
        if known is None and identity in entity.memory:  # a row of version 0.1
            known = entity.memory[identity]["d"] == event.digest
        if known:
            return Step({key: _counted(entity, topic, "duplicate")}, outcome="duplicate")
        if known is False:
            return _bury(key, entity, entity.memory, raw, _CONFLICT)
        try:
            refuse_future(event.time, now)
        except RefusedEvent as refusal:
            return _bury(key, entity, entity.memory, raw, str(refusal))
        by_event_time = topic in self._refused_late
        at_ms = milliseconds(event.time) if by_event_time else arrival.appended_ms
        if by_event_time and recent.size >= limit and at_ms < recent.earliest_ms:
            return Step({key: _counted(entity, topic, "refused")}, outcome="refused")
        recent = recent.with_event(at_ms, identity, event.digest, limit)
        answer = self._rules[event.type](entity, event, now)
        remembered = {"recent": {**entity.recent, topic: recent}}
        return self._answered(key, entity, arrival, now, answer, remembered)

    def _answered(
        self,
        key: str,
        entity: Entity,
        arrival: Arrival,
        now: datetime,
        answer: Answer,
        remembered: Mapping[str, Any],
    ) -> Step:
        raw = arrival.raw
        if isinstance(answer, Unknown):
            changed = entity.but(
                **remembered,
                counts=_count(entity, raw.topic, "parked"),
                parked=(*entity.parked, _parked_doc(arrival, now)),
            )
            return Step({key: changed}, outcome="parked")
        if isinstance(answer, Refused):
            changed = entity.but(**remembered, counts=_count(entity, raw.topic, "refused"))
            return Step({key: changed}, outcome="refused")
        changed = entity.but(
            **remembered,
            views=_merge(entity.views, answer.views),
            counts=_count(entity, raw.topic, "applied"),
            own=entity.own if answer.own is None else answer.own,
        )
        if not changed.parked:
            return Step({key: changed}, answer.outputs)
        changed, more = self._unpark_all(changed, now)
        return Step({key: changed}, (*answer.outputs, *more))

    def _again(self, key: str, entity: Entity, arrival: Arrival, known: Doc) -> Step:
        event, raw = arrival.event, arrival.raw
        if raw.place in known["at"]:
            return Step(outcome="redelivered")
        seen = {**known, "at": [*known["at"], raw.place]}
        memory = {**entity.memory, event.identity: seen}
        if known["d"] != event.digest:
            return _bury(key, entity, memory, raw, _CONFLICT)
        counts = _count(entity, raw.topic, "duplicate")
        return Step({key: entity.but(memory=memory, counts=counts)}, outcome="duplicate")

    def _unpark_all(self, entity: Entity, now: datetime) -> tuple[Entity, tuple[Output, ...]]:
        """Apply what was set aside until nothing more can be: one may have waited for another."""
        outputs: tuple[Output, ...] = ()
        waiting = -1
        while len(entity.parked) != waiting:
            waiting = len(entity.parked)
            entity, more = self._unpark(entity, now)
            outputs += more
        return entity, outputs

    def _unpark(self, entity: Entity, now: datetime) -> tuple[Entity, tuple[Output, ...]]:
        """Apply what was set aside, as far as it can be applied by now."""
        outputs: list[Output] = []
        for doc in entity.parked:
            event = _decode(_raw_of(doc))
            answer = self._rules[event.type](entity, event, now)
            if isinstance(answer, Unknown):
                continue
            counts = _count(entity, event.topic, "parked", -1)
            kept = tuple(d for d in entity.parked if d is not doc)
            entity = entity.but(counts=counts, parked=kept)
            outcome = "refused" if isinstance(answer, Refused) else "applied"
            entity = entity.but(counts=_count(entity, event.topic, outcome))
            if isinstance(answer, Applied):
                entity = entity.but(
                    views=_merge(entity.views, answer.views),
                    own=entity.own if answer.own is None else answer.own,
                )
                outputs += [
                    Output(o.topic, o.type, o.data, f"{o.name}|{event.identity}", o.time)
                    for o in answer.outputs
                ]
        return entity, tuple(outputs)

    def take_up(self, entity: Entity, now: datetime) -> tuple[Entity, list[Event]]:
        """Count parked events as applied that can be applied by now, and return them.

        Parameters
        ----------
        entity
            An entity with parked events.
        now
            The stack's time.
        """
        taken = []
        for doc in entity.parked:
            event = _decode(_raw_of(doc))
            if event.type not in self._rules:
                continue
            if isinstance(self._rules[event.type](entity, event, now), Applied):
                counts = _count(entity, event.topic, "parked", -1)
                kept = tuple(d for d in entity.parked if d is not doc)
                entity = entity.but(counts=counts, parked=kept)
                entity = entity.but(counts=_count(entity, event.topic, "applied"))
                taken.append(event)
        return entity, taken

    def _tick(self, store: Store, now: datetime) -> Step:
        changes: dict[str, Entity | None] = {}
        outputs: list[Output] = []
        dead: list[DeadLetter] = []
        for key in store.waiting():
            entity = store.get(key)
            if entity is None:
                continue
            changed, buried = self._expire(entity, now)
            answer = self._on_time(key, changed, now) if self._on_time else None
            if answer is not None:
                changed = changed.but(
                    views=_merge(changed.views, answer.views),
                    own=changed.own if answer.own is None else answer.own,
                )
                outputs += answer.outputs
            if changed is not entity:
                changes[key] = changed
                dead += buried
            if len(changes) >= self._changed_at_once:
                break
        self._forget(store, now, changes)
        return Step(changes, tuple(outputs), tuple(dead), outcome="ticked")

    def _forget(self, store: Store, now: datetime, changes: dict[str, Entity | None]) -> None:
        """Forget, of the next few entities, those that have been over for long enough."""
        if self._over is None:
            return
        for key, entity in store.next_few(LOOKED_AT):
            over = self._over(entity)
            if over is None or over + self.kept >= now or entity.parked or key in changes:
                continue
            tally = f"{FORGOTTEN}{entity.partition}"
            changes[tally] = tallied(changes.get(tally) or store.get(tally), entity)
            changes[key] = None

    def _expire(self, entity: Entity, now: datetime) -> tuple[Entity, list[DeadLetter]]:
        late = [doc for doc in entity.parked if parse_time(doc["since"]) + PARKING < now]
        if not late:
            return entity, []
        for doc in late:
            identity = _decode(_raw_of(doc)).identity
            memory, recent = _dead(entity.memory, identity), entity.recent
            if doc["topic"] in recent:
                recent = {**recent, doc["topic"]: recent[doc["topic"]].without(identity)}
            entity = entity.but(counts=_count(entity, doc["topic"], "parked", -1))
            entity = entity.but(counts=_count(entity, doc["topic"], "dead"))
            entity = entity.but(memory=memory, recent=recent)
        kept = tuple(doc for doc in entity.parked if doc not in late)
        error = "unknown: nobody registered its id within 10 minutes"
        buried = [DeadLetter(_raw_of(doc), error) for doc in late]
        return entity.but(parked=kept), buried


def tallied(tally: Entity | None, gone: Entity) -> Entity:
    """Add the counts of an entity that is forgotten to those of all that were."""
    tally = tally or Entity(gone.partition)
    counts = {topic: dict(of_topic) for topic, of_topic in tally.counts.items()}
    for topic, of_topic in gone.counts.items():
        into = counts.setdefault(topic, {})
        for outcome, count in of_topic.items():
            into[outcome] = into.get(outcome, 0) + count
    return tally.but(counts=counts)


def _counted(entity: Entity, topic: str, outcome: str) -> Entity:
    return entity.but(counts=_count(entity, topic, outcome))


def _remember(entity: Entity, arrival: Arrival, known: Doc | None) -> dict[str, Doc]:
    """Remember an event that is tried, in front of the places at which it was in vain."""
    before = known["at"] if known else []
    entry: Doc = {"d": arrival.event.digest, "at": [arrival.raw.place, *before]}
    return {**entity.memory, arrival.event.identity: entry}


def _bury(key: str, entity: Entity, memory: Mapping[str, Doc], raw: Raw, error: str) -> Step:
    changed = entity.but(memory=memory, counts=_count(entity, raw.topic, "dead"))
    return Step({key: changed}, dead=(DeadLetter(raw, error),), outcome="dead")


def _may_try(known: Doc, arrival: Arrival) -> bool:
    """Say whether an event that ended as a dead letter may be tried: it is sent again, the same."""
    fresh = arrival.raw.place not in known["at"]
    return bool(known.get("dead")) and fresh and known["d"] == arrival.event.digest


def _dead(memory: Mapping[str, Doc], identity: str) -> dict[str, Doc]:
    """Remember of an event that it ended as a dead letter: sent again, it is tried again."""
    known = memory.get(identity)
    return {**memory} if known is None else {**memory, identity: {**known, "dead": True}}


def _parked_doc(arrival: Arrival, now: datetime) -> Doc:
    raw = arrival.raw
    return {
        "identity": arrival.event.identity,
        "topic": raw.topic,
        "partition": raw.partition,
        "offset": raw.offset,
        "since": format_time(now),
        "appended_ms": arrival.appended_ms,
        "key": _to_text(raw.key),
        "value": _to_text(raw.value),
        "headers": [[name, _to_text(value)] for name, value in raw.headers],
    }


def _raw_of(doc: Doc) -> Raw:
    headers = tuple((name, _to_bytes(value) or b"") for name, value in doc["headers"])
    return Raw(
        topic=doc["topic"],
        partition=doc["partition"],
        offset=doc["offset"],
        key=_to_bytes(doc["key"]),
        value=_to_bytes(doc["value"]),
        headers=headers,
    )


def _decode(raw: Raw) -> Event:
    return decode(raw.topic, raw.key, raw.value, raw.headers)


def _to_text(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def _to_bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
