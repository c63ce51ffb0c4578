"""Turn a queue and the arrivals expected into the delay of whoever arrives when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.engine.compiled import INF_MS
from routing.engine.delay import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.checkpoints.arrivals import Bin

LONGEST_MS = 7 * 24 * 3_600_000
"""No delay is told longer than a week: the engine's numbers end."""


def delay_profile(
    waiting: float,
    expected: Sequence[Bin],
    *,
    bays: int,
    service_s: float,
    now_s: float,
    clock_s: float | None = None,
) -> Profile:
    """Return how long a truck is held up at a checkpoint, by when it arrives.

    A fluid: trucks flow in as the bins say, evenly within each, and out at ``bays / service_s``
    while anybody waits. Who arrives at t stands behind the Q(t) there, ``Q(t) / rate``, and is then
    served. As the queue falls by no more than the rate, who comes later leaves later (first in,
    first out). Chance within a bin is not counted: below capacity the fluid knows no queue.

    Parameters
    ----------
    waiting
        Trucks that wait now (`Estimate.waiting`).
    expected
        Arrivals, bin after bin without gaps, from now; behind the last one nobody is expected.
    bays, service_s
        How many at once, and how long each takes (`Estimate.service_s`).
    now_s
        The moment, seconds since 1970.
    clock_s
        The moment that the profile counts from; now if left out.

    Raises
    ------
    ValueError
        If there is no bay, no time of service, or the bins do not join.
    """
    if bays < 1 or not service_s > 0 or waiting < 0:
        raise ValueError("Expected a bay, a time of service above 0, nobody fewer than 0.")
    rate = bays / service_s
    queue, here_s = float(waiting), now_s
    points = [(here_s, queue)]
    for one in expected:
        if abs(one.from_s - here_s) > 1e-3 or one.until_s <= one.from_s:
            raise ValueError("Expected bins that join, from now.")
        length_s = one.until_s - here_s
        slope = one.expected / length_s - rate
        if queue + slope * length_s <= 0:
            if queue > 0 and slope < 0:
                points.append((here_s - queue / slope, 0.0))
            queue = 0.0
        else:
            queue += slope * length_s
        here_s = one.until_s
        points.append((here_s, queue))
    if queue > 0:
        points.append((here_s + queue / rate, 0.0))
    start_s = now_s if clock_s is None else clock_s
    return _profile([(at_s - start_s, queue / rate + service_s) for at_s, queue in points])


def _profile(points: list[tuple[float, float]]) -> Profile:
    """Return a profile in whole milliseconds that keeps the order of departures."""
    at = np.array([round(1000 * at_s) for at_s, _ in points], np.int64)
    longest = min(LONGEST_MS, INF_MS - 1)
    late = np.array([min(round(1000 * delay_s), longest) for _, delay_s in points], np.int64)
    kept = np.flatnonzero(np.append(np.diff(at) > 0, True))
    at, late = at[kept], late[kept]
    leaves = np.maximum.accumulate(at + late)
    late = np.minimum(leaves - at, longest)
    return Profile(tuple(at.tolist()), tuple(late.tolist()))
