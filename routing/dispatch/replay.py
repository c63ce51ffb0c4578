"""Drive a truck's tasks again: departures, breaks, and the driver's hours at every stop."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from routing.dispatch.timeline import drive
from routing.dispatch.work import Standing, Step, end_of, start_of, via_of

if TYPE_CHECKING:
    from routing.dispatch.drives import Drives
    from routing.dispatch.problem import Point
    from routing.dispatch.table import Table
    from routing.dispatch.work import Task


def at_start(table: Table, truck: int) -> Standing:
    """Return where a truck and its driver begin.

    A truck with committed legs is under way and leaves when it is available; of others the haulier
    has to accept first.
    """
    one = table.problem.trucks[truck]
    bound = any(leg.truck_id == one.truck_id for leg in table.problem.committed)
    soonest_s = 0 if bound else table.params.accept_s
    since_s = min(one.driving.since_break_s, table.params.drive_s)
    return Standing(
        one.position,
        max(soonest_s, table.seconds(one.available_from)),
        since_s,
        one.driving.today_s,
        one.driving.week_s,
    )


def follow(table: Table, drives: Drives, truck: int, before: Standing, task: Task) -> Step:
    """Return a task with the way to it from where the truck stands.

    A truck that would be early at a pickup leaves so as to be there `pickup_early_s` before the
    goods are ready.

    Parameters
    ----------
    table, drives
        The problem, and the driving times of its places.
    truck, before, task
        Whose task, and where the truck stands before it.
    """
    errand = task.errand
    vehicle_class = table.problem.trucks[truck].vehicle_class
    place = (end_of if task.part else start_of)(table, errand.lot, errand.lane)
    via = via_of(table, errand.lane) if task.part and place != before.place else None
    stops = [before.place, place] if via is None else [before.place, via, place]
    hops = tuple(
        (one, two, drives.between(vehicle_class, one, two)) for one, two in pairwise(stops)
    )
    moving_s = _drive_all(table, before, 0, task, hops)[0]
    arrival_s = task.arrival_s
    if task.part == 0:
        early_s = table.ready_s(errand.lot) - table.params.pickup_early_s
        arrival_s = max(arrival_s, min(early_s, task.begin_s))
    departure_s = arrival_s - moving_s
    _, through_s, breaks_s, after = _drive_all(table, before, departure_s, task, hops)
    after = Standing(place, task.end_s, after.since_s, after.today_s, after.week_s)
    return Step(task, before, departure_s, arrival_s, through_s, hops, breaks_s, after)


def _drive_all(
    table: Table,
    before: Standing,
    clock_s: int,
    task: Task,
    hops: tuple[tuple[Point, Point, int], ...],
) -> tuple[int, int | None, tuple[tuple[int, int], ...], Standing]:
    params = table.params
    through_s: int | None = None
    breaks: tuple[tuple[int, int], ...] = ()
    since_s, today_s, week_s = before.since_s, before.today_s, before.week_s
    for number, (_, _, way_s) in enumerate(hops):
        clock_s, since_s, more = drive(clock_s, since_s, way_s, params)
        breaks, today_s, week_s = breaks + more, today_s + way_s, week_s + way_s
        if number + 1 < len(hops):
            through_s = clock_s
            relief = task.errand.lane.relief
            if relief is not None:
                place = table.problem.transhipments[relief[0]]
                driver = place.drivers[relief[1]]
                clock_s, since_s = clock_s + place.swap_s, 0
                today_s, week_s = driver.today_s, driver.week_s
    return clock_s, through_s, breaks, Standing(before.place, clock_s, since_s, today_s, week_s)
