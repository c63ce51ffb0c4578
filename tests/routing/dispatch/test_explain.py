"""Hold what a trip says of itself: sentences, cost by part, slack, and other ways."""

from __future__ import annotations

import pytest

from routing.dispatch import Iterations, plan
from tests.routing.dispatch.worlds import facility, slots, truck, world

FLEET = tuple(truck(f"T{n}", payload_kg=5_000 + 1_000 * n) for n in range(5))


def test_a_trip_is_told_in_vietnamese_first() -> None:
    """The sentence has truck, goods, place and local time in both languages."""
    (trip,) = plan(world(), stop=Iterations(0)).trips
    told = trip.explanation["summary"]
    assert list(told) == ["vi", "en"]
    assert told["vi"].startswith("Xe T1 chở 5.000/5.000 kg cá của lô L1 từ Tắc Cậu")
    assert told["en"].startswith("Truck T1 carries 5,000 of 5,000 kg of fish of lot L1")


def test_the_parts_of_a_cost_sum_up_to_its_total() -> None:
    """Every part has its name, and nothing is hidden."""
    (trip,) = plan(world(), stop=Iterations(0)).trips
    parts = {name: value for name, value in trip.cost.items() if name != "total"}
    assert sum(parts.values()) == pytest.approx(trip.cost["total"])
    assert set(parts) == {
        "empty_driving",
        "loaded_driving",
        "waiting",
        "fairness",
        "age",
        "spoilage",
        "hold_risk",
        "corridor",
        "spare_payload",
        "churn",
    }


def test_three_other_trucks_are_named_with_what_they_would_cost_more() -> None:
    """The cheapest come first, each with a code and words."""
    (trip,) = plan(world(trucks=FLEET), stop=Iterations(0)).trips
    assert trip.truck_id == "T0"
    others = trip.explanation["alternatives"]
    assert [other["truck_id"] for other in others] == ["T1", "T2", "T3"]
    assert [other["why_code"] for other in others] == ["spare_payload"] * 3
    assert 0 < others[0]["cost_difference"] < others[1]["cost_difference"]
    assert others[0]["why_vi"] == "tải trọng kém phù hợp hơn"


def test_slack_and_waiting_are_told() -> None:
    """A truck that comes before the slot opens waits, and the hold time is what is left."""
    problem = world(slots=slots(first=6, count=1), facilities=(facility(),))
    (trip,) = plan(problem, stop=Iterations(0)).trips
    assert trip.delivery_eta == trip.window_start
    assert trip.explanation["wait_s"]["facility"] > 0
    assert trip.explanation["slack_s"]["hold"] == 4 * 3_600
    assert trip.explanation["slack_s"]["window"] == 3_600


def test_an_idle_truck_says_who_is_cheaper_and_by_how_much() -> None:
    """The trip is named that it would have done for the least more."""
    made = plan(world(trucks=FLEET[:2]), stop=Iterations(0))
    (idle,) = made.idle
    assert (idle.truck_id, made.idle_trucks) == ("T1", ("T1",))
    (reason,) = idle.reasons
    assert reason.code == "dearer"
    assert reason.params["other_truck_id"] == "T0"
    assert reason.params["more"] == made.trips[0].alternatives[0].cost_difference


def test_an_idle_truck_that_may_carry_nothing_says_which_rule_forbids_it() -> None:
    """A warm truck is of no use for chilled fish."""
    warm = truck(temperature_classes=frozenset({"ambient"}))
    (idle,) = plan(world(trucks=(warm,)), stop=Iterations(0)).idle
    assert idle.reasons[0].code == "no_lot_it_could_carry"
    assert idle.reasons[0].params["rule"] == "temperature"
    assert idle.reasons[0].params["temperature"] == 1
