"""Find the fastest way between two places, and the arcs that it drives."""

import numpy as np

from routing.engine.compiled import NO_WAY, compiled


@compiled
def cost_between(one, two, parent, depth, first, level, up, down):
    """Return the packed cost from one rank to another.

    Both climb to the root; on the part of the path they share, a rank that is already dearer than
    the best way found is not climbed from.
    """
    forth = np.full(depth[one] + 1, NO_WAY, np.int64)
    back = np.full(depth[two] + 1, NO_WAY, np.int64)
    forth[depth[one]] = 0
    back[depth[two]] = 0
    while one != two:
        if one < two:
            here = forth[depth[one]]
            if here < NO_WAY:
                for slot in range(first[one], first[one + 1]):
                    forth[level[slot]] = min(forth[level[slot]], here + up[slot])
            one = parent[one]
        else:
            here = back[depth[two]]
            if here < NO_WAY:
                for slot in range(first[two], first[two + 1]):
                    back[level[slot]] = min(back[level[slot]], here + down[slot])
            two = parent[two]
    best = NO_WAY
    while one >= 0:
        here, there = forth[depth[one]], back[depth[one]]
        best = min(best, here + there)
        if here < best and there < best:
            for slot in range(first[one], first[one + 1]):
                forth[level[slot]] = min(forth[level[slot]], here + up[slot])
                back[level[slot]] = min(back[level[slot]], there + down[slot])
        elif here < best:
            for slot in range(first[one], first[one + 1]):
                forth[level[slot]] = min(forth[level[slot]], here + up[slot])
        elif there < best:
            for slot in range(first[one], first[one + 1]):
                back[level[slot]] = min(back[level[slot]], there + down[slot])
        one = parent[one]
    return best


@compiled
def _climb_once(rank, here, first, level, costs, row, by):
    """Lower the row by the slots above one rank, noting in ``by`` which slot did."""
    for slot in range(first[rank], first[rank + 1]):
        if here + costs[slot] < row[level[slot]]:
            row[level[slot]] = here + costs[slot]
            by[level[slot]] = slot


@compiled
def way_between(
    from_ranks, from_costs, to_ranks, to_costs, parent, depth, first, above, level, low,
    below_first, below, arcs_first, arcs, costs, up, down, over,
):  # fmt: skip
    """Return the packed cost between two places, the arcs, and the ranks of the seeds used.

    A place is given as ranks on one root path, the lowest first, with the cost to each.
    """
    one, two = from_ranks[0], to_ranks[0]
    forth = np.full(depth[one] + 1, NO_WAY, np.int64)
    back = np.full(depth[two] + 1, NO_WAY, np.int64)
    came = np.full(depth[one] + 1, -1, np.int64)
    goes = np.full(depth[two] + 1, -1, np.int64)
    for at in range(len(from_ranks)):
        place = depth[from_ranks[at]]
        forth[place] = min(forth[place], from_costs[at])
    for at in range(len(to_ranks)):
        place = depth[to_ranks[at]]
        back[place] = min(back[place], to_costs[at])
    while one != two:
        if one < two:
            if forth[depth[one]] < NO_WAY:
                _climb_once(one, forth[depth[one]], first, level, up, forth, came)
            one = parent[one]
        else:
            if back[depth[two]] < NO_WAY:
                _climb_once(two, back[depth[two]], first, level, down, back, goes)
            two = parent[two]
    best, met = NO_WAY, np.int32(-1)
    while one >= 0:
        here, there = forth[depth[one]], back[depth[one]]
        if here + there < best:
            best, met = here + there, one
        if here < best:
            _climb_once(one, here, first, level, up, forth, came)
        if there < best:
            _climb_once(one, there, first, level, down, back, goes)
        one = parent[one]
    if met < 0:
        return best, np.empty(0, np.int32), np.int32(-1), np.int32(-1)
    stack, start, end = _slots_through(met, depth, low, came, goes)
    driven = _unpacked(
        stack, first, above, low, below_first, below, arcs_first, arcs, costs, up, down, over
    )
    return best, driven, start, end


@compiled
def _slots_through(met, depth, low, came, goes):
    """Return the slots of a way over a rank, twice the slot plus 1 if down, the first one last."""
    count = 0
    end = met
    while goes[depth[end]] >= 0:
        count += 1
        end = low[goes[depth[end]]]
    downs = count
    start = met
    while came[depth[start]] >= 0:
        count += 1
        start = low[came[depth[start]]]
    stack = np.empty(count, np.int64)
    here = met
    for at in range(downs - 1, -1, -1):
        stack[at] = 2 * goes[depth[here]] + 1
        here = low[goes[depth[here]]]
    here = met
    for at in range(downs, count):
        stack[at] = 2 * came[depth[here]]
        here = low[came[depth[here]]]
    return stack, start, end


@compiled
def _unpacked(
    given, first, above, low, below_first, below, arcs_first, arcs, costs, up, down, over
):
    """Replace slots by the arcs whose costs they stand for.

    What a slot stands for is noted in ``over``, one number for each direction: the slots from the
    rank between to its lower end and, 31 bits higher, to its higher end; or -2 less the arc. -1
    is not known yet. One number is written at once, so that threads may share what they note.
    """
    stack = np.empty(len(given) + 64, np.int64)
    stack[: len(given)] = given
    count = len(given)
    driven = np.empty(256, np.int32)
    length = 0
    while count > 0:
        count -= 1
        both = np.uint64(stack[count])
        means = over[both]
        if means == -1:
            means = _look_below(
                both, first, above, low, below_first, below, arcs_first, arcs, costs, up, down
            )
            over[both] = means
        if means < 0:
            if length == len(driven):
                grown = np.empty(2 * length, np.int32)
                grown[:length] = driven
                driven = grown
            driven[length] = -2 - means
            length += 1
            continue
        if count + 2 > len(stack):
            taller = np.empty(2 * len(stack), np.int64)
            taller[:count] = stack[:count]
            stack = taller
        # from the first end down to the rank between, then up to the other end: first one last
        to_low, to_above = means & 0x7FFFFFFF, means >> 31
        if both & np.uint64(1):
            stack[count], stack[count + 1] = 2 * to_low, 2 * to_above + 1
        else:
            stack[count], stack[count + 1] = 2 * to_above, 2 * to_low + 1
        count += 2
    return driven[:length].copy()


@compiled
def _look_below(both, first, above, low, below_first, below, arcs_first, arcs, costs, up, down):
    """Return what a slot in one direction stands for."""
    slot, leads_down = np.int64(both) >> 1, np.int64(both) & 1
    cost = down[slot] if leads_down else up[slot]
    for at in range(arcs_first[2 * slot + leads_down], arcs_first[2 * slot + leads_down + 1]):
        if costs[arcs[at]] == cost:
            return -2 - np.int64(arcs[at])
    one, two = low[slot], above[slot]
    for at in range(below_first[one], below_first[one + 1]):
        here = below[at]
        # most ways over other ranks cost too much in their first half already
        if (up[here] if leads_down else down[here]) >= cost:
            continue
        start, end = first[low[here]], first[low[here] + 1]
        there = start + np.searchsorted(above[start:end], two)
        if there < end and above[there] == two:
            through = down[there] + up[here] if leads_down else down[here] + up[there]
            if through == cost:
                return (np.int64(there) << 31) + np.int64(here)
    raise RuntimeError("a slot costs less than anything below it: the metric is not whole")
