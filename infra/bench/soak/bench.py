"""Run the whole stack for an hour at a steady rate, and judge whether memory and disk stay flat.

Retention is shortened (`infra.bench.soak.windows`), and what is over is forgotten the sooner: with
days, neither would pass within the hour. The first third is the warm-up, in which heaps, caches and
windows fill; what is judged is the slope of the rest (`infra.bench.soak.line`). So short a run as a
few minutes shows that the bench works and which things grow fastest, but no steady state.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from infra.bench.load import Load, Sent, pump
from infra.bench.measure import Measure, Outcome, Tell
from infra.bench.soak.line import FLAT_HOURS, FLAT_SHARE, Line, after, fit, least
from infra.bench.soak.sample import Samples, grouped
from infra.bench.soak.state import Counts, counted
from infra.bench.soak.windows import shorten
from infra.settings import Settings
from infra.stack import Stack, running_stack
from infra.stack.lag import measure

RATE_PER_S = 500
TRUCKS = 200
WORKERS = 2
_WARM_UP_SHARE = 1 / 3
_SAMPLE_EVERY_S = 12.0
_LONGEST_WINDOW_S = 300.0
_WINDOWS_KEPT = 2
"""What is over is kept for so many windows, as it is kept longer than any log in production."""
_STRETCHES = 30
"""Into so many stretches a soak is cut, of each of which the least disk counts (two minutes)."""
_DRAINED_WITHIN_S = 180.0

Series = Mapping[str, Sequence[tuple[float, float]]]


def take(seed: int, tell: Tell, *, minutes: float = 60) -> Outcome:
    """Soak a stack.

    Parameters
    ----------
    seed
        Where the load's chance comes from.
    tell
        Is told how far it is.
    minutes
        How long the load lasts.

    Returns
    -------
    Outcome
        `rss_slope_PROCESS_mb_per_h` of every process, `disk_beyond_retention_slope_mb_per_h` and
        the same by kind of storage, each to be flat; `events_applied`, counted in the tables at the
        end, to be all that were acknowledged.
    """
    window_s = min(_LONGEST_WINDOW_S, minutes * 10)
    with tempfile.TemporaryDirectory(prefix="harvestlane-soak-") as folder:
        settings = Settings.throwaway(Path(folder), workers=WORKERS)
        settings = settings.model_copy(update={"keep_days": _WINDOWS_KEPT * window_s / 86_400})
        with running_stack(settings) as stack:
            shorten(stack.settings, window_s)
            samples, sent = _soak(stack, seed, minutes, tell)
            tell("waiting until everything is applied")
            lag = _drained(stack.settings)
            counts = counted(stack.settings)
            restarts = stack.log("supervisor").count("starting it again")
    start_s = minutes * 60 * _WARM_UP_SHARE
    outcome = Outcome(facts=_facts(samples, sent, minutes, window_s))
    outcome.measures += _flat(samples, minutes)
    outcome.measures += _applied(sent, counts, minutes, lag=lag, restarts=restarts)
    outcome.notes += list(_said(samples, start_s))
    if minutes < 60:
        outcome.notes.append(
            f"{minutes:g} minutes are too short for a steady state: heaps and caches still fill."
        )
    return outcome


def _soak(stack: Stack, seed: int, minutes: float, tell: Tell) -> tuple[Samples, Sent]:
    """Load the stack and sample it until the time is up."""
    settings, load = stack.settings, Load(seed, trucks=TRUCKS)
    sent = pump(settings.bootstrap_servers, load.furniture(), rate_per_s=math.inf)
    samples, start = Samples(), time.monotonic()
    end = start + minutes * 60
    with ThreadPoolExecutor(1) as pool:
        pumping: Future[Sent] = pool.submit(
            pump,
            settings.bootstrap_servers,
            load.records(),
            rate_per_s=RATE_PER_S,
            until=lambda: time.monotonic() >= end,
            sent=sent,
        )
        while not pumping.done() and time.monotonic() < end:
            samples.take(settings, time.monotonic() - start)
            left_s = end - time.monotonic()
            tell(f"{left_s / 60:.1f} minutes to go, {sent.acknowledged} events acknowledged")
            time.sleep(max(min(_SAMPLE_EVERY_S, left_s), 0))
        pumping.result()
    return samples, sent


def _drained(settings: Settings) -> int | None:
    """Wait until nothing lags; return what is left."""
    deadline = time.monotonic() + _DRAINED_WITHIN_S
    while True:
        lag = measure(settings)
        total = None if lag is None else int(lag["total"])
        if total == 0 or time.monotonic() > deadline:
            return total
        time.sleep(1)


def _flat(samples: Samples, minutes: float) -> Iterator[Measure]:
    """Yield the slopes of the time after the warm-up, each with what is still called flat."""
    start_s = minutes * 60 * _WARM_UP_SHARE
    for name, series in sorted(samples.memory.items()):
        if not name.endswith(("_tracker", "_saving")):
            process = name.replace("-", "_")
            yield _slope(f"rss_slope_{process}_mb_per_h", fit(after(series, start_s)))
    stretch_s = minutes * 60 / _STRETCHES
    storages = grouped({name: least(one, stretch_s) for name, one in samples.disk.items()})
    yield _slope("disk_beyond_retention_slope_mb_per_h", fit(after(storages.pop("all"), start_s)))
    for name, series in sorted(storages.items()):
        # logs are set aside at 20 MB each: they grow up to there, and that is their bound
        slope = fit(after(series, start_s))
        yield _slope(f"disk_slope_{name}_mb_per_h", slope, judged=name != "logs")


def _slope(name: str, line: Line | None, *, judged: bool = True) -> Measure:
    if line is None:
        return Measure(name=name, value=None, unit="MB/h", goal=0.0, better="lower")
    goal = round(line.allowed_per_hour, 3) if judged else None
    return Measure(name=name, value=line.per_hour, unit="MB/h", goal=goal, better="lower")


def _applied(
    sent: Sent, counts: Counts, minutes: float, *, lag: int | None, restarts: int
) -> Iterator[Measure]:
    """Yield what was sent and what of it the tables hold."""
    valid = dict.fromkeys(sent.topics, 0)
    for (topic, kind), count in sent.snapshot().counts.items():
        valid[topic] += 0 if kind == "malformed" else count
    held = {topic: counts.by_topic[topic].total() for topic in valid}
    lost = sum(max(count - held[topic], 0) for topic, count in valid.items())
    doubled = sum(max(held[topic] - count, 0) for topic, count in valid.items())
    rate = sent.acknowledged / (minutes * 60)
    yield Measure(name="acknowledged", value=sent.acknowledged, unit="events")
    yield Measure(
        name="events_per_s", value=rate, unit="1/s", goal=0.98 * RATE_PER_S, better="higher"
    )
    yield Measure(
        name="events_applied",
        value=sum(held.values()),
        unit="events",
        goal=sum(valid.values()),
        better="higher",
    )
    yield Measure(name="lost", value=lost, unit="events", goal=0, better="lower")
    yield Measure(name="doubled", value=doubled, unit="events", goal=0, better="lower")
    yield Measure(
        name="malformed_not_set_aside",
        value=max(sent.kinds["malformed"] - counts.dead_letters, 0),
        unit="events",
        goal=0,
        better="lower",
    )
    yield Measure(name="lag_at_the_end", value=lag, unit="records", goal=0, better="lower")
    yield Measure(name="restarts", value=restarts, unit="times", goal=0, better="lower")


def _facts(samples: Samples, sent: Sent, minutes: float, window_s: float) -> dict[str, Any]:
    start_s = minutes * 60 * _WARM_UP_SHARE
    everything = (("memory_mb", samples.memory), ("disk_mb", samples.disk))
    return {
        "minutes": minutes,
        "warm_up_minutes": round(minutes * _WARM_UP_SHARE, 1),
        "rate_per_s": RATE_PER_S,
        "trucks": TRUCKS,
        "workers": WORKERS,
        "window_s": window_s,
        "sent": dict(sent.topics),
        "dirt": dict(sent.kinds),
        **{what: _table(series, start_s) for what, series in everything},
        "things": _table(samples.things, start_s),
    }


def _table(series: Series, start_s: float) -> dict[str, dict[str, float]]:
    """Describe each series: how it began, its mean and slope after the warm-up, how it ended."""
    found = {}
    for name, one in sorted(series.items()):
        line = fit(after(one, start_s))
        if line is None:
            continue
        found[name] = {
            "first": round(one[0][1], 3),
            "last": round(one[-1][1], 3),
            "mean": round(line.mean, 3),
            "per_h": round(line.per_hour, 3),
            "per_h_error": round(line.error_per_hour, 3),
            "percent_per_h": round(line.percent_per_hour, 2),
        }
    return found


def _said(samples: Samples, start_s: float) -> Iterator[str]:
    """Yield for people what the slopes are in percent, and what grows by number."""
    storages = {f"disk {name}": series for name, series in grouped(samples.disk).items()}
    folders = {f"  {name}": series for name, series in samples.disk.items()}
    yield f"Flat: a rise of at most {FLAT_SHARE:.0%} of the mean in {FLAT_HOURS * 60:.0f} minutes."
    for name, row in _table({**samples.memory, **storages, **folders}, start_s).items():
        yield (
            f"{name:<44} {row['mean']:>9.1f} MB {row['per_h']:>+10.1f} MB/h "
            f"± {row['per_h_error']:.1f}, {row['percent_per_h']:+.1f} %/h"
        )
    for name, row in _table(samples.things, start_s).items():
        yield f"{name:<44} {row['last']:>12,.0f} {row['per_h']:>+15,.0f} an hour"
