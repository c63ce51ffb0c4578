"""Remember the latest identities of a topic in a few bytes each, inside the entity's state."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import NamedTuple, Self

_TIME, _NAME, _MARK = 6, 8, 2
"""Bytes of each event: when in milliseconds since the epoch, its identity, its content."""
_EVENT = _TIME + _NAME + _MARK


@lru_cache(maxsize=1 << 12)
def _name(identity: str) -> bytes:
    return hashlib.blake2b(identity.encode(), digest_size=_NAME).digest()


def _mark(digest: str) -> bytes:
    return bytes.fromhex(digest[: 2 * _MARK])


class Recent(NamedTuple):
    """Event identities in the order of their times, by event or by arrival, the earliest first.

    Of an identity 64 bits are kept: among 128 remembered ones a new event is taken for a known
    one once in 10^17 events. Of the content 16 bits are kept, for identities that come again with
    another one. Packed they are searched, copied and written several times faster than as numbers.
    """

    times: bytes = b""
    names: bytes = b""
    marks: bytes = b""

    @property
    def size(self) -> int:
        """Count the identities."""
        return len(self.times) // _TIME

    @property
    def times_ms(self) -> list[int]:
        """The times in milliseconds since the epoch, ascending."""
        return [int.from_bytes(self._time(at)) for at in range(self.size)]

    @property
    def earliest_ms(self) -> int:
        """The earliest time; there has to be one."""
        return int.from_bytes(self.times[:_TIME])

    def know(self, identity: str, digest: str) -> bool | None:
        """Say whether an event is known: with the same content, with another (False), or not.

        Parameters
        ----------
        identity, digest
            The event's source and id, and its content's digest in hexadecimal.
        """
        at = self._find(identity)
        if at is None:
            return None
        return self.marks[at * _MARK : (at + 1) * _MARK] == _mark(digest)

    def holds(self, identity: str) -> bool:
        """Say whether an event is known, whatever its content."""
        return self._find(identity) is not None

    def with_event(self, at_ms: int, identity: str, digest: str, limit: int) -> Self:
        """Remember one more event, and forget the earliest where there are more than ``limit``."""
        time = at_ms.to_bytes(_TIME)
        size = self.size
        at = size
        while at and self._time(at - 1) > time:
            at -= 1
        head = max(size + 1 - limit, 0)
        if head and at == 0:
            return self
        return type(self)(
            self.times[head * _TIME : at * _TIME] + time + self.times[at * _TIME :],
            self.names[head * _NAME : at * _NAME] + _name(identity) + self.names[at * _NAME :],
            self.marks[head * _MARK : at * _MARK] + _mark(digest) + self.marks[at * _MARK :],
        )

    def without(self, identity: str) -> Self:
        """Forget an event, so that it is tried anew when it is sent again."""
        at = self._find(identity)
        if at is None:
            return self
        return type(self)(
            self.times[: at * _TIME] + self.times[(at + 1) * _TIME :],
            self.names[: at * _NAME] + self.names[(at + 1) * _NAME :],
            self.marks[: at * _MARK] + self.marks[(at + 1) * _MARK :],
        )

    def _time(self, at: int) -> bytes:
        return self.times[at * _TIME : (at + 1) * _TIME]

    def _find(self, identity: str) -> int | None:
        name = _name(identity)
        at = self.names.find(name)
        while at % _NAME and at >= 0:  # across two names
            at = self.names.find(name, at + 1)
        return None if at < 0 else at // _NAME

    def to_text(self) -> str:
        """Pack into text, 22 characters an event."""
        return base64.b64encode(self.times + self.names + self.marks).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Unpack what `to_text` packed."""
        packed = base64.b64decode(text)
        size = len(packed) // _EVENT
        names, marks = size * _TIME, size * (_TIME + _NAME)
        return cls(packed[:names], packed[names:marks], packed[marks:])
