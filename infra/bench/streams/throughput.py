"""Let contestants fold the same positions on the same broker, one after the other.

What is timed: a contestant that is up, in its group and warm is held still (SIGSTOP) while the
whole backlog is produced; the clock runs from the moment in which it is let go (SIGCONT) to the
moment in which the broker has its committed offsets at the ends of all partitions, looked at every
10 ms. Start-up is in nobody's figure. Each has two such runs, one process after the other.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.bench.measure import Tell
from infra.bench.streams import rival_faust, rival_quix
from infra.bench.streams.contestant import Errand, Process
from infra.bench.streams.fleet import REPORT_EVERY, Fleet, Message
from infra.bench.streams.pour import NoFigure, Watch, last_rows, make_topic, pour
from infra.bench.streams.reference import Reference, Rows
from infra.settings import Settings
from schemas.topics import ENTITY_PARTITIONS

_WARM_WITHIN_S = 60.0
_WITHIN_S = 240.0
RUNS = 2
"""How often each contestant is timed."""
HELD_S = 4.5
"""A worker of ours that stands still for six seconds ends: the backlog must be there by then."""


@dataclass(frozen=True)
class Load:
    """What every contestant folds.

    Attributes
    ----------
    registrations
        The trucks.
    warm
        Positions that are folded before anything is timed.
    runs
        The backlogs, one for each timed run.
    """

    registrations: list[Message]
    warm: list[Message]
    runs: list[list[Message]]

    @classmethod
    def draw(cls, seed: int, *, trucks: int, warm: int, positions: int, runs: int = RUNS) -> Load:
        """Draw a load whose last positions are about a minute old."""
        reports = (warm + positions * runs) // trucks + 2
        start = datetime.now(UTC).replace(microsecond=0) - reports * REPORT_EVERY
        fleet = Fleet(seed, trucks, start - timedelta(minutes=1))
        return cls(
            fleet.registrations(),
            fleet.positions(warm),
            [fleet.positions(positions) for _ in range(runs)],
        )

    def reference(self, runs: int | None = None) -> Reference:
        """Fold everything, or the first runs only, in the plainest way."""
        reference = Reference()
        for part in (self.warm, *self.runs[:runs]):
            reference.take(part)
        return reference

    @property
    def registered(self) -> list[int]:
        """Count the registrations of each partition."""
        counts = Counter(one.partition for one in self.registrations)
        return [counts[partition] for partition in range(ENTITY_PARTITIONS)]


@dataclass
class Result:
    """What one contestant did.

    Attributes
    ----------
    name
        Who.
    rates
        Events folded a second, a figure for each run.
    cpu_us
        What its processes used of the processors for an event, microseconds, in each run.
    wrong
        Why the state is not what it must be: then there is no figure.
    """

    name: str
    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def better(self, stage: int = 0) -> float | None:
        """Return the better run of a stage; None where the state is wrong."""
        rates = self._rates(stage)
        return max(rates) if rates else None

    def worse(self, stage: int = 0) -> float | None:
        """Return the worse run of a stage; None where the state is wrong."""
        rates = self._rates(stage)
        return min(rates) if rates else None

    def _rates(self, stage: int) -> list[float]:
        return [] if self.wrong else self.rates[stage * RUNS : (stage + 1) * RUNS]


@dataclass(frozen=True)
class Rival:
    """One rival.

    Attributes
    ----------
    name
        As the figures name it.
    module
        What its process runs.
    options
        Its choices.
    changelog
        Names the topic that holds its state.
    row
        Reads a record of that topic as a row of our table.
    """

    name: str
    module: str
    options: Mapping[str, Any]
    changelog: Callable[[Errand], str] = lambda errand: errand.changelog
    row: Callable[[str, bytes], tuple[str, bytes]] = lambda key, value: (key, value)

    @property
    def keeps_own_changelog(self) -> bool:
        """Whether it makes its changelog itself."""
        return "aiokafka" not in self.module


PER_EVENT = Rival(
    "aiokafka_per_event",
    "infra.bench.streams.rival_aiokafka",
    {"batched": False, "records": 1000},
)
BATCHED = Rival(
    "aiokafka_batched",
    "infra.bench.streams.rival_aiokafka",
    {"batched": True, "records": None},
)
QUIX = Rival(
    "quix",
    "infra.bench.streams.rival_quix",
    {"form": "bytes", "commit_interval_s": 1.0},
    rival_quix.changelog_of,
    rival_quix.row_of,
)
FAUST = Rival(
    "stock_faust",
    "infra.bench.streams.rival_faust",
    {"folds": []},
    rival_faust.changelog_of,
)


def run_rival(settings: Settings, rival: Rival, load: Load, tell: Tell, *, tag: str = "") -> Result:
    """Let one rival fold a load.

    Parameters
    ----------
    settings
        Name the broker, and the folder to work in.
    rival
        Who.
    load
        What.
    tell
        Is told what happens.
    tag
        Tells several contests of one rival apart.
    """
    servers, name = settings.bootstrap_servers, f"bench-{rival.name}{tag}"
    errand = Errand(
        servers=servers,
        topic=f"{name}-positions",
        registered=load.registered,
        group=name,
        changelog=f"{name}-changelog",
        folder=str(settings.home / "rivals" / name),
        options=rival.options,
    )
    make_topic(servers, errand.topic, ENTITY_PARTITIONS)
    if not rival.keeps_own_changelog:
        make_topic(servers, errand.changelog, ENTITY_PARTITIONS, compacted=True)
    Path(errand.folder).mkdir(parents=True, exist_ok=True)
    log = settings.log_path(name)

    def table() -> Rows:
        read = last_rows(servers, rival.changelog(errand))
        named = ((partition, rival.row(key, value)) for (partition, key), value in read.items())
        return {(partition, key): value for partition, (key, value) in named}

    contest = Contest(settings, rival.name, {errand.topic: ENTITY_PARTITIONS}, errand.group)
    stages = [lambda: Process(("-m", rival.module, errand.say()), log)]
    return contest.run(load, stages, table, tell, topic=errand.topic)


class Contest:
    """One contestant's runs.

    Parameters
    ----------
    settings
        Name the broker.
    name
        Who.
    topics
        What it reads, each with its number of partitions.
    group
        Its consumer group.
    """

    def __init__(
        self, settings: Settings, name: str, topics: Mapping[str, int], group: str
    ) -> None:
        self._servers = settings.bootstrap_servers
        self.name = name
        self._watch = Watch(self._servers, group, topics)

    def run(
        self,
        load: Load,
        stages: Sequence[Callable[[], Process]],
        table: Callable[[], Rows],
        tell: Tell,
        *,
        topic: str | None = None,
        ready: Callable[[Sequence[Process]], None] = lambda _: None,
    ) -> Result:
        """Warm the contestant up, take the times, and look at its state.

        Parameters
        ----------
        load
            What it folds.
        stages
            Each starts one process more; all that run then share two of the load's runs.
        table
            Reads its state.
        tell
            Is told what happens.
        topic
            Where everything is put; the catalogue's own topics where None.
        ready
            Waits until the processes are ready to be timed.
        """
        result = Result(self.name)
        processes: list[Process] = []
        left = list(load.runs)
        try:
            pour(self._servers, load.registrations, topic=topic)
            for number, stage in enumerate(stages):
                processes.append(stage())
                ready(processes)
                if number == 0:
                    self.wait(processes, _WARM_WITHIN_S)
                    pour(self._servers, load.warm, topic=topic)
                    self.wait(processes, _WARM_WITHIN_S)
                for _ in range(RUNS):
                    self.time(processes, left.pop(0), result, topic=topic)
                    tell(f"{self.name}: {result.rates[-1]:,.0f}/s")
            ends = {partition: end for (_, partition), end in self._watch.ends().items()}
        except NoFigure as error:
            words = " / ".join(process.last_words() for process in processes)
            result.wrong.append(f"{error} ({words})")
        finally:
            for process in processes:
                process.end()
            self._watch.close()
        if not result.wrong:
            reference = load.reference(RUNS * len(stages))
            result.wrong = reference.differences(table(), ends)
        return result

    def time(
        self,
        processes: Sequence[Process],
        run: Sequence[Message],
        result: Result,
        *,
        topic: str | None = None,
    ) -> None:
        """Lay a backlog out before processes that are held still, and note their rate.

        Raises
        ------
        NoFigure
            They do not come to the end.
        """
        for process in processes:
            process.hold()
        held = time.monotonic()
        used_s = sum(process.cpu_s() for process in processes)
        try:
            pour(self._servers, run, topic=topic)
            if time.monotonic() - held > HELD_S:
                raise NoFigure("laying out the backlog took too long: the machine is not at rest")
        finally:
            began = time.monotonic()
            for process in processes:
                process.let_go()
        done = self.wait(processes, _WITHIN_S)
        used_s = sum(process.cpu_s() for process in processes) - used_s
        result.rates.append(len(run) / (done - began))
        result.cpu_us.append(1e6 * used_s / len(run))

    def wait(self, processes: Sequence[Process], within_s: float) -> float:
        """Wait until everything that is there now is committed; return when that was."""
        alive: Callable[[], bool] = lambda: all(one.is_alive() for one in processes)  # noqa: E731
        return self._watch.wait(within_s=within_s, alive=alive)
