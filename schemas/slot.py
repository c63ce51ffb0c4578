"""State what can happen to a port slot and its reservations, and what is known of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.model import DerivedName, Fact, Identifier, Moment, Numeric, Region, ShortText

Capacity = Annotated[int, Field(ge=0, le=500), Numeric]


def slot_key(facility_id: str, gate_id: str, window_start: datetime) -> str:
    """Name a slot by its facility, gate and the start of its window in UTC."""
    return f"{facility_id}|{gate_id}|{window_start.astimezone(UTC):%Y%m%dT%H%MZ}"


class _Window(Fact):
    facility_id: Identifier
    gate_id: Identifier
    window_start: Moment
    window_end: Moment

    @model_validator(mode="after")
    def _has_a_name_of_its_own(self) -> Self:
        """Refuse what would let two windows share one ``slot_id``."""
        if "|" in self.facility_id or "|" in self.gate_id:
            raise ValueError("facility_id and gate_id of a slot hold no |")
        if self.window_start.second or self.window_start.microsecond:
            raise ValueError("window_start must be a full minute")
        return self

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.window_end <= self.window_start:
            raise ValueError("window_end must be later than window_start")
        return self

    @property
    def slot_id(self) -> str:
        """The slot's name: facility, gate and start of the window."""
        return slot_key(self.facility_id, self.gate_id, self.window_start)


class SlotOpened(_Window):
    """A window at a gate takes so many trucks; repeated, it replaces the capacity."""

    capacity_trucks: Capacity


class SlotCapacityChanged(_Window):
    """The window takes another number of trucks from now on."""

    capacity_trucks: Capacity
    reason: ShortText | None = None


class SlotClosed(_Window):
    """The window takes no trucks any more."""

    reason: ShortText | None = None


class Reservation(_Window):
    """One truck's place in one slot, as asked for or answered."""

    reservation_id: Identifier
    assignment_id: Identifier
    truck_id: Identifier
    region: Region
    reason: Annotated[str, Field(max_length=64)] | None = None


class ReservationRequested(Reservation):
    """Dispatch asks for a place."""


class ReservationConfirmed(Reservation):
    """The slot's partition gave the place."""


class ReservationRejected(Reservation):
    """The slot's partition has no place; ``reason`` says why."""


class ReservationReleased(Reservation):
    """The place is free again; ``reason`` says why."""


class ReservationNoShow(Reservation):
    """The truck did not come inside its window and grace."""


class ReservedPlace(Fact):
    """A place that is taken."""

    reservation_id: str
    assignment_id: str
    truck_id: str


class SlotState(Fact):
    """What is known of one slot."""

    slot_id: DerivedName
    version: int
    updated_at: Moment
    facility_id: str
    gate_id: str
    window_start: Moment
    window_end: Moment
    capacity_trucks: int
    status: Literal["open", "closed"]
    reserved: list[ReservedPlace] = []
