"""Hold trips so that a yard's arrivals stay under its capacity, and tell what holds them up."""

from __future__ import annotations

import math
import pickle
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.verify import lots as lots_judge
from infra.verify import slots as slots_judge
from infra.verify import trips as trips_judge
from infra.verify.log import Entry, Log
from routing.checkpoints import Hold, MeterPlan
from routing.checkpoints.roadside import Legs
from schemas.assignment import AssignmentFact
from schemas.dispatch import StateKnown
from schemas.envelope import encode
from schemas.model import format_time, parse_time
from streams import planning
from streams.gates import Gates
from streams.journey import Journey
from streams.picture import draw
from streams.planning import Picture, solve
from streams.promised import stands
from tests.streams.town import NOON, Straight, Town

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Doc = dict[str, Any]

QUARTER_S = 900
WINDOW = ("facility_id", "gate_id", "window_start", "window_end")
YARD = (9.989, 105.092)
"""On the straight way from Gò Quao to the port, nine tenths of it behind it."""


LINE = [[105.2, 9.8], [105.08, 10.01]]
STEP = st.integers(0, 7)


def know(town: Town, place_id: str = "YARD", *, version: int = 1, **fields: Any) -> None:
    """Let dispatch hear of a checkpoint, as its own partition tells it."""
    known = {
        "place_id": place_id,
        "version": version,
        "name": "Bãi Tắc Cậu",
        "lat": YARD[0],
        "lon": YARD[1],
        "bays": 1,
        "queue": queue(town.now),
        **fields,
    }
    town.put(
        encode(
            "dispatch.inbox.v1",
            "state.known",
            StateKnown(kind="checkpoint", state=known),
            event_id=f"{place_id}@{version}",
            source="/streams/place",
            time=town.now,
        )
    )


def queue(now: datetime, *, per_h: float = 8.0, **fields: Any) -> Doc:
    """Return an estimate: nobody waits, and so many trucks an hour are dealt with."""
    return {
        "waiting": 0,
        "held": 0,
        "clearances_per_h": per_h,
        "clearances_per_h_low": per_h / 2,
        "clearances_per_h_high": per_h * 2,
        "dwell_s": None,
        "dwell_p90_s": None,
        "assumed": False,
        "as_of": format_time(now),
        **fields,
    }


def town_with(trucks: int, *, capacity: int = 20, hold_h: float = 8, **known: Any) -> Town:
    """Return a town whose trucks all pass the yard, each with a lot, before anything is planned."""
    town = Town()
    town.furnish(trucks=trucks, lots=0, capacity=capacity)
    hold = format_time(town.now + timedelta(hours=hold_h))
    for number in range(trucks):
        town.add_lot(f"L{number:02}", hold_until=hold)
    know(town, **known)
    town.run(plan=False)
    return town


def picture(town: Town) -> Picture:
    """Return what dispatch knows."""
    return draw(town.shells["dispatch"].memory.store(0), f"P-{town.plans + 1}", town.now)


def planned(town: Town, *, metering: bool = True) -> Doc:
    """Plan once, and return the answer."""
    answer = solve(picture(town), Straight(), metering=metering)  # type: ignore[arg-type]
    assert answer["skipped"] == []
    return answer


def trips(answer: Doc) -> list[Doc]:
    """Return the facts of new trips, by departure."""
    found: list[Doc] = [trip["fields"] for trip in answer["trips"]]
    return sorted(found, key=lambda one: str(one["departure"]))


def arrivals(facts: Iterable[Doc], place_id: str = "YARD") -> list[float]:
    """Return when trips come to a place, seconds from noon."""
    return sorted(
        (parse_time(one["at"]) - NOON).total_seconds()
        for fact in facts
        for one in fact["explanation"].get("checkpoint_delays", ())
        if one["place_id"] == place_id
    )


def peak(moments: Iterable[float]) -> int:
    """Return the most arrivals in a quarter of an hour, counted from noon."""
    return max(Counter(math.floor(at_s / QUARTER_S) for at_s in moments).values(), default=0)


def in_time(fact: Doc) -> bool:
    """Tell whether a trip enters within its window."""
    return bool(
        parse_time(fact["window_start"])
        <= parse_time(fact["delivery_eta"])
        < parse_time(fact["window_end"])
    )


def test_a_yards_arrivals_stay_under_its_capacity() -> None:
    """Eight trucks that would come at once come two a quarter; all of them in their windows."""
    town = town_with(8)
    free, metered = trips(planned(town, metering=False)), trips(planned(town))
    assert len(free) == len(metered) == 8
    assert peak(arrivals(free)) > 2
    assert peak(arrivals(metered)) <= 2
    assert all(map(in_time, metered))
    assert not any("metered" in one["explanation"] for one in free)


def test_a_held_trip_says_why() -> None:
    """Place, minutes and numbers, in both languages; who is not held says nothing."""
    facts = trips(planned(town_with(8)))
    held = [one for one in facts if "metered" in one["explanation"]]
    assert 0 < len(held) < len(facts)
    for one in held:
        said = one["explanation"]["metered"]
        assert (said["code"], said["place_id"], said["name"]) == ("metered", "YARD", "Bãi Tắc Cậu")
        assert said["arrivals_avoided"] == said["due"] - said["clears"] > 0
        wanted = parse_time(said["wanted_departure"])
        held_s = (parse_time(one["departure"]) - wanted).total_seconds()
        assert held_s > 0
        assert round(held_s / 60) == said["minutes_held"]
        assert f"{said['minutes_held']} phút" in said["vi"]
        assert "Bãi Tắc Cậu" in said["en"]
        assert said["assumed"] is False


def test_a_trip_is_shifted_whole() -> None:
    """Pickup, breaks and delivery move with the departure; driving stays as it was."""
    facts = trips(planned(town_with(8)))
    for one in facts:
        departure, pickup, delivery = (
            parse_time(one[name]) for name in ("departure", "pickup_eta", "delivery_eta")
        )
        assert departure < pickup < delivery
        wait_s = one["explanation"]["wait_s"]
        (delay,) = one["explanation"]["checkpoint_delays"]
        stood_s = 60 * delay["minutes"] + wait_s["pickup"] + wait_s["facility"] + 1_800
        whole_s = (delivery - departure).total_seconds()
        assert whole_s == pytest.approx(one["drive_s"] + stood_s, abs=10)
        slack = one["explanation"]["slack_s"]
        assert slack["window"] == (parse_time(one["window_end"]) - delivery).total_seconds()


def test_what_a_queue_costs_is_in_the_times() -> None:
    """Who stands there now has been dealt with, in his turn, before a truck that comes later is."""
    calm, busy = (
        trips(planned(town_with(1, queue=queue(NOON, waiting=waiting)), metering=False))[0]
        for waiting in (0, 28)
    )
    assert calm["explanation"]["checkpoint_delays"][0]["minutes"] == pytest.approx(7.5, abs=4)
    told = busy["explanation"]["checkpoint_delays"][0]
    come = parse_time(told["at"]) - NOON
    expected_s = 28 * 450 - come.total_seconds() + 450
    assert 60 * told["minutes"] == pytest.approx(expected_s, abs=450)
    assert parse_time(busy["delivery_eta"]) > parse_time(calm["delivery_eta"])
    assert told["assumed"] is False


def test_a_trip_that_misses_its_slot_for_a_queue_takes_the_next_one() -> None:
    """Its gate and window are those of the slot that it then reaches."""
    town = town_with(1, queue=queue(NOON, waiting=28))
    (fact,) = trips(planned(town, metering=False))
    assert in_time(fact)
    (calm,) = trips(planned(town_with(1), metering=False))
    assert parse_time(fact["window_start"]) > parse_time(calm["window_start"])


def test_a_later_slot_is_one_with_a_place() -> None:
    """Trips that a queue drives out of their slots do not crowd into others'."""
    town = town_with(3, capacity=1, queue=queue(NOON, waiting=28))
    facts = trips(planned(town, metering=False))
    assert len({one["slot_id"] for one in facts}) == len(facts) >= 2
    assert all(map(in_time, facts))


class _Zealous(Gates):
    """Checkpoints at which everybody is held for ten hours."""

    def meter(self, journeys: Sequence[Journey], *_: object) -> MeterPlan:
        """Hold everybody."""
        wanted = {one.trip_id: one.trip.departure.timestamp() for one in journeys}
        holds = [
            Hold(
                trip_id=name, wanted_s=at_s, depart_s=at_s + 36_000, code="place_full",
                place_id="YARD", due=2, clears=1,
            )
            for name, at_s in wanted.items()
        ]  # fmt: skip
        return MeterPlan(tuple(holds), 0)


def test_no_metering_makes_a_trip_late_however_zealous(monkeypatch: pytest.MonkeyPatch) -> None:
    """The holds that it orders are not kept where a trip would miss its slot by them."""
    monkeypatch.setattr(planning, "Gates", _Zealous)
    facts = trips(planned(town_with(3)))
    assert len(facts) == 3
    assert all(map(in_time, facts))


def test_stays_are_no_part_of_stated_driving() -> None:
    """Who is held up at one checkpoint comes later to the next, and that is counted once."""
    town = town_with(1, queue=queue(NOON, waiting=28))
    know(town, "LAST", lat=9.9995, lon=105.086, queue=None)
    town.run(plan=False)
    (fact,) = trips(planned(town, metering=False))
    first, last = fact["explanation"]["checkpoint_delays"]
    assert (first["place_id"], last["place_id"]) == ("YARD", "LAST")
    assert (first["assumed"], last["assumed"]) == (False, True)
    apart_s = (parse_time(last["at"]) - parse_time(first["at"])).total_seconds()
    drive_s = 0.05 * 2_780
    assert apart_s == pytest.approx(60 * first["minutes"] + drive_s, abs=30)


def test_a_trip_that_reaches_no_slot_is_left_with_the_reason() -> None:
    """Goods that a queue would spoil stay where they are, and it says for which queue."""
    town = town_with(1, hold_h=3, queue=queue(NOON, waiting=30))
    answer = planned(town)
    assert answer["trips"] == []
    (left,) = answer["unassigned"]
    (reason,) = left["reasons"]
    assert (left["lot_id"], left["quantity_kg"]) == ("L00", 5000)
    assert (reason["code"], reason["params"]["place_id"]) == ("no_slot", "YARD")


def test_who_cannot_wait_goes_though_the_yard_is_full() -> None:
    """No trip that is in time without metering is left behind by it."""
    town = town_with(6, hold_h=3.2)
    free, metered = (planned(town, metering=on) for on in (False, True))
    assert {one["lot_id"] for one in trips(free)} <= {one["lot_id"] for one in trips(metered)}
    assert all(map(in_time, trips(metered)))


def test_too_many_for_a_yard_do_not_keep_each_other_from_it() -> None:
    """Those that it cannot deal with in time wait for a later plan; the others go."""
    town = town_with(16, hold_h=4, queue=queue(NOON, per_h=3.0))
    for metering in (False, True):
        answer = planned(town, metering=metering)
        facts = trips(answer)
        assert 4 <= len(facts) < 16
        assert all(map(in_time, facts))
        left = {one["lot_id"] for one in answer["unassigned"]}
        assert left | {one["lot_id"] for one in facts} == {f"L{n:02}" for n in range(16)}


def test_what_is_promised_takes_its_room() -> None:
    """Trips that are given out count when more are planned: the yard is not filled twice."""
    town = town_with(4)
    town.run()
    assert len(town.states("assignment")) == 4
    for number in range(4, 8):
        town.add_truck(f"T{number}")
        town.add_lot(f"L{number:02}")
    town.run()
    facts = list(town.states("assignment").values())
    assert len(facts) == 8
    assert peak(arrivals(facts)) <= 2
    assert len(picture(town).promised) == 8


def test_a_held_trip_is_through_its_corridor_before_it_closes() -> None:
    """However much room the yard has later."""
    town = town_with(8, queue=queue(NOON, per_h=6.0))
    town.say(
        "facility.registered",
        {
            "place_id": "HUB", "kind": "assembly_point", "name": "Điểm tập kết", "lat": 9.82,
            "lon": 105.19, "gates": [], "region": "kien-giang",
        },
    )  # fmt: skip
    town.say(
        "corridor.opened",
        {
            "corridor_id": "C",
            "kind": "shuttle",
            "facilities": ["HUB", "PORT"],
            "geometry": {"type": "LineString", "coordinates": LINE},
            "hours": {"start": "06:00", "end": "15:00"},
            "valid_from": format_time(NOON - timedelta(hours=1)),
        },
    )
    town.run(plan=False)
    facts = trips(planned(town))
    through = [one for one in facts if one["corridor_id"] == "C"]
    assert len(through) > 3
    assert any("metered" in one["explanation"] for one in through)
    arrived = [
        parse_time(one["delivery_eta"])
        - timedelta(seconds=one["explanation"]["wait_s"]["facility"])
        for one in through
    ]
    assert max(arrived) <= NOON + timedelta(hours=3)


def test_a_picture_with_checkpoints_goes_to_another_process() -> None:
    """The planner is one."""
    town = town_with(2)
    town.run()
    drawn = picture(town)
    assert drawn.promised
    assert pickle.loads(pickle.dumps(drawn)) == drawn  # noqa: S301 - our own


def test_a_retired_checkpoint_holds_nobody() -> None:
    """Nor does one whose road is another."""
    for gone in ({"status": "retired"}, {"lat": 9.9, "lon": 105.3}):
        facts = trips(planned(town_with(8, **gone)))
        assert len(facts) == 8
        assert arrivals(facts) == []


def test_a_queue_that_hardly_changes_causes_no_plan() -> None:
    """It is marked in steps of a quarter of an hour of waiting."""
    town = town_with(0)
    town.add_lot("L9", hold_until=format_time(town.now + timedelta(hours=8)))
    town.run()
    plans = town.plans
    know(town, version=2, queue=queue(town.now, waiting=1))
    town.run()
    assert town.plans == plans
    know(town, version=3, queue=queue(town.now, waiting=4))
    town.run()
    assert town.plans == plans + 1


def test_a_corridors_own_checkpoint_may_stand_half_its_width_off() -> None:
    """Another one only as far from the road as any."""
    town = town_with(1, lat=9.9, lon=105.15)  # about 0.8 km off the way from Gò Quao to the port
    for own in ([], ["YARD"]):
        town.say(
            "corridor.opened",
            {
                "corridor_id": f"C{len(own)}",
                "kind": "shuttle",
                "facilities": ["PORT", "FARM"],
                "geometry": {"type": "LineString", "coordinates": [[105.2, 9.8], [105.08, 10.01]]},
                "width_m": 2_000.0,
                "checkpoints": own,
                "valid_from": format_time(NOON - timedelta(hours=1)),
            },
        )
    town.run(plan=False)
    drawn = picture(town)
    passed = {
        name: [each.place_id for each in Legs([LINE]).passings(stands(drawn.checkpoints, reach))]
        for name, reach in [*drawn.reaches.items(), ("", None)]
    }
    assert passed == {"C0": [], "C1": ["YARD"], "": []}


@settings(max_examples=25, deadline=None)
@given(
    lots=st.lists(st.tuples(STEP, st.integers(3, 9)), min_size=1, max_size=10),
    places=st.integers(1, 4),
    per_h=st.sampled_from([4.0, 8.0, 12.0]),
    waiting=st.integers(0, 6),
    outward=st.booleans(),
)
def test_whatever_the_world_no_trip_is_late_for_being_held(
    lots: list[tuple[int, int]], places: int, per_h: float, waiting: int, *, outward: bool
) -> None:
    """Times are in order, windows and holds are kept, and who went unmetered goes metered."""
    town = Town()
    town.furnish(trucks=len(lots), lots=0, capacity=places)
    for number, (step, hold_h) in enumerate(lots):
        ready = town.now + timedelta(minutes=10 * step)
        town.add_lot(
            f"L{number:02}",
            pickup={"lat": 9.8 + 0.01 * step, "lon": 105.2 - 0.0057 * step, "name": "Gò Quao"},
            ready_from=format_time(ready),
            hold_until=format_time(ready + timedelta(hours=hold_h)),
        )
    know(town, queue=queue(town.now, per_h=per_h, waiting=waiting))
    if outward:  # on some trucks' way to their pickups
        know(town, "OUT", lat=9.9, lon=105.15, queue=None)
    town.run(plan=False)
    drawn = picture(town)
    free, metered = (
        trips(solve(drawn, Straight(), budget_s=60, metering=on))  # type: ignore[arg-type]
        for on in (False, True)
    )
    assert {one["lot_id"] for one in free} <= {one["lot_id"] for one in metered}
    holds = {lot.lot_id: lot.hold_until for lot in drawn.lots}
    assert all(map(in_time, metered))
    assert all(parse_time(one["delivery_eta"]) <= holds[one["lot_id"]] for one in metered)
    taken = Counter(one["slot_id"] for one in metered)
    assert all(taken[slot.slot_id] <= slot.free for slot in drawn.slots)
    for one in metered:
        AssignmentFact.model_validate(
            {**one, "assignment_id": "A", "accept_by": one["departure"], "status": "proposed"}
        )
        moments = [one["departure"], one["pickup_eta"], one["delivery_eta"]]
        assert moments == sorted(moments)
        assert parse_time(one["departure"]) >= drawn.now
    codes = {one["explanation"].get("metered", {}).get("code") for one in metered}
    if codes - {None} == {"metered"}:
        rate = 0.95 * per_h / 4
        pieces = math.ceil(1 / rate)  # a piece too short for one truck is longer
        counted = Counter(int(at_s + 1e-3) // (pieces * QUARTER_S) for at_s in arrivals(metered))
        assert all(count <= math.ceil(pieces * rate) for count in counted.values())


def test_the_verifier_accepts_metered_trips() -> None:
    """What was promised of trips, slots and lots holds in a log of held ones."""
    town = town_with(8)
    town.run()
    held = [one for one in town.states("assignment").values() if "metered" in one["explanation"]]
    assert held
    for assignment_id in town.states("assignment"):
        town.command("accept", assignment_id)
    town.run()
    entries = [
        Entry(topic, partition, offset, appended_ms, record.key, record.value, record.headers)
        for (topic, partition), records in town.log.items()
        for offset, (record, appended_ms) in enumerate(records)
    ]
    for judge in (trips_judge.judge, slots_judge.judge, lots_judge.judge):
        finding = judge(Log(entries))
        assert finding.checked > 0
        assert finding.violations == []


def test_breaks_move_with_a_held_trip() -> None:
    """The driver drives four hours before the break, however late the truck leaves."""
    town = Town()
    town.furnish(trucks=6, lots=0, capacity=6, hours=14)
    for number in range(6):
        town.add_lot(
            f"L{number}",
            pickup={"lat": 8.8, "lon": 105.77, "name": "Cà Mau"},  # in line with the yard
            hold_until=format_time(NOON + timedelta(hours=14)),
        )
    know(town, queue=queue(NOON, per_h=4.0))
    town.run(plan=False)
    facts = trips(planned(town))
    assert len(facts) == 6
    assert sum("metered" in one["explanation"] for one in facts) >= 3
    for one in facts:
        (begin, end) = (parse_time(moment) for moment in one["breaks"][0])
        assert end - begin == timedelta(minutes=15)
        loading = timedelta(minutes=30, seconds=one["explanation"]["wait_s"]["pickup"])
        pickup_s = (parse_time(one["pickup_eta"]) - parse_time(one["departure"])).total_seconds()
        driven = begin - parse_time(one["departure"])
        if driven.total_seconds() > pickup_s:
            driven -= loading
        assert driven == timedelta(hours=4)


def _loaded(town: Town) -> str:
    """Have the only trip accepted and loaded, and return its id."""
    town.run()
    (assignment_id,) = town.states("assignment")
    town.command("accept", assignment_id)
    town.command("report_loaded", assignment_id)
    town.run()
    return assignment_id


def test_a_truck_is_expected_where_its_position_says() -> None:
    """Before the yard it is on its way there; behind it, or scanned there, it comes no more."""
    town = town_with(1)
    _loaded(town)
    way = [(9.8 + share * 0.21, 105.2 - share * 0.12) for share in (0.45, 0.95)]
    left_s = []
    for lat, lon in way:
        town.now += timedelta(minutes=20)
        town.say("truck.position_reported", {"truck_id": "T0", "lat": lat, "lon": lon})
        town.run(plan=False)
        left_s.append([place for one in picture(town).promised for place in one.ahead])
    ((place_id, drive_s),) = left_s[0]
    assert place_id == "YARD"
    assert drive_s == pytest.approx(0.45 * 2_780, abs=60)
    assert left_s[1] == []


def test_a_truck_that_was_scanned_is_expected_no_more() -> None:
    """It is in the queue then, which the checkpoint tells."""
    town = town_with(1)
    _loaded(town)
    town.now += timedelta(minutes=20)
    lat, lon = 9.8 + 0.8 * 0.21, 105.2 - 0.8 * 0.12
    town.say("truck.position_reported", {"truck_id": "T0", "lat": lat, "lon": lon})
    town.run(plan=False)
    assert len(picture(town).promised) == 1
    town.say("checkpoint.arrived", {"checkpoint_id": "YARD", "truck_id": "T0"})
    town.run(plan=False)
    assert picture(town).promised == ()


def test_a_loaded_truck_that_needs_another_slot_gets_one_behind_the_queue() -> None:
    """And its explanation tells the delay anew."""
    town = town_with(1)
    assignment_id = _loaded(town)
    before = town.states("assignment")[assignment_id]
    town.say("truck.position_reported", {"truck_id": "T0", "lat": 9.8, "lon": 105.2})
    know(town, version=2, queue=queue(town.now, waiting=28))
    town.say("slot.closed", {name: before[name] for name in WINDOW})
    town.run()
    after = town.states("assignment")[assignment_id]
    assert after["slot_id"] != before["slot_id"]
    assert in_time(after)
    (was,), (told,) = (one["explanation"]["checkpoint_delays"] for one in (before, after))
    assert told["minutes"] > was["minutes"] + 60
    assert after["explanation"]["alternatives"] == before["explanation"]["alternatives"]
