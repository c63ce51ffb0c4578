"""The rivals, each on a day of its own."""

from __future__ import annotations

from importlib import import_module

import pytest

from infra.bench.assignment.checker import judge
from infra.bench.assignment.contest import RIVALS
from infra.bench.assignment.fixed import Fixed
from infra.bench.assignment.instances import draw
from infra.bench.assignment.refix import first_slots
from infra.bench.assignment.rivals import LARGE, SMALL, Settings, Watch, lead, settings_for
from infra.bench.assignment.start import first_order


@pytest.mark.parametrize("rival", RIVALS)
def test_a_rival_breaks_no_rule_and_makes_its_start_no_dearer(rival: str) -> None:
    day = draw(12, 24, seed=5)
    fixed = Fixed.of(day, first_slots(day, delay_cost=0.3, onward_cost=0.0))
    begun = judge(day, fixed.routes(first_order(fixed))).cost
    settings = Settings(guesses=((0.3, 0.0),), turn_s=0.1)
    solve = import_module(f"infra.bench.assignment.rival_{rival}").solve
    found = lead(day, solve, settings, limit_s=0.4, seed=1)
    verdict = judge(day, found.routes)
    assert verdict.violations == ()
    assert verdict.cost <= begun
    assert found.turns >= 1
    assert found.rejected == 0


@pytest.mark.parametrize("rival", RIVALS)
def test_a_great_day_is_solved_in_parts(rival: str) -> None:
    day = draw(12, 24, seed=6)
    settings = Settings(guesses=((0.3, 0.0),), turn_s=0.05, part_trucks=4)
    solve = import_module(f"infra.bench.assignment.rival_{rival}").solve
    found = lead(day, solve, settings, limit_s=0.4, seed=1)
    assert judge(day, found.routes).violations == ()
    assert found.rejected == 0


@pytest.mark.parametrize("rival", RIVALS)
def test_every_rival_has_two_processes_for_both_sizes(rival: str) -> None:
    settings = import_module(f"infra.bench.assignment.rival_{rival}").SETTINGS
    assert len(settings_for(400, settings)) == len(settings_for(2000, settings)) == 2
    assert settings_for(400, settings) == settings[SMALL]
    assert settings_for(2000, settings) == settings[LARGE]


def test_what_happens_while_the_watch_is_stopped_is_not_counted() -> None:
    watch = Watch()
    with watch.stopped():
        sum(range(200_000))
    counted_s = watch.elapsed_s()
    with watch.stopped():
        sum(range(200_000))
    assert watch.elapsed_s() >= counted_s
