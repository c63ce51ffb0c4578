"""Search for the earliest arrival with a heap, guided by what the hierarchy bounds from below."""

import numpy as np

from routing.engine.compiled import INF_MS, LENGTH_BITS, NO_WAY, compiled


@compiled
def delay_at(moment, start, end, at_ms, delay_ms):
    """Return the delay of a profile at a moment, rounded down."""
    if moment <= at_ms[start]:
        return delay_ms[start]
    if moment >= at_ms[end - 1]:
        return delay_ms[end - 1]
    after = start + np.searchsorted(at_ms[start:end], moment, side="right")
    before = after - 1
    rise = delay_ms[after] - delay_ms[before]
    return delay_ms[before] + rise * (moment - at_ms[before]) // (at_ms[after] - at_ms[before])


@compiled
def search(
    origin, end, depart, guided, rank, parent, depth, first, above, level, up, down,
    out_first, out_arcs, head, costs, profile, profile_first, at_ms, delay_ms,
):  # fmt: skip
    """Return the arrival, -1 for none, and the arc by which each node was reached."""
    nodes = len(rank)
    bound = np.full(nodes if guided else 1, -1, np.int64)
    path = np.empty(depth.max() + 1, np.int32)
    if guided:
        _bound_up(rank[end], parent, depth, first, level, down, bound)
    came = np.full(nodes, -1, np.int32)
    reached = np.full(nodes, np.int64(1) << 62, np.int64)
    done = np.zeros(nodes, np.bool_)
    keys = np.empty(1024, np.int64)
    items = np.empty(1024, np.int32)
    count = 1
    reached[origin] = depart
    keys[0], items[0] = depart, origin
    while count > 0:
        node = items[0]
        count -= 1
        _sink(keys, items, count)
        if done[node]:
            continue
        done[node] = True
        if node == end:
            return reached[end], came
        here = reached[node]
        for at in range(out_first[node], out_first[node + 1]):
            arc = out_arcs[at]
            if costs[arc] >= NO_WAY or done[head[arc]]:
                continue
            there = here + (costs[arc] >> LENGTH_BITS)
            if profile[arc] >= 0:
                one, two = profile_first[profile[arc]], profile_first[profile[arc] + 1]
                there += delay_at(here, one, two, at_ms, delay_ms)
            if there >= reached[head[arc]]:
                continue
            key = there
            if guided:
                ahead = _bound(rank[head[arc]], parent, first, above, up, bound, path)
                if ahead >= INF_MS:
                    continue
                key += ahead
            reached[head[arc]] = there
            came[head[arc]] = arc
            if count == len(keys):
                more_keys = np.empty(2 * count, np.int64)
                more_keys[:count] = keys
                keys = more_keys
                more_items = np.empty(2 * count, np.int32)
                more_items[:count] = items
                items = more_items
            _rise(keys, items, count, key, head[arc])
            count += 1
    return np.int64(-1), came


@compiled
def _bound_up(rank, parent, depth, first, level, down, bound):
    """Set the bound of every rank above the end, as climbing from it against the arcs gives it."""
    row = np.full(depth[rank] + 1, NO_WAY, np.int64)
    row[depth[rank]] = 0
    one = rank
    while one >= 0:
        here = row[depth[one]]
        if here < NO_WAY:
            for slot in range(first[one], first[one + 1]):
                row[level[slot]] = min(row[level[slot]], here + down[slot])
        # kept below zero until the ranks above have been looked at too: see `_bound`
        bound[one] = -2 - (row[depth[one]] >> LENGTH_BITS)
        one = parent[one]


@compiled
def _bound(rank, parent, first, above, up, bound, path):
    """Return the least milliseconds from a rank to the end, from the ranks above it."""
    count = 0
    one = rank
    while one >= 0 and bound[one] < 0:
        path[count] = one
        count += 1
        one = parent[one]
    for at in range(count - 1, -1, -1):
        one = path[at]
        best = np.int64(INF_MS)
        if bound[one] <= -2:
            best = min(best, -2 - bound[one])
        for slot in range(first[one], first[one + 1]):
            best = min(best, (up[slot] >> LENGTH_BITS) + bound[above[slot]])
        bound[one] = best
    return bound[rank]


@compiled
def _rise(keys, items, count, key, item):
    """Put an item into a binary heap of ``count`` items."""
    at = count
    while at > 0:
        parent = (at - 1) >> 1
        if keys[parent] <= key:
            break
        keys[at], items[at] = keys[parent], items[parent]
        at = parent
    keys[at], items[at] = key, item


@compiled
def _sink(keys, items, count):
    """Take the first item out of a binary heap that keeps ``count`` items."""
    key, item = keys[count], items[count]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= count:
            break
        if child + 1 < count and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[at], items[at] = keys[child], items[child]
        at = child
    keys[at], items[at] = key, item
