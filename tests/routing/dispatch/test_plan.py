"""Hold whole plans to the rules of the world, in worlds that are short of everything."""

from __future__ import annotations

import math
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.dispatch import (
    FirstOf,
    InvalidProblem,
    Iterations,
    Params,
    Problem,
    Until,
    plan,
)
from routing.dispatch.crow import CrowTravel
from tests.checks.plan import violations
from tests.routing.dispatch.worlds import (
    CALM,
    PARAMS,
    WildTravel,
    hours,
    lot,
    slots,
    truck,
    wild,
    world,
)

SEEDS = st.integers(0, 2**32)


@st.composite
def worlds(draw: st.DrawFn) -> Problem:
    """Draw a random world, on random roads or as the crow flies at some speed."""
    seed = draw(SEEDS)
    speed_kmh = draw(st.none() | st.sampled_from((12.0, 30.0, 60.0)))
    return wild(seed, travel=CrowTravel(speed_kmh=speed_kmh) if speed_kmh else WildTravel(seed))


@settings(CALM, max_examples=300)
@given(worlds(), st.sampled_from((0, 0, 3)), st.sampled_from((0, 900, 1_800)), SEEDS)
def test_every_plan_passes_the_independent_checker(
    problem: Problem, rounds: int, margin_s: int, seed: int
) -> None:
    """No plan breaks a rule that the checker knows, with or without improvement."""
    params = replace(PARAMS, margin_s=margin_s)
    made = plan(problem, stop=Iterations(rounds), seed=seed, params=params)
    assert violations(problem, made, params) == []


@settings(CALM, max_examples=60)
@given(worlds(), st.integers(1, 4))
def test_plans_in_small_blocks_or_stopped_early_are_valid_too(problem: Problem, asked: int) -> None:
    """Blocks of one lot, and a stop after a few looks, leave a plan that the checker passes."""
    answers = iter([False] * asked)
    stop = Until(lambda: next(answers, True))
    params = replace(PARAMS, block_lots=1)
    assert violations(problem, plan(problem, stop=stop, params=params), params) == []
    assert violations(problem, plan(problem, stop=stop, params=PARAMS), PARAMS) == []


@settings(CALM, max_examples=60)
@given(worlds(), SEEDS)
def test_one_seed_and_a_counting_stop_give_one_plan(problem: Problem, seed: int) -> None:
    """Planning twice gives the same plan."""
    first = plan(problem, stop=Iterations(5), seed=seed, params=PARAMS)
    assert plan(problem, stop=Iterations(5), seed=seed, params=PARAMS) == first


@settings(CALM, max_examples=60)
@given(worlds())
def test_a_plan_is_plain_json(problem: Problem) -> None:
    """Trips, reasons and answers go through orjson without help, and their numbers are finite."""
    made = plan(problem, stop=Iterations(0), params=PARAMS)
    for part in (*made.trips, *made.unassigned, made.stats):
        assert orjson.loads(orjson.dumps(part))
    for trip in made.trips:
        numbers = (*trip.cost.values(), trip.empty_m, trip.loaded_m)
        assert all(math.isfinite(number) for number in numbers)
    for answer in made.forced:
        assert orjson.loads(orjson.dumps(answer))["planned"] is answer.planned


@settings(CALM, max_examples=60)
@given(worlds(), SEEDS)
def test_improvement_never_costs_more(problem: Problem, seed: int) -> None:
    """Ten more rounds leave what trips cost, and what lots left over cost, no higher."""

    def objective(rounds: int) -> float:
        made = plan(problem, stop=Iterations(rounds), seed=seed, params=PARAMS)
        priority = {one.lot_id: 1 + one.priority for one in problem.lots}
        left = sum(
            priority[one.lot_id]
            * (PARAMS.unserved_cost + PARAMS.unserved_cost_per_kg * one.quantity_kg)
            for one in made.unassigned
        )
        return made.stats["cost"] + left

    assert objective(10) <= objective(0) + 1e-3


def test_a_truck_brings_a_lot_to_a_slot() -> None:
    """The plainest world gives one trip, with its story in order."""
    made = plan(world(), stop=Iterations(0))
    (trip,) = made.trips
    assert (trip.truck_id, trip.lot_id, trip.facility_id) == ("T1", "L1", "F1")
    assert trip.quantity_kg == 5_000
    assert trip.departure < trip.pickup_eta < trip.pickup_done < trip.delivery_eta
    assert trip.delivery_eta < trip.delivery_done
    assert trip.window_start <= trip.delivery_eta < trip.window_end
    assert trip.corridor_reason == "no_corridor"
    assert made.unassigned == ()
    assert made.idle_trucks == ()


def test_no_departure_is_sooner_than_the_haulier_can_accept() -> None:
    """A free truck leaves at now + accept_s, a busy one when it is available."""
    early = plan(world(), stop=Iterations(0), params=Params(accept_s=600)).trips[0]
    assert (early.departure - world().now).total_seconds() == 600
    busy = world(trucks=(truck(available_from=hours(2)),))
    assert plan(busy, stop=Iterations(0)).trips[0].departure == hours(2)


def test_a_delivery_keeps_the_margin_to_the_hold_time() -> None:
    """What would arrive ten minutes before the end of the hold time waits for a dispatcher."""
    eta = plan(world(), stop=Iterations(0)).trips[0].delivery_eta
    tight = world(lots=(lot(hold_until=eta + (hours(1) - hours(0)) / 6),))
    left = plan(tight, stop=Iterations(0)).unassigned
    assert [reason.code for reason in left[0].reasons] == ["hold_exceeded"]
    assert plan(tight, stop=Iterations(0), params=Params(margin_s=0)).trips[0].delivery_eta == eta


def test_a_large_lot_is_split_among_trucks() -> None:
    """Nineteen tonnes go on three trucks of eight, each consignment within its payload."""
    fleet = tuple(truck(f"T{n}") for n in range(4))
    made = plan(world(trucks=fleet, lots=(lot(quantity_kg=19_000),)), stop=Iterations(0))
    assert sorted(trip.quantity_kg for trip in made.trips) == [3_000, 8_000, 8_000]
    assert len(made.idle_trucks) == 1


def test_two_trucks_do_not_share_the_last_place_of_a_slot() -> None:
    """With one place an hour two lots come in at different hours."""
    made = plan(
        world(
            trucks=(truck("T1"), truck("T2")),
            lots=(lot("L1"), lot("L2")),
            slots=slots(free=1),
        ),
        stop=Iterations(0),
    )
    assert len({trip.slot_id for trip in made.trips}) == 2


def test_a_lot_of_higher_priority_takes_the_only_truck() -> None:
    """Of two equal lots the one with the higher priority goes."""
    made = plan(world(lots=(lot("L1"), lot("L2", priority=3))), stop=Iterations(0))
    assert [trip.lot_id for trip in made.trips] == ["L2"]
    assert made.unassigned[0].reasons[0].code == "truck_busy"


def test_a_lot_ready_after_the_horizon_waits() -> None:
    """It is neither planned nor left over."""
    late = world(lots=(lot(ready_from=hours(5), hold_until=hours(20)),))
    made = plan(late, stop=Iterations(0))
    assert made.waiting == ("L1",)
    assert (made.trips, made.unassigned) == ((), ())


def test_a_long_drive_has_a_break_after_four_hours() -> None:
    """At 18 km/h the way takes over four hours: one break of 15 minutes stands in the trip."""
    slow = world(travel=CrowTravel(speed_kmh=18), lots=(lot(hold_until=hours(20)),))
    (trip,) = plan(slow, stop=Iterations(0)).trips
    assert [(end - start).total_seconds() for start, end in trip.breaks] == [900]
    assert trip.driving.today_s == trip.drive_s


def test_an_empty_world_gives_an_empty_plan() -> None:
    """No trucks and no lots are no error."""
    made = plan(world(trucks=(), lots=()), stop=Iterations(3))
    assert (made.trips, made.unassigned, made.idle_trucks) == ((), (), ())


def test_travel_that_answers_nonsense_is_an_error() -> None:
    """A negative driving time is told, not planned with."""
    with pytest.raises(InvalidProblem, match="Expected travel to answer"):
        plan(world(travel=CrowTravel(speed_kmh=-1.0)), stop=Iterations(0))


def test_the_first_of_several_criteria_stops_the_search() -> None:
    """A deadline that has passed lets no round of improvement happen."""
    stop = FirstOf((Iterations(50), Until(lambda: True)))
    assert plan(world(), stop=stop).stats["rounds"] == 0
    assert plan(world(), stop=Iterations(4)).stats["rounds"] == 4


@pytest.mark.parametrize(
    "wrong",
    [{"drive_s": 0}, {"margin_s": -1}, {"day_s": 90_000}, {"load_s": 1.5}, {"block_lots": 0}],
)
def test_parameters_that_no_planner_could_honour_are_refused(wrong: dict[str, float]) -> None:
    """Numbers out of range are told where they are made."""
    with pytest.raises(InvalidProblem, match="Expected"):
        Params(**wrong)  # type: ignore[arg-type]


def test_an_id_that_stands_twice_is_refused() -> None:
    """A problem checks itself when it is made."""
    with pytest.raises(InvalidProblem, match="'T1' twice"):
        world(trucks=(truck(), truck()))
