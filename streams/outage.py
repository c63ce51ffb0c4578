"""Warn people once that there is no new plan, or only part of one, and tell when there is again."""

from __future__ import annotations

from schemas.alert import AlertCleared, AlertRaised, Severity
from schemas.dispatch import PlanComputed, PlanFailed
from schemas.model import format_time
from streams.desk import Desk
from streams.fold import Doc, Store

ALERT_ID = "planner/planner"
_SUBJECT = "planner"
_NAMED = 5
"""So many of the things that a plan left out are named in the warning."""


def is_warned_of(store: Store) -> bool:
    """Tell whether people are warned of the planner at this moment."""
    entity = store.get("desk:planner")
    return entity is not None and "code" in entity.own


def note_failure(desk: Desk, failed: PlanFailed) -> None:
    """Warn that there is no new plan; the assignments stay as they are.

    Parameters
    ----------
    desk
        The step.
    failed
        Why there is none. The same reason again says nothing new.
    """
    params = {"detail": failed.detail, "failures": failed.failures}
    _warn(desk, f"planner_{failed.outage}", params, severity="critical")


def note_plan(desk: Desk, plan: PlanComputed) -> None:
    """Take the warning back where a plan is whole; warn of what it had to leave out.

    Parameters
    ----------
    desk
        The step.
    plan
        The last part of a plan.
    """
    if plan.skipped:
        names = [part.what for part in plan.skipped]
        params = {
            "count": len(names),
            "things": ", ".join(names[:_NAMED]),
            "detail": plan.skipped[0].error,
        }
        desk.keep("desk", "planner", since=None)
        _warn(desk, "planner_skipped", params, severity="warning")
    elif is_warned_of(desk):
        desk.keep("desk", "planner", code=None, since=None)
        cleared = AlertCleared(alert_id=ALERT_ID, subject=_SUBJECT)
        desk.say("alert.v1", "alert.cleared", cleared, _name(desk))


def _warn(desk: Desk, code: str, params: Doc, *, severity: Severity) -> None:
    own = desk.own("desk", "planner")
    if own.get("code") == code:
        return
    since = own.get("since") or format_time(desk.now)
    desk.keep("desk", "planner", code=code, count=own.get("count", 0) + 1, since=since)
    raised = AlertRaised(
        alert_id=ALERT_ID,
        subject=_SUBJECT,
        code=code,
        severity=severity,
        params={"at": since, **params},
    )
    desk.say("alert.v1", "alert.raised", raised, _name(desk))


def _name(desk: Desk) -> str:
    return f"{ALERT_ID}/{desk.own('desk', 'planner').get('count', 0)}"
