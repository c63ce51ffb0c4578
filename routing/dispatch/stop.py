"""Tell a search when to stop; the clock, if any, is the caller's."""

from __future__ import annotations

from routing.solver.stop import CONSTRUCTING, Deadline, FirstOf, StopCriterion, Until
from routing.solver.stop import Rounds as Iterations

__all__ = ["CONSTRUCTING", "Deadline", "FirstOf", "Iterations", "StopCriterion", "Until", "halted"]


def halted(stop: StopCriterion) -> bool:
    """Say whether a criterion stops a plan that is still being made."""
    return stop(CONSTRUCTING) >= 1
