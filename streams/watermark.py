"""Let time pass for a partition only as far as its own events tell, while some are unread.

After an outage the clock has gone on, and what happened meanwhile stands unread in the log: no
truck is silent, no offer has run out, before that is read. A source that was read to its end holds
nothing back, whether it is quick, slow or idle.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

NEVER = datetime.min.replace(tzinfo=UTC)
"""The time of a source that stands unread and of which nothing was heard."""


class Watermark:
    """The latest event time that was heard from each source of each partition."""

    def __init__(self) -> None:
        self._latest: dict[tuple[int, str], datetime] = {}

    def hear(self, partition: int, topic: str, at: datetime, now: datetime) -> None:
        """Note an event's time; one that lies ahead of the clock says no more than the clock."""
        place = partition, topic
        self._latest[place] = max(self._latest.get(place, NEVER), min(at, now))

    def time(self, partition: int, now: datetime, behind: Iterable[str]) -> datetime:
        """Return how far time has passed.

        Parameters
        ----------
        partition
            Whose time.
        now
            What the clock shows.
        behind
            The topics of which records of this partition stand unread.
        """
        return min([now, *(self._latest.get((partition, topic), NEVER) for topic in behind)])
