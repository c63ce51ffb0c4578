"""Corridors are preferred where they may be used, and a trip without one says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from routing.dispatch import AssemblyPoint, Corridor, Iterations, Params, Problem, Trip, plan
from tests.routing.dispatch.worlds import CAN_THO, TAC_CAU, facility, hours, lot, slots, world

CORRIDOR = Corridor(
    corridor_id="C1",
    kind="shuttle",
    facilities=("F1", "F2"),
    roster=frozenset(),
    assembly_points=(AssemblyPoint("F1", CAN_THO), AssemblyPoint("F2", TAC_CAU)),
    valid_from=hours(-24),
)


def _trip(problem: Problem, **params: Any) -> Trip:
    (trip,) = plan(problem, stop=Iterations(0), params=Params(**params)).trips
    return trip


def _world(**changes: Any) -> Problem:
    return world(corridors=(replace(CORRIDOR, **changes),), lots=(lot(destinations=("F1",)),))


def test_a_pickup_near_an_assembly_point_joins_the_corridor() -> None:
    """The trip names the corridor, and passes the assembly point nearest to the pickup."""
    trip = _trip(_world())
    assert (trip.corridor_id, trip.corridor_reason) == ("C1", None)
    assert trip.via[2] == TAC_CAU
    assert trip.cost["corridor"] == -Params().corridor_bonus


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("not_on_roster", {"roster": frozenset({"T9"})}),
        ("not_valid", {"valid_until": hours(1)}),
        ("not_valid", {"valid_from": hours(20)}),
        ("outside_hours", {"hours": (time(22), time(5))}),
        ("no_corridor", {"facilities": ("F2", "F3")}),
        ("too_far", {"assembly_points": (AssemblyPoint("F1", CAN_THO),)}),
        ("dearer", {}),
    ],
)
def test_a_trip_without_a_corridor_says_why(reason: str, changes: dict[str, Any]) -> None:
    """Roster, validity, hours, distance and cost each keep a trip out, and are named."""
    trip = _trip(_world(**changes), corridor_bonus=0.0 if reason == "dearer" else 900.0)
    assert (trip.corridor_id, trip.corridor_reason) == (None, reason)
    assert trip.explanation["corridor"] == {"corridor_id": None, "reason": reason}


@pytest.mark.parametrize(
    ("opening", "used"),
    [
        ((time(0), time(0)), True),
        ((time(6), time(22)), True),
        ((time(22), time(15)), True),
        ((time(22), time(9)), False),
    ],
)
def test_corridor_hours_are_local_and_may_run_past_midnight(
    opening: tuple[time, time], *, used: bool
) -> None:
    """The trip leaves at eight in the morning local time and takes some three hours."""
    assert (_trip(_world(hours=opening)).corridor_id == "C1") is used


def test_the_facility_at_the_end_is_not_where_a_corridor_is_joined() -> None:
    """A lot for the facility next door does not go round by it."""
    near = facility("F2", TAC_CAU)
    problem = world(
        corridors=(CORRIDOR,),
        facilities=(near,),
        slots=slots("F2"),
        lots=(lot(destinations=("F2",)),),
    )
    assert _trip(problem).corridor_id is None
