"""State what corridors are planned for, and what a plan of corridors says."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from routing.corridors.match import AREA_M
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS, vehicle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from routing.roads.closures import Closure
    from schemas.corridor import CorridorHours, CorridorKind, CorridorOpened

Why = Literal[
    "unknown_facility",
    "too_far_from_road",
    "same_place",
    "no_way",
    "no_way_outside_zones",
    "detour",
    "no_shared_trunk",
    "checkpoint_capacity",
]
"""Why a flow gets no corridor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorStop:
    """A facility that flows lead from or to, in degrees."""

    place_id: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A checkpoint, in degrees, and how many vehicles it clears an hour."""

    place_id: str
    lat: float
    lon: float
    vehicles_per_h: float

    def __post_init__(self) -> None:
        if not self.vehicles_per_h >= 0:
            raise ValueError(f"Expected vehicles_per_h of {self.place_id} to be 0 or more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Trucks that are to drive from one facility to one or two others.

    Parameters
    ----------
    flow_id
        Its name.
    source, destinations
        Facilities, all different.
    trucks_per_day
        That drive from the source, to both destinations together (half to each). A way back
        is a flow of its own. None: as many as carry ``tonnes_per_day``.
    tonnes_per_day
        Carried by trucks of the class, each laden with its payload.
    vehicle_class
        The class of the trucks.
    kind
        The kind of corridor wanted; None: a fork for two destinations that share a trunk, else
        shuttles.
    """

    flow_id: str
    source: str
    destinations: tuple[str, ...]
    trucks_per_day: float | None = None
    tonnes_per_day: float | None = None
    vehicle_class: str = DEFAULT_VEHICLE_CLASS
    kind: CorridorKind | None = None

    def __post_init__(self) -> None:
        ends = (self.source, *self.destinations)
        if len(ends) not in {2, 3} or len(set(ends)) != len(ends):
            raise ValueError(f"Expected one or two other destinations for flow {self.flow_id}.")
        if self.kind == "fork" and len(self.destinations) != 2:
            raise ValueError(f"Expected two destinations for the fork of flow {self.flow_id}.")
        vehicle(self.vehicle_class)
        if (self.trucks_per_day is None) == (self.tonnes_per_day is None):
            raise ValueError(
                f"Expected either trucks_per_day or tonnes_per_day for flow {self.flow_id}."
            )
        if not 0 <= self.trucks < math.inf:
            raise ValueError(f"Expected flow {self.flow_id} to be 0 or more a day.")

    @property
    def trucks(self) -> float:
        """Trucks a day, whole ones where tonnes are given."""
        if self.trucks_per_day is not None:
            return self.trucks_per_day
        tonnes = self.tonnes_per_day or 0.0
        return float(math.ceil(tonnes * 1000 / vehicle(self.vehicle_class).payload_kg))


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorLimits:
    """What corridors are held to.

    Parameters
    ----------
    detour
        The most that a way may measure, as a multiple of the shortest outside zones.
    around
        The most that the shortest way outside zones may measure, as a multiple of the shortest
        without zones; None: any.
    width_m
        Whole width of the corridors.
    hours
        The hours of each day in which they are used; None: all day.
    clearance_m
        How far their lines keep from zones; None: half the width.
    ferries
        Whether they may lead over ferries.
    """

    detour: float = 1.3
    around: float | None = None
    width_m: float = 200.0
    hours: CorridorHours | None = None
    clearance_m: float | None = None
    ferries: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.detour < math.inf or (self.around is not None and not self.around >= 1):
            raise ValueError("Expected detour and around of 1 or more.")
        if not 0 < self.width_m <= 10_000:
            raise ValueError("Expected width_m in (0, 10000].")
        if self.clearance_m is not None and not 0 <= self.clearance_m < math.inf:
            raise ValueError("Expected clearance_m of 0 or more.")

    @property
    def zone_gap_m(self) -> float:
        """Metres that lines keep from zones."""
        return self.width_m / 2 if self.clearance_m is None else self.clearance_m

    @property
    def gate_reach_m(self) -> float:
        """Metres from a road within which a checkpoint stands on it, as for trucks' positions."""
        return self.width_m / 2 + AREA_M["checkpoint"]

    @property
    def hours_per_day(self) -> float:
        """How long corridors are used each day."""
        if self.hours is None:
            return 24.0
        opens, closes = (
            int(text[:2]) * 60 + int(text[3:]) for text in (self.hours.start, self.hours.end)
        )
        return ((closes - opens) % 1_440 or 1_440) / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorProblem:
    """What corridors are planned for.

    Parameters
    ----------
    flows
        With different ids.
    facilities, checkpoints
        With different ids.
    closures
        Restricted zones and closed roads; those in force at any time of the period count.
    valid_from, valid_until
        The period; without an end, the moment.
    limits
        What corridors are held to.
    region
        The dispatch region of the corridors.
    """

    flows: tuple[Flow, ...]
    facilities: tuple[CorridorStop, ...]
    checkpoints: tuple[Gate, ...] = ()
    closures: tuple[Closure, ...] = ()
    valid_from: datetime
    valid_until: datetime | None = None
    limits: CorridorLimits = field(default_factory=CorridorLimits)
    region: str | None = None

    def __post_init__(self) -> None:
        for what, ids in (
            ("flow", [each.flow_id for each in self.flows]),
            ("facility", [each.place_id for each in self.facilities]),
            ("checkpoint", [each.place_id for each in self.checkpoints]),
        ):
            if len(set(ids)) != len(ids):
                raise ValueError(f"Expected different {what} ids.")
        for moment in (self.valid_from, self.valid_until):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("Expected times with an offset.")
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("Expected valid_until later than valid_from.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One flow's way to one destination.

    Parameters
    ----------
    flow_id, destination
        Which.
    length_m, shortest_m
        Of the way, and of the shortest way outside zones.
    pieces
        The pieces of road that it drives, each with its length in metres.
    checkpoints
        Those on it with how far along it they stand, metres, in order.
    """

    flow_id: str
    destination: str
    length_m: float
    shortest_m: float
    pieces: tuple[tuple[int, float], ...]
    checkpoints: tuple[tuple[str, float], ...]

    @property
    def detour(self) -> float:
        """Length as a multiple of the shortest."""
        return self.length_m / self.shortest_m


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedCorridor:
    """One corridor, ready to be opened.

    Parameters
    ----------
    opened
        The fact to record when it is approved.
    served
        Its ways by line of its geometry; flows that drive the same way follow.
    road_m, trunk_m
        Its distinct metres of road, and those that both branches of a fork share.
    """

    opened: CorridorOpened
    served: tuple[Served, ...]
    road_m: float
    trunk_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotServed:
    """A flow, or its way to one destination, that gets no corridor.

    Parameters
    ----------
    flow_id, destination
        Which.
    why
        The reason.
    numbers
        What stands behind it: lengths in metres, vehicles an hour, ids.
    """

    flow_id: str
    destination: str
    why: Why
    numbers: Mapping[str, float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorPlan:
    """A set of corridors.

    Parameters
    ----------
    corridors
        In the order of their flows.
    not_served
        What gets none, and why.
    road_m
        Distinct metres of road of all corridors.
    loads_per_h
        Vehicles an hour at each checkpoint.
    """

    corridors: tuple[ProposedCorridor, ...]
    not_served: tuple[NotServed, ...]
    road_m: float
    loads_per_h: Mapping[str, float]
