"""Lay a problem out as arrays: trucks, slots and the driving times between all places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.dispatch.drives import asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.dispatch.problem import Point, Travel
    from routing.dispatch.table import Table

    Floats = NDArray[np.float64]

NO_WAY_S = 1e12
"""Stands for infinity where sums and differences are taken."""


@dataclass(frozen=True, slots=True)
class Legs:
    """Whole seconds of driving for a block of lots, `NO_WAY_S` where there is no way.

    `empty_s` is trucks × lots; `direct_s` classes × lots × facilities; `to_assembly_s`
    classes × lots × assembly points.
    """

    empty_s: Floats
    direct_s: Floats
    to_assembly_s: Floats


class Board:
    """A problem as arrays; all times are whole seconds since its `now`."""

    def __init__(self, table: Table) -> None:
        self.table, self.problem, self.params = table, table.problem, table.params
        self.slots, self.assembly = table.slots, table.assembly
        self._lay_trucks()
        self._lay_slots()
        self._lay_corridors()
        self.ready_s = [table.ready_s(lot) for lot in self.problem.lots]
        self.hold_s = [table.hold_s(lot) for lot in self.problem.lots]
        self.due_s = [hold_s - self.params.margin_s for hold_s in self.hold_s]

    def _lay_trucks(self) -> None:
        trucks = self.problem.trucks
        self.classes = sorted({truck.vehicle_class for truck in trucks})
        position = {name: at for at, name in enumerate(self.classes)}
        self.vehicle = np.array([position[truck.vehicle_class] for truck in trucks], int)
        self.start_s = np.array(
            [
                max(self.params.accept_s, self.table.seconds(truck.available_from))
                for truck in trucks
            ],
            float,
        )
        since = [min(truck.driving.since_break_s, self.params.drive_s) for truck in trucks]
        self.since_s = np.array(since, float)
        self.today_s = np.array([truck.driving.today_s for truck in trucks], float)
        self.payload_kg = np.array([truck.payload_kg for truck in trucks], np.int64)

    def _lay_slots(self) -> None:
        self.opens_s = np.array([self.table.opens_s(slot) for slot in self.slots], float)
        self.last_s = np.array([self.table.last_s(slot) for slot in self.slots], float)
        self.free = np.array([slot.free for slot in self.slots], np.int64)
        self.slots_of = [np.array(own, int) for own in self.table.slots_of]

    def _lay_corridors(self) -> None:
        truck_ids = [truck.truck_id for truck in self.problem.trucks]
        self.on_roster = [
            np.array([not c.roster or truck_id in c.roster for truck_id in truck_ids], bool)
            for c in self.problem.corridors
        ]
        points = [point.position for _, point in self.assembly]
        ports = [facility.position for facility in self.problem.facilities]
        self.from_assembly_s = self._by_class(points, ports)

    def _by_class(self, origins: Sequence[Point], destinations: Sequence[Point]) -> Floats:
        travel = self.problem.travel
        answers = [seconds(travel, name, origins, destinations) for name in self.classes]
        shape = (len(self.classes), len(origins), len(destinations))
        return np.array(answers, float).reshape(shape)

    def legs(self, lots: Sequence[int]) -> Legs:
        """Ask for the driving times of a block of lots.

        Parameters
        ----------
        lots
            Places in the problem's lots.
        """
        pickups = [self.problem.lots[at].pickup for at in lots]
        empty_s = np.full((len(self.problem.trucks), len(lots)), NO_WAY_S)
        for number, name in enumerate(self.classes):
            rows = np.flatnonzero(self.vehicle == number)
            stands = [self.problem.trucks[row].position for row in rows]
            empty_s[rows] = seconds(self.problem.travel, name, stands, pickups)
        ports = [facility.position for facility in self.problem.facilities]
        points = [point.position for _, point in self.assembly]
        return Legs(empty_s, self._by_class(pickups, ports), self._by_class(pickups, points))


def seconds(
    travel: Travel, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
) -> Floats:
    """Return driving times in whole seconds, rounded up, `NO_WAY_S` where there is no way."""
    exact = asked(travel.duration_s, vehicle_class, origins, destinations)
    return np.where(np.isfinite(exact) & (exact < NO_WAY_S), np.ceil(exact), NO_WAY_S)
