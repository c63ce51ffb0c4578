"""Take requests out and put them in again, better: slack induction by string removals.

After J. Christiaens and G. Vanden Berghe, "Slack Induction by String Removals for Vehicle Routing
Problems", Transportation Science 54 (2020), doi:10.1287/trsc.2019.0914: strings of stops near one
another leave their routes, and return one by one to their cheapest places, a few of which are
overlooked. Slots add a ruin of their own: requests served at one facility at about the same time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from routing.solver.arrays import (
    N_FACILITY,
    N_LATEST,
    N_PLACE,
    N_REQUEST,
    O_FIRST,
    O_SECOND,
    R_JOB,
    R_LOT,
    R_OPTIONS,
    R_UNSERVED,
    V_KIND,
    V_STOP_LIMIT,
)
from routing.solver.kernels.booking import release
from routing.solver.kernels.chance import below, fraction
from routing.solver.kernels.change import (
    begin_undo,
    gain_of,
    put,
    save,
    take_out,
    undo,
)
from routing.solver.kernels.compiled import inner, outer
from routing.solver.kernels.copying import copy_route, copy_row, copy_vector
from routing.solver.kernels.fit import set_aboard
from routing.solver.kernels.full import full_place
from routing.solver.kernels.plain import plain_place
from routing.solver.kernels.state import BEGIN, NEXT, RANK, VEHICLE
from routing.solver.kernels.walk import walk

if TYPE_CHECKING:
    from numpy.typing import NDArray

ABSENT, TRIED, TURN, GAINS = 0, 1, 2, 3
_LONGEST = 10
"""The longest string."""
_SPLIT, _SPLIT_ON = 0.5, 0.01
_WAITING = 24
"""So many of those that were out before are tried again in a round."""


class Work(NamedTuple):
    """What the search scribbles on."""

    near: NDArray[np.int32]
    """Stops × their nearest stops, -1 behind the last."""
    absent: NDArray[np.int64]
    """Requests that are out; those that were taken out last stand last."""
    absent_before: NDArray[np.int64]
    keys: NDArray[np.float64]
    route: NDArray[np.int64]
    touched: NDArray[np.int64]
    kinds: NDArray[np.int64]
    """Of each kind of vehicle: the look in which an unused one was tried."""
    lots: NDArray[np.int64]
    """Of each lot: the round in which nobody could take any of it."""
    absences: NDArray[np.int64]
    """Of each request: how many rounds ended without it."""
    inside: NDArray[np.bool_]
    """The vehicles that this search may change."""
    changed: NDArray[np.bool_]
    """Vehicles that differ from the best solution."""
    nothing: NDArray[np.float64]
    nowhere: NDArray[np.int64]
    """No room, for `cheapest`."""
    tally: NDArray[np.int64]
    """How many are absent, looks, the round, rounds that found a new best."""


@outer()
def cheapest(m, s, w, r, vehicles, blink, each, places):
    """Find the best place for a request in all routes: cost, vehicle, option, first, second.

    For a request of a lot, its amount is left as it would be there. Where `each` has room, the
    best of every vehicle is told: its cost there; option, first, second and amounts in `places`.
    """
    best, at, option, first, second = np.inf, -1, -1, -1, -1
    quantity = np.int64(0)
    all_told = len(each) > 0
    w.tally[TRIED] += 1
    look = w.tally[TRIED]
    more = 1 if m.request[r, R_JOB] else 2
    for v in vehicles:
        if not m.allowed[r, v] or s.stops[v] + more > m.vehicle[v, V_STOP_LIMIT]:
            continue
        if s.stops[v] == 0 and not all_told:
            kind = m.vehicle[v, V_KIND]
            if w.kinds[kind] == look:
                continue
            w.kinds[kind] = look
        bound = np.inf if all_told else best
        if m.flags[0]:
            cost, o, i, j = plain_place(m, s, r, v, bound, blink)
        else:
            cost, o, i, j = full_place(m, s, r, v, bound, blink)
        if o >= 0 and all_told:
            each[v] = cost
            places[v, 0], places[v, 1], places[v, 2] = o, i, j
            for k in range(m.capacity.shape[1]):
                places[v, 3 + k] = s.aboard[r, k]
        if o >= 0 and cost < best:
            best, at, option, first, second = cost, v, o, i, j
            quantity = s.aboard[r, 0]
    if at >= 0 and m.request[r, R_LOT] >= 0:
        set_aboard(m, s, r, quantity)
    return best, at, option, first, second


@outer()
def serve(m, s, w, u, r, vehicles, blink):
    """Put a request where it is cheapest, if that pays; say whether it was."""
    lot = m.request[r, R_LOT]
    if lot >= 0 and s.left[lot] <= 0:
        return False
    cost, v, option, first, second = cheapest(m, s, w, r, vehicles, blink, w.nothing, w.nowhere)
    if v < 0:
        return False
    if lot < 0 and cost >= gain_of(m, s, r):
        return False
    save(m, s, u, v)
    w.changed[v] = True
    if put(m, s, r, v, option, first, second):
        return True
    release(m, s, v)
    take_out(m, s, r)
    walk(m, s, v)
    return False


@inner()
def _key(m, s, r, how):
    """Return by what a request stands in its turn; the least goes first."""
    option = m.request[r, R_OPTIONS]
    p, d = m.option[option, O_FIRST], m.option[option, O_SECOND]
    last = p if m.request[r, R_JOB] else d
    if how < 4:
        return fraction(s.chance)
    if how < 7:
        return -float(s.aboard[r, 0]) + 0.001 * fraction(s.chance)
    if how < 9:
        return -float(m.time[0, m.stop[p, N_PLACE], m.stop[last, N_PLACE]])
    if how < 10:
        return float(m.time[0, m.stop[p, N_PLACE], m.stop[last, N_PLACE]])
    if how < 13:
        return float(m.stop[last, N_LATEST])
    if how < 15:
        return float(m.stop[p, N_LATEST])
    return -m.request_price[r, R_UNSERVED]


@inner()
def recreate(m, s, w, u, vehicles, fresh, blink):
    """Put requests in again; `fresh` of the absent ones, the last, were taken out just now."""
    total = w.tally[ABSENT]
    old = total - fresh
    tries = total
    if old > _WAITING:
        for k in range(_WAITING):
            other = k + below(s.chance, old - k)
            one, two = old - 1 - k, old - 1 - other
            w.absent[one], w.absent[two] = w.absent[two], w.absent[one]
        tries = fresh + _WAITING
    how = below(s.chance, 16)
    first = total - tries
    for k in range(first, total):
        w.keys[k] = _key(m, s, w.absent[k], how)
    for k in range(first + 1, total):
        key, r = w.keys[k], w.absent[k]
        j = k - 1
        while j >= first and w.keys[j] > key:
            w.keys[j + 1], w.absent[j + 1] = w.keys[j], w.absent[j]
            j -= 1
        w.keys[j + 1], w.absent[j + 1] = key, r
    kept = first
    for k in range(first, total):
        r = w.absent[k]
        lot = m.request[r, R_LOT]
        if lot >= 0 and w.lots[lot] == w.tally[TURN]:
            w.absent[kept] = r
            kept += 1
        elif not serve(m, s, w, u, r, vehicles, blink):
            if lot >= 0:
                w.lots[lot] = w.tally[TURN]
            w.absent[kept] = r
            kept += 1
    w.tally[ABSENT] = kept


@inner()
def _drop(m, s, w, u, v, count):
    """Take the requests in `w.route[:count]` out of a route; say whether it can be driven still."""
    save(m, s, u, v)
    w.changed[v] = True
    release(m, s, v)
    for k in range(count):
        r = w.route[k]
        if s.served[r] >= 0:
            take_out(m, s, r)
            w.absent[w.tally[ABSENT]] = r
            w.tally[ABSENT] += 1
    return walk(m, s, v)


@inner()
def ruin_strings(m, s, w, u, seed, mean):
    """Take strings of stops near a seed stop out of their routes; say whether all can be driven."""
    n = len(m.stop)
    v = s.node[seed, VEHICLE]
    stops = 0
    used = 0
    # the mean length of a route, from the routes around the seed
    for k in range(-1, min(32, w.near.shape[1])):
        other = seed if k < 0 else w.near[seed, k]
        if other >= 0 and s.node[other, VEHICLE] >= 0:
            stops += s.stops[s.node[other, VEHICLE]]
            used += 1
    longest = min(float(_LONGEST), stops / max(1, used))
    most = 4.0 * mean / (1.0 + longest) - 1.0
    strings = int(fraction(s.chance) * most + 1.0)
    ruined = 0
    for k in range(-1, w.near.shape[1]):
        stop = seed if k < 0 else w.near[seed, k]
        if stop < 0 or ruined >= strings:
            break
        v = s.node[stop, VEHICLE]
        if v < 0 or not w.inside[v]:
            continue
        again = False
        for t in range(ruined):
            if w.touched[t] == v:
                again = True
        if again:
            continue
        size = s.stops[v]
        length = int(fraction(s.chance) * min(float(size), longest) + 1.0)
        length = min(length, size)
        keep = 0
        if length < size and length > 1 and fraction(s.chance) < _SPLIT:
            keep = 1
            while length + keep < size and fraction(s.chance) < _SPLIT_ON:
                keep += 1
        span = length + keep
        rank = s.node[stop, RANK] - 1
        low, high = max(0, rank - span + 1), min(rank, size - span)
        begin = low + below(s.chance, high - low + 1)
        hole = begin + (below(s.chance, length) if keep else span)
        node, place, count = s.node[n + v, NEXT], 0, 0
        while node < n and place < begin + span:
            r = m.stop[node, N_REQUEST]
            kept = keep > 0 and hole <= place < hole + keep
            if place >= begin and not kept and not s.locked[r]:
                w.route[count] = r
                count += 1
            node = s.node[node, NEXT]
            place += 1
        w.touched[ruined] = v
        ruined += 1
        if count and not _drop(m, s, w, u, v, count):
            return False
    return True


@inner()
def ruin_hour(m, s, w, u, seed, mean):
    """Take requests out that are served at one facility at about one time; else as above."""
    n = len(m.stop)
    option = s.served[m.stop[seed, N_REQUEST]]
    stop = m.option[option, O_SECOND]
    if stop < 0 or m.stop[stop, N_FACILITY] < 0:
        stop = m.option[option, O_FIRST]
    f = m.stop[stop, N_FACILITY]
    if f < 0:
        return ruin_strings(m, s, w, u, seed, mean)
    at = s.node[stop, BEGIN]
    wanted = 1 + below(s.chance, int(2.0 * mean))
    # candidates by distance in time, the nearest `wanted` of them, with a little chance
    found = 0
    for node in range(n):
        v = s.node[node, VEHICLE]
        if m.stop[node, N_FACILITY] != f or v < 0 or not w.inside[v]:
            continue
        r = m.stop[node, N_REQUEST]
        if s.locked[r]:
            continue
        key = abs(s.node[node, BEGIN] - at) * (0.5 + fraction(s.chance))
        if found == wanted and key >= w.keys[found - 1]:
            continue
        j = found if found < wanted else found - 1
        while j > 0 and w.keys[j - 1] > key:
            w.keys[j], w.touched[j] = w.keys[j - 1], w.touched[j - 1]
            j -= 1
        w.keys[j], w.touched[j] = key, r
        found = min(wanted, found + 1)
    for k in range(found):
        r = w.touched[k]
        if s.served[r] < 0:
            continue
        v = s.node[m.option[s.served[r], O_FIRST], VEHICLE]
        w.route[0] = r
        if not _drop(m, s, w, u, v, 1):
            return False
    return True


@inner()
def copy_changed(m, s, w, best, vehicles, requests):
    """Bring a copy up to date, route by route."""
    for v in vehicles:
        if w.changed[v]:
            w.changed[v] = False
            copy_route(m, best, s, v)
    for r in requests:
        best.served[r] = s.served[r]
        copy_row(best.aboard, r, s.aboard, r)
    copy_vector(best.left, s.left, len(s.left))
    copy_vector(best.total, s.total, 2)


@outer()
def improve(m, s, w, u, best, vehicles, requests, plan, figures):
    """Ruin and recreate for some rounds.

    `plan`: rounds, whether vehicles are to be saved (then a solution with fewer absences is better
    whatever it costs, and the search ends when nobody is absent). `figures`: temperature, mean size
    of a ruin, share of places overlooked.
    """
    rounds, saving = plan[0], plan[1]
    heat, mean, blink = figures[0], figures[1], figures[2]
    known = best.total[0] + best.total[1]
    for turn in range(rounds):
        w.tally[TURN] += 1
        begin_undo(u, w.tally[TURN])
        before = s.total[0] + s.total[1]
        routes_before = s.total[0]
        absent = w.tally[ABSENT]
        copy_vector(w.absent_before, w.absent, absent)
        r = requests[below(s.chance, len(requests))]
        ok = True
        fresh = 0
        if s.served[r] >= 0:
            seed = m.option[s.served[r], O_FIRST]
            if not m.request[r, R_JOB] and fraction(s.chance) < 0.5:
                other = m.option[s.served[r], O_SECOND]
                if w.near[other, 0] >= 0:
                    seed = other
            if len(m.slot) and fraction(s.chance) < 0.3:
                ok = ruin_hour(m, s, w, u, seed, mean)
            else:
                ok = ruin_strings(m, s, w, u, seed, mean)
            fresh = w.tally[ABSENT] - absent
        elif w.near[m.option[m.request[r, R_OPTIONS], O_FIRST], 0] >= 0:
            seed = m.option[m.request[r, R_OPTIONS], O_FIRST]
            ok = ruin_strings(m, s, w, u, seed, mean)
            fresh = w.tally[ABSENT] - absent
        if ok:
            recreate(m, s, w, u, vehicles, fresh, blink)
        after = s.total[0] + s.total[1]
        limit = before - heat * np.log(max(1e-12, fraction(s.chance)))
        if saving:
            mine, theirs = np.int64(0), np.int64(0)
            for k in range(w.tally[ABSENT]):
                mine += w.absences[w.absent[k]]
            for k in range(absent):
                theirs += w.absences[w.absent_before[k]]
            keep = ok and (
                mine < theirs
                or (w.tally[ABSENT] <= absent and s.total[0] < routes_before + (limit - before))
            )
            for k in range(w.tally[ABSENT]):
                w.absences[w.absent[k]] += 1
            if keep and w.tally[ABSENT] == 0:
                copy_changed(m, s, w, best, vehicles, requests)
                return turn + 1
        else:
            keep = ok and after < limit
        if not keep:
            undo(m, s, u)
            copy_vector(w.absent, w.absent_before, absent)
            w.tally[ABSENT] = absent
        elif not saving and after < known - 1e-6:
            known = after
            w.tally[GAINS] += 1
            copy_changed(m, s, w, best, vehicles, requests)
    return rounds
