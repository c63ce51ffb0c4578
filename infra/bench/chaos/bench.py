"""Break a stack of three brokers and three workers thirty times under load, and count what is left.

What was acknowledged is held against the log and the tables at the end, record by record; how long
a record waited is what the group's committed offsets said from outside.
"""

from __future__ import annotations

import math
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from infra.bench.chaos.faults import Hand
from infra.bench.chaos.gaps import Gap, Round, longest, stalls
from infra.bench.chaos.schedule import BROKERS, KINDS, WORKERS, Fault, draw
from infra.bench.chaos.stack import ChaosStack
from infra.bench.chaos.watcher import Watcher
from infra.bench.ledger import Account, Ledger, settle
from infra.bench.load import Load, pump
from infra.bench.measure import Measure, Outcome, Tell
from infra.settings import Settings
from infra.verify.judge import Verdict, judge
from infra.verify.log import Log
from infra.verify.reader import read

ROUNDS = 30
RATE_PER_S = 120.0
TRUCKS = 60
PLANNER_BUDGET_S = 0.3
"""Two cores run it all: a longer search would only show that they are busy."""

_CAUGHT_UP_S = 3.0  # what waits no longer than this is on its way
_WITHIN_S = 180.0
_DRAINED_WITHIN_S = 120.0
_POLL_S = 0.2
_STALL_WORDS = (" stands at ", "stalled")


class Broken(Exception):
    """The stack did not recover from a fault in time."""


def take(seed: int, tell: Tell, rounds: int = ROUNDS) -> Outcome:
    """Take the measures.

    Parameters
    ----------
    seed
        Draws the faults and the load.
    tell
        Is told what happens.
    rounds
        How many faults.
    """
    schedule = draw(seed, rounds)
    with tempfile.TemporaryDirectory(prefix="harvestlane-chaos-") as folder:
        return run(Path(folder), schedule, seed=seed, tell=tell)


def run(home: Path, schedule: list[Fault], *, seed: int, tell: Tell) -> Outcome:
    """Run a schedule on a new stack, and judge what is left.

    Parameters
    ----------
    home
        The stack's folder.
    schedule
        The faults.
    seed
        Draws the load.
    tell
        Is told what happens.
    """
    settings = Settings.throwaway(home, workers=WORKERS, brokers=BROKERS).model_copy(
        update={"planner_budget_s": PLANNER_BUDGET_S}
    )
    stack, load, ledger = ChaosStack(settings), Load(seed, trucks=TRUCKS), Ledger()
    notes: list[str] = []
    done: list[Round] = []
    tell("starting three brokers and three workers")
    with stack.running(), Watcher(settings) as watcher:
        pump(settings.bootstrap_servers, load.furniture(), rate_per_s=math.inf, sent=ledger)
        _recover(stack, watcher, time.time())
        try:
            with _under_load(settings, load, ledger):
                for fault in schedule:
                    done.append(_round(stack, watcher, fault, tell, len(done) + 1))
        except Broken as broken:
            notes.append(str(broken))
        tell("draining")
        log, lag = read(settings, wait_s=_DRAINED_WITHIN_S, progress=tell)
        time.sleep(2 * _CAUGHT_UP_S)  # the watcher has seen the last commits
    if lag:
        notes.append(f"{lag} records were not dealt with in the end.")
    words = _stall_words(settings)
    stood = stalls(watcher.ends, watcher.committed, done) + words
    verdict, account = judge(log, tell), settle(ledger.places, log)
    gaps = longest(ledger.places, log, watcher.committed, done)
    notes += [f"{gap.place} was never seen applied." for gap in gaps if gap.waited_s == math.inf]
    notes += [*account.examples, *stood, *verdict.told(5)]
    return Outcome(
        measures=_measures(done, account, verdict, gaps, len(stood)),
        facts=_facts(log, account, ledger, done, gaps, watcher),
        notes=notes,
    )


@contextmanager
def _under_load(settings: Settings, load: Load, ledger: Ledger) -> Iterator[None]:
    """Send a steady load for as long as the block lasts, and wait for its acknowledgements."""
    ended = threading.Event()

    def send() -> None:
        pump(
            settings.bootstrap_servers,
            load.records(),
            rate_per_s=RATE_PER_S,
            until=ended.is_set,
            sent=ledger,
        )

    thread = threading.Thread(target=send, name="load", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _round(stack: ChaosStack, watcher: Watcher, fault: Fault, tell: Tell, number: int) -> Round:
    time.sleep(fault.calm_s)
    tell(f"round {number}: {fault}")
    began = time.time()
    Hand(stack, watcher).do(fault)
    if why := _recover(stack, watcher, time.time()):
        raise Broken(f"round {number}, {fault}: not recovered after {_WITHIN_S:.0f} s: {why}")
    one = Round(fault, began, time.time())
    tell(f"round {number}: {fault}: recovered after {one.recover_s:.1f} s")
    return one


def _recover(stack: ChaosStack, watcher: Watcher, since: float) -> str:
    """Wait until all are ready, nothing waits and copies are in step; else say what is amiss."""
    deadline = time.monotonic() + _WITHIN_S
    while (amiss := _amiss(stack, watcher, since)) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return amiss


def _amiss(stack: ChaosStack, watcher: Watcher, since: float) -> str:
    if unready := stack.unready():
        return f"{', '.join(unready)} not ready"
    if late := watcher.late(since, _CAUGHT_UP_S):
        return f"{', '.join(late[:5])} late"
    missing = watcher.copies_missing(since)
    return "" if missing == 0 else f"{missing} copies not in step"


def _stall_words(settings: Settings) -> list[str]:
    """Find where workers or their supervisor said that offsets stand still."""
    return [
        line.strip()
        for path in sorted(settings.log_dir.glob("*.log*"))
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if "offset of" in line and any(word in line for word in _STALL_WORDS)
    ]


def _measures(
    done: list[Round], account: Account, verdict: Verdict, gaps: list[Gap], stood: int
) -> list[Measure]:
    findings = verdict.findings
    overbooked = findings["slots_within_capacity"].broken + findings["lots_not_doubled"].broken
    zeros = {
        "lost": account.lost,
        "doubled": account.applied_twice,
        "overbooked": overbooked,
        "views_differ": findings["views_agree"].broken,
        "commit_stalls": stood,
        "invariants_broken": sum(finding.broken for finding in findings.values()),
    }
    usual = _finite(max((gap.waited_s for gap in gaps if not gap.restart), default=None))
    restart = _finite(max((gap.waited_s for gap in gaps if gap.restart), default=None))
    unasked = "" if any(one.fault.kind == "restart_all" for one in done) else "no restart was drawn"
    return [
        Measure(name="rounds", value=len(done), unit="", goal=ROUNDS, better="higher"),
        Measure(name="acknowledged", value=account.acknowledged, unit="events"),
        *(
            Measure(name=name, value=value, unit="", goal=0, better="lower")
            for name, value in zeros.items()
        ),
        Measure(name="longest_gap_s", value=usual, unit="s", goal=30, better="lower"),
        Measure(
            name="longest_gap_restart_s",
            value=restart,
            unit="s",
            goal=90,
            better="lower",
            absent=unasked,
        ),
        *_recoveries(done),
    ]


def _finite(waited_s: float | None) -> float | None:
    """Give no figure for what was never applied: the goal is missed by it."""
    return waited_s if waited_s is not None and math.isfinite(waited_s) else None


def _recoveries(done: list[Round]) -> Iterator[Measure]:
    for kind in KINDS:
        took = [one.recover_s for one in done if one.fault.kind == kind]
        middle, worst = (median(took), max(took)) if took else (None, None)
        yield Measure(name=f"recover_s_{kind}", value=middle, unit="s")
        yield Measure(name=f"recover_s_{kind}_worst", value=worst, unit="s")


def _facts(
    log: Log, account: Account, ledger: Ledger, done: list[Round], gaps: list[Gap], watcher: Watcher
) -> dict[str, Any]:
    by_kind: dict[str, float | None] = {}
    for gap in gaps:
        name = f"{gap.kind} with a restart" if gap.restart else str(gap.kind)
        by_kind[name] = round(gap.waited_s, 1) if math.isfinite(gap.waited_s) else None
    counted = {name: value for name, value in asdict(account).items() if name != "examples"}
    return {
        "rate_per_s": RATE_PER_S,
        "brokers": BROKERS,
        "workers": WORKERS,
        "records_in_log": log.records,
        "acknowledged_by_kind": dict(ledger.kinds),
        "given_up_by_the_producer": ledger.failed,
        "account": counted,
        "longest_gap_s_by_fault": by_kind,
        "offsets_went_back": watcher.went_back,
        "schedule": [f"{one.fault}: {one.recover_s:.1f} s" for one in done],
    }
