"""Add to a finished plan why goods are left over, and the best ways that trips did not take."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from routing.dispatch.alternatives import Others, alternative
from routing.dispatch.drives import Drives
from routing.dispatch.outcome import Unassigned
from routing.dispatch.probe import Prober
from routing.dispatch.reasons import plainly, reasons_for
from routing.dispatch.scenery import Scene

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from routing.dispatch.outcome import Alternative, Reason, Trip
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


def with_alternatives(
    trips: Sequence[Trip], others: Others | None, orders: Mapping[int, tuple[Alternative, ...]]
) -> list[Trip]:
    """Return the trips with the best ways that they did not take.

    Parameters
    ----------
    trips
        The trips of a plan.
    others
        Who knows the ways of trips that were searched for; None: nobody does.
    orders
        The other ways of those that a dispatcher ordered, by their places in `trips`.
    """
    found = list(trips)
    for number, trip in enumerate(trips[:_MOST]):
        ways = orders.get(number) or (others.of(number) if others else ())
        told = {"alternatives": [asdict(way) for way in ways]}
        found[number] = replace(trip, alternatives=ways, explanation=trip.explanation | told)
    return found


def against_orders(
    table: Table, drives: Drives, work: Work, trips: Sequence[Trip]
) -> dict[int, tuple[Alternative, ...]]:
    """Return the best other ways of trips that a dispatcher ordered, behind all that is planned.

    Parameters
    ----------
    table, drives, work
        The problem, its driving times, and the plan.
    trips
        The trips of the plan.
    """
    ordered = {
        number: table.lot_at[trip.lot_id]
        for number, trip in enumerate(trips[:_MOST])
        if trip.forced and trip.lot_id in table.lot_at
    }
    if not ordered:
        return {}
    kilograms = {at: trips[number].quantity_kg for number, at in ordered.items()}
    prober = _behind(table, drives, work, kilograms)
    return {number: _instead(prober, at, trips[number]) for number, at in ordered.items()}


def _instead(prober: Prober, at: int, trip: Trip) -> tuple[Alternative, ...]:
    """Return the best ways for goods that a dispatcher has put on a truck."""
    table, found = prober.table, []
    for one in prober.fits(at):
        slot, truck_id = prober.slot_id(one), prober.truck(one).truck_id
        slot_id = "" if slot is None else table.slots[slot].slot_id
        if (truck_id, slot_id) != (trip.truck_id, trip.slot_id):
            cost = one.cost - trip.cost["total"]
            way = alternative(
                table,
                truck_id=truck_id,
                lane=one.lane,
                slot_id=slot_id,
                cost=cost,
                why=("forced", {}),
            )
            found.append(way)
    return tuple(found)


def left_over(
    table: Table,
    drives: Drives,
    work: Work,
    open_lots: Sequence[int],
    planned: Collection[int],
    scene: Scene | None,
) -> list[Unassigned]:
    """Return the lots left over with their reasons; the most urgent ones are examined.

    Parameters
    ----------
    table, drives, work
        The problem, its driving times, and the plan.
    open_lots, planned
        The lots of which something is left, and those that the search had time for.
    scene
        The routes; None: lots are tried behind all that trucks do.
    """
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
    return _behind(table, drives, work, lots)


def _behind(table: Table, drives: Drives, work: Work, lots: Mapping[int, int]) -> Prober:
    """Return who asks what of some lots could come behind all that trucks do."""
    places = [standing.place for standing in work.standing]
    near = Drives(table, places, [table.problem.lots[at] for at in lots], older=drives)
    return Prober(Scene(table, near, work, ()), lots)


def _stops(solution: Solution) -> int:
    return sum(len(route) for route in solution.routes)
