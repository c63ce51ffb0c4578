"""What happens to a day that is planned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from infra.bench.assignment.checker import Call, judge
from infra.bench.assignment.events import Day, happen
from infra.bench.assignment.fixed import Fixed
from infra.bench.assignment.instances import draw
from infra.bench.assignment.ours import Present
from infra.bench.assignment.refix import first_slots
from infra.bench.assignment.start import first_order


def _planned() -> tuple[Day, list[list[Call]]]:
    instance = draw(20, 40, seed=1)
    fixed = Fixed.of(instance, first_slots(instance, delay_cost=0.3, onward_cost=0.0))
    lots = np.arange(40) < 36
    return Day(instance, Present(lots, np.ones(20, bool))), fixed.routes(first_order(fixed))


def test_the_same_chance_lets_the_same_happen_and_every_kind_comes() -> None:
    day, routes = _planned()
    one, two = np.random.default_rng(1), np.random.default_rng(1)
    events = [happen(day, routes, one) for _ in range(300)]
    assert events == [happen(day, routes, two) for _ in range(300)]
    assert {event.kind for event in events} == {
        "lot",
        "withdrawal",
        "priority",
        "decline",
        "breakdown",
        "delay",
        "slot_cut",
        "closure",
    }


def test_a_day_remembers_all_that_has_happened() -> None:
    day, routes = _planned()
    rng = np.random.default_rng(2)
    events = [happen(day, routes, rng) for _ in range(60)]
    after = day
    for event in events:
        after = after.after(event)
    kinds = [event.kind for event in events]
    assert after.instance.slot_places.sum() < day.instance.slot_places.sum()
    assert after.instance.shift_start_s.sum() == day.instance.shift_start_s.sum() + sum(
        event.amount for event in events if event.kind == "delay"
    )
    assert (~after.present.trucks).sum() == len(
        {event.truck for event in events if event.kind == "breakdown"}
    )
    assert len(after.present.declined) <= kinds.count("decline")
    assert day.present.trucks.all()


def test_what_is_not_there_may_not_be_planned() -> None:
    day, routes = _planned()
    truck = next(number for number, route in enumerate(routes) if route)
    lot = routes[truck][0].lot
    trucks, lots = day.present.trucks.copy(), day.present.lots.copy()
    trucks[truck], lots[lot] = False, False
    judged, absent = Day(day.instance, Present(lots, trucks)).judged()
    said = judge(judged, routes).violations
    assert absent >= 4
    assert any("longer than its shift" in each for each in said)
    assert any(f"does not take lot {lot}" in each for each in said)


def test_something_happens_where_no_truck_is_used_any_more() -> None:
    """A lot comes, or when all are there, one goes."""
    day, routes = _planned()
    nobody: list[list[Call]] = [[] for _ in routes]
    rng = np.random.default_rng(5)
    assert {happen(day, nobody, rng).kind for _ in range(30)} == {"lot"}
    full = replace(day, present=replace(day.present, lots=np.ones(len(day.present.lots), bool)))
    assert {happen(full, nobody, rng).kind for _ in range(30)} == {"withdrawal"}
