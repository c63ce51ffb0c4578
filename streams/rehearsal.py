"""Plan one trip in a straight line, so that the first real plan finds all code compiled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from routing.dispatch import (
    Facility,
    Iterations,
    Lot,
    Params,
    Plan,
    Point,
    Problem,
    Slot,
    Truck,
    plan,
)
from routing.dispatch.crow import CrowTravel


def rehearse() -> Plan:
    """Plan a truck's trip with a lot to a port.

    Where nothing has been compiled yet it takes a minute or two, else a moment.
    """
    now, port, farm = datetime(2021, 8, 25, tzinfo=UTC), Point(10.0, 105.1), Point(9.9, 105.1)
    later = now + timedelta(hours=8)
    problem = Problem(
        now=now,
        trucks=(Truck("T", "H", "light_truck", 2000, frozenset({"ambient"}), port, now),),
        lots=(Lot("L", "kien-giang", "fish", 900, "ambient", farm, "L", now, later),),
        facilities=(Facility("F", "port", port),),
        slots=(Slot("S", "F", "G", now, later, 1),),
        travel=CrowTravel(),
    )
    return plan(problem, stop=Iterations(10), params=Params(pool=False))
