"""Lay out what comes first in a truck's route: committed legs, and consignments one at a time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from routing.dispatch.problem import DrivingState
from routing.dispatch.replay import follow
from routing.dispatch.table import Lane
from routing.dispatch.timeline import travel_through
from routing.dispatch.work import Errand, Task, end_of, start_of, via_of
from routing.solver.model import NO_WAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.dispatch.drives import Drives
    from routing.dispatch.problem import Committed
    from routing.dispatch.table import Table
    from routing.dispatch.timeline import Itinerary
    from routing.dispatch.work import Work

_DAY_S = 86_400


def commit(table: Table, drives: Drives, work: Work) -> None:
    """Put the committed legs of a problem on their trucks; what is unknown is left aside."""
    for leg in table.problem.committed:
        truck = table.truck_at.get(leg.truck_id)
        if truck is None or truck in work.stuck:
            continue
        if not _carry_on(table, drives, work, truck, leg):
            work.stuck.add(truck)


def _carry_on(table: Table, drives: Drives, work: Work, truck: int, leg: Committed) -> bool:
    lane = Lane()
    if leg.slot is not None:
        lane = Lane(table.facility_at.get(leg.slot.facility_id))
        if lane.facility is None:
            return False
    elif leg.lot.drop is None:
        return False
    quantity_kg = leg.lot.quantity_kg
    errand = Errand(
        leg.lot,
        lane,
        quantity_kg,
        quantity_kg,
        committed=True,
        aboard=leg.aboard,
        booked=leg.slot,
    )
    way = itinerary(table, drives, work, truck, errand)
    if way is None:
        return False
    opens_s = way.arrival_s if leg.slot is None else table.opens_s(leg.slot)
    add(table, drives, work, truck, errand, way, eta_s=max(way.arrival_s, opens_s))
    return True


def itinerary(
    table: Table, drives: Drives, work: Work, truck: int, errand: Errand
) -> Itinerary | None:
    """Return when a truck that takes an errand next is where; None where no road leads.

    Parameters
    ----------
    table, drives, work
        The problem, its driving times, and what the truck has to do before.
    truck, errand
        Who takes what.
    """
    lot, lane, standing = errand.lot, errand.lane, work.standing[truck]
    pickup = standing.place if errand.aboard else start_of(table, lot, lane)
    via, end = via_of(table, lane), end_of(table, lot, lane)
    stops = [pickup, end] if via is None or pickup == end else [pickup, via, end]
    vehicle_class = table.problem.trucks[truck].vehicle_class
    empty_s = drives.between(vehicle_class, standing.place, pickup)
    hops_s = [drives.between(vehicle_class, one, two) for one, two in pairwise(stops)]
    if max(empty_s, *hops_s) >= NO_WAY:
        return None
    return travel_through(
        start_s=standing.time_s,
        driving=DrivingState(
            min(standing.since_s, _DAY_S), min(standing.today_s, _DAY_S), standing.week_s
        ),
        empty_s=empty_s,
        loaded_s=sum(hops_s),
        ready_s=standing.time_s if errand.aboard else table.ready_s(lot),
        load_s=0 if errand.aboard else table.params.load_of(lot.product),
        join_after_s=hops_s[0] if len(hops_s) > 1 else None,
        params=table.params,
    )


def bay_free_s(booked: Sequence[tuple[int, int]], bays: int | None, at_s: int, long_s: int) -> int:
    """Return the first moment from a time on at which a bay is free for so long.

    Parameters
    ----------
    booked
        When trucks stand at the bays, (begin, end).
    bays
        How many there are; None: any number.
    at_s, long_s
        From when, and for how long.
    """
    if not bays:
        return at_s
    for start_s in sorted({at_s, *(end for _, end in booked if end > at_s)}):
        inside = [(a, b) for a, b in booked if a < start_s + max(long_s, 1) and b > start_s]
        moments = [start_s, *(a for a, _ in inside if a > start_s)]
        if all(sum(a <= at < b for a, b in inside) < bays for at in moments):
            return start_s
    return at_s


def add(
    table: Table,
    drives: Drives,
    work: Work,
    truck: int,
    errand: Errand,
    way: Itinerary,
    *,
    eta_s: int,
    slot: int | None = None,
) -> None:
    """Put an errand behind what a truck has to do already.

    Parameters
    ----------
    table, drives, work
        The problem, its driving times, and the plan so far, which is added to.
    truck, errand, way
        Who takes what, and when.
    eta_s
        When it may begin to unload, but for the bays.
    slot
        The slot it enters, if the plan counts it.
    """
    params, lane = table.params, errand.lane
    unload_s = table.problem.transhipments[lane.handover].swap_s if lane.handover is not None else 0
    unload_s = unload_s or params.unload_of(errand.lot.product)
    if lane.facility is not None:
        bays = table.problem.facilities[lane.facility].bays
        eta_s = bay_free_s(work.at_bays(table, lane.facility), bays, eta_s, unload_s)
    load_s = params.load_of(errand.lot.product)
    tasks = [
        Task(errand, 0, way.pickup_eta_s, way.pickup_done_s - load_s, way.pickup_done_s),
        Task(errand, 1, way.arrival_s, eta_s, eta_s + unload_s, slot),
    ]
    for task in tasks[1:] if errand.aboard else tasks:
        step = follow(table, drives, truck, work.standing[truck], task)
        work.standing[truck] = step.after
        work.steps[truck].append(step)


def admits(table: Table, lane: Lane, truck_id: str, way: Itinerary) -> bool:
    """Say whether the lane's corridor, if there is one, admits a truck at that time."""
    if lane.corridor is None or way.join_s is None:
        return True
    corridor = table.problem.corridors[lane.corridor]
    if corridor.roster and truck_id not in corridor.roster:
        return False
    return any(
        opens_s <= way.join_s and way.arrival_s <= closes_s
        for opens_s, closes_s in table.openings(lane.corridor, way.arrival_s)
    )
