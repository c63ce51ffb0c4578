"""Hold a truck that leaves its corridor against the judge of corridors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from infra.scenario.script import Script
from infra.scenario.stray import Lane, Strays, find_detour
from infra.scenario.trip import Bays, Job, Said, Trip
from infra.scenario.way import Way
from infra.scenario.world import World
from routing.corridors import (
    CorridorRules,
    Fix,
    Mended,
    OnCorridor,
    Raised,
    Scan,
    begun,
    left,
    rules_of,
    see,
    took,
)
from schemas.assignment import AssignmentProposed
from schemas.checkpoint import Clearance
from schemas.corridor import CorridorOpened
from schemas.truck import TruckPositionReported

WAY = Way([(9.8, 105.0), (9.8, 106.0)])
"""110 km due east."""
LANE = Lane((WAY,), 200.0)


def test_a_detour_leaves_the_corridor_clearly_and_comes_back() -> None:
    """It begins and ends on the way, and lies hundreds of metres beyond the border between."""
    detour = find_detour(WAY, 0.0, LANE, Random(1), speed_mps=12.0)
    assert detour is not None
    assert detour.begin_m == pytest.approx(18_000)
    assert LANE.beyond_m(detour.way.points[0]) == pytest.approx(-200, abs=1)
    assert LANE.beyond_m(detour.way.points[-1]) == pytest.approx(-200, abs=1)
    assert 350 <= max(LANE.beyond_m(point) for point in detour.way.points) <= 701


def test_a_detour_keeps_away_from_checkpoints_and_places() -> None:
    """Nobody has left a corridor who is at one of its places."""
    free = find_detour(WAY, 0.0, LANE, Random(1), speed_mps=12.0)
    assert free is not None
    middle_m = (free.begin_m + free.end_m) / 2
    later = find_detour(WAY, 0.0, LANE, Random(1), speed_mps=12.0, posts_m=(middle_m,))
    assert later is not None
    assert later.begin_m >= middle_m + 1_500
    there = Lane((WAY,), 200.0, (WAY.at(middle_m),))
    around = find_detour(WAY, 0.0, there, Random(1), speed_mps=12.0)
    assert around is not None
    assert around.begin_m > free.begin_m


def test_no_detour_where_the_way_is_short_or_beside_the_corridor() -> None:
    """A truck that is on no corridor cannot leave it."""
    assert find_detour(WAY.cut(0, 20_000), 0.0, LANE, Random(1), speed_mps=12.0) is None
    beside = Way([(9.82, 105.0), (9.82, 106.0)])
    assert find_detour(beside, 0.0, LANE, Random(1), speed_mps=12.0) is None


def test_only_so_many_trucks_stray() -> None:
    """The first to come to where it could is the one."""
    strays = Strays(1)
    assert (strays.take(), strays.take(), strays.left) == (True, False, 0)


def test_the_scenario_lets_one_truck_stray_and_knows_its_corridors(demo: Script) -> None:
    """Each corridor of the demo is a lane with places."""
    world = World.of(demo)
    assert world.strays == 1
    assert len(world.lanes) == 6
    assert all(len(lane.places) >= 4 and lane.half_m == 200 for lane in world.lanes.values())


def _corridor(demo: Script) -> CorridorOpened:
    data = next(line.raw["data"] for line in demo.lines if line.type == "corridor.opened")
    return CorridorOpened.model_validate(data)


def _drive(demo: Script, strays: Strays) -> list[Said]:
    """Drive one loaded trip along the demo's first corridor, from one end to the other."""
    world, corridor = World.of(demo), _corridor(demo)
    vehicle = next(iter(world.vehicles.values()))
    start = demo.start + timedelta(hours=6)
    way = world.lanes[corridor.corridor_id].lines[0]
    pickup = {"lat": way.points[0][0], "lon": way.points[0][1], "name": "x"}
    fact = AssignmentProposed(
        assignment_id="a-1",
        trip_id="t-1",
        region="kien-giang",
        truck_id=vehicle.truck_id,
        haulier_id="h",
        lot_id="lot-001",
        product="fish",
        temperature="ambient",
        quantity_kg=5_000,
        facility_id=corridor.facilities[-1],
        gate_id="G1",
        slot_id="s",
        window_start=start + timedelta(hours=3),
        window_end=start + timedelta(hours=4),
        corridor_id=corridor.corridor_id,
        pickup=pickup,
        departure=start,
        pickup_eta=start,
        delivery_eta=start + timedelta(hours=3),
        route={
            "geometry": {"type": "LineString", "coordinates": way.coordinates()},
            "duration_s": way.length_m / 12,
            "distance_m": way.length_m,
        },
        explanation={},
        accept_by=start,
        status="loaded",
    )
    job = Job(fact, accepted=True, loaded=True)
    trip = Trip(
        world, Bays(), strays, vehicle, job, start=start, spot=way.points[0], on_road=True
    )  # fmt: skip
    said: list[Said] = []
    for step in trip.steps():
        said += step.events
        where = {"lat": round(step.spot[0], 5), "lon": round(step.spot[1], 5)}
        seen = TruckPositionReported(truck_id=vehicle.truck_id, **where)
        said.append(Said(step.at, "truck.position_reported", seen))
    return said


def _judge(demo: Script, said: Iterable[Said]) -> list[Raised | Mended]:
    """Let the judge of corridors see what was said."""
    world, corridor = World.of(demo), _corridor(demo)
    places = world.facilities | {post.place_id: post.spot for post in world.posts}
    rules: CorridorRules = rules_of(corridor, places)
    state: OnCorridor = begun(joined=False)
    found: list[Any] = []
    at_s = 0.0
    for one in said:
        at_s = one.time.timestamp()
        if isinstance(one.fact, TruckPositionReported):
            (item,) = see(rules.course, [Fix(at_s, one.fact.lat, one.fact.lon)])
            state, news = took(rules, "k", state, item, now_s=at_s)
        elif isinstance(one.fact, Clearance):
            scan = Scan(at_s, one.fact.checkpoint_id, one.type.partition(".")[2])  # type: ignore[arg-type]
            state, news = took(rules, "k", state, scan, now_s=at_s)
        else:
            continue
        found += news
    return [*found, *left(rules, "k", state, at_s)[1]]


def test_the_judge_sees_one_deviation_and_that_it_is_mended(demo: Script) -> None:
    """It lasts for more than two minutes; nothing else is wrong with the trip."""
    found = _judge(demo, _drive(demo, Strays(1)))
    assert [(type(one), one.kind) for one in found] == [
        (Raised, "deviation"),
        (Mended, "deviation"),
    ]
    raised, mended = found
    assert isinstance(raised, Raised)
    assert mended.at_s - raised.since_s > 240
    assert raised.evidence["beyond_m"] > 50


def test_a_truck_that_may_not_stray_keeps_to_its_corridor(demo: Script) -> None:
    """Nothing is wrong with its trip."""
    assert _judge(demo, _drive(demo, Strays(0))) == []


def test_a_stray_is_the_same_each_time(demo: Script) -> None:
    """It comes from the seed, the truck and the lot."""
    assert _drive(demo, Strays(1)) == _drive(demo, Strays(1))


def test_when_one_has_strayed_all_others_keep_to_their_corridors(demo: Script) -> None:
    """All trucks of a scenario share the number."""
    strays = Strays(1)
    assert _judge(demo, _drive(demo, strays)) != []
    assert _judge(demo, _drive(demo, strays)) == []
