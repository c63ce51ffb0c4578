"""Turn a problem into the solver's model, and its priorities into prices.

VROOM serves the greatest sum of priorities first, then the most tasks, then at the least cost. So
leaving a task out costs more than any route could save.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.problems.problem import NO_WAY_S, Job
from routing.solver import model as solver
from routing.solver.arrays import O_MASK, R_OPTIONS, R_OPTIONS_END
from routing.solver.draft import Draft

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.problems.problem import Break, Matrices, Problem, Shipment, Task, Vehicle
    from routing.solver.draft import Model

_EXACT = 2.0**51
"""Sums of prices stay below, so that a second still shows in them."""
_HOUR_S = 3600
_KM_M = 1000


@dataclass(frozen=True, slots=True)
class Lowered:
    """A problem as the solver takes it.

    Attributes
    ----------
    model
        Vehicles and slots are numbered as in the problem, requests as in `carriers`.
    carriers
        The jobs, then the shipments.
    matrices
        By profile and pace of a vehicle: whole seconds, and metres if there are any, among the
        places of the model.
    place_of
        The place of the model for each index of the problem's matrices, -1 for those unused.
    """

    model: Model
    carriers: tuple[Job | Shipment, ...]
    matrices: dict[tuple[str, int], tuple[NDArray[np.int64], NDArray[np.int64] | None]]
    place_of: NDArray[np.int64]

    def option_of(self, request: int, vehicle: int) -> int:
        """Return by which of its options a vehicle serves a request."""
        m = self.model.arrays
        first, end = m.request[request, R_OPTIONS], m.request[request, R_OPTIONS_END]
        masks = m.option[first:end, O_MASK].tolist()
        return next((at for at, mask in enumerate(masks) if mask < 0 or m.mask[mask, vehicle]), 0)

    def seconds(self, vehicle: Vehicle, one: int, two: int) -> int:
        """Return the whole seconds that a vehicle drives between two indices."""
        times, _lengths = self.matrices[vehicle.profile, pace_of(vehicle)]
        return int(times[self.place_of[one], self.place_of[two]])

    def metres(self, vehicle: Vehicle, one: int, two: int) -> int | None:
        """Return how far that is, None where the problem has no distances."""
        _times, lengths = self.matrices[vehicle.profile, pace_of(vehicle)]
        return None if lengths is None else int(lengths[self.place_of[one], self.place_of[two]])


def pace_of(vehicle: Vehicle) -> int:
    """Return how many hundredths of the matrix' time a vehicle takes, as VROOM rounds it."""
    return round(100 / vehicle.speed_factor)


def lower(problem: Problem) -> Lowered:
    """Return the model of a problem.

    Parameters
    ----------
    problem
        With matrices: one that drives by road has gone through `roads.on_roads`.
    """
    return _Lowering(problem).lowered()


class _Lowering:
    """Lowers one problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        used = sorted(_indices(problem))
        self.place_of = np.full(1 + max(used, default=0), -1, np.int64)
        self.place_of[used] = np.arange(len(used))
        self.used = np.array(used, np.int64)
        self.carriers: tuple[Job | Shipment, ...] = (*problem.jobs, *problem.shipments)
        self.draft = Draft(dimensions=max(1, problem.dimensions))
        self.profile: dict[tuple[str, int], int] = {}
        self.matrices: dict[Any, tuple[NDArray[np.int64], NDArray[np.int64] | None]] = {}
        self.facility: dict[int, int] = {}
        self.alike: dict[tuple[str, int], tuple[Vehicle, list[int]]] = {}
        for number, vehicle in enumerate(problem.vehicles):
            kind = vehicle.type, vehicle.costs.per_task_hour
            self.alike.setdefault(kind, (vehicle, []))[1].append(number)
        self.able: dict[frozenset[int], tuple[int, ...] | None] = {}

    def lowered(self) -> Lowered:
        self._matrices()
        for vehicle in self.problem.vehicles:
            self.draft.vehicle(self._vehicle(vehicle))
        self._slots()
        prices = unserved_prices(self.problem, self._dearest())
        for carrier, price in zip(self.carriers, prices, strict=True):
            self.draft.request(self._request(carrier, price))
        return Lowered(self.draft.model(), self.carriers, self.matrices, self.place_of)

    def _matrices(self) -> None:
        times, seconds = [], []
        for vehicle in self.problem.vehicles:
            key = vehicle.profile, pace_of(vehicle)
            if key in self.profile:
                continue
            self.profile[key] = len(self.profile)
            given = self.problem.matrices[vehicle.profile]
            whole = _seconds(self._cut(given.durations), key[1])
            lengths = None if given.distances is None else self._cut(given.distances)
            self.matrices[key] = whole, lengths
            times.append(whole.astype(np.int32))
            other = lengths if given.costs is None else self._cut(given.costs)
            filled = np.zeros_like(whole) if other is None else other
            seconds.append(np.where(whole < NO_WAY_S, filled, NO_WAY_S).astype(np.float64))
        if not times:
            times = [np.zeros((len(self.used),) * 2, np.int32)]
        self.draft.matrix(times, seconds if self._needs_second() else None)

    def _cut(self, matrix: NDArray[np.int64]) -> NDArray[np.int64]:
        return matrix[np.ix_(self.used, self.used)]

    def _needs_second(self) -> bool:
        return any(
            vehicle.costs.per_km
            or vehicle.max_distance is not None
            or self._given(vehicle).costs is not None
            for vehicle in self.problem.vehicles
        )

    def _given(self, vehicle: Vehicle) -> Matrices:
        return self.problem.matrices[vehicle.profile]

    def _vehicle(self, vehicle: Vehicle) -> solver.Vehicle:
        by_matrix = self._given(vehicle).costs is not None
        per_second = 0.0 if by_matrix else vehicle.costs.per_hour / _HOUR_S
        per_second_unit = 1.0 if by_matrix else vehicle.costs.per_km / _KM_M
        opens, closes = vehicle.time_window or (0, solver.FOREVER)
        return solver.Vehicle(
            start=self._place(vehicle.start_index),
            end=self._place(vehicle.end_index),
            profile=self.profile[vehicle.profile, pace_of(vehicle)],
            capacity=vehicle.capacity or (),
            shift_start=opens,
            shift_end=closes,
            fixed_cost=float(vehicle.costs.fixed),
            drive_cost=per_second,
            second_cost=per_second_unit,
            drive_limit=_or_forever(vehicle.max_travel_time),
            second_limit=_or_forever(vehicle.max_distance),
            stop_limit=_or_forever(vehicle.max_tasks),
            breaks=tuple(
                (*break_window(pause, opens, closes), pause.service)
                for pause in in_order(vehicle.breaks)
            ),
        )

    def _place(self, index: int | None) -> int | None:
        return None if index is None else int(self.place_of[index])

    def _slots(self) -> None:
        for slot in self.problem.slots:
            index = slot.location_index or 0
            if index not in self.facility:
                self.facility[index] = self.draft.facility()
            self.draft.slot(
                solver.Slot(
                    facility=self.facility[index],
                    start=slot.start,
                    last=slot.end,
                    capacity=slot.capacity,
                )
            )

    def _request(self, carrier: Job | Shipment, price: float) -> solver.Request:
        tasks = (carrier,) if isinstance(carrier, Job) else (carrier.pickup, carrier.delivery)
        ways: dict[tuple[tuple[int, int, int], ...], list[int]] = defaultdict(list)
        for vehicle, numbers in self.alike.values():
            paid = vehicle.costs.per_task_hour
            way = tuple((t.setup_by(vehicle), t.service_by(vehicle), paid) for t in tasks)
            ways[way] += numbers
        if not ways:  # nobody drives, and yet the request is one
            ways[tuple((t.setup, t.service, 0) for t in tasks)] = []
        options = tuple(
            self._option(carrier, tasks, way, None if len(ways) == 1 else frozenset(vehicles))
            for way, vehicles in ways.items()
        )
        return solver.Request(
            options=options,
            amount=(carrier.delivered if isinstance(carrier, Job) else carrier.amount) or (),
            picked=carrier.picked if isinstance(carrier, Job) else (),
            vehicles=self._able(carrier.skills),
            unserved_cost=price,
        )

    def _option(
        self,
        carrier: Job | Shipment,
        tasks: tuple[Task, ...],
        way: tuple[tuple[int, int, int], ...],
        vehicles: frozenset[int] | None,
    ) -> tuple[solver.Stop, ...]:
        stops = []
        for task, (setup, service, paid) in zip(tasks, way, strict=True):
            index = task.location_index or 0
            unloads = carrier.delivers if isinstance(carrier, Job) else task is tasks[-1]
            stops.append(
                solver.Stop(
                    place=int(self.place_of[index]),
                    setup=setup,
                    service=service,
                    windows=task.time_windows or ((0, solver.FOREVER),),
                    facility=self.facility.get(index) if unloads else None,
                    vehicles=vehicles,
                    cost=(setup + service) * paid / _HOUR_S,
                )
            )
        return tuple(stops)

    def _able(self, skills: frozenset[int]) -> tuple[int, ...] | None:
        """Return the vehicles with these skills, None if all have them."""
        if skills not in self.able:
            vehicles = self.problem.vehicles
            able = tuple(at for at, one in enumerate(vehicles) if skills <= one.skills)
            self.able[skills] = None if len(able) == len(vehicles) else able
        return self.able[skills]

    def _dearest(self) -> float:
        """Return a bound on what all routes together can cost."""
        legs = sum(1 if isinstance(one, Job) else 2 for one in self.carriers)
        used = sorted((one.costs.fixed for one in self.problem.vehicles), reverse=True)[
            : len(self.carriers)
        ]
        leg = task = 0.0
        for vehicle in self.problem.vehicles:
            given = self._given(vehicle)
            times, lengths = self.matrices[vehicle.profile, pace_of(vehicle)]
            ways = times < NO_WAY_S
            if given.costs is not None:
                price = float(self._cut(given.costs).max(initial=0))
            else:
                price = float(times[ways].max(initial=0)) * vehicle.costs.per_hour / _HOUR_S
                if lengths is not None:
                    price += float(lengths.max(initial=0)) * vehicle.costs.per_km / _KM_M
            leg = max(leg, price)
            for _where, one in self.problem.tasks():
                if not vehicle.costs.per_task_hour:
                    break
                spent = one.setup_by(vehicle) + one.service_by(vehicle)
                task = max(task, spent * vehicle.costs.per_task_hour / _HOUR_S)
        return sum(used) + leg * (legs + len(used)) + task * legs + 1


def unserved_prices(problem: Problem, dearest: float) -> list[float]:
    """Return what leaving each job and each shipment out costs.

    Parameters
    ----------
    problem
        Whose priorities count: a shipment's for each of its two tasks, as VROOM counts them.
    dearest
        More than all routes together can cost.
    """
    sizes = [1] * len(problem.jobs) + [2] * len(problem.shipments)
    levels = [one.priority for one in problem.jobs] + [one.priority for one in problem.shipments]
    step = 0 if len(set(levels)) <= 1 else sum(sizes) + 1
    weights = [size * (level * step + 1) for size, level in zip(sizes, levels, strict=True)]
    unit = min(dearest, _EXACT / max(1, sum(weights)))
    return [weight * unit for weight in weights]


def in_order(breaks: tuple[Break, ...]) -> tuple[Break, ...]:
    """Return breaks by the beginning of their windows."""
    return tuple(sorted(breaks, key=lambda pause: pause.time_windows or ((0, solver.FOREVER),)))


def break_window(pause: Break, opens: int, closes: int) -> tuple[int, int]:
    """Return the window in which a break is to begin: its first one within the shift.

    The solver knows one window for each break.
    """
    windows = pause.time_windows or ((0, solver.FOREVER),)
    fitting = [one for one in windows if one[1] >= opens and one[0] + pause.service <= closes]
    return (fitting or windows)[0]


def _seconds(durations: NDArray[np.int64], pace: int) -> NDArray[np.int64]:
    """Return whole seconds, rounded up, `NO_WAY` where there is no way."""
    scaled = durations if pace == 100 else -(-durations * pace // 100)
    known = (durations >= 0) & (durations < NO_WAY_S)
    return np.where(known, np.minimum(scaled, NO_WAY_S), solver.NO_WAY)


def _indices(problem: Problem) -> set[int]:
    found = {task.location_index for _where, task in problem.tasks()}
    for vehicle in problem.vehicles:
        found |= {vehicle.start_index, vehicle.end_index}
    found |= {slot.location_index for slot in problem.slots}
    return {index for index in found if index is not None}


def _or_forever(limit: int | None) -> int:
    return solver.FOREVER if limit is None else limit
