"""State what can happen to roads and zones, and what is known of them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from schemas.model import Fact, Geometry, Identifier, Moment, Region, ShortText


class _Closure(Fact):
    closure_id: Identifier
    region: Region
    geometry: Geometry
    valid_from: Moment
    valid_until: Moment | None = None
    reason: ShortText | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("valid_until must be later than valid_from")
        return self


class RoadClosed(_Closure):
    """A road is closed along or across a geometry; repeated, it replaces the closure."""


class ZoneRestricted(_Closure):
    """No truck may enter a zone."""


class _Lifted(Fact):
    closure_id: Identifier
    region: Region
    reason: ShortText | None = None


class RoadReopened(_Lifted):
    """The closure is over."""


class ZoneLifted(_Lifted):
    """The restriction is over."""


class ClosureState(Fact):
    """What is known of one closure or restricted zone."""

    closure_id: Identifier
    version: int
    updated_at: Moment
    kind: Literal["road", "zone"]
    region: Region
    geometry: Geometry
    valid_from: Moment
    valid_until: Moment | None = None
    reason: str | None = None
    status: Literal["in_force", "lifted"]
