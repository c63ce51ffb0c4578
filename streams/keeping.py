"""Forget what is over for so long that no log holds it any more.

In: dispatch.inbox.v1 (clock.ticked)
Out: assignment.state.v1, command.state.v1, taken back

Lots, windows and trucks have their own partitions, which tell dispatch of them; here their copies
go, and what dispatch alone knows: assignments and commands.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.assignment import ENDED
from schemas.model import format_time, parse_time
from streams.desk import Desk
from streams.entity import FORGOTTEN, tallied
from streams.fold import Entity
from streams.lot import over_since

AT_ONCE = 100
"""So many entries of each kind are forgotten in one step, so that its journal stays small."""
_ROUNDS = 50
"""How often all entries are looked at in the time that they are kept."""


def forget(desk: Desk, kept: timedelta) -> None:
    """Forget what has been over for long enough; it is looked at now and then.

    Parameters
    ----------
    desk
        The step.
    kept
        How long what is over is remembered.
    """
    last = desk.own("desk", "keeping").get("at")
    if last is not None and desk.now < parse_time(last) + kept / _ROUNDS:
        return
    desk.keep("desk", "keeping", at=format_time(desk.now))
    before = desk.now - kept
    gone = {
        kind: [one for one in desk.ids(kind) if _is_over(desk, kind, one, before)]
        for kind in ("assignment", "lot", "slot", "command")
    }
    left = set(desk.ids("assignment")).difference(gone["assignment"])
    views = (desk.view("assignment", one) for one in left)
    busy = {view["lot_id"] for view in views if view is not None}
    gone["lot"] = [one for one in gone["lot"] if one not in busy]
    for kind, ids in gone.items():
        for entity_id in ids[:AT_ONCE]:
            _tally(desk, desk.forget(kind, entity_id))


def _is_over(desk: Desk, kind: str, entity_id: str, before: datetime) -> bool:
    if kind in {"assignment", "command"}:
        view = desk.view(kind, entity_id)
        if view is None or parse_time(view["updated_at"]) >= before:
            return False
        return kind == "command" or view["status"] in ENDED
    state = desk.state(kind, entity_id)
    if state is None:
        return False
    over = over_since(state) if kind == "lot" else parse_time(state["window_end"])
    return over < before


def _tally(desk: Desk, gone: Entity | None) -> None:
    if gone is not None and gone.counts:
        tally = f"{FORGOTTEN}{gone.partition}"
        desk.take({tally: tallied(desk.get(tally), gone)})
