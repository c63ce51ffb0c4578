"""Chain audit entries one after another, and write all that wait at once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from api.audit.ledger import TOPIC, Ledger, ShutOut
from api.personal.ring import KeyRing
from api.problems import Problem
from schemas.audit import GENESIS, AuditHead, AuditNote, canonical, chained
from schemas.envelope import Record
from schemas.errors import Unavailable

_log = logging.getLogger(__name__)

WRITER = "api"
SOURCE = "/api/audit"
_AT_ONCE = 1_000
_MOST_WAITING = 10_000
_SAME_REFUSAL_S = 60.0
_MOST_REFUSALS = 2_000
_NOT_WRITTEN = "the audit log cannot be written now, and nothing is done without it; try again"


@dataclass(frozen=True, slots=True)
class _Waiting:
    notes: Sequence[AuditNote]
    written: asyncio.Future[None]


class Chronicler:
    """Keep one chain of audit entries.

    Whoever waits while a write is on its way is written together with all others by the next
    one. After a failure the chain's end is read again before anything is added to it.

    Parameters
    ----------
    ledger
        Where entries are kept.
    ring
        Seals the addresses in them.

    Attributes
    ----------
    has_begun
        Whether entries can be written, as far as is known: false while a new process tries.
    """

    def __init__(self, ledger: Ledger, ring: KeyRing) -> None:
        self.ledger = ledger
        self.ring = ring
        self.has_begun = True
        self._queue: deque[_Waiting] = deque()
        self._count = 0
        self._working: asyncio.Task[None] | None = None
        self._is_open = False
        self._seq = 0
        self._previous = GENESIS
        self._at: datetime | None = None
        self._refusals: dict[str, float] = {}
        self._beside: set[asyncio.Task[None]] = set()

    @property
    def head(self) -> AuditHead | None:
        """How far the chain has come; None before anything was read or written."""
        if not self._is_open or self._seq == 0 or self._at is None:
            return None
        return AuditHead(writer=WRITER, seq=self._seq - 1, hash=self._previous, at=self._at)

    async def write(self, *notes: AuditNote) -> None:
        """Write entries; return once the broker has acknowledged them.

        Parameters
        ----------
        *notes
            What they say, in their order.

        Raises
        ------
        Problem
            `broker_unavailable`: they are not known to be written.
        """
        if self._count + len(notes) > _MOST_WAITING:
            raise Problem("broker_unavailable", _NOT_WRITTEN)
        written = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(notes, written))
        self._count += len(notes)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work(), name="chronicler")
        await written

    def note(self, note: AuditNote, *, once_for: str) -> None:
        """Write an entry without anybody waiting for it; the same once a minute only.

        Parameters
        ----------
        note
            What it says.
        once_for
            What makes it the same.
        """
        now = time.monotonic()
        if now - self._refusals.get(once_for, -_SAME_REFUSAL_S) < _SAME_REFUSAL_S:
            return
        if len(self._refusals) >= _MOST_REFUSALS:
            self._refusals.clear()
        self._refusals[once_for] = now
        task = asyncio.create_task(self._try(note))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def close(self) -> None:
        """Write what waits, and let go of the ledger."""
        if self._working is not None:
            await self._working
        await asyncio.gather(*self._beside)
        await self.ledger.close()

    async def _try(self, note: AuditNote) -> None:
        try:
            await self.write(note)
        except Problem:
            _log.warning("a refusal could not be written to the audit log")

    async def _work(self) -> None:
        while self._queue:
            group = self._next_group()
            notes = [note for each in group for note in each.notes]
            try:
                try:
                    await self._append(notes)
                except ShutOut:  # nothing was written: go on behind what the other has written
                    self._is_open = False
                    await self._append(notes)
            except (Unavailable, Problem) as error:
                self._is_open = False
                _log.warning("writing to the audit log failed: %s", error)
                self._settle([*group, *self._rest()], Problem("broker_unavailable", _NOT_WRITTEN))
            except BaseException:
                self._is_open = False
                self._settle([*group, *self._rest()], Problem("broker_unavailable", _NOT_WRITTEN))
                raise
            else:
                self._settle(group, None)

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._queue and (not group or size + len(self._queue[0].notes) <= _AT_ONCE):
            group.append(self._queue.popleft())
            size += len(group[-1].notes)
        self._count -= size
        return group

    def _rest(self) -> list[_Waiting]:
        """Take all that wait: what has failed now would only let them wait longer."""
        rest = list(self._queue)
        self._queue.clear()
        self._count = 0
        return rest

    async def _append(self, notes: Sequence[AuditNote]) -> None:
        if not self._is_open:
            await self._open()
        seq, previous = self._seq, self._previous
        records = []
        for note in notes:
            doc = chained(note, WRITER, seq, previous)
            records.append(record_of(doc))
            seq, previous = seq + 1, doc["hash"]
        await self.ledger.append(records)
        self._seq, self._previous, self._at = seq, previous, notes[-1].at

    async def _open(self) -> None:
        last = await self.ledger.open()
        self._seq, self._previous = (last["seq"] + 1, last["hash"]) if last else (0, GENESIS)
        self._at = datetime.now(UTC)
        self._is_open = True

    @staticmethod
    def _settle(group: list[_Waiting], problem: Problem | None) -> None:
        for each in group:
            if each.written.done():  # whoever waited has left
                continue
            if problem is None:
                each.written.set_result(None)
            else:
                each.written.set_exception(problem)


def record_of(doc: dict[str, object]) -> Record:
    """Write an entry as a record: a CloudEvent whose every byte follows from the entry.

    Parameters
    ----------
    doc
        From `schemas.audit.chained`.
    """
    attributes = {
        "id": f"{doc['writer']}-{doc['seq']}",
        "source": SOURCE,
        "specversion": "1.0",
        "type": "audit.entry",
        "time": str(doc["at"]),
    }
    headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    headers.append(("content-type", b"application/json"))
    return Record(TOPIC, str(doc["writer"]).encode(), canonical(doc), tuple(headers))
