"""Keep the register of local extra requirements: one entry for each, however many report it.

State: entry (what is asked, at which place)

The register is what has been said, as sets; all else is computed from them. So it is the same in
whatever order, and however often, its events come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.model import format_time
from schemas.regimes.requirement import (
    RequirementConfirmed,
    RequirementEvent,
    RequirementLifted,
    RequirementReported,
    Status,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One requirement at one place, as far as is known.

    Attributes
    ----------
    key
        Names it.
    said
        What was said of it, by the event's id.
    conflicts
        Ids under which more than one thing was said; the lesser in writing counts.
    """

    key: str
    said: Mapping[str, RequirementEvent] = field(default_factory=dict)
    conflicts: frozenset[str] = frozenset()

    @property
    def reports(self) -> tuple[RequirementReported, ...]:
        """What hauliers said, in the order in which they met it."""
        return tuple(one for one in self._in_order() if isinstance(one, RequirementReported))

    @property
    def status(self) -> Status:
        """Whether it is only reported, seen by the authority, or over.

        The last ruling counts, but a report of a later time than a lifting opens it again: a
        requirement that was abolished on paper and is met again is not lifted.
        """
        status: Status = "reported"
        for one in self._in_order():
            if isinstance(one, RequirementConfirmed):
                status = "confirmed"
            elif isinstance(one, RequirementLifted):
                status = "lifted"
            elif status == "lifted":
                status = "reported"
        return status

    @property
    def reopened(self) -> bool:
        """Whether it was met again after it had been lifted."""
        lifted = [one.at for one in self.said.values() if isinstance(one, RequirementLifted)]
        return any(report.at > min(lifted) for report in self.reports) if lifted else False

    @property
    def one(self) -> RequirementEvent:
        """Anything that was said of it: all name the same place and the same thing."""
        return self._in_order()[0]

    @property
    def last_at(self) -> datetime:
        """When it was last met or ruled on."""
        return max(one.at for one in self.said.values())

    def to_doc(self) -> dict[str, Any]:
        """Give the entry as JSON holds it."""
        one, reports = self.one, self.reports
        return {
            "key": self.key,
            "region": one.region,
            "district": one.district,
            "checkpoint_id": one.checkpoint_id,
            "kind": one.kind,
            "asked": one.asked,
            "status": self.status,
            "reopened": self.reopened,
            "reports": len(reports),
            "hauliers": len({report.haulier_id for report in reports}),
            "trucks": len({report.truck_id for report in reports if report.truck_id}),
            "first_at": format_time(min(said.at for said in self.said.values())),
            "last_at": format_time(self.last_at),
            "evidence": sorted({report.evidence for report in reports if report.evidence}),
            "conflicts": sorted(self.conflicts),
        }

    def _in_order(self) -> list[RequirementEvent]:
        """Sort by time; at the same time reports come before rulings, confirmations before ends."""
        return sorted(self.said.values(), key=_order)


Register = Mapping[str, Entry]
"""Entries by key."""


def fold(register: Register, event: RequirementEvent) -> Register:
    """Take one event into the register.

    Parameters
    ----------
    register
        As it stood; it is left as it is.
    event
        What was reported or ruled, for the first time or again.
    """
    entry = register.get(event.key) or Entry(event.key)
    held = entry.said.get(event.event_id)
    if held == event:
        return register
    conflicts, counts = entry.conflicts, event
    if held is not None:
        conflicts = conflicts | {event.event_id}
        counts = min(held, event, key=_written)
    said = {**entry.said, event.event_id: counts}
    return {**register, event.key: Entry(event.key, said, conflicts)}


def fold_all(events: Iterable[RequirementEvent]) -> Register:
    """Fold events, from an empty register."""
    register: Register = {}
    for event in events:
        register = fold(register, event)
    return register


_RANK = {RequirementReported: 0, RequirementConfirmed: 1, RequirementLifted: 2}


def _order(event: RequirementEvent) -> tuple[datetime, int, str]:
    return event.at, _RANK[type(event)], event.event_id


def _written(event: RequirementEvent) -> str:
    return type(event).__name__ + json.dumps(event.model_dump(mode="json"), sort_keys=True)
