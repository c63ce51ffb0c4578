"""State what a corridor asks of a truck: its course, roster, hours, dates and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from routing.corridors.match import CorridorPlace, Course, PlaceKind
from routing.corridors.params import WatchParams

if TYPE_CHECKING:
    from routing.corridors.order import Where
    from schemas.corridor import CorridorHours, CorridorOpened, CorridorState

_DAY_S = 86_400


@dataclass(frozen=True, eq=False)
class CorridorRules:
    """One corridor as it is watched.

    Attributes
    ----------
    corridor_id
        Its id.
    course
        Its geometry, width and places.
    roster
        The trucks that may use it; empty: any.
    hours
        Seconds of the local day from and until which it is used; past midnight if it closes before
        it opens, all day if both are the same. None: always.
    valid_from_s, valid_until_s
        Its dates, seconds since the epoch.
    params
        The thresholds.
    checkpoints
        Its checkpoints and where they are on each branch.
    """

    corridor_id: str
    course: Course
    roster: frozenset[str] = frozenset()
    hours: tuple[int, int] | None = None
    valid_from_s: float = 0.0
    valid_until_s: float | None = None
    params: WatchParams = field(default_factory=WatchParams)
    checkpoints: tuple[Where, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "checkpoints", self.course.checkpoints())

    def is_open(self, at_s: float) -> bool:
        """Tell whether the corridor may be used at a time.

        Parameters
        ----------
        at_s
            Seconds since the epoch.
        """
        if at_s < self.valid_from_s or (
            self.valid_until_s is not None and at_s > self.valid_until_s
        ):
            return False
        if self.hours is None or self.hours[0] == self.hours[1]:
            return True
        opens, closes = self.hours
        clock = (at_s + self.params.utc_offset_s) % _DAY_S
        if opens < closes:
            return opens <= clock <= closes
        return clock >= opens or clock <= closes


def rules_of(
    corridor: CorridorOpened | CorridorState,
    places: Mapping[str, tuple[float, float]],
    params: WatchParams | None = None,
) -> CorridorRules:
    """Return the rules of a corridor.

    Parameters
    ----------
    corridor
        What is known of it.
    places
        Latitude and longitude of its facilities, allowed stops and checkpoints, by id; those that
        are missing are as if the corridor did not name them.
    params
        The thresholds.

    Raises
    ------
    ValueError
        If its geometry is not made of lines.
    """
    named: tuple[tuple[PlaceKind, list[str]], ...] = (
        ("facility", corridor.facilities),
        ("allowed_stop", corridor.allowed_stops),
        ("checkpoint", corridor.checkpoints),
    )
    known = [
        CorridorPlace(place_id, kind, *places[place_id])
        for kind, ids in named
        for place_id in ids
        if place_id in places
    ]
    until = corridor.valid_until
    return CorridorRules(
        corridor.corridor_id,
        Course(corridor.geometry.model_dump(), corridor.width_m, known),
        frozenset(corridor.roster),
        None if corridor.hours is None else _hours(corridor.hours),
        corridor.valid_from.timestamp(),
        None if until is None else until.timestamp(),
        params or WatchParams(),
    )


def _hours(hours: CorridorHours) -> tuple[int, int]:
    opens, closes = ((int(text[:2]) * 60 + int(text[3:])) * 60 for text in (hours.start, hours.end))
    return opens, closes
