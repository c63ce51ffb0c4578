"""Merge a better solution, found in the background, into the one that is being driven.

Routes that exchange requests belong together: each such group is taken over as a whole where it
is cheaper, what changing costs included; what is locked, frozen or done stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import N_OPTION, N_REQUEST
from routing.solver.kernels.booking import release
from routing.solver.kernels.walk import walk
from routing.solver.mend import leave_out, requests_of, route_of, set_route
from routing.solver.states import copy_state, take_over

if TYPE_CHECKING:
    from routing.solver.amend import Moving

_PASSES = 3
"""A group may wait for places that another one gives up: so often all are tried."""


def merge(live: Moving, better: Moving) -> set[int]:
    """Take over what is better; return the vehicles whose routes have changed.

    Parameters
    ----------
    live
        The solution that is driven, its churn priced; see `Moving.keep_all`.
    better
        A copy of it, of any moment before, that was searched on.
    """
    taken: set[int] = set()
    for _ in range(_PASSES):
        found = [group for group in _groups(live, better) if _take(live, better, group)]
        if not found:
            break
        taken |= set().union(*found)
    return taken


def _groups(live: Moving, better: Moving) -> list[tuple[int, ...]]:
    """Return the groups of vehicles that differ, each closed under the exchange of requests."""
    vehicles = len(live.model.arrays.vehicle)
    leader = list(range(vehicles))

    def lead(vehicle: int) -> int:
        while leader[vehicle] != vehicle:
            leader[vehicle] = leader[leader[vehicle]]
            vehicle = leader[vehicle]
        return vehicle

    before, after = live.vehicles_of(), better.vehicles_of()
    before = before[: len(after)]
    for request in np.flatnonzero((before != after) & (before >= 0) & (after >= 0)).tolist():
        leader[lead(int(before[request]))] = lead(int(after[request]))
    groups: dict[int, list[int]] = {}
    for vehicle in range(vehicles):
        groups.setdefault(lead(vehicle), []).append(vehicle)
    m, s = live.model.arrays, live.state
    return [
        tuple(group)
        for group in groups.values()
        if any(_wanted(live, better, v) != route_of(m, s, v) for v in group)
    ]


def _wanted(live: Moving, better: Moving, vehicle: int) -> list[int]:
    """Return the stops that a vehicle would make still."""
    m = live.model.arrays
    route = route_of(better.model.arrays, better.state, vehicle)
    done = live.past.finished
    return [stop for stop in route if int(m.stop[stop, N_REQUEST]) not in done]


def _take(live: Moving, better: Moving, group: tuple[int, ...]) -> bool:
    """Take a group's routes over if they may be driven and are cheaper; say whether they were."""
    s = live.state
    wanted = {vehicle: _wanted(live, better, vehicle) for vehicle in group}
    if not all(_may(live, vehicle, wanted[vehicle]) for vehicle in group):
        return False
    before, out, cost = copy_state(s), set(live.out), float(s.total.sum())
    touched = set(live.touched)
    if _set(live, better, wanted):
        live.recount()
        live.put_in(live.out - out)
        live.recount()
        if s.total.sum() < cost - 1e-6:
            live.out, live.touched = out, touched
            return True
    take_over(s, before)
    live.out, live.touched = out, touched
    return False


def _may(live: Moving, vehicle: int, wanted: list[int]) -> bool:
    """Say whether a vehicle may drive that route, but for its times."""
    m, s = live.model.arrays, live.state
    present, frozen = route_of(m, s, vehicle), int(s.frozen[vehicle])
    if vehicle in live.apart or wanted[:frozen] != present[:frozen]:
        return wanted == present
    asked = requests_of(m, wanted)
    held = {request for request in requests_of(m, present) if s.locked[request]}
    free = [request for request in asked if not s.locked[request]]
    locked = {request for request in asked if s.locked[request]}
    return locked == held and bool(m.allowed[free, vehicle].all())


def _set(live: Moving, better: Moving, wanted: dict[int, list[int]]) -> bool:
    """Set the routes of a group; say whether all of them can be driven."""
    m, s = live.model.arrays, live.state
    for vehicle in wanted:
        release(m, s, vehicle)
        for request in requests_of(m, route_of(m, s, vehicle)):
            leave_out(m, s, request)
            live.out.add(request)
    for vehicle, stops in wanted.items():
        for stop in stops:
            request = int(m.stop[stop, N_REQUEST])
            if request in live.out:
                live.serve_as(request, int(m.stop[stop, N_OPTION]), better.state.aboard[request])
        set_route(m, s, vehicle, stops)
    if len(s.left) and s.left.min() < 0:
        return False
    return all(walk(m, s, vehicle) for vehicle in wanted)
