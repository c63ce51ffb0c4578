"""Let people and the world do anything in any order: what dispatch promises always holds."""

# ruff: noqa: D102 - the names of rules and invariants are sentences

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from routing.roads.closures import touches
from schemas.assignment import ACTIVE
from schemas.model import format_time, parse_time
from schemas.topics import CATALOGUE
from streams.closures import binds
from streams.fold import Doc
from tests.streams.bench import counts_of
from tests.streams.town import Town

TRUCKS = st.integers(0, 2).map(lambda number: f"T{number}")
LOTS = st.integers(0, 3).map(lambda number: f"L{number}")
HOURS = st.integers(1, 8)
KILOGRAMS = st.sampled_from([1, 2000, 5000, 9000, 20_000])
BOXES = st.sampled_from(
    [(105.15, 9.7, 105.16, 10.2), (105.05, 9.9, 105.06, 9.95), (105.0, 10.0, 105.2, 10.02)]
)
COMMANDS = ("accept", "decline", "cancel", "report_loaded", "report_delivered", "report_problem")


class DispatchMachine(RuleBasedStateMachine):
    """A port, three trucks, some lots; everything that can be said of them."""

    def __init__(self) -> None:
        super().__init__()
        self.town = Town()
        self.commands: list[str] = []
        self.dead = 0
        self.seen = 0

    @initialize(capacity=st.integers(1, 2))
    def furnish(self, capacity: int) -> None:
        self.town.furnish(trucks=3, lots=2, capacity=capacity, hours=6)
        self.town.run()

    def _some(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.town.states("assignment"))))

    @precondition(lambda self: self.town.states("assignment"))
    @rule(data=st.data(), what=st.sampled_from(COMMANDS), twice=st.booleans())
    def command(self, data: st.DataObject, what: str, *, twice: bool) -> None:
        fields: Doc = {}
        if what == "report_loaded":
            fields = {"quantity_kg": data.draw(st.none() | KILOGRAMS)}
        if what == "report_problem":
            fields = {"kind": data.draw(st.sampled_from(["breakdown", "flood"]))}
        self._order(what, self._some(data), fields, twice=twice)

    @precondition(lambda self: self.town.states("assignment"))
    @rule(data=st.data(), pinned=st.booleans())
    def pin(self, data: st.DataObject, *, pinned: bool) -> None:
        self._order("pin", self._some(data), {"pinned": pinned})

    @precondition(lambda self: self.town.states("assignment"))
    @rule(data=st.data(), truck=st.none() | TRUCKS | st.just("T-none"))
    def override(self, data: st.DataObject, truck: str | None) -> None:
        slots = st.none() | st.sampled_from(sorted(self.town.states("slot")))
        self._order("override", self._some(data), {"truck_id": truck, "slot_id": data.draw(slots)})

    def _order(self, what: str, assignment_id: str, fields: Doc, *, twice: bool = False) -> None:
        data = {"assignment_id": assignment_id, "region": "kien-giang", **fields}
        name = f"c{len(self.commands)}"
        for _ in range(2 if twice else 1):
            self.town.say(f"assignment.{what}", data, event_id=name)
        self.commands.append(name)

    @rule(lot=LOTS, kilograms=KILOGRAMS)
    def declare(self, lot: str, kilograms: int) -> None:
        self.town.add_lot(lot, quantity_kg=kilograms)

    @precondition(lambda self: self.town.states("lot"))
    @rule(data=st.data(), kilograms=KILOGRAMS)
    def revise(self, data: st.DataObject, kilograms: int) -> None:
        lot = data.draw(st.sampled_from(sorted(self.town.states("lot"))))
        changes: list[Doc] = [
            {"quantity_kg": kilograms},
            {"hold_until": format_time(self.town.now + timedelta(hours=2))},
            {"temperature": "frozen"},
            {"destinations": ["ELSEWHERE"]},
            {"destinations": []},
        ]
        fields = data.draw(st.sampled_from(changes))
        self.town.say("lot.revised", {"lot_id": lot, **fields})

    @precondition(lambda self: self.town.states("lot"))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        lot = data.draw(st.sampled_from(sorted(self.town.states("lot"))))
        self.town.say("lot.withdrawn", {"lot_id": lot})

    @rule(hour=st.integers(1, 6), capacity=st.integers(0, 2))
    def change_slot(self, hour: int, capacity: int) -> None:
        data = {**self.town.window(hour), "capacity_trucks": capacity}
        self.town.say("slot.capacity_changed", data)

    @rule(hour=st.integers(1, 6))
    def close_slot(self, hour: int) -> None:
        self.town.say("slot.closed", self.town.window(hour))

    @rule(hour=HOURS, capacity=st.integers(1, 2))
    def open_slot(self, hour: int, capacity: int) -> None:
        self.town.open_slot(hour, capacity)

    @rule(truck=TRUCKS, status=st.sampled_from(["available", "unavailable"]))
    def change_truck(self, truck: str, status: str) -> None:
        self.town.say("truck.status_changed", {"truck_id": truck, "status": status})

    @rule(truck=TRUCKS, lat=st.floats(9.7, 10.1), lon=st.floats(105.0, 105.3))
    def move_truck(self, truck: str, lat: float, lon: float) -> None:
        self.town.say("truck.position_reported", {"truck_id": truck, "lat": lat, "lon": lon})

    @rule(box=BOXES, number=st.integers(0, 1), later=st.integers(0, 3), hours=st.integers(1, 9))
    def restrict(
        self, box: tuple[float, float, float, float], number: int, later: int, hours: int
    ) -> None:
        west, south, east, north = box
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        start = self.town.now + timedelta(hours=later)
        self.town.say(
            "zone.restricted",
            {
                "closure_id": f"Z{number}",
                "region": "kien-giang",
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "valid_from": format_time(start),
                "valid_until": format_time(start + timedelta(hours=hours)),
            },
        )

    @precondition(lambda self: self.town.states("closure"))
    @rule(data=st.data())
    def lift(self, data: st.DataObject) -> None:
        zone = data.draw(st.sampled_from(sorted(self.town.states("closure"))))
        self.town.say("zone.lifted", {"closure_id": zone, "region": "kien-giang"})

    @rule()
    def settle(self) -> None:
        self.town.run()
        self._check()

    @rule(minutes=st.sampled_from([5, 20, 90]))
    def let_time_pass(self, minutes: int) -> None:
        self.town.run(minutes=minutes)
        self._check()

    @rule()
    def start_again(self) -> None:
        self.town.start()

    def teardown(self) -> None:
        """Let everything settle."""
        self.town.run()
        self._check()

    @invariant()
    def nothing_valid_is_dead(self) -> None:
        assert self.town.dead() == []

    def _check(self) -> None:
        active = [s for s in self.town.states("assignment").values() if s["status"] in ACTIVE]
        self._check_trucks(active)
        self._check_lots()
        self._check_slots(active)
        self._check_roads()
        self._check_answers()
        self._check_counts()

    def _check_trucks(self, active: list[Doc]) -> None:
        busy = Counter(state["truck_id"] for state in active)
        assert all(count == 1 for count in busy.values())
        store = self.town.shells["dispatch"].memory.store(0)
        for truck_id in ("T0", "T1", "T2"):
            entity = store.get(f"truck:{truck_id}")
            assert entity is not None
            job = entity.own.get("job")
            assert (job is not None) == (truck_id in busy)
        trucks = self.town.states("truck")
        for state in active:
            if state["status"] != "loaded":
                assert trucks[state["truck_id"]]["status"] == "available"

    def _check_lots(self) -> None:
        shares: Counter[str] = Counter()
        taken: Counter[str] = Counter()
        for state in self.town.states("assignment").values():
            if state["status"] in {"proposed", "accepted"}:
                shares[state["lot_id"]] += state["quantity_kg"]
            elif state["status"] in {"loaded", "delivered"}:
                taken[state["lot_id"]] += state["quantity_kg"]
        for lot_id, lot in self.town.states("lot").items():
            if lot["status"] == "withdrawn":
                assert shares[lot_id] == 0
            room = max(lot["quantity_kg"] - taken[lot_id], 0)
            assert shares[lot_id] <= room
            assert lot["booked_kg"] == shares[lot_id]
            assert lot["loaded_kg"] + lot["delivered_kg"] == taken[lot_id]

    def _check_slots(self, active: list[Doc]) -> None:
        slots = self.town.states("slot")
        held: dict[str, set[str]] = {}
        for slot_id, slot in slots.items():
            room = slot["capacity_trucks"] if slot["status"] == "open" else 0
            assert len(slot["reserved"]) <= room
            held[slot_id] = {place["assignment_id"] for place in slot["reserved"]}
        store = self.town.shells["dispatch"].memory.store(0)
        for state in active:
            entity = store.get(f"assignment:{state['assignment_id']}")
            assert entity is not None
            has_place = state["assignment_id"] in held[state["slot_id"]]
            assert has_place or entity.own.get("need") == "slot"
            assert has_place or state["status"] == "loaded"
        binding = {
            state["assignment_id"]
            for state in self.town.states("assignment").values()
            if state["status"] in ACTIVE | {"delivered"}
        }
        assert set().union(*held.values()) <= binding

    def _check_roads(self) -> None:
        """Check each proposal against the closures that were known when it was made."""
        known: dict[str, Doc] = {}
        merged = [
            (at, record)
            for topic in ("closure.state.v1", "dispatch.assignment.v1")
            for record, at in self.town.log[topic, 0]
        ]
        proposals = 0
        for _, (headers, value) in sorted(
            ((at, (dict(r.headers), r.value)) for at, r in merged), key=lambda item: item[0]
        ):
            doc = json.loads(value or b"null")
            if headers["ce_type"] == b"closure.state":
                known[doc["closure_id"]] = doc
                continue
            if headers["ce_type"] != b"assignment.proposed":
                continue
            proposals += 1
            when = parse_time(headers["ce_time"].decode())
            start, end = parse_time(doc["departure"]), parse_time(doc["delivery_eta"])
            for closure in known.values():
                if binds(closure, when, start, end):
                    assert not touches(doc["route"]["geometry"], closure["geometry"])
        assert proposals >= self.seen
        self.seen = proposals

    def _check_answers(self) -> None:
        states = self.town.states("command")
        store = self.town.shells["dispatch"].memory.store(0)
        waiting = {
            own["override"]["command_id"]
            for key, entity in store.items()
            if key.startswith("assignment:") and (own := entity.own).get("override")
        }
        assert set(states) | waiting == set(self.commands)
        assert not set(states) & waiting
        assert all(state["version"] == 1 for state in states.values())
        refused = [
            data["command_id"]
            for event_type, data in self.town.events("dispatch.assignment.v1")
            if event_type == "assignment.command_refused"
        ]
        expected = {name for name, state in states.items() if state["status"] == "refused"}
        assert sorted(refused) == sorted(expected)

    def _check_counts(self) -> None:
        for name, shell in self.town.shells.items():
            counts = counts_of(
                entity for p in range(4) for _, entity in shell.memory.store(p).items()
            )
            for topic in shell.fold.topics:
                if topic in {"dispatch.inbox.v1", "stack.tick.v1"}:
                    continue
                partitions = range(CATALOGUE[topic].partitions)
                there = sum(len(self.town.log[topic, p]) for p in partitions)
                assert counts.get(topic, Counter()).total() == there, (name, topic)


TestDispatch = DispatchMachine.TestCase
TestDispatch.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
