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
    ahead_s: int | None = None
    """How far its time lay ahead of the stack's clock when it was taken in, where that was much."""


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


class CheckpointQueue(Fact):
    """What a checkpoint's visits say of its queue at one moment (``docs/checkpoints.md``)."""

    waiting: Annotated[int, Field(ge=0)]
    """Trucks that wait for a bay or are in one."""
    held: Annotated[int, Field(ge=0)]
    """Trucks that were told to stand aside."""
    clearances_per_h: Annotated[float, Field(ge=0)]
    """Trucks that all bays deal with in an hour while trucks wait."""
    clearances_per_h_low: Annotated[float, Field(ge=0)]
    clearances_per_h_high: Annotated[float, Field(ge=0)]
    dwell_s: Annotated[float, Field(ge=0)] | None = None
    """Median stay, arrival to departure."""
    dwell_p90_s: Annotated[float, Field(ge=0)] | None = None
    assumed: bool
    """Whether too few trucks were seen: what is assumed of checkpoints shows through."""
    as_of: Moment


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
    queue: CheckpointQueue | None = None
    """Estimated at most once a minute; null until a visit was counted."""


class CheckpointKnown(Fact):
    """What dispatch has to know of a checkpoint: its state without the vehicles."""

    place_id: Identifier
    version: int
    name: str
    lat: Latitude
    lon: Longitude
    bays: int = 1
    region: Region | None = None
    status: Literal["active", "retired"] = "active"
    queue: CheckpointQueue | None = None


class VehicleScan(Fact):
    """One scan of a vehicle."""

    checkpoint_id: Identifier
    decision: Decision
    at: Moment
    clearance: ClearanceName


class VehicleScans(Fact):
    """The latest standing scans of one vehicle at different checkpoints, for dispatch to judge."""

    vehicle: Identifier
    """The truck's id, or ``plate:…`` where nobody registered the vehicle."""
    plate: str | None = None
    region: Region | None = None
    scans: list[VehicleScan] = []
    """The earliest first."""
