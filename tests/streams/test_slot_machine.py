"""Ask slots for places, give them back, cut and close them at random: a tiny model must agree."""

# ruff: noqa: D102 - the names of rules and invariants are sentences

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from schemas.model import format_time
from streams.fold import Doc
from streams.place import PLACE_FOLD
from streams.slot import OWN_SOURCE
from tests.streams.bench import Bench
from tests.streams.town import NOON

HOURS = st.integers(1, 2)
NAMES = st.integers(0, 6).map(lambda number: f"R{number}")


def _window(hour: int) -> Doc:
    start = NOON + timedelta(hours=hour)
    return {
        "facility_id": "P",
        "gate_id": "G",
        "window_start": format_time(start),
        "window_end": format_time(start + timedelta(hours=1)),
    }


class _Slot:
    """What a slot must be: capacity, whether it is open, who has a place in order of asking."""

    def __init__(self) -> None:
        self.capacity = 0
        self.is_open = True
        self.held: list[str] = []

    @property
    def room(self) -> int:
        return self.capacity if self.is_open else 0


class SlotMachine(RuleBasedStateMachine):
    """One port with two windows."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(PLACE_FOLD)
        self.slots: dict[int, _Slot] = {}
        self.asked: dict[str, int] = {}
        self.requests = 0

    @initialize()
    def register(self) -> None:
        self.bench.say(
            "facility.registered",
            {
                "place_id": "P",
                "kind": "port",
                "name": "Cảng",
                "lat": 10,
                "lon": 105,
                "gates": ["G"],
            },
        )

    def _told(self, hour: int, **changes: Any) -> None:
        slot = self.slots.setdefault(hour, _Slot())
        slot.capacity = changes.get("capacity", slot.capacity)
        slot.is_open = changes.get("is_open", slot.is_open)
        del slot.held[slot.room :]

    @rule(hour=HOURS, capacity=st.integers(0, 4))
    def open(self, hour: int, capacity: int) -> None:
        self.bench.say("slot.opened", {**_window(hour), "capacity_trucks": capacity})
        self._told(hour, capacity=capacity, is_open=True)

    @precondition(lambda self: self.slots)
    @rule(data=st.data(), capacity=st.integers(0, 4))
    def change(self, data: st.DataObject, capacity: int) -> None:
        hour = data.draw(st.sampled_from(sorted(self.slots)))
        self.bench.say("slot.capacity_changed", {**_window(hour), "capacity_trucks": capacity})
        self._told(hour, capacity=capacity)

    @precondition(lambda self: self.slots)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        hour = data.draw(st.sampled_from(sorted(self.slots)))
        self.bench.say("slot.closed", _window(hour))
        self._told(hour, is_open=False)

    def _reservation(self, name: str, hour: int) -> Doc:
        who = {"reservation_id": name, "assignment_id": f"A{name}", "truck_id": f"T{name}"}
        return {**_window(hour), **who, "region": "kien-giang"}

    @rule(name=NAMES, hour=HOURS, again=st.booleans())
    def request(self, name: str, hour: int, *, again: bool) -> None:
        hour = self.asked.setdefault(name, hour)
        before = self._answers()
        for _ in range(2 if again else 1):
            self.bench.say(
                "reservation.requested",
                self._reservation(name, hour),
                event_id=f"ask{self.requests}",
            )
        self.requests += 1
        slot = self.slots.get(hour)
        granted = slot is not None and (name in slot.held or len(slot.held) < slot.room)
        if slot is not None and granted and name not in slot.held:
            slot.held.append(name)
        answer = "reservation.confirmed" if granted else "reservation.rejected"
        assert self._answers()[len(before) :] == [answer]

    @rule(name=NAMES, hour=HOURS, how=st.sampled_from(["released", "no_show"]))
    def release(self, name: str, hour: int, how: str) -> None:
        hour = self.asked.get(name, hour)
        self.bench.say(f"reservation.{how}", self._reservation(name, hour))
        slot = self.slots.get(hour)
        if slot is not None and name in slot.held:
            slot.held.remove(name)

    @rule(name=NAMES, hour=HOURS)
    def forge_an_answer(self, name: str, hour: int) -> None:
        self.bench.say(
            "reservation.confirmed", self._reservation(name, hour), source="/streams/forger"
        )

    @rule()
    def start_again(self) -> None:
        self.bench.restart()

    @rule(since=st.integers(0, 10))
    def read_again(self, since: int) -> None:
        self.bench.read(self.bench.log[since:])

    @rule(minutes=st.integers(0, 20))
    def let_time_pass(self, minutes: int) -> None:
        self.bench.wait(minutes=minutes)

    def _answers(self, topic: str = "slot.reservation.v1") -> list[str]:
        return [kind for kind, _ in self.bench.events(topic) if kind != "reservation.released"]

    @invariant()
    def every_slot_is_as_in_the_model(self) -> None:
        for hour, slot in self.slots.items():
            start = NOON + timedelta(hours=hour)
            view = self.bench.view(f"slot:P|G|{start:%Y%m%dT%H%MZ}")
            assert view is not None
            held = [place["reservation_id"] for place in view["reserved"]]
            assert held == slot.held
            assert len(held) <= slot.room
            assert (view["capacity_trucks"], view["status"] == "open") == (
                slot.capacity,
                slot.is_open,
            )

    @invariant()
    def every_record_is_counted_once(self) -> None:
        self.bench.check_counts()
        assert self.bench.dead() == []

    @invariant()
    def dispatch_hears_every_answer_that_the_public_hears(self) -> None:
        inbox = [k for k in self._answers("dispatch.inbox.v1") if k.startswith("reservation.")]
        assert inbox == self._answers()

    def teardown(self) -> None:
        """Check that nobody else's name stands under an answer."""
        for record in self.bench.said:
            if record.topic == "slot.reservation.v1":
                assert dict(record.headers)["ce_source"].decode() == OWN_SOURCE


TestSlots = SlotMachine.TestCase
TestSlots.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
