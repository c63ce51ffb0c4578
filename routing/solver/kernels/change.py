"""Put requests into routes and take them out, and undo all of it exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from routing.solver.arrays import (
    L_UNIT,
    L_UNSERVED,
    N_OPTION,
    N_PART,
    N_REQUEST,
    O_FIRST,
    O_SECOND,
    R_JOB,
    R_LOT,
    R_UNSERVED,
)
from routing.solver.kernels.booking import book, release
from routing.solver.kernels.compiled import inner, outer
from routing.solver.kernels.copying import copy_row
from routing.solver.kernels.state import NEXT, PREVIOUS, VEHICLE
from routing.solver.kernels.walk import walk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Undo(NamedTuple):
    """What some routes were before they were changed."""

    stamp: NDArray[np.int64]
    """Of each vehicle: the round in which it was saved last."""
    vehicles: NDArray[np.int64]
    first: NDArray[np.int64]
    """Where the nodes of each saved route begin, in the order of `vehicles`."""
    nodes: NDArray[np.int64]
    rows: NDArray[np.int64]
    prices: NDArray[np.float64]
    loads: NDArray[np.int64]
    aboard: NDArray[np.int64]
    """Of each saved node: what its request carried."""
    figures: NDArray[np.float64]
    """Of each saved route: cost, pair, count."""
    counts: NDArray[np.int64]
    """Saved routes, saved nodes, the round."""


@inner()
def gain_of(m, s, r):
    """Return what serving a request, with the amount set, saves."""
    lot = m.request[r, R_LOT]
    if lot < 0:
        return m.request_price[r, R_UNSERVED]
    gain = m.lot_price[lot, L_UNIT] * s.aboard[r, 0]
    if s.left[lot] == s.aboard[r, 0]:
        gain += m.lot_price[lot, L_UNSERVED]
    return gain


@outer()
def count_served(m, s, r, option):
    """Note that a request is served."""
    s.total[1] -= gain_of(m, s, r)
    s.served[r] = option
    lot = m.request[r, R_LOT]
    if lot >= 0:
        s.left[lot] -= s.aboard[r, 0]


@inner()
def count_out(m, s, r):
    """Note that a request is out."""
    lot = m.request[r, R_LOT]
    if lot >= 0:
        s.left[lot] += s.aboard[r, 0]
    s.served[r] = -1
    s.total[1] += gain_of(m, s, r)


@outer()
def link(s, node, before, v):
    """Put a stop behind another one."""
    after = s.node[before, NEXT]
    s.node[node, NEXT], s.node[node, PREVIOUS] = after, before
    s.node[before, NEXT], s.node[after, PREVIOUS] = node, node
    s.node[node, VEHICLE] = v


@inner()
def unlink(s, node):
    """Take a stop out of its route."""
    before, after = s.node[node, PREVIOUS], s.node[node, NEXT]
    s.node[before, NEXT], s.node[after, PREVIOUS] = after, before
    s.node[node, VEHICLE] = -1


@outer()
def put(m, s, r, v, option, first, second):
    """Serve a request at a place that was found; say whether the route may be driven then."""
    release(m, s, v)
    link(s, m.option[option, O_FIRST], first, v)
    if not m.request[r, R_JOB]:
        link(s, m.option[option, O_SECOND], second, v)
    count_served(m, s, r, option)
    return walk(m, s, v)


@outer()
def take_out(m, s, r):
    """Unlink a request; its route's bookings were released, and it has to be walked afterwards."""
    option = s.served[r]
    unlink(s, m.option[option, O_FIRST])
    if not m.request[r, R_JOB]:
        unlink(s, m.option[option, O_SECOND])
    count_out(m, s, r)


@outer()
def begin_undo(u, turn):
    """Forget what was saved."""
    u.counts[0] = 0
    u.counts[1] = 0
    u.counts[2] = turn


@inner()
def save(m, s, u, v):
    """Remember a route as it is, once a round."""
    if u.stamp[v] == u.counts[2]:
        return
    u.stamp[v] = u.counts[2]
    k, at = u.counts[0], u.counts[1]
    u.vehicles[k], u.first[k] = v, at
    u.figures[k, 0], u.figures[k, 1], u.figures[k, 2] = s.cost[v], s.pair[v], s.stops[v]
    n = len(m.stop)
    node, end = n + v, n + len(m.vehicle) + v
    while True:
        u.nodes[at] = node
        copy_row(u.rows, at, s.node, node)
        copy_row(u.prices, at, s.price, node)
        copy_row(u.loads, at, s.load, node)
        if node < n:
            copy_row(u.aboard, at, s.aboard, m.stop[node, N_REQUEST])
        at += 1
        if node == end:
            break
        node = s.node[node, NEXT]
    u.counts[0], u.counts[1] = k + 1, at


@inner()
def undo(m, s, u):
    """Make all saved routes what they were."""
    n = len(m.stop)
    for k in range(u.counts[0]):
        v = u.vehicles[k]
        release(m, s, v)
        node = s.node[n + v, NEXT]
        while node < n:
            r = m.stop[node, N_REQUEST]
            if m.stop[node, N_PART] == 0:
                count_out(m, s, r)
            s.node[node, VEHICLE] = -1
            node = s.node[node, NEXT]
    for k in range(u.counts[0]):
        v = u.vehicles[k]
        end = u.first[k + 1] if k + 1 < u.counts[0] else u.counts[1]
        for at in range(u.first[k], end):
            node = u.nodes[at]
            copy_row(s.node, node, u.rows, at)
            copy_row(s.price, node, u.prices, at)
            copy_row(s.load, node, u.loads, at)
            if node < n:
                s.node[node, VEHICLE] = v
                r = m.stop[node, N_REQUEST]
                if m.stop[node, N_PART] == 0:
                    copy_row(s.aboard, r, u.aboard, at)
                    count_served(m, s, r, m.stop[node, N_OPTION])
        s.total[0] += u.figures[k, 0] - s.cost[v]
        s.cost[v], s.pair[v] = u.figures[k, 0], u.figures[k, 1]
        s.stops[v] = int(u.figures[k, 2])
        book(m, s, v)
