"""Relax slots over the ranks below: all that are due, or one by one as they change."""

import numpy as np

from routing.engine.compiled import NO_WAY, compiled


@compiled
def customise_ranks(
    start, end, costs, first, above, level, below_first, below, below_end, arcs_first, arcs, up,
    down, due, touched,
):  # fmt: skip
    """Customise the slots above the ranks ``start:end`` that are due, all below being done.

    Only slots above a rank are written while it is its turn, so that subtrees can be done beside
    each other. They are gathered in rows by depth, which stay in the cache. Where ``touched`` is
    not empty, ranks with a slot that changed are marked in it, and those above become due.
    Numbers are unsigned in the inner loop: signed ones would be looked at for wrapping round.
    """
    row_up = np.empty(0, np.int64)
    row_down = np.empty(0, np.int64)
    for rank in range(start, end):
        lowest, highest = np.uint64(first[rank]), np.uint64(first[rank + 1])
        if not due[rank] or lowest == highest:
            continue
        if len(row_up) <= level[lowest]:
            row_up = np.empty(2 * level[lowest] + 2, np.int64)
            row_down = np.empty(2 * level[lowest] + 2, np.int64)
        for slot in range(lowest, highest):
            best_up = best_down = NO_WAY
            for at in range(arcs_first[2 * slot], arcs_first[2 * slot + np.uint64(1)]):
                best_up = min(best_up, costs[arcs[at]])
            for at in range(
                arcs_first[2 * slot + np.uint64(1)], arcs_first[2 * slot + np.uint64(2)]
            ):
                best_down = min(best_down, costs[arcs[at]])
            row_up[level[slot]] = best_up
            row_down[level[slot]] = best_down
        for at in range(np.uint64(below_first[rank]), np.uint64(below_first[rank + 1])):
            slot = np.uint64(below[at])
            to_rank, from_rank = up[slot], down[slot]
            for other in range(slot + np.uint64(1), np.uint64(below_end[at])):
                depth = np.uint64(level[other])
                row_up[depth] = min(row_up[depth], from_rank + up[other])
                row_down[depth] = min(row_down[depth], down[other] + to_rank)
        if len(touched) == 0:
            for slot in range(lowest, highest):
                up[slot] = row_up[level[slot]]
                down[slot] = row_down[level[slot]]
            continue
        for slot in range(lowest, highest):
            here_up, here_down = row_up[level[slot]], row_down[level[slot]]
            if up[slot] != here_up or down[slot] != here_down:
                up[slot], down[slot] = here_up, here_down
                touched[rank] = True
        if touched[rank]:
            # a changed slot leads to slots among the ranks above
            for slot in range(lowest, highest):
                due[above[slot]] = True


@compiled
def _cost_of(slot, costs, first, above, low, below_first, below, arcs_first, arcs, up, down):
    """Return the cost up and down of one slot from its arcs and what is below it."""
    best_up = NO_WAY
    for at in range(arcs_first[2 * slot], arcs_first[2 * slot + 1]):
        best_up = min(best_up, costs[arcs[at]])
    best_down = NO_WAY
    for at in range(arcs_first[2 * slot + 1], arcs_first[2 * slot + 2]):
        best_down = min(best_down, costs[arcs[at]])
    one, two = low[slot], above[slot]
    if below_first[two + 1] - below_first[two] < below_first[one + 1] - below_first[one]:
        seen, other = two, one
    else:
        seen, other = one, two
    for at in range(below_first[seen], below_first[seen + 1]):
        here = below[at]
        start, end = first[low[here]], first[low[here] + 1]
        there = start + np.searchsorted(above[start:end], other)
        if there < end and above[there] == other:
            if seen == one:
                best_up = min(best_up, down[here] + up[there])
                best_down = min(best_down, down[there] + up[here])
            else:
                best_up = min(best_up, down[there] + up[here])
                best_down = min(best_down, down[here] + up[there])
    return best_up, best_down


@compiled
def follow(
    changed, costs, first, above, low, below_first, below, slot_of, arcs_first, arcs, up, down,
    touched, most,
):  # fmt: skip
    """Follow changes slot by slot, in place; return the slots left when too many were looked at.

    A slot is looked at when an arc of it changed, or a way below it that was its best or is
    better now. Slots are taken in ascending order and lead to higher ones only.
    """
    queue = np.empty(max(16, 2 * len(changed)), np.int32)
    count = 0
    queued = np.zeros(len(above), np.bool_)
    for at in range(len(changed)):
        slot = slot_of[changed[at]]
        if slot >= 0 and not queued[slot]:
            queued[slot] = True
            queue[count] = slot
            count += 1
    queue[:count].sort()
    looked_at = 0
    while count > 0 and looked_at < most:
        looked_at += 1
        slot = queue[0]
        count -= 1
        _sink(queue, count)
        new_up, new_down = _cost_of(
            slot, costs, first, above, low, below_first, below, arcs_first, arcs, up, down
        )
        old_up, old_down = up[slot], down[slot]
        if new_up == old_up and new_down == old_down:
            continue
        up[slot], down[slot] = new_up, new_down
        rank, high = low[slot], above[slot]
        touched[rank] = True
        for other in range(first[rank], first[rank + 1]):
            if other == slot:
                continue
            # `one` is the slot between the two higher ranks: from the lower of them upwards
            if other > slot:
                start, end = first[high], first[high + 1]
                one = start + np.searchsorted(above[start:end], above[other])
                was_up, was_down = old_down + up[other], down[other] + old_up
                now_up, now_down = new_down + up[other], down[other] + new_up
            else:
                start, end = first[above[other]], first[above[other] + 1]
                one = start + np.searchsorted(above[start:end], high)
                was_up, was_down = down[other] + old_up, old_down + up[other]
                now_up, now_down = down[other] + new_up, new_down + up[other]
            if queued[one]:
                continue
            tight = (was_up == up[one] and was_up != now_up) or (
                was_down == down[one] and was_down != now_down
            )
            if tight or now_up < up[one] or now_down < down[one]:
                queued[one] = True
                if count == len(queue):
                    grown = np.empty(2 * len(queue), np.int32)
                    grown[:count] = queue
                    queue = grown
                _rise(queue, count, one)
                count += 1
    return queue[:count].copy()


@compiled
def _rise(queue, count, slot):
    """Put a slot into a binary heap of ``count`` slots."""
    at = count
    while at > 0:
        parent = (at - 1) >> 1
        if queue[parent] <= slot:
            break
        queue[at] = queue[parent]
        at = parent
    queue[at] = slot


@compiled
def _sink(queue, count):
    """Take the first slot out of a binary heap that keeps ``count`` slots."""
    last = queue[count]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= count:
            break
        if child + 1 < count and queue[child + 1] < queue[child]:
            child += 1
        if queue[child] >= last:
            break
        queue[at] = queue[child]
        at = child
    queue[at] = last
