"""Hold the judges against logs that satisfy them, and against logs that break one thing each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from infra.verify import recompute
from infra.verify.finding import SHOWN, Finding
from infra.verify.judge import INVARIANTS, Verdict, judge
from infra.verify.known import lasts_too_long
from schemas.envelope import decode
from streams import clearance, closures
from streams.recent import Recent
from tests.infra.verify.world import (
    ASSIGNMENT,
    BASE_MS,
    LOT,
    SLOT,
    WINDOW,
    World,
    at,
    close_road,
    good_world,
    offer,
    reserve,
    tick,
)

Change = Callable[[World], object]


def broken(world: World) -> dict[str, set[str]]:
    """Return the rules that the judges say are broken, by invariant."""
    doc = judge(world.log()).to_doc()
    return {
        name: {violation["rule"] for violation in finding["violations"]}
        for name, finding in doc["invariants"].items()
        if not finding["ok"]
    }


def show(world: World, topic: str, kind: str, name: str) -> None:
    """Let every view say what the last record of a topic says."""
    last = [entry for entry in world.entries if entry.topic == topic][-1]
    data = decode(last.topic, last.key, last.value, last.headers).data
    world.view(kind, name, data.model_dump(mode="json"))


def second(world: World, *, to: str = "cancelled", **changes: Any) -> None:
    """Offer a second trip, of another truck and lot unless told otherwise, and end it."""
    fields = {"assignment_id": "a2", "trip_id": "t2", "truck_id": "k2", "lot_id": "l2"} | changes
    offer(world, 40, **fields)
    offer(world, 60, to, **fields | {"status": to})
    show(world, "dispatch.assignment.v1", "assignment", "a2")


LATER = {"departure": at(30_000), "delivery_eta": at(45_000)}
"""A time at which the first truck is free again."""


def test_a_log_in_which_all_is_right_breaks_nothing() -> None:
    """Every invariant holds, and each has looked at something."""
    verdict = judge(good_world().log())
    assert verdict.ok
    assert list(verdict.findings) == list(INVARIANTS)
    assert all(finding.checked for finding in verdict.findings.values())


def test_an_empty_log_breaks_nothing() -> None:
    """A stack that has just begun is in order."""
    assert judge(World().log()).ok


# --- accounted


def _garbage_vanishes(world: World) -> None:
    world.put("port.slot.v1", None, b"\xff\x00")


def _lot_event_vanishes(world: World) -> None:
    data = {"lot_id": "l1"}
    world.say("harvest.lot.v1", "lot.revised", data, seconds=9, remember=False)


def _position_vanishes(world: World) -> None:
    data = {"truck_id": "k1", "lat": 9.0, "lon": 105.0}
    topic = "truck.position.v1"
    world.say(topic, "truck.position_reported", data, seconds=2.5, remember=False)


def _applied_twice(world: World) -> None:
    world.table("lot", "l1")["counts"]["harvest.lot.v1"]["applied"] += 1


def _conflict_is_taken_for_a_duplicate(world: World) -> None:
    data = {"truck_id": "k1", "lat": 9.0, "lon": 105.0}
    again = next(e for e in world.entries if e.topic == "truck.position.v1")
    event_id = again.header("ce_id")
    topic = "truck.position.v1"
    world.say(topic, "truck.position_reported", data, seconds=2, event_id=event_id)


def _dead_without_reason(world: World) -> None:
    world.bury(world.put("port.slot.v1", None, b"?"), "")


def _dead_with_other_bytes(world: World) -> None:
    entry = world.put("port.slot.v1", None, b"?")
    letter = world.bury(entry, "malformed")
    world.entries.remove(letter)
    world.put("dead.letter.v1", None, b"!", letter.headers)


def _command_vanishes(world: World) -> None:
    data = {"assignment_id": "a1", "region": "kien-giang"}
    world.say("dispatch.command.v1", "assignment.decline", data, seconds=50, remember=False)


def _inbox_heeds_a_stranger(world: World) -> None:
    data = {"kind": "lot", "state": {}}
    world.say("dispatch.inbox.v1", "state.known", data, seconds=50, source="/stranger")


def _closure_vanishes(world: World) -> None:
    data = {
        "closure_id": "c9",
        "region": "kien-giang",
        "geometry": {"type": "Point", "coordinates": [105.0, 9.0]},
        "valid_from": at(0),
    }
    world.say("road.condition.v1", "road.closed", data, seconds=50, remember=False)


# --- lots_not_doubled


def _lot_overbooked(world: World) -> None:
    second(world, lot_id="l1", quantity_kg=2000)


def _quantity_invented(world: World) -> None:
    second(world, lot_id="l1", quantity_kg=500, known_quantity_kg=9000)


def _excess_of_a_lot_stays(world: World) -> None:
    world.say("harvest.lot.v1", "lot.revised", {"lot_id": "l1", "quantity_kg": 3000}, seconds=100)
    world.view("lot", "l1", world.docs["lot"]["l1"] | {"quantity_kg": 3000})


# --- trips_feasible


def _undelivered(world: World) -> Callable[[], object]:
    """Take the first trip's delivery off the log, and return how to put it back at the end."""
    entries = world.entries
    delivered = next(e for e in entries if e.header("ce_type") == "assignment.delivered")
    entries.remove(delivered)
    parts = (delivered.topic, delivered.key, delivered.value, delivered.headers)
    return lambda: world.put(*parts, seconds=21_600)


def _trips_overlap(world: World) -> None:
    deliver = _undelivered(world)
    second(world, truck_id="k1")
    deliver()


def _payload_exceeded(world: World) -> None:
    second(world, truck_id="k1", quantity_kg=5500, known_quantity_kg=6000, **LATER)


def _too_warm(world: World) -> None:
    second(world, truck_id="k1", temperature="frozen", **LATER)


def _other_temperature_than_the_lot(world: World) -> None:
    second(world, lot_id="l1", quantity_kg=500, temperature="ambient")


def _no_break(world: World) -> None:
    times = {"departure": at(30_000), "delivery_eta": at(48_500), "drive_s": 18_000}
    second(world, truck_id="k1", **times)


def _break_too_short(world: World) -> None:
    times = {"departure": at(30_000), "delivery_eta": at(48_500), "drive_s": 18_000}
    second(world, truck_id="k1", **times, breaks=[(at(40_000), at(40_600))])


def _day_too_long(world: World) -> None:
    times = {"departure": at(25_000), "delivery_eta": at(54_700), "drive_s": 28_800}
    second(world, truck_id="k1", **times, breaks=[(at(39_400), at(40_300))])


def _faster_than_possible(world: World) -> None:
    second(world, truck_id="k1", **LATER, drive_s=15_001, breaks=[(at(36_000), at(36_900))])


def _two_trips_carried(world: World) -> None:
    fields = {"assignment_id": "a2", "trip_id": "t2", "lot_id": "l2", **LATER}
    offer(world, 40, **fields)
    deliver = _undelivered(world)
    offer(world, 8000, "loaded", **fields | {"status": "loaded"})
    offer(world, 8100, "cancelled", **fields | {"status": "cancelled"})
    show(world, "dispatch.assignment.v1", "assignment", "a2")
    deliver()


# --- slots_within_capacity


def _slot_overfull(world: World) -> None:
    other = {"reservation_id": "r2", "assignment_id": "a9", "truck_id": "k9"}
    reserve(world, 12, "requested", **other)
    reserve(world, 13, "confirmed", **other)
    reserve(world, 20, "released", **other)


def _cut_ignored(world: World) -> None:
    cut = WINDOW | {"capacity_trucks": 0}
    world.say("port.slot.v1", "slot.capacity_changed", cut, seconds=100)
    world.view("slot", SLOT, world.docs["slot"][SLOT] | {"capacity_trucks": 0}, key="f1")


def _nobody_opened_it(world: World) -> None:
    later = {"window_start": at(36_000), "window_end": at(39_600)}
    reserve(world, 12, "requested", reservation_id="r2", **later)
    reserve(world, 13, "confirmed", reservation_id="r2", **later)


# --- views_agree


def _redis_is_stale(world: World) -> None:
    world.docs["truck"]["k1"]["plate"] = "68C-999.99"


def _redis_has_forgotten(world: World) -> None:
    del world.docs["lot"]["l1"]


def _state_topic_differs(world: World) -> None:
    world.states["slot", SLOT]["reserved"] = []


def _all_agree_on_what_is_wrong(world: World) -> None:
    world.view("truck", "k1", world.docs["truck"]["k1"] | {"payload_kg": 1})


def _place_in_no_slot(world: World) -> None:
    world.view("slot", SLOT, world.docs["slot"][SLOT] | {"reserved": []}, key="f1")


def _lot_knows_nothing_of_its_delivery(world: World) -> None:
    world.view("lot", "l1", world.docs["lot"]["l1"] | {"delivered_kg": 0})


def _command_says_refused(world: World) -> None:
    world.view("command", "cmd1", world.docs["command"]["cmd1"] | {"status": "refused"})


def _alert_unseen(world: World) -> None:
    alert = {"alert_id": "held/k1", "subject": "k1", "code": "truck_held"}
    world.say("alert.v1", "alert.raised", alert, seconds=70)


def _see(world: World, decision: str, seconds: float, name: str, **more: Any) -> None:
    data = {"checkpoint_id": "cp1", "truck_id": "k1"} | more
    kind, topic = f"checkpoint.{decision}", "checkpoint.clearance.v1"
    world.say(topic, kind, data, seconds=seconds, event_id=name)


def _take_back(world: World, name: str, **more: Any) -> None:
    wrong = {"retracts": {"source": "/test", "id": name}, "reason_code": "did_not_occur"}
    _see(world, "retracted", 80, f"r-{name}", **wrong | more)


def _show_last(world: World, decision: str | None, seconds: float = 0) -> None:
    seen = {"checkpoint_id": "cp1", "decision": decision, "at": at(seconds), "reason_code": None}
    last = {"last_checkpoint": seen if decision else None}
    world.view("truck", "k1", world.docs["truck"]["k1"] | last)


def _what_was_taken_back_is_shown(world: World) -> None:
    _see(world, "cleared", 60, "c1")
    _see(world, "held", 70, "c2")
    _take_back(world, "c2")
    _show_last(world, "held", 70)


def _visits(world: World, **totals: int) -> None:
    place = {"place_id": "cp1", "name": "Chốt", "lat": 10.0, "lon": 105.0}
    world.say("place.registry.v1", "checkpoint.registered", place, seconds=1)
    topic, visit = "checkpoint.visit.v1", {"checkpoint_id": "cp1", "vehicle": "k1"}
    for n, decision in enumerate(("cleared", "held")):
        data = visit | {"decision": decision, "at": at(60 + n), "clearance": f"/test c{n}"}
        world.say(topic, "visit.recorded", data, seconds=60 + n)
        if decision == "held":
            world.say(topic, "visit.retracted", data, seconds=80)
    full = place | {"bays": 1, "region": None, "status": "active", "present": []}
    world.view("checkpoint", "cp1", full | {"totals": totals})


def _a_visit_taken_back_is_counted(world: World) -> None:
    _visits(world, cleared=1, held=1)


def _truck_in_no_table(world: World) -> None:
    del world.table("truck", "k1")["views"]["truck:k1"]
    del world.docs["truck"], world.states["truck", "k1"]


# --- closures_respected


def _closed_road(world: World, seconds: float = 35, **changes: Any) -> None:
    line = {"type": "LineString", "coordinates": [[105.2, 9.9], [105.2, 10.1]]}
    close_road(world, seconds, closure_id="c2", **{"geometry": line} | changes)
    show(world, "closure.state.v1", "closure", "c2")


def _route_crosses_a_closed_road(world: World) -> None:
    _closed_road(world)
    second(world)


def _route_crosses_what_opens_before_the_truck_leaves(world: World) -> None:
    _closed_road(world, valid_until=at(1800))
    second(world)


def _route_crosses_a_zone(world: World) -> None:
    ring = [[105.1, 9.9], [105.2, 9.9], [105.2, 10.1], [105.1, 10.1], [105.1, 9.9]]
    _closed_road(world, kind="zone", geometry={"type": "Polygon", "coordinates": [ring]})
    second(world)


def _route_passes_a_closed_point(world: World) -> None:
    _closed_road(world, geometry={"type": "Point", "coordinates": [105.2, 10.0005]})
    second(world)


BREAKING: list[tuple[str, str, Change]] = [
    ("accounted", "garbage_lost", _garbage_vanishes),
    ("accounted", "event_lost", _lot_event_vanishes),
    ("accounted", "counts_differ", _position_vanishes),
    ("accounted", "counts_differ", _applied_twice),
    ("accounted", "conflict_hidden", _conflict_is_taken_for_a_duplicate),
    ("accounted", "no_reason", _dead_without_reason),
    ("accounted", "bytes_changed", _dead_with_other_bytes),
    ("accounted", "event_lost", _command_vanishes),
    ("accounted", "event_lost", _closure_vanishes),
    ("accounted", "garbage_lost", _inbox_heeds_a_stranger),
    ("lots_not_doubled", "overbooked", _lot_overbooked),
    ("lots_not_doubled", "quantity_invented", _quantity_invented),
    ("lots_not_doubled", "excess_stays", _excess_of_a_lot_stays),
    ("trips_feasible", "overlap", _trips_overlap),
    ("trips_feasible", "payload", _payload_exceeded),
    ("trips_feasible", "temperature", _too_warm),
    ("trips_feasible", "temperature", _other_temperature_than_the_lot),
    ("trips_feasible", "no_break", _no_break),
    ("trips_feasible", "no_break", _break_too_short),
    ("trips_feasible", "day_too_long", _day_too_long),
    ("trips_feasible", "times_impossible", _faster_than_possible),
    ("trips_feasible", "carries_two_trips", _two_trips_carried),
    ("slots_within_capacity", "overfull", _slot_overfull),
    ("slots_within_capacity", "excess_stays", _cut_ignored),
    ("slots_within_capacity", "slot_unknown", _nobody_opened_it),
    ("views_agree", "differs", _redis_is_stale),
    ("views_agree", "differs", _redis_has_forgotten),
    ("views_agree", "differs", _state_topic_differs),
    ("views_agree", "recomputed", _all_agree_on_what_is_wrong),
    ("views_agree", "recomputed", _place_in_no_slot),
    ("views_agree", "recomputed", _lot_knows_nothing_of_its_delivery),
    ("views_agree", "recomputed", _command_says_refused),
    ("views_agree", "recomputed", _alert_unseen),
    ("views_agree", "recomputed", _what_was_taken_back_is_shown),
    ("views_agree", "recomputed", _a_visit_taken_back_is_counted),
    ("views_agree", "unknown", _truck_in_no_table),
    ("closures_respected", "crosses_closure", _route_crosses_a_closed_road),
    ("closures_respected", "crosses_closure", _route_crosses_a_zone),
    ("closures_respected", "crosses_closure", _route_crosses_what_opens_before_the_truck_leaves),
    ("closures_respected", "crosses_closure", _route_passes_a_closed_point),
]


@pytest.mark.parametrize(
    ("invariant", "rule", "change"), BREAKING, ids=[change.__name__[1:] for *_, change in BREAKING]
)
def test_one_wrong_thing_breaks_one_invariant(invariant: str, rule: str, change: Change) -> None:
    """The judge names the rule, and no other judge objects."""
    world = good_world()
    change(world)
    found = broken(world)
    assert list(found) == [invariant]
    assert rule in found[invariant]


def test_a_verdict_tells_so_many_violations_of_each_invariant() -> None:
    finding = Finding()
    for number in range(SHOWN + 5):
        finding.violate("late", f"truck {number} is late")
    verdict = Verdict({"sound": Finding(), "in_time": finding}, records=1)
    assert list(verdict.told(2)) == [
        "in_time: late: truck 0 is late",
        "in_time: late: truck 1 is late",
    ]


def test_every_invariant_has_a_log_that_breaks_it() -> None:
    """No judge is there who never objects."""
    assert {invariant for invariant, *_ in BREAKING} == set(INVARIANTS)


# --- what is right, though it looks wrong


def _excess_is_displaced(world: World) -> None:
    data = {"lot_id": "l2", "quantity_kg": 5000}
    world.say("harvest.lot.v1", "lot.declared", LOT | data, seconds=35)
    offer(world, 40, assignment_id="a2", trip_id="t2", truck_id="k2", lot_id="l2")
    data["quantity_kg"] = 3000
    world.say("harvest.lot.v1", "lot.revised", data, seconds=50)
    ended = ASSIGNMENT | {"assignment_id": "a2", "trip_id": "t2", "truck_id": "k2"}
    offer(world, 100, "cancelled", **ended | {"lot_id": "l2", "status": "cancelled"})
    show(world, "dispatch.assignment.v1", "assignment", "a2")
    world.view("lot", "l2", world.docs["lot"]["l1"] | data | {"delivered_kg": 0})


def _cut_is_displaced(world: World) -> None:
    cut = WINDOW | {"capacity_trucks": 0}
    world.say("port.slot.v1", "slot.capacity_changed", cut, seconds=100)
    reserve(world, 130, "released")
    view = world.docs["slot"][SLOT] | {"capacity_trucks": 0, "reserved": []}
    world.view("slot", SLOT, view, key="f1")


def _withdrawn_before_the_answer(world: World) -> None:
    other = {"reservation_id": "r2", "assignment_id": "a9", "truck_id": "k9"}
    reserve(world, 9, "requested", **other)
    reserve(world, 9.1, "released", **other)
    reserve(world, 9.2, "confirmed", **other)
    data = WINDOW | {"capacity_trucks": 2}
    world.say("port.slot.v1", "slot.capacity_changed", data, seconds=8)
    other["reservation_id"] = "r3"
    for seconds, event in ((9.3, "requested"), (9.4, "confirmed"), (9.5, "released")):
        reserve(world, seconds, event, **other)
    world.view("slot", SLOT, world.docs["slot"][SLOT] | {"capacity_trucks": 2}, key="f1")


def _closed_after_the_offer(world: World) -> None:
    second(world)
    _closed_road(world, 70)


def _closed_but_lifted(world: World) -> None:
    _closed_road(world)
    _closed_road(world, status="lifted", version=2)
    second(world)


def _closed_later_than_the_offer(world: World) -> None:
    _closed_road(world, valid_from=at(600))
    second(world)


def _breaks_are_taken(world: World) -> None:
    times = {"departure": at(30_000), "delivery_eta": at(48_900), "drive_s": 18_000}
    second(world, truck_id="k1", **times, breaks=[(at(44_400), at(45_300))])


def _a_day_ends_at_midnight_here(world: World) -> None:
    times = {"departure": at(61_200), "delivery_eta": at(90_900), "drive_s": 28_800}
    second(world, truck_id="k1", **times, breaks=[(at(75_600), at(76_500))])


def _what_was_taken_back_is_gone(world: World) -> None:
    _see(world, "cleared", 60, "c1")
    _see(world, "held", 70, "c2")
    _take_back(world, "c2")
    _show_last(world, "cleared", 60)


def _everything_was_taken_back(world: World) -> None:
    _see(world, "held", 60, "c1")
    _take_back(world, "c1")
    _show_last(world, None)


def _it_was_not_theirs_to_take_back(world: World) -> None:
    _see(world, "held", 60, "c1")
    _take_back(world, "c1", checkpoint_id="cp2")
    _show_last(world, "held", 60)


def _a_visit_taken_back_is_counted_no_more(world: World) -> None:
    _visits(world, cleared=1, held=0)


@pytest.mark.parametrize(
    "change",
    [
        _what_was_taken_back_is_gone,
        _everything_was_taken_back,
        _it_was_not_theirs_to_take_back,
        _a_visit_taken_back_is_counted_no_more,
        _excess_is_displaced,
        _cut_is_displaced,
        _withdrawn_before_the_answer,
        _closed_after_the_offer,
        _closed_but_lifted,
        _closed_later_than_the_offer,
        _breaks_are_taken,
        _a_day_ends_at_midnight_here,
    ],
    ids=lambda change: change.__name__[1:],
)
def test_what_only_looks_wrong_breaks_nothing(change: Change) -> None:
    """A judge knows in which order things came, and what time they had."""
    world = good_world()
    change(world)
    assert broken(world) == {}


def test_what_is_in_flight_is_not_judged() -> None:
    """A record behind the cut need not be dealt with yet."""
    world = good_world()
    entry = world.put("harvest.lot.v1", b"l1", b"?")
    assert judge(world.log(cut={("harvest.lot.v1", 0): entry.offset})).ok
    assert not judge(world.log(cut={("harvest.lot.v1", 0): entry.offset + 1})).ok


def test_an_entity_that_changes_meanwhile_is_not_compared() -> None:
    """Its copies differ for a moment only because they were read one after another."""
    world = good_world()
    world.docs["truck"]["k1"]["plate"] = "68C-999.99"
    data = {"truck_id": "k1", "status": "unavailable"}
    topic = "truck.registry.v1"
    entry = world.say(topic, "truck.status_changed", data, seconds=80, remember=False)
    assert judge(world.log(cut={(topic, 0): entry.offset})).ok


def test_a_topic_cut_by_retention_is_not_counted() -> None:
    """What is gone from the log cannot be held against the tables."""
    world = good_world()
    _applied_twice(world)
    assert judge(world.log(first={("harvest.lot.v1", 0): 1})).ok


def test_the_judge_knows_how_much_a_table_keeps() -> None:
    """It imports nothing of the reducers, so the numbers stand twice."""
    assert recompute.CLEARANCES_KEPT == clearance.CLEARANCES_KEPT
    assert recompute.FINDINGS_KEPT == closures.FINDINGS_KEPT


@pytest.mark.parametrize("remembered", [True, False])
def test_a_watch_is_looked_for_where_the_fold_of_trucks_keeps_it(*, remembered: bool) -> None:
    """Its row is its own, beside the truck's, and holds the latest identities alone."""
    world = good_world()
    data = {"truck_id": "k1", "assignment_id": "a1"}
    said = world.say("corridor.watch.v1", "watch.ended", data, seconds=60, remember=False)
    event = decode(said.topic, said.key, said.value, said.headers)
    row = world.table("truck", "~watch/k1")
    row["counts"] = {said.topic: {"applied": 1}}
    if remembered:
        recent = Recent().with_event(BASE_MS, event.identity, event.digest, 64)
        row["recent"] = {said.topic: recent.to_text()}
    assert broken(world) == ({} if remembered else {"accounted": {"event_lost"}})


@pytest.mark.parametrize("shown", [["x", "y"], ["x"], ["y"], []])
def test_what_is_wrong_on_a_corridor_is_what_was_found_and_not_mended(shown: list[str]) -> None:
    """``x`` was found and mended, ``y`` was found; neither opens or closes the corridor."""
    world = good_world()
    opened = {
        "corridor_id": "c1",
        "kind": "shuttle",
        "facilities": ["p1", "p2"],
        "geometry": {"type": "LineString", "coordinates": [[105.0, 10.0], [105.1, 10.0]]},
        "valid_from": at(0),
    }
    world.say("corridor.lifecycle.v1", "corridor.opened", opened, seconds=10)
    names = {"corridor_id": "c1", "truck_id": "k1"}
    found = names | {"assignment_id": "a1", "since": at(20), "evidence": {}}
    for seconds, event, data in (
        (30, "corridor.deviation_detected", found | {"alert_id": "x"}),
        (40, "corridor.unlisted_stop_detected", found | {"alert_id": "y"}),
        (50, "corridor.finding_mended", names | {"alert_id": "x", "kind": "deviation"}),
    ):
        world.say("corridor.lifecycle.v1", event, data, seconds=seconds, source="/streams/truck")
    finding = {"kind": "deviation", "truck_id": "k1", "since": at(20)}
    findings = [finding | {"alert_id": name} for name in shown]
    view = opened | {"width_m": 200.0, "status": "open", "findings": findings}
    world.view("corridor", "c1", view)
    assert broken(world) == ({} if shown == ["y"] else {"views_agree": {"recomputed"}})


def test_the_clock_of_a_log_is_read_from_its_ticks() -> None:
    """At 600-fold speed a second of the log is ten minutes."""
    world = World()
    for wall_s, shown_s in ((0, 0), (20, 12_000)):
        entry = world.say(
            "stack.tick.v1",
            "clock.ticked",
            {"now": at(shown_s)},
            seconds=shown_s,
            source="/streams/clock",
        )
        world.entries[-1] = replace(entry, appended_ms=BASE_MS + wall_s * 1000)
    log = world.log()
    assert log.clock(BASE_MS + 1000) == log.clock(BASE_MS) + timedelta(minutes=10)


def test_an_excess_has_sixty_seconds_of_append_time() -> None:
    """As the contract takes latencies: from the broker's append times, whatever the speed."""
    assert not lasts_too_long(BASE_MS, BASE_MS + 60_000)
    assert lasts_too_long(BASE_MS, BASE_MS + 60_001)


def test_a_strangers_tick_moves_no_clock() -> None:
    """Only the workers let time pass."""
    world = World()
    tick(world, 0)
    world.say("stack.tick.v1", "clock.ticked", {"now": at(9000)}, seconds=1, source="/stranger")
    log = world.log()
    assert log.clock(BASE_MS + 5000) == log.clock(BASE_MS)
