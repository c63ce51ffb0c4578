"""State what can happen to a truck, and what is known of it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from schemas.model import (
    Fact,
    Identifier,
    Latitude,
    Longitude,
    Moment,
    Numeric,
    Place,
    Region,
    ShortText,
)
from schemas.vocabulary import Temperature, VehicleClass

_NOT_PLATE = re.compile(r"[^A-Z0-9]")

TruckStatus = Literal["available", "unavailable"]
"""Whether dispatch may give the truck work; ``unavailable`` covers own contracts and repairs."""


def normal_plate(plate: str) -> str:
    """Normalise a plate: upper case, no punctuation (``68C-123.45`` is ``68C12345``)."""
    return _NOT_PLATE.sub("", plate.upper().replace("Đ", "D"))


def plate_key(plate: str) -> str:
    """Return the key of a vehicle that is known by its plate only."""
    return f"plate:{normal_plate(plate)}"


def _has_letters_and_digits(plate: str) -> str:
    if len(normal_plate(plate)) < 3:
        raise ValueError("a plate needs at least three letters or digits")
    return plate


Plate = Annotated[
    str,
    Field(min_length=3, max_length=20, examples=["68C-123.45"]),
    AfterValidator(_has_letters_and_digits),
]
Payload = Annotated[int, Field(gt=0, le=60_000), Numeric]


class TruckRegistered(Fact):
    """A truck joined the force; repeated, it replaces what was registered."""

    truck_id: Identifier
    plate: Plate
    haulier_id: Identifier
    region: Region
    vehicle_class: VehicleClass = "rigid_2_axle"
    driver_id: Identifier | None = None
    payload_kg: Payload
    temperature_classes: Annotated[list[Temperature], Field(min_length=1)] = ["ambient"]
    home: Place
    status: TruckStatus = "available"


class TruckUpdated(Fact):
    """Some of a truck's registered data changed; fields left out stay."""

    truck_id: Identifier
    plate: Plate | None = None
    haulier_id: Identifier | None = None
    vehicle_class: VehicleClass | None = None
    driver_id: Identifier | None = None
    payload_kg: Payload | None = None
    temperature_classes: Annotated[list[Temperature], Field(min_length=1)] | None = None
    home: Place | None = None


class TruckStatusChanged(Fact):
    """The truck can, or can not, take work from now on."""

    truck_id: Identifier
    status: TruckStatus
    reason: ShortText | None = None


class TruckTransferred(Fact):
    """The truck moved to another dispatch region."""

    truck_id: Identifier
    region: Region


class TruckPositionReported(Fact):
    """The truck was at a place at the event's time."""

    truck_id: Identifier
    lat: Latitude
    lon: Longitude
    speed_kph: Annotated[float, Field(ge=0, le=200, strict=True)] | None = None
    accuracy_m: Annotated[float, Field(ge=0, le=100_000, strict=True)] | None = None


class PlateAssigned(Fact):
    """A plate was found to belong to a registered truck (internal)."""

    plate: Plate
    truck_id: Identifier


class TruckPosition(Fact):
    """The last known place of a truck and when it was there."""

    lat: Latitude
    lon: Longitude
    at: Moment


class TruckSeen(Fact):
    """The last thing a checkpoint did with the truck."""

    checkpoint_id: Identifier
    decision: Literal["arrived", "cleared", "held", "refused"]
    at: Moment
    reason_code: str | None = None


class TruckState(Fact):
    """What is known of one truck, as of ``version`` changes."""

    truck_id: Identifier
    version: int
    updated_at: Moment
    registered: bool
    plate: str | None = None
    haulier_id: str | None = None
    region: Region | None = None
    vehicle_class: VehicleClass | None = None
    driver_id: str | None = None
    payload_kg: int | None = None
    temperature_classes: list[Temperature] = []
    home: Place | None = None
    status: TruckStatus | None = None
    position: TruckPosition | None = None
    last_checkpoint: TruckSeen | None = None
