"""Find earliest arrivals where some arcs hold a truck up, by how much depending on the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.engine.compiled import INF_MS
from routing.engine.kernels.delay import delay_at, search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from routing.engine.metric import Metric


@dataclass(frozen=True, slots=True)
class Profile:
    """How long a truck is held up, by when it arrives: straight lines between points.

    Parameters
    ----------
    at_ms
        Times of arrival, ascending, in milliseconds since the moment that queries count from;
        before the first and after the last the delay is that of the first and the last.
    delay_ms
        Delay at each of them. It may fall by at most what the time between passes: who comes
        later leaves later (first in, first out).
    """

    at_ms: tuple[int, ...]
    delay_ms: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.at_ms or len(self.at_ms) != len(self.delay_ms):
            raise ValueError("Expected as many delays as times, at least one.")
        steps = np.diff(np.array(self.at_ms, np.int64))
        if (steps <= 0).any() or min(self.delay_ms) < 0 or max(self.delay_ms) >= INF_MS:
            raise ValueError("Expected ascending times and delays of at least 0 ms.")
        if (np.diff(np.array(self.delay_ms, np.int64)) < -steps).any():
            raise ValueError("Expected that who comes later leaves later: a delay falls too fast.")

    def delay_at(self, moment_ms: int) -> int:
        """Return the delay of who arrives at a time, whole milliseconds rounded down."""
        times, delays = np.array(self.at_ms, np.int64), np.array(self.delay_ms, np.int64)
        return int(delay_at(moment_ms, 0, len(times), times, delays))


@dataclass(frozen=True, slots=True, eq=False)
class Delays:
    """Which arcs hold trucks up, and how: a truck waits before it drives the arc.

    Parameters
    ----------
    profile
        Index of each arc's profile, -1 where it holds nobody up, shape ``(m,)``.
    first, at_ms, delay_ms
        Points of profile ``i`` are ``first[i]:first[i + 1]``.
    """

    profile: NDArray[np.int32]
    first: NDArray[np.int64]
    at_ms: NDArray[np.int64]
    delay_ms: NDArray[np.int64]

    @classmethod
    def on(cls, arcs: int, profiles: Mapping[int, Profile]) -> Delays:
        """Return the delays on some of a graph's arcs.

        Parameters
        ----------
        arcs
            How many arcs the graph has.
        profiles
            The profile of each arc that holds trucks up.
        """
        profile = np.full(arcs, -1, np.int32)
        shared = {each: index for index, each in enumerate(dict.fromkeys(profiles.values()))}
        for arc, each in profiles.items():
            profile[arc] = shared[each]
        sizes = [len(each.at_ms) for each in shared]
        return cls(
            profile,
            np.cumsum([0, *sizes], dtype=np.int64),
            np.array([ms for each in shared for ms in each.at_ms], np.int64),
            np.array([ms for each in shared for ms in each.delay_ms], np.int64),
        )


def earliest(
    metric: Metric,
    origin: int,
    end: int,
    depart_ms: int,
    delays: Delays,
    *,
    guided: bool = True,
) -> tuple[int, list[int]] | None:
    """Return when a truck arrives at a node, and the arcs it drives; None if there is no way.

    Parameters
    ----------
    metric
        Costs of the arcs without delays.
    origin, end
        Nodes.
    depart_ms
        When it leaves, on the clock of the profiles.
    delays
        What holds it up.
    guided
        Search towards the end by the way without delays, which bounds the rest from below (A*
        with potentials of the hierarchy: Strasser and Zeitz, "A* with Perfect Potentials", 2021);
        else in all directions (Dijkstra), which is for checking.
    """
    t = metric.topology
    first, arcs = t.out_arcs
    arrival, came = search(
        origin, end, depart_ms, guided, t.rank, t.parent, t.depth, t.first, t.above, t.level,
        metric.up, metric.down, first, arcs, t.head, metric.costs,
        delays.profile, delays.first, delays.at_ms, delays.delay_ms,
    )  # fmt: skip
    if arrival < 0:
        return None
    driven = []
    here = end
    while here != origin:
        driven.append(int(came[here]))
        here = int(t.tail[came[here]])
    return int(arrival), driven[::-1]
