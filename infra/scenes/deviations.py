"""Show which trucks left their corridor, as the stack told it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from infra.verify.log import Log
from schemas.alert import AlertCleared, AlertRaised
from schemas.corridor import DeviationDetected, FindingMended
from schemas.model import format_time


def deviations_doc(log: Log) -> list[dict[str, Any]]:
    """Return every deviation that was told, in the order of time.

    Parameters
    ----------
    log
        What was said.

    Returns
    -------
    list of dict
        ``truck_id, corridor_id, assignment_id, since, at`` (when it was clear), ``until`` (null
        while it lasts), ``beyond_m`` (beyond the corridor's border, furthest by then),
        ``lasted_s`` and ``alert`` (``raised``, ``cleared`` or null).
    """
    alerts = _alerts(log)
    ended, found = {}, []
    for read in log.live("corridor.lifecycle.v1"):
        if isinstance(read.event.data, FindingMended):
            ended[read.event.data.alert_id] = read.event.time
    for read in log.live("corridor.lifecycle.v1"):
        data = read.event.data
        if not isinstance(data, DeviationDetected):
            continue
        until = ended.get(data.alert_id)
        lasted_s = float(data.evidence["lasted_s"])
        if until is not None:
            lasted_s = max(lasted_s, (until - data.since).total_seconds())
        found.append(
            {
                "truck_id": data.truck_id,
                "corridor_id": data.corridor_id,
                "assignment_id": data.assignment_id,
                "since": format_time(data.since),
                "at": format_time(read.event.time),
                "until": None if until is None else format_time(until),
                "beyond_m": float(data.evidence["beyond_m"]),
                "lasted_s": lasted_s,
                "alert": alerts.get(data.alert_id),
            }
        )
    return sorted(found, key=lambda one: (one["since"], one["truck_id"]))


def deviations_lines(doc: Sequence[dict[str, Any]], strays: int) -> Iterator[str]:
    """Yield what people read of the deviations.

    Parameters
    ----------
    doc
        What `deviations_doc` returned.
    strays
        How many trucks the scenario lets leave their corridor.
    """
    for one in doc:
        alert = "no alert" if one["alert"] is None else f"alert {one['alert']}"
        yield (
            f"deviation: truck {one['truck_id']}, corridor {one['corridor_id']}, "
            f"{one['beyond_m']:.0f} m outside for {one['lasted_s'] / 60:.0f} min; {alert}"
        )
    if not doc:
        yield f"deviation: none was told; trucks that the scenario lets leave a corridor: {strays}"


def _alerts(log: Log) -> dict[str, str]:
    """Return how each alert stands, by the order in which it was said."""
    found = {}
    for read in log.live("alert.v1"):
        data = read.event.data
        if isinstance(data, AlertRaised):
            found[data.alert_id] = "raised"
        elif isinstance(data, AlertCleared):
            found[data.alert_id] = "cleared"
    return found
