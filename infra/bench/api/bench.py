"""Take the measures of `bench api`: a whole stack, loaded from processes of their own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from infra.bench.api import count, draw, world
from infra.bench.api.connection import raise_file_limit
from infra.bench.api.draw import SOURCE
from infra.bench.api.errands import Listeners, run_load
from infra.bench.api.listen import Heard
from infra.bench.api.load import Found
from infra.bench.measure import Measure, Outcome, Tell
from infra.bench.streams.latency import percentile
from infra.logins import script_token
from infra.settings import Settings
from infra.stack import Stack, running_stack

Better = Literal["lower", "higher"]

_TOPICS = (
    "truck.position.v1",
    "checkpoint.clearance.v1",
    "harvest.lot.v1",
    "truck.registry.v1",
)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Say how much is measured.

    Attributes
    ----------
    trucks, lots
        What the stack knows before anything is measured.
    warm_s, measured_s
        How long each part is loaded before it counts, and while it does.
    posting, batching, reading
        Connections that are kept open in those parts.
    batch
        Events in a batch.
    post_rate
        Posts a second, by schedule, while waits are taken: half of the goal.
    clients, updates
        Event streams, and the reports a second that they show.
    stream_s
        How long the streams are listened to.
    """

    trucks: int = draw.TRUCKS
    lots: int = draw.LOTS
    warm_s: float = 4.0
    measured_s: float = 15.0
    posting: int = 32
    batching: int = 4
    reading: int = 16
    batch: int = 500
    post_rate: float = 750.0
    clients: int = 2_000
    updates: float = 100.0
    stream_s: float = 30.0


def take(seed: int, tell: Tell) -> Outcome:
    """Measure everything at full size.

    Parameters
    ----------
    seed
        Of all events and reads.
    tell
        Is told what happens.
    """
    return take_sized(seed, tell, Sizes())


def take_sized(seed: int, tell: Tell, sizes: Sizes) -> Outcome:
    """Measure everything.

    Parameters
    ----------
    seed
        Of all events and reads.
    tell
        Is told what happens.
    sizes
        How much.
    """
    raise_file_limit()  # the stack inherits it
    outcome = Outcome(facts={"sizes": asdict(sizes)})
    with tempfile.TemporaryDirectory(prefix="harvestlane-bench-") as folder:
        settings = Settings.throwaway(Path(folder) / "stack", workers=1)
        tell("starting a whole stack")
        with running_stack(settings) as stack:
            _Parts(outcome, stack, Path(folder), seed, tell, sizes).take()
    return outcome


class _Parts:
    """Take one part after the other on one stack."""

    def __init__(
        self, outcome: Outcome, stack: Stack, folder: Path, seed: int, tell: Tell, sizes: Sizes
    ) -> None:
        self._outcome = outcome
        self._stack = stack
        self._folder = folder
        self._tell = tell
        self._sizes = sizes
        self._token = script_token(stack.settings, "dispatcher", None, ttl_s=3_600)
        self._seed = seed
        self._receipts: list[Path] = []
        self._cores: dict[str, dict[str, float]] = {}

    def take(self) -> None:
        """Take them all."""
        sizes, settings = self._sizes, self._stack.settings
        self._tell(f"registering {sizes.trucks:,} trucks and {sizes.lots:,} lots")
        world.furnish(settings, self._seed, trucks=sizes.trucks, lots_=sizes.lots)
        self._posts()
        self._waits()
        self._reads()
        self._streams()
        self._batches()
        self._account()
        self._outcome.facts["cores"] = self._cores

    def _posts(self) -> None:
        self._tell("posting single events")
        found = self._load("posts", connections=self._sizes.posting)
        rate = found.statuses.get("202", 0) / found.measured_s
        self._goal("event_posts_per_s", rate, "1/s", 1_500, "higher")
        self._say("posts", found, wanted="202")

    def _waits(self) -> None:
        rate = self._sizes.post_rate
        self._tell(f"posting {rate:.0f} events a second by schedule")
        found = self._load("posts", part="waits", connections=64, rate_per_s=rate)
        self._goal("post_p99_ms", _p99(found.waits_ms), "ms", 50, "lower")
        self._say("waits", found, wanted="202")

    def _reads(self) -> None:
        self._tell("reading items and pages")
        found = self._load("reads", connections=self._sizes.reading)
        rate = found.statuses.get("200", 0) / found.measured_s
        self._goal("reads_per_s", rate, "1/s", 3_000, "higher")
        self._say("reads", found, wanted="200")

    def _batches(self) -> None:
        sizes = self._sizes
        self._tell(f"posting batches of {sizes.batch}")
        found = self._load("batches", connections=sizes.batching, batch=sizes.batch)
        rate = sizes.batch * found.statuses.get("202", 0) / found.measured_s
        self._goal("batch_events_per_s", rate, "1/s", 15_000, "higher")
        self._say("batches", found, wanted="202")

    def _streams(self) -> None:
        sizes = self._sizes
        self._tell(f"opening {sizes.clients:,} event streams")
        before = world.rss(self._stack, "api")
        listeners = Listeners(self._stack.settings.port, self._token, sizes.clients)
        with listeners:
            self._tell(f"reporting {sizes.updates:.0f} positions a second to all of them")
            load = self._load(
                "positions",
                part="streams",
                connections=32,
                rate_per_s=sizes.updates,
                measured_s=sizes.stream_s,
            )
            time.sleep(2.0)  # the last ones are on their way
            after = world.rss(self._stack, "api")
            heard = listeners.stop()
        self._say("updates", load, wanted="202")
        self._heard(heard, (after - before) / sizes.clients)

    def _heard(self, heard: Heard, bytes_a_client: float) -> None:
        sizes = self._sizes
        whole = [all_seen(each, heard.versions, sizes.trucks) for each in heard.versions]
        saw_all = heard.trucks.get(str(sizes.trucks), 0) if all(whole) else 0
        self._goal(
            "sse_clients", float(min(saw_all, heard.opened - heard.lost)), "", 2_000, "higher"
        )
        self._goal("sse_p99_ms", _p99(heard.waits_ms), "ms", 1_000, "lower")
        self._outcome.measures.append(
            Measure(name="sse_memory_per_client", value=bytes_a_client, unit="bytes")
        )
        self._outcome.facts["streams"] = {
            "opened": heard.opened,
            "lost": heard.lost,
            "events_per_s": round(heard.events / max(heard.measured_s, 0.001)),
            "mb_per_s": round(heard.bytes_read / max(heard.measured_s, 0.001) / 1e6, 1),
            "read_whole": len(heard.versions),
            "states_timed": len(heard.waits_ms),
            "p50_ms": percentile(sorted(heard.waits_ms), 0.5),
            "listeners_cores": round(heard.cpu_s / max(heard.measured_s, 0.001), 2),
        }
        if saw_all < sizes.clients:
            self._outcome.notes.append(f"trucks seen, by streams: {heard.trucks}")

    def _account(self) -> None:
        self._tell("counting in Kafka what was acknowledged")
        told = count.receipts(self._receipts)
        found = count.account(self._stack.settings.bootstrap_servers, told, _TOPICS, SOURCE)
        lost = float(found.lost)
        self._goal("acknowledged_lost", lost, "", 0, "lower")
        self._outcome.facts["account"] = asdict(found)
        left = world.drained(self._stack.settings)
        self._outcome.facts["left_unapplied"] = left

    def _load(self, what: str, *, part: str = "", **options: Any) -> Found:
        name = part or what
        receipts = None if what == "reads" else self._folder / f"{name}.receipts"
        errand = {
            "port": self._stack.settings.port,
            "token": self._token,
            "what": what,
            "part": name,
            "seed": self._seed,
            "warm_s": self._sizes.warm_s,
            "measured_s": self._sizes.measured_s,
            "receipts": receipts and str(receipts),
        } | options
        with self._watched(name):
            found = run_load(errand)
        if receipts is not None:
            self._receipts.append(receipts)
        return found

    @contextmanager
    def _watched(self, name: str) -> Iterator[None]:
        """Note how much of a core each process used, once the stack had caught up."""
        world.drained(self._stack.settings)
        before, began = world.used_s(self._stack.settings), time.monotonic()
        yield
        took_s = time.monotonic() - began
        after = world.used_s(self._stack.settings)
        self._cores[name] = {
            each: round(max(after[each] - used, 0.0) / took_s, 2)
            for each, used in before.items()
            if each in after
        }

    def _goal(
        self,
        name: str,
        value: float | None,
        unit: str,
        goal: float,
        better: Literal["lower", "higher"],
    ) -> None:
        self._outcome.measures.append(
            Measure(name=name, value=value, unit=unit, goal=goal, better=better)
        )

    def _say(self, name: str, found: Found, *, wanted: str) -> None:
        ordered = sorted(found.waits_ms)
        self._outcome.facts[name] = {
            "statuses": dict(found.statuses),
            "ms": {
                "p50": percentile(ordered, 0.5),
                "p99": percentile(ordered, 0.99),
                "max": percentile(ordered, 1.0),
            },
            "load_cores": round(found.cpu_s / found.measured_s, 2),
        }
        others = {status: n for status, n in found.statuses.items() if status != wanted}
        if others:
            self._outcome.notes.append(f"{name}: answers other than {wanted}: {others}")


def all_seen(mine: Mapping[str, int], others: list[dict[str, int]], trucks: int) -> bool:
    """Say whether one stream gave the last version of every truck that any stream gave.

    Parameters
    ----------
    mine, others
        The highest version by truck, of one stream and of all.
    trucks
        How many there are.
    """
    newest: dict[str, int] = {}
    for each in others:
        for name, version in each.items():
            newest[name] = max(newest.get(name, 0), version)
    return len(mine) == trucks and all(mine.get(name) == v for name, v in newest.items())


def _p99(waits_ms: list[float]) -> float | None:
    return percentile(sorted(waits_ms), 0.99)
