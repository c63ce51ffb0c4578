"""Take the measures of `bench assignment`: ours, every rival, a bound, replanning, and pickups."""

from __future__ import annotations

import statistics
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from infra.bench.assignment import bound
from infra.bench.assignment.alone import EXPLORATIONS, alone
from infra.bench.assignment.contest import Entry, contest
from infra.bench.assignment.instances import Instance, draw
from infra.bench.assignment.ours import planned, warm_up
from infra.bench.assignment.pdptw import bench as pdptw
from infra.bench.assignment.relaxed import least_cost
from infra.bench.assignment.replanning import replan_all
from infra.bench.assignment.ways import roads
from infra.bench.measure import Measure, Outcome, Tell
from infra.settings import load_settings

if TYPE_CHECKING:
    from infra.bench.assignment.ways import Drive

LIMIT_S = 10.0
SMALL = (50, 100)
LARGE = (1000, 2000)
GOALS = (((200, 400), 0.95), (LARGE, 0.90))
"""Trucks and lots, and what ours is to cost of the best rival's."""

_BOUND_S = 180.0
_STREAMS = 3
_VIOLATIONS = "checker_violations"


def take(seed: int, tell: Tell) -> Outcome:
    """Measure everything, one after the other, each with both cores.

    Parameters
    ----------
    seed
        Of the instances, the events and the searches.
    tell
        Is told what happens.
    """
    outcome = Outcome(facts={"versions": _versions(), "limit_s": LIMIT_S})
    drive = roads(load_settings().network.absolute())
    tell("compiling")
    warm_up(draw(6, 10, seed=seed, drive=drive))
    violations = _bound(outcome, draw(*SMALL, seed=seed, drive=drive), seed, tell)
    for size, goal in GOALS:
        instance = draw(*size, seed=seed, drive=drive)
        violations += _rivals(outcome, instance, goal, seed, tell)
    violations += _replan(outcome, drive, seed, tell)
    pickups = pdptw.take(seed, tell)
    outcome.facts["pdptw"] = pickups.facts["pdptw"]
    outcome.notes += pickups.notes
    outcome.measures += pickups.measures
    violations += pickups.facts[_VIOLATIONS]
    outcome.measures.append(
        Measure(name=_VIOLATIONS, value=violations, unit="", goal=0, better="lower")
    )
    return outcome


def _bound(outcome: Outcome, instance: Instance, seed: int, tell: Tell) -> float:
    """Compare ours with what no plan can cost less than."""
    tell(f"{instance.name}: ours")
    routes, took_s = planned(instance, limit_s=LIMIT_S, seed=seed)
    ours = Entry.of(instance, routes, took_s)
    tell(f"{instance.name}: bound")
    begun = time.perf_counter()
    least = bound.lower_bound(
        instance, routes, going=lambda: time.perf_counter() - begun < _BOUND_S
    )
    outcome.facts[instance.name] = {
        "ours": ours.facts(),
        "bound_h": round(least.cost / 3600, 2),
        "bound_method": bound.METHOD,
        "bound_rounds": least.rounds,
        "bound_columns": least.columns,
        "bound_s": round(time.perf_counter() - begun, 1),
        "instance": _describe(instance),
    }
    outcome.measures.append(
        Measure(
            name=f"gap_to_bound_{instance.name}",
            value=ours.verdict.cost / least.cost - 1,
            unit="share",
            goal=0.03,
            better="lower",
        )
    )
    return ours.violations


def _rivals(outcome: Outcome, instance: Instance, goal: float, seed: int, tell: Tell) -> float:
    """Compare ours with the best of the rivals."""
    entries = contest(instance, limit_s=LIMIT_S, seed=seed, tell=tell)
    tell(f"{instance.name}: VROOM alone")
    by_itself = min(
        (
            Entry.found(instance, alone(instance, exploration=level, limit_s=LIMIT_S, seed=seed))
            for level in EXPLORATIONS
        ),
        key=lambda entry: entry.verdict.cost,
    )
    tell(f"{instance.name}: ours")
    ours = Entry.of(instance, *planned(instance, limit_s=LIMIT_S, seed=seed))
    best = min(entries, key=lambda name: entries[name].verdict.cost)
    all_of = {"ours": ours, **entries}
    outcome.facts[instance.name] = {name: each.facts() for name, each in all_of.items()} | {
        "best_rival": best,
        "vroom_alone": by_itself.facts(),
        "no_plan_below_h": round(least_cost(instance) / 3600, 2),
        "instance": _describe(instance),
    }
    outcome.measures.append(
        Measure(
            name=f"cost_vs_best_rival_{instance.name}",
            value=ours.verdict.cost / entries[best].verdict.cost,
            unit="times",
            goal=goal,
            better="lower",
        )
    )
    return sum(each.violations for each in all_of.values())


def _replan(outcome: Outcome, drive: Drive, seed: int, tell: Tell) -> float:
    """Replan after each event of some streams."""
    tell("replanning, compiling")
    replan_all(6, 10, seed=seed, drive=drive, limit_s=0.1, events=60)
    streams = []
    for stream in range(_STREAMS):
        tell(f"replanning, stream {stream + 1} of {_STREAMS}")
        streams.append(replan_all(*LARGE, seed=seed + stream, drive=drive, limit_s=LIMIT_S))
    taken = [each for stream in streams for each in stream.taken_ms]
    taken_ms = [ms for _, ms in taken]
    drifts = [stream.drift for stream in streams]
    outcome.facts["replan"] = {
        "streams": _STREAMS,
        "events": len(taken_ms),
        "drifts": [round(drift, 5) for drift in drifts],
        "median_ms": round(statistics.median(taken_ms), 1),
        "max_ms": round(max(taken_ms), 1),
        "median_ms_by_kind": {
            kind: round(statistics.median(ms for name, ms in taken if name == kind), 1)
            for kind in sorted({name for name, _ in taken})
        },
    }
    rows: list[tuple[str, float, str, float]] = [
        ("replan_p99_ms", float(np.percentile(taken_ms, 99)), "ms", 200),
        ("replan_drift", statistics.median(drifts), "share", 0.01),
    ]
    outcome.measures += [
        Measure(name=name, value=value, unit=unit, goal=goal, better="lower")
        for name, value, unit, goal in rows
    ]
    return sum(stream.violations for stream in streams)


def _describe(instance: Instance) -> dict[str, Any]:
    first_s, last_s = instance.window_s
    able = last_s >= first_s
    return {
        "trucks": instance.trucks,
        "lots": instance.lots,
        "ports": instance.ports,
        "slots": int((instance.slot_places > 0).sum()),
        "places_per_lot": round(float(instance.slot_places.sum() / instance.lots), 3),
        "slots_per_lot": round(float(able.sum() / instance.lots), 1),
        "chilled_lots": int(instance.chilled.sum()),
        "reefers": int(instance.reefer.sum()),
    }


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("pyvroom", "ortools", "pyvrp", "scipy", "numba")}
