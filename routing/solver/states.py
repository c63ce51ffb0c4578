"""Make, copy and count solutions as compiled code takes them, and what a search scribbles on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import (
    F_BAYS,
    L_UNIT,
    L_UNSERVED,
    N_PLACE,
    R_LOT,
    R_UNSERVED,
    V_END,
    V_START,
)
from routing.solver.kernels.change import Undo
from routing.solver.kernels.search import Work
from routing.solver.kernels.state import BOOKS, NEXT, NODE_COLUMNS, PREVIOUS, VEHICLE, State
from routing.solver.kernels.walk import walk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.solver.arrays import Arrays
    from routing.solver.draft import Model

    Ints = NDArray[np.int64]


def empty_state(model: Model, seed: int) -> State:
    """Return the solution in which nobody serves anything."""
    m = model.arrays
    stops, vehicles, dims = len(m.stop), len(m.vehicle), m.capacity.shape[1]
    nodes = stops + 2 * vehicles
    node = np.full((nodes, NODE_COLUMNS), -1, np.int64)
    start, end = stops + np.arange(vehicles), stops + vehicles + np.arange(vehicles)
    node[start, NEXT], node[end, PREVIOUS] = end, start
    node[start, VEHICLE] = node[end, VEHICLE] = np.arange(vehicles)
    bayed = bool((m.facility[:, F_BAYS] >= 0).any()) if len(m.facility) else False
    groups = m.quota.shape[1]
    state = State(
        node=node,
        price=np.zeros((nodes, 2)),
        load=np.zeros((nodes, 3 * dims), np.int64),
        served=np.full(len(m.request), -1, np.int64),
        aboard=m.amount.copy(),
        left=m.lot[:, 0].copy(),
        cost=np.zeros(vehicles),
        pair=np.zeros(vehicles),
        stops=np.zeros(vehicles, np.int64),
        frozen=np.zeros(vehicles, np.int64),
        locked=np.zeros(len(m.request), np.int64),
        used=np.zeros(len(m.slot), np.int64),
        quota=np.zeros((len(m.slot) if groups else 0, groups), np.int64),
        bay=np.zeros((len(m.facility), stops if bayed else 0, 3), np.int64),
        bays=np.zeros(len(m.facility), np.int64),
        total=np.zeros(2),
        chance=np.array([_mixed(seed)], np.uint64),
    )
    node[:, BOOKS] = 0
    for vehicle in range(vehicles):
        walk(m, state, vehicle)
    state.total[:] = totals(m, state)
    return state


def _mixed(seed: int) -> int:
    """Return 64 bits, never 0, that differ much for seeds that differ little (splitmix64)."""
    x = (seed + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return (x ^ (x >> 31)) or 1


def copy_state(state: State) -> State:
    """Return an independent copy."""
    return state._replace(**{name: array.copy() for name, array in state._asdict().items()})


def stirred(state: State, salt: int, number: int) -> State:
    """Return a solution whose chance is its own; it is the solution itself, changed."""
    state.chance[0] ^= np.uint64(salt * number & (2**64 - 1))
    return state


def take_over(state: State, other: State) -> None:
    """Make a solution what another one is, but for its chance."""
    for mine, theirs in zip(state, other, strict=True):
        if mine is not state.chance:
            np.copyto(mine, theirs)


def empty_undo(model: Model) -> Undo:
    """Return room to save every route once."""
    m = model.arrays
    vehicles, dims = len(m.vehicle), m.capacity.shape[1]
    nodes = len(m.stop) + 2 * vehicles
    return Undo(
        stamp=np.zeros(vehicles, np.int64),
        vehicles=np.zeros(vehicles + 1, np.int64),
        first=np.zeros(vehicles + 1, np.int64),
        nodes=np.zeros(nodes, np.int64),
        rows=np.zeros((nodes, NODE_COLUMNS), np.int64),
        prices=np.zeros((nodes, 2)),
        loads=np.zeros((nodes, 3 * dims), np.int64),
        aboard=np.zeros((nodes, dims), np.int64),
        figures=np.zeros((vehicles + 1, 3)),
        counts=np.zeros(3, np.int64),
    )


def empty_work(model: Model) -> Work:
    """Return what a search scribbles on; nearness is found by `find_near`."""
    m = model.arrays
    requests, vehicles = len(m.request), len(m.vehicle)
    return Work(
        near=np.full((len(m.stop), 1), -1, np.int32),
        absent=np.zeros(requests + 1, np.int64),
        absent_before=np.zeros(requests + 1, np.int64),
        keys=np.zeros(requests + 2),
        route=np.zeros(len(m.stop) + 1, np.int64),
        touched=np.zeros(max(requests, vehicles) + 2, np.int64),
        kinds=np.zeros(vehicles + 1, np.int64),
        lots=np.zeros(len(m.lot) + 1, np.int64),
        absences=np.zeros(requests + 1, np.int64),
        inside=np.ones(vehicles, bool),
        changed=np.ones(vehicles, bool),
        nothing=np.zeros(0),
        nowhere=np.zeros((0, 0), np.int64),
        tally=np.zeros(4, np.int64),
    )


def totals(m: Arrays, s: State) -> tuple[float, float]:
    """Return the cost of all routes, and of what is unserved, counted anew."""
    fixed = (m.request[:, R_LOT] < 0) & (s.served < 0)
    left = m.lot_price[:, L_UNSERVED] + m.lot_price[:, L_UNIT] * s.left
    lots = np.where(s.left > 0, left, 0.0)
    return float(s.cost.sum()), float(m.request_price[fixed, R_UNSERVED].sum() + lots.sum())


def mean_cost(s: State, vehicles: Ints) -> float:
    """Return what a stop of some vehicles costs on average."""
    return float(s.cost[vehicles].sum()) / max(1, int(s.stops[vehicles].sum()))


def places_now(m: Arrays, s: State) -> Ints:
    """Return a place for each vehicle: of its first stop, or where it starts."""
    stops = len(m.stop)
    first = s.node[stops : stops + len(m.vehicle), NEXT]
    stop = m.stop[np.minimum(first, stops - 1), N_PLACE]
    place = np.where(first < stops, stop, m.vehicle[:, V_START])
    end = np.where(place < 0, m.vehicle[:, V_END], place)
    return np.maximum(end, 0)
