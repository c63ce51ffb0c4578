"""Judge overrides: what they break, what they cost, whom they displace."""

from __future__ import annotations

from dataclasses import replace

from routing.dispatch import Forced, Iterations
from routing.dispatch.verdict import verdict
from tests.routing.dispatch.worlds import hours, lot, truck, world

STOP = Iterations(20)


def test_an_override_onto_a_dearer_truck_tells_what_it_costs() -> None:
    """A larger truck leaves 2 t of payload more, at 0.05 a kilogram."""
    problem = world(trucks=(truck("T1"), truck("T2", payload_kg=10_000)))
    judged = verdict(problem, Forced("T2", "L1"), stop=STOP)
    assert judged.allowed
    assert judged.cost_difference == 100.0
    assert (judged.displaced, judged.gained) == ({}, {})


def test_an_override_that_takes_the_only_truck_names_the_lot_that_loses_it() -> None:
    """There is time for one trip: the larger lot is given up for the smaller one."""
    lots = (lot("L1", hold_until=hours(5)), lot("L2", quantity_kg=2_000, hold_until=hours(5)))
    problem = replace(world(), lots=lots, trucks=(truck(payload_kg=5_000),))
    judged = verdict(problem, Forced("T1", "L2"), stop=STOP)
    assert judged.allowed
    assert set(judged.displaced) == {"L1"}
    assert judged.gained == {"L2": 2_000}


def test_an_override_that_may_not_be_is_answered_with_every_rule_it_breaks() -> None:
    """A small warm truck breaks two rules, and nothing is displaced."""
    warm = truck("T2", payload_kg=10, temperature_classes=frozenset({"ambient"}))
    judged = verdict(world(trucks=(truck(), warm)), Forced("T2", "L1"), stop=STOP)
    assert not judged.allowed
    assert [refusal.code for refusal in judged.refusals] == ["temperature", "payload"]
