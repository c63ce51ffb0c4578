"""What no plan costs less than is less than what every plan costs, and says something."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from infra.bench.assignment import bound
from infra.bench.assignment.checker import judge
from infra.bench.assignment.fixed import Fixed
from infra.bench.assignment.instances import UNSERVED_COST, Instance, draw
from infra.bench.assignment.refix import first_slots
from infra.bench.assignment.relaxed import least_cost
from infra.bench.assignment.start import first_order


@pytest.mark.parametrize("seed", range(4))
def test_it_is_below_any_plan_and_below_the_better_bound(seed: int) -> None:
    instance = draw(8, 14, seed=seed)
    fixed = Fixed.of(instance, first_slots(instance, delay_cost=0.3, onward_cost=0.0))
    routes = fixed.routes(first_order(fixed))
    least = least_cost(instance)
    left = iter(range(200))
    better = bound.lower_bound(instance, routes, going=lambda: next(left, None) is not None)
    assert 0 < least <= better.cost * (1 + 1e-6)
    assert better.cost <= judge(instance, routes).cost + 1e-6


def _able(instance: Instance) -> NDArray[np.bool_]:
    """Return the slots that the first lot may use."""
    first_s, last_s = instance.window_s
    able: NDArray[np.bool_] = (last_s >= first_s)[0]
    return able


def test_one_truck_and_one_lot_cost_the_way_there_and_on() -> None:
    """Nothing is left to choose but the nearest port with a slot in time."""
    drawn = (draw(1, 1, seed=seed) for seed in range(50))
    instance, able = next((one, slots) for one in drawn if (slots := _able(one)).any())
    way_s = instance.lot_to_port_s[0, instance.slot_port[able]].min()
    known = replace(instance, reefer=np.ones(1, bool))
    assert least_cost(known) == pytest.approx(known.start_to_lot_s[0, 0] + way_s)


def test_a_lot_that_no_slot_takes_costs_half_of_being_left_at_least() -> None:
    """The other half is the matching's to count, which knows nothing of slots."""
    instance = draw(1, 1, seed=3)
    shut = replace(instance, slot_places=np.zeros_like(instance.slot_places))
    assert UNSERVED_COST / 2 <= least_cost(shut) <= UNSERVED_COST
