"""Hold whole plans to the rules of the world, in worlds that are short of everything."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.dispatch import (
    FirstOf,
    InvalidProblem,
    Iterations,
    Params,
    Pin,
    Point,
    Problem,
    Until,
    plan,
)
from routing.dispatch.crow import CrowTravel
from tests.checks.plan import violations
from tests.routing.dispatch.rich import pinned, rich
from tests.routing.dispatch.worlds import (
    CALM,
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

SEEDS = st.integers(0, 2**32)


@st.composite
def worlds(draw: st.DrawFn) -> Problem:
    """Draw a random world, on random roads or as the crow flies at some speed."""
    seed = draw(SEEDS)
    speed_kmh = draw(st.none() | st.sampled_from((12.0, 30.0, 60.0)))
    return wild(seed, travel=CrowTravel(speed_kmh=speed_kmh) if speed_kmh else WildTravel(seed))


@settings(CALM, max_examples=150)
@given(worlds(), st.sampled_from((0, 0, 60)), st.sampled_from((0, 900, 1_800)), SEEDS)
def test_every_plan_passes_the_independent_checker(
    problem: Problem, rounds: int, margin_s: int, seed: int
) -> None:
    """No plan breaks a rule that the checker knows, with or without improvement."""
    params = replace(PARAMS, margin_s=margin_s)
    made = plan(problem, stop=Iterations(rounds), seed=seed, params=params)
    assert violations(problem, made, params) == []


@settings(CALM, max_examples=100)
@given(SEEDS, st.sampled_from((0, 0, 60)), st.booleans(), st.booleans())
def test_plans_of_worlds_with_everything_in_them_pass_too(
    seed: int,
    rounds: int,
    pool: bool,  # noqa: FBT001 - drawn
    return_home: bool,  # noqa: FBT001 - drawn
) -> None:
    """Return loads, bays, quotas, shifts, swaps, pins, committed legs: no rule is broken."""
    travel = CrowTravel(speed_kmh=30.0) if seed % 3 else WildTravel(seed, 0.03, 6_000)
    problem = rich(seed, travel=travel)
    if seed % 2:
        problem = pinned(problem, Random(seed))
    params = replace(PARAMS, pool=pool, return_home=return_home)
    made = plan(problem, stop=Iterations(rounds), seed=seed, params=params)
    assert violations(problem, made, params) == []


@settings(CALM, max_examples=60)
@given(SEEDS, st.sampled_from((0, 60)))
def test_pins_never_move(seed: int, rounds: int) -> None:
    """Whatever else changes, each pinned trip is the same truck's, in the same slot."""
    problem = replace(wild(seed, travel=CrowTravel(speed_kmh=40.0)), forced=())
    first = plan(problem, stop=Iterations(rounds), seed=seed, params=PARAMS)
    chosen = tuple(
        Pin(trip.truck_id, trip.lot_id, trip.slot_id, trip.quantity_kg)
        for trip in first.trips
        if trip.sequence == 0 and trip.corridor_id is None
    )
    changed = replace(problem, trucks=problem.trucks[::-1], pins=_alone(chosen))
    made = plan(changed, stop=Iterations(rounds), seed=seed + 1, params=PARAMS)
    assert violations(changed, made, PARAMS) == []
    kept = {(t.truck_id, t.lot_id, t.slot_id, t.quantity_kg) for t in made.trips if t.pinned}
    assert kept == {(p.truck_id, p.lot_id, p.slot_id, p.quantity_kg) for p in changed.pins}


def _alone(pins: tuple[Pin, ...]) -> tuple[Pin, ...]:
    """Return the pins of trucks that have one only: what was pooled may not fit another way."""
    trucks = [pin.truck_id for pin in pins]
    return tuple(pin for pin in pins if trucks.count(pin.truck_id) == 1)


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
    """Of two equal lots, of which one cannot wait for the other, the one with the higher goes."""
    lots = tuple(lot(name, hold_until=hours(6), priority=p) for name, p in (("L1", 0), ("L2", 3)))
    made = plan(world(lots=lots), stop=Iterations(0))
    assert [trip.lot_id for trip in made.trips] == ["L2"]
    assert [left.lot_id for left in made.unassigned] == ["L1"]


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


def test_ten_thousand_lots_without_time_give_a_valid_plan_of_a_few() -> None:
    """What is planned is planned well; the rest says that the search had no time."""
    lots = tuple(
        lot(f"L{n}", pickup=Point(9.5 + n % 100 / 100, 105.0 + n // 100 / 100))
        for n in range(10_000)
    )
    problem = world(trucks=tuple(truck(f"T{n}") for n in range(50)), lots=lots)
    made = plan(problem, stop=Until(lambda: True))
    assert made.trips
    assert len(made.trips) + len(made.unassigned) >= 10_000
    assert made.unassigned[-1].reasons[0].code == "stopped"
    assert violations(problem, made, Params()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: lot(quantity_kg=-1),
        lambda: lot(quantity_kg=math.nan),
        lambda: lot(volume_l=-5),
        lambda: lot(value_vnd_per_kg=math.inf),
        lambda: truck(volume_l=-1),
        lambda: facility(bays=-1),
        lambda: replace(slots()[0], quotas={"H1": -1}),
    ],
)
def test_amounts_that_cannot_be_are_refused(wrong: Callable[[], object]) -> None:
    """A negative or undefined amount is told where it is made."""
    with pytest.raises(InvalidProblem, match="Expected"):
        wrong()


def test_a_place_that_no_road_reaches_is_a_lot_left_over() -> None:
    """Neither an unreachable place nor an impossible window is an error."""
    cut_off = world(travel=WildTravel(1, closed=1.0))
    upside_down = world(lots=(lot(ready_from=hours(2), hold_until=hours(1)),))
    for problem in (cut_off, upside_down):
        made = plan(problem, stop=Iterations(5))
        assert [left.lot_id for left in made.unassigned] == ["L1"]
        assert violations(problem, made, Params()) == []
