"""Replan after each of a stream of events, and compare the plan at its end with one made anew."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.bench.assignment.checker import judge
from infra.bench.assignment.events import Day, happen
from infra.bench.assignment.instances import UNSERVED_COST, draw
from infra.bench.assignment.ours import PARAMS, Present, calls_of, problem_of
from routing.dispatch import Deadline, plan

if TYPE_CHECKING:
    from infra.bench.assignment.events import Happening
    from infra.bench.assignment.ways import Drive
    from routing.dispatch import Plan, Problem

EVENTS = 200
_EVENT_S = 0.1
"""How long the search goes on after an event has been answered."""


@dataclass(frozen=True, slots=True)
class Replanned:
    """What became of a stream of events.

    Attributes
    ----------
    taken_ms
        How long each event took.
    drift
        What the plan at the end costs over one made anew, as a share.
    violations
        Of all plans.
    """

    taken_ms: tuple[float, ...]
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
    there = Present(np.arange(drawn.lots) < lots, np.ones(trucks, bool))
    day = Day(drawn, there)
    live = _full(day, limit_s, seed)
    taken_ms: list[float] = []
    violations = 0
    for _ in range(events):
        event = happen(day, calls_of(day.instance, live), rng)
        day = day.after(event)
        problem = problem_of(day.instance, day.present)
        begun = time.perf_counter()
        live = replanned(live, problem, event, seed)
        taken_ms.append(1e3 * (time.perf_counter() - begun))
        violations += _judged(day, live)[1]
    fresh = _full(day, limit_s, seed)
    cost, wrong = _judged(day, fresh)
    return Replanned(tuple(taken_ms), _judged(day, live)[0] / cost - 1, violations + wrong)


def replanned(live: Plan, problem: Problem, event: Happening, seed: int) -> Plan:
    """Answer one event: the only call of `routing.dispatch.replan`.

    Parameters
    ----------
    live
        The plan so far.
    problem
        The problem after the event.
    event
        What has happened.
    seed
        Where chance comes from.
    """
    raise NotImplementedError("routing.dispatch.replan is not wired yet")


def _full(day: Day, limit_s: float, seed: int) -> Plan:
    problem = problem_of(day.instance, day.present)
    begun = time.perf_counter()
    stop = Deadline(lambda: time.perf_counter() - begun, limit_s)
    return plan(problem, stop=stop, seed=seed, params=PARAMS)


def _judged(day: Day, live: Plan) -> tuple[float, int]:
    """Return what a plan costs, lots that are not there apart, and how many rules it breaks."""
    instance, absent = day.judged()
    routes = calls_of(instance, live)
    verdict = judge(instance, routes)
    declined = sum(
        (truck, call.lot) in day.present.declined
        for truck, route in enumerate(routes)
        for call in route
    )
    return verdict.cost - UNSERVED_COST * absent, len(verdict.violations) + declined
