"""Raise and clear dispatch's alerts, each under a name of its own, so that none is said twice."""

from __future__ import annotations

from schemas.alert import AlertCleared, AlertRaised, Severity
from streams.desk import Desk
from streams.fold import Doc


def warn(
    desk: Desk,
    code: str,
    subject: str,
    params: Doc,
    region: str | None,
    *,
    severity: Severity = "critical",
) -> None:
    """Raise the alert ``CODE/SUBJECT``.

    Parameters
    ----------
    desk
        The step.
    code, subject
        What is wrong, as the pages word it, and with what.
    params
        What fills the sentence.
    region
        Whose dispatchers are warned; everybody's where none is known.
    severity
        How much it matters.
    """
    alert = AlertRaised(
        alert_id=f"{code}/{subject}",
        subject=subject,
        code=code,
        severity=severity,
        region=region,
        params=params,
    )
    desk.say("alert.v1", "alert.raised", alert, _name(desk, code, subject))


def clear(desk: Desk, code: str, subject: str) -> None:
    """Clear the alert ``CODE/SUBJECT``: it needs nobody any more."""
    alert = AlertCleared(alert_id=f"{code}/{subject}", subject=subject)
    desk.say("alert.v1", "alert.cleared", alert, _name(desk, code, subject))


def _name(desk: Desk, code: str, subject: str) -> str:
    count = desk.own("desk", "alerts").get("count", 0) + 1
    desk.keep("desk", "alerts", count=count)
    return f"{code}/{subject}/{count}"
