"""Take the measures of `bench streams`: throughput beside rivals, latency, and recovery."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from infra.bench.measure import Measure, Outcome, Tell
from infra.bench.streams import controls, latency, recovery
from infra.bench.streams.budget import budget
from infra.bench.streams.ours import run_ours
from infra.bench.streams.pour import NoFigure
from infra.bench.streams.throughput import (
    BATCHED,
    FAUST,
    PER_EVENT,
    QUIX,
    RUNS,
    Load,
    Result,
    run_rival,
)
from infra.kafka import broker
from infra.settings import Settings
from infra.stack import running_stack

_GOALS = {
    "positions_vs_quix": (QUIX.name, 1.2),
    "positions_vs_aiokafka_per_event": (PER_EVENT.name, 1.5),
    "positions_vs_aiokafka_batched": (BATCHED.name, 0.5),
}
_CORES_TO_SCALE = 4


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Say how much is measured.

    Attributes
    ----------
    trucks
        Registered in every part.
    warm, positions
        Positions before anything is timed, and in each timed run.
    faust_positions
        The same for stock Faust, which is slow.
    control_events
        In each timed run.
    keys
        Of the table that is recovered.
    latency
        What is sent while latencies are taken.
    """

    trucks: int = 1000
    warm: int = 20_000
    positions: int = 150_000
    faust_positions: int = 15_000
    control_events: int = 12_000
    keys: int = 1_000_000
    latency: latency.Plan = field(default_factory=latency.Plan)


def take(seed: int, tell: Tell) -> Outcome:
    """Measure everything at full size.

    Parameters
    ----------
    seed
        Of all positions, lots and causes.
    tell
        Is told what happens.
    """
    return take_sized(seed, tell, Sizes())


def take_sized(seed: int, tell: Tell, sizes: Sizes) -> Outcome:
    """Measure everything.

    Parameters
    ----------
    seed
        Of all positions, lots and causes.
    tell
        Is told what happens.
    sizes
        How much.
    """
    outcome = Outcome(
        facts={
            "broker": {"name": "Apache Kafka", "version": broker.version(), "nodes": 1},
            "versions": {
                name: version(name)
                for name in ("aiokafka", "confluent-kafka", "faust-streaming", "quixstreams")
            },
            "sizes": asdict(sizes),
        }
    )
    tell("splitting what one position costs")
    outcome.facts["budget_us"] = budget(seed)
    with tempfile.TemporaryDirectory(prefix="harvestlane-bench-") as folder:
        throughput(outcome, Settings.throwaway(Path(folder) / "throughput"), seed, tell, sizes)
        waits(outcome, Settings.throwaway(Path(folder) / "latency"), seed, tell, sizes)
        recover(outcome, Settings.throwaway(Path(folder) / "recovery"), tell, sizes)
    return outcome


def throughput(outcome: Outcome, settings: Settings, seed: int, tell: Tell, sizes: Sizes) -> None:
    """Measure positions and control events, ours and rivals' on one broker."""
    draw = {"trucks": sizes.trucks, "warm": sizes.warm}
    load = Load.draw(seed, **draw, positions=sizes.positions, runs=2 * RUNS)
    few = Load.draw(seed, trucks=sizes.trucks, warm=2000, positions=sizes.faust_positions)
    results: dict[str, Result] = {}
    with running_stack(settings, broker_only=True) as stack:
        for rival in (BATCHED, QUIX):
            results[rival.name] = run_rival(stack.settings, rival, load, tell)
        ours = run_ours(stack.settings, load, tell, workers=2)
        results[PER_EVENT.name] = run_rival(stack.settings, PER_EVENT, load, tell)
        results[FAUST.name] = run_rival(stack.settings, FAUST, few, tell)
        names = [one.key.decode() for one in load.registrations]
        control, stock = controls.measure(stack.settings, names, sizes.control_events, tell)
    outcome.measures += _positions(ours, results)
    outcome.measures += _controls(control, stock)
    outcome.measures.append(_two_workers(ours, outcome))
    outcome.facts["runs_per_s"] = {
        one.name: [round(rate) for rate in one.rates] for one in (ours, *results.values())
    } | {f"{one.name}_control": [round(rate) for rate in one.rates] for one in (control, stock)}
    outcome.facts["cpu_us_per_event"] = {
        one.name: [round(used, 1) for used in one.cpu_us] for one in (ours, *results.values())
    } | {f"{one.name}_control": [round(used) for used in one.cpu_us] for one in (control, stock)}
    outcome.facts["timed"] = (
        "from letting a warm process go, the whole backlog laid out, until its committed offsets "
        "stand at the ends of all partitions; ours: the worse of two runs, rivals: the better"
    )
    for one in (ours, *results.values(), control, stock):
        outcome.notes += [f"{one.name} has no figure: {why}" for why in one.wrong]


def _positions(ours: Result, results: Mapping[str, Result]) -> list[Measure]:
    measures = []
    for name, (rival, goal) in _GOALS.items():
        theirs, mine = results[rival].better(), ours.worse()
        value = mine / theirs if mine is not None and theirs else None
        absent = "" if theirs else f"{rival} has no figure"
        measures.append(
            Measure(name=name, value=value, unit="times", goal=goal, better="higher", absent=absent)
        )
    measures.append(Measure(name="positions_per_s", value=ours.worse(), unit="1/s"))
    measures += [
        Measure(name=f"{name}_positions_per_s", value=one.better(), unit="1/s")
        for name, one in results.items()
    ]
    return measures


def _controls(ours: Result, stock: Result) -> list[Measure]:
    return [
        Measure(name="control_events_per_s", value=ours.worse(), unit="1/s"),
        Measure(name="stock_faust_control_events_per_s", value=stock.better(), unit="1/s"),
    ]


def _two_workers(ours: Result, outcome: Outcome) -> Measure:
    value = None
    if not ours.wrong:
        value = statistics.mean(ours.rates[RUNS:]) / statistics.mean(ours.rates[:RUNS])
    cores = os.cpu_count() or 1
    goal = 1.5 if cores >= _CORES_TO_SCALE else None
    better: Literal["higher"] | None = "higher" if goal else None
    if goal is None:
        outcome.notes.append(
            f"two_workers_vs_one has no goal on {cores} cores: one worker and the broker fill them"
        )
    return Measure(name="two_workers_vs_one", value=value, unit="times", goal=goal, better=better)


def waits(outcome: Outcome, settings: Settings, seed: int, tell: Tell, sizes: Sizes) -> None:
    """Measure latencies with the whole stack up."""
    try:
        found = latency.measure(settings, sizes.latency, seed, tell)
    except NoFigure as error:
        outcome.notes.append(f"no latencies: {error}")
        found = latency.Waits()
    state, decisions = found.state_ms, found.all_decisions_ms
    late = found.unseen or found.unanswered
    outcome.measures += [
        _wait("event_to_state_p99_ms", None if found.unseen else state, 250),
        _wait("event_to_assignment_p99_ms", None if found.unanswered else decisions, 1000),
    ]
    if late:
        outcome.notes.append(
            f"{found.unseen} positions were never seen, {found.unanswered} causes never answered"
        )
    outcome.facts["latency"] = {
        "rate_per_s": round(found.rate, 1),
        "state_ms": _spread(state),
        "decision_ms": {kind: _spread(each) for kind, each in found.decision_ms.items()},
    }


def _wait(name: str, ordered: list[float] | None, goal: float) -> Measure:
    value = latency.percentile(ordered or (), 0.99)
    return Measure(name=name, value=value, unit="ms", goal=goal, better="lower")


def _spread(ordered: list[float]) -> dict[str, Any]:
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    found = {name: latency.percentile(ordered, share) for name, share in shares.items()}
    return {"n": len(ordered)} | {
        name: None if value is None else round(value) for name, value in found.items()
    }


def recover(outcome: Outcome, settings: Settings, tell: Tell, sizes: Sizes) -> None:
    """Measure recovery from nothing, and a take-over with standby tables."""
    with running_stack(settings, broker_only=True) as stack:
        found = recovery.measure(stack.settings, sizes.keys, tell)
    outcome.measures += [
        Measure(name="recovery_1m_keys_s", value=found.cold_s, unit="s", goal=60, better="lower"),
        Measure(name="recovery_standby_s", value=found.standby_s, unit="s", goal=5, better="lower"),
        Measure(name="takeover_s", value=found.takeover_s, unit="s"),
        Measure(name="session_timeout_s", value=found.session_timeout_s, unit="s"),
    ]
    outcome.facts["recovery"] = {"keys": sizes.keys, "table_bytes": found.table_bytes}
    outcome.notes += [f"recovery: {why}" for why in found.failed]
