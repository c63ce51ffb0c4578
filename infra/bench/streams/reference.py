"""Fold positions in the plainest way, and hold a contestant's state against that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from infra.bench.streams.fleet import POSITIONS, Message
from streams.fold import Entity, Fold, Raw
from streams.memory import DictRows
from streams.shell import Shell
from streams.truck import TRUCK_FOLD

Rows = Mapping[tuple[int, str], bytes]
"""A truck table, as its changelog keeps it: partition and key, and the last value."""


@dataclass
class Reference:
    """What the tables must hold after some positions.

    Attributes
    ----------
    applied, duplicate
        How many were new, and how many came again.
    last
        The position of each truck with the latest time.
    newest
        The message behind each truck's last position.
    """

    applied: int = 0
    duplicate: int = 0
    last: dict[str, dict[str, Any]] = field(default_factory=dict)
    newest: dict[str, Message] = field(default_factory=dict)
    _seen: set[bytes] = field(default_factory=set)

    def take(self, messages: Iterable[Message]) -> None:
        """Fold messages, of which those that are no positions count for nothing."""
        for one in messages:
            if one.topic != POSITIONS:
                continue
            headers = dict(one.headers)
            if headers["ce_id"] in self._seen:
                self.duplicate += 1
                continue
            self._seen.add(headers["ce_id"])
            self.applied += 1
            data = orjson.loads(one.value)
            at = headers["ce_time"].decode()
            known = self.last.get(data["truck_id"])
            if known is None or datetime.fromisoformat(known["at"]) < datetime.fromisoformat(at):
                self.last[data["truck_id"]] = {"lat": data["lat"], "lon": data["lon"], "at": at}
                self.newest[data["truck_id"]] = one

    def differences(self, rows: Rows, ends: Mapping[int, int]) -> list[str]:
        """Say how a table differs from what it must hold; nothing where it agrees.

        What a table remembers is asked of the reducer: each truck's last position comes once
        more, and must be known again.

        Parameters
        ----------
        rows
            The table.
        ends
            The end of each partition that the positions came from.
        """
        shell = shell_of(rows)
        entities: dict[str, Entity] = {}
        for partition in sorted({partition for partition, _ in rows}):
            entities |= dict(shell.memory.store(partition).items())
        counts = counted(TRUCK_FOLD, rows, POSITIONS)
        wanted = +Counter({"applied": self.applied, "duplicate": self.duplicate})
        found = []
        if counts != wanted:
            found.append(f"the counts are {counts}, not {dict(wanted)}")
        wrong = [name for name, at in self.last.items() if _position(entities, name) != at]
        if wrong:
            found.append(f"{len(wrong)} trucks are elsewhere, {wrong[0]} among them")
        forgotten = [one for one in self.newest.values() if not _is_known(shell, one, ends)]
        if forgotten:
            found.append(f"the last positions of {len(forgotten)} trucks are not remembered")
        return found


def counted(fold: Fold, rows: Rows, topic: str) -> dict[str, int]:
    """Add up what became of a topic's records, as a fold's table has counted them."""
    memory = shell_of(rows, fold).memory
    counts: Counter[str] = Counter()
    for partition in {partition for partition, _ in rows}:
        store = memory.store(partition)
        for entity in (store.get(key) for key in list(store.keys())):
            if entity is not None:
                counts.update(entity.counts.get(topic, {}))
    return dict(+counts)


def shell_of(rows: Rows, fold: Fold = TRUCK_FOLD) -> Shell:
    """Load a fold's table into a shell, its last batches applied."""
    shell = Shell(fold, lambda: datetime.now(UTC))
    table = DictRows()
    for (partition, key), value in rows.items():
        table.put(partition, {key: value})
    shell.take_over(table)
    return shell


def _position(entities: Mapping[str, Entity], name: str) -> Any:
    entity = entities.get(name)
    view = entity.views.get(f"truck:{name}") if entity is not None else None
    return None if view is None else view["position"]


def _is_known(shell: Shell, one: Message, ends: Mapping[int, int]) -> bool:
    offset = ends[one.partition]
    raw = Raw(POSITIONS, one.partition, offset, one.key, one.value, tuple(one.headers))
    return shell.work(one.partition, [(raw, 0)]).outcomes == {"duplicate": 1}
