"""Who is expected at a checkpoint: by the trips whose way passes it, and no more once cleared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.expected import approaches, expected, passing
from schemas.model import format_time
from tests.api.conftest import Stand

Doc = dict[str, Any]
NOON = datetime(2021, 8, 25, 5, 0, tzinfo=UTC)
KM = 1 / 111.195
"""Degrees of latitude."""


def _at(minute: float) -> str:
    return format_time(NOON + timedelta(minutes=minute))


def _checkpoint(place_id: str, km: float, **fields: Any) -> Doc:
    place = {"place_id": place_id, "lat": 10 + km * KM, "lon": 105.0, "bays": 1}
    return {**place, "name": place_id, "status": "active", "present": [], "queue": None, **fields}


def _trip(number: int = 1, status: str = "accepted", **fields: Any) -> Doc:
    """Drive 20 km south to the pickup and 60 km north to the port, at 40 km/h, leaving at 13:00.

    It is at the pickup at 13:30, leaves it at 14:00 and is at the port at 15:30.
    """
    points = [[105.0, 10 + km * KM] for km in (0, -10, -20, 0, 20, 40)]
    return {
        "assignment_id": f"A{number}",
        "truck_id": f"T{number}",
        "haulier_id": "H1",
        "facility_id": "F1",
        "lot_id": "L1",
        "plate": f"68C-{number}",
        "status": status,
        "corridor_id": None,
        "pickup": {"lat": 10 - 20 * KM, "lon": 105.0},
        "departure": _at(60),
        "pickup_eta": _at(90),
        "delivery_eta": _at(210),
        "route": {
            "geometry": {"type": "LineString", "coordinates": points},
            "duration_s": 7_200.0,
            "distance_m": 80_000.0,
        },
        **fields,
    }


def _truck(number: int = 1, **fields: Any) -> Doc:
    return {"truck_id": f"T{number}", "plate": f"68C-{number}", "position": None, **fields}


def _position(km: float, minute: float) -> Doc:
    return {"lat": 10 + km * KM, "lon": 105.0, "at": _at(minute)}


def _seen(place_id: str, minute: float, decision: str = "cleared") -> Doc:
    return {"checkpoint_id": place_id, "decision": decision, "at": _at(minute)}


NORTH, BOTH = _checkpoint("NORTH", 20), _checkpoint("BOTH", -10)
ASIDE = _checkpoint("ASIDE", 10, lon=105.01)


def _expect(
    checkpoint: Doc, trips: list[Doc], trucks: list[Doc], minute: float, hours: int = 2
) -> Doc:
    places = [checkpoint, *(one for one in (NORTH, BOTH) if one is not checkpoint)]
    found = passing(checkpoint, places, trips, {})
    by_id = {one["truck_id"]: one for one in trucks}
    return expected(checkpoint, places, found, by_id, NOON + timedelta(minutes=minute), hours)


def _minutes(told: Doc) -> list[float]:
    return [(one["eta"] - NOON).total_seconds() / 60 for one in told["trucks"]]


def test_a_loaded_truck_is_expected_from_where_it_is() -> None:
    truck = _truck(position=_position(0, 150))
    told = _expect(NORTH, [_trip(status="loaded")], [truck], 150)
    [one] = told["trucks"]
    assert (one["assignment_id"], one["plate"], one["status"]) == ("A1", "68C-1", "loaded")
    assert _minutes(told) == [pytest.approx(150 + 30, abs=4)]
    assert one["eta_low"] < one["eta"] < one["eta_high"]
    assert len(told["bins"]) == 8
    assert sum(one["expected"] for one in told["bins"]) == pytest.approx(1, abs=0.05)


def test_a_truck_that_has_not_left_is_expected_on_both_of_its_ways() -> None:
    told = _expect(BOTH, [_trip()], [_truck(position=_position(0, 0))], 30, hours=3)
    assert _minutes(told) == [pytest.approx(75, abs=15), pytest.approx(135, abs=15)]


def test_an_offer_is_marked_and_counted_apart() -> None:
    told = _expect(BOTH, [_trip(status="proposed")], [_truck()], 30, hours=3)
    assert {one["status"] for one in told["trucks"]} == {"proposed"}
    assert sum(one["expected"] for one in told["bins"]) == 0
    assert sum(one["proposed"] for one in told["bins"]) > 1.5


def test_a_way_beside_the_checkpoint_is_no_reason_to_expect_anybody() -> None:
    assert passing(ASIDE, [ASIDE], [_trip(corridor_id="K")], {"K": 1_000.0}) == []
    [wide] = passing(ASIDE, [ASIDE], [_trip(corridor_id="K")], {"K": 3_000.0})
    assert wide.trip["assignment_id"] == "A1"


def test_who_has_passed_unseen_is_expected_no_more() -> None:
    truck = _truck(position=_position(25, 185))
    assert _expect(NORTH, [_trip(status="loaded")], [truck], 186)["trucks"] == []


def test_who_stands_there_is_expected_no_more() -> None:
    present = [{"vehicle": "T1", "decision": "arrived", "since": _at(170)}]
    truck = _truck(position=_position(19.9, 171))
    place = {**NORTH, "present": present}
    assert _expect(place, [_trip(status="loaded")], [truck], 172)["trucks"] == []


def test_a_truck_that_nobody_has_heard_of_for_hours_is_expected_no_more() -> None:
    truck = _truck(position=_position(0, 150))
    assert _expect(NORTH, [_trip(status="loaded")], [truck], 150 + 60)["trucks"] != []
    assert _expect(NORTH, [_trip(status="loaded")], [truck], 150 + 240)["trucks"] == []


@settings(max_examples=200, deadline=None)
@given(
    scanned=st.integers(160, 200),
    heard=st.none() | st.tuples(st.floats(-20, 40), st.integers(100, 210)),
    later=st.integers(0, 60),
    decision=st.sampled_from(["cleared", "arrived", "held", "refused"]),
    status=st.sampled_from(["accepted", "loaded"]),
)
def test_who_was_scanned_there_is_expected_no_more(
    scanned: int, heard: tuple[float, int] | None, later: int, decision: str, status: str
) -> None:
    position = None if heard is None else _position(*heard)
    truck = _truck(position=position, last_checkpoint=_seen("NORTH", scanned, decision))
    told = _expect(NORTH, [_trip(status=status)], [truck], scanned + later, hours=3)
    assert told["trucks"] == []
    assert all(one["expected"] == 0 for one in told["bins"])


def test_who_was_cleared_on_the_way_out_is_expected_on_the_way_back() -> None:
    truck = _truck(last_checkpoint=_seen("BOTH", 76), position=_position(-9, 74))
    told = _expect(BOTH, [_trip()], [truck], 80)
    assert _minutes(told) == [pytest.approx(135, abs=15)]


def test_an_earlier_trip_of_the_truck_says_nothing_of_this_one() -> None:
    truck = _truck(last_checkpoint=_seen("BOTH", 20))
    assert len(_expect(BOTH, [_trip()], [truck], 30, hours=3)["trucks"]) == 2


def test_a_truck_that_leaves_late_comes_late_to_what_is_behind_its_pickup() -> None:
    [passes] = passing(NORTH, [NORTH], [_trip()], {})
    late = approaches(passes, _truck(position=_position(-5, 120)), 120 * 60 + NOON.timestamp())
    assert [one.planned for one in late] == [True]
    assert late[0].from_s == pytest.approx(NOON.timestamp() + 60 * (120 + 120 - 67.5), abs=60)


def test_a_queue_holds_up_who_arrives() -> None:
    queue = {
        "waiting": 10,
        "held": 0,
        "clearances_per_h": 20.0,
        "clearances_per_h_low": 15.0,
        "clearances_per_h_high": 25.0,
        "dwell_s": 1_800.0,
        "dwell_p90_s": 3_000.0,
        "assumed": False,
        "as_of": _at(0),
    }
    told = _expect({**NORTH, "queue": queue}, [], [], 0)
    delays = [one["delay_s"] for one in told["bins"]]
    assert delays[0] == pytest.approx(10 * 180 - 450 + 180, abs=5)
    assert delays == sorted(delays, reverse=True)
    assert delays[-1] == 180
    assert told["assumed"] is False
    assert _expect(NORTH, [], [], 0)["assumed"] is True


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(4)))
def test_the_order_of_trips_changes_nothing(order: list[int]) -> None:
    trips = [_trip(n, departure=_at(60 + n)) for n in range(4)]
    trucks = [_truck(n) for n in range(4)]
    assert _expect(BOTH, [trips[n] for n in order], trucks, 30) == _expect(BOTH, trips, trucks, 30)


@pytest.mark.integration
async def test_arrivals_are_answered_from_the_views_to_those_who_may_know(stand: Stand) -> None:
    soon = datetime.now(UTC).replace(microsecond=0)
    shift = soon - NOON - timedelta(minutes=150)

    def moved(told: str) -> str:
        return format_time(datetime.fromisoformat(told) + shift)

    trip = _trip(status="loaded")
    trip |= {name: moved(trip[name]) for name in ("departure", "pickup_eta", "delivery_eta")}
    stand.put("checkpoint", "NORTH", **NORTH)
    stand.put("checkpoint", "OLD", **{**BOTH, "place_id": "OLD", "status": "retired"})
    stand.put("assignment", "A1", **trip)
    stand.put("assignment", "A2", **{**trip, "assignment_id": "A2", "status": "delivered"})
    position = {**_position(0, 150), "at": format_time(soon)}
    stand.put("truck", "T1", **_truck(position=position, last_checkpoint=None))
    stand.put("corridor", "K", corridor_id="K", width_m=200.0)
    path = "/v1/checkpoints/NORTH/arrivals"
    for role in ("dispatcher", "checkpoint_officer:NORTH"):
        answer = await stand.ask("GET", path, role=role)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert [one["assignment_id"] for one in told["trucks"]] == ["A1"]
        assert (len(told["bins"]), told["hours"], told["queue"]) == (8, 2, None)
    for role in ("checkpoint_officer:SOUTH", "haulier:H1", "observer", "checkpoint_officer"):
        assert (await stand.ask("GET", path, role=role)).status_code == 403
    wide = await stand.ask("GET", f"{path}?hours=4")
    assert len(wide.json()["bins"]) == 16
    assert (await stand.ask("GET", f"{path}?hours=0")).status_code == 422
    unknown = await stand.ask("GET", "/v1/checkpoints/NOWHERE/arrivals")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "checkpoint_unknown")


@pytest.mark.integration
async def test_arrivals_wait_for_redis_with_a_problem(blind: Stand) -> None:
    answer = await blind.ask("GET", "/v1/checkpoints/NORTH/arrivals")
    assert (answer.status_code, answer.json()["code"]) == (503, "views_unavailable")
