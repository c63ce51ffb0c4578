"""Say why a trip uses no corridor: the last thing that stands between it and one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.dispatch.timeline import drive
from routing.solver.model import NO_WAY

if TYPE_CHECKING:
    from routing.dispatch.drives import Drives
    from routing.dispatch.table import Lane, Table
    from routing.dispatch.work import Step

STAGES = (
    "no_route",
    "not_on_roster",
    "not_valid",
    "outside_hours",
    "driving_hours",
    "too_late",
    "dearer",
)
"""What may stand between a trip and a corridor that its pickup is near to, in order."""


def why_none(table: Table, drives: Drives, truck: int, step: Step) -> str | None:
    """Return how near a delivery came to a corridor; None where it is not for corridors.

    Parameters
    ----------
    table, drives
        The problem, and the driving times of its places.
    truck, step
        Who delivers, and the way to the facility.
    """
    lane = step.task.errand.lane
    if lane.corridor is not None or lane.facility is None:
        return None
    facility_id = table.problem.facilities[lane.facility].facility_id
    if not any(facility_id in corridor.facilities for corridor in table.problem.corridors):
        return "no_corridor"
    near = [
        other
        for other in table.lanes(step.task.errand.lot, [lane.facility])
        if other.corridor is not None
    ]
    stages = [_stage(table, drives, truck, step, other) for other in near]
    return STAGES[max(stages)] if stages else "too_far"


def _stage(table: Table, drives: Drives, truck: int, step: Step, lane: Lane) -> int:
    one, before, params = table.problem.trucks[truck], step.before, table.params
    assert lane.assembly is not None
    assert lane.corridor is not None
    join = table.assembly[lane.assembly][1].position
    first_s = drives.between(one.vehicle_class, before.place, join)
    then_s = drives.between(one.vehicle_class, join, step.after.place)
    if max(first_s, then_s) >= NO_WAY:
        return 0
    corridor = table.problem.corridors[lane.corridor]
    join_s, since_s, _ = drive(before.time_s, before.since_s, first_s, params)
    arrival_s = drive(join_s, since_s, then_s, params)[0]
    until = corridor.valid_until
    valid = join_s >= table.seconds(corridor.valid_from) and (
        until is None or arrival_s <= table.seconds(until, down=True)
    )
    hours = any(
        opens_s <= join_s and arrival_s <= closes_s
        for opens_s, closes_s in table.openings(lane.corridor, arrival_s)
    )
    passed = (
        not corridor.roster or one.truck_id in corridor.roster,
        valid,
        hours,
        first_s + then_s <= before.left_s(table),
        _in_time(table, step, arrival_s),
    )
    return 1 + next((n for n, ok in enumerate(passed) if not ok), len(passed))


def _in_time(table: Table, step: Step, arrival_s: int) -> bool:
    task = step.task
    if task.slot is None:
        return True
    slot = table.slots[task.slot]
    due_s = table.hold_s(task.errand.lot) - table.params.margin_s
    return max(arrival_s, table.opens_s(slot)) <= min(table.last_s(slot), due_s)
