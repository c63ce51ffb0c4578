"""Book slots, quotas and bays for a route, and give them back."""

from __future__ import annotations

from routing.solver.arrays import F_BAYS, N_FACILITY, V_GROUP
from routing.solver.kernels.compiled import outer
from routing.solver.kernels.state import BEGIN, BOOKS, LEAVE, NEXT, SLOT


@outer()
def release(m, s, v):
    """Give back what a route has booked: slots, quotas and bays."""
    n = len(m.stop)
    if len(m.facility) == 0:
        return
    node = s.node[n + v, NEXT]
    group = m.vehicle[v, V_GROUP]
    while node < n:
        slot = s.node[node, SLOT]
        if slot >= 0 and s.node[node, BOOKS]:
            s.used[slot] -= 1
            if len(m.quota):
                s.quota[slot, group] -= 1
        s.node[node, BOOKS] = 0
        f = m.stop[node, N_FACILITY]
        if f >= 0 and m.facility[f, F_BAYS] >= 0:
            for i in range(s.bays[f]):
                if s.bay[f, i, 2] == node:
                    last = s.bays[f] - 1
                    s.bay[f, i, 0] = s.bay[f, last, 0]
                    s.bay[f, i, 1] = s.bay[f, last, 1]
                    s.bay[f, i, 2] = s.bay[f, last, 2]
                    s.bays[f] = last
                    break
        node = s.node[node, NEXT]


@outer()
def book(m, s, v):
    """Book what a route needs, as remembered in its stops; a slot counts once."""
    n = len(m.stop)
    if len(m.facility) == 0:
        return
    node = s.node[n + v, NEXT]
    group = m.vehicle[v, V_GROUP]
    while node < n:
        slot = s.node[node, SLOT]
        if slot >= 0:
            other = s.node[n + v, NEXT]
            while other != node and s.node[other, SLOT] != slot:
                other = s.node[other, NEXT]
            s.node[node, BOOKS] = other == node
            if other == node:
                s.used[slot] += 1
                if len(m.quota):
                    s.quota[slot, group] += 1
        f = m.stop[node, N_FACILITY]
        if f >= 0 and m.facility[f, F_BAYS] >= 0:
            i = s.bays[f]
            s.bay[f, i, 0] = s.node[node, BEGIN]
            s.bay[f, i, 1] = s.node[node, LEAVE]
            s.bay[f, i, 2] = node
            s.bays[f] = i + 1
        node = s.node[node, NEXT]
