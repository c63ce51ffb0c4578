"""Hold every view in memory, as Redis held it when it was last asked."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Sequence

from api.changes import Change, Changes, Entry, Position
from schemas.errors import Unavailable

KIND_OF: dict[str, str] = {
    "trucks": "truck",
    "lots": "lot",
    "slots": "slot",
    "assignments": "assignment",
    "corridors": "corridor",
    "checkpoints": "checkpoint",
    "facilities": "facility",
    "alerts": "alert",
    "closures": "closure",
}
"""Each collection's kind of view."""

KINDS = frozenset({*KIND_OF.values(), "command"})
"""Every kind that is held."""

Listener = Callable[[Sequence[Change] | None], None]
"""Is told what was applied, in order; None where everything was read anew."""


class Shelf:
    """The entities of one kind, in the order of their ids."""

    def __init__(self, found: dict[str, bytes], at: str) -> None:
        self._entries = {name: Entry(raw) for name, raw in found.items()}
        self._ids = sorted(found)
        self.changed_at = at
        """The last change of this kind, or when all was read."""

    def __len__(self) -> int:
        return len(self._ids)

    def get(self, entity_id: str) -> Entry | None:
        """Return one entity, or nothing."""
        return self._entries.get(entity_id)

    def items(self) -> Iterator[tuple[str, Entry]]:
        """Iterate over all in the order of their ids; nothing may be awaited meanwhile."""
        return ((name, self._entries[name]) for name in self._ids)

    def after(self, entity_id: str) -> Iterator[tuple[str, Entry]]:
        """Iterate over those whose id comes behind one, which need not be there.

        Parameters
        ----------
        entity_id
            The id; an empty one comes before all.
        """
        start = bisect_right(self._ids, entity_id)
        return (
            (name, self._entries[name])
            for name in (self._ids[at] for at in range(start, len(self._ids)))
        )

    def apply(self, change: Change) -> None:
        """Let an entity be as a change says.

        Parameters
        ----------
        change
            Of this kind.
        """
        name = change.entity_id
        self.changed_at = change.change_id
        if change.removed:
            if self._entries.pop(name, None) is not None:
                del self._ids[bisect_left(self._ids, name)]
            return
        if name not in self._entries:
            insort(self._ids, name)
        self._entries[name] = change.entry


class Mirror:
    """Hold the views of one process, and bring them up to date whenever somebody reads.

    Views and the stream of changes are written together. So everything is read once, and from then
    on only what changed. Those who read at the same time share one look at Redis.

    Parameters
    ----------
    changes
        Where views and their changes come from.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._shelves: dict[str, Shelf] | None = None
        self._position = Position()
        self._looking = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._listeners: list[Listener] = []

    @property
    def position(self) -> str:
        """The id of the last change that is here."""
        return self._position.text

    @property
    def standing(self) -> Position:
        """Where the mirror stands in the stream of changes."""
        return self._position

    def listen(self, listener: Listener) -> None:
        """Tell somebody of every change from now on.

        Parameters
        ----------
        listener
            Must return at once and raise nothing.
        """
        self._listeners.append(listener)

    def unlisten(self, listener: Listener) -> None:
        """Tell them no more."""
        self._listeners.remove(listener)

    async def fresh(self) -> Mirror:
        """Wait until all that Redis held when this was called is here.

        Returns
        -------
        Mirror
            This one.

        Raises
        ------
        Unavailable
            Redis does not answer.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._look_in_turn())
            self._next.add_done_callback(_heard)
        await asyncio.shield(self._next)
        return self

    def shelf(self, kind: str) -> Shelf:
        """Return the entities of a kind, as of the last `fresh`.

        Parameters
        ----------
        kind
            One of `KINDS`.

        Raises
        ------
        Unavailable
            Nothing was ever read.
        """
        if self._shelves is None:
            raise Unavailable("the views have not been read yet; repeat in a moment")
        return self._shelves[kind]

    async def _look_in_turn(self) -> None:
        async with self._looking:
            self._next = None  # who comes from now on cannot know what this look will miss
            await self._look()

    async def _look(self) -> None:
        while True:
            found = await self._changes.since(self._position) if self._shelves else None
            if found is None:
                await self._read_all()
                continue
            self._position = found.position
            known = [change for change in found.changes if _is_view(change)]
            for change in known:
                self.shelf(change.kind).apply(change)
            self._tell(known)
            if found.is_all:
                return

    async def _read_all(self) -> None:
        position, found = await self._changes.everything(KINDS)
        was_there = self._shelves is not None
        self._position = position
        self._shelves = {kind: Shelf(found[kind], position.text) for kind in KINDS}
        if was_there:
            self._tell(None)

    def _tell(self, changes: Sequence[Change] | None) -> None:
        if changes is None or changes:
            for listener in list(self._listeners):
                listener(changes)


def _is_view(change: Change) -> bool:
    return change.kind in KINDS and change.doc.startswith(b"{")


def _heard(task: asyncio.Task[None]) -> None:
    """Whoever waited has been told; where all have left, nobody needs to be."""
    if not task.cancelled():
        task.exception()
