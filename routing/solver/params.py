"""Set how a search goes about it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from routing.solver.errors import InvalidModel


@dataclass(frozen=True, slots=True)
class SearchParams:
    """Steer the search.

    Attributes
    ----------
    hot, cold
        Temperature at the beginning and the end, in mean costs of a stop.
    mean_ruin
        How many stops leave their routes in a round, on average.
    blink
        The share of places that are overlooked.
    threads
        How many parts of a solution, or copies of it, are searched at once.
    epoch
        Rounds between two looks at the stop criterion, at most.
    part
        A solution of more vehicles than this is searched in parts of about so many.
    save_share
        The share of the search that is spent on saving vehicles, where they have a price.
    """

    hot: float = 1.0
    cold: float = 0.01
    mean_ruin: float = 10.0
    blink: float = 0.01
    threads: int = 1
    epoch: int = 2_000
    part: int = 200
    save_share: float = 0.4

    def __post_init__(self) -> None:
        if not (0 < self.cold <= self.hot and math.isfinite(self.hot)):
            raise InvalidModel("Expected 0 < cold <= hot.")
        if self.mean_ruin < 1 or not 0 <= self.blink < 1 or self.threads < 1 or self.epoch < 1:
            raise InvalidModel("Expected mean_ruin, threads, epoch >= 1 and blink in [0, 1).")

    def cooled(self, heat: float, share: float) -> float:
        """Return the temperature when a share of the search is done; a stop costs `heat`."""
        cooling: float = (self.cold / self.hot) ** share
        return heat * self.hot * cooling

    def next_chunk(self, chunk: int, passed: float, *, share: float = 0.01, least: int = 10) -> int:
        """Return how many rounds take a share of the search, whatever the machine.

        Parameters
        ----------
        chunk, passed
            So many rounds took this share of the search.
        share, least
            The share that is wanted; never fewer rounds than `least`, nor more than `epoch`.
        """
        if passed <= 0:
            return chunk
        return int(min(self.epoch, max(least, chunk * share / passed)))
