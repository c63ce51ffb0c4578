"""Find the best place in a route of a plain model: only clock and capacity matter.

Whether all that follows is still in time is known at once, from what is remembered of the route.
A place is (added cost, option, stop before the first, stop before the second); cost inf: none.
"""

from __future__ import annotations

import numpy as np

from routing.solver.arrays import (
    N_EARLIEST,
    N_LATEST,
    N_PLACE,
    N_SERVICE,
    O_FIRST,
    O_MASK,
    O_SECOND,
    R_JOB,
    R_OPTIONS,
    R_OPTIONS_END,
    V_CLOSE,
    V_FIXED,
    V_PROFILE,
    V_REAR,
)
from routing.solver.kernels.chance import fraction
from routing.solver.kernels.compiled import inline
from routing.solver.kernels.fit import fits, job_fits, opens, price_between, way_between
from routing.solver.kernels.state import LATE, LEAVE, NEXT, RANK
from routing.solver.kernels.walk import pair_cost, place_of


@inline()
def plain_place(m, s, r, v, bound, blink):
    """Find the best place in a route of a plain model."""
    best, best_option, best_first, best_second = bound, -1, -1, -1
    n = len(m.stop)
    end = n + len(m.vehicle) + v
    profile = m.vehicle[v, V_PROFILE]
    fixed = m.vehicle_price[v, V_FIXED] if s.stops[v] == 0 else 0.0
    fixed += pair_cost(m, r, v, s.aboard[r, 0])
    head = n + v
    while s.node[head, RANK] < s.frozen[v]:
        head = s.node[head, NEXT]
    job = m.request[r, R_JOB]
    close = m.vehicle[v, V_CLOSE]
    for option in range(m.request[r, R_OPTIONS], m.request[r, R_OPTIONS_END]):
        if m.option[option, O_MASK] >= 0 and not m.mask[m.option[option, O_MASK], v]:
            continue
        p, d = m.option[option, O_FIRST], m.option[option, O_SECOND]
        p_place, p_latest = m.stop[p, N_PLACE], m.stop[p, N_LATEST]
        d_place = m.stop[d, N_PLACE] if not job else -1
        own = fixed + m.stop_price[p, 0]
        if not job:
            own += m.stop_price[d, 0]
        i = head
        while i != end:
            leave = s.node[i, LEAVE]
            if leave > p_latest:
                break
            after = s.node[i, NEXT]
            here, there = place_of(m, i), place_of(m, after)
            came = leave + way_between(m, profile, here, p_place)
            if came > p_latest or (blink > 0.0 and fraction(s.chance) < blink):
                i = after
                continue
            if job:
                if not job_fits(m, s, r, v, i, after, end):
                    i = after
                    continue
            elif not fits(m, s, r, v, 0, i):
                i = after
                continue
            clock = max(came, m.stop[p, N_EARLIEST]) + m.stop[p, N_SERVICE]
            if clock > close:
                i = after
                continue
            to_p = price_between(m, v, profile, here, p_place)
            gap = 0.0 if s.stops[v] == 0 else price_between(m, v, profile, here, there)
            if job:
                delta = own + to_p + price_between(m, v, profile, p_place, there) - gap
                if (
                    delta < best
                    and clock + way_between(m, profile, p_place, there) <= s.node[after, LATE]
                ):
                    best, best_option, best_first, best_second = delta, option, i, -1
                i = after
                continue
            came = clock + way_between(m, profile, p_place, d_place)
            if came <= m.stop[d, N_LATEST]:
                delta = own + to_p - gap
                delta += price_between(m, v, profile, p_place, d_place)
                delta += price_between(m, v, profile, d_place, there)
                if delta < best:
                    done = max(came, m.stop[d, N_EARLIEST]) + m.stop[d, N_SERVICE]
                    if (
                        done <= close
                        and done + way_between(m, profile, d_place, there) <= s.node[after, LATE]
                    ):
                        best, best_option, best_first, best_second = delta, option, i, p
            detour = own + to_p + price_between(m, v, profile, p_place, there) - gap
            if detour < best and after != end:
                found, second = _plain_second(
                    m, s, r, v, d, p_place, after, clock, detour, best, i, blink
                )
                if found < best:
                    best, best_option, best_first, best_second = found, option, i, second
            i = after
    if best_option < 0:
        return np.inf, -1, -1, -1
    return best, best_option, best_first, best_second


@inline()
def _plain_second(m, s, r, v, d, here, node, clock, detour, best, first, blink):
    """Find the best place for a delivery behind other stops, the pickup being after `first`."""
    n = len(m.stop)
    profile = m.vehicle[v, V_PROFILE]
    d_place, d_latest = m.stop[d, N_PLACE], m.stop[d, N_LATEST]
    rear = m.vehicle[v, V_REAR]
    rank = s.node[first, RANK]
    close = m.vehicle[v, V_CLOSE]
    second, open_count = -1, 0
    while node < n:
        clock += way_between(m, profile, here, m.stop[node, N_PLACE])
        if clock > s.node[node, LATE] or not fits(m, s, r, v, 0, node):
            return best, second
        if rear:
            open_count += opens(m, s, node, rank)
            if open_count < 0:
                return best, second
        clock = max(clock, m.stop[node, N_EARLIEST]) + m.stop[node, N_SERVICE]
        here = m.stop[node, N_PLACE]
        came = clock + way_between(m, profile, here, d_place)
        if clock > d_latest:
            return best, second
        after = s.node[node, NEXT]
        if came <= d_latest and open_count == 0:
            there = place_of(m, after)
            delta = (
                detour
                + price_between(m, v, profile, here, d_place)
                + price_between(m, v, profile, d_place, there)
                - price_between(m, v, profile, here, there)
            )
            if delta < best and not (blink > 0.0 and fraction(s.chance) < blink):
                done = max(came, m.stop[d, N_EARLIEST]) + m.stop[d, N_SERVICE]
                if (
                    done <= close
                    and done + way_between(m, profile, d_place, there) <= s.node[after, LATE]
                ):
                    best, second = delta, node
        node = after
    return best, second
