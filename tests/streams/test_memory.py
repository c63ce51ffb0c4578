"""Read entities when they are asked for, and find who waits for time bit by bit."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import memory
from streams.dispatch import DISPATCH_FOLD
from streams.fold import Entity
from streams.memory import JOURNAL, DictRows, Memory
from streams.truck import SILENT_AFTER, TRUCK_FOLD
from tests.streams.bench import Bench

_TRUCK = {"truck_id": "", "plate": "", "haulier_id": "H", "region": "kien-giang", "payload_kg": 5}
_TRUCK |= {"home": {"lat": 10.0, "lon": 105.0}, "temperature_classes": ["ambient"]}


def _row(number: int) -> bytes:
    return orjson.dumps(Entity(0, own={"number": number}).to_doc())


_KEYS = st.sampled_from([f"T{n}" for n in range(8)])
_STEPS = st.one_of(
    st.tuples(st.just("change"), _KEYS, st.integers(0, 99)),
    st.tuples(st.sampled_from(["ask", "look", "forget"]), _KEYS, st.just(0)),
)


@given(st.dictionaries(_KEYS, st.integers(0, 99)), st.lists(_STEPS, max_size=30))
def test_a_store_tells_what_a_dictionary_tells(
    begun: dict[str, int], steps: list[tuple[str, str, int]]
) -> None:
    rows = DictRows({0: {key: _row(number) for key, number in begun.items()}})
    rows.put(0, {JOURNAL: b"{}"})
    plain = dict(begun)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "KEPT", 1)
        patch.setattr(memory, "LOOKED_AT", 2)
        kept = Memory(TRUCK_FOLD)
        kept.load(rows)
        store = kept.store(0)
        for what, key, number in steps:
            if what == "change":
                store.apply({key: Entity(0, own={"number": number})})
                rows.put(0, {key: _row(number)})
                plain[key] = number
            elif what == "look":
                store.look_further()
            elif what == "forget":
                store.forget_most()
            entity = store.get(key)
            assert (entity.own["number"] if entity else None) == plain.get(key)
        assert {key: entity.own["number"] for key, entity in store.items()} == plain
        assert sorted(store.keys()) == sorted(plain)


def test_dispatch_keeps_all_of_its_entries() -> None:
    rows = DictRows({0: {f"lot:{n}": _row(n) for n in range(5)}})
    kept = Memory(DISPATCH_FOLD)
    kept.load(rows)
    rows.rows.clear()
    assert sorted(kept.store(0).keys()) == [f"lot:{n}" for n in range(5)]


def test_trucks_that_nobody_asked_for_since_the_start_still_fall_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two rows are looked at with a tick, one is in the journal: all five are found, once."""
    bench = Bench(TRUCK_FOLD)
    for number in range(5):
        truck = _TRUCK | {"truck_id": f"T{number}", "plate": f"68C-{number:05d}"}
        bench.say("truck.registered", truck)
        bench.say("truck.position_reported", {"truck_id": f"T{number}", "lat": 10, "lon": 105})
    bench.restart()
    monkeypatch.setattr(memory, "LOOKED_AT", 2)
    bench.wait(seconds=(SILENT_AFTER + timedelta(minutes=1)).total_seconds())
    first = len(list(bench.events("alert.v1")))
    for _ in range(4):
        bench.wait(seconds=1)
    assert (first, len(list(bench.events("alert.v1")))) == (3, 5)
