"""Tell a search when to stop; the clock, if any, is the caller's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from routing.dispatch.problem import InvalidProblem

if TYPE_CHECKING:
    from collections.abc import Callable

CONSTRUCTING = -1
"""The round that is told to a stop criterion before improvement begins."""


class StopCriterion(Protocol):
    """Answer whether to stop after so many rounds of improvement (-1 while constructing)."""

    def __call__(self, rounds: int) -> bool:
        """Return whether the search should stop now."""
        ...


@dataclass(frozen=True, slots=True)
class Iterations:
    """Construct the whole plan, then stop after `rounds` rounds of improvement."""

    rounds: int

    def __post_init__(self) -> None:
        if self.rounds < 0:
            raise InvalidProblem(f"Expected rounds >= 0, got {self.rounds!r}.")

    def __call__(self, rounds: int) -> bool:
        """Return whether as many rounds are done."""
        return rounds >= self.rounds


@dataclass(frozen=True, slots=True)
class Until:
    """Stop as soon as the caller's function says so, also in the middle of construction.

    At least one lot is always tried, and overrides are always answered.
    """

    reached: Callable[[], bool]

    def __call__(self, rounds: int) -> bool:  # noqa: ARG002 - the protocol's argument
        """Return what the caller's function says."""
        return self.reached()


@dataclass(frozen=True, slots=True)
class FirstOf:
    """Stop when the first of several criteria does."""

    criteria: tuple[StopCriterion, ...]

    def __call__(self, rounds: int) -> bool:
        """Return whether any criterion says to stop."""
        return any(criterion(rounds) for criterion in self.criteria)
