"""Do things to a whole solution: take routes over from another one, book and count all anew."""

from __future__ import annotations

from routing.solver.arrays import O_FIRST, O_SECOND, R_LOT, R_OPTIONS, R_OPTIONS_END
from routing.solver.kernels.booking import book
from routing.solver.kernels.compiled import outer
from routing.solver.kernels.copying import copy_route, copy_row, fill
from routing.solver.kernels.state import VEHICLE


@outer()
def rebook(m, s):
    """Book all routes anew, as remembered."""
    fill(s.used, 0)
    fill(s.bays, 0)
    for slot in range(len(s.quota)):
        for group in range(s.quota.shape[1]):
            s.quota[slot, group] = 0
    for v in range(len(m.vehicle)):
        book(m, s, v)


@outer()
def adopt(m, s, other, vehicles, requests):
    """Take some routes, with their requests, from another solution; nothing is booked."""
    for v in vehicles:
        copy_route(m, s, other, v)
    for r in requests:
        s.served[r] = other.served[r]
        copy_row(s.aboard, r, other.aboard, r)
        for option in range(m.request[r, R_OPTIONS], m.request[r, R_OPTIONS_END]):
            if option != s.served[r]:
                s.node[m.option[option, O_FIRST], VEHICLE] = -1
                if m.option[option, O_SECOND] >= 0:
                    s.node[m.option[option, O_SECOND], VEHICLE] = -1


@outer()
def left_of(m, s):
    """Count again what of each lot nobody carries."""
    for lot in range(len(m.lot)):
        s.left[lot] = m.lot[lot, 0]
    for r in range(len(m.request)):
        lot = m.request[r, R_LOT]
        if lot >= 0 and s.served[r] >= 0:
            s.left[lot] -= s.aboard[r, 0]
