"""The bound, against every plan there is."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from infra.bench.assignment.bound import lower_bound
from infra.bench.assignment.fixed import Fixed
from infra.bench.assignment.instances import draw
from infra.bench.assignment.refix import first_slots
from infra.bench.assignment.start import first_order
from tests.infra.bench.assignment.days import cheapest, line, subset


def _rounds(most: int) -> object:
    rounds = count()
    return lambda: next(rounds) < most


@pytest.mark.parametrize("seed", range(8))
def test_no_plan_costs_less_than_the_bound(seed: int) -> None:
    day = subset(draw(2, 30, seed=seed), 3, 5, np.random.default_rng(seed))
    least = lower_bound(day, going=_rounds(200))  # type: ignore[arg-type]
    assert least.cost <= cheapest(day) + 1e-3
    assert least.cost <= least.relaxed_cost + 1e-3


def test_the_bound_is_the_cost_where_there_is_nothing_to_share() -> None:
    """One truck, two lots, the further one first: 60 minutes of driving and 50 of waiting."""
    least = lower_bound(line(), going=_rounds(200))  # type: ignore[arg-type]
    assert least.cost == pytest.approx(3600 + 0.3 * 3000, rel=1e-3)
    assert least.cost == pytest.approx(cheapest(line()), rel=1e-3)


def test_a_plan_to_begin_with_changes_no_bound() -> None:
    day = draw(5, 10, seed=2)
    fixed = Fixed.of(day, first_slots(day, delay_cost=0.3, onward_cost=0.0))
    start = fixed.routes(first_order(fixed))
    one = lower_bound(day, going=_rounds(200))  # type: ignore[arg-type]
    two = lower_bound(day, start, going=_rounds(200))  # type: ignore[arg-type]
    assert one.cost == pytest.approx(two.cost, rel=1e-3)


def test_an_early_bound_is_lower_but_a_bound() -> None:
    day = draw(5, 10, seed=2)
    full = lower_bound(day, going=_rounds(200))  # type: ignore[arg-type]
    for rounds in (5, 10, 15):
        assert lower_bound(day, going=_rounds(rounds)).cost <= full.relaxed_cost + 1e-3  # type: ignore[arg-type]
