"""State what can happen at a checkpoint, and what is known of it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.model import (
    EventRef,
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

ClearanceName = Annotated[str, Field(max_length=64)]
"""A short name of the clearance behind a visit, made from its source and id."""


class OfficersWord(Fact):
    """What an officer of a checkpoint says of one vehicle.

    A vehicle nobody registered keeps its plate with ``truck_id`` null.
    """

    checkpoint_id: Identifier
    truck_id: Identifier | None = None
    plate: Plate | None = None
    officer_id: Identifier | None = None

    @model_validator(mode="after")
    def _names_a_vehicle(self) -> Self:
        if self.truck_id is None and self.plate is None:
            raise ValueError("a clearance names a truck_id or at least a plate")
        return self


class Clearance(OfficersWord):
    """An officer saw a vehicle: it arrived, or was cleared, held or refused."""

    people_count: Annotated[int, Field(ge=0, le=100), Numeric] | None = None
    transit: Flag | None = None
    reason_code: Annotated[str, Field(max_length=64)] | None = None
    pass_id: Identifier | None = None
    note: ShortText | None = None


class CheckpointArrived(Clearance):
    """A vehicle joined the checkpoint's queue."""


class CheckpointCleared(Clearance):
    """A vehicle may go on."""


class CheckpointHeld(Clearance):
    """A vehicle has to wait."""


class CheckpointRefused(Clearance):
    """A vehicle was turned back."""


class CheckpointRetracted(OfficersWord):
    """A clearance was posted in error and is taken back; it names the vehicle as that one did.

    Both events stay in the log. As in EPCIS 2.0 (error declarations, 7.4.1.4), what was wrong is
    said again by events of its own, which ``corrected_by`` may name.
    """

    retracts: EventRef
    """The clearance that is taken back, one of the same checkpoint."""
    reason_code: Annotated[str, Field(min_length=1, max_length=64)]
    """Such as EPCIS's ``did_not_occur`` and ``incorrect_data``."""
    corrected_by: Annotated[list[EventRef], Field(max_length=20)] = []
    note: ShortText | None = None


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
    clearance: ClearanceName | None = None


class VisitRetracted(Fact):
    """The retraction of a clearance, routed to its checkpoint's partition (internal)."""

    checkpoint_id: Identifier
    vehicle: Identifier
    clearance: ClearanceName
    decision: Decision
    at: Moment
    """When the clearance was given that is taken back."""


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


class CheckpointQueue(Fact):
    """What is estimated of a checkpoint's queue (`docs/checkpoints.md`)."""

    waiting: int
    """Vehicles that wait for a bay or are in one."""
    held: int
    """Vehicles that are held aside."""
    clearances_per_h: float
    """Vehicles that all bays together deal with in an hour."""
    clearances_per_h_low: float
    clearances_per_h_high: float
    dwell_s: float | None = None
    """Median of the stays, arrival to departure."""
    dwell_p90_s: float | None = None
    assumed: bool
    """Whether too little was observed: what is assumed shows through."""
    as_of: Moment


class CheckpointKnown(Fact):
    """What dispatch has to know of a checkpoint."""

    place_id: Identifier
    version: int
    name: str
    lat: Latitude
    lon: Longitude
    bays: int = 1
    region: Region | None = None
    status: Literal["active", "retired"] = "active"
    queue: CheckpointQueue | None = None
