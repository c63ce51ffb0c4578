"""State how the stack's one clock runs."""

from __future__ import annotations

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
