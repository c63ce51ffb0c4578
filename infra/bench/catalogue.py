"""List the benchmarks, and run one of them into a document."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.bench.measure import Outcome, Tell


@dataclass(frozen=True)
class Bench:
    """Describe a benchmark without importing it.

    Attributes
    ----------
    says
        What it measures, in one sentence.
    take
        Takes the measures, given a seed and somebody to tell of the progress, and those of its
        options that were given, by name.
    options
        The names of the command's options that it takes besides, such as `minutes`; what is a word
        of Python's own has an underscore behind it.
    """

    says: str
    take: Callable[..., Outcome]
    options: tuple[str, ...] = ()


def _late(module: str) -> Callable[..., Outcome]:
    def take(seed: int, tell: Tell, **options: Any) -> Outcome:
        outcome: Outcome = importlib.import_module(module).take(seed, tell, **options)
        return outcome

    return take


BENCHES: Mapping[str, Bench] = {
    "api": Bench(
        "posts, batches, reads and event streams of a whole stack's API; none acknowledged is lost",
        _late("infra.bench.api.bench"),
    ),
    "assignment": Bench(
        "the assignment engine beside VROOM, OR-Tools, PyVRP and a lower bound",
        _late("infra.bench.assignment.bench"),
    ),
    "chaos": Bench(
        "three brokers and three workers broken in every way under load: nothing lost or doubled",
        _late("infra.bench.chaos.bench"),
        options=("rounds",),
    ),
    "corridors": Bench(
        "passes, positions matched, deviations, corridors planned, yards metered, what-ifs",
        _late("infra.bench.corridors.bench"),
    ),
    "roads": Bench(
        "the road engine beside networkx, scipy, routingkit-cch and OSRM",
        _late("infra.bench.roads.bench"),
    ),
    "roads-extract": Bench(
        "memory and time of `roads build --pbf` on a generated extract of over 100 MB",
        _late("infra.bench.roads.extract_bench"),
    ),
    "soak": Bench(
        "memory and disk of a whole stack at 500 events/s for `--minutes`: nothing may grow",
        _late("infra.bench.soak.bench"),
        options=("minutes",),
    ),
    "upgrade": Bench(
        "workers of an earlier revision (`--from`) replaced under load by this one's: all is kept",
        _late("infra.bench.upgrade.bench"),
        options=("from_",),
    ),
    "restore": Bench(
        "a loaded stack backed up and restored into an empty folder: it knows everything again",
        _late("infra.bench.restore.bench"),
    ),
    "streams": Bench(
        "the streams beside aiokafka, Quix Streams and stock Faust; latency; recovery",
        _late("infra.bench.streams.bench"),
    ),
}


def run(name: str, bench: Bench, *, seed: int, tell: Tell, **options: Any) -> dict[str, Any]:
    """Run one benchmark.

    Parameters
    ----------
    name
        What it is called.
    bench
        The benchmark.
    seed
        Where all its chance comes from.
    tell
        Is told what happens.
    options
        Those that the benchmark takes and that were given.

    Returns
    -------
    dict
        What `bench NAME --json` prints.
    """
    from infra.bench.machine import commit, machine  # noqa: PLC0415 - psutil, git

    date = datetime.now(UTC).isoformat(timespec="seconds")
    outcome = bench.take(seed, tell, **options)
    return {
        "bench": name,
        "date": date,
        "commit": commit(),
        "machine": machine(),
        "seed": seed,
        **({"options": {k.rstrip("_"): v for k, v in options.items()}} if options else {}),
        "measures": [measure.to_doc() for measure in outcome.measures],
        "facts": outcome.facts,
        "notes": outcome.notes,
    }


def all_met(doc: dict[str, Any]) -> bool:
    """Say whether no goal of a document was missed."""
    return all(measure["met"] is not False for measure in doc["measures"])


def table(doc: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that tell a person what was measured."""
    signs = {"lower": "<=", "higher": ">="}
    for measure in doc["measures"]:
        value = "-" if measure["value"] is None else f"{measure['value']:,}"
        line = f"{measure['name']:<44}{value:>14} {measure['unit']:<8}"
        if measure["goal"] is not None:
            said = {True: "met", False: "MISSED", None: "not judged"}[measure["met"]]
            line += f" {signs[measure['better']]} {measure['goal']:g}: {said}"
        yield line.rstrip()
    yield from doc["notes"]
