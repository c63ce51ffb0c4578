"""State what can happen to a "one route, two destinations" corridor, and what is known of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from schemas.model import DerivedName, Fact, Geometry, Identifier, Moment, Region, ShortText

CorridorKind = Literal["shuttle", "fork"]
LINES = frozenset({"LineString", "MultiLineString"})
"""Along such a geometry a truck can be watched."""
FindingKind = Literal[
    "deviation",
    "unlisted_stop",
    "checkpoint_skipped",
    "checkpoint_out_of_order",
    "outside_hours",
    "not_on_roster",
]
"""What can be wrong with a truck on a corridor (`docs/corridors.md`)."""


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


class FindingDetected(Fact):
    """Something is wrong with a truck on a corridor; said once, until it is mended."""

    corridor_id: Identifier
    truck_id: Identifier
    assignment_id: Identifier
    alert_id: DerivedName
    """The alert that people see, and what names the same finding when it is mended."""
    since: Moment
    evidence: dict[str, Any]
    """What shows it: positions, distances in metres, times in seconds since 1970."""


class DeviationDetected(FindingDetected):
    """The truck is, or was, 50 m or more beyond the corridor's width for 2 minutes or more."""


class UnlistedStopDetected(FindingDetected):
    """The truck stands where the corridor allows no stop."""


class CheckpointSkipped(FindingDetected):
    """The truck drove past a checkpoint, and no clearance is known."""

    checkpoint_id: Identifier


class CheckpointOutOfOrder(FindingDetected):
    """The truck was cleared at this checkpoint against the way that it drives."""

    checkpoint_id: Identifier


class UsedOutsideHours(FindingDetected):
    """The truck uses the corridor outside its hours or dates."""


class UsedOffRoster(FindingDetected):
    """The truck uses the corridor without being on its roster."""


class FindingMended(Fact):
    """What was wrong is so no longer, or the trip is over; the next time it is said anew."""

    corridor_id: Identifier
    truck_id: Identifier
    alert_id: DerivedName
    kind: FindingKind


class OpenFinding(Fact):
    """Something that is wrong on a corridor now."""

    alert_id: str
    kind: FindingKind
    truck_id: str
    since: Moment


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
    findings: list[OpenFinding] = []
    """What is wrong on it now, the latest last."""


class CorridorPoint(Fact):
    """Where one of a corridor's facilities, allowed stops or checkpoints is."""

    place_id: Identifier
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class WatchBegun(Fact):
    """A loaded truck is on its way over a corridor: from now on it is watched."""

    truck_id: Identifier
    assignment_id: Identifier
    corridor: CorridorState
    places: list[CorridorPoint]
    """Those of its places that are known."""

    @model_validator(mode="after")
    def _has_a_course(self) -> Self:
        if self.corridor.geometry.type not in LINES or not self.corridor.width_m > 0:
            raise ValueError("a truck is watched along lines that have a width")
        return self


class WatchEnded(Fact):
    """The trip is over, or uses the corridor no longer."""

    truck_id: Identifier
    assignment_id: Identifier
