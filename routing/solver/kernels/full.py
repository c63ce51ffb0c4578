"""Find the best place in any route: each try walks the rest of the route.

A place is (added cost, option, stop before the first, stop before the second); cost inf: none.
"""

from __future__ import annotations

import numpy as np

from routing.solver.arrays import (
    L_SPLIT,
    N_LATEST,
    N_PLACE,
    O_FIRST,
    O_MASK,
    O_SECOND,
    R_JOB,
    R_LOT,
    R_OPTIONS,
    R_OPTIONS_END,
    V_DRIVE_LIMIT,
    V_FIXED,
    V_PROFILE,
    V_REAR,
    V_SECOND_LIMIT,
)
from routing.solver.kernels.booking import book, release
from routing.solver.kernels.chance import fraction
from routing.solver.kernels.compiled import inline, inner
from routing.solver.kernels.fit import (
    fits,
    job_fits,
    least_more,
    least_of_all,
    opens,
    room_for,
    set_aboard,
)
from routing.solver.kernels.state import BREAK, COST, DRIVEN, LEAVE, NEXT, RANK, SECOND, SINCE
from routing.solver.kernels.walk import finish, pair_cost, place_of, step


@inner()
def rest_of_route(m, s, v, here, target, node, clock, since, driven, taken, second, cost, bound):
    """Walk on to `target` (-1: none), `node` and all behind it; return the cost at the end, or inf.

    `bound` ends the walk where the cost has grown too high.
    """
    n = len(m.stop)
    old_end = n + len(m.vehicle) + v
    while target >= 0 or node < n:
        stop = target if target >= 0 else node
        leave, _, _, since, driven, taken, second, price, _, _ = step(
            m, s, v, here, stop, clock, since, driven, taken, second
        )
        if leave < 0:
            return np.inf
        cost += price
        if cost >= bound and not m.flags[2]:
            return np.inf
        clock, here = leave, m.stop[stop, N_PLACE]
        if target >= 0:
            target = -1
            continue
        if clock == s.node[node, LEAVE] and since == s.node[node, SINCE]:
            more = s.node[old_end, DRIVEN] - s.node[node, DRIVEN]
            further = s.price[old_end, SECOND] - s.price[node, SECOND]
            if (
                taken == s.node[node, BREAK]
                and more >= 0
                and driven + more <= m.vehicle[v, V_DRIVE_LIMIT]
                and second + further <= m.vehicle[v, V_SECOND_LIMIT]
            ):
                return cost + s.cost[v] - s.pair[v] - s.price[node, COST]
        node = s.node[node, NEXT]
    clock, since, driven, taken, second, price, _ = finish(
        m, v, here, clock, since, driven, taken, second
    )
    return cost + price if clock >= 0 else np.inf


@inline()
def full_place(m, s, r, v, bound, blink):
    """Find the best place in any route; its bookings are given back meanwhile.

    For a request of a lot the answer counts what further trips are thought to cost; its amount is
    left as it would be at the place found.
    """
    best, best_option, best_first, best_second = bound, -1, -1, -1
    best_quantity = np.int64(0)
    released = False
    n = len(m.stop)
    end = n + len(m.vehicle) + v
    lot = m.request[r, R_LOT]
    least = m.lot_least[lot] if lot >= 0 else np.int64(1)
    base_cost = s.cost[v] - s.pair[v]
    fixed = m.vehicle_price[v, V_FIXED] if s.stops[v] == 0 else 0.0
    job = m.request[r, R_JOB]
    head = n + v
    while s.node[head, RANK] < s.frozen[v]:
        head = s.node[head, NEXT]
    first_option, end_option = m.request[r, R_OPTIONS], m.request[r, R_OPTIONS_END]
    reach = m.reach[m.vehicle[v, V_PROFILE], r]
    i = head
    while i != end:
        before = i
        after = s.node[i, NEXT]
        i = after
        extra = fixed
        if lot >= 0:
            quantity = room_for(m, s, r, v, before, least)
            if quantity < least:
                continue
            set_aboard(m, s, r, quantity)
            trips = -(-(s.left[lot] - quantity) // quantity)
            extra += m.lot_price[lot, L_SPLIT] * trips
        elif job:
            if not job_fits(m, s, r, v, before, after, end):
                continue
        elif not fits(m, s, r, v, 0, before):
            continue
        extra += pair_cost(m, r, v, s.aboard[r, 0])
        if reach >= 0:
            if s.node[before, LEAVE] > m.stop[m.option[first_option, O_FIRST], N_LATEST]:
                break
            if extra + least_of_all(m, s, r, v, before, after, reach) >= best:
                continue
        for option in range(first_option, end_option):
            if m.option[option, O_MASK] >= 0 and not m.mask[m.option[option, O_MASK], v]:
                continue
            p, d = m.option[option, O_FIRST], m.option[option, O_SECOND]
            if extra + least_more(m, s, v, before, after, p, d) >= best:
                continue
            if blink > 0.0 and fraction(s.chance) < blink:
                continue
            if not released:
                release(m, s, v)
                released = True
            clock, since = s.node[before, LEAVE], s.node[before, SINCE]
            driven, taken = s.node[before, DRIVEN], s.node[before, BREAK]
            second, cost = s.price[before, SECOND], s.price[before, COST]
            here = place_of(m, before)
            stop, node, last = p, after, before
            opened = 0
            while True:
                clock, _, _, since, driven, taken, second, price, _, _ = step(
                    m, s, v, here, stop, clock, since, driven, taken, second
                )
                if clock < 0:
                    break
                cost += price
                here, last = m.stop[stop, N_PLACE], stop
                if opened == 0:
                    total = rest_of_route(
                        m, s, v, here, np.int64(-1) if job else d, node, clock, since, driven,
                        taken, second, cost, base_cost + best - extra,
                    )  # fmt: skip
                    if total + extra - base_cost < best:
                        best = total + extra - base_cost
                        best_option, best_first = option, before
                        best_second = -1 if job else last
                        best_quantity = s.aboard[r, 0]
                if job or node >= n or clock > m.stop[d, N_LATEST]:
                    break
                if not fits(m, s, r, v, 0, node):
                    break
                if m.vehicle[v, V_REAR]:
                    opened += opens(m, s, node, s.node[before, RANK])
                    if opened < 0:
                        break
                stop, node = node, s.node[node, NEXT]
    if released:
        book(m, s, v)
    if best_option < 0:
        return np.inf, -1, -1, -1
    if lot >= 0:
        set_aboard(m, s, r, best_quantity)
    return best, best_option, best_first, best_second
