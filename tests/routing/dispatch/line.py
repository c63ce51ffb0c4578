"""Lay places along a line, so that times can be counted in the head: one hour from one to the next.

Trucks load and unload for half an hour each, and leave at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.dispatch import Iterations, Params, Plan, Point, Problem, plan
from tests.checks.plan import violations
from tests.routing.dispatch.worlds import facility, hours, lot, slots, truck, world

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from routing.dispatch import Lot, Truck

_START = 100.0


@dataclass(frozen=True)
class Line:
    """Roads along the line; classes of trucks in `barred` go no further back than their hour."""

    barred: tuple[tuple[str, float], ...] = ()

    def duration_s(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return seconds of driving."""
        one, two = (np.array([point.lon for point in ps]) for ps in (origins, destinations))
        found: NDArray[np.float64] = np.rint(abs(one[:, None] - two[None, :]) * 3_600)
        least = _START + dict(self.barred).get(vehicle_class, 0.0) - 1e-9
        found[one < least] = np.inf
        found[:, two < least] = np.inf
        return found

    def distance_m(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return metres, at 36 km/h."""
        return self.duration_s(vehicle_class, origins, destinations) * 10


def at(hour: float) -> Point:
    """Return the place so many hours along the line."""
    return Point(10.0, _START + hour)


def lorry(name: str = "T1", place: float = 0, **changes: Any) -> Truck:
    """Return a truck of 8 t on the line."""
    return truck(name, position=at(place), **changes)


def goods(name: str = "L1", place: float = 0, **changes: Any) -> Lot:
    """Return 5 t of fish on the line, ready now, that hold ten hours."""
    return lot(name, pickup=at(place), **changes)


def line(port: float = 1, **changes: Any) -> Problem:
    """Return one truck and one lot at the line's beginning, and a port with hourly slots."""
    known = {
        "trucks": (lorry(),),
        "lots": (goods(),),
        "facilities": (facility(position=at(port)),),
        "slots": slots(),
        "travel": Line(),
    }
    return world(**(known | changes))


def planned(problem: Problem, *, rounds: int = 60, **params: Any) -> Plan:
    """Return a plan that the checker passes; trucks leave at once and need no margin."""
    known = {"accept_s": 0, "margin_s": 0, "pickup_early_s": 0}
    asked = Params(**(known | params))
    made = plan(problem, stop=Iterations(rounds), params=asked)
    assert violations(problem, made, asked) == []
    return made


def entries(made: Plan) -> list[tuple[str, str, float]]:
    """Return (truck, lot, hour of delivery) of each trip, in order of time."""
    found = [(trip.truck_id, trip.lot_id, hour(trip.delivery_eta)) for trip in made.trips]
    return sorted(found, key=lambda entry: (entry[2], entry[0]))


def hour(moment: datetime) -> float:
    """Return the hours from now."""
    return (moment - hours(0)).total_seconds() / 3_600
