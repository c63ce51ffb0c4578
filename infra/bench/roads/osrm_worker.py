"""Time OSRM from within the environment that has its wheel: a job as JSON in, figures out.

Run by that environment's Python, this file knows nothing of ours. OSRM's bindings keep the
interpreter's lock while they search; its second thread is a second process that has all loaded.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_held: dict[str, Any] = {}


def main() -> None:
    """Read the job on stdin and print the figures."""
    job = json.load(sys.stdin)
    base, algorithm = job["base"], job["algorithm"]
    _open(base, algorithm)
    sources, targets = job["sources"], job["targets"]
    hints = _hints(sources + targets)
    source_hints, target_hints = hints[: len(sources)], hints[len(sources) :]
    whole = {"sources": sources, "targets": targets, "hints": hints}
    half = len(sources) // 2
    halves = [
        {"sources": s, "targets": targets, "hints": h + target_hints}
        for s, h in ((sources[:half], source_hints[:half]), (sources[half:], source_hints[half:]))
    ]
    figures = {
        "matrix_1_thread_s": _repeat(lambda: _table(whole), job["repeats"]),
        "matrix_2_threads_s": _in_two(base, algorithm, halves, job["repeats"]),
    }
    routes = [_route(pair) for pair in job["pairs"]]
    for overview in ("full", "false"):
        taken = []
        for parameters in routes:
            parameters.overview = overview
            before = time.perf_counter()
            _held["engine"].Route(parameters)
            taken.append(time.perf_counter() - before)
        figures["p2p_with_path_s" if overview == "full" else "p2p_s"] = statistics.median(taken)
    json.dump(figures, sys.stdout)


def _open(base: str, algorithm: str) -> None:
    osrm: Any = importlib.import_module("osrm")
    _held["osrm"] = osrm
    _held["engine"] = osrm.OSRM(
        storage_config=base,
        algorithm=algorithm,
        use_shared_memory=False,
        max_locations_distance_table=100_000,
    )


def _hints(points: list[list[float]]) -> list[str]:
    """Let OSRM snap places once, so that no figure holds the snapping."""
    parameters = _held["osrm"].TableParameters(
        coordinates=[tuple(point) for point in points], sources=[0], annotations=["duration"]
    )
    return [place["hint"] for place in _held["engine"].Table(parameters)["destinations"]]


def _parameters(question: dict[str, Any]) -> Any:
    sources, targets = question["sources"], question["targets"]
    return _held["osrm"].TableParameters(
        coordinates=[tuple(point) for point in sources + targets],
        sources=list(range(len(sources))),
        destinations=list(range(len(sources), len(sources) + len(targets))),
        annotations=["duration"],
        hints=question["hints"],
        generate_hints=False,
    )


def _table(question: dict[str, Any]) -> float:
    parameters = _parameters(question)
    before = time.perf_counter()
    _held["engine"].Table(parameters)
    return time.perf_counter() - before


def _repeat(take: Callable[[], float], repeats: int) -> float:
    take()
    return statistics.median(take() for _ in range(repeats))


def _in_two(base: str, algorithm: str, halves: list[dict[str, Any]], repeats: int) -> float:
    """Give the longer half of the matrix, both being computed at once."""
    with get_context("fork").Pool(len(halves), _open, (base, algorithm)) as pool:
        return _repeat(lambda: max(pool.map(_table, halves, chunksize=1)), repeats)


def _route(pair: list[list[float]]) -> Any:
    return _held["osrm"].RouteParameters(
        coordinates=[tuple(point) for point in pair],
        hints=_hints(pair),
        generate_hints=False,
        overview="full",
        geometries="polyline",
    )


if __name__ == "__main__":
    main()
