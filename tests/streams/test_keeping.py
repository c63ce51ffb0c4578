"""Forget what is over for long enough, and nothing else; every record stays counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from infra.verify.accounted import FORGETFUL
from schemas.assignment import ENDED
from schemas.model import format_time
from streams.dispatch import DispatchFold
from streams.entity import FORGOTTEN, KEPT
from streams.lot import LOT_FOLD
from streams.memory import JOURNAL
from streams.place import PLACE_FOLD
from tests.streams.bench import Bench
from tests.streams.test_crashes import _play
from tests.streams.test_fold import LOT, OPEN, PORT
from tests.streams.town import Town


def _lot(bench: Bench, lot_id: str) -> dict[str, Any]:
    hold_until = format_time(bench.now + timedelta(hours=6))
    return LOT | {"lot_id": lot_id, "ready_from": format_time(bench.now), "hold_until": hold_until}


def test_a_lot_is_forgotten_once_it_is_over_for_long_enough() -> None:
    bench = Bench(LOT_FOLD)
    for lot_id in ("L1", "L2"):
        bench.say("lot.declared", _lot(bench, lot_id))
    bench.say("lot.withdrawn", {"lot_id": "L1"})
    bench.wait(days=KEPT.days, minutes=1)
    assert sorted(bench.entities()) == ["L2", f"{FORGOTTEN}0"]
    bench.restart()
    bench.wait(hours=7)
    assert list(bench.entities()) == [f"{FORGOTTEN}0"]
    states = [(one.key, one.value) for one in bench.said if one.topic == "lot.state.v1"]
    assert states[-2:] == [(b"L1", None), (b"L2", None)]
    bench.check_counts()


def test_a_forgotten_lot_that_is_declared_anew_is_a_lot() -> None:
    bench = Bench(LOT_FOLD)
    bench.say("lot.declared", _lot(bench, "L"))
    bench.wait(days=KEPT.days + 1)
    assert bench.view("lot:L") is None
    bench.say("lot.declared", _lot(bench, "L"))
    view = bench.view("lot:L")
    assert view is not None
    assert view["version"] == 1
    bench.check_counts()


def test_windows_of_a_port_are_forgotten_and_the_port_stays() -> None:
    bench = Bench(PLACE_FOLD)
    bench.say("facility.registered", PORT)
    for day in (0, 1):
        start = bench.now + timedelta(days=day)
        window = {"window_start": format_time(start)}
        window |= {"window_end": format_time(start + timedelta(hours=1))}
        bench.say("slot.opened", OPEN | window)
    slots = [name for name in bench.entities()["P"].views if name.startswith("slot:")]
    assert len(slots) == 2
    bench.wait(days=KEPT.days, hours=2)
    entity = bench.entities()["P"]
    left = [name for name in entity.views if name.startswith("slot:")]
    assert len(left) == 1
    assert {f"slot:{slot}" for slot in entity.own["slot_set_at"]} == set(left)
    gone = [one.key for one in bench.said if one.topic == "slot.state.v1" and one.value is None]
    assert [f"slot:{(key or b'').decode()}" for key in gone] == sorted(set(slots) - set(left))
    bench.check_counts()


def test_dispatch_forgets_trips_that_ended_and_lots_without_trips() -> None:
    town = Town()
    _play(town)
    before = town.states("assignment")
    ended = {name for name, state in before.items() if state["status"] in ENDED}
    assert ended
    town.now += KEPT + timedelta(days=1)
    town.run(minutes=10, plan=False)
    keys = list(town.shells["dispatch"].memory.store(0).keys())
    there = {key.partition(":")[2] for key in keys if key.startswith("assignment:")}
    assert not there & ended
    assert sorted(town.tables["dispatch"].rows[0]) == sorted([*keys, JOURNAL])
    said = town.log["assignment.state.v1", 0]
    assert {(one.key or b"").decode() for one, _ in said if one.value is None} >= ended
    busy = {f"lot:{state['lot_id']}" for name, state in before.items() if name in there}
    assert {key for key in keys if key.startswith(("lot:", "slot:"))} <= busy


def test_dispatch_looks_for_what_is_over_now_and_then_only() -> None:
    bench = Bench(DispatchFold(timedelta(days=5)))
    looks = []
    for _ in range(5):
        bench.now += timedelta(hours=1)
        bench.tick_inbox()
        looks.append(bench.entities()["desk:keeping"].own["at"])
    assert len(set(looks)) == 2


def test_what_is_remembered_of_each_topic_is_bounded() -> None:
    """Only roads and corridors, of which there are few events each, are remembered whole."""
    topics = {*LOT_FOLD.topics, *PLACE_FOLD.topics} - {"stack.tick.v1"}
    assert topics <= set(FORGETFUL)


def test_a_journal_brings_a_forgotten_entity_back_to_nothing() -> None:
    bench = Bench(LOT_FOLD)
    bench.say("lot.declared", _lot(bench, "L"))
    row = bench.row("L")
    bench.wait(days=KEPT.days + 1)
    bench.put_row("L", row)  # the worker died between its journal and its rows
    bench.restart()
    assert bench.view("lot:L") is None
    assert bench.row("L") is None
    assert orjson.loads(row or b"")["views"]
