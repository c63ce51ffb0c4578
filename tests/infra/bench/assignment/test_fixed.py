"""Fixed slots: the flow, the visits, and fixing anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from infra.bench.assignment.checker import judge
from infra.bench.assignment.fixed import Fixed
from infra.bench.assignment.flow import NONE, fix_slots
from infra.bench.assignment.instances import draw
from infra.bench.assignment.parts import parts
from infra.bench.assignment.refix import first_slots, next_slots
from infra.bench.assignment.start import first_order


def test_the_flow_takes_the_cheapest_slots_that_there_is_room_for() -> None:
    cost = np.array([[1.0, 5.0], [2.0, 9.0], [np.inf, np.inf]])
    chosen = fix_slots(cost, np.array([1, 1]), np.full(3, 100.0))
    assert chosen.tolist() == [1, 0, NONE]


def test_the_flow_leaves_a_lot_that_costs_more_than_it_is_worth() -> None:
    chosen = fix_slots(np.array([[10.0], [3.0]]), np.array([2]), np.array([9.0, 9.0]))
    assert chosen.tolist() == [NONE, 0]


@pytest.mark.parametrize("seed", range(3))
def test_first_routes_through_fixed_slots_break_no_rule(seed: int) -> None:
    day = draw(20, 40, seed=seed)
    fixed = Fixed.of(day, first_slots(day, delay_cost=0.3, onward_cost=0.0))
    verdict = judge(day, fixed.routes(first_order(fixed)))
    assert verdict.violations == ()
    assert verdict.served > 25


@pytest.mark.parametrize("seed", range(3))
def test_fixing_anew_never_makes_routes_dearer(seed: int) -> None:
    """Neighbours do not change at once, so each price is exact; lots that are left want no room."""
    drawn = draw(20, 40, seed=seed)
    fixed = Fixed.of(drawn, first_slots(drawn, delay_cost=0.1, onward_cost=0.0))
    routes = fixed.routes(first_order(fixed))
    served = np.isin(np.arange(40), [call.lot for route in routes for call in route])
    day = replace(drawn, takes=drawn.takes & served[:, None])
    rng = np.random.default_rng(seed)
    before = judge(day, routes)
    for turn in range(6):
        fixed = Fixed.of(day, next_slots(day, routes, odd=bool(turn % 2), rng=rng))
        order = fixed.order_of(routes)
        assert fixed.kept(order) == order
        routes = fixed.routes(order)
        after = judge(day, routes)
        assert after.violations == ()
        assert after.served == before.served
        assert after.cost <= before.cost + 1.0
        before = after


def test_parts_hold_every_truck_and_every_visit_once_and_fit_together_again() -> None:
    day = draw(20, 40, seed=1)
    fixed = Fixed.of(day, first_slots(day, delay_cost=0.1, onward_cost=0.0))
    order = first_order(fixed)
    found = list(parts(fixed, order, size=6, rng=np.random.default_rng(1)))
    assert len(found) == 3
    assert sorted(np.concatenate([part.trucks for part in found]).tolist()) == list(range(20))
    assert sorted(np.concatenate([part.visits for part in found]).tolist()) == list(
        range(fixed.visits)
    )
    again = order
    for part in found:
        inside = part.inside(order)
        verdict = judge(part.fixed.instance, part.fixed.routes(inside))
        assert verdict.violations == ()
        again = part.outside(again, inside)
    assert again == order
