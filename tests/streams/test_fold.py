"""Let events come in any order, again, contradicting, too early and too late: each is counted once.

The same properties hold for trucks, lots and places, so they are tested once for all three.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import Record
from schemas.model import format_time
from streams.entity import CHANGED_AT_ONCE
from streams.fold import Fold
from streams.lot import LOT_FOLD
from streams.place import PLACE_FOLD
from streams.truck import POSITIONS_REMEMBERED, TRUCK_FOLD
from tests.streams.bench import Bench
from tests.streams.town import NOON

TRUCK = {
    "truck_id": "T",
    "plate": "68C-111.11",
    "haulier_id": "H",
    "region": "kien-giang",
    "payload_kg": 8000,
    "home": {"lat": 10.0, "lon": 105.0},
}
LOT = {
    "lot_id": "L",
    "region": "kien-giang",
    "product": "pineapple",
    "quantity_kg": 5000,
    "pickup": {"lat": 9.8, "lon": 105.2, "name": "Gò Quao"},
    "ready_from": format_time(NOON),
    "hold_until": format_time(NOON + timedelta(hours=20)),
}
PORT = {"place_id": "P", "kind": "port", "name": "Cảng", "lat": 10.0, "lon": 105.0, "gates": ["G"]}
CHECKPOINT = {"place_id": "C", "name": "Chốt", "lat": 10.0, "lon": 105.0, "bays": 2}
POSITION = {"truck_id": "T", "lat": 10.1, "lon": 105.1}
SLOT = {
    "facility_id": "P",
    "gate_id": "G",
    "window_start": format_time(NOON + timedelta(hours=1)),
    "window_end": format_time(NOON + timedelta(hours=2)),
}
OPEN = {**SLOT, "capacity_trucks": 2}

Said = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A fold, what makes its entity known, what needs that, and the topic of the latter."""

    fold: Fold
    known_by: Said
    follows: Said
    other: dict[str, Any]
    """The second event's data with another content."""


CASES = {
    "truck": Case(
        TRUCK_FOLD,
        ("truck.registered", TRUCK),
        ("truck.position_reported", POSITION),
        {**POSITION, "lat": 10.2},
    ),
    "truck's clearance": Case(
        TRUCK_FOLD,
        ("truck.registered", TRUCK),
        ("checkpoint.cleared", {"checkpoint_id": "C", "truck_id": "T"}),
        {"checkpoint_id": "C2", "truck_id": "T"},
    ),
    "lot": Case(
        LOT_FOLD,
        ("lot.declared", LOT),
        ("lot.revised", {"lot_id": "L", "quantity_kg": 1}),
        {"lot_id": "L", "quantity_kg": 2},
    ),
    "facility": Case(
        PLACE_FOLD,
        ("facility.registered", PORT),
        ("slot.opened", OPEN),
        {**OPEN, "capacity_trucks": 3},
    ),
    "checkpoint": Case(
        PLACE_FOLD,
        ("checkpoint.registered", CHECKPOINT),
        (
            "visit.recorded",
            {"checkpoint_id": "C", "vehicle": "T", "decision": "held", "at": format_time(NOON)},
        ),
        {"checkpoint_id": "C", "vehicle": "T2", "decision": "held", "at": format_time(NOON)},
    ),
}

every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def _topic(bench: Bench) -> str:
    return bench.log[-1][0].topic


@every_case
def test_what_comes_before_its_entity_waits_and_is_then_applied(case: Case) -> None:
    early, orderly = Bench(case.fold), Bench(case.fold)
    early.say(*case.follows, event_id="f")
    assert early.counts()[_topic(early)]["parked"] == 1
    early.wait(minutes=10)
    early.say(*case.known_by, event_id="k", when=NOON)
    orderly.say(*case.known_by, event_id="k")
    orderly.say(*case.follows, event_id="f")
    assert _views(early) == _views(orderly)
    early.wait(minutes=20)
    assert early.dead() == []
    early.check_counts()


def _views(bench: Bench) -> dict[str, Any]:
    return {
        name: {key: value for key, value in view.items() if key not in {"version", "queue"}}
        for entity in bench.entities().values()
        for name, view in entity.views.items()
    }


@every_case
def test_what_nobody_registers_in_ten_minutes_is_dead_once(case: Case) -> None:
    bench = Bench(case.fold)
    bench.say(*case.follows)
    bench.wait(minutes=10)
    assert bench.dead() == []
    for _ in range(3):
        bench.wait(seconds=1)
        bench.restart()
    assert [why.split(":")[0] for why in bench.dead()] == ["unknown"]
    bench.say(*case.known_by)
    assert bench.counts()[bench.log[0][0].topic]["dead"] == 1
    bench.check_counts()


@every_case
def test_what_ended_as_a_dead_letter_is_tried_when_it_is_sent_again(case: Case) -> None:
    """`dlq retry` does that, and so does a sender who hears nothing: once it is applied."""
    bench, orderly = Bench(case.fold), Bench(case.fold)
    bench.say(*case.follows, event_id="same", when=NOON)
    bench.wait(minutes=11)
    assert [why.split(":")[0] for why in bench.dead()] == ["unknown"]
    for one in (bench, orderly):
        one.say(*case.known_by, when=NOON)
        one.say(*case.follows, event_id="same", when=NOON)
    assert _views(bench) == _views(orderly)
    bench.restart()
    bench.read(bench.log)
    bench.say(*case.follows, event_id="same", when=NOON)
    assert _views(bench) == _views(orderly)
    assert len(bench.dead()) == 1
    counts = bench.counts()[_topic(bench)]
    assert (counts["dead"], counts["duplicate"], counts["parked"]) == (1, 1, 0)
    bench.check_counts()


def test_what_is_dead_again_says_how_often_it_was_tried() -> None:
    """A record that is sent again with its number of attempts is one attempt older."""
    bench = Bench(TRUCK_FOLD)
    for tried in ((), (("dlq_attempt", b"1"), ("dlq_retry_of", b"7"))):
        bench.put(Record("truck.position.v1", b"T", b"{", tried))
    headers = [dict(record.headers) for record in bench.said]
    assert [one["dlq_attempt"] for one in headers] == [b"1", b"2"]
    assert "dlq_retry_of" not in headers[1]


@every_case
def test_one_id_with_other_content_is_one_dead_letter(case: Case) -> None:
    bench = Bench(case.fold)
    bench.say(*case.known_by)
    bench.say(*case.follows, event_id="same")
    before = _views(bench)
    bench.say(case.follows[0], case.other, event_id="same")
    bench.read(bench.log[-1:])
    assert [why.split(":")[0] for why in bench.dead()] == ["conflict"]
    assert _views(bench) == before
    bench.say(case.follows[0], case.other, event_id="same", source="/streams/another")
    assert len(bench.dead()) == 1
    bench.check_counts()


@every_case
def test_a_conflict_with_what_is_still_parked_is_one_too(case: Case) -> None:
    bench = Bench(case.fold)
    bench.say(*case.follows, event_id="same")
    bench.say(case.follows[0], case.other, event_id="same")
    bench.say(*case.follows, event_id="same")
    assert [why.split(":")[0] for why in bench.dead()] == ["conflict"]
    counts = bench.counts()[_topic(bench)]
    assert (counts["parked"], counts["duplicate"], counts["dead"]) == (1, 1, 1)
    bench.check_counts()


@every_case
def test_a_time_more_than_a_day_ahead_is_one_dead_letter(case: Case) -> None:
    bench = Bench(case.fold)
    bench.say(*case.known_by)
    before = _views(bench)
    bench.say(*case.follows, when=NOON + timedelta(hours=24, seconds=1))
    assert [why.split(":")[0] for why in bench.dead()] == ["time_ahead"]
    assert _views(bench) == before
    bench.say(*case.follows, when=NOON + timedelta(hours=24))
    assert len(bench.dead()) == 1
    bench.check_counts()


@every_case
def test_a_duplicate_is_counted_and_a_redelivery_is_not(case: Case) -> None:
    bench = Bench(case.fold)
    bench.say(*case.known_by)
    bench.say(*case.follows, event_id="same")
    before = _views(bench)
    for _ in range(3):
        bench.say(*case.follows, event_id="same")
        bench.restart()
        bench.read(bench.log)
    counts = bench.counts()[_topic(bench)]
    assert (counts["applied"] - (_topic(bench) == bench.log[0][0].topic)) == 1
    assert counts["duplicate"] == 3
    assert _views(bench) == before
    bench.check_counts()


def test_what_waits_for_what_waits_is_applied_at_once() -> None:
    """A change of a slot waits for its opening, which waits for its facility."""
    bench = Bench(PLACE_FOLD)
    bench.say("slot.capacity_changed", {**SLOT, "capacity_trucks": 7}, when=_at(2))
    bench.say("slot.opened", OPEN, when=_at(1))
    bench.say("facility.registered", PORT)
    slot = bench.view(f"slot:{_slot_id()}")
    assert slot is not None
    assert slot["capacity_trucks"] == 7
    bench.check_counts()


def _at(step: float) -> Any:
    return NOON - timedelta(hours=1) + timedelta(seconds=step)


def _slot_id() -> str:
    return f"P|G|{NOON + timedelta(hours=1):%Y%m%dT%H%MZ}"


# -- what the latest event says holds, whatever the order ------------------------------------------

_WORDS = st.sampled_from(["A", "B", "C"])
_TRUCK_EVENTS = st.one_of(
    st.tuples(st.just("truck.registered"), st.fixed_dictionaries({"haulier_id": _WORDS})).map(
        lambda e: (e[0], {**TRUCK, **e[1]})
    ),
    st.fixed_dictionaries(
        {}, optional={"haulier_id": _WORDS, "driver_id": _WORDS, "payload_kg": st.integers(1, 9)}
    ).map(lambda d: ("truck.updated", {"truck_id": "T", **d})),
    st.sampled_from(["available", "unavailable"]).map(
        lambda s: ("truck.status_changed", {"truck_id": "T", "status": s})
    ),
    st.sampled_from(["ca-mau", "can-tho"]).map(
        lambda r: ("truck.transferred", {"truck_id": "T", "region": r})
    ),
    st.integers(0, 9).map(lambda n: ("truck.position_reported", {**POSITION, "lat": 10 + n / 10})),
    st.sampled_from(["arrived", "cleared", "held", "refused"]).map(
        lambda d: (f"checkpoint.{d}", {"checkpoint_id": "C", "truck_id": "T"})
    ),
)
_LOT_EVENTS = st.one_of(
    st.integers(1, 9).map(lambda n: ("lot.declared", {**LOT, "quantity_kg": n, "grade": "I"})),
    st.fixed_dictionaries(
        {},
        optional={
            "quantity_kg": st.integers(11, 19),
            "grade": _WORDS,
            "destinations": st.lists(_WORDS, max_size=2),
        },
    ).map(lambda d: ("lot.revised", {"lot_id": "L", **d})),
)
_SLOT_EVENTS = st.one_of(
    st.integers(0, 9).map(lambda n: ("slot.opened", {**SLOT, "capacity_trucks": n})),
    st.integers(0, 9).map(lambda n: ("slot.capacity_changed", {**SLOT, "capacity_trucks": n})),
    st.just(("slot.closed", SLOT)),
)


def _in_any_order(events: st.SearchStrategy[Said]) -> st.SearchStrategy[list[tuple[float, Said]]]:
    """Draw events with a time each, no two the same, in the order in which they arrive."""
    steps = st.integers(0, 40).map(lambda n: n / 4)
    return st.lists(st.tuples(steps, events), min_size=1, max_size=12, unique_by=lambda e: e[0])


def _played(fold: Fold, first: list[Said], events: list[tuple[float, Said]], again: int) -> Bench:
    bench = Bench(fold)
    for said in first:
        bench.say(*said, when=_at(-1))
    for number, (step, said) in enumerate(events):
        for _ in range(1 + (number == again)):
            bench.say(*said, when=_at(step), event_id=f"n{number}")
        if number == again:
            bench.restart()
    assert bench.dead() == []
    bench.check_counts()
    return bench


def _fields_by_time(events: list[tuple[float, Said]], whole: str) -> dict[str, Any] | None:
    """Let every event in its turn set the fields that it names; ``whole`` sets all."""
    if not any(said[0] == whole for _, said in events):
        return None
    fields: dict[str, Any] = {}
    defaults: dict[str, Any] = {"driver_id": None, "status": "available", "destinations": []}
    for _, (event_type, data) in sorted(events, key=lambda e: e[0]):
        fields |= (defaults if event_type == whole else {}) | data
    return fields


@settings(max_examples=150, deadline=None)
@given(events=_in_any_order(_TRUCK_EVENTS), again=st.integers(0, 11))
def test_a_truck_is_what_the_latest_events_say(
    events: list[tuple[float, Said]], again: int
) -> None:
    bench = _played(TRUCK_FOLD, [], events, again)
    registry = [e for e in events if e[1][0].startswith("truck.") and "position" not in e[1][0]]
    expected = _fields_by_time(registry, "truck.registered")
    view = bench.view("truck:T")
    if expected is None:
        assert view is None
        return
    assert view is not None
    names = ("haulier_id", "driver_id", "payload_kg", "status", "region")
    assert {n: view[n] for n in names} == {n: expected[n] for n in names}
    positions = sorted(e for e in events if e[1][0] == "truck.position_reported")
    assert (view["position"] or {}).get("lat") == (
        positions[-1][1][1]["lat"] if positions else None
    )
    signs = sorted((step, said[0]) for step, said in events if said[0].startswith("checkpoint."))
    last = (view["last_checkpoint"] or {}).get("decision")
    assert last == (signs[-1][1].split(".")[1] if signs else None)
    telling = [step for step, said in events if len(said[1]) > 1]
    assert view["updated_at"] == format_time(_at(max(telling)))


@settings(max_examples=150, deadline=None)
@given(events=_in_any_order(_LOT_EVENTS), again=st.integers(0, 11))
def test_a_lot_is_what_the_latest_events_say(events: list[tuple[float, Said]], again: int) -> None:
    view = _played(LOT_FOLD, [], events, again).view("lot:L")
    expected = _fields_by_time(events, "lot.declared")
    if expected is None:
        assert view is None
        return
    assert view is not None
    names = ("quantity_kg", "grade", "destinations")
    assert {n: view[n] for n in names} == {n: expected[n] for n in names}


@settings(max_examples=150, deadline=None)
@given(events=_in_any_order(_SLOT_EVENTS), again=st.integers(0, 11))
def test_a_slot_is_what_the_latest_events_say(events: list[tuple[float, Said]], again: int) -> None:
    bench = _played(PLACE_FOLD, [("facility.registered", PORT)], events, again)
    view = bench.view(f"slot:{_slot_id()}")
    if not any(said[0] == "slot.opened" for _, said in events):
        assert view is None
        return
    assert view is not None
    in_time = [said for _, said in sorted(events, key=lambda e: e[0])]
    capacities = [data["capacity_trucks"] for kind, data in in_time if kind != "slot.closed"]
    switches = [kind for kind, _ in in_time if kind != "slot.capacity_changed"]
    assert view["capacity_trucks"] == capacities[-1]
    assert view["status"] == {"slot.opened": "open", "slot.closed": "closed"}[switches[-1]]


@settings(max_examples=100, deadline=None)
@given(
    visits=st.lists(
        st.tuples(
            st.integers(0, 40).map(lambda n: n / 4),
            st.sampled_from(["T1", "T2"]),
            st.sampled_from(["arrived", "cleared", "held", "refused"]),
        ),
        max_size=12,
        unique_by=lambda v: v[0],
    )
)
def test_who_is_at_a_checkpoint_is_the_latest_sign_of_each(
    visits: list[tuple[float, str, str]],
) -> None:
    bench = Bench(PLACE_FOLD)
    bench.say("checkpoint.registered", CHECKPOINT)
    for step, vehicle, decision in visits:
        data = {"checkpoint_id": "C", "vehicle": vehicle, "decision": decision}
        bench.say("visit.recorded", {**data, "at": format_time(_at(step))}, when=_at(step))
    view = bench.view("checkpoint:C")
    assert view is not None
    latest = {vehicle: decision for _, vehicle, decision in sorted(visits)}
    here = {v: d for v, d in latest.items() if d in {"arrived", "held"}}
    assert {one["vehicle"]: one["decision"] for one in view["present"]} == here
    assert sum(view["totals"].values()) == len(visits)


# -- what a truck remembers ------------------------------------------------------------------------


def test_positions_read_again_long_after_are_neither_applied_nor_counted_again() -> None:
    bench = Bench(TRUCK_FOLD)
    bench.say("truck.registered", TRUCK)
    for number in range(POSITIONS_REMEMBERED + 40):
        bench.say("truck.position_reported", POSITION, when=_at(number))
    before = _views(bench), bench.counts()
    bench.restart()
    bench.read(bench.log)
    assert (_views(bench), bench.counts()) == before
    bench.check_counts()


def test_a_position_older_than_all_that_are_remembered_is_refused() -> None:
    bench = Bench(TRUCK_FOLD)
    bench.say("truck.registered", TRUCK, when=_at(-2))
    for number in range(POSITIONS_REMEMBERED):
        bench.say("truck.position_reported", POSITION, when=_at(number))
    before = _views(bench)
    bench.say("truck.position_reported", {**POSITION, "lat": 1.0}, when=_at(-1))
    assert _views(bench) == before
    assert bench.counts()["truck.position.v1"]["refused"] == 1
    assert len(bench.entities()["T"].memory) <= POSITIONS_REMEMBERED + 1


@pytest.mark.parametrize("first", ["truck", "vehicle"])
def test_a_plate_is_linked_to_its_truck(first: str) -> None:
    bench = Bench(TRUCK_FOLD)
    steps: list[Callable[[], Any]] = [
        lambda: bench.say("checkpoint.held", {"checkpoint_id": "C", "plate": "68c 11111"}),
        lambda: bench.say("plate.assigned", {"plate": TRUCK["plate"], "truck_id": "T"}),
    ]
    for step in steps if first == "vehicle" else reversed(steps):
        step()
    visits = [value for kind, value in bench.events("checkpoint.visit.v1")]
    assert b'"truck_id":"T"' in visits[-1]
    raised = [kind for kind, _ in bench.events("alert.v1")]
    linked_later = ["alert.raised", "alert.cleared"]
    assert raised == (linked_later if first == "vehicle" else [])
    assert (b'"replaces_vehicle":"plate:68C11111"' in visits[-1]) == (first == "vehicle")
    assert bench.dead() == []
    bench.check_counts()


def test_a_silent_truck_raises_one_alert_until_it_is_heard() -> None:
    bench = Bench(TRUCK_FOLD)
    bench.say("truck.registered", TRUCK)
    bench.say("truck.position_reported", POSITION)
    for _ in range(4):
        bench.wait(minutes=60)
        bench.restart()
    assert [kind for kind, _ in bench.events("alert.v1")] == ["alert.raised"]
    bench.say("truck.position_reported", POSITION)
    assert [kind for kind, _ in bench.events("alert.v1")] == ["alert.raised", "alert.cleared"]


def test_a_tick_changes_only_so_many_entities_and_the_next_goes_on() -> None:
    """The journal of one tick has to be a record that Kafka takes, whatever fell silent."""
    bench = Bench(TRUCK_FOLD)
    for number in range(CHANGED_AT_ONCE + 50):
        bench.say("truck.registered", {**TRUCK, "truck_id": f"T{number}"})
        bench.say("truck.position_reported", {**POSITION, "truck_id": f"T{number}"})
    alerts = []
    for _ in range(3):
        bench.wait(hours=2)
        alerts.append(len(list(bench.events("alert.v1"))))
    assert alerts == [CHANGED_AT_ONCE, CHANGED_AT_ONCE + 50, CHANGED_AT_ONCE + 50]


def test_a_clearance_that_comes_late_is_known_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of clearances the latest to arrive are remembered, however old they are."""
    monkeypatch.setitem(TRUCK_FOLD.limits, "checkpoint.clearance.v1", 3)
    bench = Bench(TRUCK_FOLD)
    bench.say("truck.registered", TRUCK, when=_at(-9))
    data = {"checkpoint_id": "C", "truck_id": "T"}
    for minute in range(5):
        bench.say("checkpoint.cleared", data, when=_at(minute))
    for _ in range(2):
        bench.say("checkpoint.held", data, when=_at(-5), event_id="late")
    counts = bench.counts()["checkpoint.clearance.v1"]
    assert (counts["applied"], counts["duplicate"]) == (6, 1)
    bench.check_counts()
