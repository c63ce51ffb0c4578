"""Add to a finished plan why goods are left over, and the best ways that trips did not take."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from routing.dispatch.alternatives import alternatives_to
from routing.dispatch.board import NO_WAY_S, Board
from routing.dispatch.construct import Ledger, Placement
from routing.dispatch.drives import Drives
from routing.dispatch.options import weigh
from routing.dispatch.outcome import Unassigned
from routing.dispatch.probe import Prober
from routing.dispatch.reasons import plainly, reasons_for
from routing.dispatch.scenery import Scene

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from routing.dispatch.options import Options
    from routing.dispatch.outcome import Reason, Trip
    from routing.dispatch.table import Table
    from routing.dispatch.work import Work
    from routing.solver.solution import Solution

_MOST = 128
"""Alternatives are sought for so many trips at most."""
_EXAMINED = 64
"""So many lots left over, the most urgent ones, are asked about at most."""
_WORTH = 8_000
"""Fewer where there are many trucks: so many pairs of a truck and a lot."""
_STOPS = 600
"""Where routes have more stops, lots are tried behind all that trucks do, not in between."""


def explained(
    table: Table,
    drives: Drives,
    work: Work,
    trips: list[Trip],
    open_lots: Sequence[int],
    planned: Collection[int],
    scene: Scene | None,
) -> tuple[list[Trip], list[Unassigned]]:
    """Return the trips with their alternatives, and the lots left over with their reasons.

    Parameters
    ----------
    table, drives, work
        The problem, its driving times, and the plan.
    trips
        The trips of the plan.
    open_lots, planned
        The lots of which something is left, and those that the search had time for.
    scene
        The routes; None: lots are tried behind all that trucks do.
    """
    if not open_lots and not trips:
        return trips, []
    left = _left(table, drives, work, open_lots, planned, scene)
    board = Board(table)
    ledger = _ledger(board, table, work, trips)
    carriers = {placement.truck: placement.lot for placement in ledger.placements}
    found = list(trips)
    for number, trip in enumerate(trips[:_MOST]):
        if trip.leg == 1 and trip.slot_id in table.slot_at and trip.lot_id in table.lot_at:
            found[number] = _with_alternatives(board, ledger, carriers, table, trip)
    return found, left


def _left(
    table: Table,
    drives: Drives,
    work: Work,
    open_lots: Sequence[int],
    planned: Collection[int],
    scene: Scene | None,
) -> list[Unassigned]:
    """Return the lots left over with their reasons; the most urgent ones are examined."""
    lots = table.problem.lots
    told: dict[int, tuple[Reason, ...]] = {at: (plainly(table, "stopped"),) for at in open_lots}
    most = max(8, min(_EXAMINED, _WORTH // max(1, len(table.problem.trucks))))
    examined = [at for at in open_lots if at in planned]
    for at in examined[most:]:
        told[at] = (plainly(table, "not_examined", examined=most),)
    del examined[most:]
    if not table.problem.trucks:
        told = {at: (plainly(table, "no_truck", alone=False, trucks=0),) for at in open_lots}
        examined = []
    if examined:
        prober = _prober(table, drives, work, examined, scene)
        for at in examined:
            told[at] = reasons_for(prober, at, fixes=prober.tries < 6 * most)
    return [Unassigned(lots[at].lot_id, work.open_kg[at], told[at]) for at in open_lots]


def _prober(
    table: Table, drives: Drives, work: Work, examined: Sequence[int], scene: Scene | None
) -> Prober:
    """Return who asks the engine: about the routes, or where that fails, what comes behind them."""
    lots = {at: work.open_kg[at] for at in examined}
    if scene is not None and (scene.solution is None or _stops(scene.solution) <= _STOPS):
        prober = Prober(scene, lots)
        if prober.driven:
            return prober
    places = [standing.place for standing in work.standing]
    goods = [table.problem.lots[at] for at in examined]
    near = Drives(table, places, goods, older=drives)
    return Prober(Scene(table, near, work, ()), lots)


def _ledger(board: Board, table: Table, work: Work, trips: Sequence[Trip]) -> Ledger:
    users = work.in_slots(table)
    free = board.free - np.array([len(users[at]) for at in range(len(board.slots))], np.int64)
    used = np.array([bool(steps) for steps in work.steps], bool)
    carried = [
        _placement(board, table, trip, None)
        for trip in trips
        if trip.sequence == 0 and trip.lot_id in table.lot_at
    ]
    return Ledger(free, used, list(work.open_kg), carried)


def _placement(board: Board, table: Table, trip: Trip, option: Options | None) -> Placement:
    corridors = {one.corridor_id: at for at, one in enumerate(table.problem.corridors)}
    corridor = corridors.get(trip.corridor_id or "")
    number = 0
    if option is not None:
        facility = board.table.facility_at[trip.facility_id]
        number = next(
            n
            for n, lane in enumerate(option.lanes)
            if (lane.facility, lane.corridor) == (facility, corridor)
        )
    return Placement(
        lot=table.lot_at[trip.lot_id],
        truck=table.truck_at[trip.truck_id],
        slot=table.slot_at.get(trip.slot_id, -1),
        lane=None if option is None else option.lanes[number],
        lane_number=number,
        quantity_kg=trip.quantity_kg,
        open_before_kg=trip.explanation["quantity"]["open_before_kg"],
        cost=trip.cost["total"],
        forced=trip.forced,
    )


def _with_alternatives(
    board: Board, ledger: Ledger, carriers: dict[int, int], table: Table, trip: Trip
) -> Trip:
    at = table.lot_at[trip.lot_id]
    option = weigh(board, at, board.legs([at]), 0)
    placement = _placement(board, table, trip, option)
    if option.arrival_s[placement.truck, placement.lane_number] >= NO_WAY_S:
        return trip
    others = alternatives_to(board, ledger, carriers, placement, option)
    told = [asdict(other) for other in others]
    return replace(trip, alternatives=others, explanation=trip.explanation | {"alternatives": told})


def _stops(solution: Solution) -> int:
    return sum(len(route) for route in solution.routes)
