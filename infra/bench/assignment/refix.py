"""Fix the slots: at first by guesses, then anew from when a solution's trucks could be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infra.bench.assignment.flow import NONE, fix_slots
from infra.bench.assignment.instances import SERVICE_S, UNSERVED_COST, WAIT_COST, Instance, Ints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from infra.bench.assignment.checker import Call

_DRIVE_COST = 1 - WAIT_COST
"""Of a second of driving, where each second until the end of a route costs `WAIT_COST`."""
_Row = tuple[int, int, int, int, int, int]


def first_slots(instance: Instance, *, delay_cost: float, onward_cost: float) -> Ints:
    """Fix slots before anything is known of the trucks.

    A slot costs the driving from the lot, and what its port and its hour are thought to cost.

    Parameters
    ----------
    instance
        The problem.
    delay_cost
        Of each second by which the slot makes the lot wait.
    onward_cost
        Of each second from the port to the lots that lie near it.
    """
    first_s, last_s = instance.window_s
    near = max(1, instance.lots // 20)
    onward_s = np.sort(instance.port_to_lot_s, axis=1)[:, :near].mean(axis=1)
    cost = (
        instance.lot_to_port_s[:, instance.slot_port]
        + delay_cost * (first_s - instance.ready_s[:, None])
        + onward_cost * onward_s[instance.slot_port]
    )
    cost[last_s < first_s] = np.inf
    return fix_slots(cost, instance.slot_places, np.full(instance.lots, 2.0 * UNSERVED_COST))


def next_slots(
    instance: Instance,
    routes: Sequence[Sequence[Call]],
    *,
    odd: bool,
    rng: np.random.Generator,
    noise_s: float = 0.0,
) -> Ints:
    """Fix slots anew by what each lot's slot costs between its neighbours in its route.

    The lots at the odd places of the routes may change their slots, or those at the even ones, so
    that no two neighbours change at once and the routes only get cheaper. Lots that no truck
    serves get slots by guesses, other ones each time.

    Parameters
    ----------
    instance
        The problem.
    routes
        A solution.
    odd
        Which places change.
    rng
        Where chance comes from.
    noise_s
        By how much prices are misjudged, on average, to leave a solution that no longer changes.
    """
    slot_of_lot = np.full(instance.lots, NONE)
    places = instance.slot_places.copy()
    free: list[_Row] = []
    for truck, route in enumerate(routes):
        free += _between(instance, truck, route, odd=odd)
        for call in route[1 - odd :: 2]:
            slot_of_lot[call.lot] = call.slot
            places[call.slot] -= 1
    served = np.array([row[0] for row in free], np.int64)
    named = {call.lot for route in routes for call in route}
    left = np.array([lot for lot in range(instance.lots) if lot not in named], np.int64)
    prices = _prices(instance, free)
    prices += noise_s * rng.standard_exponential(prices.shape) if noise_s else 0.0
    cost = np.concatenate([prices, _guesses(instance, left, rng)])
    left_cost = np.repeat([10.0 * UNSERVED_COST, 2.0 * UNSERVED_COST], [len(served), len(left)])
    slot_of_lot[np.concatenate([served, left])] = fix_slots(cost, places, left_cost)
    return slot_of_lot


def _between(instance: Instance, truck: int, route: Sequence[Call], *, odd: bool) -> list[_Row]:
    """Describe each lot that may change: lot, loading from, next lot, and the times after it.

    The times are the latest arrival at the next lot, and two for the end of the route: it ends at
    the former, or at the latter after the arrival at the next lot, whichever is later.
    """
    first_s, last_s = instance.window_s
    rows: list[_Row] = []
    arrivals, now_s, port = [], int(instance.shift_start_s[truck]), -1
    for call in route:
        way = instance.start_to_lot_s[truck] if port < 0 else instance.port_to_lot_s[port]
        arrivals.append(now_s + int(way[call.lot]))
        begun_s = max(arrivals[-1], int(first_s[call.lot, call.slot]))
        now_s = begun_s + 2 * SERVICE_S + int(instance.lot_to_port_s[call.lot, call.port])
        port = call.port
    after, latest_s, end_s, rest_s = -1, int(instance.shift_end_s[truck]), 0, 0
    for at in range(len(route) - 1, -1, -1):
        call = route[at]
        if at % 2 == odd:
            rows.append((call.lot, arrivals[at], after, latest_s, end_s, rest_s))
        length_s = 2 * SERVICE_S + int(instance.lot_to_port_s[call.lot, call.port])
        onward_s = int(instance.port_to_lot_s[call.port, after]) if after >= 0 else 0
        rest_s += length_s + onward_s
        end_s = max(end_s, int(first_s[call.lot, call.slot]) + rest_s)
        latest_s = min(int(last_s[call.lot, call.slot]), latest_s - length_s - onward_s)
        after = call.lot
    return rows


def _prices(instance: Instance, free: Sequence[_Row]) -> NDArray[np.float64]:
    """Price every slot for lots between their neighbours, shape ``(lots, slots)``."""
    if not free:
        return np.zeros((0, instance.slots))
    lot, arrival_s, after, latest_s, end_s, rest_s = (
        column[:, None] for column in np.array(free, np.int64).T
    )
    first_s, last_s = (window[lot[:, 0]] for window in instance.window_s)
    loaded_s = instance.lot_to_port_s[lot[:, 0]][:, instance.slot_port]
    onward_s = instance.port_to_lot_s[instance.slot_port][:, after[:, 0]].T * (after >= 0)
    begun_s = np.maximum(first_s, arrival_s)
    then_s = begun_s + 2 * SERVICE_S + loaded_s + onward_s
    ended_s = np.maximum(end_s, then_s + rest_s)
    cost = np.asarray(_DRIVE_COST * (loaded_s + onward_s) + WAIT_COST * (ended_s - arrival_s))
    cost[(begun_s > last_s) | (then_s > latest_s)] = np.inf
    return cost


def _guesses(instance: Instance, left: Ints, rng: np.random.Generator) -> NDArray[np.float64]:
    first_s, last_s = (window[left] for window in instance.window_s)
    cost = instance.lot_to_port_s[left][:, instance.slot_port] * rng.uniform(
        0.5, 1.5, first_s.shape
    )
    cost[last_s < first_s] = np.inf
    return cost
