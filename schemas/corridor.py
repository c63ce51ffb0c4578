"""State what can happen to a "one route, two destinations" corridor, and what is known of it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.model import Fact, Geometry, Identifier, Moment, Region, ShortText

CorridorKind = Literal["shuttle", "fork"]


class CorridorHours(Fact):
    """The hours of each day (Asia/Ho_Chi_Minh, ``HH:MM``) in which a corridor is used."""

    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    end: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class CorridorOpened(Fact):
    """An approved road path: ``shuttle`` joins two facilities, ``fork`` one source and two."""

    corridor_id: Identifier
    kind: CorridorKind
    name: ShortText | None = None
    region: Region | None = None
    facilities: Annotated[list[Identifier], Field(min_length=2, max_length=3)]
    geometry: Geometry
    width_m: Annotated[float, Field(gt=0, le=10_000, strict=True)] = 200.0
    checkpoints: list[Identifier] = []
    allowed_stops: list[Identifier] = []
    roster: list[Identifier] = []
    """Trucks that may use it; empty: any."""
    hours: CorridorHours | None = None
    valid_from: Moment
    valid_until: Moment | None = None

    @model_validator(mode="after")
    def _has_the_ends_of_its_kind(self) -> Self:
        ends = {"shuttle": 2, "fork": 3}[self.kind]
        if len(self.facilities) != ends or len(set(self.facilities)) != ends:
            raise ValueError(f"a {self.kind} has exactly {ends} different facilities")
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("valid_until must be later than valid_from")
        return self


class CorridorClosed(Fact):
    """The corridor is used no longer."""

    corridor_id: Identifier
    reason: ShortText | None = None


class CorridorState(Fact):
    """What is known of one corridor."""

    corridor_id: Identifier
    version: int
    updated_at: Moment
    kind: CorridorKind
    name: str | None = None
    region: Region | None = None
    facilities: list[str]
    geometry: Geometry
    width_m: float
    checkpoints: list[str] = []
    allowed_stops: list[str] = []
    roster: list[str] = []
    hours: CorridorHours | None = None
    valid_from: Moment
    valid_until: Moment | None = None
    status: Literal["open", "closed"]
