"""Turn trucks into the engine's vehicles, and say which of them may carry a lot at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.dispatch.work import room_kg, volume_of
from routing.solver.model import FOREVER, Vehicle

if TYPE_CHECKING:
    from routing.dispatch.drives import Drives
    from routing.dispatch.problem import Lot, Truck
    from routing.dispatch.table import Lane, Table
    from routing.dispatch.work import Work


class Fleet:
    """The trucks that may do anything more, as vehicles.

    Parameters
    ----------
    table, drives, work
        The problem, its driving times, and what trucks have to do before.
    """

    def __init__(self, table: Table, drives: Drives, work: Work) -> None:
        self.table, self.drives, self.work = table, drives, work
        problem = table.problem
        self.trucks = [
            at
            for at in range(len(problem.trucks))
            if at not in work.stuck and work.standing[at].left_s(table) >= 0
        ]
        self.vehicle_of = {truck: vehicle for vehicle, truck in enumerate(self.trucks)}
        self.has_volume = any(lot.volume_l for lot in problem.lots)
        self.hauliers = {
            name: at for at, name in enumerate(sorted({t.haulier_id for t in problem.trucks}))
        }
        self._able: dict[tuple[object, ...], tuple[int, ...]] = {}

    @property
    def dimensions(self) -> int:
        """Kilograms, litres if any lot has a volume, and consignments where nothing is pooled."""
        return 1 + self.has_volume + (not self.table.params.pool)

    def amount(self, lot: Lot, quantity_kg: int) -> tuple[int, ...]:
        """Return what a part of a lot takes in each dimension."""
        volume = (volume_of(lot, quantity_kg),) if self.has_volume else ()
        return (quantity_kg, *volume, *(() if self.table.params.pool else (1,)))

    def vehicles(self) -> list[Vehicle]:
        """Return the trucks as vehicles, in the order of `trucks`."""
        return [self._vehicle(at) for at in self.trucks]

    def _vehicle(self, at: int) -> Vehicle:
        table, params = self.table, self.table.params
        truck, standing = table.problem.trucks[at], self.work.standing[at]
        home = truck.home if params.return_home else None
        return Vehicle(
            start=self.drives.at[standing.place],
            end=None if home is None else self.drives.at[home],
            profile=self.drives.class_at[truck.vehicle_class],
            capacity=self._capacity(truck),
            shift_start=standing.time_s,
            shift_end=over_s(table, truck),
            fixed_cost=0.0 if self.work.steps[at] else fairness_of(table, truck),
            drive_cost=params.empty_cost_per_s,
            wait_cost=params.wait_cost_per_s,
            drive_limit=standing.left_s(table),
            break_after=params.drive_s,
            break_length=params.break_s,
            since_break=standing.since_s,
            rear_loading=truck.rear_loading,
            group=self.hauliers[truck.haulier_id],
        )

    def _capacity(self, truck: Truck) -> tuple[int, ...]:
        volume = (FOREVER if truck.volume_l is None else truck.volume_l,) if self.has_volume else ()
        return (truck.payload_kg, *volume, *(() if self.table.params.pool else (1,)))

    def able(self, lot: Lot) -> tuple[int, ...]:
        """Return the vehicles that the rules let carry the lot, wherever it goes."""
        key = (lot.temperature, lot.needs, lot.permits, lot.volume_l and lot.lot_id)
        if key not in self._able:
            self._able[key] = tuple(
                vehicle
                for vehicle, at in enumerate(self.trucks)
                if may_carry(self.table, self.table.problem.trucks[at], lot)
            )
        forbidden = self.table.problem.forbidden
        if not forbidden:
            return self._able[key]
        trucks = self.table.problem.trucks
        return tuple(
            vehicle
            for vehicle in self._able[key]
            if (trucks[self.trucks[vehicle]].truck_id, lot.lot_id) not in forbidden
        )

    def on_lane(self, lane: Lane) -> frozenset[int] | None:
        """Return the vehicles that may use a lane: roster and permits; None: all of them."""
        problem = self.table.problem
        roster = problem.corridors[lane.corridor].roster if lane.corridor is not None else ()
        wanted: set[str] = set()
        if lane.facility is not None:
            wanted |= problem.facilities[lane.facility].permits
        for place in (lane.handover, lane.start, lane.relief[0] if lane.relief else None):
            if place is not None:
                wanted |= problem.transhipments[place].permits
        if not roster and not wanted:
            return None
        return frozenset(
            vehicle
            for vehicle, at in enumerate(self.trucks)
            if (not roster or problem.trucks[at].truck_id in roster)
            and wanted <= problem.trucks[at].permits
        )


def may_carry(table: Table, truck: Truck, lot: Lot) -> bool:
    """Say whether temperature, skills, permits and size let a truck carry a lot."""
    least_kg = max(table.params.min_consignment_kg, 1)
    return (
        lot.temperature in truck.temperature_classes
        and lot.needs <= truck.skills
        and lot.permits <= truck.permits
        and room_kg(truck, lot) >= least_kg
    )


def over_s(table: Table, truck: Truck) -> int:
    """Return when everything has to be done: the end of the shift, or of the pass."""
    ends = [
        table.seconds(end, down=True)
        for end in (truck.shift_end, truck.pass_until)
        if end is not None
    ]
    return min(ends, default=FOREVER)


def fairness_of(table: Table, truck: Truck) -> float:
    """Return what sending a truck costs: its haulier's share of the work done so far."""
    worked_s = table.problem.worked_s
    share = worked_s.get(truck.haulier_id, 0) / max(1, sum(worked_s.values()))
    return table.params.fairness_cost * share
