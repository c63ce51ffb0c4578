"""State what dispatch hears: snapshots, plans made or failed, and the tick of its clock."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.lot import Reason
from schemas.model import DerivedName, Fact, Identifier, Moment

StateKind = Literal["truck", "lot", "slot", "facility", "checkpoint", "scans"]
"""Of whom; ``scans`` are a vehicle's latest at different checkpoints."""

Outage = Literal["slow", "dead", "failed"]
"""Why there is no plan: the planner took too long, its process ended, or it raised an error."""


class StateKnown(Fact):
    """The latest state of one entity, sent to dispatch by the entity's own partition."""

    kind: StateKind
    state: dict[str, Any]
    cause_at_ms: int | None = None
    """The broker's append time of the event that changed it."""


class PlannedTrip(Fact):
    """One trip that the planner proposes; the assignment's facts but for its life."""

    assignment_id: Identifier
    revises: Identifier | None = None
    """The assignment whose road this replaces; null for a new one."""
    fields: dict[str, Any]


class LeftLot(Fact):
    """What the planner left of one lot, and why."""

    lot_id: Identifier
    quantity_kg: Annotated[int, Field(gt=0)]
    reasons: list[Reason]


class RefusedOverride(Fact):
    """An override that breaks a rule."""

    command_id: str
    assignment_id: str
    reason: str
    detail: str


class SkippedPart(Fact):
    """What an error kept out of a plan; the rest of the plan is sound."""

    what: DerivedName
    """A lot, an assignment, or whatever else could not be read or planned."""
    error: Annotated[str, Field(max_length=500)]


class PlanFailed(Fact):
    """The planner gave no plan: the last good one stands, and it is tried again."""

    plan_id: Identifier
    outage: Outage
    detail: Annotated[str, Field(max_length=500)]
    failures: Annotated[int, Field(ge=1)]
    """How many times in a row by now."""


class PlanComputed(Fact):
    """The planner finished; dispatch checks each trip against what it knows by now."""

    plan_id: Identifier
    basis: int
    """The number of the dispatch state that the plan was made from."""
    trips: list[PlannedTrip] = []
    unassigned: list[LeftLot] = []
    stranded: list[LeftLot] = []
    """Assignments (``lot_id`` holds the assignment's id) for which no road is left."""
    waiting: list[Identifier] = []
    """Lots left for later: ready only after the horizon, or meant for a truck's later trip."""
    refused_overrides: list[RefusedOverride] = []
    skipped: list[SkippedPart] = []
    planned_at: Moment
    took_ms: Annotated[float, Field(ge=0)] = 0.0

    @property
    def is_last(self) -> bool:
        """Whether this is the plan's last part, which tells what concerns it as a whole."""
        return self.plan_id.endswith("/last")
