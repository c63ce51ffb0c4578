"""Upgrade a loaded stack process by process, and see that nothing is lost or doubled by it.

The old code runs until the planner has made its first assignments. Then one worker is replaced by
one of the new code, and both work side by side: the tables' rows are written by both, and read by
whoever has their partition. Then the other worker follows, the projector and the API.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from redis import Redis

from infra.bench.account import judge_all
from infra.bench.drill import RATE_PER_S, drill_load
from infra.bench.ledger import Ledger
from infra.bench.load import pump
from infra.bench.machine import commit
from infra.bench.measure import Measure, Outcome, Tell
from infra.bench.upgrade.crew import Crew
from infra.bench.upgrade.revision import checked_out, compile_search, resolve
from infra.settings import PROJECT, Settings
from infra.stack import running_stack

_SIDE_BY_SIDE_S = 20.0
_FIRST_PLAN_WITHIN_S = 240.0
_LATER_S = 15.0


def take(seed: int, tell: Tell, *, from_: str | None = None) -> Outcome:
    """Upgrade from an earlier revision to this code.

    Parameters
    ----------
    seed
        Where the load's chance comes from.
    tell
        Is told what happens.
    from_
        The earlier revision; without it the last tag, or what was there before the last change of
        `streams/`.

    Returns
    -------
    Outcome
        `invariants_broken`, `lost`, `doubled`, and `deaths` from the first replacement on: all to
        be nothing; how many assignments there were by then, or it would prove little; and how long
        each process took to be ready again.
    """
    revision = resolve(from_)
    outcome = Outcome(facts={"from": revision, "to": commit(), "rate_per_s": RATE_PER_S})
    with tempfile.TemporaryDirectory(prefix="harvestlane-upgrade-") as name:
        folder = Path(name)
        settings = Settings.throwaway(folder / "home", workers=2)
        with checked_out(revision, folder / "old") as old:
            tell("compiling the old code's search")
            compile_search(old)
            with running_stack(settings, broker_only=True) as stack:
                _upgrade(stack.settings, Crew(stack.settings, old), seed, tell, outcome)
    return outcome


def _upgrade(settings: Settings, crew: Crew, seed: int, tell: Tell, outcome: Outcome) -> None:
    load, sent = drill_load(seed), Ledger()
    marks: dict[str, int] = {}

    def mark(name: str) -> None:
        marks[name] = sent.acknowledged

    tell("starting the old code")
    with crew.running(), ThreadPoolExecutor(1) as pool:
        pump(settings.bootstrap_servers, load.furniture(), rate_per_s=math.inf, sent=sent)
        over = False
        pumping = pool.submit(
            pump,
            settings.bootstrap_servers,
            load.records(),
            rate_per_s=RATE_PER_S,
            until=lambda: over,
            sent=sent,
        )
        try:
            tell("waiting for the old planner's first assignments")
            assignments = _await_assignments(settings)
            before = crew.deaths
            took_s = _replace_all(crew, tell, mark)
        finally:
            over = True
        pumping.result()
        mark("end")
        judged = judge_all(settings, sent, tell=tell)
    outcome.measures += judged.measures()
    outcome.measures.append(
        Measure(name="deaths", value=crew.deaths - before, unit="times", goal=0, better="lower")
    )
    outcome.measures.append(
        Measure(name="assignments_of_the_old", value=assignments, unit="", goal=1, better="higher")
    )
    outcome.measures += [
        Measure(name=f"back_{name.replace('-', '_')}_s", value=seconds, unit="s")
        for name, seconds in took_s.items()
    ]
    side = marks["worker-2"] - marks["worker-1"]
    outcome.measures.append(Measure(name="side_by_side", value=side, unit="events"))
    outcome.measures.append(Measure(name="acknowledged", value=sent.acknowledged, unit="events"))
    outcome.facts |= judged.facts() | {"acknowledged_until": marks}
    outcome.notes += [*judged.notes(), *(line for line in crew.said if "starting it again" in line)]


def _replace_all(crew: Crew, tell: Tell, mark: Callable[[str], None]) -> dict[str, float]:
    """Replace everybody, the workers with time in between; return how long each took."""
    took_s: dict[str, float] = {}
    for name in crew.names:
        mark(name)
        tell(f"replacing {name}")
        took_s |= crew.replace([name], PROJECT)
        if name.startswith("worker"):
            tell(f"{name} is new; working on under load")
            time.sleep(_SIDE_BY_SIDE_S)
    mark("all_new")
    time.sleep(_LATER_S)
    return took_s


def _await_assignments(settings: Settings) -> int:
    """Wait until there are assignments, for a while, and return how many there are."""
    deadline = time.monotonic() + _FIRST_PLAN_WITHIN_S
    with Redis.from_url(settings.redis_url, socket_timeout=10) as redis:
        while not (found := int(redis.hlen("view:assignment"))) and time.monotonic() < deadline:
            time.sleep(0.5)
    return found
