"""Notice which offsets stand still though there are records after them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

Place = TypeVar("Place")


class Progress(Generic[Place]):
    """Compare what a group has committed with what there is to read, look by look.

    Parameters
    ----------
    stalled_s
        From when on an offset that stands still is stalled.
    """

    def __init__(self, stalled_s: float) -> None:
        self._stalled_s = stalled_s
        self._since: dict[Place, tuple[int, float]] = {}

    def note(
        self, committed: Mapping[Place, int], ends: Mapping[Place, int], now: float
    ) -> dict[Place, float]:
        """Take in one look.

        Parameters
        ----------
        committed
            The next offset of each partition.
        ends
            Where each partition ends.
        now
            When it was looked, in seconds.

        Returns
        -------
        dict
            Since when each stalled partition stands still.
        """
        behind = {place: at for place, at in committed.items() if ends.get(place, 0) > at}
        self._since = {
            place: self._since[place] if self._since.get(place, (-1,))[0] == at else (at, now)
            for place, at in behind.items()
        }
        return {
            place: first
            for place, (_, first) in self._since.items()
            if now - first > self._stalled_s
        }

    def forget(self) -> None:
        """Begin anew: nobody could look for a while, or whoever stood still has been ended."""
        self._since.clear()
