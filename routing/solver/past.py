"""Let time pass over a solution: what is done leaves its route, what has begun stays as it is.

A vehicle goes on from where it stands, with what its driver has driven; goods aboard are picked up
where it stands, at once and for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import (
    N_COST,
    N_EARLIEST,
    N_FACILITY,
    N_LATE_COST,
    N_LATEST,
    N_PART,
    N_PLACE,
    N_REQUEST,
    N_RISK_COST,
    N_SERVICE,
    N_SETUP,
    N_SLOT,
    N_VIA,
    N_WINDOWS,
    N_WINDOWS_END,
    O_FIRST,
    O_SECOND,
    R_JOB,
    V_BREAKS,
    V_BREAKS_END,
    V_DRIVE_LIMIT,
    V_FIXED,
    V_OPEN,
    V_SECOND_LIMIT,
    V_SINCE,
    V_START,
    V_STOP_LIMIT,
    V_WAIT_COST,
)
from routing.solver.kernels.booking import release
from routing.solver.kernels.state import (
    ARRIVAL,
    BEGIN,
    BREAK,
    COST,
    DRIVEN,
    LEAVE,
    NEXT,
    PREVIOUS,
    SECOND,
    SINCE,
    SLOT,
    VEHICLE,
)
from routing.solver.mend import route_of, set_route
from routing.solver.model import FOREVER

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from routing.solver.arrays import Arrays
    from routing.solver.kernels.state import State
    from routing.solver.solution import Visit

    Ints = NDArray[np.int64]


class Past:
    """What the vehicles of a solution have done.

    Parameters
    ----------
    vehicles
        How many there are.

    Attributes
    ----------
    done
        Of each vehicle, the visits that it has made.
    aboard, finished, under_way
        Requests that are picked up and not delivered; that are done; that a vehicle drives to.
    """

    def __init__(self, vehicles: int) -> None:
        self.done: list[tuple[Visit, ...]] = [()] * vehicles
        self.aboard: set[int] = set()
        self.finished: set[int] = set()
        self.under_way: set[int] = set()

    def copy(self) -> Past:
        """Return an independent copy."""
        twin = Past(0)
        twin.done = list(self.done)
        twin.aboard, twin.finished = set(self.aboard), set(self.finished)
        twin.under_way = set(self.under_way)
        return twin

    def begun(self, request: int) -> bool:
        """Say whether a vehicle is on its way to a request, has it aboard or has done with it."""
        return request in self.under_way | self.aboard | self.finished

    def shams(self, m: Arrays, route: Sequence[int]) -> int:
        """Return how many stops at the head of a route only say what is aboard."""
        count = 0
        while (
            count < len(route)
            and m.stop[route[count], N_PART] == 0
            and int(m.stop[route[count], N_REQUEST]) in self.aboard
        ):
            count += 1
        return count

    def pass_by(
        self, m: Arrays, s: State, vehicle: int, visits: Sequence[Visit], *, moment: int, early: int
    ) -> bool:
        """Take what a vehicle has done out of its route, and lock what it is on its way to.

        Parameters
        ----------
        m, s
            The problem and the solution; the route has to be walked then, before any other.
        vehicle, visits
            Whose route, and what it is.
        moment, early
            See `amend.Moving.hold`.

        Returns
        -------
        bool
            Whether anything has changed; if so the route's bookings are released.
        """
        route = route_of(m, s, vehicle)
        head = self.shams(m, route)
        real = route[head:]
        done = [stop for stop in real if s.node[stop, LEAVE] <= moment]
        rest = real[len(done) :]
        begun = bool(rest) and bool(departures(m, s, np.array(rest[:1]), early)[0] <= moment)
        if not done and not (begun and s.frozen[vehicle] <= head):
            return False
        release(m, s, vehicle)
        if done:
            self.done[vehicle] += tuple(visits[head : head + len(done)])
            _go_on(m, s, vehicle, done)
        for stop in done:
            self._note(m, s, vehicle, stop)
        kept = [n for n in (*route[:head], *done) if int(m.stop[n, N_REQUEST]) in self.aboard]
        set_route(m, s, vehicle, [*kept, *rest])
        for stop in kept:
            _load_here(m, stop, int(m.vehicle[vehicle, V_START]))
        s.frozen[vehicle] = len(kept) + begun
        if begun:
            _lock(m, s, int(m.stop[rest[0], N_REQUEST]))
            self.under_way.add(int(m.stop[rest[0], N_REQUEST]))
        else:
            m.vehicle[vehicle, V_OPEN] = max(int(m.vehicle[vehicle, V_OPEN]), moment)
        return True

    def _note(self, m: Arrays, s: State, vehicle: int, stop: int) -> None:
        """Note that a stop has been made."""
        request = int(m.stop[stop, N_REQUEST])
        _lock(m, s, request)
        self.under_way.discard(request)
        if m.stop[stop, N_PART] == 0 and not m.request[request, R_JOB]:
            self.aboard.add(request)
            return
        self.aboard.discard(request)
        self.finished.add(request)
        m.capacity[vehicle] -= m.picked[request]
        for part in (O_FIRST, O_SECOND):
            end = m.option[s.served[request], part]
            if end >= 0:
                s.node[end, VEHICLE] = -1


def _lock(m: Arrays, s: State, request: int) -> None:
    """Let a request stay with its vehicle, and in its slots."""
    s.locked[request] = 1
    for stop in m.option[s.served[request], [O_FIRST, O_SECOND]].tolist():
        if stop >= 0 and s.node[stop, SLOT] >= 0:
            m.stop[stop, N_SLOT] = s.node[stop, SLOT]


def departures(m: Arrays, s: State, stops: Ints, early: int) -> Ints:
    """Return when vehicles set out for stops: for a pickup no sooner than they need to."""
    node = s.node[stops]
    latest = np.minimum(m.stop[stops, N_EARLIEST] - early, node[:, BEGIN])
    wait = np.where(m.stop[stops, N_PART] == 0, np.maximum(0, latest - node[:, ARRIVAL]), 0)
    left_at: Ints = s.node[node[:, PREVIOUS], LEAVE]
    return left_at + wait


def put_off(m: Arrays, s: State, moment: int, bound: Collection[int]) -> list[int]:
    """Let vehicles that stand set out no sooner than a moment; return those to be walked.

    Of others all that changes is that they have waited: this is counted here, all at once.

    Parameters
    ----------
    m, s
        The problem and the solution.
    moment
        When the next of them may leave.
    bound
        Vehicles that are on their way, or set apart.
    """
    stops, vehicles = len(m.stop), len(m.vehicle)
    stands = m.vehicle[:, V_OPEN] < moment
    stands[list(bound)] = False
    by = np.where(stands, moment - m.vehicle[:, V_OPEN], 0)
    m.vehicle[stands, V_OPEN] = moment
    every = np.arange(vehicles)
    first = s.node[stops + every, NEXT]
    busy = first < stops
    if not stops:
        s.node[every[stands], LEAVE] = moment
        return []
    own = np.where(busy, first, 0)
    waits = s.node[own, ARRIVAL] + by <= s.node[own, BEGIN]
    plain = (m.stop[own, N_VIA] < 0) & (m.vehicle[:, V_BREAKS] == m.vehicle[:, V_BREAKS_END])
    exact = stands & (~busy | (waits & plain))
    s.node[stops + every[exact], LEAVE] += by[exact]
    empty = every[exact & ~busy] + stops + vehicles
    s.node[empty, ARRIVAL] = s.node[empty, LEAVE] = moment
    used = exact & busy
    s.node[first[used], ARRIVAL] += by[used]
    less = np.where(used, m.vehicle_price[:, V_WAIT_COST] * by, 0.0)
    owner = s.node[:, VEHICLE]
    nodes = np.flatnonzero(owner >= 0)
    nodes = nodes[(nodes < stops) | (nodes >= stops + vehicles)]
    s.price[nodes, COST] -= less[owner[nodes]]
    s.cost[:] -= less
    return np.flatnonzero(stands & ~exact).tolist()


def _go_on(m: Arrays, s: State, vehicle: int, done: Sequence[int]) -> None:
    """Let a vehicle begin where and when it leaves its last stop."""
    last, row = s.node[done[-1]], m.vehicle[vehicle]
    row[V_START], row[V_OPEN], row[V_SINCE] = m.stop[done[-1], N_PLACE], last[LEAVE], last[SINCE]
    row[V_DRIVE_LIMIT] -= last[DRIVEN]
    if row[V_SECOND_LIMIT] < FOREVER:
        row[V_SECOND_LIMIT] -= int(np.ceil(s.price[done[-1], SECOND]))
    row[V_BREAKS] = last[BREAK]
    row[V_STOP_LIMIT] -= len(done)
    m.vehicle_price[vehicle, V_FIXED] = 0.0


def _load_here(m: Arrays, stop: int, place: int) -> None:
    """Let goods that are aboard be picked up where the vehicle stands, at once and for nothing."""
    row = m.stop[stop]
    row[N_PLACE], row[N_SERVICE], row[N_SETUP] = place, 0, 0
    row[N_FACILITY] = row[N_VIA] = -1
    row[N_EARLIEST], row[N_LATEST] = 0, FOREVER
    for window in range(row[N_WINDOWS], row[N_WINDOWS_END]):
        m.window[window] = 0, FOREVER
    for price in (N_COST, N_LATE_COST, N_RISK_COST):
        m.stop_price[stop, price] = 0.0
