"""Kill the worker at any step, deliver in any order, repeat anything: the end is the same."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.streams.town import Crash, Town

_STEPS = 430
"""About so many durable steps does `_play` take."""


def _play(town: Town, *, repeat: Callable[[], bool] = lambda: False) -> None:
    """Let a good deal happen; repeat some events."""

    def say(event_type: str, data: dict[str, Any], event_id: str) -> None:
        for _ in range(2 if repeat() else 1):
            town.say(event_type, data, event_id=event_id)

    town.furnish(trucks=4, lots=3, capacity=1, hours=6)
    town.run()
    by_lot = {s["lot_id"]: s["assignment_id"] for s in town.states("assignment").values()}
    base = {"region": "kien-giang"}
    say("assignment.accept", {"assignment_id": by_lot["L0"], **base}, "c1")
    say("assignment.decline", {"assignment_id": by_lot["L1"], **base}, "c2")
    town.run()
    say("assignment.report_loaded", {"assignment_id": by_lot["L0"], **base}, "c3")
    say("lot.withdrawn", {"lot_id": "L2"}, "w1")
    say("checkpoint.held", {"checkpoint_id": "CP", "truck_id": "T0", "plate": "68C-11111"}, "h1")
    say("checkpoint.held", {"checkpoint_id": "CP", "truck_id": "T1"}, "h2")
    say("checkpoint.held", {"checkpoint_id": "CP", "plate": "68C-999.99"}, "h3")
    town.run()
    for number, vehicle in (("h2", {"truck_id": "T1"}), ("h3", {"plate": "68C-999.99"})):
        wrong = {"retracts": {"source": "/test", "id": number}, "reason_code": "did_not_occur"}
        say("checkpoint.retracted", {"checkpoint_id": "CP", **vehicle, **wrong}, f"r{number}")
    town.run()
    say("slot.capacity_changed", {**town.window(2), "capacity_trucks": 0}, "s1")
    town.run(minutes=5)
    say("assignment.report_delivered", {"assignment_id": by_lot["L0"], **base}, "c4")
    town.run(minutes=35)


class _Mortal(Town):
    """A town whose worker dies at some steps and is started again."""

    def __init__(self, deaths: set[int]) -> None:
        self.deaths = deaths

        def crash(step: int) -> None:
            if step in self.deaths:
                self.deaths.discard(step)
                raise Crash

        super().__init__(crash)

    def _round(self, names: Sequence[str] | None = None) -> bool:
        try:
            return super()._round(names)
        except Crash:
            self._restart()
            return True

    def _restart(self) -> None:
        while True:
            try:
                self.start()
            except Crash:
                continue
            return


def _summary(town: Town) -> dict[str, Any]:
    kinds = ("truck", "lot", "slot", "assignment", "checkpoint", "facility", "command")
    return {kind: _without_versions(town.states(kind)) for kind in kinds}


def _without_versions(states: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    unstable = {"version", "revision", "updated_at"}
    return {
        name: {key: value for key, value in state.items() if key not in unstable}
        for name, state in states.items()
    }


def test_the_baseline_does_what_the_tests_below_rely_on() -> None:
    town = Town()
    _play(town)
    statuses = sorted(s["status"] for s in town.states("assignment").values())
    assert "delivered" in statuses
    assert "declined" in statuses
    assert "cancelled" in statuses
    assert town.dead() == []
    assert town.steps > 300


@pytest.fixture(scope="module")
def baseline() -> Town:
    """Return the world in which nothing went wrong."""
    town = Town()
    _play(town)
    return town


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deaths=st.sets(st.integers(1, _STEPS), min_size=1, max_size=4))
def test_a_worker_may_die_at_any_step(baseline: Town, deaths: set[int]) -> None:
    town = _Mortal(set(deaths))
    _play(town)
    assert _summary(town) == _summary(baseline)
    for topic in ("dispatch.assignment.v1", "slot.reservation.v1", "lot.decision.v1", "alert.v1"):
        assert sorted(map(str, town.events(topic))) == sorted(map(str, baseline.events(topic)))
    assert town.dead() == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_repeated_events_change_nothing(baseline: Town, data: st.DataObject) -> None:
    town = Town()
    _play(town, repeat=lambda: data.draw(st.booleans()))
    assert _summary(town) == _summary(baseline)
    assert town.dead() == []


def test_everything_read_again_from_the_beginning_changes_nothing(baseline: Town) -> None:
    town = Town()
    _play(town)
    said = {topic: len(town.events(topic)) for topic in ("dispatch.assignment.v1", "alert.v1")}
    town.committed.clear()
    town.run(plan=False)
    assert _summary(town) == _summary(baseline)
    assert said == {topic: len(town.events(topic)) for topic in said}


def test_tables_of_a_dead_worker_come_back_whole(baseline: Town) -> None:
    town = Town()
    _play(town)
    before = {
        name: {key: entity.to_doc() for key, entity in shell.memory.store(p).items()}
        for name, shell in town.shells.items()
        for p in range(1)
    }
    town.start()
    after = {
        name: {key: entity.to_doc() for key, entity in shell.memory.store(p).items()}
        for name, shell in town.shells.items()
        for p in range(1)
    }
    assert before == after
    assert _summary(town) == _summary(baseline)
