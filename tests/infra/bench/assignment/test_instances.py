"""The days that are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from infra.bench.assignment.instances import SERVICE_S, draw


def test_the_same_seed_draws_the_same_day_and_another_one_another() -> None:
    one, same, other = draw(8, 16, seed=3), draw(8, 16, seed=3), draw(8, 16, seed=4)
    assert np.array_equal(one.drive_s, same.drive_s)
    assert np.array_equal(one.slot_places, same.slot_places)
    assert not np.array_equal(one.ready_s, other.ready_s)


@pytest.mark.parametrize("seed", range(3))
def test_a_day_is_as_its_docstring_says(seed: int) -> None:
    day = draw(50, 100, seed=seed)
    assert (day.trucks, day.lots, day.ports) == (50, 100, 12)
    assert day.name == "50x100"
    assert day.slot_places.sum() == 145
    assert set((day.slot_end_s - day.slot_start_s).tolist()) == {3600}
    assert day.chilled.sum() == 30
    assert day.reefer.sum() == 20
    assert (day.takes.sum(axis=1) >= 1).all()
    hours = (day.shift_end_s - day.shift_start_s) / 3600
    assert hours.min() >= 12
    assert hours.max() <= 14


def test_hardly_a_lot_is_hopeless() -> None:
    first_s, last_s = draw(50, 100, seed=1).window_s
    assert ((last_s >= first_s).any(axis=1)).sum() >= 99


def test_the_window_of_a_slot_lets_unloading_begin_within_it_and_no_sooner_than_ready() -> None:
    day = draw(20, 40, seed=2)
    first_s, last_s = day.window_s
    for lot, slot in np.argwhere(last_s >= first_s)[::17]:
        way_s = SERVICE_S + day.lot_to_port_s[lot, day.slot_port[slot]]
        assert first_s[lot, slot] >= day.ready_s[lot]
        assert first_s[lot, slot] + way_s >= day.slot_start_s[slot]
        assert last_s[lot, slot] + way_s < day.slot_end_s[slot]
        assert last_s[lot, slot] + way_s <= day.hold_s[lot]
        assert day.takes[lot, day.slot_port[slot]]
