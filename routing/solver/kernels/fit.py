"""Say what fits: amounts beside what is aboard, nested stops, the least that a place can cost."""

from __future__ import annotations

import numpy as np

from routing.solver.arrays import (
    N_COST,
    N_EARLIEST,
    N_LATEST,
    N_PART,
    N_PLACE,
    N_REQUEST,
    N_SERVICE,
    O_FIRST,
    R_CHEAPEST,
    R_JOB,
    R_LOT,
    R_OPTIONS,
    R_WORK,
    V_DRIVE_COST,
    V_END,
    V_PROFILE,
    V_SECOND_COST,
    V_WAIT_COST,
)
from routing.solver.kernels.compiled import inline, outer
from routing.solver.kernels.state import LATE, LEAVE, LEG, RANK
from routing.solver.kernels.walk import place_of
from routing.solver.model import FOREVER, NO_WAY


@inline()
def way_between(m, profile, here, there):
    """Return the seconds of driving between places, 0 from or to anywhere, too many for no way."""
    if here < 0 or there < 0:
        return np.int64(0)
    way = np.int64(m.time[profile, here, there])
    return way if way < NO_WAY else np.int64(4 * FOREVER)


@inline()
def price_between(m, v, profile, here, there):
    """Return what a vehicle pays for driving between places."""
    if here < 0 or there < 0:
        return 0.0
    price = m.vehicle_price[v, V_DRIVE_COST] * m.time[profile, here, there]
    if m.vehicle_price[v, V_SECOND_COST] > 0.0:
        price += m.vehicle_price[v, V_SECOND_COST] * m.second[profile, here, there]
    return price


@inline()
def fits(m, s, r, v, base, node):
    """Say whether a request's amount fits beside what is aboard on leaving a stop."""
    for k in range(m.capacity.shape[1]):
        if s.load[node, base + k] + s.aboard[r, k] > m.capacity[v, k]:
            return False
    return True


@inline()
def job_fits(m, s, r, v, i, after, end):
    """Say exactly whether a job fits after stop i: its delivery before, what it picks behind."""
    dims = m.capacity.shape[1]
    for k in range(dims):
        if s.load[i, dims + k] + s.aboard[r, k] > m.capacity[v, k]:
            return False
        if s.load[i, k] + m.picked[r, k] > m.capacity[v, k]:
            return False
        if after != end and s.load[after, 2 * dims + k] + m.picked[r, k] > m.capacity[v, k]:
            return False
    return True


@inline()
def opens(m, s, node, rank):
    """Return +1 for a pickup behind a rank, -1 for its delivery, and -9 for one picked before."""
    r = m.stop[node, N_REQUEST]
    if m.request[r, R_JOB]:
        return 0
    if m.stop[node, N_PART] == 0:
        return 1
    pickup = m.option[s.served[r], O_FIRST]
    return -1 if s.node[pickup, RANK] > rank else -9


@inline()
def room_for(m, s, r, v, node, least):
    """Return how much of the first dimension fits beside what is aboard, in proportion."""
    lot = m.request[r, R_LOT]
    quantity = m.lot[lot, 0]
    room = min(s.left[lot], m.capacity[v, 0] - s.load[node, 0])
    for k in range(1, m.capacity.shape[1]):
        whole = m.lot[lot, k]
        if whole > 0:
            free = m.capacity[v, k] - s.load[node, k]
            # amounts are rounded up: ceil(q * whole / quantity) <= free
            room = min(room, free * quantity // whole)
    rest = s.left[lot] - room
    if 0 < rest < least and s.left[lot] - least >= least:
        room = min(room, s.left[lot] - least)
    return room


@outer()
def set_aboard(m, s, r, quantity):
    """Set what a request of a lot carries."""
    lot = m.request[r, R_LOT]
    s.aboard[r, 0] = quantity
    for k in range(1, m.capacity.shape[1]):
        s.aboard[r, k] = -(-quantity * m.lot[lot, k] // max(1, m.lot[lot, 0]))


@inline()
def least_more(m, s, v, i, after, p, d):
    """Return less than what a request behind stop i can cost, inf where it comes too late.

    The route ends no sooner for it: driving more by D and serving for S seconds more, it waits at
    most D + S less; behind the last stop it waits no less than before.
    """
    profile, n = m.vehicle[v, V_PROFILE], len(m.stop)
    here, p_place = place_of(m, i), m.stop[p, N_PLACE]
    last = after >= n
    there = m.vehicle[v, V_END] if last else m.stop[after, N_PLACE]
    way = np.int64(0)
    if here >= 0:
        way = np.int64(m.time_to[profile, p_place, here])
    came = s.node[i, LEAVE] + way
    begin = max(came, m.stop[p, N_EARLIEST])
    if came > m.stop[p, N_LATEST]:
        return np.inf
    leave = begin + m.stop[p, N_SERVICE]
    late, leg = s.node[after, LATE], s.node[after, LEG]
    service, price = m.stop[p, N_SERVICE], m.stop_price[p, N_COST]
    then = way_between(m, profile, p_place, there)
    more = np.inf
    if leave + then <= late and (d < 0 or not last):
        more = float(way + then - leg)
    if d >= 0:
        d_place = m.stop[d, N_PLACE]
        between = np.int64(m.time_to[profile, d_place, p_place])
        if leave + between > m.stop[d, N_LATEST]:
            return np.inf
        home = way_between(m, profile, d_place, there)
        if leave + between + m.stop[d, N_SERVICE] + home <= late:
            more = min(more, float(way + between + home - leg))
        service += m.stop[d, N_SERVICE]
        price += m.stop_price[d, N_COST]
    wait = m.vehicle_price[v, V_WAIT_COST]
    if last and there < 0:
        return m.vehicle_price[v, V_DRIVE_COST] * more + wait * (begin - came) + price
    return (m.vehicle_price[v, V_DRIVE_COST] - wait) * more - wait * service + price


@inline()
def least_of_all(m, s, r, v, i, after, reach):
    """Return less than what a request behind stop i can cost, by whichever of its options.

    `reach` is the least driving to its second stop: no less than that lies before the next stop,
    where no way leads straight there.
    """
    profile = m.vehicle[v, V_PROFILE]
    p = m.option[m.request[r, R_OPTIONS], O_FIRST]
    here, p_place = place_of(m, i), m.stop[p, N_PLACE]
    last = after >= len(m.stop)
    there = m.vehicle[v, V_END] if last else m.stop[after, N_PLACE]
    way = np.int64(0)
    if here >= 0:
        way = np.int64(m.time_to[profile, p_place, here])
    came = s.node[i, LEAVE] + way
    if came > m.stop[p, N_LATEST]:
        return np.inf
    begin = max(came, m.stop[p, N_EARLIEST])
    wait, price = m.vehicle_price[v, V_WAIT_COST], m.request_price[r, R_CHEAPEST]
    if last and there < 0:
        return m.vehicle_price[v, V_DRIVE_COST] * (way + reach) + wait * (begin - came) + price
    then = way_between(m, profile, p_place, there)
    if then >= NO_WAY:
        then = np.int64(reach)
    if begin + m.stop[p, N_SERVICE] + then > s.node[after, LATE]:
        return np.inf
    more = way + then - s.node[after, LEG]
    return (m.vehicle_price[v, V_DRIVE_COST] - wait) * more - wait * m.request[r, R_WORK] + price
