"""Lay one trip out in time and price it: drive, break, load, drive, wait, unload.

All times are whole seconds since the problem's `now`. This is the plain, one-trip form of what
`options` computes for all trucks at once; the tests hold the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routing.dispatch.params import Params
    from routing.dispatch.problem import DrivingState


@dataclass(frozen=True, slots=True)
class Itinerary:
    """When a truck does what on its way to a facility, before any slot is chosen.

    `join_s` is when it joins a corridor, if it does.
    """

    start_s: int
    departure_s: int
    pickup_eta_s: int
    pickup_done_s: int
    arrival_s: int
    empty_s: int
    loaded_s: int
    breaks_s: tuple[tuple[int, int], ...]
    since_break_s: int
    today_s: int
    week_s: int = 0
    join_s: int | None = None


def travel_through(
    *,
    start_s: int,
    driving: DrivingState,
    empty_s: int,
    loaded_s: int,
    ready_s: int,
    load_s: int,
    params: Params,
    join_after_s: int | None = None,
) -> Itinerary:
    """Drive to the pickup, load when the lot is ready, drive on to the facility.

    A break is taken exactly when `drive_s` of driving are full and more is to come. A truck
    that would be early leaves late. Standing still is not counted as a break.

    Parameters
    ----------
    start_s
        When the truck may leave.
    driving
        The driver's hours at that time.
    empty_s, loaded_s
        Seconds of driving to the pickup and from there.
    ready_s, load_s
        When the lot may be loaded, and how long that takes.
    params
        The rules' numbers.
    join_after_s
        Seconds of driving from the pickup to where a corridor is joined, if one is.

    Returns
    -------
    Itinerary
        The times; that the day's driving is within its limit is another rule's matter.
    """
    since_s = min(driving.since_break_s, params.drive_s)
    moving_s, _, _ = drive(0, since_s, empty_s, params)
    departure_s = max(start_s, ready_s - moving_s - params.pickup_early_s)
    pickup_eta_s, since_s, breaks = drive(departure_s, since_s, empty_s, params)
    pickup_done_s = max(pickup_eta_s, ready_s) + load_s
    join_s = None
    if join_after_s is not None:
        join_s = drive(pickup_done_s, since_s, join_after_s, params)[0]
    arrival_s, since_s, more = drive(pickup_done_s, since_s, loaded_s, params)
    return Itinerary(
        start_s=start_s,
        departure_s=departure_s,
        pickup_eta_s=pickup_eta_s,
        pickup_done_s=pickup_done_s,
        arrival_s=arrival_s,
        empty_s=empty_s,
        loaded_s=loaded_s,
        breaks_s=breaks + more,
        since_break_s=since_s,
        today_s=driving.today_s + empty_s + loaded_s,
        week_s=driving.week_s + empty_s + loaded_s,
        join_s=join_s,
    )


def price(
    way: Itinerary,
    *,
    eta_s: int,
    ready_s: int,
    hold_s: int,
    load_s: int,
    corridor: bool,
    params: Params,
) -> dict[str, float]:
    """Return the parts of a trip's cost in cost seconds, but for the unused payload.

    Parameters
    ----------
    way
        The trip's times.
    eta_s
        The arrival, or the start of the slot's window where that is later.
    ready_s, hold_s, load_s
        The lot's times.
    corridor
        Whether the trip goes through one.
    params
        The weights.
    """
    idle_s = way.departure_s - way.start_s + way.pickup_done_s - load_s - way.pickup_eta_s
    late_s = max(0, params.hold_buffer_s - (hold_s - eta_s))
    return {
        "empty_driving": params.empty_cost_per_s * way.empty_s,
        "loaded_driving": params.loaded_cost_per_s * way.loaded_s,
        "waiting": params.wait_cost_per_s * (idle_s + eta_s - way.arrival_s),
        "age": params.age_cost_per_s * max(0, eta_s - ready_s),
        "hold_risk": params.risk_cost_per_s * late_s,
        "corridor": -params.corridor_bonus if corridor else 0.0,
    }


def drive(
    start_s: int, since_s: int, duration_s: int, params: Params
) -> tuple[int, int, tuple[tuple[int, int], ...]]:
    """Drive for a time, with a break wherever `drive_s` are full and more is to come.

    Parameters
    ----------
    start_s, since_s
        When the truck leaves, and what was driven since the last break.
    duration_s
        Seconds of driving.
    params
        The rules' numbers.

    Returns
    -------
    tuple
        When the truck arrives, what was driven since the last break, and the breaks.
    """
    clock_s, left_s, breaks = start_s, duration_s, []
    while since_s + left_s > params.drive_s:
        stretch_s = params.drive_s - since_s
        clock_s, left_s, since_s = clock_s + stretch_s, left_s - stretch_s, 0
        breaks.append((clock_s, clock_s + params.break_s))
        clock_s += params.break_s
    return clock_s + left_s, since_s + left_s, tuple(breaks)
