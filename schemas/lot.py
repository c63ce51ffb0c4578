"""State what can happen to a lot of harvest, and what is known of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from schemas.model import (
    Fact,
    Identifier,
    Kilograms,
    Latitude,
    Longitude,
    Moment,
    Numeric,
    Region,
    ShortText,
)
from schemas.vocabulary import Product, Temperature

Price = Annotated[int, Field(ge=0, le=100_000_000), Numeric]
Destinations = Annotated[list[Identifier], Field(max_length=50)]


class Pickup(Fact):
    """Where a lot is loaded."""

    lat: Latitude
    lon: Longitude
    name: ShortText


class LotDeclared(Fact):
    """A lot is known: what, how much, where, from when and how long it holds."""

    lot_id: Identifier
    region: Region
    product: Product
    quantity_kg: Kilograms
    grade: Annotated[str, Field(max_length=64)] | None = None
    price_vnd_per_kg: Price | None = None
    pickup: Pickup
    ready_from: Moment
    hold_until: Moment
    temperature: Temperature = "ambient"
    destinations: Destinations = []
    """Facilities that may take it; empty: any that does."""
    declarer_id: Identifier | None = None

    @model_validator(mode="after")
    def _holds_after_it_is_ready(self) -> Self:
        if self.hold_until <= self.ready_from:
            raise ValueError("hold_until must be later than ready_from")
        return self


class LotReady(Fact):
    """The lot may be loaded from now (the event's time)."""

    lot_id: Identifier


class LotRevised(Fact):
    """Some of what was declared changed; fields left out stay."""

    lot_id: Identifier
    quantity_kg: Kilograms | None = None
    grade: Annotated[str, Field(max_length=64)] | None = None
    price_vnd_per_kg: Price | None = None
    ready_from: Moment | None = None
    hold_until: Moment | None = None
    temperature: Temperature | None = None
    destinations: Destinations | None = None


class LotWithdrawn(Fact):
    """The lot needs no truck any more."""

    lot_id: Identifier
    reason: ShortText | None = None


class Reason(Fact):
    """Why something was not done: a stable code, a sentence, and the numbers in it."""

    code: Annotated[str, Field(max_length=64)]
    detail: str
    params: dict[str, Any] = {}
    fix: dict[str, Any] | None = None
    """The smallest change that would help: ``kind``, its numbers, a sentence as ``vi``, ``en``."""


class LotUnassigned(Fact):
    """Dispatch could not place this much of the lot, for these reasons."""

    lot_id: Identifier
    region: Region
    quantity_kg: Kilograms
    reasons: Annotated[list[Reason], Field(min_length=1)]
    revision: int = 0
    """Counts with ``lot.planned``'s."""


class LotPlanned(Fact):
    """How much of the lot is booked on trucks, loaded and delivered now."""

    lot_id: Identifier
    region: Region
    booked_kg: Annotated[int, Field(ge=0)]
    """Proposed and accepted."""
    loaded_kg: Annotated[int, Field(ge=0)]
    delivered_kg: Annotated[int, Field(ge=0)]
    assignments: list[Identifier]
    revision: int
    """Grows with every decision on this lot, so that an older one never wins."""


class LotState(Fact):
    """What is known of one lot."""

    lot_id: Identifier
    version: int
    updated_at: Moment
    region: Region
    product: Product
    quantity_kg: int
    grade: str | None = None
    price_vnd_per_kg: int | None = None
    pickup: Pickup
    ready_from: Moment
    hold_until: Moment
    temperature: Temperature
    destinations: list[str] = []
    declarer_id: str | None = None
    status: Literal["declared", "ready", "withdrawn"]
    booked_kg: int = 0
    loaded_kg: int = 0
    delivered_kg: int = 0
    assignments: list[str] = []
    reasons: list[Reason] = []
    """Why what is left is left; empty when nothing is."""
