"""Time fresh processes from their start to their first answer, everything being on disk."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.bench.roads.pbf import write_pbf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infra.bench.roads.graph import RoadGraph
    from infra.bench.roads.ours import Ours

_LIMIT_S = 120
_RUNS = 5


@dataclass(frozen=True, kw_only=True)
class Start:
    """Hold what a fresh process did.

    Attributes
    ----------
    first_query_s
        From before the process until its answer was read, the median of five runs after
        one that is not counted: what numba compiles at the first is then on disk.
    answer_ms
        What it answered.
    peak_bytes
        Of its memory.
    """

    first_query_s: float
    answer_ms: int
    peak_bytes: int


def start_network(graph: RoadGraph, folder: Path, pair: Sequence[int]) -> tuple[Start, int]:
    """Build the roads from an extract as `roads build --pbf` does, and start on them.

    Parameters
    ----------
    graph
        The roads.
    folder
        An empty folder.
    pair
        Two nodes; what is asked are their points.

    Returns
    -------
    tuple
        What the fresh process did, and what this one answers to the same question.
    """
    from routing.roads.extract import build_extract  # noqa: PLC0415 - heavy
    from routing.roads.network import load_network  # noqa: PLC0415
    from routing.roads.snap import snap  # noqa: PLC0415
    from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS  # noqa: PLC0415
    from routing.roads.ways import Ways  # noqa: PLC0415

    extract, network_dir = folder / "roads.osm.pbf", folder / "network"
    write_pbf(graph, extract)
    build_extract(extract, network_dir)
    points = [(float(graph.lat[node]), float(graph.lon[node])) for node in pair]
    network = load_network(network_dir)
    one, two = (snap(network, lat, lon) for lat, lon in points)
    expected_ms = Ways(network).leg(DEFAULT_VEHICLE_CLASS, one, two).time_ms
    asked = [f"{lat!r},{lon!r}" for lat, lon in points]
    return _started("network", network_dir, asked), expected_ms


def start_topology(ours: Ours, folder: Path, pair: Sequence[int]) -> Start:
    """Start on a topology and costs alone.

    Parameters
    ----------
    ours
        What is to be opened.
    folder
        An empty folder for it.
    pair
        What to ask.
    """
    ours.topology.save(folder / "topology.npz")
    np.save(folder / "costs.npy", ours.costs)
    return _started("topology", folder, [str(node) for node in pair])


def _started(kind: str, folder: Path, asked: list[str]) -> Start:
    command = [sys.executable, "-m", "infra.bench.roads.cold", kind, str(folder), *asked]
    taken, answer = [], ["", ""]
    for _ in range(1 + _RUNS):
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as fresh:  # noqa: S603 - our own words
            assert fresh.stdout is not None
            answer = fresh.stdout.readline().split()
            taken.append(time.perf_counter() - begun)
            if fresh.wait(_LIMIT_S):
                raise subprocess.CalledProcessError(fresh.returncode, command)
    return Start(
        first_query_s=statistics.median(taken[1:]),
        answer_ms=int(answer[0]),
        peak_bytes=int(answer[1]),
    )
