"""State what can happen to a facility or a checkpoint as a place, and what is known of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.model import Fact, Identifier, Latitude, Longitude, Moment, Numeric, Region, ShortText
from schemas.vocabulary import FacilityKind, Product

Gates = Annotated[list[Identifier], Field(max_length=100)]


class FacilityRegistered(Fact):
    """A port, market, plant, store or yard joined; repeated, it replaces what was registered."""

    place_id: Identifier
    kind: FacilityKind
    name: ShortText
    lat: Latitude
    lon: Longitude
    gates: Gates = []
    region: Region | None = None
    products: list[Product] = []
    """What it takes; empty: everything."""


class CheckpointRegistered(Fact):
    """A checkpoint was set up; repeated, it replaces what was registered."""

    place_id: Identifier
    name: ShortText
    lat: Latitude
    lon: Longitude
    bays: Annotated[int, Field(ge=1, le=100), Numeric] = 1
    region: Region | None = None


class PlaceUpdated(Fact):
    """Some of a place's data changed; fields left out stay."""

    place_id: Identifier
    name: ShortText | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    gates: Gates | None = None
    bays: Annotated[int, Field(ge=1, le=100), Numeric] | None = None
    products: list[Product] | None = None


class PlaceRetired(Fact):
    """The place is in use no longer."""

    place_id: Identifier
    reason: ShortText | None = None


class FacilityState(Fact):
    """What is known of one facility."""

    place_id: Identifier
    version: int
    updated_at: Moment
    kind: FacilityKind
    name: str
    lat: Latitude
    lon: Longitude
    gates: list[str] = []
    region: Region | None = None
    products: list[Product] = []
    status: Literal["active", "retired"] = "active"
