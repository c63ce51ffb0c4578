"""Let our worker and stock Faust fold what is not bulk: clearances and revisions of lots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from infra.bench.measure import Tell
from infra.bench.streams import rival_faust
from infra.bench.streams.contestant import Errand, Process
from infra.bench.streams.fleet import (
    CLEARANCES,
    LOTS,
    REGISTRY,
    Message,
    checkpoints,
    clearances,
    lots,
    revisions,
)
from infra.bench.streams.ours import settle, wait_until_ready, worker
from infra.bench.streams.pour import NoFigure, last_rows, pour
from infra.bench.streams.reference import counted
from infra.bench.streams.throughput import Contest, Result
from infra.kafka.groups import WORKERS
from infra.settings import Settings
from schemas.topics import CATALOGUE
from streams.fold import Fold
from streams.lot import LOT_FOLD
from streams.truck import TRUCK_FOLD

_CHECKPOINTS, _LOTS = 200, 500
_WITHIN_S = 180.0
_FOLDS: Mapping[str, Fold] = {CLEARANCES: TRUCK_FOLD, LOTS: LOT_FOLD}


class Controls:
    """Draws control events in portions of two thirds clearances and one third revisions.

    Parameters
    ----------
    trucks
        The trucks that pass checkpoints; registered.
    """

    def __init__(self, trucks: Sequence[str]) -> None:
        self._trucks = trucks
        self._start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
        self.drawn: dict[str, int] = {CLEARANCES: 0, LOTS: 0}

    def furniture(self) -> list[Message]:
        """Register checkpoints and declare lots."""
        self.drawn[LOTS] += _LOTS
        return [*checkpoints(_CHECKPOINTS, self._start), *lots(_LOTS, self._start)]

    def portion(self, count: int) -> list[Message]:
        """Draw so many events that nobody has seen yet, the two kinds alternating."""
        third = count // 3
        seen, revised = self.drawn[CLEARANCES], self.drawn[LOTS] - _LOTS
        passing = clearances(
            seen + 2 * third,
            trucks=self._trucks,
            checkpoints=_CHECKPOINTS,
            start=self._start,
        )[seen:]
        revising = list(revisions(revised + third, lots=_LOTS, start=self._start))[revised:]
        self.drawn[CLEARANCES] += len(passing)
        self.drawn[LOTS] += len(revising)
        pairs = zip(passing[::2], passing[1::2], revising, strict=False)
        return [one for three in pairs for one in three]


def measure(
    settings: Settings, trucks: Sequence[str], count: int, tell: Tell
) -> tuple[Result, Result]:
    """Fold control events with our worker, then others with stock Faust.

    Parameters
    ----------
    settings
        A stack's whose trucks are registered and which no worker runs on.
    trucks
        Their names.
    count
        How many events are timed, twice.
    tell
        Is told what happens.

    Returns
    -------
    tuple of Result
        Ours, and stock Faust's.
    """
    controls = Controls(trucks)
    pour(settings.bootstrap_servers, controls.furniture())
    return _ours(settings, controls, count, tell), _stock(settings, controls, count, tell)


def _ours(settings: Settings, controls: Controls, count: int, tell: Tell) -> Result:
    process = worker(settings, "worker-1")

    def ready() -> None:
        wait_until_ready(settings, {"worker-1": process})
        settle(process)

    contest = Contest(settings, "ours", _partitions(CLEARANCES, LOTS), WORKERS)
    changelogs = {name: f"{WORKERS}-{fold.name}-changelog" for name, fold in _FOLDS.items()}
    try:
        contest.wait([process], _WITHIN_S)
        ready()
        return _timed(settings, contest, process, controls, count, changelogs, tell)
    except NoFigure as error:
        return Result("ours", wrong=[f"{error} ({process.last_words()})"])
    finally:
        process.end()


def _stock(settings: Settings, controls: Controls, count: int, tell: Tell) -> Result:
    name = "bench-stock-faust-controls"
    errand = Errand(
        servers=settings.bootstrap_servers,
        topic="",
        registered=(),
        group=name,
        changelog="",
        folder=str(settings.home / "rivals" / name),
        options={
            "folds": [TRUCK_FOLD.name, LOT_FOLD.name],
            "topics": [REGISTRY, CLEARANCES, LOTS],
        },
    )
    process = Process(("-m", rival_faust.__name__, errand.say()), settings.log_path(name))
    topics = _partitions(REGISTRY, CLEARANCES, LOTS)
    contest = Contest(settings, "stock_faust", topics, name)
    changelogs = {
        topic: rival_faust.changelog_of(errand, fold.name) for topic, fold in _FOLDS.items()
    }
    try:
        contest.wait([process], _WITHIN_S)
        return _timed(settings, contest, process, controls, count, changelogs, tell)
    except NoFigure as error:
        return Result("stock_faust", wrong=[f"{error} ({process.last_words()})"])
    finally:
        process.end()


def _timed(
    settings: Settings,
    contest: Contest,
    process: Process,
    controls: Controls,
    count: int,
    changelogs: Mapping[str, str],
    tell: Tell,
) -> Result:
    pour(settings.bootstrap_servers, controls.portion(count // 5))
    contest.wait([process], _WITHIN_S)
    result = Result(contest.name)
    for _ in range(2):
        contest.time([process], controls.portion(count), result)
        tell(f"{contest.name}: {result.rates[-1]:,.0f} control events/s")
    for topic, changelog in changelogs.items():
        rows = last_rows(settings.bootstrap_servers, changelog)
        applied = counted(_FOLDS[topic], rows, topic)
        if applied != {"applied": controls.drawn[topic]}:
            result.wrong.append(f"{topic}: {applied}, not {controls.drawn[topic]} applied")
    return result


def _partitions(*topics: str) -> dict[str, int]:
    return {name: CATALOGUE[name].partitions for name in topics}
