"""Make a route drivable again when the world has changed: leave out as few requests as will do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, islice, pairwise
from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import (
    N_PLACE,
    N_REQUEST,
    N_VIA,
    O_MASK,
    R_LOT,
    R_OPTIONS,
    R_OPTIONS_END,
    V_END,
    V_PROFILE,
    V_START,
)
from routing.solver.kernels.booking import book, release
from routing.solver.kernels.state import (
    NEXT,
    PREVIOUS,
    RANK,
    SLOT,
    VEHICLE,
)
from routing.solver.kernels.walk import walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from routing.solver.arrays import Arrays
    from routing.solver.kernels.state import State

_TRIES = 60
"""So many choices of requests to leave out are tried for one route."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of a route: the requests that left it, and whether it can be driven at all."""

    out: tuple[int, ...]
    drivable: bool = True


def route_of(m: Arrays, s: State, vehicle: int) -> list[int]:
    """Return the stops of a route in their order."""
    stops = len(m.stop)
    node = int(s.node[stops + vehicle, NEXT])
    found = []
    while node < stops:
        found.append(node)
        node = int(s.node[node, NEXT])
    return found


def requests_of(m: Arrays, stops: Iterable[int]) -> list[int]:
    """Return the requests of some stops, each once, in their order."""
    return list(dict.fromkeys(int(m.stop[stop, N_REQUEST]) for stop in stops))


def set_route(m: Arrays, s: State, vehicle: int, stops: Iterable[int]) -> None:
    """Link the stops of a route; it is not walked, and who is served is not changed."""
    size, vehicles = len(m.stop), len(m.vehicle)
    before, end = size + vehicle, size + vehicles + vehicle
    for stop in stops:
        s.node[before, NEXT], s.node[stop, PREVIOUS] = stop, before
        s.node[stop, VEHICLE] = vehicle
        before = stop
    s.node[before, NEXT], s.node[end, PREVIOUS] = end, before


def mend(m: Arrays, s: State, vehicle: int) -> Mended:
    """Walk a route anew, its bookings released, and leave out the fewest requests that will do.

    Requests that are locked stay. Where even they cannot be driven, the route is kept with them
    alone, at the times that it had, and booked so.

    Parameters
    ----------
    m, s
        The problem as it is now, and the solution.
    vehicle
        Whose route.
    """
    before = Remembered(m, s, vehicle)
    stops = before.stops
    if walk(m, s, vehicle):
        return Mended(())
    free = [request for request in requests_of(m, stops) if not s.locked[request]]
    out = _fewest(m, s, vehicle, stops, free)
    kept = [stop for stop in stops if int(m.stop[stop, N_REQUEST]) not in out]
    for request in out:
        leave_out(m, s, request)
    set_route(m, s, vehicle, kept)
    if walk(m, s, vehicle):
        return Mended(tuple(sorted(out)))
    before.put_back(m, s)
    release(m, s, vehicle)
    for request in out:
        leave_out(m, s, request)
    set_route(m, s, vehicle, kept)
    for rank, stop in enumerate(kept, 1):
        s.node[stop, RANK] = rank
    s.node[before.nodes[-1], RANK] = len(kept) + 1
    s.stops[vehicle] = len(kept)
    book(m, s, vehicle)
    return Mended(tuple(sorted(out)), drivable=False)


def leave_out(m: Arrays, s: State, request: int) -> None:
    """Note that a request is on no route any more; its stops were unlinked."""
    option = s.served[request]
    if option >= 0 and m.request[request, R_LOT] >= 0:
        s.left[m.request[request, R_LOT]] += s.aboard[request, 0]
    s.served[request] = -1
    for stop in m.option[
        m.request[request, R_OPTIONS] : m.request[request, R_OPTIONS_END], :O_MASK
    ].ravel():
        if stop >= 0:
            s.node[stop, VEHICLE] = -1


def _fewest(m: Arrays, s: State, vehicle: int, stops: list[int], free: list[int]) -> set[int]:
    """Return the requests to leave out: as few as may be, then what leaves the cheapest route."""
    tries = 0
    for size in range(1, len(free) + 1):
        found: list[tuple[float, tuple[int, ...]]] = []
        for out in islice(combinations(free, size), max(0, _TRIES - tries)):
            tries += 1
            cost = _cost_without(m, s, vehicle, stops, set(out))
            if cost is not None:
                found.append((cost, out))
        if found:
            return set(min(found)[1])
        if tries >= _TRIES:
            break
    return _one_by_one(m, s, vehicle, stops, free)


def _one_by_one(m: Arrays, s: State, vehicle: int, stops: list[int], free: list[int]) -> set[int]:
    """Return what does not fit any more if requests come back in their order."""
    out = set(free)
    for request in free:
        if _cost_without(m, s, vehicle, stops, out - {request}) is not None:
            out.discard(request)
    return out


def _cost_without(
    m: Arrays, s: State, vehicle: int, stops: list[int], out: Collection[int]
) -> float | None:
    """Return what a route costs without some requests, None where it cannot be driven."""
    set_route(m, s, vehicle, [n for n in stops if int(m.stop[n, N_REQUEST]) not in out])
    if not walk(m, s, vehicle):
        return None
    release(m, s, vehicle)
    return float(s.cost[vehicle])


class Remembered:
    """A route as it was, to be put back.

    Parameters
    ----------
    m, s
        The problem and the solution.
    vehicle
        Whose route.
    """

    def __init__(self, m: Arrays, s: State, vehicle: int) -> None:
        size, self.vehicle = len(m.stop), vehicle
        self.stops = route_of(m, s, vehicle)
        self.nodes = [size + vehicle, *self.stops, size + len(m.vehicle) + vehicle]
        self.rows = s.node[self.nodes], s.price[self.nodes], s.load[self.nodes]
        self.figures = float(s.cost[vehicle]), float(s.pair[vehicle]), int(s.stops[vehicle])

    def put_back(self, m: Arrays, s: State) -> None:
        """Put the route back, and book it; its bookings since then are released."""
        s.node[self.nodes], s.price[self.nodes], s.load[self.nodes] = self.rows
        s.cost[self.vehicle], s.pair[self.vehicle], s.stops[self.vehicle] = self.figures
        book(m, s, self.vehicle)


def legs(m: Arrays, s: State) -> NDArray[np.int64]:
    """Return for each node the seconds of driving to it: straight, to its via, and from there."""
    vehicles = len(m.vehicle)
    place = np.concatenate([m.stop[:, N_PLACE], m.vehicle[:, V_START], m.vehicle[:, V_END]])
    via = np.concatenate([m.stop[:, N_VIA], np.full(2 * vehicles, -1)])
    before, owner = s.node[:, PREVIOUS], s.node[:, VEHICLE]
    known = (owner >= 0) & (before >= 0)
    profile = m.vehicle[owner, V_PROFILE]
    here = np.where(known, place[before], -1)

    def way(one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.int64]:
        length = m.time[profile, one, two].astype(np.int64)
        return np.where((one >= 0) & (two >= 0) & known, length, 0)

    return np.stack([way(here, place), way(here, via), way(via, place)], axis=1)


def could_leave(m: Arrays, s: State, at: int, apart: Collection[int]) -> dict[int, float]:
    """Return who could do without a slot, and what more that costs: inf if a request has to go.

    Parameters
    ----------
    m, s
        The problem, in which the slot has no places, and the solution.
    at
        Where the slot stands in the arrays.
    apart
        Vehicles that are not walked.
    """
    bound: dict[int, bool] = {}
    for stop in np.flatnonzero(s.node[: len(m.stop), SLOT] == at).tolist():
        vehicle = int(s.node[stop, VEHICLE])
        if vehicle >= 0 and vehicle not in apart:
            locked = bool(s.locked[m.stop[stop, N_REQUEST]])
            bound[vehicle] = bound.get(vehicle, False) or locked
    found = {}
    for vehicle in (v for v, locked in bound.items() if not locked):
        before, cost = Remembered(m, s, vehicle), float(s.cost[vehicle])
        release(m, s, vehicle)
        found[vehicle] = np.inf
        if walk(m, s, vehicle):
            found[vehicle] = float(s.cost[vehicle]) - cost
            release(m, s, vehicle)
        before.put_back(m, s)
    return found


def ways_of(m: Arrays, s: State, vehicle: int) -> list[tuple[int, int]]:
    """Return the ways that a vehicle has still to drive, as pairs of places."""
    places = [int(m.vehicle[vehicle, V_START])]
    for stop in route_of(m, s, vehicle):
        places += [n for n in m.stop[stop, [N_VIA, N_PLACE]].tolist() if n >= 0]
    return [(one, two) for one, two in pairwise(places) if one >= 0]
