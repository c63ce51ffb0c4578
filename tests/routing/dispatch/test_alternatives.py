"""Hold the other ways that a trip is told to have against plans that take them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings

from routing.dispatch import Forced, Iterations, Plan, Problem, plan
from tests.routing.dispatch.rich import rich
from tests.routing.dispatch.test_plan import SEEDS, worlds
from tests.routing.dispatch.worlds import CALM, PARAMS, facility, lot, slots, truck, world

MOST = 4
"""Three ways, and a full slot."""


def _planned(problem: Problem, rounds: int = 0) -> Plan:
    return plan(problem, stop=Iterations(rounds), params=PARAMS)


@settings(CALM, max_examples=80)
@given(worlds())
def test_a_lone_trip_costs_elsewhere_what_its_alternative_says(problem: Problem) -> None:
    """A dispatcher who orders the other truck into the other slot pays just the difference."""
    alone = replace(problem, lots=problem.lots[:1], forced=())
    made = _planned(alone)
    if len(made.trips) != 1 or made.unassigned:
        return
    for other in made.trips[0].alternatives:
        order = Forced(other.truck_id, made.trips[0].lot_id, other.slot_id or None)
        ordered = _planned(replace(alone, forced=(order,)))
        assert ordered.forced[0].planned is True
        same = [trip.corridor_id for trip in ordered.trips] == [other.corridor_id]
        if same and not ordered.unassigned:
            more = ordered.stats["cost"] - made.stats["cost"]
            assert other.cost_difference == pytest.approx(more, abs=0.06)


@settings(CALM, max_examples=100)
@given(worlds())
def test_alternatives_are_other_ways_the_cheapest_first(problem: Problem) -> None:
    """None is the trip itself, no truck comes twice, and each says why not."""
    _hold(_planned(problem, 20))


@settings(CALM, max_examples=40)
@given(SEEDS)
def test_alternatives_stand_in_worlds_with_everything_in_them(seed: int) -> None:
    """Pooling, splitting, bays, return loads and pins change nothing about that."""
    _hold(_planned(rich(seed), 20))


def _hold(made: Plan) -> None:
    for trip in made.trips:
        others = trip.alternatives
        free = [other for other in others if other.why_code != "slot_full"]
        assert len(others) <= MOST
        assert all((o.truck_id, o.slot_id) != (trip.truck_id, trip.slot_id) for o in free)
        assert max(Counter(other.truck_id for other in free).values(), default=0) <= 1
        differences = [other.cost_difference for other in others]
        assert differences == sorted(differences)
        assert all(other.why and other.why_vi for other in others)
        assert [o["truck_id"] for o in trip.explanation["alternatives"]] == [
            other.truck_id for other in others
        ]


def test_a_truck_with_another_lot_would_come_back_for_this_one() -> None:
    """Its way is driven behind the lot it has: dearer than the trip's own truck an hour later."""
    fleet = (truck("T0", payload_kg=5_000), truck("T1", payload_kg=6_000))
    problem = world(trucks=fleet, lots=(lot("L1"), lot("L2", quantity_kg=6_000)))
    trips = {trip.truck_id: trip for trip in _planned(problem).trips}
    later, back = trips["T0"].alternatives
    assert (later.truck_id, later.why_code) == ("T0", "waiting")
    assert (back.truck_id, back.why_code) == ("T1", "truck_taken")
    assert back.why == "truck T1 carries lot L2"
    assert 0 < later.cost_difference < back.cost_difference


def test_a_full_slot_that_would_be_better_is_named() -> None:
    """One lot gets the only early place; the other is told what keeps it from there."""
    gate = (*slots(first=3, count=1, free=1), *slots(first=6, count=2, free=2))
    fleet = (truck("T1"), truck("T2"))
    problem = world(trucks=fleet, lots=(lot("L1"), lot("L2")), slots=gate)
    early, late = sorted(_planned(problem, 20).trips, key=lambda trip: trip.slot_id)
    assert [trip.slot_id for trip in (early, late)] == ["F1|G1|03", "F1|G1|06"]
    full = late.alternatives[0]
    assert (full.why_code, full.slot_id, full.truck_id) == (
        "slot_full",
        early.slot_id,
        late.truck_id,
    )
    assert full.cost_difference < 0
    assert "slot_full" not in [other.why_code for other in early.alternatives]


def test_a_return_load_has_other_ways_too() -> None:
    """It has no slot; another truck is the other way."""
    back = lot("R1", product="feed", temperature="ambient", drop=facility().position, drop_name="X")
    problem = world(trucks=(truck("T1"), truck("T2")), lots=(back,), slots=())
    (trip,) = _planned(problem).trips
    (other,) = trip.alternatives
    assert (other.truck_id, other.slot_id, other.facility_id) == ("T2", "", "")
    assert (other.cost_difference, other.why_code) == (0.0, "no_better")


def test_an_order_is_held_against_the_best_ways_without_it() -> None:
    """The truck at hand would have cost less; the order is why it was not taken."""
    far = truck("T2", position=facility().position)
    problem = world(trucks=(truck(), far), forced=(Forced("T2", "L1", "F1|G1|08"),))
    (trip,) = _planned(problem).trips
    assert trip.alternatives[0].truck_id == "T1"
    assert trip.alternatives[0].cost_difference < 0
    assert {other.why_code for other in trip.alternatives} == {"forced"}
