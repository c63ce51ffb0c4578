"""Time calls: repeated, medians, and never longer than is given."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Thing = TypeVar("Thing")


def median_s(
    call: Callable[[], Any], *, repeats: int = 5, budget_s: float = 20.0, warm: bool = True
) -> float:
    """Call several times and give the median, in seconds.

    Parameters
    ----------
    call
        What to time.
    repeats
        How often, at most.
    budget_s
        Once so much time has gone by, it is not called again.
    warm
        Whether to call once before, untimed.
    """
    started = time.perf_counter()
    if warm:
        call()
    taken: list[float] = []
    while not taken or (len(taken) < repeats and time.perf_counter() - started < budget_s):
        before = time.perf_counter()
        call()
        taken.append(time.perf_counter() - before)
    return statistics.median(taken)


def each_median_s(call: Callable[[Thing], Any], things: Iterable[Thing]) -> float:
    """Call once with each thing and give the median, in seconds.

    Parameters
    ----------
    call
        What to time.
    things
        What to call it with, at least one.
    """
    taken = []
    for thing in things:
        before = time.perf_counter()
        call(thing)
        taken.append(time.perf_counter() - before)
    return statistics.median(taken)
