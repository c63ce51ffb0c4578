"""VROOM by itself, on a day of its own."""

from __future__ import annotations

import pytest

from infra.bench.assignment.alone import EXPLORATIONS, alone
from infra.bench.assignment.checker import judge
from infra.bench.assignment.instances import draw


@pytest.mark.parametrize("exploration", EXPLORATIONS)
def test_it_serves_lots_and_breaks_no_rule(exploration: int) -> None:
    day = draw(12, 24, seed=5)
    found = alone(day, exploration=exploration, limit_s=0.3, seed=1)
    verdict = judge(day, found.routes)
    assert verdict.violations == ()
    assert verdict.served > 0
    assert (found.turns >= 1, found.rejected) == (True, 0)
