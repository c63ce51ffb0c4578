"""Hold our answers against scipy's and networkx's, before and after closures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.bench.roads import ours, rival_scipy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infra.bench.roads.draws import Draws
    from infra.bench.roads.graph import RoadGraph
    from routing.engine import Metric

_SOURCES = 12
_TARGETS = 250
_PATHS = 200


@dataclass(frozen=True)
class Verdict:
    """Count what was compared, and what differed."""

    checked: int = 0
    mismatches: int = 0

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(self.checked + other.checked, self.mismatches + other.mismatches)


def check(
    graph: RoadGraph,
    metric: Metric,
    draws: Draws,
    *,
    closed: NDArray[np.int32] | None = None,
) -> Verdict:
    """Compare a part of the matrix, and ways.

    Parameters
    ----------
    graph
        The roads.
    metric
        Ours, with the same arcs closed.
    draws
        What to ask.
    closed
        Arcs that nobody may use.
    """
    sources, targets = draws.sources[:_SOURCES], draws.targets[:_TARGETS]
    expected = rival_scipy.table_ms(graph, sources, targets, closed=closed)
    found = ours.table_ms(metric, sources, targets)
    shown = np.where(ours.no_way(found), rival_scipy.NO_WAY, found)
    table = Verdict(expected.size, int((shown != expected).sum()))
    wanted = [(s, t) for s in range(len(sources)) for t in range(len(targets))][
        :: expected.size // _PATHS or 1
    ]
    ways = Verdict()
    for s, t in wanted:
        ends = int(sources[s]), int(targets[t])
        ways += Verdict(1, int(not _is_way(graph, metric, ends, int(expected[s, t]), closed)))
    return table + ways


def compare(metric: Metric, times_ms: dict[tuple[int, int], int]) -> Verdict:
    """Compare with times that somebody else found, -1 being no way.

    Parameters
    ----------
    metric
        Ours.
    times_ms
        Milliseconds by origin and end.
    """
    wrong = 0
    for (origin, end), expected in times_ms.items():
        found = np.array([metric.time_ms(origin, end)])
        wrong += int(expected != (-1 if ours.no_way(found)[0] else found[0]))
    return Verdict(len(times_ms), wrong)


def compare_table(metric: Metric, draws: Draws, expected_ms: NDArray[np.int64]) -> Verdict:
    """Compare the whole matrix with one that somebody else found, -1 being no way.

    Parameters
    ----------
    metric
        Ours.
    draws
        The places.
    expected_ms
        Milliseconds, shape ``(k, k)``.
    """
    found = ours.table_ms(metric, draws.sources, draws.targets)
    shown = np.where(ours.no_way(found), -1, found)
    return Verdict(expected_ms.size, int((shown != expected_ms).sum()))


def _is_way(
    graph: RoadGraph,
    metric: Metric,
    ends: tuple[int, int],
    expected_ms: int,
    closed: NDArray[np.int32] | None,
) -> bool:
    """Say whether a way is driveable from end to end, open, and takes what it should."""
    path = metric.path(*ends)
    if path is None or expected_ms < 0:
        return path is None and expected_ms < 0
    arcs = np.array(path, dtype=np.int64)
    stops = [ends[0], *graph.head[arcs].tolist()]
    return (
        stops[:-1] == graph.tail[arcs].tolist()
        and stops[-1] == ends[1]
        and int(graph.times_ms[arcs].sum()) == expected_ms
        and not (closed is not None and np.isin(arcs, closed).any())
    )
