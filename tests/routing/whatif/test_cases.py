"""Hold single cases to what a dispatcher would say of them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from shapely.geometry import LineString, mapping

from routing.roads.closures import Closure, touches
from routing.roads.errors import RoadError
from routing.roads.network import RoadNetwork
from routing.travel import RoadTravel
from routing.whatif.measure import ClosedCheckpoint, ClosedGate, ClosedRoad, circle, name_of
from routing.whatif.world import read_world
from schemas.model import format_time
from tests.routing.whatif.world import (
    NOW,
    PORTS,
    Docs,
    add_corridor,
    add_lot,
    add_trip,
    ask,
    bare,
    hours,
    place,
)


@pytest.fixture
def docs() -> Docs:
    """Return a world without trips."""
    return bare()


@pytest.fixture
def travel(network: RoadNetwork) -> RoadTravel:
    """Return the open roads."""
    return RoadTravel(network)


def closed_at(
    trip: dict[str, Any], share: float, since_h: float = 0, until_h: float | None = 9
) -> ClosedRoad:
    """Close a point on a trip's route."""
    line = LineString(trip["route"]["geometry"]["coordinates"])
    return ClosedRoad(
        geometry=mapping(line.interpolate(share, normalized=True)),
        valid_from=hours(since_h),
        valid_until=None if until_h is None else hours(until_h),
    )


def at_port(facility_id: str, until_h: float | None) -> ClosedRoad:
    """Close all around a facility, so that no way leads there."""
    point = place(PORTS[facility_id])
    return ClosedRoad(
        geometry=circle(point.lat, point.lon, 1_500),
        kind="zone",
        valid_from=NOW,
        valid_until=None if until_h is None else hours(until_h),
    )


def test_a_truck_beyond_the_closure_is_not_hit(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    """Dispatch would look for another way all the same, and the answer says so."""
    trip = add_trip(docs, travel, 1, leaves_h=-4, seen_share=0.9)
    assert trip["status"] == "loaded"
    found = ask(docs, closed_at(trip, 0.7), network)
    assert (found.trips, found.planned_anew) == ((), ("A-01",))
    found = ask(docs, closed_at(trip, 0.95), network)
    assert [each.assignment_id for each in found.trips] == ["A-01"]


def test_a_truck_that_stands_before_a_closure_meets_it_whatever_its_plan_says(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    trip = add_trip(docs, travel, 1, leaves_h=-4, seen_share=0.6)
    closed = closed_at(trip, 0.7)
    (hit,) = ask(docs, closed, network).trips
    assert hit.placed_by == "position"
    docs["truck"]["truck-01"]["position"] = None
    found = ask(docs, closed, network)
    assert all(each.placed_by == "plan" for each in found.trips)


def test_a_trip_that_comes_before_the_closure_begins_is_not_hit(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    trip = add_trip(docs, travel, 1, leaves_h=0.5)
    (hit,) = ask(docs, closed_at(trip, 0.2), network).trips
    assert hit.meets is not None
    after_h = (hit.meets.ends - NOW).total_seconds() / 3600 + 0.05
    assert ask(docs, closed_at(trip, 0.2, since_h=after_h), network).trips == ()
    before_h = (hit.meets.begins - NOW).total_seconds() / 3600 - 0.05
    assert ask(docs, closed_at(trip, 0.2, until_h=before_h), network).trips == ()


def test_a_detour_costs_what_the_roads_say(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    trip = add_trip(docs, travel, 1, leaves_h=0.5)
    closed = closed_at(trip, 0.8)
    (hit,) = ask(docs, closed, network).trips
    assert hit.detour is not None
    via = [place("Rạch Giá"), place("Gò Quao"), place("Cần Thơ")]
    around = travel.supposing(Closure.from_geojson("c", closed.geometry))
    path, free = around.route("rigid_2_axle", via), travel.route("rigid_2_axle", via)
    assert hit.detour.duration_s == path.duration_s
    assert hit.detour.extra_s == pytest.approx(path.duration_s - free.duration_s, abs=0.01)
    assert hit.detour.extra_m == pytest.approx(path.distance_m - free.distance_m, abs=0.2)
    assert touches(trip["route"]["geometry"], closed.geometry)


def test_a_short_closure_of_the_only_way_is_waited_for(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    add_trip(docs, travel, 1, leaves_h=-4, seen_share=0.97)
    docs["slot"][docs["assignment"]["A-01"]["slot_id"]]["window_end"] = format_time(hours(6))
    docs["assignment"]["A-01"]["window_end"] = format_time(hours(6))
    (hit,) = ask(docs, at_port("port-can-tho", 1), network).trips
    assert (hit.becomes, hit.detour, hit.waits_until) == ("wait", None, hours(1))
    assert hit.delay_s == hit.waiting_s > 0
    assert [each.code for each in hit.reasons] == ["no_route"]


def test_goods_with_one_destination_behind_an_endless_closure_are_lost(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    add_trip(docs, travel, 1)
    docs["lot"]["lot-01"]["destinations"] = ["port-can-tho"]
    found = ask(docs, at_port("port-can-tho", None), network)
    (hit,) = found.trips
    assert (hit.becomes, hit.lost_kg, hit.delivery_eta) == ("lost", 5_000, None)
    assert found.totals.tonnes_lost.value == 5.0
    (lot,) = found.lots
    assert (lot.lot_id, lot.lost_kg) == ("lot-01", 5_000)
    docs["lot"]["lot-01"]["destinations"] = []
    (hit,) = ask(docs, at_port("port-can-tho", None), network).trips
    assert hit.other_slot is not None
    assert hit.other_slot.facility_id != "port-can-tho"


def test_a_closed_gate_sends_a_truck_to_the_other_gate_in_the_same_hour(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    trip = add_trip(docs, travel, 1)
    gate = ClosedGate(facility_id="port-can-tho", gate_id="G1", valid_from=NOW)
    found = ask(docs, gate, network)
    (hit,) = found.trips
    assert hit.other_slot is not None
    assert hit.other_slot.slot_id == trip["slot_id"].replace("|G1|", "|G2|")
    assert (hit.delay_s, hit.extra_drive_s, hit.meets, found.closed) == (0, 0, None, None)
    assert [each.code for each in hit.reasons] == ["gate_closed"]
    assert {slot.slot_id for slot in found.slots if slot.assignments} == {trip["slot_id"]}
    for slot in docs["slot"].values():
        if slot["gate_id"] == "G2":
            slot["status"] = "closed"
    docs["lot"]["lot-01"]["destinations"] = ["port-can-tho"]
    (hit,) = ask(docs, gate, network).trips
    assert hit.becomes == "lost"


def test_the_last_place_goes_to_whoever_delivers_first(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    for number, leaves_h in ((1, 0.6), (2, 0.5)):
        add_trip(docs, travel, number, leaves_h=leaves_h)
        docs["lot"][f"lot-{number:02d}"]["destinations"] = ["port-can-tho"]
    other = docs["assignment"]["A-01"]["slot_id"].replace("|G1|", "|G2|")
    docs["slot"][other]["capacity_trucks"] = 1
    gate = ClosedGate(facility_id="port-can-tho", gate_id="G1", valid_from=NOW)
    found = {trip.assignment_id: trip.other_slot for trip in ask(docs, gate, network).trips}
    assert found["A-02"] is not None
    assert found["A-01"] is not None
    assert found["A-02"].slot_id == other
    assert found["A-01"].window_start > found["A-02"].window_start


def test_a_hit_corridor_names_another_that_is_open_or_the_way_round(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    ends = ("port-can-tho", "plant-ca-mau")
    add_corridor(docs, travel, "c-one", *ends)
    line = LineString(docs["corridor"]["c-one"]["geometry"]["coordinates"])
    closed = ClosedRoad(
        geometry=mapping(line.interpolate(0.5, normalized=True)), valid_from=NOW, valid_until=None
    )
    (hit,) = ask(docs, closed, network).corridors
    (alone,) = hit.alternatives
    assert alone.corridors == ()
    assert alone.way_round is not None
    assert alone.way_round.detour_ratio >= 1
    assert not touches(alone.way_round.geometry, closed.geometry)
    around = travel.supposing(Closure.from_geojson("c", closed.geometry))
    add_corridor(docs, around, "c-two", *ends)
    (hit,) = ask(docs, closed, network).corridors
    assert (hit.corridor_id, hit.alternatives[0].corridors) == ("c-one", ("c-two",))
    docs["corridor"]["c-two"]["status"] = "closed"
    (hit,) = ask(docs, closed, network).corridors
    assert hit.alternatives[0].corridors == ()


def test_a_closed_checkpoint_closes_the_road_it_stands_beside(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    """It stands 300 m from the middle of the trip's way, further than the closure reaches."""
    trip = add_trip(docs, travel, 1)
    line = LineString(trip["route"]["geometry"]["coordinates"])
    middle = line.interpolate(0.75, normalized=True)
    ahead = line.interpolate(0.751, normalized=True)
    east, north = ahead.x - middle.x, ahead.y - middle.y
    aside = 300 / 111_195 / math.hypot(east, north)
    beside = {"lat": middle.y + aside * east, "lon": middle.x - aside * north}
    docs["checkpoint"]["cp-vam-cong"] |= beside
    measure = ClosedCheckpoint(checkpoint_id="cp-vam-cong", valid_from=NOW)
    found = ask(docs, measure, network)
    (hit,) = found.trips
    assert found.closed is not None
    assert touches(trip["route"]["geometry"], found.closed)
    assert hit.meets is not None
    assert 200 < hit.meets.until_m - hit.meets.from_m < 400
    docs["checkpoint"]["cp-vam-cong"] |= {"lat": 9.0, "lon": 107.5}
    with pytest.raises(RoadError, match="from the nearest road"):
        ask(docs, measure, network)


def test_what_is_not_known_cannot_be_closed(docs: Docs, network: RoadNetwork) -> None:
    for measure in (
        ClosedCheckpoint(checkpoint_id="cp-nowhere", valid_from=NOW),
        ClosedGate(facility_id="port-nowhere", gate_id="G1", valid_from=NOW),
        ClosedRoad(geometry={"type": "Nonsense"}, valid_from=NOW),
    ):
        with pytest.raises(RoadError):
            ask(docs, measure, network)
    with pytest.raises(RoadError, match="ends after"):
        ClosedRoad(geometry={}, valid_from=NOW, valid_until=NOW)


def test_open_goods_whose_only_place_is_cut_off_are_told(docs: Docs, network: RoadNetwork) -> None:
    add_lot(docs, "open-1", "Gò Quao", destinations=["port-can-tho"])
    add_lot(docs, "open-2", "Gò Quao", destinations=["plant-ca-mau"])
    found = ask(docs, at_port("port-can-tho", None), network)
    (lot,) = found.lots
    assert (lot.lot_id, lot.open_kg, lot.open_becomes) == ("open-1", 5_000, "lost")
    assert found.totals.open_tonnes_lost.value == 5.0
    assert found.totals.tonnes_lost.value == 0.0
    found = ask(docs, at_port("port-can-tho", 5), network)
    (lot,) = found.lots
    assert lot.open_becomes == "wait"
    assert lot.open_delay_s > 0


def test_what_cannot_be_read_is_named_and_an_unreadable_closure_is_an_error(docs: Docs) -> None:
    docs["truck"]["odd"] = {"truck_id": "odd", "position": {"lat": "x", "lon": 1}}
    docs["assignment"]["odd"] = {"status": "accepted"}
    assert read_world(docs, NOW).skipped == ("assignment odd", "truck odd")
    docs["closure"]["odd"] = {"status": "in_force"}
    with pytest.raises(KeyError):
        read_world(docs, NOW)


def test_closures_in_force_are_gone_round_as_well(
    docs: Docs, travel: RoadTravel, network: RoadNetwork
) -> None:
    trip = add_trip(docs, travel, 1)
    first, second = closed_at(trip, 0.75), closed_at(trip, 0.85)
    docs["closure"]["known"] = {
        "closure_id": "known",
        "kind": "road",
        "region": "kien-giang",
        "geometry": first.geometry,
        "valid_from": format_time(NOW),
        "valid_until": None,
        "status": "in_force",
    }
    (hit,) = ask(docs, second, network).trips
    assert hit.detour is not None
    assert not touches(hit.detour.geometry, first.geometry)
    assert not touches(hit.detour.geometry, second.geometry)


def test_the_same_measure_has_the_same_name() -> None:
    one = ClosedGate(facility_id="F", gate_id="G", valid_from=NOW)
    assert name_of(one) == name_of(ClosedGate(facility_id="F", gate_id="G", valid_from=hours(0)))
    assert name_of(one) != name_of(ClosedGate(facility_id="F", gate_id="H", valid_from=NOW))
    assert name_of(one) != name_of(
        ClosedGate(facility_id="F", gate_id="G", valid_from=NOW, valid_until=hours(1))
    )
