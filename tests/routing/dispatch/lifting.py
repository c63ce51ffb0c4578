"""Lift obstacles from a problem, to see whether the reasons told for a lot are true."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from routing.dispatch import Facility, Params, Plan, Problem, Slot, Truck, Unassigned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from routing.dispatch import Point

_LONG = timedelta(hours=300)
_BIG_KG = 100_000


class NoTime:
    """Travel that takes no time anywhere."""

    def duration_s(
        self,
        vehicle_class: str,  # noqa: ARG002 - the protocol's argument
        origins: Sequence[Point],
        destinations: Sequence[Point],
    ) -> NDArray[np.float64]:
        """Return zeros."""
        return np.zeros((len(origins), len(destinations)))

    def distance_m(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return zeros."""
        return self.duration_s(vehicle_class, origins, destinations)


@dataclass(frozen=True)
class Case:
    """A problem with one lot left in it, and the parameters to plan it with."""

    problem: Problem
    params: Params


def left_alone(
    problem: Problem, plan: Plan, params: Params, left: Unassigned, *, freed: bool
) -> Case:
    """Return what is left of a problem after its plan, with one lot left over.

    Parameters
    ----------
    problem, plan, params
        What was asked and answered.
    left
        The lot that is left over.
    freed
        Whether the trucks of the plan are free again.
    """
    taken = Counter(trip.slot_id for trip in plan.trips)
    used = set() if freed else {trip.truck_id for trip in plan.trips}
    lot = next(lot for lot in problem.lots if lot.lot_id == left.lot_id)
    return Case(
        replace(
            problem,
            trucks=tuple(truck for truck in problem.trucks if truck.truck_id not in used),
            lots=(replace(lot, quantity_kg=left.quantity_kg),),
            slots=tuple(replace(s, free=s.free - taken[s.slot_id]) for s in problem.slots),
            forced=(),
        ),
        params,
    )


def lift(case: Case, code: str) -> Case:
    """Return the case without one obstacle."""
    return _LIFTS[code](case)


def _trucks(case: Case, change: Callable[[Truck], Truck]) -> Case:
    trucks = tuple(change(truck) for truck in case.problem.trucks)
    return replace(case, problem=replace(case.problem, trucks=trucks))


def _temperature(case: Case) -> Case:
    wanted = frozenset({case.problem.lots[0].temperature})
    return _trucks(case, lambda t: replace(t, temperature_classes=t.temperature_classes | wanted))


def _payload(case: Case) -> Case:
    return _trucks(case, lambda t: replace(t, payload_kg=_BIG_KG))


def _too_small(case: Case) -> Case:
    lots = (replace(case.problem.lots[0], quantity_kg=case.params.min_consignment_kg),)
    return replace(case, problem=replace(case.problem, lots=lots))


def _destination_unknown(case: Case) -> Case:
    def opened(place: Facility) -> Facility:
        return replace(place, products=frozenset())

    problem = case.problem
    lots = (replace(problem.lots[0], destinations=()),)
    places = tuple(opened(place) for place in problem.facilities)
    return replace(case, problem=replace(problem, lots=lots, facilities=places))


def _slot_full(case: Case) -> Case:
    slots = tuple(replace(slot, free=1) for slot in case.problem.slots)
    return replace(case, problem=replace(case.problem, slots=slots))


def _no_slot(case: Case) -> Case:
    problem = case.problem
    always = tuple(
        Slot(
            f"always|{place.facility_id}",
            place.facility_id,
            "G9",
            problem.now - _LONG,
            problem.now + _LONG,
            1,
        )
        for place in problem.facilities
    )
    return replace(case, problem=replace(problem, slots=problem.slots + always))


def _hold_exceeded(case: Case) -> Case:
    lot = case.problem.lots[0]
    lots = (replace(lot, hold_until=lot.hold_until + _LONG),)
    return replace(case, problem=replace(case.problem, lots=lots))


def _driving_hours(case: Case) -> Case:
    case = replace(case, params=replace(case.params, day_s=86_400))
    return _trucks(case, lambda t: replace(t, driving=replace(t.driving, today_s=0)))


def _same(case: Case) -> Case:
    return case


_LIFTS: dict[str, Callable[[Case], Case]] = {
    "truck_busy": _same,
    "declined": lambda case: replace(case, problem=replace(case.problem, forbidden=frozenset())),
    "temperature": _temperature,
    "payload": _payload,
    "too_small": _too_small,
    "destination_unknown": _destination_unknown,
    "no_route": lambda case: replace(case, problem=replace(case.problem, travel=NoTime())),
    "driving_hours": _driving_hours,
    "no_slot": _no_slot,
    "slot_full": _slot_full,
    "hold_exceeded": _hold_exceeded,
}
