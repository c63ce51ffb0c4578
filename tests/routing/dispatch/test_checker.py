"""Hold the independent checker to account: it finds what was put wrong into a good plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from routing.dispatch import (
    AssemblyPoint,
    Committed,
    Corridor,
    DrivingState,
    Forced,
    ForcedAnswer,
    Iterations,
    Params,
    Plan,
    Point,
    Problem,
    Route,
    RouteStop,
    Trip,
    Unassigned,
    plan,
)
from routing.dispatch.crow import CrowTravel
from tests.checks.plan import violations
from tests.routing.dispatch.worlds import (
    CAN_THO,
    RACH_GIA,
    WildTravel,
    facility,
    hours,
    lot,
    slots,
    truck,
    world,
)

ON_THE_WAY = Point(9.92, 105.22)
CORRIDOR = Corridor(
    "C1",
    "shuttle",
    ("F1", "F2"),
    frozenset({"T1"}),
    (AssemblyPoint("F1", CAN_THO), AssemblyPoint("A1", ON_THE_WAY)),
    hours(-1),
    hours(20),
    (time(6), time(22)),
)
SLOW = world(
    travel=CrowTravel(speed_kmh=18),
    trucks=(truck(), truck("T2", payload_kg=3_000)),
    lots=(lot(hold_until=hours(20)),),
    corridors=(CORRIDOR,),
)
MINUTE = timedelta(minutes=1)


def _made(problem: Problem) -> Plan:
    made = plan(problem, stop=Iterations(0))
    assert violations(problem, made, Params()) == []
    return made


def test_the_plan_to_be_spoilt_is_good_and_rich() -> None:
    """It goes through a corridor, with a break on the way."""
    (trip,) = _made(SLOW).trips
    assert trip.corridor_id == "C1"
    assert len(trip.via) == 4
    assert trip.breaks


def _later(trip: Trip) -> dict[str, Any]:
    return {"delivery_eta": trip.delivery_eta + 2 * MINUTE}


SPOILT_TRIPS: dict[str, tuple[str, Callable[[Trip], dict[str, Any]]]] = {
    "another truck": ("unknown", lambda _: {"truck_id": "T9"}),
    "another lot": ("unknown", lambda _: {"lot_id": "L9"}),
    "too much": ("payload", lambda _: {"quantity_kg": 8_001}),
    "too little": ("too_small", lambda _: {"quantity_kg": 49}),
    "a smaller truck": ("unknown", lambda _: {"truck_id": "T2"}),
    "an early departure": ("departure", lambda t: {"departure": t.departure - MINUTE}),
    "an early pickup": ("eta", lambda t: {"pickup_eta": t.pickup_eta - MINUTE}),
    "a short loading": ("loading", lambda t: {"pickup_done": t.pickup_done - MINUTE}),
    "a late entry": ("eta", _later),
    "an entry before the window": (
        "slot_missed",
        lambda t: {"delivery_eta": t.window_start - MINUTE},
    ),
    "another gate": ("slot", lambda _: {"gate_id": "G2"}),
    "another window": ("slot", lambda t: {"window_end": t.window_end + MINUTE}),
    "another slot": ("slot", lambda _: {"slot_id": "F1|G1|00"}),
    "no break": ("breaks", lambda _: {"breaks": ()}),
    "a short break": (
        "breaks",
        lambda t: {"breaks": ((t.breaks[0][0], t.breaks[0][0] + MINUTE),)},
    ),
    "a break too late": (
        "breaks",
        lambda t: {"breaks": tuple((a + MINUTE, b + MINUTE) for a, b in t.breaks)},
    ),
    "hours forgotten": ("driving_hours", lambda _: {"driving": DrivingState()}),
    "driving forgotten": ("driving_hours", lambda _: {"drive_s": 1}),
    "a stop left out": ("via", lambda t: {"via": (*t.via[:2], t.via[3])}),
    "a stop elsewhere": ("via", lambda t: {"via": (*t.via[:2], RACH_GIA, t.via[3])}),
    "no corridor": ("corridor", lambda _: {"corridor_id": None}),
    "a corridor nobody opened": ("unknown", lambda _: {"corridor_id": "C9"}),
    "an override nobody asked for": ("forced", lambda _: {"forced": True}),
}


@pytest.mark.parametrize(("code", "spoil"), SPOILT_TRIPS.values(), ids=SPOILT_TRIPS.keys())
def test_a_spoilt_trip_is_found(code: str, spoil: Callable[[Trip], dict[str, Any]]) -> None:
    """Each change of one field of a good trip is named."""
    made = _made(SLOW)
    spoilt = replace(made, trips=(replace(made.trips[0], **spoil(made.trips[0])),))
    assert code in {flaw.split(":")[0] for flaw in violations(SLOW, spoilt, Params())}


def _another(made: Plan, **changes: Any) -> tuple[Route, ...]:
    """Return the routes with the last stop changed."""
    (route,) = made.routes
    return (replace(route, stops=(*route.stops[:-1], replace(route.stops[-1], **changes))),)


SPOILT_STOPS: dict[str, tuple[str, Callable[[RouteStop], dict[str, Any]]]] = {
    "an early departure": ("departure", lambda s: {"departure": s.departure - MINUTE}),
    "an early arrival": ("eta", lambda s: {"arrival": s.arrival - MINUTE}),
    "an early passage": ("eta", lambda s: {"through_at": s.through_at and s.through_at - MINUTE}),
    "a detour": ("eta", lambda _: {"through": RACH_GIA}),
    "work before the arrival": ("order", lambda s: {"start": s.arrival - MINUTE}),
    "a short unloading": ("unloading", lambda s: {"end": s.end - MINUTE}),
    "another place": ("via", lambda _: {"position": RACH_GIA}),
    "other goods": ("load", lambda _: {"lot_id": "L9"}),
    "more goods": ("load", lambda _: {"quantity_kg": 5_001}),
    "goods of another size": ("volume", lambda _: {"volume_l": 1}),
    "a pickup for a delivery": ("load", lambda _: {"kind": "pickup"}),
    "a driver from nowhere": ("driving_hours", lambda _: {"relief": 0}),
}


@pytest.mark.parametrize(("code", "spoil"), SPOILT_STOPS.values(), ids=SPOILT_STOPS.keys())
def test_a_spoilt_route_is_found(code: str, spoil: Callable[[RouteStop], dict[str, Any]]) -> None:
    """Each change of one field of a good route's last stop is named."""
    made = _made(SLOW)
    stop = made.routes[0].stops[-1]
    change = spoil(stop)
    trips = made.trips
    if "end" in change:  # else the trip is not known to be this one
        trips = (replace(trips[0], delivery_done=change["end"]),)
    spoilt = replace(made, trips=trips, routes=_another(made, **change))
    assert code in {flaw.split(":")[0] for flaw in violations(SLOW, spoilt, Params())}


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("driving_hours", {"breaks": ()}),
        ("driving_hours", {"driving": DrivingState()}),
        ("driving_hours", {"drive_s": 1}),
        ("unknown", {"truck_id": "T9"}),
    ],
)
def test_a_route_that_tells_other_hours_is_found(code: str, change: dict[str, Any]) -> None:
    """Breaks, hours and driving of a whole route are counted again."""
    made = _made(SLOW)
    spoilt = replace(made, routes=(replace(made.routes[0], **change),))
    assert code in {flaw.split(":")[0] for flaw in violations(SLOW, spoilt, Params())}


SPOILT_WORLDS: dict[str, tuple[str, Problem]] = {
    "the roads close": ("closed", replace(SLOW, travel=WildTravel(1, closed=1.0))),
    "the roads are slower": ("eta", replace(SLOW, travel=CrowTravel(speed_kmh=17))),
    "the truck is warm": (
        "temperature",
        replace(SLOW, trucks=(truck(temperature_classes=frozenset({"ambient"})), SLOW.trucks[1])),
    ),
    "the truck is busy": (
        "departure",
        replace(SLOW, trucks=(truck(available_from=hours(1)), SLOW.trucks[1])),
    ),
    "the driver is tired": (
        "driving_hours",
        replace(SLOW, trucks=(truck(driving=DrivingState(0, 30_000)), SLOW.trucks[1])),
    ),
    "the goods spoil": ("hold", replace(SLOW, lots=(lot(hold_until=hours(5)),))),
    "the goods go elsewhere": (
        "destination",
        replace(SLOW, lots=(lot(hold_until=hours(20), destinations=("F7",)),)),
    ),
    "the port takes paddy": (
        "destination",
        replace(SLOW, facilities=(facility(products=frozenset({"paddy"})),)),
    ),
    "the goods are far from ready": (
        "not_ready",
        replace(SLOW, lots=(lot(ready_from=hours(6), hold_until=hours(20)),)),
    ),
    "the lot is smaller": (
        "lot_overbooked",
        replace(SLOW, lots=(lot(hold_until=hours(20), quantity_kg=4_000),)),
    ),
    "the lot is larger": (
        "lot_forgotten",
        replace(SLOW, lots=(lot(hold_until=hours(20), quantity_kg=6_000),)),
    ),
    "the slots are full": ("slot_overfull", replace(SLOW, slots=slots(free=0))),
    "the haulier declined": ("declined", replace(SLOW, forbidden=frozenset({("T1", "L1")}))),
    "an override is asked for": ("forced", replace(SLOW, forced=(Forced("T1", "L1"),))),
    "the truck lacks a skill": (
        "skills",
        replace(SLOW, lots=(lot(hold_until=hours(20), needs=frozenset({"lift"})),)),
    ),
    "the port wants a permit": (
        "permits",
        replace(SLOW, facilities=(facility(permits=frozenset({"port"})),)),
    ),
    "the shift is over": (
        "shift",
        replace(SLOW, trucks=(truck(shift_end=hours(3)), SLOW.trucks[1])),
    ),
    "the pass has expired": (
        "pass",
        replace(SLOW, trucks=(truck(pass_until=hours(3)), SLOW.trucks[1])),
    ),
    "the week is full": (
        "driving_week",
        replace(SLOW, trucks=(truck(driving=DrivingState(0, 0, 170_000)), SLOW.trucks[1])),
    ),
    "the truck has no room": (
        "volume",
        replace(SLOW, lots=(lot(hold_until=hours(20), volume_l=1),)),
    ),
    "the port has no bay": ("bays", replace(SLOW, facilities=(facility(bays=0),))),
    "the haulier has no quota": (
        "quota",
        replace(SLOW, slots=tuple(replace(one, quotas={"H-T1": 0}) for one in slots())),
    ),
    "another leg comes first": (
        "committed",
        replace(SLOW, committed=(Committed("T1", lot("L0"), slots()[9]),)),
    ),
    "the corridor has another roster": (
        "corridor",
        replace(SLOW, corridors=(replace(CORRIDOR, roster=frozenset({"T2"})),)),
    ),
    "the corridor is not yet valid": (
        "corridor",
        replace(SLOW, corridors=(replace(CORRIDOR, valid_from=hours(19)),)),
    ),
    "the corridor is valid no longer": (
        "corridor",
        replace(SLOW, corridors=(replace(CORRIDOR, valid_until=hours(1)),)),
    ),
    "the corridor is shut for the day": (
        "corridor",
        replace(SLOW, corridors=(replace(CORRIDOR, hours=(time(22), time(6))),)),
    ),
    "the corridor leads elsewhere": (
        "corridor",
        replace(SLOW, corridors=(replace(CORRIDOR, facilities=("F2", "F3")),)),
    ),
}


@pytest.mark.parametrize(("code", "problem"), SPOILT_WORLDS.values(), ids=SPOILT_WORLDS.keys())
def test_a_plan_for_another_world_is_found(code: str, problem: Problem) -> None:
    """A plan that was good for one world breaks a rule of a stricter one."""
    found = violations(problem, _made(SLOW), Params())
    assert code in {flaw.split(":")[0] for flaw in found}


def test_a_pickup_too_far_from_the_corridor_is_found() -> None:
    """The distance to where the corridor is joined has a limit."""
    found = violations(SLOW, _made(SLOW), Params(corridor_join_m=1_000))
    assert [flaw.split(":")[0] for flaw in found] == ["corridor"]


def test_a_margin_that_is_used_up_is_found() -> None:
    """With a margin of a whole day no delivery keeps it."""
    found = violations(SLOW, _made(SLOW), Params(margin_s=86_400))
    assert "hold" in {flaw.split(":")[0] for flaw in found}


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("truck_twice", lambda made: {"routes": made.routes * 2}),
        ("unmatched", lambda made: {"trips": made.trips * 2}),
        ("unmatched", lambda _: {"routes": ()}),
        ("handover", lambda made: {"routes": _another(made, kind="handover")}),
        ("lot_forgotten", lambda _: {"trips": ()}),
        ("idle", lambda _: {"idle_trucks": ()}),
        ("waiting", lambda _: {"trips": (), "waiting": ("L1",)}),
        ("no_reason", lambda _: {"trips": (), "unassigned": (Unassigned("L1", 5_000, ()),)}),
        ("forced", lambda _: {"forced": (ForcedAnswer(Forced("T1", "L1"), planned=True),)}),
    ],
)
def test_books_that_do_not_balance_are_found(
    code: str, change: Callable[[Plan], dict[str, Any]]
) -> None:
    """Trucks, goods and answers are counted over the whole plan."""
    made = _made(SLOW)
    found = violations(SLOW, replace(made, **change(made)), Params())
    assert code in {flaw.split(":")[0] for flaw in found}
