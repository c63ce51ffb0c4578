"""Fix each lot's slot by a min-cost flow from lots to slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infra.bench.assignment.instances import Ints

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = -1
"""Stands for no slot."""


def fix_slots(cost: NDArray[np.float64], places: Ints, left_cost: NDArray[np.float64]) -> Ints:
    """Give each lot at most one slot, and no slot more lots than it has places.

    Parameters
    ----------
    cost
        Of a lot in a slot, `inf` where it cannot be, shape ``(lots, slots)``.
    places
        Of each slot.
    left_cost
        Of each lot that gets no slot.

    Returns
    -------
    numpy.ndarray
        The slot of each lot, or `NONE`.
    """
    from ortools.graph.python import (  # noqa: PLC0415
        min_cost_flow,
    )

    lots, slots = cost.shape
    lot, slot = np.nonzero(np.isfinite(cost))
    sink, spare = lots + slots, lots + slots + 1
    every_lot, every_slot = np.arange(lots), np.arange(slots)
    tail = np.concatenate([lot, every_lot, lots + every_slot, [spare]])
    head = np.concatenate(
        [lots + slot, np.full(lots, spare), np.full(slots, sink), [sink]],
    )
    room = np.concatenate([np.ones(len(lot) + lots), places, [lots]]).astype(np.int64)
    price = np.concatenate([cost[lot, slot], left_cost, np.zeros(slots + 1)])
    network = min_cost_flow.SimpleMinCostFlow()
    arcs = network.add_arcs_with_capacity_and_unit_cost(
        tail, head, room, np.rint(price).astype(np.int64)
    )
    network.set_nodes_supplies(
        np.append(every_lot, sink), np.append(np.ones(lots, np.int64), -lots)
    )
    network.solve()
    used = network.flows(arcs)[: len(lot)] > 0
    chosen = np.full(lots, NONE)
    chosen[lot[used]] = slot[used]
    return chosen
