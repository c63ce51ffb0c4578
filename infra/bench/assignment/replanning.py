"""Replan after each of a stream of events, and compare the plan at its end with one made anew."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.bench.assignment.checker import judge
from infra.bench.assignment.events import Day, happen
from infra.bench.assignment.instances import UNSERVED_COST, draw
from infra.bench.assignment.ours import (
    PARAMS,
    Present,
    TableTravel,
    calls_of,
    calls_of_legs,
    lot_of,
    problem_of,
)
from routing.dispatch import Deadline, plan
from routing.dispatch.replan import (
    BrokenDown,
    Closed,
    Declined,
    Delayed,
    LotAdded,
    Reprioritised,
    SlotCut,
    Withdrawn,
    begin,
    replan,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.bench.assignment.checker import Call, Routes
    from infra.bench.assignment.events import Happening, Kind
    from infra.bench.assignment.ways import Drive
    from routing.dispatch.replan import Event

EVENTS = 200
_EVENT_S = 0.13
"""How long the search round an event goes on."""


@dataclass(frozen=True, slots=True)
class Replanned:
    """What became of a stream of events.

    Attributes
    ----------
    taken_ms
        What each event was, and how long its answer took.
    drift
        What the plan at the end costs over one made anew, as a share.
    violations
        Of all plans.
    """

    taken_ms: tuple[tuple[Kind, float], ...]
    drift: float
    violations: int


def replan_all(
    trucks: int, lots: int, *, seed: int, drive: Drive, limit_s: float, events: int = EVENTS
) -> Replanned:
    """Plan a day, let things happen, replan after each of them, and plan anew at the end.

    Parameters
    ----------
    trucks, lots
        How many at first; some more lots come later.
    seed
        Of the instance and of the events.
    drive
        How long a truck drives.
    limit_s
        The time of the full plans.
    events
        How many.
    """
    rng = np.random.default_rng([seed, events])
    drawn = draw(trucks, lots + events // 2, seed=seed, drive=drive)
    day = Day(drawn, Present(np.arange(drawn.lots) < lots, np.ones(trucks, bool)))
    live = begin(
        problem_of(day.instance, day.present), stop=_within(limit_s), seed=seed, params=PARAMS
    )
    taken_ms: list[tuple[Kind, float]] = []
    violations = 0
    for _ in range(events):
        happening = happen(day, calls_of_legs(day.instance, live.legs()), rng)
        day = day.after(happening)
        event = _event(day, happening)
        begun = time.perf_counter()
        replan(live, event, stop=_within(_EVENT_S))
        taken_ms.append((happening.kind, 1e3 * (time.perf_counter() - begun)))
        violations += _judged(day, calls_of_legs(day.instance, live.legs()))[1]
    cost, wrong = _judged(day, _anew(day, limit_s, seed))
    at_end = _judged(day, calls_of_legs(day.instance, live.legs()))[0]
    return Replanned(tuple(taken_ms), at_end / cost - 1, violations + wrong)


def _event(day: Day, happening: Happening) -> Event:
    """Say what has happened in our planner's words; the day is the one after it."""
    truck_id, lot_id = f"truck-{happening.truck}", f"lot-{happening.lot}"
    amount = happening.amount
    events: dict[Kind, Callable[[], Event]] = {
        "lot": lambda: LotAdded(lot_of(day.instance, happening.lot)),
        "withdrawal": lambda: Withdrawn(lot_id),
        "priority": lambda: Reprioritised(lot_id, amount),
        "decline": lambda: Declined(truck_id, lot_id),
        "breakdown": lambda: BrokenDown(truck_id),
        "delay": lambda: Delayed(truck_id, amount),
        "slot_cut": lambda: SlotCut(f"slot-{happening.slot}", amount),
        "closure": lambda: Closed(TableTravel.of(day.instance)),
    }
    return events[happening.kind]()


def _anew(day: Day, limit_s: float, seed: int) -> list[list[Call]]:
    problem = problem_of(day.instance, day.present)
    made = plan(problem, stop=_within(limit_s), seed=seed, params=PARAMS)
    return calls_of(day.instance, made)


def _within(limit_s: float) -> Deadline:
    begun = time.perf_counter()
    return Deadline(lambda: time.perf_counter() - begun, limit_s)


def _judged(day: Day, routes: Routes) -> tuple[float, int]:
    """Return what a plan costs, lots that are not there apart, and how many rules it breaks."""
    instance, absent = day.judged()
    verdict = judge(instance, routes)
    declined = sum(
        (truck, call.lot) in day.present.declined
        for truck, route in enumerate(routes)
        for call in route
    )
    return verdict.cost - UNSERVED_COST * absent, len(verdict.violations) + declined
