"""Give rivals the stack's own decoding and reducing, and nothing else of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infra.bench.streams.fleet import POSITIONS, REGISTRY
from streams.fold import Raw
from streams.shell import Shell, Work
from streams.truck import TRUCK_FOLD

if TYPE_CHECKING:
    from collections.abc import Sequence


class QuietShell(Shell):
    """The truck fold's shell without what ours says: rivals keep the state, and that alone."""

    def _say(self, *_: object, **__: object) -> None:
        """Say nothing of an event."""

    def _say_states(self, work: Work) -> None:
        """Say no state."""


def quiet_shell() -> QuietShell:
    """Return the truck fold, whose clock is the wall's."""
    return QuietShell(TRUCK_FOLD, _now)


def _now() -> datetime:
    return datetime.now(UTC)


def topic_of(registered: Sequence[int], partition: int, offset: int) -> str:
    """Name the catalogue's topic of a record: registrations come first in each partition."""
    return REGISTRY if offset < registered[partition] else POSITIONS


def raw_of(
    registered: Sequence[int],
    partition: int,
    offset: int,
    key: bytes,
    value: bytes,
    headers: Sequence[tuple[str, bytes]],
) -> Raw:
    """Write a record as the reducer reads it."""
    topic = topic_of(registered, partition, offset)
    return Raw(topic, partition, offset, key, value, tuple(headers))
