"""Tell whether a truck on a corridor is live, stale, silent or stuck: four different states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from routing.corridors.deviations import OnCorridor
    from routing.corridors.rules import CorridorRules

Sign = Literal["live", "stale", "silent", "stuck"]

STALE_S = 300.0
"""Ten positions missing: the last one is shown with its age [assumed]."""
SILENT_S = 5_400.0
"""As long as any available truck is waited for (`truck_silent`)."""
STUCK_S = 2_700.0
"""As long as any truck on a trip may stand (`truck_stuck`), away from places to stand at."""


def sign_of(rules: CorridorRules, state: OnCorridor, now_s: float) -> Sign:
    """Return the state of a truck at a time.

    A stuck truck is heard: of one that stood when it was last heard nothing is known but that.

    Parameters
    ----------
    rules, state
        The corridor, and what is known of the truck there.
    now_s
        The clock, seconds since the epoch.
    """
    if state.newest_s is None or now_s - state.newest_s > SILENT_S:
        return "silent"
    if now_s - state.newest_s > STALE_S:
        return "stale"
    halt = state.judged.halt
    if (
        halt is not None
        and halt.away is None
        and halt.stood_s >= STUCK_S
        and rules.course.may_stand(halt.lat, halt.lon) is None
    ):
        return "stuck"
    return "live"
