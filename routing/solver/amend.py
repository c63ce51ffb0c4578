"""Change a model while its solution is being driven: requests, vehicles, slots, roads and time.

Each change leaves a solution that can be driven: what cannot be done any more leaves its route,
the fewest requests that will do and never a locked one. `Moving.settle` puts in again what is
out and searches around what was touched. Where even locked requests cannot be driven in time, the
vehicle is set apart: its route stays as it was, and nothing is added to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.around import LOCAL, Around, most_urgent
from routing.solver.arrays import (
    L_UNIT,
    N_REQUEST,
    O_FIRST,
    R_CHURN,
    R_KEPT,
    R_LOT,
    R_SPARE,
    R_UNSERVED,
    S_CAPACITY,
    V_KIND,
    V_OPEN,
)
from routing.solver.grow import add_place, add_requests, grown, with_room, write_times
from routing.solver.kernels.booking import release
from routing.solver.kernels.state import NEXT, SLOT, VEHICLE
from routing.solver.live import Live
from routing.solver.mend import could_leave, leave_out, legs, mend, requests_of, route_of, set_route
from routing.solver.near import find_near, grown_near
from routing.solver.past import Past, departures, put_off
from routing.solver.states import copy_state, empty_work, totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from routing.solver.model import Lot, Request
    from routing.solver.params import SearchParams
    from routing.solver.solution import Visit
    from routing.solver.stop import StopCriterion

    Ints = NDArray[np.int64]

_WHO = ("request", "request_price", "allowed", "vehicle", "vehicle_price", "capacity")
_WHERE = ("stop", "stop_price", "window", "lot", "lot_price", "slot")
"""What of a model may change in place."""


class Moving(Live):
    """A solution whose model changes while it is driven.

    Parameters
    ----------
    live
        The solution; it is copied, with what of its model may change.

    Attributes
    ----------
    places
        How many places of the matrices are in use.
    out
        Requests that left their routes, or came, since the last search.
    touched
        Vehicles whose routes have changed since then.
    apart
        Vehicles whose locked requests cannot be done in time, with who was allowed on them.
    broken
        Those of them that do nothing more.
    past
        What has been done.
    """

    def __init__(self, live: Live) -> None:
        m = live.model.arrays
        model = live.model.changed(**{name: getattr(m, name).copy() for name in _WHO + _WHERE})
        self.places = int(m.time.shape[1])
        self.model = with_room(model, self.places)
        self.model.arrays.vehicle[:, V_KIND] = np.arange(len(m.vehicle))
        self.state = copy_state(live.state)
        self._work = empty_work(self.model)
        self._near: NDArray[np.int32] | None = None
        self._around: Around | None = None
        self.out: set[int] = set()
        self.touched: set[int] = set()
        self.apart: dict[int, NDArray[np.bool_]] = {}
        self.broken: set[int] = set()
        self.past = Past(len(m.vehicle))

    def copy(self) -> Moving:
        """Return an independent copy, to search in the background."""
        twin = Moving(self)
        twin.places, twin._near = self.places, self._near
        twin.out, twin.touched, twin.apart = set(self.out), set(self.touched), dict(self.apart)
        twin.broken, twin.past = set(self.broken), self.past.copy()
        return twin

    def vehicle_of(self, request: int) -> int:
        """Return who serves a request, -1 if nobody does or it is done."""
        option = int(self.state.served[request])
        stop = int(self.model.arrays.option[option, O_FIRST])
        owner: np.int64 = self.state.node[stop, VEHICLE]
        return -1 if option < 0 else int(owner)

    def opens(self, vehicle: int) -> int:
        """Return when a vehicle may go on."""
        return int(self.model.arrays.vehicle[vehicle, V_OPEN])

    def ahead(self, vehicle: int) -> tuple[Visit, ...]:
        """Return the visits that a vehicle has still to make."""
        head = self.past.shams(self.model.arrays, route_of(self.model.arrays, self.state, vehicle))
        return self.route(vehicle)[head:]

    def vehicles_of(self) -> Ints:
        """Return who serves each request, -1 where nobody does or it is done."""
        s = self.state
        first = self.model.arrays.option[np.maximum(s.served, 0), O_FIRST]
        return np.where(s.served >= 0, s.node[first, VEHICLE], -1)

    def with_place(self, out: Ints, back: Ints, where: tuple[float, float] | None = None) -> int:
        """Add a place and return its number.

        Parameters
        ----------
        out, back
            Seconds of driving from it to all places in use and back, profiles × places.
        where
            Its metres on the plane, in a model that knows those of the others.
        """
        model = add_place(self.model, self.places, out, back, where)
        if model is not self.model:
            self.model, self._around = model, None
        number: int = self.places
        self.places += 1
        return number

    def with_requests(self, requests: Sequence[Request], lots: Sequence[Lot] = ()) -> list[int]:
        """Add requests, which are out, and return their numbers.

        Parameters
        ----------
        requests
            With their places, facilities and slots as in the model.
        lots
            The lots that they refer to, numbered from 0.
        """
        near, first = self._nearest(), len(self.state.served)
        self.model = add_requests(self.model, requests, lots)
        self.state = grown(self.model, self.state)
        self._near = grown_near(self.model, near)
        self._work, self._around = empty_work(self.model), None
        fresh = list(range(first, len(self.state.served)))
        self.out |= set(fresh)
        allowed = self.model.arrays.allowed
        for vehicle, before in self.apart.items():
            self.apart[vehicle] = np.concatenate([before, allowed[fresh, vehicle]])
            allowed[fresh, vehicle] = False
        self.recount()
        return fresh

    def forbid(self, request: int, vehicle: int) -> bool:
        """Let a vehicle not serve a request; say whether it does so still, being locked."""
        self.model.arrays.allowed[request, vehicle] = False
        if self.vehicle_of(request) != vehicle:
            return False
        return not self._leave(request)

    def withdraw(self, request: int) -> bool:
        """Let nobody serve a request any more; say whether somebody does still, having begun."""
        m, s = self.model.arrays, self.state
        vehicle = self.vehicle_of(request)
        if vehicle >= 0:
            if self.past.begun(request):
                return True
            s.locked[request] = 0
            self._leave(request)
        m.allowed[request] = False
        m.request_price[request, R_UNSERVED] = 0.0
        lot = int(m.request[request, R_LOT])
        if lot >= 0:
            m.lot_price[lot] = 0.0
        self.out.discard(request)
        self.recount()
        return False

    def price(self, request: int, unserved_cost: float, unit_cost: float = 0.0) -> None:
        """Say anew what leaving a request out costs; of a lot, each unit that is left too."""
        m, s = self.model.arrays, self.state
        lot = int(m.request[request, R_LOT])
        if lot >= 0:
            m.lot_price[lot, :L_UNIT], m.lot_price[lot, L_UNIT] = unserved_cost, unit_cost
        m.request_price[request, R_UNSERVED] = unserved_cost
        if s.served[request] < 0:
            self.out.add(request)
        self.recount()

    def stop_vehicle(self, vehicle: int) -> list[int]:
        """Let a vehicle do nothing more; return the locked requests that are stranded on it."""
        m, s = self.model.arrays, self.state
        stops = route_of(m, s, vehicle)
        stranded = [request for request in requests_of(m, stops) if s.locked[request]]
        if vehicle not in self.apart:
            release(m, s, vehicle)
            self._out_of(vehicle, [r for r in requests_of(m, stops) if not s.locked[r]])
        self._set_apart(vehicle)
        self.broken.add(vehicle)
        return stranded

    def delay(self, vehicle: int, by: int) -> list[int]:
        """Let a vehicle go on so much later; return the locked requests that come too late."""
        if vehicle in self.broken:
            return []
        self.model.arrays.vehicle[vehicle, V_OPEN] += by
        release(self.model.arrays, self.state, vehicle)
        return self._mend(vehicle)

    def set_times(self, blocks: Sequence[tuple[Ints, Ints, NDArray[np.int32]]]) -> list[int]:
        """Let roads take other times; return the locked requests that cannot be done in time.

        Parameters
        ----------
        blocks
            From which places to which others, and seconds, profiles × origins × destinations.
        """
        m, s = self.model.arrays, self.state
        before = legs(m, s)
        for rows, columns, times in blocks:
            write_times(self.model, rows, columns, times)
        other = np.unique(s.node[(before != legs(m, s)).any(axis=1), VEHICLE]).tolist()
        stranded: list[int] = []
        for vehicle in sorted({*other, *self.apart} - {-1} - self.broken):
            release(m, s, vehicle)
            stranded += self._mend(vehicle)
        return stranded

    def cut_slot(self, slot: int, capacity: int) -> list[int]:
        """Give a slot other places; return the locked requests that it has no place for any more.

        Parameters
        ----------
        slot
            The number under which it was added.
        capacity
            Its places, those that are taken included.
        """
        m, s, at = self.model.arrays, self.state, self.model.slot_at[slot]
        m.slot[at, S_CAPACITY] = 0
        for vehicle, _ in sorted(
            could_leave(m, s, at, self.apart).items(), key=lambda one: (one[1], one[0])
        ):
            if s.used[at] <= capacity:
                break
            release(m, s, vehicle)
            self._mend(vehicle)
        m.slot[at, S_CAPACITY] = capacity
        self.recount()
        left = s.node[: len(m.stop)]
        stops = np.flatnonzero((left[:, SLOT] == at) & (left[:, VEHICLE] >= 0))
        return requests_of(m, stops.tolist()) if s.used[at] > capacity else []

    def hold(self, moment: int, early: int = 0) -> None:
        """Let time pass: what is done leaves the routes, what has begun is locked; see `past`.

        Parameters
        ----------
        moment
            Nothing that has not begun may begin before.
        early
            A vehicle leaves for its pickups so as to be there that long before they open.
        """
        m, s, touched = self.model.arrays, self.state, set(self.touched)
        first = s.node[len(m.stop) + np.arange(len(m.vehicle)), NEXT]
        busy = np.flatnonzero(first < len(m.stop))
        soon = departures(m, s, first[busy], early) <= moment
        for vehicle in busy[soon | (s.frozen[busy] > 0)].tolist():
            if vehicle not in self.apart:
                visits = self.route(vehicle)
                if self.past.pass_by(m, s, vehicle, visits, moment=moment, early=early):
                    self._mend(vehicle)
        bound = set(self.apart)
        for vehicle in np.flatnonzero(s.frozen > 0).tolist():
            if s.frozen[vehicle] > self.past.shams(m, route_of(m, s, vehicle)):
                bound.add(vehicle)
        for vehicle in put_off(m, s, moment, bound):
            release(m, s, vehicle)
            self._mend(vehicle)
        self.touched = touched
        self.recount()

    def keep_all(self, price: float) -> None:
        """Let each request stay with its vehicle: giving it to another one costs so much."""
        m, s = self.model.arrays, self.state
        owner = self.vehicles_of()
        m.request[:, R_KEPT], m.request_price[:, R_CHURN] = owner, price
        on = np.flatnonzero(owner >= 0)
        spare = m.request_price[on, R_SPARE] * (m.capacity[owner[on], 0] - s.aboard[on, 0])
        pair = np.bincount(owner[on], spare, len(m.vehicle))
        s.cost[:] += pair - s.pair
        s.pair[:] = pair
        self.recount()

    def settle(self, stop: StopCriterion, params: SearchParams = LOCAL) -> int:
        """Put in what is out, and search around what was touched; return the rounds done.

        Parameters
        ----------
        stop, params
            When to stop, and how to search.
        """
        m, s = self.model.arrays, self.state
        out = most_urgent(self.model, (r for r in self.out if m.allowed[r].any()))
        self.touched -= self.apart.keys()
        if not len(m.stop) or (not out and not self.touched):
            return 0
        around = self._search()
        waiting = np.setdiff1d(np.flatnonzero((s.served < 0) & m.allowed.any(axis=1)), out)
        worth = around.reinsert(out) - self.apart.keys()
        looked_at = set(sorted(self.touched - worth)[: params.part])
        scope = around.scope(worth | looked_at, params.part, self.apart)
        rounds = around.search(scope, [*out, *waiting.tolist()], stop, params)
        self.out.clear()
        if rounds:  # others, and all where there was no time, are for the next search
            self.touched -= looked_at | worth
        return rounds

    def put_in(self, out: Iterable[int]) -> None:
        """Serve requests that are out where that is cheapest, if they can be."""
        self._search().reinsert(most_urgent(self.model, out))
        self.out -= {request for request in self.out if self.state.served[request] >= 0}

    def serve_as(self, request: int, option: int, amount: Ints) -> None:
        """Note that a request is served, with so much of it; its route is set and walked then."""
        m, s = self.model.arrays, self.state
        s.served[request], s.aboard[request] = option, amount
        if m.request[request, R_LOT] >= 0:
            s.left[m.request[request, R_LOT]] -= amount[0]
        self.out.discard(request)

    def ready(self) -> None:
        """Make ready to answer the next event at once."""
        self._search()

    def _search(self) -> Around:
        if self._around is None:
            self._around = Around(self.model, self.state, self._nearest())
        return self._around

    def _nearest(self) -> NDArray[np.int32]:
        if self._near is None:
            self._near = find_near(self.model)
        return self._near

    def _leave(self, request: int) -> bool:
        """Take a request out of its route unless it is locked; say whether it is out."""
        m, s = self.model.arrays, self.state
        vehicle = self.vehicle_of(request)
        if s.locked[request]:
            return False
        release(m, s, vehicle)
        self._out_of(vehicle, [request])
        return True

    def _out_of(self, vehicle: int, requests: Sequence[int]) -> None:
        """Take requests out of a route whose bookings are released."""
        m, s = self.model.arrays, self.state
        kept = [
            stop for stop in route_of(m, s, vehicle) if int(m.stop[stop, N_REQUEST]) not in requests
        ]
        for request in requests:
            leave_out(m, s, request)
        set_route(m, s, vehicle, kept)
        self.out |= set(requests)
        self._mend(vehicle)

    def _mend(self, vehicle: int) -> list[int]:
        """Walk a route whose bookings are released; return the locked requests if it fails."""
        m, s = self.model.arrays, self.state
        if vehicle in self.apart:
            m.allowed[:, vehicle] = self.apart.pop(vehicle)
        mended = mend(m, s, vehicle)
        self.out |= set(mended.out)
        self.touched.add(vehicle)
        self.recount()
        if mended.drivable:
            return []
        self._set_apart(vehicle)
        return requests_of(m, route_of(m, s, vehicle))

    def _set_apart(self, vehicle: int) -> None:
        allowed = self.model.arrays.allowed
        self.apart.setdefault(vehicle, allowed[:, vehicle].copy())
        allowed[:, vehicle] = False
        self.touched.discard(vehicle)

    def recount(self) -> None:
        """Count the cost anew."""
        self.state.total[:] = totals(self.model.arrays, self.state)
