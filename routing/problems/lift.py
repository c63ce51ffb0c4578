"""Lift one rule after another from a solved problem, and try whether a request then fits.

A lift changes the model's arrays only. Those in `REWALKED` change when vehicles are where, so that
all routes are walked anew under them; where they then no longer hold, the lift is of no use.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import (
    N_EARLIEST,
    N_FACILITY,
    N_LATEST,
    N_REQUEST,
    N_WINDOWS,
    N_WINDOWS_END,
    S_CAPACITY,
    S_ID,
    V_BREAKS,
    V_BREAKS_END,
    V_CLOSE,
    V_DRIVE_LIMIT,
    V_OPEN,
    V_SECOND_LIMIT,
    V_STOP_LIMIT,
)
from routing.solver.kernels.booking import release
from routing.solver.kernels.walk import walk
from routing.solver.live import Live
from routing.solver.model import FOREVER, NO_WAY
from routing.solver.states import copy_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from routing.solver.arrays import Arrays
    from routing.solver.solution import Visit

_TRIES = 5
"""So many vehicles are looked at for the smallest change."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A request put into a route with some rules lifted.

    Attributes
    ----------
    request, vehicle
        Their numbers.
    visits
        The whole route with the request in it.
    """

    request: int
    vehicle: int
    visits: tuple[Visit, ...]


def _columns(m: Arrays, columns: tuple[int, ...], filler: int) -> Arrays:
    vehicle = m.vehicle.copy()
    vehicle[:, columns] = filler
    return m._replace(vehicle=vehicle)


def _stops(m: Arrays, request: int) -> NDArray[np.int64]:
    return np.flatnonzero(m.stop[:, N_REQUEST] == request)


def _lift_skills(m: Arrays, request: int) -> Arrays:
    allowed = m.allowed.copy()
    allowed[request] = True
    return m._replace(allowed=allowed)


def _lift_capacity(m: Arrays, _request: int) -> Arrays:
    return m._replace(capacity=np.full_like(m.capacity, FOREVER))


def _lift_windows(m: Arrays, request: int) -> Arrays:
    return widened(m, _stops(m, request), FOREVER, FOREVER)


def widened(m: Arrays, stops: Iterable[int], before: int, after: int) -> Arrays:
    """Return a model in which the windows of stops begin sooner and end later.

    Parameters
    ----------
    m
        The model.
    stops
        Their numbers.
    before, after
        By so many seconds.
    """
    stop, window = m.stop.copy(), m.window.copy()
    for n in stops:
        first, end = stop[n, N_WINDOWS], stop[n, N_WINDOWS_END]
        window[first:end, 0] = np.maximum(window[first:end, 0] - before, 0)
        window[first:end, 1] += after
        stop[n, N_EARLIEST] = max(stop[n, N_EARLIEST] - before, 0)
        stop[n, N_LATEST] += after
    return m._replace(stop=stop, window=window)


def _lift_slot_capacity(m: Arrays, _request: int) -> Arrays:
    slot = m.slot.copy()
    slot[:, S_CAPACITY] = FOREVER
    return m._replace(slot=slot)


def _lift_slots(m: Arrays, request: int) -> Arrays:
    stop = m.stop.copy()
    stop[_stops(m, request), N_FACILITY] = -1
    return m._replace(stop=stop)


def _lift_distance_of_ways(m: Arrays, _request: int) -> Arrays:
    """Let ways that do not exist take no time."""
    time = np.where(m.time >= NO_WAY, 0, m.time).astype(m.time.dtype)
    time_to = np.where(m.time_to >= NO_WAY, 0, m.time_to).astype(m.time_to.dtype)
    second = np.where(m.time >= NO_WAY, 0, m.second) if m.second.size else m.second
    return m._replace(time=time, time_to=time_to, second=second)


def _lift_breaks(m: Arrays, _request: int) -> Arrays:
    vehicle = m.vehicle.copy()
    vehicle[:, V_BREAKS_END] = vehicle[:, V_BREAKS]
    return m._replace(vehicle=vehicle)


LIFTS: dict[str, Callable[[Arrays, int], Arrays]] = {
    "skills": _lift_skills,
    "capacity": _lift_capacity,
    "time_window": _lift_windows,
    "slot_full": _lift_slot_capacity,
    "slot_hours": _lift_slots,
    "max_tasks": lambda m, _r: _columns(m, (V_STOP_LIMIT,), FOREVER),
    "max_travel_time": lambda m, _r: _columns(m, (V_DRIVE_LIMIT,), FOREVER),
    "max_distance": lambda m, _r: _columns(m, (V_SECOND_LIMIT,), FOREVER),
    "shift_end": lambda m, _r: _columns(m, (V_CLOSE,), FOREVER),
    "shift_start": lambda m, _r: _columns(m, (V_OPEN,), 0),
    "break": _lift_breaks,
    "unreachable": _lift_distance_of_ways,
}
"""The rules that can be lifted, by the code of their reason."""
LIMITS = {
    "capacity": -1,
    "max_travel_time": V_DRIVE_LIMIT,
    "max_distance": V_SECOND_LIMIT,
    "shift_end": V_CLOSE,
    "shift_start": V_OPEN,
}
"""Limits of which the smallest change is sought, with their columns."""
REWALKED = frozenset({"shift_end", "shift_start", "break"})


class Lifter:
    """Tries requests in a solution with rules lifted.

    Parameters
    ----------
    live
        The solution as the search left it; it is not changed.
    """

    def __init__(self, live: Live) -> None:
        self.live = live
        self._walked: dict[frozenset[str], Live | None] = {frozenset(): live}
        self._empty: Live | None = None

    @property
    def arrays(self) -> Arrays:
        """The model as it stands."""
        return self.live.model.arrays

    def tries(self, request: int, rules: frozenset[str]) -> list[Tried]:
        """Return the cheapest places of a request with these rules lifted, few of them.

        Parameters
        ----------
        request
            Its number; nobody serves it.
        rules
            Keys of `LIFTS`. Hours and breaks are lifted for the vehicle of the place alone.
        """
        rewalked, others = rules & REWALKED, rules - REWALKED
        base = self._base(rewalked)
        if base is None:
            return []
        found = self._with(request, others, base)
        if not rewalked:
            return found
        found = []
        for vehicle in {one.vehicle: None for one in self._with(request, others, base)}:
            if own := self._walk(rewalked, vehicle):
                found += [one for one in self._with(request, others, own) if one.vehicle == vehicle]
        return found

    def _with(
        self, request: int, rules: frozenset[str], base: Live, *, only: int | None = None
    ) -> list[Tried]:
        arrays = base.model.arrays
        for rule in rules:
            arrays = LIFTS[rule](arrays, request)
        return self.fits(request, arrays, base, only=only)

    def fits(
        self, request: int, arrays: Arrays, base: Live | None = None, *, only: int | None = None
    ) -> list[Tried]:
        """Return the cheapest places of a request in a changed model, few of them, all tried.

        Parameters
        ----------
        request
            Its number.
        arrays
            The changed model.
        base
            The routes; None: as the search left them.
        only
            The one vehicle that is asked; None: all are.
        """
        if only is not None:
            allowed = arrays.allowed.copy()
            allowed[request] = False
            allowed[request, only] = arrays.allowed[request, only]
            arrays = arrays._replace(allowed=allowed)
        asked = (base or self.live).under(**arrays._asdict())
        found = []
        for place in asked.insertions(request)[:_TRIES]:
            tried = copy.copy(asked)
            tried.state = copy_state(asked.state)
            if tried.insert(request, place):
                visits = tried.route(place.vehicle)
                found.append(Tried(request, place.vehicle, visits))
        return found

    def alone(self, request: int) -> list[Tried]:
        """Return what one more vehicle, like one of those there are, could do for a request."""
        if self._empty is None:
            m = self.arrays
            slot = m.slot.copy()
            slot[:, S_CAPACITY] = np.maximum(slot[:, S_CAPACITY] - self.live.state.used, 0)
            self._empty = Live(self.live.model.changed(slot=slot))
        return self.fits(request, self._empty.model.arrays, self._empty)

    def with_room(self, slot: int) -> Arrays:
        """Return the model with one place more in a slot.

        Parameters
        ----------
        slot
            Its number in the problem.
        """
        m = self.arrays
        more = m.slot.copy()
        more[m.slot[:, S_ID] == slot, S_CAPACITY] += 1
        return m._replace(slot=more)

    def raised(self, tried: Tried, rule: str, by: tuple[int, ...]) -> list[Tried]:
        """Return the places in the same route if one limit of its vehicle gives way.

        Parameters
        ----------
        tried
            The request in the route.
        rule
            A key of `LIMITS`.
        by
            How much; of capacities, in each dimension.
        """
        m = self.arrays
        if rule == "capacity":
            capacity = m.capacity.copy()
            capacity[tried.vehicle, : len(by)] += np.array(by, np.int64)
            m = m._replace(capacity=capacity)
        else:
            vehicle = m.vehicle.copy()
            vehicle[tried.vehicle, LIMITS[rule]] += -by[0] if rule == "shift_start" else by[0]
            m = m._replace(vehicle=vehicle)
        base = self._walk_in(m, [tried.vehicle]) if rule in REWALKED else self.live
        return [] if base is None else self.fits(tried.request, m, base, only=tried.vehicle)

    def _base(self, rules: frozenset[str]) -> Live | None:
        if rules not in self._walked:
            self._walked[rules] = self._walk(rules)
        return self._walked[rules]

    def _walk(self, rules: frozenset[str], vehicle: int | None = None) -> Live | None:
        """Walk routes anew with rules lifted, those of all vehicles or of one."""
        arrays = self.arrays
        for rule in rules:
            arrays = LIFTS[rule](arrays, -1)
        if vehicle is None:
            return self._walk_in(arrays, range(len(arrays.vehicle)))
        rows = self.arrays.vehicle.copy()
        rows[vehicle] = arrays.vehicle[vehicle]
        return self._walk_in(self.arrays._replace(vehicle=rows), [vehicle])

    def _walk_in(self, arrays: Arrays, vehicles: Iterable[int]) -> Live | None:
        """Walk the routes of vehicles anew in a changed model; None if one cannot be driven."""
        walked = self.live.under(**arrays._asdict())
        walked.state = copy_state(self.live.state)
        for vehicle in vehicles:
            release(arrays, walked.state, vehicle)
            if not walk(arrays, walked.state, vehicle):
                return None
        return walked
