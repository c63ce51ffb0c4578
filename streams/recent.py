"""Remember the latest identities of a bulk topic in a few bytes each, inside the entity's state."""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache
from struct import Struct
from typing import Self

_LATEST = Struct("<q")
_BYTES = 4 + 8 + 2
"""Of each event: how long before the latest one in milliseconds, its identity, its content."""
_LONGEST_MS = (1 << 32) - 1


@lru_cache(maxsize=1 << 12)
def _name(identity: str) -> int:
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest(), "little")


@cache
def _layout(count: int) -> Struct:
    return Struct(f"<{count}I{count}Q{count}H")


def _mark(digest: str) -> int:
    return int(digest[:4], 16)


@dataclass(frozen=True, slots=True)
class Recent:
    """Event identities in the order of their times, by event or by arrival, the earliest first.

    Of an identity 64 bits are kept: among 128 remembered ones a new event is taken for a known
    one once in 10^17 events. Of the content 16 bits are kept, for identities that come again with
    another one.
    """

    times: tuple[int, ...] = ()
    """In milliseconds since the epoch, ascending."""
    names: tuple[int, ...] = ()
    marks: tuple[int, ...] = ()

    def __len__(self) -> int:
        """Count the identities."""
        return len(self.times)

    def know(self, identity: str, digest: str) -> bool | None:
        """Say whether an event is known: with the same content, with another (False), or not.

        Parameters
        ----------
        identity, digest
            The event's source and id, and its content's digest in hexadecimal.
        """
        name = _name(identity)
        if name not in self.names:
            return None
        return self.marks[self.names.index(name)] == _mark(digest)

    def holds(self, identity: str) -> bool:
        """Say whether an event is known, whatever its content."""
        return _name(identity) in self.names

    def with_event(self, at_ms: int, identity: str, digest: str, limit: int) -> Self:
        """Remember one more event, and forget the earliest where there are more than ``limit``."""
        times = self.times
        at = len(times) if not times or at_ms >= times[-1] else bisect_right(times, at_ms)
        start = len(times) + 1 - limit
        if start > 0 and at == 0:
            return self
        head = max(start, 0)
        if at == len(times):
            new = (at_ms,), (_name(identity),), (_mark(digest),)
            return type(self)(
                *(part[head:] + one for part, one in zip(self._parts(), new, strict=True))
            )
        return type(self)(
            (*self.times[head:at], at_ms, *self.times[at:]),
            (*self.names[head:at], _name(identity), *self.names[at:]),
            (*self.marks[head:at], _mark(digest), *self.marks[at:]),
        )

    def without(self, identity: str) -> Self:
        """Forget an event, so that it is tried anew when it is sent again."""
        name = _name(identity)
        if name not in self.names:
            return self
        at = self.names.index(name)
        return type(self)(*((*part[:at], *part[at + 1 :]) for part in self._parts()))

    def _parts(self) -> tuple[tuple[int, ...], ...]:
        return self.times, self.names, self.marks

    def to_text(self) -> str:
        """Pack into text, 19 characters an event."""
        if not self.times:
            return ""
        latest = self.times[-1]
        before = [min(latest - at, _LONGEST_MS) for at in self.times]
        packed = _layout(len(before)).pack(*before, *self.names, *self.marks)
        return base64.b64encode(_LATEST.pack(latest) + packed).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Unpack what `to_text` packed."""
        if not text:
            return cls()
        packed = base64.b64decode(text)
        (latest,) = _LATEST.unpack_from(packed)
        count = (len(packed) - _LATEST.size) // _BYTES
        numbers = _layout(count).unpack_from(packed, _LATEST.size)
        before, names, marks = (numbers[n * count : (n + 1) * count] for n in range(3))
        return cls(tuple(latest - ms for ms in before), names, marks)
