"""Run a scenario's clock by anchors that followers trust for a short lease only."""

from __future__ import annotations

from datetime import datetime

from schemas.clock import ClockAnchored, read_clock
from schemas.envelope import Record, encode

ANCHOR_EVERY_S = 0.5
LEASE_S = 1.5
"""How long an anchor lets clocks run: a player that dies or stalls stops them all, its own too."""
HOLD_ABOVE_S, RELEASE_BELOW_S = 1.2, 0.8
"""Held when the stack lags more than the first, until it lags less than the second."""


class ScenarioClock:
    """The player's own view of the clock: the last anchor that the broker has confirmed.

    Parameters
    ----------
    scenario, run_id
        Whose clock it is.
    speed
        Scenario seconds in one second.
    shows
        What the clock shows at first; it stands until the first anchor that says otherwise.
    """

    def __init__(self, scenario: str, run_id: str, *, speed: float, shows: datetime) -> None:
        self._scenario, self._run_id, self._speed = scenario, run_id, speed
        self._shows = shows
        self._anchor: ClockAnchored | None = None
        self.held = True

    def now(self, wall: datetime) -> datetime:
        """Return what the clock shows at a wall time."""
        return self._shows if self._anchor is None else read_clock(self._anchor, wall).now

    def judge(self, lag_s: float) -> bool:
        """Hold or release the clock by the stack's lag; tell whether that is a change."""
        before = self.held
        self.held = lag_s > (RELEASE_BELOW_S if before else HOLD_ABOVE_S)
        return self.held != before

    def next_anchor(self, wall: datetime, position: int) -> ClockAnchored:
        """Return the anchor to publish now; it shows what followers read at this moment."""
        wall = wall.replace(microsecond=wall.microsecond // 1000 * 1000)
        shows = self.now(wall)
        return ClockAnchored(
            mode="scenario",
            wall=wall,
            shows=shows.replace(microsecond=shows.microsecond // 1000 * 1000),
            speed=0.0 if self.held else self._speed,
            lease_s=LEASE_S,
            scenario=self._scenario,
            run_id=self._run_id,
            position=position,
        )

    def confirm(self, anchor: ClockAnchored) -> None:
        """Follow an anchor that the broker has taken."""
        self._anchor = anchor


def anchor_record(anchor: ClockAnchored) -> Record:
    """Return the Kafka record of an anchor."""
    return encode(
        "stack.clock.v1",
        "clock.anchored",
        anchor,
        event_id=f"{anchor.run_id}@{anchor.wall.isoformat()}",
        source=f"/scenario/{anchor.scenario}/clock",
        time=anchor.wall,
    )
