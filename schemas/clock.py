"""State how the stack's one clock runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from schemas.model import Fact, Moment


class ClockAnchored(Fact):
    """From ``wall`` on, the clock shows ``shows`` and runs at ``speed``, at most ``lease_s`` long.

    The lease freezes a scenario's clock when its player dies, so that deadlines do not pass
    while nobody plays.
    """

    mode: Literal["wall", "scenario"]
    wall: Moment
    shows: Moment
    speed: Annotated[float, Field(ge=0, le=100_000)]
    """Scenario seconds a second; 0 while the clock is held."""
    lease_s: Annotated[float, Field(gt=0, le=3600)] = 5.0
    scenario: str | None = None
    run_id: str | None = None
    position: int = 0
    """How many lines of the scenario have been published."""


class ClockTicked(Fact):
    """The clock showed ``now``: time as an event, so that deadlines survive restarts."""

    now: Moment


class ClockState(Fact):
    """What ``/v1/clock`` answers."""

    mode: Literal["wall", "scenario"]
    now: Moment
    speed: float
    held: bool
    scenario: str | None = None


def read_clock(anchor: ClockAnchored | None, wall: datetime) -> ClockState:
    """Tell what the stack's clock shows at a wall time.

    Parameters
    ----------
    anchor
        The latest anchor; none means wall time.
    wall
        The time of this machine, aware.

    Returns
    -------
    ClockState
        ``held`` is true where a scenario's clock stands still.
    """
    if anchor is None or anchor.mode == "wall":
        return ClockState(mode="wall", now=wall, speed=1.0, held=False)
    run_s = min(max((wall - anchor.wall).total_seconds(), 0.0), anchor.lease_s)
    lapsed = (wall - anchor.wall).total_seconds() > anchor.lease_s
    return ClockState(
        mode="scenario",
        now=anchor.shows + timedelta(seconds=run_s * anchor.speed),
        speed=anchor.speed,
        held=anchor.speed == 0 or lapsed,
        scenario=anchor.scenario,
    )
