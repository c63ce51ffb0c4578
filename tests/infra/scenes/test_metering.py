"""Hold the queue of the demo's day, unmetered and metered, to the trips it is made of."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from infra.scenario.script import Script
from infra.scenario.world import World
from infra.scenario.yards import EVERY_S, Day, Leg, Load, Place
from infra.scenes.metering import Traffic, compare, metering_doc, metering_lines, traffic_of
from routing.checkpoints import CheckpointParams
from schemas.assignment import AssignmentDelivered
from schemas.checkpoint import CheckpointArrived
from tests.infra.scenes.conftest import Heard

YARD = Place(
    place_id="yard", bays=2, params=CheckpointParams(service_s=1_800.0, service_weight=20.0)
)  # fmt: skip


def _wave(count: int, *, hold_s: float) -> list[Load]:
    """Return trucks that are all ready within the first hour."""
    leg = Leg(place_id="yard", stated_s=3_600.0, real_s=3_700.0, service_s=1_800.0)
    return [
        Load(
            name=f"t{at:02}",
            tonnes=5.0,
            ready_s=60.0 * at,
            declared_s=60.0 * at,
            due_s=60.0 * at + hold_s,
            legs=(leg,),
            planned=True,
        )
        for at in range(count)
    ]


def test_a_metered_wave_waits_at_the_farm_and_not_in_the_yard() -> None:
    """The queue is shorter, everything is still in time, and every truck comes."""
    loads = _wave(30, hold_s=12 * 3_600.0)
    free, held = (Day(loads, [YARD], metered=one, seed=1).play() for one in (False, True))
    assert free.peak["yard"] > 20
    assert held.peak["yard"] <= 4
    assert (free.tonnes_in_time, held.tonnes_in_time) == (150.0, 150.0)
    assert held.held_s > 0
    assert free.held_s == 0
    assert free.waited_s > held.waited_s


def test_trucks_that_cannot_wait_are_not_held() -> None:
    """Goods that would spoil go with the next word, however full the yard is."""
    loads = _wave(12, hold_s=3_600.0)
    held = Day(loads, [YARD], metered=True, seed=1).play()
    assert held.over > 0
    assert held.held_s < len(loads) * EVERY_S
    assert held.peak["yard"] > 6


def test_the_days_trips_are_those_of_the_log(script: Script, heard: Heard) -> None:
    """Each delivered trip came to its yard before it was received; nobody is counted twice."""
    world = World.of(script)
    traffic = traffic_of(heard, world)
    delivered = [read for read in heard.live("dispatch.assignment.v1")
                 if isinstance(read.event.data, AssignmentDelivered)]  # fmt: skip
    assert len(traffic.trips) == len(delivered) > 100
    for trip in traffic.trips:
        assert trip.loaded <= trip.came[trip.fact.facility_id] <= trip.delivered
    arrivals = Counter(
        read.event.data.checkpoint_id
        for read in heard.live("checkpoint.clearance.v1")
        if isinstance(read.event.data, CheckpointArrived)
    )
    for place_id, count in arrivals.items():
        loaded = sum(place_id in trip.came for trip in traffic.trips)
        assert loaded + len(traffic.others.get(place_id, ())) == count


def test_the_longest_queue_is_shorter_when_metered_and_no_tonne_is_lost(
    script: Script, heard: Heard
) -> None:
    """The demo prints both peaks and both amounts."""
    doc = metering_doc(heard, script)
    free, held = doc["queue_peak"]
    assert free > held > 0
    assert doc["ratio"] == pytest.approx(held / free, abs=0.001)
    early, late = doc["tonnes_in_time"]
    assert 0.98 * early <= late <= doc["tonnes"]
    (first, _) = metering_lines(doc)
    assert first.startswith(f"queue at {doc['place_id']}: peak {free} unmetered, {held} metered (")
    assert "tonnes in time" in first


def test_the_same_day_gives_the_same_figures(script: Script, heard: Heard) -> None:
    """All chance comes from the scenario's seed."""
    assert metering_doc(heard, script) == metering_doc(heard, script)


def test_a_day_without_loaded_trips_says_so(script: Script) -> None:
    """Nothing is compared where nothing came."""
    world = World.of(script)
    noon = script.start + timedelta(hours=12)
    traffic = Traffic((), {world.posts[0].place_id: (("k1", noon),)})
    doc = compare(traffic, world, {}, script.start)
    assert doc["place_id"] is None
    (line,) = metering_lines(doc)
    assert "no loaded truck" in line
