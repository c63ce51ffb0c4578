"""Hold every reason to be true: without that obstacle the goods are carried."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from routing.dispatch import DrivingState, Iterations, Params, Problem, Unassigned, Until, plan
from routing.dispatch.crow import CrowTravel
from routing.dispatch.words import SENTENCES
from tests.routing.dispatch.fixing import carried, fixed, pins
from tests.routing.dispatch.worlds import (
    PARAMS,
    WildTravel,
    facility,
    hours,
    lot,
    slots,
    truck,
    wild,
    world,
)


@pytest.mark.parametrize("seed", range(60))
def test_a_fix_that_is_done_gives_the_lot_a_place(seed: int) -> None:
    """With the trips pinned, the lot is carried once the named change is made."""
    problem = replace(wild(seed), forced=(), corridors=())
    made = plan(problem, stop=Iterations(0), params=PARAMS)
    frozen = replace(problem, pins=pins(made))
    if carried(plan(frozen, stop=Iterations(0), params=PARAMS)) != carried(made):
        return
    for left in made.unassigned:
        for reason in left.reasons:
            assert reason.code != "stopped"
            done = None if reason.fix is None else fixed(frozen, left, reason.fix)
            if done is not None:
                after = carried(plan(done, stop=Iterations(0), params=PARAMS))
                assert after[left.lot_id] > carried(made)[left.lot_id], reason


def test_the_smallest_longer_hold_is_told_to_the_minute() -> None:
    """A minute less does not help."""
    problem = world(lots=(lot(hold_until=hours(2)),))
    (left,) = plan(problem, stop=Iterations(0)).unassigned
    fix = left.reasons[0].fix
    assert fix is not None
    assert fix["kind"] == "hold_longer"
    enough = hours(2) + timedelta(minutes=fix["minutes"])
    for until, served in ((enough, 1), (enough - timedelta(minutes=1), 0)):
        after = plan(replace(problem, lots=(lot(hold_until=until),)), stop=Iterations(0))
        assert len(after.trips) == served


def test_a_shift_that_ends_too_soon_is_told_with_the_minutes_it_lacks() -> None:
    """The truck is named, and a minute less does not help."""
    problem = world(trucks=(truck(shift_end=hours(3)),))
    (left,) = plan(problem, stop=Iterations(0)).unassigned
    (reason,) = left.reasons
    assert (reason.code, reason.fix and reason.fix["kind"]) == ("shift_over", "shift_longer")
    minutes = reason.fix["minutes"] if reason.fix else 0
    for by, served in ((minutes, 1), (minutes - 1, 0)):
        late = truck(shift_end=hours(3) + timedelta(minutes=by))
        assert len(plan(world(trucks=(late,)), stop=Iterations(0)).trips) == served


def _left(problem: Problem, **changes: Any) -> Unassigned:
    (left,) = plan(problem, stop=Iterations(0), params=Params(**changes)).unassigned
    return left


ALONE = {
    "declined": world(forbidden=frozenset({("T1", "L1")})),
    "temperature": world(trucks=(truck(temperature_classes=frozenset({"ambient"})),)),
    "payload": world(trucks=(truck(payload_kg=10),)),
    "truck_busy": world(lots=(lot(quantity_kg=9_000, hold_until=hours(6)),)),
    "too_small": world(lots=(lot(quantity_kg=20),)),
    "destination_unknown": world(facilities=(facility(products=frozenset({"paddy"})),)),
    "no_route": world(travel=WildTravel(1, closed=1.0)),
    "driving_hours": world(trucks=(truck(driving=DrivingState(0, 34_000)),)),
    "no_slot": world(slots=slots(count=1)),
    "slot_full": world(slots=slots(free=0)),
    "hold_exceeded": world(lots=(lot(hold_until=hours(2)),)),
}


@pytest.mark.parametrize(("code", "problem"), ALONE.items(), ids=ALONE.keys())
def test_each_obstacle_is_told_by_its_code_in_both_languages(code: str, problem: Problem) -> None:
    """One obstacle in a plain world gives one reason, standing alone, in whole sentences."""
    reason = next(one for one in _left(problem).reasons if one.code == code)
    assert reason.params["alone"] is True
    assert reason.fix is not None
    assert "{" not in reason.fix["vi"] + reason.fix["en"]
    assert re.fullmatch(r"[A-Z0-9].*\.", reason.detail)
    assert reason.params["vi"].endswith(".")
    assert reason.params["vi"] != reason.detail
    assert "{" not in reason.detail + reason.params["vi"]
    assert "None" not in reason.detail


def test_obstacles_that_stand_together_name_each_other() -> None:
    """A warm truck that has declined needs both lifted."""
    warm = truck(temperature_classes=frozenset({"ambient"}))
    left = _left(world(trucks=(warm,), forbidden=frozenset({("T1", "L1")})))
    told = {reason.code: reason.params["together_with"] for reason in left.reasons}
    assert told == {"declined": ["temperature"], "temperature": ["declined"]}


def test_only_the_trucks_nearest_to_a_trip_are_told() -> None:
    """A truck with two obstacles says nothing where another has but one."""
    far_off = truck("T2", payload_kg=10, temperature_classes=frozenset({"ambient"}))
    (reason,) = _left(world(trucks=(truck(payload_kg=10), far_off))).reasons
    assert reason.code == "payload"
    assert (reason.params["trucks"], reason.params["refused"], reason.params["nearest"]) == (
        2,
        2,
        1,
    )


def test_a_world_without_trucks_says_so() -> None:
    """No rule is blamed where there is nobody to judge."""
    assert [reason.code for reason in _left(world(trucks=())).reasons] == ["no_truck"]


def test_a_world_without_facilities_lacks_both_destination_and_slot() -> None:
    """Neither alone would help."""
    left = _left(world(facilities=(), slots=()))
    assert {reason.code for reason in left.reasons} == {"destination_unknown", "no_slot"}
    assert not any(reason.params["alone"] for reason in left.reasons)


def test_a_lot_that_the_search_had_no_time_for_says_so() -> None:
    """A stop in the middle of construction blames no truck."""
    problem = world(lots=tuple(lot(f"L{n:02}", hold_until=hours(8)) for n in range(17)))
    made = plan(problem, stop=Until(lambda: True))
    assert {left.lot_id: left.reasons[0].code for left in made.unassigned}["L16"] == "stopped"


def test_times_are_told_in_local_time() -> None:
    """One o'clock UTC is eight in the morning in the delta."""
    problem = world(lots=(lot(ready_from=hours(-9), hold_until=hours(0.5)),))
    (reason,) = _left(problem).reasons
    assert "08:30 ngày 10/9" in reason.params["vi"]
    assert "08:30 on 10 Sep" in reason.detail
    assert reason.params["hold_until"] == "2021-09-10T01:30:00+00:00"


def test_slow_roads_tell_the_least_driving() -> None:
    """The hours in the sentence are those of the truck that would drive least."""
    slow = world(travel=CrowTravel(speed_kmh=8), lots=(lot(hold_until=hours(90)),))
    reason = next(r for r in _left(slow).reasons if r.code == "driving_hours")
    assert reason.params["least_s"] > reason.params["day_s"] == 36_000
    assert "10.0 h" in reason.detail
    assert "10,0 giờ" in reason.params["vi"]


def test_every_sentence_has_both_languages_with_the_same_gaps() -> None:
    """Vietnamese comes first, and says no less than English."""
    for key, sentence in SENTENCES.items():
        assert list(sentence) == ["vi", "en"], key
        vi, en = (set(re.findall(r"\{(\w+)\}", text)) for text in sentence.values())
        assert vi == en, key


def test_a_reason_without_its_obstacle_is_gone() -> None:
    """The plain world itself leaves nothing over."""
    problem = replace(world(), forbidden=frozenset({("T9", "L1")}))
    assert plan(problem, stop=Iterations(0)).unassigned == ()
