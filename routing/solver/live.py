"""Hold a solution that can be asked where a request fits, and be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import N_OPTION, N_PART, N_REQUEST, O_FIRST, O_SECOND, R_LOT, R_OPTIONS
from routing.solver.errors import InvalidModel
from routing.solver.kernels.booking import release
from routing.solver.kernels.change import Undo, gain_of, link, put, take_out
from routing.solver.kernels.search import Work, cheapest
from routing.solver.kernels.state import (
    ARRIVAL,
    BEGIN,
    LEAVE,
    NEXT,
    NODE_COLUMNS,
    PREVIOUS,
    RANK,
    SLOT,
    VEHICLE,
    State,
)
from routing.solver.kernels.walk import walk
from routing.solver.solution import Insertion, Solution, Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from routing.solver.draft import Model

_NEAR = 100
_BLOCK = 512


def empty_state(model: Model, seed: int) -> State:
    """Return the solution in which nobody serves anything."""
    m = model.arrays
    stops, vehicles, dims = len(m.stop), len(m.vehicle), m.capacity.shape[1]
    nodes = stops + 2 * vehicles
    node = np.full((nodes, NODE_COLUMNS), -1, np.int64)
    start, end = stops + np.arange(vehicles), stops + vehicles + np.arange(vehicles)
    node[start, NEXT], node[end, PREVIOUS] = end, start
    node[start, VEHICLE] = node[end, VEHICLE] = np.arange(vehicles)
    bayed = bool((m.facility[:, 2] >= 0).any()) if len(m.facility) else False
    groups = m.quota.shape[1]
    state = State(
        node=node,
        price=np.zeros((nodes, 2)),
        load=np.zeros((nodes, 3 * dims), np.int64),
        served=np.full(len(m.request), -1, np.int64),
        aboard=m.amount.copy(),
        left=m.lot[:, 0].copy(),
        cost=np.zeros(vehicles),
        pair=np.zeros(vehicles),
        stops=np.zeros(vehicles, np.int64),
        frozen=np.zeros(vehicles, np.int64),
        locked=np.zeros(len(m.request), np.int64),
        used=np.zeros(len(m.slot), np.int64),
        quota=np.zeros((len(m.slot) if groups else 0, groups), np.int64),
        bay=np.zeros((len(m.facility), stops if bayed else 0, 3), np.int64),
        bays=np.zeros(len(m.facility), np.int64),
        total=np.zeros(2),
        chance=np.array([_mixed(seed)], np.uint64),
    )
    node[:, 12] = 0
    for vehicle in range(vehicles):
        walk(m, state, vehicle)
    fixed = m.request[:, R_LOT] < 0
    state.total[1] = m.request_price[fixed, 0].sum()
    state.total[1] += (m.lot_price[:, 0] + m.lot_price[:, 1] * m.lot[:, 0]).sum()
    return state


def _mixed(seed: int) -> int:
    """Return 64 bits, never 0, that differ much for seeds that differ little (splitmix64)."""
    x = (seed + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return (x ^ (x >> 31)) or 1


def copy_state(state: State) -> State:
    """Return an independent copy."""
    return state._replace(**{name: array.copy() for name, array in state._asdict().items()})


def take_over(state: State, other: State) -> None:
    """Make a solution what another one is, but for its chance."""
    for mine, theirs in zip(state, other, strict=True):
        if mine is not state.chance:
            np.copyto(mine, theirs)


def empty_undo(model: Model) -> Undo:
    """Return room to save every route once."""
    m = model.arrays
    vehicles, dims = len(m.vehicle), m.capacity.shape[1]
    nodes = len(m.stop) + 2 * vehicles
    return Undo(
        stamp=np.zeros(vehicles, np.int64),
        vehicles=np.zeros(vehicles + 1, np.int64),
        first=np.zeros(vehicles + 1, np.int64),
        nodes=np.zeros(nodes, np.int64),
        rows=np.zeros((nodes, NODE_COLUMNS), np.int64),
        prices=np.zeros((nodes, 2)),
        loads=np.zeros((nodes, 3 * dims), np.int64),
        aboard=np.zeros((nodes, dims), np.int64),
        figures=np.zeros((vehicles + 1, 3)),
        counts=np.zeros(3, np.int64),
    )


def empty_work(model: Model) -> Work:
    """Return what a search scribbles on; nearness is found by `find_near`."""
    m = model.arrays
    requests, vehicles = len(m.request), len(m.vehicle)
    return Work(
        near=np.full((len(m.stop), 1), -1, np.int32),
        absent=np.zeros(requests + 1, np.int64),
        absent_before=np.zeros(requests + 1, np.int64),
        keys=np.zeros(requests + 2),
        route=np.zeros(len(m.stop) + 1, np.int64),
        touched=np.zeros(max(requests, vehicles) + 2, np.int64),
        kinds=np.zeros(vehicles + 1, np.int64),
        lots=np.zeros(len(m.lot) + 1, np.int64),
        absences=np.zeros(requests + 1, np.int64),
        inside=np.ones(vehicles, bool),
        changed=np.ones(vehicles, bool),
        nothing=np.zeros(0),
        nowhere=np.zeros((0, 0), np.int64),
        tally=np.zeros(5, np.int64),
    )


def find_near(model: Model) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Return for each stop the nearest others: those by which a request is known to be near.

    Stops at facilities say little (many requests share them) and are left out where a request has
    another stop; of several options the first one counts.
    """
    m = model.arrays
    known = _telling_stops(model)
    near = np.full((len(m.stop), max(1, min(_NEAR, len(known) - 1))), -1, np.int32)
    if len(known) < 2:
        return near
    places = m.stop[known, 3]
    width = near.shape[1]
    for begin in range(0, len(known), _BLOCK):
        rows = places[begin : begin + _BLOCK]
        away = m.time[0][np.ix_(rows, places)].astype(np.int64)
        away += m.time_to[0][np.ix_(rows, places)]
        away[np.arange(len(rows)), begin + np.arange(len(rows))] = np.iinfo(np.int64).max
        part = np.argpartition(away, width - 1, axis=1)[:, :width]
        order = np.argsort(np.take_along_axis(away, part, 1), axis=1, kind="stable")
        near[known[begin : begin + _BLOCK]] = known[np.take_along_axis(part, order, 1)]
    return near


def _telling_stops(model: Model) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    m = model.arrays
    first = m.option[m.request[:, R_OPTIONS]] if len(m.request) else np.zeros((0, 3), np.int64)
    stops = []
    for pickup, delivery in first[:, :2].tolist():
        own = [stop for stop in (pickup, delivery) if stop >= 0]
        free = [stop for stop in own if m.stop[stop, 10] < 0]
        stops += free or own[:1]
    return np.array(sorted(stops), np.int64)


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
            self._carry(request, min(amounts.get(request, 0), int(s.left[lot])))
        s.total[1] -= gain_of(m, s, request)
        s.served[request] = option
        if lot >= 0:
            s.left[lot] -= s.aboard[request, 0]

    def _carry(self, request: int, quantity: int) -> None:
        m, s = self.model.arrays, self.state
        whole = m.lot[m.request[request, R_LOT]]
        s.aboard[request] = -(-quantity * whole // max(1, int(whole[0])))
        s.aboard[request, 0] = quantity

    def insertions(self, request: int) -> list[Insertion]:
        """Return the best place for an unserved request in each route that has one, cheapest first.

        Parameters
        ----------
        request
            Its number.
        """
        m, s = self.model.arrays, self.state
        vehicles, dims = len(m.vehicle), m.capacity.shape[1]
        cost, places = np.full(vehicles, np.inf), np.zeros((vehicles, 3 + dims), np.int64)
        every = np.arange(vehicles, dtype=np.int64)
        cheapest(m, s, self._work, request, every, 0.0, cost, places)
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
            self._carry(request, place.amount[0])
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

    def freeze(self, vehicle: int, stops: int) -> None:
        """Let nothing be put among the first stops of a route, nor their requests be taken out."""
        self.state.frozen[vehicle] = stops
        for visit in self._route(vehicle)[:stops]:
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
            routes=tuple(self._route(vehicle) for vehicle in range(len(m.vehicle))),
            unserved=tuple(np.flatnonzero(out).tolist()),
            left=tuple(s.left.tolist()),
            cost=float(s.cost.sum()),
            unserved_cost=float(s.total[1]),
            rounds=rounds,
            gains=gains,
        )

    def _route(self, vehicle: int) -> tuple[Visit, ...]:
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
                    slot=None if slot < 0 else int(m.slot[slot, 3]),
                    amount=tuple(s.aboard[request].tolist()),
                )
            )
            node = int(row[NEXT])
        return tuple(visits)
