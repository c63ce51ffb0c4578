"""Take its place from a truck that did not come, and call off what was not loaded in time.

In: dispatch.inbox.v1 (clock.ticked)
Out: slot.reservation.v1, dispatch.assignment.v1, alert.v1

The slot's partition knows who has a place, but not who has come: that dispatch knows, by what the
driver reports and where the truck was. What it waits for stands in its table, so that a restart
forgets no deadline.
"""

from __future__ import annotations

from datetime import timedelta

from schemas.model import parse_time
from schemas.slot import Reservation
from streams.alarm import clear, warn
from streams.booking import end
from streams.desk import Desk
from streams.fold import Doc
from streams.places import miss
from streams.standing import ON_TRIP

OVERDUE_AFTER = timedelta(hours=1)
"""How long after its window a truck may come; then its place is free again, and a trip that has not
loaded is called off (assumed)."""


def note_overdue(desk: Desk, assignment_id: str, view: Doc) -> None:
    """Take its place from a truck that did not come inside its window and grace.

    A trip that has not loaded is called off; one that has needs another slot. A truck that was at
    its port has come, however long it waits there.

    Parameters
    ----------
    desk
        The step.
    assignment_id, view
        The truck's trip.
    """
    if view["status"] not in ON_TRIP:
        return
    if desk.now <= parse_time(view["window_end"]) + OVERDUE_AFTER:
        return
    own = desk.own("assignment", assignment_id)
    is_open = view["status"] == "accepted"
    is_late = not is_open and own.get("came") != view["facility_id"]
    if (is_open or is_late) and own.get("reservation"):
        data = miss(desk, own["reservation"])
        desk.keep("assignment", assignment_id, reservation=None, missed=True)
        note_no_show(desk, data)
        if is_late:
            desk.keep("assignment", assignment_id, need="slot")
    if is_open:
        end(desk, assignment_id, "cancelled", reason="overdue", forbid=True)


def note_no_show(desk: Desk, data: Reservation) -> None:
    """Warn of a truck that did not come."""
    warn(desk, "no_show", data.truck_id, {"assignment_id": data.assignment_id}, data.region)


def settle_no_show(desk: Desk, assignment_id: str, view: Doc) -> None:
    """Warn no longer once the goods are there, or the truck has another slot or another trip."""
    own = desk.own("assignment", assignment_id)
    if not own.get("missed"):
        return
    job = desk.own("truck", view["truck_id"]).get("job")
    goes_on = own.get("reservation") or view["status"] == "delivered"
    if goes_on or job not in (None, assignment_id):
        desk.keep("assignment", assignment_id, missed=None)
        clear(desk, "no_show", view["truck_id"])
