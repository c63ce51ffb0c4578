"""Compare plans with the best that can be, and with what a dispatcher without a plan would do."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.dispatch import Iterations, Params, Problem, plan
from routing.dispatch.crow import CrowTravel
from tests.routing.dispatch.reference import best, fits, nearest_first
from tests.routing.dispatch.worlds import CALM, WildTravel, facility, lot, slots, truck, wild, world

PARAMS = Params(min_consignment_kg=0, horizon_s=86_400, pool=False)


def tiny(seed: int) -> Problem:
    """Return at most two trucks, two lots and three slots, without corridors."""
    travel = CrowTravel(speed_kmh=20.0 + seed % 40) if seed % 2 else WildTravel(seed)
    made = wild(seed, trucks=2, lots=2, travel=travel)
    lots = tuple(replace(one, priority=0) for one in made.lots)
    return replace(made, forced=(), corridors=(), slots=made.slots[:3], lots=lots)


@settings(CALM, max_examples=150)
@given(st.integers(0, 2**32))
def test_a_plan_serves_something_where_anything_can_be_served(seed: int) -> None:
    """No plan carries more than the optimum, and none nothing where a truck could go."""
    problem = tiny(seed)
    made = plan(problem, stop=Iterations(0), params=PARAMS)
    most_kg = best(problem, PARAMS)
    assert made.stats["assigned_kg"] <= most_kg
    assert bool(made.trips) == bool(most_kg)


@settings(CALM, max_examples=150)
@given(st.integers(0, 2**32))
def test_a_lot_is_left_only_where_no_idle_truck_could_take_it(seed: int) -> None:
    """After the plan, no idle truck fits any slot with a place for any goods left over."""
    problem = tiny(seed)
    made = plan(problem, stop=Iterations(3), params=PARAMS)
    taken = [trip.slot_id for trip in made.trips]
    lots = {one.lot_id: one for one in problem.lots}
    for one in problem.trucks:
        if one.truck_id in made.idle_trucks and one.payload_kg:
            assert not [
                (one.truck_id, left.lot_id, slot.slot_id)
                for left in made.unassigned
                for slot in problem.slots
                if slot.free > taken.count(slot.slot_id)
                and fits(problem, PARAMS, one, lots[left.lot_id], slot)
            ]


def test_plans_that_aim_at_tonnes_come_near_the_optimum_and_beat_the_nearest_truck() -> None:
    """Over 300 tiny worlds: 90 % of the tonnes at once, all of them after 200 rounds."""
    aim = replace(PARAMS, unserved_cost=0.0, unserved_cost_per_kg=100_000.0)
    problems = [tiny(seed) for seed in range(300)]
    optimum_kg = sum(best(problem, aim) for problem in problems)
    naive_kg = sum(nearest_first(problem, aim).total_kg for problem in problems)

    def carried_kg(rounds: int) -> float:
        made = [plan(problem, stop=Iterations(rounds), params=aim) for problem in problems]
        return sum(one.stats["assigned_kg"] for one in made)

    assert carried_kg(0) >= max(0.9 * optimum_kg, naive_kg)
    assert carried_kg(200) == optimum_kg


def test_as_many_lots_are_served_as_by_the_nearest_truck() -> None:
    """By default, over 300 tiny worlds, no fewer lots get a truck than naively."""
    problems = [tiny(seed) for seed in range(300)]
    plans = [plan(problem, stop=Iterations(0), params=PARAMS) for problem in problems]
    served = sum(len({trip.lot_id for trip in made.trips}) for made in plans)
    assert served >= sum(len(nearest_first(problem, PARAMS).kg) for problem in problems)


def test_the_only_place_goes_to_the_truck_that_carries_most() -> None:
    """Where one truck can enter, the larger goes, though the smaller is nearer and cheaper."""
    small, large = truck("T1", payload_kg=2_500), truck("T2", position=facility().position)
    problem = world(
        trucks=(small, large), lots=(lot(quantity_kg=8_000),), slots=slots(first=5, count=1, free=1)
    )
    (trip,) = plan(problem, stop=Iterations(0)).trips
    assert (trip.truck_id, trip.quantity_kg) == ("T2", 8_000)


def test_two_lots_and_two_trucks_are_paired_so_that_both_are_served() -> None:
    """The cold truck is kept for the cold lot, though it is nearer to the other."""
    warm = truck("T2", temperature_classes=frozenset({"ambient"}), position=facility().position)
    problem = world(trucks=(truck("T1"), warm), lots=(lot("L1", temperature="ambient"), lot("L2")))
    made = plan(problem, stop=Iterations(50))
    assert {(trip.truck_id, trip.lot_id) for trip in made.trips} == {("T2", "L1"), ("T1", "L2")}
