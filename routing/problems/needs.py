"""Read off a tried route what it needs of each rule: how much, why, and what to change."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from routing.problems.lower import pace_of
from routing.problems.schedule import Row, lay_out, loads_of
from routing.solver.model import FOREVER, NO_WAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from routing.problems.lift import Tried
    from routing.problems.lower import Lowered
    from routing.problems.problem import Problem, Vehicle

Need = tuple[int, str, str]
"""How much (0: nothing), what stands in the way, and what to change, without its full stop."""


@dataclass(frozen=True, slots=True)
class Case:
    """A tried route, laid out.

    Attributes
    ----------
    problem, lowered
        What it belongs to, with nothing lifted.
    tried
        The request in its route.
    rows
        The steps of the route.
    most
        The most that is aboard, in each dimension.
    changed_by
        By how much a limit was changed for it, if that was tried.
    """

    problem: Problem
    lowered: Lowered
    tried: Tried
    rows: list[Row]
    most: list[int]
    changed_by: int | None = None

    @property
    def vehicle(self) -> Vehicle:
        """Whose route it is."""
        return self.problem.vehicles[self.tried.vehicle]

    @property
    def own(self) -> list[Row]:
        """The steps of the request itself."""
        return [row for row in self.rows if row.request == self.tried.request]


def case_of(problem: Problem, lowered: Lowered, tried: Tried, lifted: frozenset[str]) -> Case:
    """Lay a tried route out.

    Parameters
    ----------
    problem, lowered
        With nothing lifted.
    tried
        The request in its route.
    lifted
        The codes of the rules that were lifted for it.
    """
    vehicle = problem.vehicles[tried.vehicle]
    opens, closes = vehicle.time_window or (0, FOREVER)
    hours = 0 if "shift_start" in lifted else opens, FOREVER if "shift_end" in lifted else closes
    breaks = () if "break" in lifted else vehicle.breaks
    vehicles = list(problem.vehicles)
    vehicles[tried.vehicle] = vehicle.model_copy(update={"time_window": hours, "breaks": breaks})
    free = problem.changed(vehicles=tuple(vehicles))
    rows = lay_out(free, lowered, tried.vehicle, tried.visits)
    size = len(vehicle.capacity or ())
    loads, _given, _taken = loads_of(lowered, rows, size)
    most = [max(load[k] for load in loads) for k in range(size)]
    return Case(problem, lowered, tried, rows, most)


def _skills(case: Case) -> Need:
    vehicle, carrier = case.vehicle, case.lowered.carriers[case.tried.request]
    missing = sorted(carrier.skills - vehicle.skills)
    needed = sorted(carrier.skills)
    return (
        len(missing),
        f"It needs the skills {needed}, and no vehicle that has them can take it.",
        f"Give vehicle {vehicle.id} the skills {missing}",
    )


def _capacity(case: Case) -> Need:
    vehicle = case.vehicle
    room = list(vehicle.capacity or ())
    raised = [max(*both) for both in zip(room, case.most, strict=True)]
    more = sum(raised) - sum(room)
    return (
        more,
        f"It does not fit beside what is aboard: vehicle {vehicle.id} holds {room}.",
        f"Raise the capacity of vehicle {vehicle.id} from {room} to {raised}",
    )


def _windows(case: Case) -> Need:
    vehicle, missed = case.vehicle, []
    size = 0
    for row in case.own:
        windows = (row.task.time_windows if row.task else None) or ((0, FOREVER),)
        away = min(max(one - row.begin, row.begin - two, 0) for one, two in windows)
        size += away
        if away:
            missed.append(f"the {row.kind} begin at {row.begin}, {away} s outside its windows")
    return (
        size,
        f"Nobody comes within its windows; vehicle {vehicle.id} comes closest.",
        f"Let {' and '.join(missed)}",
    )


def _slot_full(case: Case) -> Need:
    for row in case.own:
        if row.slot is not None:
            slot = case.problem.slots[row.slot]
            window = [slot.start, slot.end]
            detail = "The slots in which it could be delivered are full"
            return (
                1,
                f"{detail}, such as slot {row.slot}, {window}.",
                f"Raise the capacity of slot {row.slot}, {window}, to {slot.capacity + 1}",
            )
    return 0, "", ""


def _slot_hours(case: Case) -> Need:
    for row in case.own:
        if row.kind != "pickup" and row.index in {s.location_index for s in case.problem.slots}:
            where = f"where {row.kind} {row.task.id if row.task else ''} is"
            return (
                1,
                "There is no slot with room when a vehicle can come.",
                f"Open a slot {where}, for one vehicle at {row.begin}",
            )
    return 0, "", ""


def _max_tasks(case: Case) -> Need:
    return _limit(case, "max_tasks", len(case.tried.visits))


def _max_travel_time(case: Case) -> Need:
    return _limit(case, "max_travel_time", case.rows[-1].driven_s)


def _max_distance(case: Case) -> Need:
    return _limit(case, "max_distance", case.rows[-1].driven_m or 0)


def _limit(case: Case, name: str, needed: int) -> Need:
    vehicle = case.vehicle
    limit = getattr(vehicle, name)
    return (
        0 if limit is None else max(0, needed - limit),
        f"It would bring vehicle {vehicle.id} above its {name}, {limit}.",
        f"Raise {name} of vehicle {vehicle.id} from {limit} to {needed}",
    )


def _shift_end(case: Case) -> Need:
    vehicle = case.vehicle
    closes = vehicle.time_window[1] if vehicle.time_window else FOREVER
    ends = case.rows[-1].leave
    return (
        max(0, ends - closes),
        f"The vehicles' hours end too soon for it: vehicle {vehicle.id} ends at {closes}.",
        f"Let vehicle {vehicle.id} work until {ends}",
    )


def _shift_start(case: Case) -> Need:
    vehicle = case.vehicle
    opens = vehicle.time_window[0] if vehicle.time_window else 0
    starts = case.rows[0].begin if case.changed_by is None else opens - case.changed_by
    return (
        max(0, opens - starts),
        f"The vehicles' hours begin too late for it: vehicle {vehicle.id} starts at {opens}.",
        f"Let vehicle {vehicle.id} work from {starts} on",
    )


def _break(case: Case) -> Need:
    vehicle = case.vehicle
    ids = [pause.id for pause in vehicle.breaks]
    return (
        len(ids),
        f"The breaks {ids} of vehicle {vehicle.id} leave no time for it.",
        f"Let vehicle {vehicle.id} go without the breaks {ids}",
    )


def _unreachable(case: Case) -> Need:
    """Name the legs that no way joins; indices are those of the matrices."""
    rows = [row for row in case.rows if row.index is not None]
    place_of, vehicle = case.lowered.place_of, case.vehicle
    places = [int(place_of[row.index]) for row in rows]
    index_of = {place: row.index for place, row in zip(places, rows, strict=True)}
    times, _lengths = case.lowered.matrices[vehicle.profile, pace_of(vehicle)]
    legs = [(one, two) for one, two in pairwise(places) if times[one, two] >= NO_WAY]
    named = ", ".join(f"{index_of[one]} to {index_of[two]}" for one, two in legs)
    return (
        len(legs),
        f"No way leads there: none from place {named} for {vehicle.profile!r}.",
        f"Give the way from place {named} a time, or leave the task out",
    )


NEEDS: dict[str, Callable[[Case], Need]] = {
    "skills": _skills,
    "capacity": _capacity,
    "time_window": _windows,
    "slot_full": _slot_full,
    "slot_hours": _slot_hours,
    "max_tasks": _max_tasks,
    "max_travel_time": _max_travel_time,
    "max_distance": _max_distance,
    "shift_end": _shift_end,
    "shift_start": _shift_start,
    "break": _break,
    "unreachable": _unreachable,
}
"""What a route needs of each rule, by the code of its reason."""
