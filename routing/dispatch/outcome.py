"""Hold what a plan says: trips, lots left over with reasons, lots that wait, answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

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

    Attributes
    ----------
    facility_id, gate_id, slot_id, window_start, window_end
        Where and when it enters. A return load that goes to its drop has none: the ids are empty,
        and both times are the delivery's. A leg that ends at a transhipment point names it as the
        facility.
    via
        The places passed from the beginning of the truck's tour to this delivery: truck, pickup
        (others', where goods are pooled), the corridor's assembly point if there is one, facility.
    departure
        When the truck sets out on the tour.
    delivery_eta
        When the truck enters the facility: on its arrival, when the window opens, and when a bay
        is free.
    driving
        The driver's hours after the delivery.
    drive_s, empty_m, loaded_m, breaks
        Along `via`.
    cost
        In cost seconds, by part, with their `total`; what pooled consignments share is parted by
        their weight.
    sequence
        0 for the truck's first tour, 1 for its next; consignments that are aboard together share
        it.
    leg
        2 for goods that another truck brought to a transhipment point.
    committed, pinned
        Whether it was the truck's already.
    swap
        The transhipment point where another driver takes over, if one does.
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
    sequence: int = 0
    leg: int = 1
    committed: bool = False
    pinned: bool = False
    swap: str | None = None


@dataclass(frozen=True, slots=True)
class RouteStop:
    """A stop on a truck's route.

    Attributes
    ----------
    kind
        `pickup`, `delivery` (into a slot), `drop` (a return load's end), `handover` and `takeover`
        (at a transhipment point), `home`.
    place
        The pickup's or drop's name, or the id of the facility or transhipment point.
    departure
        When the truck sets out for the stop.
    through, through_at
        The place that it drives through on the way, and when it is there: a corridor's assembly
        point, or where another driver takes over.
    start, end
        When work begins, and is done.
    lot_id, quantity_kg, volume_l
        What is loaded or unloaded.
    sequence
        The truck's tour; see `Trip`.
    relief
        Which of the drivers who wait at `through` takes over there.
    """

    kind: Literal["pickup", "delivery", "drop", "handover", "takeover", "home"]
    place: str
    position: Point
    departure: datetime
    through: Point | None
    through_at: datetime | None
    arrival: datetime
    start: datetime
    end: datetime
    lot_id: str
    quantity_kg: int
    volume_l: int
    sequence: int
    relief: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """All that a truck does in a plan, in order.

    `driving` is the state of the driver at its end, `drive_s` what was driven in all.
    """

    truck_id: str
    stops: tuple[RouteStop, ...]
    breaks: tuple[tuple[datetime, datetime], ...]
    driving: DrivingState
    drive_s: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why goods were left over: a rule's code, an English sentence, its numbers and `vi`.

    `params["alone"]` says whether lifting this obstacle alone would make room for a trip;
    otherwise `params["together_with"]` names what has to be lifted too. `fix` is the smallest
    change that was found to help: `kind`, its numbers, and the sentence as `vi` and `en`; None
    where none was sought (`params["fix_sought"]`) or none helps by itself.
    """

    code: str
    detail: str
    params: dict[str, Any] = field(default_factory=dict)
    fix: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """A truck without a trip, and why it has none."""

    truck_id: str
    reasons: tuple[Reason, ...]


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

    `waiting` names lots that are ready only after the horizon; `idle_trucks` have no trip (`idle`
    says why),
    `stuck_trucks` committed goods that no road carries on. `stats` counts: lots, trips, assigned
    and open kilograms, cost, rounds of improvement.
    """

    trips: tuple[Trip, ...]
    unassigned: tuple[Unassigned, ...]
    waiting: tuple[str, ...]
    idle_trucks: tuple[str, ...]
    forced: tuple[ForcedAnswer, ...]
    stats: dict[str, float]
    routes: tuple[Route, ...] = ()
    stuck_trucks: tuple[str, ...] = ()
    idle: tuple[Idle, ...] = ()
