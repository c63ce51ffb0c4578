"""Bound the cost of a large instance from below: driving alone, each part at its least.

Loaded driving is a flow of lots into slots; empty driving is a matching: every lot has one truck's
start or one other lot before it. Neither knows what the other chose, and waiting costs nothing, so
that no plan costs less than both together. Weak, but quick at any size; see `bound` for small ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from infra.bench.assignment.flow import NONE, fix_slots
from infra.bench.assignment.instances import SERVICE_S, UNSERVED_COST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infra.bench.assignment.instances import Instance

_LEFT = UNSERVED_COST / 2
"""A lot may be left, too: half of its cost in either part."""
_NEVER = 1e9


def least_cost(instance: Instance) -> float:
    """Return what no plan of an instance costs less than, in cost seconds.

    Parameters
    ----------
    instance
        The problem.
    """
    first_s, last_s = instance.window_s
    able = last_s >= first_s
    return _loaded(instance, able) + _empty(instance, able, last_s)


def _loaded(instance: Instance, able: NDArray[np.bool_]) -> float:
    """Return the least driving from farms to ports: lots flow into slots that have room."""
    way_s = instance.lot_to_port_s[:, instance.slot_port]
    left = np.full(instance.lots, _LEFT)
    slot = fix_slots(np.where(able, way_s, np.inf), instance.slot_places, left)
    driven = way_s[np.arange(instance.lots), slot]
    return float(np.where(slot == NONE, left, driven).sum())


def _empty(instance: Instance, able: NDArray[np.bool_], last_s: NDArray[np.int64]) -> float:
    """Return the least driving to farms: each lot behind a truck's start or another lot."""
    lots = instance.lots
    barred = instance.chilled[None, :] & ~instance.reefer[:, None]
    starts = np.where(barred, _NEVER, instance.start_to_lot_s)
    latest_s = np.where(able, last_s, -1).max(axis=1)
    behind = np.full((lots, lots), _NEVER)
    for port in range(instance.ports):
        own = able & (instance.slot_port == port)[None, :]
        opens_s = np.where(own, instance.slot_start_s, _NEVER).min(axis=1)
        comes_s = instance.ready_s + SERVICE_S + instance.lot_to_port_s[:, port]
        free_s = np.maximum(opens_s, comes_s) + SERVICE_S
        way_s = instance.port_to_lot_s[port].astype(float)
        in_time = free_s[:, None] + way_s[None, :] <= latest_s[None, :]
        behind = np.minimum(behind, np.where(in_time, way_s[None, :], _NEVER))
    np.fill_diagonal(behind, _NEVER)
    left = np.where(np.eye(lots, dtype=bool), _LEFT, _NEVER)
    costs = np.concatenate([starts, behind, left]).T
    rows, columns = linear_sum_assignment(costs)
    return float(costs[rows, columns].sum())
