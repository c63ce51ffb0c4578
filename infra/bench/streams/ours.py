"""Let our own worker fold the same load: the process that a stack runs, with everything it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from infra.bench.measure import Tell
from infra.bench.streams.contestant import Process
from infra.bench.streams.fleet import POSITIONS, REGISTRY
from infra.bench.streams.pour import NoFigure, Watch, last_rows
from infra.bench.streams.throughput import Contest, Load, Result
from infra.kafka.groups import WORKERS
from infra.readiness import Sign
from infra.settings import Settings
from schemas.topics import CATALOGUE

TABLE = f"{WORKERS}-truck-changelog"
_READY_WITHIN_S = 120.0
_QUIET_S, _LOOK_EVERY_S, _QUIET_SHARE = 3.0, 0.5, 0.4


def worker(settings: Settings, name: str, *, standbys: int | None = None) -> Process:
    """Start one stream worker as the supervisor does.

    Parameters
    ----------
    settings
        Name broker, Redis and folders.
    name
        The worker's name.
    standbys
        How many workers keep a copy of each table beside its owner; the settings' where None.
    """
    words = ("-m", "infra.cli", "worker", name)
    environment = settings.environment()
    if standbys is not None:
        environment["HARVESTLANE_STANDBYS"] = str(standbys)
    return Process(words, settings.log_path(name), environment)


def wait_until_ready(
    settings: Settings, workers: dict[str, Process], *, within_s: float = _READY_WITHIN_S
) -> None:
    """Wait until every worker says that it does its work.

    Parameters
    ----------
    settings
        Name the stack's folder.
    workers
        The processes by name.
    within_s
        How long to wait at most.

    Raises
    ------
    NoFigure
        One of them does not.
    """
    until = time.monotonic() + within_s
    while not all(_is_ready(settings, *one) for one in workers.items()):
        if time.monotonic() > until or not all(one.is_alive() for one in workers.values()):
            words = " / ".join(one.last_words() for one in workers.values())
            raise NoFigure(f"the workers do not become ready: {words}")
        time.sleep(0.1)


def _is_ready(settings: Settings, name: str, process: Process) -> bool:
    sign = Sign.read(settings.readiness_path(name))
    return sign is not None and sign.holds(process.pid)


def settle(process: Process, *, within_s: float = 120.0) -> None:
    """Wait until a worker and its planner have little to do: all is loaded and compiled.

    Parameters
    ----------
    process
        The worker.
    within_s
        How long to wait at most.
    """
    until = quiet_since = time.monotonic()
    until += within_s
    before = process.cpu_s()
    while time.monotonic() - quiet_since < _QUIET_S and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)
        now = process.cpu_s()
        if now - before > _QUIET_SHARE * _LOOK_EVERY_S:
            quiet_since = time.monotonic()
        before = now


def run_ours(settings: Settings, load: Load, tell: Tell, *, workers: int = 1) -> Result:
    """Let one worker of ours, then two and so on, fold a load.

    Parameters
    ----------
    settings
        Name the stack; nothing of it has been read yet.
    load
        What is folded.
    tell
        Is told what happens.
    workers
        How many share the last two of the load's runs.
    """
    topics = {name: CATALOGUE[name].partitions for name in (REGISTRY, POSITIONS)}
    names = [f"worker-{number}" for number in range(1, workers + 1)]
    stages = [_starter(settings, name) for name in names]

    def ready(processes: Sequence[Process]) -> None:
        wait_until_ready(settings, dict(zip(names, processes, strict=False)))
        for process in processes:
            settle(process)

    def table() -> dict[tuple[int, str], bytes]:
        return last_rows(settings.bootstrap_servers, TABLE)

    contest = Contest(settings, "ours", topics, WORKERS)
    return contest.run(load, stages, table, tell, ready=ready)


def _starter(settings: Settings, name: str) -> Callable[[], Process]:
    return lambda: worker(settings, name)


def watch_of(settings: Settings, *topics: str) -> Watch:
    """Watch how far our workers have come in some topics."""
    partitions = {name: CATALOGUE[name].partitions for name in topics}
    return Watch(settings.bootstrap_servers, WORKERS, partitions)
