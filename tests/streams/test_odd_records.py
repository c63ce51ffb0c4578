"""Fuzz every topic that workers read: nothing raises, and what is wrong is a dead letter once."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.envelope import Record, decode
from schemas.errors import MalformedEvent
from schemas.topics import CATALOGUE, DEAD_LETTERS
from tests.streams.town import Town

READ = sorted({topic for shell in Town().shells.values() for topic in shell.fold.topics})
"""Every topic that workers read."""

ODD_NUMBERS = [0, -1, 2**31, 2**53 + 1, 2**63 - 1, 2**64 - 1, -(2**63), 1e308, 5e-324, 0.1]
ODD_TEXTS = ["", "A", "~journal", "plate:X", "đò", "a" * 600, "9" * 40, "P|G|x", "\x00", "\u2028"]
ODD_TIMES = [
    "2021-08-25T05:00:00Z",
    "2021-08-25T05:00:00.123456789+14:00",
    "1970-01-01T00:00:00Z",
    "2999-12-31T00:00:00-12:00",
    "2021-02-30T00:00:00Z",
    "2021-08-25T23:59:60Z",
    "2021-08-25 05:00",
]
RAW = [
    b"",
    b"null",
    b"NaN",
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": ' + b"9" * 400 + b"}",
    b"[" * 3000 + b"]" * 3000,
    b'{"a":' * 40 + b"1" + b"}" * 40,
    b"\xff\xfe\x00",
    b'{"truck_id": "\xff"}',
    b'{"truck_id": "\\ud800"}',
    b"\xef\xbb\xbf{}",
]

odd_values = st.recursive(
    st.none() | st.booleans() | st.sampled_from([*ODD_NUMBERS, *ODD_TEXTS, *ODD_TIMES]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)


def _played() -> Town:
    """Return a world in which every topic has been used."""
    town = Town()
    town.furnish(trucks=2, lots=2, capacity=1, hours=3)
    town.say("facility.registered", YARD)
    town.say("corridor.opened", CORRIDOR)
    town.run()
    states = town.states("assignment")
    for name in sorted(states):
        town.command("accept", name)
    town.run(plan=False)
    town.command("report_loaded", max(states))
    town.say("zone.restricted", ZONE)
    town.say("zone.lifted", {"closure_id": "Z", "region": "kien-giang"})
    town.say("checkpoint.held", {"checkpoint_id": "CP", "truck_id": "T0", "plate": "68C-11111"})
    town.say("slot.capacity_changed", {**town.window(2), "capacity_trucks": 0})
    town.run(minutes=20)
    return town


ZONE = {
    "closure_id": "Z",
    "region": "kien-giang",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[105.3, 9.0], [105.4, 9.0], [105.4, 9.1], [105.3, 9.0]]],
    },
    "valid_from": "2021-08-25T05:00:00Z",
}
YARD = {
    "place_id": "YARD",
    "kind": "assembly_point",
    "name": "Điểm tập kết",
    "lat": 9.8,
    "lon": 105.2,
}
CORRIDOR = {
    "corridor_id": "K",
    "kind": "shuttle",
    "facilities": ["PORT", "YARD"],
    "geometry": {"type": "LineString", "coordinates": [[105.2, 9.8], [105.08, 10.01]]},
    "width_m": 100,
    "valid_from": "2021-08-25T05:00:00Z",
}


def _samples() -> dict[str, list[Record]]:
    """Return real records of each topic: what is odd looks best when it is nearly right."""
    town = _played()
    found: dict[str, dict[bytes, list[Record]]] = {}
    for (topic, _), records in town.log.items():
        for record, _ in records:
            if topic in READ:
                of_type = found.setdefault(topic, {}).setdefault(
                    dict(record.headers)["ce_type"], []
                )
                if len(of_type) < 6:
                    of_type.append(record)
    return {topic: [r for many in types.values() for r in many] for topic, types in found.items()}


SAMPLES = _samples()


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in a JSON value."""
    inside = node.items() if isinstance(node, dict) else enumerate(node)
    for name, part in inside:
        yield (*path, name)
        if isinstance(part, dict | list):
            yield from _places(part, (*path, name))


def _changed(value: bytes, path: tuple[Any, ...], new: Any, *, drop: bool) -> bytes:
    doc = json.loads(value)
    node = doc
    for name in path[:-1]:
        node = node[name]
    if drop:
        del node[path[-1]]
    else:
        node[path[-1]] = new
    return orjson.dumps(doc)


@st.composite
def odd_records(draw: st.DrawFn) -> Record:
    """Draw a record that is nearly, or not at all, what its topic carries."""
    sample = draw(st.sampled_from(SAMPLES[draw(st.sampled_from(sorted(SAMPLES)))]))
    key, value, headers = sample.key, sample.value or b"", dict(sample.headers)
    headers["ce_id"] = f"odd{draw(st.integers(0, 3))}".encode()
    kind = draw(st.sampled_from(["field", "field", "field", "raw", "key", "header", "as it is"]))
    if kind == "field":
        for _ in range(draw(st.integers(1, 3))):
            path = draw(st.sampled_from(list(_places(json.loads(value))) or [("x",)]))
            drop = draw(st.booleans()) and path != ("x",)
            value = _changed(value, path, draw(odd_values), drop=drop)
        key = _fitting_key(sample, value)
    elif kind == "raw":
        value = draw(st.sampled_from(RAW) | st.binary(max_size=40))
    elif kind == "key":
        key = draw(st.sampled_from([b"", b"\xff", b"~journal"]) | st.binary(max_size=9))
    elif kind == "header":
        name = draw(st.sampled_from([*sorted(headers), "ce_source", "ce_time", "ce_id"]))
        text = st.sampled_from([*ODD_TEXTS, *ODD_TIMES, "/foreign", "/streams/x"])
        headers[name] = draw(text.map(str.encode) | st.binary(max_size=9))
    if draw(st.booleans()):
        headers["ce_source"] = draw(st.sampled_from([b"/foreign", b"/streams/place", b"/streams/"]))
    return Record(sample.topic, key, value, tuple(headers.items()))


def _fitting_key(sample: Record, value: bytes) -> bytes:
    """Give a changed record the key that its data asks for, so that more than keys is tested."""
    doc = json.loads(value)
    new = doc.get(CATALOGUE[sample.topic].key) if isinstance(doc, dict) else None
    return new.encode("utf-8", "replace") if isinstance(new, str) else sample.key


def test_every_topic_that_workers_read_has_samples() -> None:
    assert sorted(SAMPLES) == READ


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records=st.lists(st.tuples(odd_records(), st.integers(0, 3)), min_size=1, max_size=8))
def test_odd_records_raise_nothing_and_are_set_aside_once(
    records: list[tuple[Record, int]],
) -> None:
    town = Town()
    town.furnish(trucks=2, lots=1, capacity=1, hours=2)
    town.run(plan=False)
    put, wrong = set(), set()
    for record, number in records:
        partition = number % CATALOGUE[record.topic].partitions
        town.put(record, partition)
        place = (record.topic, partition, len(town.log[record.topic, partition]) - 1)
        put.add(place)
        try:
            decode(record.topic, record.key, record.value, record.headers)
        except MalformedEvent:
            wrong.add(place)
    town.run(plan=False)
    town.start()
    town.run(minutes=25)
    letters = _letters(town)
    assert wrong <= letters.keys()
    malformed = {place for place, error in letters.items() if error.startswith("malformed")}
    assert malformed <= put, "what we say ourselves can always be read"


def _letters(town: Town) -> dict[tuple[str, int, int], str]:
    """Return whence each dead letter came, and why; said again after a restart it is the same."""
    found: dict[tuple[str, int, int], Record] = {}
    for record, _ in town.log[DEAD_LETTERS, 0]:
        headers = dict(record.headers)
        topic, partition = headers["dlq_topic"].decode(), int(headers["dlq_partition"])
        offset = int(headers["dlq_offset"])
        origin, _ = town.log[topic, partition][offset]
        assert (origin.key, origin.value) == (record.key, record.value)
        assert headers["dlq_error"]
        assert found.setdefault((topic, partition, offset), record) == record
    return {place: dict(r.headers)["dlq_error"].decode() for place, r in found.items()}


@settings(max_examples=150, deadline=None)
@given(
    topic=st.sampled_from(READ),
    key=st.none() | st.binary(max_size=20),
    value=st.none() | st.binary(max_size=200),
    names=st.lists(
        st.tuples(st.sampled_from(["ce_id", "ce_type", "ce_time", "x", "ce_source"]), st.binary())
    ),
)
def test_random_bytes_are_dead_letters_of_the_same_bytes(
    topic: str, key: bytes | None, value: bytes | None, names: list[tuple[str, bytes]]
) -> None:
    town = Town()
    town.put(Record(topic, key or b"", value or b"", tuple(names)), 0)
    town.run()
    assert list(_letters(town)) == [(topic, 0, 0)]
    assert [why.split(":")[0] for why in town.dead()] == ["malformed"]


def test_an_identifier_that_is_the_journals_key_is_refused() -> None:
    """Whoever could name an entity like the journal could overwrite it."""
    town = Town()
    town.furnish(trucks=1, lots=1)
    town.run()
    record = next(r for p in range(4) for r, _ in town.log["truck.registry.v1", p])
    value = orjson.dumps({**orjson.loads(record.value or b""), "truck_id": "~journal"})
    town.put(Record(record.topic, b"~journal", value, record.headers), 0)
    town.run()
    assert len(town.dead()) == 1


def test_dead_letters_survive_the_journal_whatever_their_bytes() -> None:
    nasty = bytes(range(256))
    town = Town()
    town.put(Record("truck.position.v1", nasty, nasty, (("ce_id", nasty),)), 2)
    town.run()
    town.start()
    letters = [record for record, _ in town.log[DEAD_LETTERS, 0]]
    assert len(letters) == 2, "said, and said again by the worker that started after"
    assert {(r.key, r.value, r.headers) for r in letters} == {
        (letters[0].key, letters[0].value, letters[0].headers)
    }
    assert (letters[0].key, letters[0].value) == (nasty, nasty)
    assert base64.b64encode(dict(letters[0].headers)["ce_id"]) == base64.b64encode(nasty)
