"""Hold one step of dispatch: the entries it reads and changes, and what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from schemas.model import Fact
from streams.fold import DeadLetter, Doc, Entity, Output, Store, revise


class Desk:
    """A step's own view of the dispatch table: entries are keyed ``kind:id``.

    Parameters
    ----------
    store
        The entries as they stood before the step.
    now
        What the stack's clock shows.
    partition
        The dispatch partition.
    """

    def __init__(self, store: Store, now: datetime, partition: int = 0) -> None:
        self._store = store
        self.now = now
        self.partition = partition
        self.changes: dict[str, Entity | None] = {}
        self.outputs: list[Output] = []
        self.dead: list[DeadLetter] = []
        self.lots_touched: dict[str, None] = {}
        """Lots whose bookings changed, in order: `streams.booking.settle_lots` tells of them."""
        self.overrides_dropped: dict[str, Doc] = {}
        """Overrides whose assignment ended first: `streams.commands.settle_overrides` answers."""

    def get(self, key: str) -> Entity | None:
        """Return one entry as it stands now."""
        return self.changes[key] if key in self.changes else self._store.get(key)

    def keys(self) -> Iterator[str]:
        """Iterate over all keys."""
        changes = self.changes
        for key in list(self._store.keys()):
            if key not in changes or changes[key] is not None:
                yield key
        yield from [
            key for key, entity in changes.items() if entity and self._store.get(key) is None
        ]

    def waiting(self) -> list[str]:
        """List the keys of the entries that hold parked records."""
        entries = ((key, self.get(key)) for key in self.keys())
        return [key for key, entity in entries if entity is not None and entity.parked]

    def next_few(self, most: int) -> list[tuple[str, Entity]]:  # noqa: ARG002 - a store's
        """Return nothing: `streams.keeping` looks at all entries at once."""
        return []

    def ids(self, kind: str) -> list[str]:
        """List the ids of one kind, in one order whatever was loaded when."""
        return sorted(key[len(kind) + 1 :] for key in self.keys() if key.startswith(f"{kind}:"))

    def own(self, kind: str, entity_id: str) -> Doc:
        """Return what dispatch keeps of an entity for itself; empty where it knows nothing."""
        entity = self.get(f"{kind}:{entity_id}")
        return entity.own if entity is not None else {}

    def view(self, kind: str, entity_id: str) -> Doc | None:
        """Return what dispatch tells of an entity, or nothing."""
        entity = self.get(f"{kind}:{entity_id}")
        return entity.views.get(f"{kind}:{entity_id}") if entity is not None else None

    def state(self, kind: str, entity_id: str) -> Doc | None:
        """Return the latest state that an entity's own partition has sent, or nothing."""
        state: Doc | None = self.own(kind, entity_id).get("state")
        return state

    def keep(self, kind: str, entity_id: str, /, **fields: Any) -> None:
        """Change what dispatch keeps for itself; a field of None is dropped."""
        kept = {**self.own(kind, entity_id), **fields}
        own = {name: value for name, value in kept.items() if value is not None}
        self._put(f"{kind}:{entity_id}", own=own)

    def tell(self, kind: str, entity_id: str, model: type[Fact], fields: Mapping[str, Any]) -> Doc:
        """Change what dispatch tells of an entity, in its model's normal form, and return it."""
        changed = revise(self.view(kind, entity_id), self.now, **fields)
        view = model.model_validate(changed).model_dump(mode="json")
        self._put(f"{kind}:{entity_id}", views={f"{kind}:{entity_id}": view})
        return view

    def say(
        self, topic: str, event_type: str, data: Fact, name: str, *, cause_ms: int | None = None
    ) -> None:
        """Say an event, now; ``name`` tells it apart from all others of its type."""
        self.outputs.append(Output(topic, event_type, data, name, self.now, cause_ms))

    def forget(self, kind: str, entity_id: str) -> Entity | None:
        """Forget an entry, and return what was known."""
        key = f"{kind}:{entity_id}"
        entity, self.changes[key] = self.get(key), None
        return entity

    def take(self, changes: Mapping[str, Entity | None]) -> None:
        """Take over entries that somebody else has changed."""
        self.changes.update(changes)

    def branch(self) -> Desk:
        """Return a desk on top of this one, to try something."""
        return Desk(self, self.now, self.partition)

    def merge(self, branch: Desk) -> None:
        """Take over what was tried."""
        self.changes.update(branch.changes)
        self.outputs += branch.outputs
        self.dead += branch.dead
        self.lots_touched |= branch.lots_touched
        self.overrides_dropped |= branch.overrides_dropped

    def _put(self, key: str, **fields: Any) -> None:
        entity = self.get(key) or Entity(partition=self.partition)
        self.changes[key] = entity.but(**fields)
