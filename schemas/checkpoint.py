"""State what can happen at a checkpoint, and what is known of it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.model import (
    Fact,
    Flag,
    Identifier,
    Latitude,
    Longitude,
    Moment,
    Numeric,
    Region,
    ShortText,
)
from schemas.truck import Plate

Decision = Literal["arrived", "cleared", "held", "refused"]


class Clearance(Fact):
    """An officer saw a vehicle: it arrived, or was cleared, held or refused.

    A vehicle nobody registered keeps its plate with ``truck_id`` null.
    """

    checkpoint_id: Identifier
    truck_id: Identifier | None = None
    plate: Plate | None = None
    officer_id: Identifier | None = None
    people_count: Annotated[int, Field(ge=0, le=100), Numeric] | None = None
    transit: Flag | None = None
    reason_code: Annotated[str, Field(max_length=64)] | None = None
    pass_id: Identifier | None = None
    note: ShortText | None = None

    @model_validator(mode="after")
    def _names_a_vehicle(self) -> Self:
        if self.truck_id is None and self.plate is None:
            raise ValueError("a clearance names a truck_id or at least a plate")
        return self


class CheckpointArrived(Clearance):
    """A vehicle joined the checkpoint's queue."""


class CheckpointCleared(Clearance):
    """A vehicle may go on."""


class CheckpointHeld(Clearance):
    """A vehicle has to wait."""


class CheckpointRefused(Clearance):
    """A vehicle was turned back."""


class VisitRecorded(Fact):
    """A clearance, routed to its checkpoint's partition (internal)."""

    checkpoint_id: Identifier
    vehicle: Identifier
    """The truck's id, or ``plate:…`` where nobody registered the vehicle."""
    truck_id: Identifier | None = None
    plate: Plate | None = None
    decision: Decision
    at: Moment
    people_count: int | None = None
    reason_code: str | None = None
    replaces_vehicle: Identifier | None = None
    """Set when a vehicle known by plate was found to be a registered truck."""


class VehicleAtCheckpoint(Fact):
    """One vehicle that is at the checkpoint now."""

    vehicle: str
    truck_id: str | None = None
    plate: str | None = None
    decision: Literal["arrived", "held"]
    since: Moment
    reason_code: str | None = None


class CheckpointState(Fact):
    """What is known of one checkpoint."""

    place_id: Identifier
    version: int
    updated_at: Moment
    name: str
    lat: Latitude
    lon: Longitude
    bays: int = 1
    region: Region | None = None
    status: Literal["active", "retired"] = "active"
    present: list[VehicleAtCheckpoint] = []
    totals: dict[str, int] = {}
    """Visits seen so far by decision."""
