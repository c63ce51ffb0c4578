"""Ask OSRM, its hierarchy (CH) and its overlays (MLD), in its own environment."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.bench.measure import Measure
from infra.bench.roads import osrm_worker
from infra.bench.roads.osrm_home import ALGORITHMS, CACHE, OsrmMissing, data, environment
from infra.bench.roads.pbf import write_pbf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infra.bench.measure import Tell
    from infra.bench.roads.draws import Draws
    from infra.bench.roads.graph import RoadGraph

_LIMIT_S = 600
_ROUTES = 500


def measure(
    graph: RoadGraph, draws: Draws, *, tell: Tell, cache: Path = CACHE
) -> tuple[list[Measure], dict[str, float]]:
    """Time matrices and ways of both algorithms.

    Parameters
    ----------
    graph
        The roads; OSRM gets them as an extract with the same speeds, limits and one-ways.
    draws
        What to ask.
    tell
        Is told what happens.
    cache
        Folder for its environment and data.

    Returns
    -------
    tuple
        The figures, and the seconds of the best matrix of each algorithm.

    Raises
    ------
    OsrmMissing
        If it cannot be installed, built or run.
    """
    tell("OSRM: environment")
    python = environment(cache)
    with tempfile.TemporaryDirectory() as folder:
        pbf = Path(folder, "roads.osm.pbf")
        write_pbf(graph, pbf)
        bases = data(pbf, python, tell=tell, cache=cache)
    measures, best = [], {}
    for name in ALGORITHMS:
        tell(f"OSRM {name}: measuring")
        found = _work(python, _job(graph, draws, bases[name], name))
        best[name] = min(found["matrix_1_thread_s"], found["matrix_2_threads_s"])
        rival = f"osrm_{name.lower()}"
        figures = [
            (f"{rival}_matrix1000_1_thread_ms", 1e3 * found["matrix_1_thread_s"], "ms"),
            (f"{rival}_matrix1000_2_threads_ms", 1e3 * found["matrix_2_threads_s"], "ms"),
            (f"{rival}_p2p_us", 1e6 * found["p2p_s"], "us"),
            (f"{rival}_p2p_with_path_us", 1e6 * found["p2p_with_path_s"], "us"),
        ]
        measures += [Measure(name=name, value=value, unit=unit) for name, value, unit in figures]
    return measures, best


def _job(graph: RoadGraph, draws: Draws, base: Path, algorithm: str) -> dict[str, Any]:
    def places(nodes: NDArray[Any]) -> list[list[float]]:
        return [[float(graph.lon[node]), float(graph.lat[node])] for node in nodes]

    return {
        "base": str(base),
        "algorithm": algorithm,
        "sources": places(draws.sources),
        "targets": places(draws.targets),
        "pairs": [places(pair) for pair in draws.pairs[:_ROUTES]],
        "repeats": 3,
    }


def _work(python: Path, job: dict[str, Any]) -> dict[str, float]:
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            [str(python), osrm_worker.__file__],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=True,
            timeout=_LIMIT_S,
        )
        found: dict[str, float] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise OsrmMissing(f"OSRM was not measured: it failed ({error})") from error
    return found
