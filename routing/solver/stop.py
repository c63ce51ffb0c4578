"""Say when a search stops: after so many rounds, at a deadline, or when somebody says so.

A criterion is called with the number of rounds done and answers how much of the search is done:
0 at its beginning, 1 or more to stop. The clock is the caller's: this package has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from routing.solver.errors import InvalidModel

CONSTRUCTING = -1
"""The number of rounds while the first solution is being made."""


class StopCriterion(Protocol):
    """Decides when a search stops."""

    def __call__(self, rounds: int) -> float:
        """Return how much of the search is done.

        Parameters
        ----------
        rounds
            The rounds done, or `CONSTRUCTING`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rounds:
    """Make the whole first solution, then stop after so many rounds."""

    rounds: int

    def __post_init__(self) -> None:
        if self.rounds < 0:
            raise InvalidModel(f"Expected rounds >= 0, got {self.rounds!r}.")

    def __call__(self, rounds: int) -> float:
        """Return the share of the rounds that are done."""
        if rounds == CONSTRUCTING:
            return 0.0
        return 1.0 if rounds >= self.rounds else rounds / self.rounds


@dataclass(frozen=True, slots=True)
class Deadline:
    """Stop when the caller's clock shows the limit, also while the first solution is made.

    Attributes
    ----------
    elapsed
        Returns the seconds since the search was asked for.
    limit_s
        When to stop.
    """

    elapsed: Callable[[], float]
    limit_s: float

    def __call__(self, rounds: int) -> float:  # noqa: ARG002 - the protocol's argument
        """Return the share of the time that has passed."""
        return self.elapsed() / self.limit_s if self.limit_s > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Until:
    """Stop as soon as the caller's function says so, also while the first solution is made."""

    reached: Callable[[], bool]

    def __call__(self, rounds: int) -> float:  # noqa: ARG002 - the protocol's argument
        """Return 1 once the function says yes."""
        return 1.0 if self.reached() else 0.0


@dataclass(frozen=True, slots=True)
class FirstOf:
    """Stop when the first of several criteria does."""

    criteria: tuple[StopCriterion, ...]

    def __call__(self, rounds: int) -> float:
        """Return the furthest of the criteria."""
        return max((criterion(rounds) for criterion in self.criteria), default=0.0)
