"""Hold what-ifs to what can be told of every one: times, ways, sums, order."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from routing.roads.closures import Closure, touches
from routing.roads.network import RoadNetwork
from routing.whatif.measure import ClosedCheckpoint, ClosedGate, ClosedRoad, Measure
from routing.whatif.outcome import DELAYED_S, Consequences
from tests.routing.roads.places import PLACES
from tests.routing.whatif.world import NOW, PORTS, Docs, ask, crowd, hours

MANY = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
SEEDS = st.integers(0, 10**6)


def ways_of(found: Consequences) -> list[Any]:
    """Return every new way that an answer proposes."""
    ways = [trip.detour.geometry for trip in found.trips if trip.detour]
    ways += [
        trip.other_slot.geometry
        for trip in found.trips
        if trip.other_slot and trip.other_slot.geometry
    ]
    return ways + [
        each.way_round.geometry
        for corridor in found.corridors
        for each in corridor.alternatives
        if each.way_round
    ]


def drawn(docs: Docs, chance: Random) -> Measure:
    """Think of a measure where trips are."""
    since = hours(chance.uniform(-1, 3))
    until = chance.choice((None, since + timedelta(hours=chance.uniform(1.1, 6))))
    span: dict[str, Any] = {"valid_from": since, "valid_until": until}
    kind = chance.choice(("road", "zone", "checkpoint", "gate"))
    trip = chance.choice(sorted(docs["assignment"].values(), key=lambda doc: doc["assignment_id"]))
    if kind == "checkpoint":
        return ClosedCheckpoint(checkpoint_id="cp-vam-cong", **span)
    if kind == "gate":
        return ClosedGate(facility_id=trip["facility_id"], gate_id=trip["gate_id"], **span)
    line = trip["route"]["geometry"]["coordinates"]
    at = chance.randrange(len(line) - 2)
    if kind == "road":
        return ClosedRoad(geometry={"type": "LineString", "coordinates": line[at : at + 2]}, **span)
    (lon, lat), reach = line[at], 0.02
    ring = [[lon - reach, lat - reach], [lon + reach, lat - reach], [lon + reach, lat + reach]]
    geometry = {"type": "Polygon", "coordinates": [[*ring, [lon - reach, lat + reach], ring[0]]]}
    return ClosedRoad(kind="zone", geometry=geometry, **span)


@MANY
@given(SEEDS)
def test_a_new_way_never_crosses_the_measure(network: RoadNetwork, seed: int) -> None:
    docs = crowd(network, seed)
    found = ask(docs, drawn(docs, Random(seed)), network)
    for way in ways_of(found):
        assert found.closed is None or not touches(way, Closure.from_geojson("c", found.closed))


@MANY
@given(SEEDS)
def test_nothing_outside_the_time_span_is_hit(network: RoadNetwork, seed: int) -> None:
    docs = crowd(network, seed)
    measure = drawn(docs, Random(seed))
    for trip in ask(docs, measure, network).trips:
        if trip.meets is None:
            begins, ends = (docs["slot"][trip.slot_id][name] for name in WINDOW)
            assert begins < (measure.valid_until or hours(99)).isoformat()
            assert ends > measure.valid_from.isoformat()
            continue
        assert trip.meets.ends >= trip.meets.begins >= NOW
        assert trip.meets.ends >= measure.valid_from - SECOND
        assert measure.valid_until is None or trip.meets.begins < measure.valid_until + SECOND


WINDOW = ("window_start", "window_end")
SECOND = timedelta(seconds=1)


@MANY
@given(SEEDS)
def test_a_measure_that_is_over_or_long_after_all_trips_hits_nothing(
    network: RoadNetwork, seed: int
) -> None:
    docs = crowd(network, seed)
    road = drawn(docs, Random(seed))
    if not isinstance(road, ClosedRoad):
        return
    for span in ((hours(-9), hours(-0.1)), (hours(48), None)):
        moved = ClosedRoad(geometry=road.geometry, valid_from=span[0], valid_until=span[1])
        found = ask(docs, moved, network)
        assert (found.trips, found.lots, found.slots) == ((), (), ())


@MANY
@given(SEEDS)
def test_the_totals_are_the_sums(network: RoadNetwork, seed: int) -> None:
    docs = crowd(network, seed)
    found = ask(docs, drawn(docs, Random(seed)), network)
    trips, totals = found.trips, found.totals
    assert totals.trucks.value == len({trip.truck_id for trip in trips})
    assert (
        totals.tonnes_lost.value == sum(t.quantity_kg for t in trips if t.becomes == "lost") / 1e3
    )
    assert totals.tonnes_lost.value == sum(lot.lost_kg for lot in found.lots) / 1000
    late = [t for t in trips if t.becomes != "lost" and t.delay_s >= DELAYED_S]
    assert totals.tonnes_delayed.value == sum(t.quantity_kg for t in late) / 1000
    assert totals.tonnes_delayed.value == sum(lot.delayed_kg for lot in found.lots) / 1000
    spent_s = sum(t.extra_drive_s + t.waiting_s for t in trips if t.becomes != "lost")
    assert totals.hours_lost.value == pytest.approx(spent_s / 3600, abs=0.001)
    assert sorted(t.assignment_id for t in trips) == sorted(
        name for lot in found.lots for name in lot.assignments
    )
    for total in (totals.trucks, totals.tonnes_lost, totals.tonnes_delayed, totals.hours_lost):
        assert total.how.keys() == {"vi", "en"}


@MANY
@given(SEEDS)
def test_each_trip_has_the_answer_that_its_fate_needs(network: RoadNetwork, seed: int) -> None:
    docs = crowd(network, seed)
    for trip in ask(docs, drawn(docs, Random(seed)), network).trips:
        assert (trip.delivery_eta is None) == (trip.becomes == "lost") == (trip.lost_kg > 0)
        assert (trip.other_slot is not None) == (trip.becomes == "other_slot")
        assert trip.becomes != "detour" or trip.detour is not None
        assert trip.becomes in {"detour", "wait"} or trip.reasons
        assert min(trip.extra_drive_s, trip.waiting_s, trip.delay_s) >= 0
        assert trip.becomes != "detour" or trip.delay_s <= trip.extra_drive_s + trip.waiting_s + 1
        if trip.other_slot:
            hold = docs["lot"][trip.lot_id]["hold_until"]
            assert trip.other_slot.delivery_eta.isoformat() < hold
            assert trip.other_slot.delivery_eta < trip.other_slot.window_end
            assert trip.other_slot.slot_id != trip.slot_id


@MANY
@given(SEEDS)
def test_no_place_is_given_away_twice(network: RoadNetwork, seed: int) -> None:
    docs = crowd(network, seed)
    found = ask(docs, drawn(docs, Random(seed)), network)
    taken = Counter(trip.other_slot.slot_id for trip in found.trips if trip.other_slot)
    freed = {slot.slot_id: slot.freed for slot in found.slots if not slot.closed}
    for slot_id, count in taken.items():
        slot = docs["slot"][slot_id]
        free = slot["capacity_trucks"] - len(slot["reserved"]) + freed.get(slot_id, 0)
        assert count <= free


@MANY
@given(SEEDS)
def test_the_order_in_which_the_world_comes_changes_nothing(
    network: RoadNetwork, seed: int
) -> None:
    docs, chance = crowd(network, seed), Random(seed)
    measure = drawn(docs, Random(seed))
    shuffled = {
        kind: dict(chance.sample(list(entries.items()), len(entries)))
        for kind, entries in chance.sample(list(docs.items()), len(docs))
    }
    assert ask(shuffled, measure, network) == ask(docs, measure, network)


@MANY
@given(SEEDS, st.sampled_from(["An Thới", "Rạch Miễu", "Châu Đốc", "Cao Lãnh", "Năm Căn"]))
def test_closing_a_road_that_nobody_uses_loses_nothing(
    network: RoadNetwork, seed: int, where: str
) -> None:
    docs = crowd(network, seed)
    lat, lon = PLACES[where]
    closed = ClosedRoad(
        geometry={"type": "Point", "coordinates": [lon, lat]}, valid_from=NOW, valid_until=hours(9)
    )
    closure = Closure.from_geojson("c", closed.geometry)
    lines = [doc["route"]["geometry"] for doc in docs["assignment"].values()]
    if any(touches(shape(line), closure) for line in lines):
        return
    found = ask(docs, closed, network)
    assert (found.trips, found.planned_anew) == ((), ())
    totals = found.totals
    assert (totals.tonnes_lost.value, totals.tonnes_delayed.value, totals.hours_lost.value) == (
        0,
        0,
        0,
    )


@pytest.mark.parametrize("facility_id", sorted(PORTS))
def test_a_closed_gate_hits_the_trips_of_its_windows_and_no_others(
    network: RoadNetwork, facility_id: str
) -> None:
    docs = crowd(network, 5, trips=20)
    measure = ClosedGate(
        facility_id=facility_id, gate_id="G1", valid_from=hours(1), valid_until=hours(3)
    )
    found = ask(docs, measure, network)
    shut = {slot.slot_id for slot in found.slots if slot.closed}
    assert len(shut) == 2
    hit = {name for name, doc in docs["assignment"].items() if doc["slot_id"] in shut}
    assert {trip.assignment_id for trip in found.trips} == hit
    assert all(
        trip.other_slot is None or trip.other_slot.slot_id not in shut for trip in found.trips
    )
