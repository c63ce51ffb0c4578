"""Take clearances back in any order, again, too early, wrongly: what stands is what is known."""

# ruff: noqa: D102 - the names of rules and invariants are sentences

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schemas.model import format_time
from streams.clearance import CLEARANCES_KEPT
from streams.fold import derived_id
from streams.place import PLACE_FOLD, VISITS_KEPT
from streams.truck import TRUCK_FOLD
from tests.streams.bench import Bench
from tests.streams.test_fold import CHECKPOINT, TRUCK
from tests.streams.town import NOON, Crash, Town

DECISIONS = ("arrived", "cleared", "held", "refused")
PLATE = TRUCK["plate"]


def _at(minute: float) -> Any:
    return NOON + timedelta(minutes=minute)


def _ref(name: str) -> dict[str, str]:
    return {"source": "/test", "id": name}


@dataclass(frozen=True)
class Seen:
    """A clearance as the tests know it."""

    name: str
    minute: int
    checkpoint: str
    decision: str
    stray: bool = False

    @property
    def vehicle(self) -> dict[str, Any]:
        return {"plate": PLATE} if self.stray else {"truck_id": "T"}


class Gate:
    """Trucks and two checkpoints: what the truck fold says is heard by both folds."""

    def __init__(self) -> None:
        self.trucks, self.places = Bench(TRUCK_FOLD), Bench(PLACE_FOLD)
        for place_id in ("C1", "C2"):
            self.places.say("checkpoint.registered", {**CHECKPOINT, "place_id": place_id})
        self._heard = 0

    def register(self) -> None:
        self.trucks.say("truck.registered", TRUCK, event_id="registered", when=_at(-1))
        self.pass_on()

    def see(self, seen: Seen) -> None:
        data = {"checkpoint_id": seen.checkpoint, **seen.vehicle, "reason_code": seen.name}
        kind = f"checkpoint.{seen.decision}"
        self.trucks.say(kind, data, when=_at(seen.minute), event_id=seen.name)
        self.pass_on()

    def retract(self, seen: Seen, name: str, **changes: Any) -> None:
        data = {
            "checkpoint_id": seen.checkpoint,
            **seen.vehicle,
            "retracts": _ref(seen.name),
            "reason_code": "did_not_occur",
        }
        when = _at(changes.pop("minute", 60))
        self.trucks.say("checkpoint.retracted", {**data, **changes}, when=when, event_id=name)
        self.pass_on()

    def pass_on(self) -> None:
        while self._heard < len(self.trucks.said):
            record = self.trucks.said[self._heard]
            self._heard += 1
            if record.topic == "checkpoint.visit.v1":
                self.places.put(record)
            elif record.topic == "truck.plate.v1":
                self.trucks.put(record)

    def raised(self) -> set[str]:
        raised: set[str] = set()
        for kind, value in self.trucks.events("alert.v1"):
            alert_id = json.loads(value)["alert_id"]
            raised = raised | {alert_id} if kind == "alert.raised" else raised - {alert_id}
        return raised

    def last(self) -> str | None:
        """Name the clearance behind the truck's last checkpoint: the tests give it as reason."""
        view = self.trucks.view("truck:T") or {}
        return (view.get("last_checkpoint") or {}).get("reason_code")

    def present(self, place_id: str) -> dict[str, tuple[str, str, str]]:
        view = self.places.view(f"checkpoint:{place_id}")
        assert view is not None
        return {
            one["vehicle"]: (one["decision"], one["since"], one["reason_code"])
            for one in view["present"]
        }

    def totals(self, place_id: str) -> Counter[str]:
        view = self.places.view(f"checkpoint:{place_id}")
        assert view is not None
        return +Counter(view["totals"])

    def counts(self) -> dict[str, Counter[str]]:
        return {topic: +counts for topic, counts in self.trucks.counts().items()}

    def check(self) -> None:
        self.trucks.check_counts()
        self.places.check_counts()


# -- what must be, from the clearances that stand ------------------------------------------------


def _order(seen: Seen) -> tuple[int, str]:
    return seen.minute, derived_id(f"/test {seen.name}")


def _last(standing: list[Seen]) -> str | None:
    own = [seen for seen in standing if not seen.stray]
    return max(own, key=_order).name if own else None


def _alerts(standing: list[Seen], *, linked: bool) -> set[str]:
    code = None
    for seen in sorted((one for one in standing if not one.stray), key=_order):
        if seen.decision in {"held", "refused"}:
            code = f"truck_{seen.decision}/T"
        elif not (seen.decision == "arrived" and code == "truck_held/T"):
            code = None
    strays = any(seen.stray for seen in standing) and not linked
    found = {c for c in (code, "vehicle_unregistered/plate:68C11111" if strays else None) if c}
    for vehicle, stray in (("T", False), ("plate:68C11111", True)):
        if _is_scanned_twice([seen for seen in standing if seen.stray is stray]):
            found.add(f"duplicate_scan/{vehicle}")
    return found


def _is_scanned_twice(seen: list[Seen]) -> bool:
    """Look at the checkpoint where a vehicle was seen last: one decision within five minutes."""
    here = max(seen, key=_order).checkpoint if seen else ""
    minutes: dict[str, list[int]] = defaultdict(list)
    for one in sorted((one for one in seen if one.checkpoint == here), key=_order):
        minutes[one.decision].append(one.minute)
    return any(b - a <= 5 for of_one in minutes.values() for a, b in pairwise(of_one))


def _present(
    standing: list[Seen], place_id: str, *, linked: bool
) -> dict[str, tuple[str, str, str]]:
    there: dict[str, tuple[str, str, str]] = {}
    for seen in sorted((one for one in standing if one.checkpoint == place_id), key=_order):
        vehicle = "plate:68C11111" if seen.stray and not linked else "T"
        since = format_time(_at(seen.minute))
        if seen.decision == "held" and there.get(vehicle, ("", ""))[0] == "arrived":
            since = there[vehicle][1]
        there[vehicle] = (seen.decision, since, seen.name)
    return {name: one for name, one in there.items() if one[0] in {"arrived", "held"}}


def _check(gate: Gate, standing: list[Seen], *, linked: bool, registered: bool = True) -> None:
    known = standing if registered else [seen for seen in standing if seen.stray]
    assert gate.last() == _last(known)
    assert gate.raised() == _alerts(known, linked=linked)
    for place_id in ("C1", "C2"):
        of_place = [seen for seen in known if seen.checkpoint == place_id]
        assert gate.present(place_id) == _present(known, place_id, linked=linked)
        assert gate.totals(place_id) == Counter(seen.decision for seen in of_place)
    gate.check()


# -- one thing at a time -------------------------------------------------------------------------

HELD, CLEARED = Seen("h", 1, "C1", "held"), Seen("c", 2, "C1", "cleared")


def test_what_is_taken_back_leaves_the_truck_where_it_was_before() -> None:
    gate = Gate()
    gate.register()
    for seen in (HELD, CLEARED):
        gate.see(seen)
    assert (gate.last(), gate.raised()) == ("c", set())
    gate.retract(CLEARED, "r1")
    _check(gate, [HELD], linked=True)
    gate.retract(HELD, "r2")
    _check(gate, [], linked=True)
    view = gate.trucks.view("truck:T")
    assert view is not None
    assert view["last_checkpoint"] is None
    assert gate.counts()["checkpoint.clearance.v1"] == Counter(applied=4)


def test_a_retraction_that_comes_first_waits_and_nothing_of_its_clearance_stays() -> None:
    gate = Gate()
    gate.register()
    gate.retract(HELD, "r")
    assert gate.counts()["checkpoint.clearance.v1"] == Counter(parked=1)
    gate.trucks.wait(minutes=9)
    gate.see(HELD)
    _check(gate, [], linked=True)
    assert gate.counts()["checkpoint.clearance.v1"] == Counter(applied=2)
    gate.trucks.wait(minutes=20)
    assert gate.trucks.dead() == []


def test_a_retraction_of_nothing_is_dead_after_ten_minutes_and_may_be_sent_again() -> None:
    gate = Gate()
    gate.register()
    gate.retract(HELD, "r")
    gate.trucks.wait(minutes=11)
    assert [why.split(":")[0] for why in gate.trucks.dead()] == ["unknown"]
    gate.see(HELD)
    _check(gate, [HELD], linked=True)
    gate.retract(HELD, "r")
    _check(gate, [], linked=True)


def test_a_clearance_that_ended_as_a_dead_letter_cannot_be_taken_back() -> None:
    gate = Gate()
    gate.see(HELD)
    gate.trucks.wait(minutes=11)
    gate.register()
    gate.retract(HELD, "r")
    assert gate.counts()["checkpoint.clearance.v1"] == Counter(dead=1, parked=1)
    gate.trucks.wait(minutes=11)
    assert len(gate.trucks.dead()) == 2
    gate.check()


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"retracts": _ref("r1")}, "refused"),  # a retraction
        ({"retracts": _ref("again")}, "refused"),  # itself
        ({"retracts": _ref("registered")}, "refused"),  # an event that is no clearance
        ({"checkpoint_id": "C2"}, "refused"),  # another checkpoint's clearance
        ({"retracts": _ref("h")}, "applied"),  # what is taken back already
    ],
)
def test_what_may_not_be_taken_back_stays(changes: dict[str, Any], outcome: str) -> None:
    gate = Gate()
    gate.register()
    for seen in (HELD, CLEARED):
        gate.see(seen)
    gate.retract(HELD, "r1")
    gate.retract(CLEARED, "again", **changes)
    _check(gate, [CLEARED], linked=True)
    assert gate.counts()["checkpoint.clearance.v1"] == Counter(applied=3) + Counter([outcome])


def test_only_recent_clearances_are_kept_and_can_be_taken_back() -> None:
    gate = Gate()
    gate.register()
    first = Seen("first", 0, "C1", "held")
    many = [Seen(f"n{n}", n + 1, "C1", "arrived") for n in range(CLEARANCES_KEPT)]
    for seen in (first, *many):
        gate.see(seen)
    gate.retract(first, "late")
    gate.retract(many[0], "early enough")
    assert gate.counts()["checkpoint.clearance.v1"]["refused"] == 1
    own = gate.trucks.entities()["T"].own
    assert len(own["clearances"]) == CLEARANCES_KEPT
    assert gate.totals("C1") == Counter(held=1, arrived=CLEARANCES_KEPT - 1)
    gate.check()


def test_of_a_visit_long_ago_the_count_is_taken_back() -> None:
    """The checkpoint has forgotten what was before it, and knows what was after it."""
    gate = Gate()
    gate.register()
    gate.see(HELD)
    for number in range(VISITS_KEPT):
        data = {"checkpoint_id": "C1", "vehicle": f"V{number}", "decision": "cleared"}
        when = _at(2 + number / 60)
        gate.places.say("visit.recorded", {**data, "at": format_time(when)}, when=when)
    assert set(gate.present("C1")) == {"T"}
    gate.retract(HELD, "r")
    assert gate.present("C1") == {}
    assert gate.totals("C1") == Counter(cleared=VISITS_KEPT)
    gate.check()


def test_a_state_of_an_earlier_version_goes_on() -> None:
    """It kept the last checkpoint and the alert's code, and no clearances."""
    gate = Gate()
    gate.register()
    gate.see(HELD)
    store = gate.trucks.shell.memory.store(0)
    entity = store.get("T")
    assert entity is not None
    entity.own.pop("clearances")
    gate.see(Seen("a", 2, "C2", "arrived"))
    assert gate.raised() == {"truck_held/T"}
    gate.retract(Seen("a", 2, "C2", "arrived"), "r")
    view = gate.trucks.view("truck:T")
    assert view is not None
    assert view["last_checkpoint"]["checkpoint_id"] == "C1"
    assert gate.raised() == {"truck_held/T"}


# -- any order -----------------------------------------------------------------------------------

_SEEN = st.lists(
    st.builds(
        Seen,
        name=st.integers(0, 99).map("s{}".format),
        minute=st.integers(0, 9),
        checkpoint=st.sampled_from(["C1", "C2"]),
        decision=st.sampled_from(DECISIONS),
        stray=st.booleans(),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda seen: seen.name,
)


@settings(max_examples=120, deadline=None)
@given(data=st.data(), seen=_SEEN)
def test_the_same_events_in_any_order_end_in_the_same_state(
    data: st.DataObject, seen: list[Seen]
) -> None:
    wrong = data.draw(st.lists(st.sampled_from(seen), unique=True), label="retracted")
    twice = data.draw(st.lists(st.sampled_from(wrong), unique=True) if wrong else st.just([]))
    steps: list[tuple[str, Seen | None]] = [("register", None)]
    steps += [("see", one) for one in seen]
    steps += [("retract", one) for one in wrong] + [("retract again", one) for one in twice]
    gates = []
    for _ in range(2):
        gate = Gate()
        for what, one in data.draw(st.permutations(steps), label="order"):
            if one is None:
                gate.register()
            elif what == "see":
                gate.see(one)
            else:
                minute = 60 + int(one.name[1:]) + (100 if what.endswith("again") else 0)
                gate.retract(one, f"{what} {one.name}", minute=minute)
            if data.draw(st.integers(0, 9), label="restart") == 0:
                gate.trucks.restart()
                gate.places.restart()
                gate.trucks.read(gate.trucks.log[-3:])
                gate.places.read(gate.places.log[-3:])
        _check(gate, [one for one in seen if one not in wrong], linked=True)
        gates.append(gate)
    assert _known(gates[0]) == _known(gates[1])
    assert gates[0].counts() == gates[1].counts()


def _known(gate: Gate) -> dict[str, Any]:
    """Return what the truck fold knows of the truck, but for its version and its places."""
    entities = gate.trucks.entities()
    view = {k: v for k, v in entities["T"].views["truck:T"].items() if k != "version"}
    own = {
        key: {name: value for name, value in entity.own.items() if name != "read"}
        for key, entity in entities.items()
    }
    return {"view": view, "own": own, "places": [gate.present("C1"), gate.present("C2")]}


@settings(max_examples=100, deadline=None)
@given(data=st.data(), seen=_SEEN)
def test_a_checkpoint_hears_visits_and_what_takes_them_back_in_any_order(
    data: st.DataObject, seen: list[Seen]
) -> None:
    seen = [one for one in seen if not one.stray]
    gate = Gate()
    gate.register()
    wrong = data.draw(st.lists(st.sampled_from(seen), unique=True) if seen else st.just([]))
    for one in seen:
        gate.see(one)
    for one in wrong:
        gate.retract(one, f"r {one.name}")
    visits = [record for record in gate.trucks.said if record.topic == "checkpoint.visit.v1"]
    other = Gate()
    for record in data.draw(st.permutations(visits)):
        other.places.put(record)
    for place_id in ("C1", "C2"):
        assert other.present(place_id) == gate.present(place_id)
        assert other.totals(place_id) == gate.totals(place_id)
    other.places.check_counts()


# -- anything ------------------------------------------------------------------------------------


class RetractionMachine(RuleBasedStateMachine):
    """One truck, its plate, two checkpoints: officers err, and say so."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        self.registered = False
        self.seen: list[Seen] = []
        self.coming: list[Seen] = []
        self.wrong: set[str] = set()
        self.retractions = 0

    @initialize(early=st.booleans())
    def begin(self, *, early: bool) -> None:
        if early:
            self.register()

    @precondition(lambda self: not self.registered)
    @rule()
    def register(self) -> None:
        self.registered = True
        self.gate.register()

    def _new(self, minute: int, checkpoint: str, decision: str, *, stray: bool) -> Seen:
        name = f"s{len(self.seen) + len(self.coming)}"
        return Seen(name, minute, checkpoint, decision, stray)

    @rule(
        minute=st.integers(0, 9),
        checkpoint=st.sampled_from(["C1", "C2"]),
        decision=st.sampled_from(DECISIONS),
        stray=st.booleans(),
        is_late=st.booleans(),
    )
    def see(
        self, minute: int, checkpoint: str, decision: str, *, stray: bool, is_late: bool
    ) -> None:
        """See a vehicle; what is late is heard only later."""
        seen = self._new(minute, checkpoint, decision, stray=stray)
        if is_late:
            self.coming.append(seen)
        else:
            self.seen.append(seen)
            self.gate.see(seen)

    @precondition(lambda self: self.coming)
    @rule()
    def hear_the_late(self) -> None:
        seen = self.coming.pop(0)
        self.seen.append(seen)
        self.gate.see(seen)

    @precondition(lambda self: self.seen or self.coming)
    @rule(data=st.data())
    def retract(self, data: st.DataObject) -> None:
        seen = data.draw(st.sampled_from(self.seen + self.coming))
        self.wrong.add(seen.name)
        self.retractions += 1
        self.gate.retract(seen, f"r{self.retractions}")

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def retract_at_the_wrong_checkpoint(self, data: st.DataObject) -> None:
        seen = data.draw(st.sampled_from(self.seen))
        other = {"C1": "C2", "C2": "C1"}[seen.checkpoint]
        self.retractions += 1
        self.gate.retract(seen, f"r{self.retractions}", checkpoint_id=other)

    @rule(since=st.integers(0, 10))
    def start_again(self, since: int) -> None:
        for bench in (self.gate.trucks, self.gate.places):
            bench.restart()
            bench.read(bench.log[since:])

    @rule(seconds=st.integers(0, 10))
    def let_time_pass(self, seconds: int) -> None:
        self.gate.trucks.wait(seconds=seconds)
        self.gate.places.wait(seconds=seconds)

    @invariant()
    def what_is_known_is_what_stands(self) -> None:
        standing = [seen for seen in self.seen if seen.name not in self.wrong]
        _check(self.gate, standing, linked=self.registered, registered=self.registered)


TestRetractions = RetractionMachine.TestCase
TestRetractions.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_retraction_reaches_every_view() -> None:
    """From the officer's word to the checkpoint's state, over partitions."""
    town = Town()
    town.furnish(lots=0)
    held = town.say("checkpoint.held", {"checkpoint_id": "CP", "truck_id": "T0"})
    town.run(plan=False)
    assert [one["vehicle"] for one in town.states("checkpoint")["CP"]["present"]] == ["T0"]
    town.say(
        "checkpoint.retracted",
        {
            "checkpoint_id": "CP",
            "truck_id": "T0",
            "retracts": _ref(held),
            "reason_code": "incorrect_data",
            "corrected_by": [_ref("later")],
        },
    )
    town.run(plan=False)
    assert town.states("checkpoint")["CP"]["present"] == []
    assert town.states("truck")["T0"]["last_checkpoint"] is None
    assert town.said("alert.v1") == ["alert.raised", "alert.cleared"]
    assert town.dead() == []


def _held_and_taken_back(fatal: int | None) -> Town:
    """Hold a truck and a stranger in error, and say so; the worker dies at one step of that."""
    town = Town()
    town.furnish(trucks=1, lots=0, hours=1)
    vehicles = ({"truck_id": "T0"}, {"plate": "68C-999.99"})
    for number, vehicle in enumerate(vehicles):
        held = {"checkpoint_id": "CP", **vehicle}
        town.say("checkpoint.held", held, event_id=f"h{number}")
        town.say("checkpoint.refused", held, event_id=f"x{number}", when=_at(1))
    town.run(plan=False)
    begun = town.steps

    def crash(step: int) -> None:
        if fatal is not None and step == begun + fatal:
            raise Crash

    town.crash = crash
    for number, vehicle in enumerate(vehicles):
        for name in (f"x{number}", f"h{number}"):
            data = {"checkpoint_id": "CP", **vehicle, "reason_code": "did_not_occur"}
            town.say("checkpoint.retracted", {**data, "retracts": _ref(name)}, event_id=f"r{name}")
    try:
        town.run(plan=False)
    except Crash:
        town.start()
    town.run(plan=False)
    town.steps -= begun
    return town


def test_a_worker_may_die_at_every_step_of_a_retraction() -> None:
    calm = _held_and_taken_back(None)
    assert calm.states("checkpoint")["CP"]["present"] == []
    assert +Counter(calm.states("checkpoint")["CP"]["totals"]) == Counter()
    assert calm.steps > 20
    for fatal in range(1, calm.steps + 1):
        town = _held_and_taken_back(fatal)
        for kind in ("truck", "checkpoint"):
            assert town.states(kind) == calm.states(kind), fatal
        for topic in ("alert.v1", "checkpoint.visit.v1"):
            assert sorted(map(str, town.events(topic))) == sorted(map(str, calm.events(topic)))
        assert town.dead() == []
