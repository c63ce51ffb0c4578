"""Let simulated trucks drive a whole day for a stand-in of dispatch."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from infra.scenario.script import Script
from infra.scenario.trip import Said
from infra.scenario.trucks import SOURCE, Simulation, record_of
from infra.scenario.way import distance_m
from infra.scenario.world import World
from schemas.assignment import AssignmentFact, Command
from schemas.checkpoint import Clearance
from schemas.envelope import decode
from schemas.model import parse_time
from schemas.truck import TruckPositionReported
from tests.infra.scenario.fake_dispatch import FakeDispatch


@dataclass
class Day:
    """A day that was simulated."""

    dispatch: FakeDispatch
    simulation: Simulation
    said: list[Said]

    def of(self, assignment_id: str, event_type: str) -> list[Said]:
        """Return what was said of one assignment."""
        return [
            one
            for one in self.said
            if one.type == event_type
            and isinstance(one.fact, Command)
            and one.fact.assignment_id == assignment_id
        ]


def _simulate(script: Script, every: timedelta) -> Day:
    dispatch, simulation = FakeDispatch(script), Simulation(World.of(script), script.start)
    said: list[Said] = []
    now, events = script.start, []
    while now < script.end + timedelta(hours=3):
        news = simulation.step(now, events)
        said += news
        events = dispatch.step(now, news)
        now += every
    return Day(dispatch, simulation, said)


@pytest.fixture(scope="module")
def day(demo: Script) -> Day:
    """Return the demo's day, looked at every two minutes."""
    return _simulate(demo, timedelta(minutes=2))


def test_nearly_all_is_delivered_within_its_hold(day: Day) -> None:
    """Trucks deliver what they accept, in time, though dispatch is no more than a stand-in."""
    done = Counter(fact.status for fact in day.dispatch.assignments.values())
    in_time = [
        assignment_id
        for assignment_id, at in day.dispatch.delivered_at.items()
        if at
        <= parse_time(
            day.dispatch.lots[day.dispatch.assignments[assignment_id].lot_id]["hold_until"]
        )
    ]
    assert day.simulation.active == 0
    assert set(done) == {"delivered", "declined"}
    assert len(in_time) >= 0.95 * done["delivered"]


def test_offers_are_answered_within_four_minutes(day: Day) -> None:
    """Every offer but those to silent hauliers is accepted or declined soon."""
    for event in day.dispatch.said:
        if event.type != "assignment.proposed":
            continue
        assert isinstance(event.data, AssignmentFact)
        answers = day.of(event.data.assignment_id, "assignment.accept") + day.of(
            event.data.assignment_id, "assignment.decline"
        )
        assert len(answers) == 1
        assert timedelta(minutes=1) <= answers[0].time - event.time <= timedelta(minutes=4)


def test_the_haulier_who_declines_never_drives(day: Day) -> None:
    """Its trucks say no to every offer."""
    offers = [fact for fact in day.dispatch.assignments.values() if fact.haulier_id == "haulier-26"]
    assert offers
    assert all(fact.status == "declined" for fact in offers)


def test_nothing_is_loaded_unready_or_delivered_before_its_window(day: Day) -> None:
    """Loading waits for the lot and delivering for the slot."""
    for assignment_id, fact in day.dispatch.assignments.items():
        ready = parse_time(day.dispatch.lots[fact.lot_id]["ready_from"])
        for said in day.of(assignment_id, "assignment.report_loaded"):
            assert said.time >= ready
        for said in day.of(assignment_id, "assignment.report_delivered"):
            assert said.time >= fact.window_start


def _held_in_order(said: list[Said]) -> int:
    """Check that every visit is arrived, then cleared, at one checkpoint; count those held."""
    visits: dict[str, str] = {}
    held = 0
    for one in said:
        if not isinstance(one.fact, Clearance):
            continue
        truck_id = str(one.fact.truck_id)
        if one.type == "checkpoint.arrived":
            assert truck_id not in visits
            visits[truck_id] = one.fact.checkpoint_id
            continue
        assert visits[truck_id] == one.fact.checkpoint_id
        held += one.type == "checkpoint.held"
        if one.type == "checkpoint.cleared":
            del visits[truck_id]
    assert visits == {}
    return held


def test_clearances_come_in_order_and_end_cleared(day: Day) -> None:
    """Each visit is arrived, sometimes held, then cleared, at its own checkpoint."""
    assert _held_in_order(day.said) > 0


def test_clearances_come_in_order_where_trips_are_called_off(demo: Script) -> None:
    """Trips that end at any moment leave nobody at a checkpoint, and clear nobody twice."""
    dispatch, simulation = FakeDispatch(demo), Simulation(World.of(demo), demo.start)
    said: list[Said] = []
    now, events = demo.start, []
    while now < demo.end:
        news = simulation.step(now, events)
        said += news
        events = dispatch.step(now, news)
        for number, (assignment_id, fact) in enumerate(list(dispatch.assignments.items())):
            over = now > fact.departure + timedelta(minutes=5 + number % 60)
            if fact.status == "accepted" and over:
                events.append(dispatch.say(assignment_id, "cancelled", now))
        now += timedelta(minutes=1)
    said += simulation.step(now + timedelta(hours=6), events)
    _held_in_order(said)
    cancelled = [fact for fact in dispatch.assignments.values() if fact.status == "cancelled"]
    assert len(cancelled) > 100


def test_no_truck_leaps(day: Day) -> None:
    """Between two reports a truck drives no faster than a truck can (but for the last mile)."""
    last: dict[str, tuple[datetime, tuple[float, float]]] = {}
    for said in day.said:
        fact = said.fact
        if not isinstance(fact, TruckPositionReported):
            continue
        spot = (fact.lat, fact.lon)
        if fact.truck_id in last:
            at, before = last[fact.truck_id]
            hours = (said.time - at).total_seconds() / 3600
            assert distance_m(before, spot) / 1000 <= 95 * hours + 1
        last[fact.truck_id] = (said.time, spot)


def test_what_is_said_can_be_read_and_never_twice(day: Day) -> None:
    """Every event is one of the catalogue, and no two have the same id."""
    records = [record_of(said, "r1") for said in day.said]
    events = [decode(rec.topic, rec.key, rec.value, rec.headers) for rec in records]
    assert len({event.id for event in events}) == len(events)
    assert {event.source for event in events} == {SOURCE}
    assert all(event.id.endswith("~r1") for event in events)


def test_the_same_assignments_give_the_same_events(demo: Script, day: Day) -> None:
    """Heard in one go or as they came, the same said by dispatch gives the same said by trucks."""
    again = Simulation(World.of(demo), demo.start)
    said = again.step(demo.end + timedelta(hours=3), day.dispatch.said)
    ids = {record_of(one, None).headers[0] for one in day.said}
    assert len(ids - {record_of(one, None).headers[0] for one in said}) <= 0.01 * len(ids)


def test_a_truck_lives_again_through_what_it_heard(demo: Script, day: Day) -> None:
    """A player that starts anew at noon has its trucks say the same in the afternoon."""
    noon = demo.start + timedelta(hours=12)
    heard = [event for event in day.dispatch.said if event.time <= noon]
    again = Simulation(World.of(demo), demo.start)
    for event in heard:
        again.step(min(event.time, noon), [event])
    again.step(noon)
    said = again.step(demo.end + timedelta(hours=3), day.dispatch.said[len(heard) :])
    ids = {record_of(one, None).headers[0] for one in day.said if one.time > noon}
    assert len(ids - {record_of(one, None).headers[0] for one in said}) <= 0.02 * len(ids)


def test_a_truck_called_off_at_a_checkpoint_is_let_go(demo: Script) -> None:
    """Nobody stays at a checkpoint for good when an assignment ends while the truck is there."""
    dispatch, simulation = FakeDispatch(demo), Simulation(World.of(demo), demo.start)
    now, events, arrived = demo.start, [], None
    while arrived is None:
        said = simulation.step(now, events)
        arrived = next((one.fact for one in said if one.type == "checkpoint.arrived"), None)
        events = dispatch.step(now, said)
        now += timedelta(minutes=1)
    assert isinstance(arrived, Clearance)
    fact = next(
        fact
        for fact in dispatch.assignments.values()
        if fact.truck_id == arrived.truck_id and fact.status in {"accepted", "loaded"}
    )
    off = dispatch.say(fact.assignment_id, "cancelled", now)
    said = simulation.step(now, [*events, off])
    said += simulation.step(now + timedelta(hours=1))
    visits = Counter(
        one.type
        for one in said
        if isinstance(one.fact, Clearance) and one.fact.truck_id == arrived.truck_id
    )
    assert visits["checkpoint.cleared"] == 1


def _first_trip(script: Script) -> tuple[FakeDispatch, Simulation, str, datetime]:
    """Drive until the first truck is half-way to its pickup; return its assignment and the time."""
    dispatch, simulation = FakeDispatch(script), Simulation(World.of(script), script.start)
    now, events = script.start, []
    while True:
        events = dispatch.step(now, simulation.step(now, events))
        now += timedelta(minutes=1)
        for assignment_id, fact in dispatch.assignments.items():
            half = fact.departure + (fact.pickup_eta - fact.departure) / 2
            far = fact.pickup_eta - fact.departure > timedelta(minutes=20)
            if fact.status == "accepted" and far and half <= now < fact.pickup_eta:
                simulation.step(now, events)
                return dispatch, simulation, assignment_id, now


def test_a_cancelled_truck_stops_where_it_is(demo: Script) -> None:
    """After a cancellation nothing more is reported of the assignment, and the truck stands."""
    dispatch, simulation, assignment_id, now = _first_trip(demo)
    truck_id = dispatch.assignments[assignment_id].truck_id
    said = simulation.step(now, [dispatch.say(assignment_id, "cancelled", now)])
    said += simulation.step(now + timedelta(hours=6))
    spots = {
        (one.fact.lat, one.fact.lon)
        for one in said
        if isinstance(one.fact, TruckPositionReported) and one.fact.truck_id == truck_id
    }
    assert len(spots) == 1
    assert not [
        one
        for one in said
        if isinstance(one.fact, Command) and one.fact.assignment_id == assignment_id
    ]


def test_a_revised_truck_follows_its_new_road(demo: Script) -> None:
    """It turns to the new road, and delivers to the new facility."""
    dispatch, simulation, assignment_id, now = _first_trip(demo)
    fact = dispatch.assignments[assignment_id]
    detour = {"type": "LineString", "coordinates": [
        *fact.route.geometry.coordinates[:1], [105.5, 9.5], [fact.pickup.lon, fact.pickup.lat],
        *fact.route.geometry.coordinates[-1:],
    ]}  # fmt: skip
    route = {"geometry": detour, "duration_s": 14_000, "distance_m": 150_000}
    said = simulation.step(now, [dispatch.say(assignment_id, "revised", now, route=route)])
    said += simulation.step(now + timedelta(hours=12))
    near_detour = [
        one
        for one in said
        if isinstance(one.fact, TruckPositionReported)
        and one.fact.truck_id == fact.truck_id
        and distance_m((one.fact.lat, one.fact.lon), (9.5, 105.5)) < 8_000
    ]
    delivered = [one for one in said if one.type == "assignment.report_delivered"]
    assert near_detour
    assert assignment_id in {
        one.fact.assignment_id for one in delivered if isinstance(one.fact, Command)
    }
