"""The queue of a checkpoint is told of its visits, whatever order they come in, as time passes."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.model import format_time
from streams.place import PLACE_FOLD, PLACES_AT_ONCE, VISITS_KEPT
from tests.streams.bench import Bench
from tests.streams.test_fold import CHECKPOINT
from tests.streams.town import NOON

Scan = tuple[float, str, str]
"""Minutes after noon, vehicle, decision."""


def _checkpoint(bays: int = 1) -> Bench:
    bench = Bench(PLACE_FOLD)
    bench.say("checkpoint.registered", {**CHECKPOINT, "bays": bays}, when=NOON)
    return bench


def _visit(bench: Bench, scan: Scan, name: str) -> None:
    minute, vehicle, decision = scan
    when = NOON + timedelta(minutes=minute)
    data = {
        "checkpoint_id": "C",
        "vehicle": vehicle,
        "decision": decision,
        "at": format_time(when),
        "clearance": name,
    }
    bench.say("visit.recorded", data, when=when, event_id=name)


def _queue(bench: Bench) -> dict[str, Any]:
    view = bench.view("checkpoint:C")
    assert view is not None
    queue: dict[str, Any] = view["queue"]
    return queue


def _told(bench: Bench) -> list[dict[str, Any]]:
    said = [json.loads(value) for kind, value in bench.events("dispatch.inbox.v1")]
    return [one["state"] for one in said if one["kind"] == "checkpoint"]


scans = st.lists(
    st.tuples(
        st.integers(0, 60).map(float),
        st.sampled_from(["T1", "T2", "T3", "T4"]),
        st.sampled_from(["arrived", "held", "cleared", "refused"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(scans=scans, chance=st.randoms(use_true_random=False))
def test_the_same_visits_make_the_same_queue(scans: list[Scan], chance: random.Random) -> None:
    named = [(scan, f"v{n}") for n, scan in enumerate(scans)]
    again = [*named, *chance.sample(named, len(named) // 2)]
    chance.shuffle(again)
    orderly, other = _checkpoint(), _checkpoint()
    for scan, name in named:
        _visit(orderly, scan, name)
    for scan, name in again:
        _visit(other, scan, name)
    for bench in (orderly, other):
        bench.wait(minutes=61)
    assert _queue(orderly) == _queue(other)
    other.restart()
    for bench in (orderly, other):
        bench.wait(minutes=20)
    assert _queue(orderly) == _queue(other)


def test_a_queue_is_told_with_what_it_rests_on() -> None:
    bench = _checkpoint(bays=2)
    for n in range(3):
        _visit(bench, (n, f"T{n}", "arrived"), f"a{n}")
    _visit(bench, (4, "T0", "cleared"), "c0")
    _visit(bench, (5, "T1", "held"), "h1")
    assert bench.view("checkpoint:C")["queue"] is None  # type: ignore[index]
    bench.wait(minutes=6)
    queue = _queue(bench)
    assert (queue["waiting"], queue["held"], queue["assumed"]) == (1, 1, True)
    assert queue["clearances_per_h_low"] < queue["clearances_per_h"]
    assert queue["clearances_per_h"] < queue["clearances_per_h_high"]
    assert queue["as_of"] == format_time(bench.now)


def test_what_a_retraction_takes_back_is_in_no_queue() -> None:
    bench = _checkpoint()
    _visit(bench, (0, "T", "arrived"), "a")
    bench.wait(minutes=2)
    assert _queue(bench)["waiting"] == 1
    data = {"checkpoint_id": "C", "vehicle": "T", "clearance": "a", "decision": "arrived"}
    bench.say("visit.retracted", {**data, "at": format_time(NOON)}, when=bench.now)
    bench.wait(minutes=2)
    assert _queue(bench)["waiting"] == 0


def test_a_queue_is_counted_once_a_minute_and_only_where_it_may_have_changed() -> None:
    bench = _checkpoint()
    _visit(bench, (0, "T", "arrived"), "a")
    seen = set()
    for _ in range(18):
        bench.wait(seconds=10)
        seen.add(_queue(bench)["as_of"])
    assert len(seen) == 3
    _visit(bench, (3, "T", "cleared"), "c")
    bench.wait(minutes=2)
    row = bench.row("C")
    bench.wait(minutes=30)
    assert bench.row("C") == row


def test_dispatch_hears_of_a_checkpoint_what_it_needs_and_when_it_is_news() -> None:
    bench = _checkpoint()
    registered = _told(bench)
    assert [one["queue"] for one in registered] == [None]
    assert not {"present", "totals"} & registered[0].keys()
    _visit(bench, (0, "T0", "held"), "h0")
    bench.wait(minutes=1)
    assert _told(bench)[-1]["queue"]["held"] == 1
    before = len(_told(bench))
    for _ in range(4):
        bench.wait(minutes=1)
    assert len(_told(bench)) == before
    bench.wait(minutes=1)
    assert len(_told(bench)) == before + 1, "five minutes with a queue"
    for n in range(1, 4):
        _visit(bench, (6, f"T{n}", "arrived"), f"a{n}")
    bench.wait(minutes=1)
    assert _told(bench)[-1]["queue"]["waiting"] == 3
    bench.say("checkpoint.retired", {"place_id": "C"}, when=bench.now)
    assert _told(bench)[-1]["status"] == "retired"
    versions = [one["version"] for one in _told(bench)]
    assert versions == sorted(set(versions))


def test_a_queue_longer_than_what_is_kept_is_counted_whole_and_at_its_own_pace() -> None:
    """Nobody is cleared for an hour and a half: the arrivals of all that are then were dropped."""
    bench = _checkpoint()
    for n in range(VISITS_KEPT + 40):
        _visit(bench, (n / 100, f"T{n}", "arrived"), f"a{n}")
    for n in range(50):
        _visit(bench, (90 + n, f"T{n}", "cleared"), f"c{n}")
        _visit(bench, (90 + n, f"N{n}", "arrived"), f"b{n}")
    bench.wait(minutes=140)
    queue = _queue(bench)
    assert queue["waiting"] == VISITS_KEPT + 40
    in_an_hour = 50 / 2  # of the last two hours
    assert queue["clearances_per_h_low"] < in_an_hour < queue["clearances_per_h_high"]
    assert queue["dwell_s"] > 3_600


def test_more_checkpoints_than_one_tick_counts_are_counted_with_the_next() -> None:
    bench = Bench(PLACE_FOLD)
    for n in range(PLACES_AT_ONCE + 5):
        place_id = f"C{n}"
        bench.say("checkpoint.registered", {**CHECKPOINT, "place_id": place_id}, when=NOON)
        data = {"checkpoint_id": place_id, "vehicle": "T", "decision": "arrived"}
        bench.say("visit.recorded", {**data, "at": format_time(NOON)}, when=NOON)

    def counted() -> int:
        views = [bench.view(f"checkpoint:C{n}") for n in range(PLACES_AT_ONCE + 5)]
        return sum(view is not None and view["queue"] is not None for view in views)

    bench.wait(seconds=1)
    assert counted() == PLACES_AT_ONCE
    bench.wait(seconds=1)
    assert counted() == PLACES_AT_ONCE + 5


@pytest.mark.parametrize("bays", [1, 3])
def test_other_bays_are_counted_with(bays: int) -> None:
    bench = _checkpoint()
    _visit(bench, (0, "T", "cleared"), "c")
    bench.wait(minutes=1)
    one = _queue(bench)["clearances_per_h"]
    bench.say("checkpoint.updated", {"place_id": "C", "bays": bays}, when=bench.now)
    bench.wait(minutes=1)
    assert _queue(bench)["clearances_per_h"] == pytest.approx(bays * one, rel=0.01)
