"""Find how far a tracker's clock is off, from when its fixes come in.

A fix cannot come from the future: where a clock is ahead, one post tells at least how far. A clock
that is behind looks like a fix that waited in a buffer; it is told from one only by being late by
the same amount again and again, for minutes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

AHEAD_S = 30.0
"""A clock that is ahead by less is left alone: so far the network's and our own may differ."""
BEHIND_S = 300.0
"""A clock that is behind by less is left alone: a slow gateway looks the same and harms nobody."""
SPREAD_S = 20.0
"""Lateness that varies by no more is steady."""
STEADY_POSTS = 6
STEADY_S = 180.0
"""Lateness is steady once this many posts in a row, over at least this long, have agreed."""
WINDOW_S = 3_600.0
"""Posts that came longer ago say nothing of a lead any more."""
MOST_CLOCKS = 20_000
"""So many trackers' clocks are remembered; the one unheard for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Post:
    """When a fix was taken by the tracker's clock, and came in by ours, in seconds since 1970."""

    fix_s: float
    arrival_s: float

    @property
    def late_s(self) -> float:
        """How much later it came than it says it was taken; below 0 for a fix from the future."""
        return self.arrival_s - self.fix_s


@dataclass(frozen=True, slots=True)
class Skew:
    """What is known of one tracker's clock.

    Attributes
    ----------
    posts
        Its latest posts, oldest first.
    steady_s
        The lateness that its posts last agreed on; None before they have.
    """

    posts: tuple[Post, ...] = ()
    steady_s: float | None = None

    @property
    def offset_s(self) -> float:
        """What has to be added to the tracker's times, in seconds; 0 for a clock that is right."""
        lead_s = min((post.late_s for post in self.posts), default=0.0)
        late_s = self.steady_s if self.steady_s is not None else min(lead_s, 0.0)
        return late_s if late_s < -AHEAD_S or late_s > BEHIND_S else 0.0


def learn(skew: Skew, fix: datetime, arrival: datetime) -> Skew:
    """Learn from the newest fix of one request.

    Parameters
    ----------
    skew
        What was known before.
    fix
        When the fix was taken, by the tracker's clock.
    arrival
        When it came in, by the stack's clock.

    Returns
    -------
    Skew
        What is known from now on; the same for a fix that was sent before.
    """
    post = Post(fix.timestamp(), arrival.timestamp())
    if any(post.fix_s == known.fix_s for known in skew.posts):
        return skew
    recent = (old for old in skew.posts if post.arrival_s - old.arrival_s <= WINDOW_S)
    posts = (*recent, post)[-STEADY_POSTS:]
    late = [each.late_s for each in posts]
    lasted_s = post.arrival_s - posts[0].arrival_s
    if len(posts) == STEADY_POSTS and lasted_s >= STEADY_S and max(late) - min(late) <= SPREAD_S:
        return Skew(posts, min(late))
    is_earlier = skew.steady_s is not None and post.late_s < skew.steady_s - SPREAD_S
    return Skew(posts, None if is_earlier else skew.steady_s)


def corrected(skew: Skew, fix: datetime, arrival: datetime) -> datetime:
    """Say when a fix was taken by the stack's clock; the tracker's own time where that is right.

    Parameters
    ----------
    skew
        What is known of the tracker's clock.
    fix, arrival
        As for `learn`.
    """
    if not skew.offset_s:
        return fix
    return min(fix + timedelta(seconds=round(skew.offset_s, 3)), arrival)


class Clocks:
    """Remember the clocks of the trackers that were heard last; a restart learns them anew."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Skew] = OrderedDict()

    def get(self, reporter: str, device: str) -> Skew:
        """Return what is known of a clock.

        Parameters
        ----------
        reporter
            Who reports: nobody bends the clocks of another's trackers.
        device
            The tracker's id, or its truck's.
        """
        return self._known.get((reporter, device), Skew())

    def offsets_s(self) -> dict[str, float]:
        """Return what is added to the times of each tracker that is off, by its id, in seconds."""
        return {name: skew.offset_s for (_, name), skew in self._known.items() if skew.offset_s}

    def learn(self, reporter: str, device: str, fix: datetime, arrival: datetime) -> Skew:
        """Learn as `learn` does, and remember it.

        Parameters
        ----------
        reporter, device
            As for `get`.
        fix, arrival
            As for `learn`.
        """
        skew = learn(self.get(reporter, device), fix, arrival)
        self._known[reporter, device] = skew
        self._known.move_to_end((reporter, device))
        if len(self._known) > MOST_CLOCKS:
            self._known.popitem(last=False)
        return skew
