"""Tell the time on the road: breaks that fall due, windows, free bays."""

from __future__ import annotations

from routing.solver.kernels.compiled import inner
from routing.solver.model import FOREVER


@inner()
def drive(breaks, last_break, after, length, way, clock, since, taken):
    """Drive for `way` seconds, with the breaks that fall due; clock -1 where one is missed.

    `breaks` up to `last_break` are the vehicle's own; after `after` seconds one of `length` is due.
    """
    since = min(since, after)
    while way > 0:
        room = after - since
        if taken < last_break:
            begin = max(clock, breaks[taken, 0])
            if begin < clock + way and begin - clock <= room:
                if begin > breaks[taken, 1]:
                    return -1, since, taken
                way -= begin - clock
                since += begin - clock
                clock = begin + breaks[taken, 2]
                if breaks[taken, 2] >= length:
                    since = 0
                taken += 1
                continue
        if way > room:
            clock += room + length
            way -= room
            since = 0
            continue
        clock += way
        since += way
        way = 0
    return clock, since, taken


@inner()
def in_window(window, first, end, clock):
    """Return the first moment from `clock` on that lies in one of some windows, or -1."""
    for w in range(first, end):
        if clock <= window[w, 1]:
            return max(clock, window[w, 0])
    return -1


@inner()
def at_bay(bay, f, booked, bays, clock, action):
    """Return the first moment from `clock` on at which a bay is free for so long, or -1."""
    if bays < 0:
        return clock
    if bays == 0:
        return -1
    while True:
        busy = 0
        free_at = FOREVER
        # the most that overlap is reached where one of them begins, or at the clock itself
        for i in range(-1, booked):
            at = clock if i < 0 else bay[f, i, 0]
            if at < clock or (i >= 0 and at >= clock + action and at > clock):
                continue
            count = 0
            soonest = FOREVER
            for j in range(booked):
                if bay[f, j, 0] <= at < bay[f, j, 1]:
                    count += 1
                    soonest = min(soonest, bay[f, j, 1])
            if count >= bays and count > busy:
                busy = count
                free_at = soonest
        if busy < bays:
            return clock
        clock = max(free_at, clock + 1)
