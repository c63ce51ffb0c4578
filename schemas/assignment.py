"""State what people may ask of an assignment, what can happen to it, and what is known of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.lot import Pickup
from schemas.model import (
    DerivedName,
    Fact,
    Flag,
    Geometry,
    Identifier,
    Kilograms,
    Moment,
    Numeric,
    Region,
    ShortText,
)


class Command(Fact):
    """Something a person asks of one assignment; the event's id is the command's id."""

    assignment_id: Identifier
    region: Region
    actor: Annotated[str, Field(max_length=200)] | None = None
    """Who asks: ``role:subject``."""
    reason: ShortText | None = None
    expected_version: Annotated[int, Field(ge=0), Numeric] | None = None
    """The version of the assignment's state that it is meant for; at another it is refused."""


class AssignmentAccept(Command):
    """The haulier takes the offer."""


class AssignmentDecline(Command):
    """The haulier does not take the offer."""


class AssignmentCancel(Command):
    """A dispatcher calls the assignment off."""


class AssignmentPin(Command):
    """A dispatcher forbids the planner to change the assignment (or allows it again)."""

    pinned: Flag = True


class AssignmentOverride(Command):
    """A dispatcher gives the consignment to another truck or slot, judged by the same rules."""

    truck_id: Identifier | None = None
    slot_id: DerivedName | None = None


class AssignmentReportLoaded(Command):
    """The driver has loaded."""

    quantity_kg: Kilograms | None = None


class AssignmentReportDelivered(Command):
    """The driver has delivered."""


class AssignmentReportProblem(Command):
    """The driver meets an obstacle."""

    kind: Annotated[str, Field(max_length=64)] = "other"
    delay_s: Annotated[int, Field(ge=0, le=172_800), Numeric] | None = None


class AssignmentRoute(Fact):
    """The road of a trip, truck to pickup to (assembly point to) facility."""

    geometry: Geometry
    duration_s: Annotated[float, Field(ge=0)]
    distance_m: Annotated[float, Field(ge=0)]


class AssignmentFact(Fact):
    """One leg of one truck's trip with one consignment, whole, as of this event."""

    assignment_id: Identifier
    trip_id: Identifier
    leg: Annotated[int, Field(ge=1)] = 1
    region: Region
    truck_id: Identifier
    haulier_id: Identifier
    plate: str | None = None
    lot_id: Identifier
    product: str
    temperature: str
    quantity_kg: Kilograms
    facility_id: Identifier
    gate_id: Identifier
    slot_id: DerivedName
    window_start: Moment
    window_end: Moment
    corridor_id: Identifier | None = None
    corridor_reason: str | None = None
    """Why no corridor is named; null when one is."""
    pickup: Pickup
    departure: Moment
    pickup_eta: Moment
    delivery_eta: Moment
    breaks: list[tuple[Moment, Moment]] = []
    """Planned breaks in driving."""
    drive_s: Annotated[int, Field(ge=0)] = 0
    """Planned driving, without breaks and waiting."""
    route: AssignmentRoute
    explanation: dict[str, Any]
    accept_by: Moment
    status: Annotated[str, Field(max_length=32)]
    pinned: bool = False
    revision: Annotated[int, Field(ge=1)] = 1
    """Grows with every change of this assignment."""
    reason: str | None = None
    """The code of why this event happened, where somebody or a rule caused it."""
    known_quantity_kg: Annotated[int, Field(ge=0)] = 0
    """The lot's quantity as dispatch knew it when it booked."""
    actor: str | None = None


class AssignmentProposed(AssignmentFact):
    """Dispatch offers the trip to the truck's haulier until ``accept_by``."""


class AssignmentAccepted(AssignmentFact):
    """The haulier took it."""


class AssignmentDeclined(AssignmentFact):
    """The haulier did not take it."""


class AssignmentExpired(AssignmentFact):
    """Nobody answered until ``accept_by``."""


class AssignmentRevised(AssignmentFact):
    """Its route, times, quantity or pin changed."""


class AssignmentCancelled(AssignmentFact):
    """It was called off."""


class AssignmentLoaded(AssignmentFact):
    """The truck has the consignment."""


class AssignmentDelivered(AssignmentFact):
    """The consignment is at its facility."""


class CommandRefused(Fact):
    """A command was not carried out, and why."""

    command_id: str
    assignment_id: Identifier
    region: Region
    command: str
    reason: Annotated[str, Field(max_length=64)]
    detail: str
    actor: str | None = None


AssignmentStatus = Literal[
    "proposed", "accepted", "loaded", "delivered", "declined", "expired", "cancelled"
]
ACTIVE = frozenset({"proposed", "accepted", "loaded"})
"""Statuses in which the truck is bound to the assignment."""


ENDED: frozenset[AssignmentStatus] = frozenset({"declined", "expired", "cancelled", "delivered"})
"""After these nothing more happens to an assignment."""


class AssignmentState(AssignmentFact):
    """What is known of one assignment."""

    version: int
    updated_at: Moment
    status: AssignmentStatus


class CommandState(Fact):
    """What became of one command."""

    command_id: str
    version: int
    updated_at: Moment
    assignment_id: str
    command: str
    status: Literal["done", "refused"]
    reason: str | None = None
    detail: str | None = None
