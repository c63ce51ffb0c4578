"""State a routing problem as arrays: vehicles, requests with their stops, slots and bays.

Times are whole seconds from a common zero, amounts whole numbers, costs floats of one unit.
A request is a *shipment* (picked up and delivered by one vehicle, pickup first) or a *job* (one
stop). It may be served in several ways, its *options*: other stops, at other prices; exactly one
is used. `draft.Draft` gathers all of this piece by piece and gives a `Model`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FOREVER = 10**12
"""A time, or an amount, that nothing reaches."""
NO_WAY = 10**9
"""Seconds of driving between places that no way joins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """One vehicle.

    Attributes
    ----------
    start, end
        Places of the matrix; None: it starts at its first stop, ends at its last.
    profile
        Which matrix it drives by.
    capacity
        What fits, for each dimension.
    shift_start, shift_end
        It leaves no sooner and ends its route (at `end`, if it has one) no later.
    fixed_cost, drive_cost, second_cost, wait_cost
        For being used at all; for a second of driving; for a unit of the second matrix; and for
        each second from `shift_start` to the end of its last stop that it neither drives nor
        serves; a break counts as waiting.
    drive_limit, second_limit, stop_limit
        At most so many seconds of driving, units of the second matrix, and stops.
    break_after, break_length, since_break
        After so much driving a break of that length is taken, at once, on the road; None: never.
        `since_break` was driven before the route begins.
    breaks
        Breaks to be taken in their order, each one begun within its window: (first, last, length).
        They interrupt driving and waiting, never a stop; an unused vehicle takes none.
    rear_loading
        What was loaded last is unloaded first.
    group
        Whose vehicle it is, for quotas.
    """

    start: int | None
    end: int | None = None
    profile: int = 0
    capacity: tuple[int, ...] = ()
    shift_start: int = 0
    shift_end: int = FOREVER
    fixed_cost: float = 0.0
    drive_cost: float = 1.0
    second_cost: float = 0.0
    wait_cost: float = 0.0
    drive_limit: int = FOREVER
    second_limit: int = FOREVER
    stop_limit: int = FOREVER
    break_after: int | None = None
    break_length: int = 0
    since_break: int = 0
    breaks: tuple[tuple[int, int, int], ...] = ()
    rear_loading: bool = False
    group: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One place where a request is served.

    Attributes
    ----------
    place
        Of the matrix.
    service, setup
        Seconds at the stop; the setup only where the stop before is at another place.
    windows
        Work (setup, then service) begins in one of these, both ends included.
    facility
        Its number if it has slots, bays or both; None otherwise.
    slot
        The only slot that may be used (pinned), None: any of the facility.
    via, hours
        A place to drive through on the way to this stop (a corridor's assembly point), unless the
        stop before is at the same place; from there to the arrival all must lie in one of `hours`,
        and the vehicle waits there until that can be.
    via_service, relief_left
        Seconds spent at `via`; and where another driver takes over there, the seconds of driving
        that he has left: his hours begin there. None: the driver stays.
    vehicles
        Which vehicles may use the option that this stop belongs to; None: all that the request
        allows.
    cost
        A price for using this stop (negative: a bonus).
    late_from, late_cost
        Each second from `late_from` to the beginning of service costs that much. A second,
        steeper price starts at `risk_from`.
    """

    place: int
    service: int = 0
    setup: int = 0
    windows: tuple[tuple[int, int], ...] = ((0, FOREVER),)
    facility: int | None = None
    slot: int | None = None
    via: int | None = None
    via_service: int = 0
    relief_left: int | None = None
    vehicles: frozenset[int] | None = None
    hours: tuple[tuple[int, int], ...] = ()
    cost: float = 0.0
    late_from: int = 0
    late_cost: float = 0.0
    risk_from: int = 0
    risk_cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Something to be served by one vehicle.

    Attributes
    ----------
    options
        The ways to serve it: (pickup, delivery) of a shipment, (stop,) of a job.
    amount
        Aboard between pickup and delivery; of a job, from the vehicle's start to the stop.
    picked
        Of a job: aboard from the stop to the vehicle's end.
    vehicles
        Which vehicles may serve it; None: all of them.
    unserved_cost
        What it costs to leave it out.
    lot
        Its lot, where the amount is open: see `Lot`.
    kept_by, churn_cost
        The vehicle that had it in an earlier plan, and the price of giving it to another one.
    spare_cost
        For each unit of the vehicle's capacity, in the first dimension, that the request leaves.
    """

    options: tuple[tuple[Stop, ...], ...]
    amount: tuple[int, ...] = ()
    picked: tuple[int, ...] = ()
    vehicles: Sequence[int] | None = None
    unserved_cost: float = 1e9
    lot: int | None = None
    kept_by: int | None = None
    churn_cost: float = 0.0
    spare_cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Goods that several requests share, each taking what its vehicle has room for.

    The requests of a lot are alike, and carry of the first dimension what fits: all that is left,
    or the room in the vehicle, but never a rest below `least` if it can be helped. The other
    dimensions grow in proportion.

    Attributes
    ----------
    quantity
        What is to be carried, in each dimension.
    least
        Nobody comes for less.
    unserved_cost, unserved_unit_cost
        For leaving anything, and for each unit of the first dimension that is left.
    split_cost
        Guides the choice of vehicles: what each further trip is thought to cost.
    """

    quantity: tuple[int, ...]
    least: int = 1
    unserved_cost: float = 0.0
    unserved_unit_cost: float = 0.0
    split_cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A window of a facility, service begins in [start, last], with places for vehicles.

    A vehicle counts once in a slot, however many requests it serves in it. `quotas` limit the
    vehicles of a group: {group: places}.
    """

    facility: int
    start: int
    last: int
    capacity: int
    quotas: dict[int, int] = field(default_factory=dict)
