"""Hold a solution that can be asked where a request fits, and be changed."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Self

import numpy as np

from routing.solver.arrays import (
    N_OPTION,
    N_PART,
    N_REQUEST,
    O_FIRST,
    O_SECOND,
    R_LOT,
    R_OPTIONS,
    S_ID,
)
from routing.solver.errors import InvalidModel
from routing.solver.kernels.booking import release
from routing.solver.kernels.change import count_served, link, put, take_out
from routing.solver.kernels.fit import set_aboard
from routing.solver.kernels.search import cheapest
from routing.solver.kernels.state import (
    ARRIVAL,
    BEGIN,
    LEAVE,
    NEXT,
    RANK,
    SLOT,
    VEHICLE,
)
from routing.solver.kernels.walk import walk
from routing.solver.solution import Insertion, Solution, Visit
from routing.solver.states import empty_state, empty_work

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from routing.solver.draft import Model


class Live:
    """A solution of a model, to be asked and changed.

    Parameters
    ----------
    model
        The problem.
    solution
        Where to begin; None: nobody serves anything.
    seed
        Where a search on it takes its chance from.

    Raises
    ------
    InvalidModel
        The solution cannot be driven in this model.
    """

    def __init__(self, model: Model, solution: Solution | None = None, *, seed: int = 0) -> None:
        self.model = model
        self.state = empty_state(model, seed)
        self._work = empty_work(model)
        if solution is not None:
            self.load([[(v.request, v.option, v.part) for v in r] for r in solution.routes])

    def load(
        self,
        routes: Sequence[Sequence[tuple[int, int, int]]],
        amounts: dict[int, int] | None = None,
    ) -> None:
        """Set routes in an empty solution.

        Parameters
        ----------
        routes
            One for each vehicle: (request, option, part) in order.
        amounts
            What requests of lots carry, in the first dimension.

        Raises
        ------
        InvalidModel
            A route cannot be driven.
        """
        bad = self.load_what_fits(routes, amounts)
        if bad:
            raise InvalidModel(f"Expected routes that can be driven; vehicle {bad[0]}'s cannot.")

    def load_what_fits(
        self,
        routes: Sequence[Sequence[tuple[int, int, int]]],
        amounts: dict[int, int] | None = None,
    ) -> list[int]:
        """Set routes in an empty solution, leave out those that cannot be driven and name them."""
        bad = []
        for vehicle, route in enumerate(routes):
            if route and not self._load_route(vehicle, route, amounts or {}):
                bad.append(vehicle)
        return bad

    def _load_route(
        self, vehicle: int, route: Sequence[tuple[int, int, int]], amounts: dict[int, int]
    ) -> bool:
        m, s = self.model.arrays, self.state
        last = len(m.stop) + vehicle
        for request, option, part in route:
            at = int(m.request[request, R_OPTIONS]) + option
            if part == 0:
                self._count(request, at, amounts)
            stop = int(m.option[at, O_FIRST if part == 0 else O_SECOND])
            link(s, stop, last, vehicle)
            last = stop
        if walk(m, s, vehicle):
            return True
        for request in {request for request, _, _ in route}:
            take_out(m, s, request)
        walk(m, s, vehicle)
        return False

    def _count(self, request: int, option: int, amounts: dict[int, int]) -> None:
        m, s = self.model.arrays, self.state
        lot = int(m.request[request, R_LOT])
        if lot >= 0:
            set_aboard(m, s, request, min(amounts.get(request, 0), int(s.left[lot])))
        count_served(m, s, request, option)

    def insertions(self, request: int, among: Sequence[int] | None = None) -> list[Insertion]:
        """Return the best place for an unserved request in each route that has one, cheapest first.

        Parameters
        ----------
        request
            Its number.
        among
            The vehicles asked; None: all of them.
        """
        m, s = self.model.arrays, self.state
        vehicles, dims = len(m.vehicle), m.capacity.shape[1]
        cost, places = np.full(vehicles, np.inf), np.zeros((vehicles, 3 + dims), np.int64)
        asked = np.array(range(vehicles) if among is None else among, np.int64)
        cheapest(m, s, self._work, request, asked, 0.0, cost, places)
        ranks = s.node[:, RANK]
        found = []
        for v in np.argsort(cost, kind="stable").tolist():
            if not np.isfinite(cost[v]):
                break
            option, i, j, *amount = places[v].tolist()
            own = j >= 0 and self._is_own(request, j)
            rank = int(ranks[i])
            found.append(
                Insertion(
                    vehicle=v,
                    option=option - int(m.request[request, R_OPTIONS]),
                    cost=float(cost[v]),
                    first=rank,
                    second=-1 if j < 0 else rank if own else int(ranks[j]),
                    amount=tuple(amount),
                )
            )
        return found

    def _is_own(self, request: int, stop: int) -> bool:
        m = self.model.arrays
        return stop < len(m.stop) and int(m.stop[stop, N_REQUEST]) == request

    def costs(self, request: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return what each vehicle would cost more with an unserved request, or inf."""
        cost = np.full(len(self.model.arrays.vehicle), np.inf)
        for place in self.insertions(request):
            cost[place.vehicle] = place.cost
        return cost

    def cheapest(self, request: int) -> Insertion | None:
        """Return the cheapest place for an unserved request, None where there is none."""
        found = self.insertions(request)
        return found[0] if found else None

    def insert(self, request: int, place: Insertion) -> bool:
        """Serve a request at a place found just now; say whether that could be."""
        m, s = self.model.arrays, self.state
        at = int(m.request[request, R_OPTIONS]) + place.option
        first = self._node(place.vehicle, place.first)
        pickup = int(m.option[at, O_FIRST])
        second = pickup if place.second == place.first else self._node(place.vehicle, place.second)
        if m.request[request, R_LOT] >= 0:
            set_aboard(m, s, request, place.amount[0])
        if put(m, s, request, place.vehicle, at, first, second):
            return True
        self._out(request, place.vehicle)
        return False

    def _node(self, vehicle: int, rank: int) -> int:
        node = len(self.model.arrays.stop) + vehicle
        for _ in range(max(rank, 0)):
            node = int(self.state.node[node, NEXT])
        return node

    def remove(self, request: int) -> None:
        """Take a request out of its route."""
        m, s = self.model.arrays, self.state
        stop = int(m.option[s.served[request], O_FIRST])
        self._out(request, int(s.node[stop, VEHICLE]))

    def _out(self, request: int, vehicle: int) -> None:
        m, s = self.model.arrays, self.state
        release(m, s, vehicle)
        take_out(m, s, request)
        if not walk(m, s, vehicle):
            raise InvalidModel(f"Vehicle {vehicle} cannot drive its route without {request}.")

    def under(self, **arrays: NDArray[np.generic]) -> Self:
        """Return the same routes, state and all, under a model with other arrays."""
        other = copy.copy(self)
        other.model = self.model.changed(**arrays)
        return other

    def freeze(self, vehicle: int, stops: int) -> None:
        """Let nothing be put among the first stops of a route, nor their requests be taken out."""
        self.state.frozen[vehicle] = stops
        for visit in self.route(vehicle)[:stops]:
            self.state.locked[visit.request] = 1

    def lock(self, requests: Iterable[int]) -> None:
        """Let requests stay with their vehicles."""
        for request in requests:
            self.state.locked[request] = 1

    def solution(self, rounds: int = 0, gains: int = 0) -> Solution:
        """Return what this solution is."""
        m, s = self.model.arrays, self.state
        lot = m.request[:, R_LOT]
        out = (s.served < 0) & ((lot < 0) | (np.append(s.left, 0)[lot] > 0))
        return Solution(
            routes=tuple(self.route(vehicle) for vehicle in range(len(m.vehicle))),
            unserved=tuple(np.flatnonzero(out).tolist()),
            left=tuple(s.left.tolist()),
            cost=float(s.cost.sum()),
            unserved_cost=float(s.total[1]),
            rounds=rounds,
            gains=gains,
        )

    def route(self, vehicle: int) -> tuple[Visit, ...]:
        """Return the visits of a vehicle, in order."""
        m, s = self.model.arrays, self.state
        stops = len(m.stop)
        node = int(s.node[stops + vehicle, NEXT])
        visits = []
        while node < stops:
            row, stop = s.node[node], m.stop[node]
            request = int(stop[N_REQUEST])
            slot = int(row[SLOT])
            visits.append(
                Visit(
                    request=request,
                    option=int(stop[N_OPTION] - m.request[request, R_OPTIONS]),
                    part=int(stop[N_PART]),
                    arrival=int(row[ARRIVAL]),
                    start=int(row[BEGIN]),
                    end=int(row[LEAVE]),
                    slot=None if slot < 0 else int(m.slot[slot, S_ID]),
                    amount=tuple(s.aboard[request].tolist()),
                )
            )
            node = int(row[NEXT])
        return tuple(visits)
