"""Hold overrides to the rules: planned first, refused with every rule they break."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.dispatch import Forced, Iterations, Problem, plan
from tests.checks.plan import violations
from tests.routing.dispatch.worlds import PARAMS, facility, hours, lot, slots, truck, world

FAR = truck("T2", position=facility().position)


def _refused(problem: Problem, *, first: bool = False) -> list[str]:
    made = plan(problem, stop=Iterations(0), params=PARAMS)
    assert violations(problem, made, PARAMS) == []
    answer = made.forced[-1]
    assert all(other.planned for other in made.forced[:-1]) is True
    assert len(made.forced) == 1 + first
    assert answer.planned is False
    assert all(refusal.params["vi"] and refusal.detail for refusal in answer.refusals)
    return [refusal.code for refusal in answer.refusals]


def test_an_override_goes_before_the_cheapest_truck() -> None:
    """The named truck takes the lot into the named slot, though another is nearer."""
    problem = world(trucks=(truck(), FAR), forced=(Forced("T2", "L1", "F1|G1|08"),))
    made = plan(problem, stop=Iterations(5))
    (trip,) = made.trips
    assert (trip.truck_id, trip.slot_id, trip.forced) == ("T2", "F1|G1|08", True)
    assert trip.explanation["forced"] is True
    assert made.forced[0].planned is True
    assert trip.explanation["alternatives"][0]["truck_id"] == "T1"


def test_an_override_may_set_aside_a_refusal_by_the_haulier() -> None:
    """A dispatcher may offer a declined lot again."""
    problem = world(forbidden=frozenset({("T1", "L1")}), forced=(Forced("T1", "L1"),))
    assert plan(problem, stop=Iterations(0)).forced[0].planned is True


def test_an_override_may_plan_goods_beyond_the_horizon() -> None:
    """A lot that would wait is planned when a dispatcher says so."""
    late = lot(ready_from=hours(5), hold_until=hours(20))
    problem = world(lots=(late,), forced=(Forced("T1", "L1"),))
    (trip,) = plan(problem, stop=Iterations(0)).trips
    assert trip.pickup_done >= hours(5)


def test_an_override_may_use_up_the_margin_but_not_the_hold_time() -> None:
    """Ten minutes before the hold time is a dispatcher's choice, after it is nobody's."""
    eta = plan(world(), stop=Iterations(0)).trips[0].delivery_eta
    for minutes, planned in ((10, True), (-1, False)):
        tight = lot(hold_until=eta + timedelta(minutes=minutes))
        problem = world(lots=(tight,), forced=(Forced("T1", "L1"),))
        made = plan(problem, stop=Iterations(0), params=PARAMS)
        assert made.forced[0].planned is planned
        assert violations(problem, made, PARAMS) == []


@pytest.mark.parametrize(
    ("forced", "codes"),
    [
        (Forced("T9", "L1"), ["unknown_truck"]),
        (Forced("T1", "L9", "S9"), ["unknown_lot", "unknown_slot"]),
        (Forced("T1", "L1", "F1|G1|00"), ["no_slot"]),
        (Forced("T1", "L1", "F2|G1|08"), ["destination_unknown"]),
    ],
)
def test_an_override_is_refused_with_its_reasons(forced: Forced, codes: list[str]) -> None:
    """Unknown names, missed windows and wrong destinations are each told."""
    ports = (facility(), facility("F2", products=frozenset({"paddy"})))
    problem = world(facilities=ports, slots=slots() + slots("F2"), forced=(forced,))
    assert _refused(problem) == codes


def test_an_override_of_an_unfit_truck_names_every_rule_it_breaks() -> None:
    """Temperature, payload and a full slot are told together."""
    unfit = truck(payload_kg=10, temperature_classes=frozenset({"ambient"}))
    problem = world(trucks=(unfit,), slots=slots(free=0), forced=(Forced("T1", "L1"),))
    assert _refused(problem) == ["temperature", "payload", "slot_full"]


def test_a_second_override_of_one_truck_is_its_second_trip() -> None:
    """It comes after the first one, and is refused where the goods do not hold so long."""
    both = (Forced("T1", "L1"), Forced("T1", "L2"))
    made = plan(world(lots=(lot("L1"), lot("L2")), forced=both), stop=Iterations(0))
    assert [answer.planned for answer in made.forced] == [True, True]
    assert [(trip.lot_id, trip.sequence) for trip in made.trips] == [("L1", 0), ("L2", 1)]
    short = lot("L2", hold_until=hours(6))
    problem = world(lots=(lot("L1"), short), forced=both)
    assert _refused(problem, first=True) == ["hold_exceeded"]


def test_an_override_that_waits_for_a_bay_is_planned_when_one_is_free() -> None:
    """Two trucks are named for one hour of a port with one bay."""
    problem = world(
        trucks=(truck("T1"), truck("T2")),
        lots=(lot("L1"), lot("L2")),
        facilities=(facility(bays=1),),
        forced=(Forced("T1", "L1"), Forced("T2", "L2")),
    )
    made = plan(problem, stop=Iterations(5), params=PARAMS)
    assert violations(problem, made, PARAMS) == []
    first, second = made.trips
    assert second.delivery_eta == first.delivery_done


def test_an_override_after_the_shift_or_beyond_a_quota_is_refused() -> None:
    """New rules bind a dispatcher as they bind the planner."""
    late = world(trucks=(truck(shift_end=hours(3)),), forced=(Forced("T1", "L1"),))
    assert _refused(late) == ["shift_over"]
    full = tuple(replace(slot, quotas={"H-T1": 0}) for slot in slots())
    assert _refused(world(slots=full, forced=(Forced("T1", "L1"),))) == ["quota_full"]
