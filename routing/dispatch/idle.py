"""Tell why trucks have no trip: nothing they may carry, no hours left, or others are cheaper."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from routing.dispatch.outcome import Idle, Reason
from routing.dispatch.words import SENTENCES, Word, plain, tell
from routing.dispatch.work import room_kg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.dispatch.alternatives import Others
    from routing.dispatch.problem import Lot, Truck
    from routing.dispatch.table import Table
    from routing.dispatch.work import Work

_MOST = 64
"""So many lots are looked at for each truck."""
_ASKED = 128
"""For so many trucks the engine is asked which trip they would do for the least more."""


def idle_trucks(table: Table, work: Work, due: Sequence[int], others: Others | None) -> list[Idle]:
    """Return the trucks without a trip, and why each has none.

    Parameters
    ----------
    table, work
        The problem, and the plan.
    due
        The lots that were to be planned.
    others
        Who knows the other ways of the plan's trips; None: nobody does.
    """
    lots = [table.problem.lots[at] for at in due[:_MOST]]
    idle = [at for at in range(len(table.problem.trucks)) if not work.steps[at]]
    asked = set(idle[:_ASKED])
    return [
        Idle(
            table.problem.trucks[at].truck_id,
            (_why(table, work, at, lots, others if at in asked else None),),
        )
        for at in idle
    ]


def _why(table: Table, work: Work, at: int, lots: Sequence[Lot], others: Others | None) -> Reason:
    truck = table.problem.trucks[at]
    if at in work.stuck:
        return _told(table, "stuck")
    if not lots:
        return _told(table, "no_lot")
    left_s = work.standing[at].left_s(table)
    if left_s <= 0:
        return _told(table, "driving_hours", over_minutes=-left_s // 60)
    refused = [_refused(table, truck, lot) for lot in lots]
    if all(refused):
        counted = Counter(code for code in refused if code)
        rule = counted.most_common(1)[0][0]
        named = Word("reason", rule)
        return _told(table, "no_lot_it_could_carry", lots=len(lots), rule=named, **counted)
    nearest = others.nearest(truck.truck_id) if others else None
    if nearest is not None:
        trip, other = nearest
        more = max(0.0, other.cost_difference)
        values = {"lot_id": trip.lot_id, "other_truck_id": trip.truck_id, "more": more}
        return _told(table, "dearer", **values, why_code=other.why_code)
    able = sum(code is None for code in refused)
    return _told(table, "not_needed", able=able, lots=len(lots))


def _refused(table: Table, truck: Truck, lot: Lot) -> str | None:
    """Return the first rule that keeps a truck from a lot wherever it goes."""
    rules = {
        "declined": (truck.truck_id, lot.lot_id) in table.problem.forbidden,
        "temperature": lot.temperature not in truck.temperature_classes,
        "skills": not lot.needs <= truck.skills,
        "permits": not lot.permits <= truck.permits,
        "payload": room_kg(truck, lot) < max(table.params.min_consignment_kg, 1),
    }
    return next((code for code, broken in rules.items() if broken), None)


def _told(table: Table, code: str, **values: Any) -> Reason:
    assert f"idle.{code}" in SENTENCES
    words = tell(f"idle.{code}", values, utc_offset_s=table.params.local_utc_offset_s)
    return Reason(code, words["en"], plain(values) | {"vi": words["vi"]})
