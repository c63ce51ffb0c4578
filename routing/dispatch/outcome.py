"""Hold what a plan says: trips, lots left over with reasons, lots that wait, answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from routing.dispatch.problem import DrivingState, Forced, Point
    from routing.dispatch.rules import Refusal


@dataclass(frozen=True, slots=True)
class Alternative:
    """A way to serve a trip's consignment that was not taken, what more it costs, and why.

    `why_code` names what speaks most against it; `why` and `why_vi` say it in words.
    """

    truck_id: str
    facility_id: str
    slot_id: str
    corridor_id: str | None
    cost_difference: float
    why_code: str
    why: str
    why_vi: str


@dataclass(frozen=True, slots=True)
class Trip:
    """One consignment on one truck into one slot.

    `delivery_eta` is when the truck enters the facility: at its arrival, or when the window
    opens. `via` names the stops in order: truck, pickup, the corridor's assembly point if
    there is one, facility. `driving` is the state at the end of the trip. `cost` is in cost
    seconds, by part, with their `total`.
    """

    truck_id: str
    haulier_id: str
    lot_id: str
    quantity_kg: int
    facility_id: str
    gate_id: str
    slot_id: str
    window_start: datetime
    window_end: datetime
    corridor_id: str | None
    corridor_reason: str | None
    via: tuple[Point, ...]
    departure: datetime
    pickup_eta: datetime
    pickup_done: datetime
    delivery_eta: datetime
    delivery_done: datetime
    breaks: tuple[tuple[datetime, datetime], ...]
    driving: DrivingState
    drive_s: int
    empty_m: float
    loaded_m: float
    cost: dict[str, float]
    alternatives: tuple[Alternative, ...]
    explanation: dict[str, Any]
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why goods were left over: a rule's code, an English sentence, its numbers and `vi`.

    `params["alone"]` says whether lifting this obstacle alone would make room for a trip;
    otherwise `params["together_with"]` names what has to be lifted too.
    """

    code: str
    detail: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unassigned:
    """What of a lot no trip carries, and why."""

    lot_id: str
    quantity_kg: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ForcedAnswer:
    """What became of a dispatcher's override: planned, or the rules that it breaks."""

    forced: Forced
    planned: bool
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer to a problem.

    `waiting` names lots that are ready only after the horizon; `idle_trucks` have no trip.
    `stats` counts: lots, trips, assigned and open kilograms, cost, rounds of improvement.
    """

    trips: tuple[Trip, ...]
    unassigned: tuple[Unassigned, ...]
    waiting: tuple[str, ...]
    idle_trucks: tuple[str, ...]
    forced: tuple[ForcedAnswer, ...]
    stats: dict[str, float]
