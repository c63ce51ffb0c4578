"""Replan while trucks move: answer what happens with the least change, and merge better plans.

A plan that lives is begun once. Each event changes the engine's model in place; what cannot be
done any more leaves its truck, is put in again where that is cheapest, and a search goes on around
it until it is told to stop. Frozen legs and pins stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.dispatch.happened import (
    BrokenDown,
    Closed,
    Declined,
    Delayed,
    Event,
    Leg,
    LotAdded,
    Moved,
    PlanDiff,
    Reprioritised,
    SlotCut,
    Stranded,
    Withdrawn,
)
from routing.dispatch.invalid import InvalidProblem
from routing.dispatch.live_plan import LivePlan, start
from routing.dispatch.params import Params
from routing.solver.around import LOCAL
from routing.solver.merge import merge as merge_routes
from routing.solver.solve import solve

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from routing.dispatch.problem import Problem
    from routing.dispatch.stop import StopCriterion
    from routing.solver.params import SearchParams

    Ints = NDArray[np.int64]
    Pairs = list[tuple[int, int]]

__all__ = [
    "BrokenDown",
    "Closed",
    "Declined",
    "Delayed",
    "Event",
    "Leg",
    "LivePlan",
    "LotAdded",
    "Moved",
    "PlanDiff",
    "Reprioritised",
    "SlotCut",
    "Stranded",
    "Withdrawn",
    "advance",
    "begin",
    "improve",
    "merge",
    "replan",
]


def begin(
    problem: Problem, *, stop: StopCriterion, seed: int = 0, params: Params | None = None
) -> LivePlan:
    """Plan, and keep the plan so that it can be changed quickly.

    All due lots are planned jointly, however many. Parameters are those of `solve.plan`.

    Raises
    ------
    InvalidProblem
        There is no truck, or the travel times are negative, undefined or of the wrong shape.
    """
    return start(problem, stop=stop, seed=seed, params=params or Params())


def replan(
    live: LivePlan,
    events: Event | Sequence[Event],
    *,
    stop: StopCriterion,
    search: SearchParams = LOCAL,
) -> PlanDiff:
    """Answer one event, or several at once.

    Parameters
    ----------
    live
        The plan, which is changed.
    events
        What has happened.
    stop
        When to stop searching; whenever that is, the plan is valid.
    search
        How to search.

    Raises
    ------
    InvalidProblem
        An event names what the plan does not have, or a lot that it has already; the plan is
        then as it was, but for the events before that one.
    """
    several = [events] if isinstance(events, Event) else events
    before = _before(live)
    stranded: Pairs = []
    for event in several:
        stranded += _HANDLERS[type(event)](live, event)
    return _answered(live, before, stranded, stop=stop, search=search)


def advance(
    live: LivePlan, now: datetime, *, stop: StopCriterion, search: SearchParams = LOCAL
) -> PlanDiff:
    """Let time pass: what has begun is frozen, lots that come within the horizon are planned.

    What begins sooner than a haulier could accept a change counts as begun.

    Parameters
    ----------
    live
        The plan, which is changed.
    now
        The moment, no sooner than the one before.
    stop, search
        See `replan`.
    """
    if now < live.now:
        raise InvalidProblem(f"Expected a time after {live.now}, got {now}.")
    live.now = now
    before = _before(live)
    params, now_s = live.params, live.table.seconds(now)
    live.moving.hold(now_s + params.accept_s, params.pickup_early_s)
    lots = live.table.problem.lots
    due = [at for at in live.waiting if live.table.ready_s(lots[at]) <= now_s + params.horizon_s]
    live.waiting -= set(due)
    live.ask(sorted(due))
    return _answered(live, before, [], stop=stop, search=search)


def improve(live: LivePlan, *, stop: StopCriterion, seed: int = 0) -> None:
    """Search on all of a plan: in the background, on a `copy` that is merged afterwards."""
    moving = live.moving
    solve(moving.model, stop=stop, seed=seed, start=moving)


def merge(live: LivePlan, better: LivePlan) -> PlanDiff:
    """Take over what a copy of the plan found meanwhile, where it pays, without a jump.

    Trucks that exchange lots are taken over together, and only if that is cheaper by more than
    the price of the changes; what is frozen, pinned or has come since then stays as it is.

    Parameters
    ----------
    live
        The plan, which is changed.
    better
        A copy of it, made at any moment before, that was searched on; see `improve`.
    """
    before = _before(live)
    merge_routes(live.moving, better.moving)
    live.moving.recount()
    return _told(live, before, [], 0)


def _before(live: LivePlan) -> tuple[Ints, float]:
    live.moving.keep_all(live.params.churn_cost)
    return live.facts(), live.cost


def _answered(
    live: LivePlan,
    before: tuple[Ints, float],
    stranded: Pairs,
    *,
    stop: StopCriterion,
    search: SearchParams,
) -> PlanDiff:
    rounds = live.moving.settle(stop, search)
    return _told(live, before, stranded, rounds)


def _told(live: LivePlan, before: tuple[Ints, float], stranded: Pairs, rounds: int) -> PlanDiff:
    """Say what differs."""
    old, cost_before = before
    new = live.facts()
    more = np.full((len(new) - len(old), old.shape[1]), -1, np.int64)
    old = np.concatenate([old, more])
    other = (old != new).any(axis=1)
    other[list(live.moving.past.finished)] = False
    added, removed, moved, lots = [], [], [], set()
    for request in np.flatnonzero(other).tolist():
        one = live.leg(old[request], request) if old[request, 0] >= 0 else None
        two = live.leg(new[request], request) if new[request, 0] >= 0 else None
        if one and two and one != two and not _loaded(one, two):
            moved.append(Moved(one, two))
        elif two and not one:
            added.append(two)
        elif one and not two:
            removed.append(one)
            lots.add(live.asked[request].lot)
    fresh = range(len(old) - len(more), len(new))
    lots |= {live.asked[n].lot for n in fresh if new[n, 0] < 0 and n in live.asked}
    return PlanDiff(
        tuple(added),
        tuple(removed),
        tuple(moved),
        tuple(sorted(_left(live, lots))),
        tuple(dict.fromkeys(_names(live, stranded))),
        cost_before,
        live.cost,
        rounds,
    )


def _loaded(one: Leg, two: Leg) -> bool:
    """Say whether all that has changed is that the goods are aboard now."""
    return two.pickup is None and replace(one, pickup=None) == two


def _left(live: LivePlan, lots: Iterable[int]) -> list[str]:
    """Return those of some lots that are not carried in full."""
    m, s = live.moving.model.arrays, live.moving.state
    found = []
    for at in lots:
        numbers = live.requests.get(at, [])
        shared = {int(m.request[n, 3]) for n in numbers} - {-1}
        short = any(s.left[lot] > 0 for lot in shared)
        if at not in live.gone and (short or (not shared and (s.served[numbers] < 0).any())):
            found.append(live.table.problem.lots[at].lot_id)
    return found


def _names(live: LivePlan, stranded: Pairs) -> Iterable[Stranded]:
    for vehicle, request in stranded:
        if request in live.asked and vehicle < len(live.lowered.trucks):
            truck = live.table.problem.trucks[live.lowered.trucks[vehicle]]
            lot = live.table.problem.lots[live.asked[request].lot]
            yield Stranded(truck.truck_id, lot.lot_id)


def _on(live: LivePlan, requests: Iterable[int]) -> Pairs:
    """Return requests with who has them."""
    return [(live.moving.vehicle_of(request), request) for request in requests]


def _lot_added(live: LivePlan, event: LotAdded) -> Pairs:
    problem, lot = live.table.problem, event.lot
    at = live.table.lot_at.get(lot.lot_id, len(problem.lots))
    if at < len(problem.lots) and at not in live.gone:
        raise InvalidProblem(f"Expected a lot that the plan does not have, got {lot.lot_id!r}.")
    if at in live.gone:
        live.change_lot(at, lot)
        live.gone.discard(at)
        live.requests.pop(at, None)
    else:
        live.change(lots=(*problem.lots, lot))
    for work in (live.bound, live.lowering.work):
        work.open_kg[at:] = [lot.quantity_kg, *work.open_kg[at + 1 :]]
    if live.table.ready_s(lot) > live.table.seconds(live.now) + live.params.horizon_s:
        live.waiting.add(at)
    else:
        live.ask([at])
    return []


def _withdrawn(live: LivePlan, event: Withdrawn) -> Pairs:
    at, moving = live.lot(event.lot_id), live.moving
    numbers = live.requests.get(at, [])
    stays = [n for n in numbers if moving.withdraw(n)]
    begun = [n for n in numbers if moving.past.begun(n)]
    live.waiting.discard(at)
    carried_kg = int(sum(moving.state.aboard[n, 0] for n in begun))
    live.bound.open_kg[at] = carried_kg
    lot = live.table.problem.lots[at]
    if begun:
        live.change_lot(at, replace(lot, quantity_kg=carried_kg))
    else:
        live.gone.add(at)
    return _on(live, stays)


def _reprioritised(live: LivePlan, event: Reprioritised) -> Pairs:
    at, params, moving = live.lot(event.lot_id), live.params, live.moving
    live.change_lot(at, replace(live.table.problem.lots[at], priority=event.priority))
    weight, m = 1 + event.priority, moving.model.arrays
    for number in live.requests.get(at, []):
        if m.request[number, 3] >= 0:
            price = weight * params.unserved_cost
            moving.price(number, price, weight * params.unserved_cost_per_kg)
        else:
            quantity_kg = int(m.amount[number, 0])
            moving.price(
                number, weight * (params.unserved_cost + params.unserved_cost_per_kg * quantity_kg)
            )
    return []


def _declined(live: LivePlan, event: Declined) -> Pairs:
    at, vehicle = live.lot(event.lot_id), live.vehicle(event.truck_id)
    pair = (event.truck_id, event.lot_id)
    live.change(forbidden=live.table.problem.forbidden | {pair})
    if vehicle is None:
        return []
    return [(vehicle, n) for n in live.requests.get(at, []) if live.moving.forbid(n, vehicle)]


def _broken_down(live: LivePlan, event: BrokenDown) -> Pairs:
    vehicle, at = live.vehicle(event.truck_id), live.table.truck_at[event.truck_id]
    truck = live.table.problem.trucks[at]
    end = live.now if truck.shift_end is None else min(live.now, truck.shift_end)
    live.change_truck(at, replace(truck, shift_end=end))
    return [] if vehicle is None else _on(live, live.moving.stop_vehicle(vehicle))


def _delayed(live: LivePlan, event: Delayed) -> Pairs:
    vehicle, at = live.vehicle(event.truck_id), live.table.truck_at[event.truck_id]
    if vehicle is None:
        return []
    if not live.moving.past.done[vehicle] and not live.bound.steps[at]:
        truck, open_s = live.table.problem.trucks[at], live.moving.opens(vehicle)
        live.change_truck(at, replace(truck, available_from=live.at(open_s + event.by_s)))
    return _on(live, live.moving.delay(vehicle, event.by_s))


def _closed(live: LivePlan, event: Closed) -> Pairs:
    live.change(travel=event.travel)
    live.closed = True
    live.remember_ways()
    stranded = live.moving.set_times(live.times())
    return _on(live, stranded)


def _slot_cut(live: LivePlan, event: SlotCut) -> Pairs:
    known = [slot for slot in live.table.problem.slots if slot.slot_id == event.slot_id]
    if not known:
        raise InvalidProblem(f"Expected a slot of the plan, got {event.slot_id!r}.")
    live.change_slot(replace(known[0], free=event.places))
    at = live.table.slot_at.get(event.slot_id, -1)
    if at not in live.slot_number:
        return []
    capacity, free = live.places_then[at]
    places = max(0, capacity + event.places - free)
    return _on(live, live.moving.cut_slot(live.slot_number[at], places))


_HANDLERS: dict[type, Callable[[LivePlan, Any], Pairs]] = {
    LotAdded: _lot_added,
    Withdrawn: _withdrawn,
    Reprioritised: _reprioritised,
    Declined: _declined,
    BrokenDown: _broken_down,
    Delayed: _delayed,
    Closed: _closed,
    SlotCut: _slot_cut,
}
"""What answers each kind of event, before the search."""
