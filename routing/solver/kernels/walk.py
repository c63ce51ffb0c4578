"""Walk along a route: when a vehicle is where, whether it may, and what that costs."""

from __future__ import annotations

import numpy as np

from routing.solver.arrays import (
    F_BAYS,
    F_SLOTS,
    F_SLOTS_END,
    N_COST,
    N_FACILITY,
    N_HOURS,
    N_HOURS_END,
    N_LATE_COST,
    N_LATE_FROM,
    N_LATEST,
    N_PART,
    N_PLACE,
    N_RELIEF,
    N_REQUEST,
    N_RISK_COST,
    N_RISK_FROM,
    N_SERVICE,
    N_SETUP,
    N_SLOT,
    N_VIA,
    N_VIA_SERVICE,
    N_WINDOWS,
    N_WINDOWS_END,
    R_CHURN,
    R_JOB,
    R_KEPT,
    R_SPARE,
    S_CAPACITY,
    S_LAST,
    S_START,
    V_BREAK_AFTER,
    V_BREAK_LENGTH,
    V_BREAKS,
    V_BREAKS_END,
    V_CLOSE,
    V_DRIVE_COST,
    V_DRIVE_LIMIT,
    V_END,
    V_FIXED,
    V_GROUP,
    V_OPEN,
    V_PROFILE,
    V_SECOND_COST,
    V_SECOND_LIMIT,
    V_SINCE,
    V_START,
    V_WAIT_COST,
)
from routing.solver.kernels.booking import book
from routing.solver.kernels.clock import at_bay, drive, in_window
from routing.solver.kernels.compiled import inline, inner, outer
from routing.solver.kernels.state import (
    ARRIVAL,
    BEGIN,
    BREAK,
    COST,
    DRIVEN,
    LATE,
    LEAVE,
    LEG,
    NEXT,
    PREVIOUS,
    RANK,
    SECOND,
    SINCE,
    SLOT,
    VEHICLE,
)
from routing.solver.model import FOREVER, NO_WAY


@inline()
def place_of(m, node):
    """Return the place of a stop, or of a route's beginning or end (-1: anywhere)."""
    n = len(m.stop)
    if node < n:
        return m.stop[node, N_PLACE]
    v = node - n
    if v < len(m.vehicle):
        return m.vehicle[v, V_START]
    return m.vehicle[v - len(m.vehicle), V_END]


@inner()
def settle(m, s, n, f, clock, action, last):
    """Return the first moment from `clock` on in a window of the stop with a bay free, or -1."""
    while True:
        at = in_window(m.window, m.stop[n, N_WINDOWS], m.stop[n, N_WINDOWS_END], clock)
        if at < 0 or at > last:
            return -1
        free = at_bay(s.bay, f, s.bays[f], m.facility[f, F_BAYS], at, action)
        if free == at:
            return at
        if free < 0 or free > last:
            return -1
        clock = free


@inline()
def begin_at(m, s, v, n, clock, action):
    """Return when work at a stop can begin from `clock` on, -1 if never, and in which slot."""
    f = m.stop[n, N_FACILITY]
    first_window, end_window = m.stop[n, N_WINDOWS], m.stop[n, N_WINDOWS_END]
    if f < 0:
        return in_window(m.window, first_window, end_window, clock), -1
    first, end = m.facility[f, F_SLOTS], m.facility[f, F_SLOTS_END]
    bays = m.facility[f, F_BAYS]
    if first == end:
        return settle(m, s, n, f, clock, action, FOREVER), -1
    pinned = m.stop[n, N_SLOT]
    group = m.vehicle[v, V_GROUP]
    latest = m.stop[n, N_LATEST]
    for slot in range(first, end):
        if m.slot[slot, S_LAST] < clock or s.used[slot] >= m.slot[slot, S_CAPACITY]:
            continue
        if m.slot[slot, S_START] > latest:
            break
        if pinned >= 0 and slot != pinned:
            continue
        if len(m.quota) and 0 <= m.quota[slot, group] <= s.quota[slot, group]:
            continue
        begin = max(clock, m.slot[slot, S_START])
        if bays < 0:
            at = in_window(m.window, first_window, end_window, begin)
            if at > m.slot[slot, S_LAST]:
                at = -1
        else:
            at = settle(m, s, n, f, begin, action, m.slot[slot, S_LAST])
        if at >= 0:
            return at, slot
    return -1, -1


@inline()
def travel(m, v, here, n, there, clock, since, driven, taken, second):
    """Drive from a place to a stop (or end, n = -1), through its via.

    Returns clock (-1: not possible), since, driven, taken, second, the seconds of driving.
    """
    if here < 0 or there < 0 or here == there:
        return clock, since, driven, taken, second, 0
    profile = m.vehicle[v, V_PROFILE]
    via = m.stop[n, N_VIA] if n >= 0 else -1
    limit = m.vehicle[v, V_DRIVE_LIMIT]
    after, length = m.vehicle[v, V_BREAK_AFTER], m.vehicle[v, V_BREAK_LENGTH]
    last = m.vehicle[v, V_BREAKS_END]
    if via < 0:
        way = np.int64(m.time[profile, here, there])
        if way >= NO_WAY:
            return -1, since, driven, taken, second, 0
        driven += way
        if driven > limit:
            return -1, since, driven, taken, second, 0
        if m.second.size:
            second += m.second[profile, here, there]
        clock, since, taken = drive(m.breaks, last, after, length, way, clock, since, taken)
        return clock, since, driven, taken, second, way
    first = np.int64(m.time[profile, here, via])
    then = np.int64(m.time[profile, via, there])
    if first >= NO_WAY or then >= NO_WAY:
        return -1, since, driven, taken, second, 0
    if m.second.size:
        second += m.second[profile, here, via] + m.second[profile, via, there]
    driven += first
    if driven > limit:
        return -1, since, driven, taken, second, 0
    clock, since, taken = drive(m.breaks, last, after, length, first, clock, since, taken)
    if clock < 0:
        return -1, since, driven, taken, second, 0
    clock += m.stop[n, N_VIA_SERVICE]
    if m.stop[n, N_RELIEF] >= 0:
        since = 0
        driven = limit - m.stop[n, N_RELIEF]
    driven += then
    if driven > limit:
        return -1, since, driven, taken, second, 0
    a, b = m.stop[n, N_HOURS], m.stop[n, N_HOURS_END]
    if a == b:
        clock, since, taken = drive(m.breaks, last, after, length, then, clock, since, taken)
        return clock, since, driven, taken, second, first + then
    for h in range(a, b):
        joined = max(clock, m.hours[h, 0])
        came, since_then, taken_then = drive(
            m.breaks, last, after, length, then, joined, since, taken
        )
        if 0 <= came <= m.hours[h, 1]:
            return came, since_then, driven, taken_then, second, first + then
    return -1, since, driven, taken, second, 0


@inline()
def step(m, s, v, here, n, clock, since, driven, taken, second):
    """Go on to a stop and work there.

    Returns when it leaves (-1: not possible), arrival, beginning, since, driven, breaks taken,
    second, the price of all that, the slot, and the seconds of driving.
    """
    there = m.stop[n, N_PLACE]
    left_at, second_before = clock, second
    clock, since, driven, taken, second, way = travel(
        m, v, here, n, there, clock, since, driven, taken, second
    )
    if clock < 0 or clock > m.stop[n, N_LATEST] or second > m.vehicle[v, V_SECOND_LIMIT]:
        return -1, 0, 0, since, driven, taken, second, 0.0, -1, way
    arrival = clock
    action = m.stop[n, N_SERVICE] + (m.stop[n, N_SETUP] if here != there else 0)
    at, slot = begin_at(m, s, v, n, clock, action)
    last_break = m.vehicle[v, V_BREAKS_END]
    while taken < last_break and at >= 0:
        begin = max(clock, m.breaks[taken, 0])
        if begin >= at and max(at + action, m.breaks[taken, 0]) <= m.breaks[taken, 1]:
            break
        if begin > m.breaks[taken, 1]:
            return -1, 0, 0, since, driven, taken, second, 0.0, -1, way
        clock = begin + m.breaks[taken, 2]
        if m.breaks[taken, 2] >= m.vehicle[v, V_BREAK_LENGTH]:
            since = 0
        taken += 1
        at, slot = begin_at(m, s, v, n, clock, action)
    leave = at + action
    if at < 0 or leave > m.vehicle[v, V_CLOSE]:
        return -1, 0, 0, since, driven, taken, second, 0.0, -1, way
    cost = (
        m.vehicle_price[v, V_DRIVE_COST] * way
        + m.vehicle_price[v, V_SECOND_COST] * (second - second_before)
        + m.vehicle_price[v, V_WAIT_COST] * (at - left_at - way)
        + m.stop_price[n, N_COST]
    )
    if m.stop_price[n, N_LATE_COST] > 0.0:
        cost += m.stop_price[n, N_LATE_COST] * max(0, at - m.stop[n, N_LATE_FROM])
    if m.stop_price[n, N_RISK_COST] > 0.0:
        cost += m.stop_price[n, N_RISK_COST] * max(0, at - m.stop[n, N_RISK_FROM])
    return leave, arrival, at, since, driven, taken, second, cost, slot, way


@inline()
def finish(m, v, here, clock, since, driven, taken, second):
    """Go to the vehicle's end and take the breaks that are left.

    Returns when it is there (-1: not possible), since, driven, breaks taken, second, the price,
    and the seconds of driving.
    """
    second_before = second
    clock, since, driven, taken, second, way = travel(
        m, v, here, -1, m.vehicle[v, V_END], clock, since, driven, taken, second
    )
    if clock < 0 or second > m.vehicle[v, V_SECOND_LIMIT]:
        return -1, since, driven, taken, second, 0.0, way
    while taken < m.vehicle[v, V_BREAKS_END]:
        clock = max(clock, m.breaks[taken, 0])
        if clock > m.breaks[taken, 1]:
            return -1, since, driven, taken, second, 0.0, way
        clock += m.breaks[taken, 2]
        taken += 1
    if clock > m.vehicle[v, V_CLOSE]:
        return -1, since, driven, taken, second, 0.0, way
    cost = m.vehicle_price[v, V_DRIVE_COST] * way + m.vehicle_price[v, V_SECOND_COST] * (
        second - second_before
    )
    return clock, since, driven, taken, second, cost, way


@inline()
def pair_cost(m, r, v, quantity):
    """Return what it costs that this vehicle has that request."""
    cost = m.request_price[r, R_SPARE] * (m.capacity[v, 0] - quantity)
    if m.request[r, R_KEPT] >= 0 and m.request[r, R_KEPT] != v:
        cost += m.request_price[r, R_CHURN]
    return cost


@outer()
def walk(m, s, v):
    """Walk a route anew and remember it; say whether it may be driven. Its bookings are released.

    A route that may not be driven is left half remembered and books nothing.
    """
    n, dims = len(m.stop), m.capacity.shape[1]
    start, end = n + v, n + len(m.vehicle) + v
    node = s.node[start, NEXT]
    clock, since, driven = m.vehicle[v, V_OPEN], m.vehicle[v, V_SINCE], np.int64(0)
    taken, second, cost, pair = m.vehicle[v, V_BREAKS], 0.0, 0.0, 0.0
    count = 0
    for k in range(dims):
        s.load[start, k] = 0
    if m.flags[1]:
        while node < n:
            r = m.stop[node, N_REQUEST]
            if m.request[r, R_JOB]:
                for k in range(dims):
                    s.load[start, k] += s.aboard[r, k]
            node = s.node[node, NEXT]
        node = s.node[start, NEXT]
    for k in range(dims):
        s.load[start, dims + k] = s.load[start, k]
    s.node[start, LEAVE], s.node[start, SINCE], s.node[start, DRIVEN] = clock, since, driven
    s.node[start, BREAK], s.node[start, RANK], s.node[start, SLOT] = taken, 0, -1
    s.price[start, COST], s.price[start, SECOND] = 0.0, 0.0
    before, here = start, m.vehicle[v, V_START]
    if node < n:
        cost = m.vehicle_price[v, V_FIXED]
        s.price[start, COST] = cost
    while node < n:
        leave, arrival, at, since, driven, taken, second, price, slot, way = step(
            m, s, v, here, node, clock, since, driven, taken, second
        )
        if leave < 0:
            return False
        clock = leave
        cost += price
        count += 1
        r = m.stop[node, N_REQUEST]
        sign = 1 - 2 * m.stop[node, N_PART]
        if m.request[r, R_JOB]:
            sign = -1
        for k in range(dims):
            aboard = s.load[before, k] + sign * s.aboard[r, k]
            if m.request[r, R_JOB]:
                aboard += m.picked[r, k]
            if aboard > m.capacity[v, k]:
                return False
            s.load[node, k] = aboard
            s.load[node, dims + k] = max(aboard, s.load[before, dims + k])
        if m.stop[node, N_PART] == 0:
            pair += pair_cost(m, r, v, s.aboard[r, 0])
        row = s.node[node]
        row[VEHICLE], row[RANK], row[LEG], row[ARRIVAL] = v, count, way, arrival
        row[BEGIN], row[LEAVE], row[SINCE], row[DRIVEN] = at, leave, since, driven
        row[BREAK], row[SLOT], row[PREVIOUS] = taken, slot, before
        s.price[node, COST], s.price[node, SECOND] = cost, second
        before, here = node, m.stop[node, N_PLACE]
        node = s.node[node, NEXT]
    s.node[end, PREVIOUS] = before
    way = 0
    if count:
        clock, since, driven, taken, second, price, way = finish(
            m, v, here, clock, since, driven, taken, second
        )
        if clock < 0:
            return False
        cost += price
    s.node[end, LEG], s.node[end, ARRIVAL], s.node[end, LEAVE] = way, clock, clock
    s.node[end, RANK], s.node[end, DRIVEN], s.node[end, BREAK] = count + 1, driven, taken
    s.node[end, SINCE], s.node[end, SLOT] = since, -1
    s.price[end, COST], s.price[end, SECOND] = cost, second
    s.total[0] += cost + pair - s.cost[v]
    s.cost[v], s.pair[v], s.stops[v] = cost + pair, pair, count
    _look_back(m, s, v, start, end)
    book(m, s, v)
    return True


@inner()
def _look_back(m, s, v, start, end):
    """Remember for each stop the most that will be aboard, and the latest arrival."""
    dims = m.capacity.shape[1]
    late = m.vehicle[v, V_CLOSE]
    s.node[end, LATE] = late
    for k in range(dims):
        s.load[end, 2 * dims + k] = 0
    after, node = end, s.node[end, PREVIOUS]
    while True:
        for k in range(dims):
            s.load[node, 2 * dims + k] = max(s.load[node, k], s.load[after, 2 * dims + k])
        if node == start:
            return
        late -= s.node[after, LEG] + m.stop[node, N_SERVICE]
        late = min(late, m.stop[node, N_LATEST])
        s.node[node, LATE] = late
        after, node = node, s.node[node, PREVIOUS]
