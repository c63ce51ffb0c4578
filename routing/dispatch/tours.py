"""Cut routes into tours, from empty to empty, and price what happens on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.dispatch.lower_trucks import fairness_of
from routing.solver.model import NO_WAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from routing.dispatch.drives import Drives
    from routing.dispatch.table import Table
    from routing.dispatch.work import Errand, Step


@dataclass(frozen=True, slots=True)
class Carried:
    """A consignment on a tour: the steps that load it (None: it is aboard) and unload it."""

    errand: Errand
    loaded: Step | None
    unloaded: Step


@dataclass(frozen=True, slots=True)
class Tour:
    """What a truck does from empty to empty.

    `aboard_kg` is the load on the way to each step; `home_s` what the truck drives home afterwards.
    """

    truck: int
    sequence: int
    steps: tuple[Step, ...]
    aboard_kg: tuple[int, ...]
    home_s: int = 0

    def carried(self) -> list[Carried]:
        """Return the tour's consignments, in the order in which they are unloaded."""
        loaded = {id(s.task.errand): s for s in self.steps if s.task.part == 0}
        return [
            Carried(step.task.errand, loaded.get(id(step.task.errand)), step)
            for step in self.steps
            if step.task.part == 1
        ]

    def driven_s(self, until: Step | None = None) -> tuple[int, int]:
        """Return the seconds driven empty and loaded, up to a step."""
        empty_s = loaded_s = 0
        for step, aboard in zip(self.steps, self.aboard_kg, strict=True):
            empty_s += 0 if aboard else step.drive_s
            loaded_s += step.drive_s if aboard else 0
            if step is until:
                break
        return empty_s, loaded_s


def home_s_of(table: Table, drives: Drives, truck: int, steps: Sequence[Step]) -> int | None:
    """Return how long a truck drives home after its last step, None where it does not.

    Parameters
    ----------
    table, drives
        The problem, and the driving times of its places.
    truck, steps
        Who has done what.
    """
    one = table.problem.trucks[truck]
    if one.home is None or not table.params.return_home or not steps:
        return None
    home_s = drives.between(one.vehicle_class, steps[-1].after.place, one.home)
    return home_s if home_s < NO_WAY else None


def tours_of(steps: Sequence[Step], truck: int, *, home_s: int = 0) -> Iterator[Tour]:
    """Yield a truck's tours in order.

    Parameters
    ----------
    steps, truck
        Who does what.
    home_s
        What the truck drives home after the last one.
    """
    aboard = sum(s.task.errand.quantity_kg for s in steps if s.task.errand.aboard)
    first, before, sequence = 0, [], 0
    for at, step in enumerate(steps):
        before.append(aboard)
        quantity_kg = step.task.errand.quantity_kg
        aboard += -quantity_kg if step.task.part else quantity_kg
        if aboard <= 0 and step.task.part:
            last = at + 1 == len(steps)
            yield Tour(
                truck,
                sequence,
                tuple(steps[first : at + 1]),
                tuple(before),
                home_s if last else 0,
            )
            first, before, sequence = at + 1, [], sequence + 1


def costs_of(table: Table, tour: Tour) -> list[dict[str, float]]:
    """Return the cost of each consignment of a tour by part, in cost seconds.

    What consignments share, driving, waiting and the truck itself, is parted by their weight.
    """
    params, truck = table.params, table.problem.trucks[tour.truck]
    empty_s, loaded_s = tour.driven_s()
    idle_s = sum(step.task.begin_s - step.before.time_s - step.drive_s for step in tour.steps)
    shared = {
        "empty_driving": params.empty_cost_per_s * (empty_s + tour.home_s),
        "loaded_driving": params.loaded_cost_per_s * loaded_s,
        "waiting": params.wait_cost_per_s * idle_s,
        "fairness": fairness_of(table, truck) if tour.sequence == 0 else 0.0,
    }
    carried = tour.carried()
    whole_kg = sum(one.errand.quantity_kg for one in carried)
    found = []
    for one in carried:
        part = one.errand.quantity_kg / whole_kg if whole_kg else 1 / len(carried)
        parts = {name: value * part for name, value in shared.items()}
        parts |= _own_costs(table, tour, one)
        parts["total"] = sum(parts.values())
        found.append(parts)
    return found


def _own_costs(table: Table, tour: Tour, one: Carried) -> dict[str, float]:
    params, lot = table.params, one.errand.lot
    begin_s = one.unloaded.task.begin_s
    age_s = max(0, begin_s - table.ready_s(lot))
    late_s = max(0, begin_s - table.hold_s(lot) + params.hold_buffer_s)
    spare_kg = table.problem.trucks[tour.truck].payload_kg - one.errand.quantity_kg
    return {
        "age": params.age_cost_per_s * age_s,
        "spoilage": table.spoil_cost_per_s(lot, one.errand.quantity_kg) * age_s,
        "hold_risk": params.risk_cost_per_s * late_s,
        "corridor": -params.corridor_bonus if one.errand.lane.corridor is not None else 0.0,
        "spare_payload": params.spare_cost_per_kg * spare_kg,
        "churn": params.churn_cost * _changes(table, tour.truck, one),
    }


def _changes(table: Table, truck: int, one: Carried) -> int:
    """Count what differs from the plan before: the truck, the slot."""
    earlier, slot = one.errand.earlier, one.unloaded.task.slot
    if earlier is None:
        return 0
    truck_id = table.problem.trucks[truck].truck_id
    moved = earlier.slot_id is not None and table.slot_at[earlier.slot_id] != slot
    return int(earlier.truck_id in table.truck_at and earlier.truck_id != truck_id) + int(moved)
