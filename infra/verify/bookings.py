"""Replay what dispatch said of assignments: who holds what after each of its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.verify.log import Entry, Log
from schemas.assignment import ACTIVE, AssignmentFact

BINDING = ACTIVE | {"delivered"}
"""Statuses in which a consignment takes its part of the lot."""

_STATUS = {
    "assignment.proposed": "proposed",
    "assignment.accepted": "accepted",
    "assignment.declined": "declined",
    "assignment.expired": "expired",
    "assignment.cancelled": "cancelled",
    "assignment.loaded": "loaded",
    "assignment.delivered": "delivered",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One event on one assignment: what it was before, and what it is now."""

    entry: Entry
    type: str
    before: AssignmentFact | None
    now: AssignmentFact
    status: str

    @property
    def books(self) -> bool:
        """Whether the event offers a trip, or changes an offered one."""
        return self.type in {"assignment.proposed", "assignment.revised"}


class Book:
    """The assignments as they stood after each event of dispatch."""

    def __init__(self) -> None:
        self.facts: dict[str, AssignmentFact] = {}
        self.status: dict[str, str] = {}
        self._of: dict[tuple[str, str], set[str]] = {}

    def of_truck(self, truck_id: str) -> list[tuple[str, AssignmentFact]]:
        """List the status and the facts of a truck's assignments that bind it now."""
        return self._held(("truck", truck_id), ACTIVE)

    def of_lot(self, lot_id: str) -> list[tuple[str, AssignmentFact]]:
        """List the status and the facts of the first legs that take their part of a lot."""
        held = self._held(("lot", lot_id), BINDING)
        return [(status, fact) for status, fact in held if fact.leg == 1]

    def done_by(self, truck_id: str) -> list[tuple[str, AssignmentFact]]:
        """List the status and the facts of all that a truck drives or has driven."""
        return self._held(("truck", truck_id), BINDING)

    def _held(
        self, whose: tuple[str, str], statuses: frozenset[str]
    ) -> list[tuple[str, AssignmentFact]]:
        names = sorted(self._of.get(whose, ()))
        return [(self.status[n], self.facts[n]) for n in names if self.status[n] in statuses]

    def take(self, entry: Entry, event_type: str, fact: AssignmentFact) -> Said:
        """Go one event further."""
        name = fact.assignment_id
        status = _STATUS.get(event_type, self.status.get(name, fact.status))
        before = self.facts.get(name)
        if before is not None:
            self._of[("truck", before.truck_id)].discard(name)
        self._of.setdefault(("truck", fact.truck_id), set()).add(name)
        self._of.setdefault(("lot", fact.lot_id), set()).add(name)
        self.facts[name], self.status[name] = fact, status
        return Said(entry, event_type, before, fact, status)


def replay(log: Log) -> Iterator[tuple[Said, Book]]:
    """Yield each event of dispatch on an assignment, in its order, and the book after it."""
    book = Book()
    for read in log.live("dispatch.assignment.v1"):
        if isinstance(read.event.data, AssignmentFact):
            yield book.take(read.entry, read.event.type, read.event.data), book


def ended(log: Log) -> Book:
    """Return the book after the last event of dispatch."""
    book = Book()
    for _, latest in replay(log):
        book = latest
    return book
