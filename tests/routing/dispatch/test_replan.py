"""Let things happen to plans that stand: every answer is valid, and what is bound never moves."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.dispatch import InvalidProblem, Iterations, Pin, Plan
from routing.dispatch.replan import (
    BrokenDown,
    Closed,
    Declined,
    Delayed,
    LivePlan,
    LotAdded,
    Reprioritised,
    SlotCut,
    Stranded,
    Withdrawn,
    advance,
    begin,
    improve,
    merge,
    replan,
)
from tests.checks.plan import violations
from tests.routing.dispatch.rich import pinned, rich
from tests.routing.dispatch.worlds import (
    CALM,
    CAN_THO,
    GO_QUAO,
    PARAMS,
    WildTravel,
    hours,
    lot,
    slots,
    truck,
    wild,
    world,
)

if TYPE_CHECKING:
    from routing.dispatch import Problem
    from routing.dispatch.replan import Event

SEEDS = st.integers(0, 2**32)
STOP = Iterations(20)


def event_in(live: LivePlan, random: Random) -> Event:
    """Draw something that may happen to a plan."""
    problem, lots = live.problem, live.problem.lots
    one, vehicle = random.choice(lots) if lots else lot("L-none"), random.choice(problem.trucks)
    legs = live.legs()
    leg = random.choice(legs) if legs else None
    fresh = replace(
        random.choice(wild(random.randrange(10**6)).lots), lot_id=f"N{random.randrange(10**9)}"
    )
    events: list[Event] = [
        LotAdded(fresh),
        Declined(leg.truck_id if leg else vehicle.truck_id, leg.lot_id if leg else fresh.lot_id),
        BrokenDown(vehicle.truck_id),
        Delayed(leg.truck_id if leg else vehicle.truck_id, random.choice((0, 900, 7_200))),
        Closed(WildTravel(random.randrange(10**6))),
        Withdrawn(one.lot_id),
        Reprioritised(one.lot_id, random.choice((0, 1, 3))),
    ]
    if problem.slots:
        slot = (leg and leg.slot_id) or random.choice(problem.slots).slot_id
        events.append(SlotCut(slot, random.choice((0, 0, 1, 3))))
    known = {one.lot_id for one in lots}
    events = [
        event for event in events if isinstance(event, LotAdded)
        or getattr(event, "lot_id", None) in {None, *known}
    ]  # fmt: skip
    return random.choice(events)


def is_whole(live: LivePlan, plan: Plan) -> bool:
    """Say whether every lot is carried, left over or waits, and none is lost."""
    told = {trip.lot_id for trip in plan.trips} | {one.lot_id for one in plan.unassigned}
    told |= set(plan.waiting)
    return {one.lot_id for one in live.problem.lots} <= told


@settings(CALM, max_examples=40)
@given(SEEDS)
def test_every_answer_leaves_a_plan_that_passes_the_checker(seed: int) -> None:
    """After each of some random events, the whole plan is valid and no lot is lost."""
    random = Random(seed)
    problem = wild(seed, trucks=4, lots=6)
    if not problem.trucks:
        problem = replace(problem, trucks=(truck(),))
    problem = replace(problem, forced=())
    live = begin(problem, stop=STOP, params=PARAMS)
    stranded: list[Stranded] = []
    for _ in range(4):
        event = event_in(live, random)
        stranded += replan(live, event, stop=STOP).stranded
        plan = live.plan()
        assert stranded or violations(live.problem, plan, PARAMS) == []
        assert is_whole(live, plan)


def bound_legs(live: LivePlan) -> set[tuple[str, str, str | None, int]]:
    """Return the legs that are pinned, or that trucks are on their way to or have aboard."""
    moving, facts = live.moving, live.facts()
    held = {n for n, asked in live.asked.items() if asked.pin and asked.pin.slot_id}
    held |= moving.past.under_way | moving.past.aboard
    legs = [live.leg(facts[n], n) for n in held if facts[n, 0] >= 0]
    return {(g.truck_id, g.lot_id, g.slot_id, g.quantity_kg) for g in legs if g is not None}


@settings(CALM, max_examples=40)
@given(SEEDS)
def test_frozen_legs_and_pins_never_move(seed: int) -> None:
    """While time passes and things happen, what has begun or is pinned stays as it is."""
    random = Random(seed)
    problem = pinned(wild(seed, trucks=4, lots=6), random)
    pins = tuple(pin for pin in dict.fromkeys(problem.pins) if not pin.booked)
    problem = replace(problem, forced=(), pins=pins, trucks=problem.trucks or (truck(),))
    live = begin(problem, stop=STOP, params=PARAMS)
    for step in range(3):
        held, done = bound_legs(live), list(live.moving.past.done)
        diff = advance(live, hours(1 + 2 * step), stop=STOP)
        event = event_in(live, random)
        gone = event.lot_id if isinstance(event, Withdrawn) else None
        stranded = diff.stranded + replan(live, event, stop=STOP).stranded
        finished = {live.asked[n].lot for n in live.moving.past.finished if n in live.asked}
        lots = {live.table.problem.lots[at].lot_id for at in finished} | {gone}
        assert {leg for leg in held if leg[1] not in lots} <= bound_legs(live)
        assert all(
            now[: len(then)] == then for then, now in zip(done, live.moving.past.done, strict=True)
        )
        if stranded:
            return


@settings(CALM, max_examples=30)
@given(SEEDS)
def test_merging_a_background_plan_is_valid_and_never_dearer(seed: int) -> None:
    """A copy is searched on while an event is answered; merging it leaves a valid plan."""
    random = Random(seed)
    problem = wild(seed, trucks=4, lots=6)
    problem = replace(problem, forced=(), trucks=problem.trucks or (truck(),))
    live = begin(problem, stop=Iterations(0), params=PARAMS)
    twin = live.copy()
    improve(twin, stop=Iterations(60))
    stranded = replan(live, event_in(live, random), stop=Iterations(0)).stranded
    diff = merge(live, twin)
    assert diff.cost_after <= diff.cost_before + 1e-6
    assert stranded or violations(live.problem, live.plan(), PARAMS) == []


def two_trucks() -> LivePlan:
    """Begin a plan for two lots and three trucks at Rạch Giá, of which the third is far off."""
    trucks = (truck("T1"), truck("T2"), truck("T3", position=CAN_THO))
    lots = (lot("L1"), lot("L2", pickup=GO_QUAO))
    return begin(world(trucks=trucks, lots=lots), stop=STOP)


def truck_of(live: LivePlan, lot_id: str) -> str | None:
    """Return who carries a lot."""
    return next((leg.truck_id for leg in live.legs() if leg.lot_id == lot_id), None)


def test_a_declined_lot_goes_to_another_truck() -> None:
    """The truck that declined does not carry it any more, another one does."""
    live = two_trucks()
    first = truck_of(live, "L1")
    diff = replan(live, Declined(first or "", "L1"), stop=STOP)
    assert truck_of(live, "L1") not in {None, first}
    assert "L1" in {moved.before.lot_id for moved in diff.moved if not moved.only_times}


def test_a_broken_truck_does_nothing_more() -> None:
    """Its lots go to other trucks."""
    live = two_trucks()
    first = truck_of(live, "L1")
    diff = replan(live, BrokenDown(first or ""), stop=STOP)
    assert first not in {leg.truck_id for leg in live.legs()}
    assert truck_of(live, "L1") is not None
    assert diff.unassigned == ()


def test_a_closed_slot_is_left() -> None:
    """A slot that has no places any more is used by nobody, and the lot comes in another one."""
    live = two_trucks()
    slot = next(leg.slot_id for leg in live.legs() if leg.lot_id == "L1")
    replan(live, SlotCut(slot or "", 0), stop=STOP)
    assert slot not in {leg.slot_id for leg in live.legs()}
    assert truck_of(live, "L1") is not None


def test_withdrawing_a_lot_that_nobody_carries_changes_nothing() -> None:
    """The plan is the same to the second."""
    live = two_trucks()
    replan(live, LotAdded(lot("L3", temperature="frozen")), stop=STOP)
    before = live.legs()
    diff = replan(live, Withdrawn("L3"), stop=STOP)
    assert (diff.added, diff.removed, diff.moved) == ((), (), ())
    assert live.legs() == before


def test_a_lot_that_comes_is_planned_and_one_that_comes_late_waits() -> None:
    """The horizon holds for new lots too, and time brings them in."""
    live = two_trucks()
    diff = replan(live, LotAdded(lot("L3")), stop=STOP)
    assert [leg.lot_id for leg in diff.added] == ["L3"]
    late = lot("L4", ready_from=hours(6), hold_until=hours(15))
    assert replan(live, LotAdded(late), stop=STOP).added == ()
    assert live.plan().waiting == ("L4",)
    diff = advance(live, hours(3), stop=STOP)
    assert "L4" in {leg.lot_id for leg in diff.added}


def test_a_dear_change_keeps_lots_where_they_are() -> None:
    """With a high price of stability a delay moves no lot that can still be carried."""
    live = begin(two_trucks().problem, stop=STOP, params=replace(PARAMS, churn_cost=50_000.0))
    first = truck_of(live, "L1")
    replan(live, Delayed(first or "", 1_800), stop=STOP)
    assert truck_of(live, "L1") == first


def test_goods_aboard_a_broken_truck_are_stranded() -> None:
    """They stay in the plan, and somebody is told."""
    live = begin(world(), stop=STOP)
    (leg,) = live.legs()
    assert leg.pickup is not None
    advance(live, leg.pickup + (leg.delivery - leg.pickup) * 0.9, stop=STOP)
    (aboard,) = live.legs()
    assert aboard.pickup is None
    diff = replan(live, BrokenDown("T1"), stop=STOP)
    assert diff.stranded == (Stranded("T1", "L1"),)
    assert live.legs() == [aboard]


def test_a_pin_on_a_delayed_truck_that_cannot_keep_its_slot_is_stranded() -> None:
    """A pin does not move, even where it comes too late."""
    problem = world(pins=(Pin("T1", "L1", slots()[4].slot_id),))
    live = begin(problem, stop=STOP)
    diff = replan(live, Delayed("T1", 36_000), stop=STOP)
    assert diff.stranded == (Stranded("T1", "L1"),)
    assert [(leg.truck_id, leg.slot_id) for leg in live.legs()] == [("T1", slots()[4].slot_id)]


def test_priority_brings_a_lot_in_that_was_left_over() -> None:
    """Where a truck has time for one lot only, it is the one that matters more."""
    problem = world(
        lots=(lot("L1"), lot("L2", quantity_kg=4_000)),
        slots=slots(first=4, count=1, free=1),
        trucks=(truck(payload_kg=6_000),),
    )
    live = begin(problem, stop=STOP)
    assert truck_of(live, "L2") is None
    replan(live, Reprioritised("L2", 9), stop=Iterations(200))
    assert truck_of(live, "L2") == "T1"


@pytest.mark.parametrize(
    "event",
    [
        Withdrawn("L9"),
        Declined("T9", "L1"),
        BrokenDown("T9"),
        Delayed("T9", 60),
        SlotCut("none", 1),
        Reprioritised("L9", 1),
        LotAdded(lot("L1")),
    ],
)
def test_an_event_about_what_there_is_not_is_refused(event: Event) -> None:
    """The error says what was expected, and the plan is as it was."""
    live = two_trucks()
    before = (live.legs(), live.cost)
    with pytest.raises(InvalidProblem, match="Expected a"):
        replan(live, event, stop=STOP)
    assert (live.legs(), live.cost) == before


def test_rich_worlds_stand_too() -> None:
    """Return loads, bays, quotas, shifts, swaps and committed legs survive events and time."""
    seen: list[tuple[Problem, int]] = []
    for seed in range(12):
        problem = rich(seed)
        if not problem.trucks:
            continue
        random = Random(seed)
        live = begin(replace(problem, forced=()), stop=STOP, params=PARAMS)
        for _ in range(3):
            event = event_in(live, random)
            if isinstance(event, Closed) and problem.committed:
                continue
            if replan(live, event, stop=STOP).stranded:
                break
            assert violations(live.problem, live.plan(), PARAMS) == [], seed
        seen.append((live.problem, seed))
    assert len(seen) > 5
