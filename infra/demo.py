"""Run the main job without a screen: a throw-away stack, one scenario day, and its verdict."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from infra.kafka import broker
from infra.scenario.generate import SCENARIOS, generate
from infra.scenario.run import Run, find_script, run_path
from infra.scenario.script import Script, read_script
from infra.scenes.deviations import deviations_doc
from infra.scenes.metering import metering_doc
from infra.scenes.passes import judge_passes, passes_doc
from infra.settings import Settings
from infra.stack import Stack, running_stack
from infra.verify import tally
from infra.verify.judge import judge
from infra.verify.log import Log
from infra.verify.reader import read
from schemas.errors import StackError

SCENARIO = "kien-giang-2021-08"

_POLL_S = 0.5
_STUCK_S = 300.0
"""A player that sends nothing for so long has given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What to run.

    Attributes
    ----------
    scenario
        Name of a scenario, or a file.
    speed
        Seconds of the scenario's clock in one second.
    seed
        What a generated scenario is generated from; its own where None.
    folder
        Folder to run in and to keep; a temporary one where None.
    """

    scenario: str = SCENARIO
    speed: float = 600.0
    seed: int | None = None
    folder: Path | None = None


def run_demo(demo: Demo, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Play a scenario in a stack of its own, wait until all is settled, and judge it.

    Parameters
    ----------
    demo
        What to run.
    progress
        Is told what happens.

    Returns
    -------
    dict
        What `demo --json` prints.

    Raises
    ------
    StackError
        The stack did not start, or the player gave up.
    RoadError
        There is no road network.
    """
    begun = time.monotonic()
    with _folder(demo.folder) as home:
        settings = Settings.throwaway(home, clock_speed=demo.speed)
        roads = _roads(settings)
        if demo.seed is not None and demo.scenario in SCENARIOS:
            generate(demo.scenario, seed=demo.seed, out=_generated(settings, demo.scenario))
        path = find_script(settings, demo.scenario)
        script = read_script(path)
        progress("starting Kafka, Redis, workers and API")
        with running_stack(settings, scenario=str(path), speed=demo.speed) as stack:
            run = wait_until_settled(stack, path.stem, script, progress)
            summary = summarise(stack.settings, script, run, progress)
    seed = script.meta.get("seed")
    return {
        **summary,
        "broker": {"name": "Apache Kafka", "version": broker.version()},
        "roads": roads,
        "scenario": path.stem,
        "wall_s": round(time.monotonic() - begun, 1),
        "speed": demo.speed,
        "seed": seed,
    }


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        if any(kept.iterdir()):
            raise StackError(f"{kept} is not empty; name a new folder to keep the demo in")
        yield kept.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="harvestlane-demo-") as folder:
        yield Path(folder)


def _generated(settings: Settings, name: str) -> Path:
    return settings.home / "scenario" / f"{name}.jsonl"


def _roads(settings: Settings) -> dict[str, Any]:
    path = settings.network / "info.json"
    try:
        info = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise StackError(
            f"there is no road network in {settings.network}; "
            "build it with `harvestlane roads build --bundled`"
        ) from None
    return {name: info[name] for name in ("source", "nodes", "edges")}


def wait_until_settled(
    stack: Stack, name: str, script: Script, progress: Callable[[str], None]
) -> Run:
    """Wait until the player has sent everything and its trucks have done their work.

    Parameters
    ----------
    stack
        The stack that plays.
    name
        The scenario file's name without its ending.
    script
        The scenario.
    progress
        Is told how far it is.

    Returns
    -------
    Run
        The finished run.

    Raises
    ------
    StackError
        The player gave up; the message quotes its log.
    """
    path = run_path(stack.settings, name)
    moved, seen = time.monotonic(), None
    while True:
        run = Run.load(path)
        if run is not None and run.finished_at is not None:
            return run
        if run != seen:
            moved, seen = time.monotonic(), run
        if run is not None:
            progress(f"{run.position} of {len(script.lines)} events sent; it is {run.mark}")
        if time.monotonic() - moved > _STUCK_S:
            last = stack.log("scenario").strip().splitlines()[-1:]
            raise StackError(f"the scenario stands still: {' '.join(last) or 'its log is empty'}")
        time.sleep(_POLL_S)


def summarise(
    settings: Settings, script: Script, run: Run, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Judge a stack on which a scenario has been played, and count what came of it.

    Parameters
    ----------
    settings
        Name the stack.
    script, run
        What was played.
    progress
        Is told what happens.

    Returns
    -------
    dict
        Counts, latencies, by name whether each invariant holds, and what the scenes came to.
    """
    log, lag = read(settings, progress=progress)
    verdict = judge(log, progress=lambda name: progress(f"judging {name}"))
    return {
        **tally.own_events(log, (line.message(run.run_id) for line in script.lines)),
        "simulated_events": sum(run.simulated.values()),
        "redelivered": _redelivered(settings),
        "events_applied": tally.applied(log),
        **tally.lots(log),
        **tally.assignments(log),
        "latency_ms": tally.latencies(log),
        "records": log.records,
        "lag": lag,
        "invariants": {name: finding.ok for name, finding in verdict.findings.items()},
        "violations": {
            name: finding.violations for name, finding in verdict.findings.items() if not finding.ok
        },
        **_scenes(log, script, progress),
    }


def _scenes(log: Log, script: Script, progress: Callable[[str], None]) -> dict[str, Any]:
    """Tell what became of forged passes, of trucks off their corridors, and of the queue."""
    progress("showing passes, deviations and the longest queue")
    with tempfile.TemporaryDirectory(prefix="harvestlane-keys-") as keys:
        judged = judge_passes(Path(keys), script.meta.get("passes", ()))
    return {
        "passes": passes_doc(judged, log),
        "strays": script.meta.get("strays", 0),
        "deviations": deviations_doc(log),
        "metering": metering_doc(log, script),
    }


def _redelivered(settings: Settings) -> int:
    """Return what the workers counted in Redis; a counter, so a lower bound after a loss."""
    try:
        with Redis.from_url(settings.redis_url, decode_responses=True) as redis:
            counters = redis.hgetall("counters")
    except RedisError:
        return 0
    assert isinstance(counters, dict)
    return sum(int(n) for name, n in counters.items() if name.endswith(":redelivered"))
