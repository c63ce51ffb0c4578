"""Hold where a trip is, and its times from now on, to a plan that can be counted on one hand.

The way is 20 km due north to the pickup and 40 km on, at 20 m/s.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from routing.whatif.scene import PARAMS
from routing.whatif.standing import Standing, measure_track, stand
from routing.whatif.world import read_world
from schemas.model import format_time
from tests.routing.whatif.world import NOW, Docs, bare, hours

KM = 1000 / 111_195
START, PICKUP, END = 10.0, 10 + 20 * KM, 10 + 60 * KM
EMPTY_S, LOADED_S = 1_000, 2_000


def trip(leaves_s: float, status: str = "accepted", **changes: Any) -> Docs:
    """Return a world with one trip that leaves so many seconds from now."""
    docs, leave = bare(), NOW + timedelta(seconds=leaves_s)
    pickup = leave + timedelta(seconds=EMPTY_S)
    arrival = pickup + timedelta(seconds=PARAMS.load_s + LOADED_S)
    docs["truck"]["T"] = {"truck_id": "T", "home": {"lat": START, "lon": 105.0}}
    docs["lot"]["L"] = {
        "lot_id": "L",
        "product": "paddy",
        "quantity_kg": 5_000,
        "temperature": "ambient",
        "pickup": {"lat": PICKUP, "lon": 105.0, "name": "farm"},
        "ready_from": format_time(leave),
        "hold_until": format_time(hours(24)),
    }
    docs["assignment"]["A"] = {
        "assignment_id": "A",
        "truck_id": "T",
        "haulier_id": "H",
        "lot_id": "L",
        "product": "paddy",
        "temperature": "ambient",
        "quantity_kg": 5_000,
        "facility_id": "port-can-tho",
        "gate_id": "G1",
        "slot_id": "port-can-tho|G1|20210824T0300Z",
        "window_start": format_time(hours(0)),
        "window_end": format_time(hours(9)),
        "pickup": {"lat": PICKUP, "lon": 105.0},
        "departure": format_time(leave),
        "pickup_eta": format_time(pickup),
        "delivery_eta": format_time(arrival),
        "drive_s": EMPTY_S + LOADED_S,
        "route": {
            "geometry": {
                "type": "LineString",
                "coordinates": [[105.0, START], [105.0, PICKUP], [105.0, END]],
            }
        },
        "status": status,
        **changes,
    }
    return docs


def seen(docs: Docs, km: float, ago_s: float = 0, east_km: float = 0) -> Docs:
    """See the truck so far along its way."""
    at = format_time(NOW - timedelta(seconds=ago_s))
    docs["truck"]["T"]["position"] = {"lat": START + km * KM, "lon": 105 + east_km * KM, "at": at}
    return docs


def standing(docs: Docs) -> Standing:
    """Find where the trip is."""
    world = read_world(docs, NOW)
    assert world.skipped == ()
    one = world.trips["A"]
    return stand(one, measure_track(one), world.trucks["T"], world, PARAMS)


def near(value: float) -> Any:
    """Return a number that a few metres or seconds more equal."""
    return pytest.approx(value, abs=30)


def test_a_trip_that_has_not_left_sets_out_as_planned() -> None:
    found = standing(trip(600))
    assert (found.along_m, found.leaves_s, found.load_s) == (0, 600, PARAMS.load_s)
    assert (found.placed_by, found.is_loaded, found.at_pickup) == ("plan", False, False)
    assert found.when_s(10_000) == near(600 + 500)
    assert found.when_s(40_000) == near(600 + EMPTY_S + PARAMS.load_s + 1_000)


def test_an_offer_whose_departure_is_past_leaves_now_at_the_earliest() -> None:
    found = standing(trip(-600, "proposed"))
    assert (found.along_m, found.leaves_s) == (0, 0)
    assert found.when_s(10_000) == near(500)


def test_without_a_position_a_truck_is_where_its_plan_says() -> None:
    found = standing(trip(-500))
    assert (found.along_m, found.driven_s, found.placed_by) == (near(10_000), near(500), "plan")
    found = standing(trip(-EMPTY_S - PARAMS.load_s - 500, "loaded"))
    assert (found.along_m, found.is_loaded) == (near(30_000), True)
    assert found.when_s(60_000) == near(1_500)


def test_a_late_truck_is_late_from_there_on() -> None:
    found = standing(seen(trip(-900), 2, ago_s=100))
    assert (found.along_m, found.placed_by) == (near(4_000), "position")
    assert found.when_s(20_000) == near(800)
    found = standing(seen(trip(-4_000, "loaded"), 25))
    assert found.along_m == near(25_000)
    assert found.when_s(60_000) == near(1_750)


def test_a_truck_far_off_its_way_or_seen_before_it_left_is_placed_by_its_plan() -> None:
    assert standing(seen(trip(-500), 2, east_km=9)).placed_by == "plan"
    assert standing(seen(trip(-500), 2, ago_s=900)).placed_by == "plan"


def test_a_truck_at_its_pickup_has_the_rest_of_loading_left() -> None:
    for docs in (trip(-EMPTY_S - 600), seen(trip(-EMPTY_S - 600), 20)):
        found = standing(docs)
        assert found.at_pickup
        assert (found.along_m, found.load_s) == (near(20_000), near(PARAMS.load_s - 600))
    late = standing(trip(-EMPTY_S - PARAMS.load_s - 500))
    assert (late.at_pickup, late.load_s) == (True, 0)
    assert late.when_s(40_000) == near(1_000)


def test_a_planned_break_tells_what_was_driven_before_the_trip() -> None:
    """The break after 500 s of driving fills four hours: 13,900 s were driven before."""
    leave = NOW - timedelta(seconds=200)
    rest = [leave + timedelta(seconds=500), leave + timedelta(seconds=1_400)]
    breaks = [[format_time(moment) for moment in rest]]
    pickup = format_time(leave + timedelta(seconds=EMPTY_S + 900))
    found = standing(trip(-200, breaks=breaks, pickup_eta=pickup))
    assert found.since_break_s == pytest.approx(13_900 + found.driven_s, abs=30)
