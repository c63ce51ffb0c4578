"""Make first routes through fixed slots, hour by hour, by linear assignment of trucks to visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from infra.bench.assignment.instances import UNSERVED_COST, WAIT_COST

if TYPE_CHECKING:
    from infra.bench.assignment.fixed import Fixed, Order

_BATCH_S = 1800


def first_order(fixed: Fixed, *, idle_cost: float = 0.0) -> Order:
    """Give every visit to a truck, in batches in the order in which they begin.

    Parameters
    ----------
    fixed
        The visits.
    idle_cost
        What it is thought to cost to send out a truck that has had no lot.
    """
    trucks = fixed.instance.trucks
    free_s = fixed.instance.shift_start_s.copy()
    last = np.full(trucks, -1)
    order: Order = [[] for _ in range(trucks)]
    barred = fixed.barred()
    begin = np.maximum(fixed.first_s, 0) // _BATCH_S
    for batch in np.unique(begin):
        visits = np.flatnonzero(begin == batch)
        way_s = fixed.start_s[:, visits].copy()
        used = last >= 0
        way_s[used] = fixed.next_s[last[used]][:, visits]
        begins_s = np.maximum(free_s[:, None] + way_s, fixed.first_s[visits])
        end_s = begins_s + fixed.length_s[visits]
        wait_s = begins_s - free_s[:, None] - way_s
        cost = way_s + WAIT_COST * wait_s + np.where(used, 0.0, idle_cost)[:, None]
        late = begins_s > fixed.last_s[visits]
        cost[late | (end_s > fixed.instance.shift_end_s[:, None]) | barred[:, visits]] = (
            10 * UNSERVED_COST
        )
        for truck, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[truck, column] < 10 * UNSERVED_COST:
                order[truck].append(int(visits[column]))
                free_s[truck], last[truck] = end_s[truck, column], visits[column]
    return order
