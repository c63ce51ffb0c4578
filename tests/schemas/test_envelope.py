"""Test how records are read as events: all that is right, nothing that is wrong, no surprise."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.envelope import (
    FUTURE_LIMIT,
    MAX_DEPTH,
    decode,
    digest,
    encode,
    explain,
    refuse_future,
    validate,
)
from schemas.errors import MalformedEvent, RefusedEvent
from schemas.lot import LotRevised
from schemas.topics import CATALOGUE, DEAD_LETTERS
from schemas.truck import TruckPositionReported
from tests.golden import golden_events

NOON = datetime(2021, 8, 24, 5, tzinfo=UTC)
DATA: dict[str, Any] = {"truck_id": "truck-1", "lat": 9.889, "lon": 105.135}
HEADERS = {
    "ce_id": b"1",
    "ce_source": b"/gps",
    "ce_specversion": b"1.0",
    "ce_type": b"truck.position_reported",
    "ce_time": b"2021-08-24T12:00:00+07:00",
}
Changes = dict[str, bytes | None]


def read(
    value: bytes | None = orjson.dumps(DATA),
    key: bytes | None = b"truck-1",
    topic: str = "truck.position.v1",
    **headers: bytes | None,
) -> Any:
    merged: Changes = {**HEADERS, **headers}
    found = [(name, text) for name, text in merged.items() if text is not None]
    return decode(topic, key, value, found)


def test_a_position_is_read() -> None:
    event = read()
    assert event.identity == "/gps 1"
    assert event.time == NOON
    assert event.data == TruckPositionReported(**DATA)
    assert (event.key, event.topic, event.type) == (
        "truck-1",
        "truck.position.v1",
        "truck.position_reported",
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ce_id": None}, "the header ce_id is missing"),
        ({"ce_id": b""}, "ce_id must have 1 to 512 characters"),
        ({"ce_id": b"x" * 513}, "ce_id must have 1 to 512 characters"),
        ({"ce_id": b"\xff"}, "ce_id is not UTF-8"),
        ({"ce_source": None}, "ce_source is missing"),
        ({"ce_source": b"a b"}, "without white space"),
        ({"ce_source": "a\u00a0b".encode()}, "without white space"),
        ({"ce_specversion": None}, "ce_specversion must be 1.0"),
        ({"ce_specversion": b"0.3"}, "ce_specversion must be 1.0"),
        ({"ce_type": None}, "ce_type is missing"),
        ({"ce_type": b"lot.declared"}, "carries no 'lot.declared'; it carries truck.position_rep"),
        ({"ce_time": None}, "ce_time is missing"),
        ({"ce_time": b"2021-08-24T12:00:00"}, "ce_time: expected an RFC 3339 time with an offset"),
        ({"ce_time": b"yesterday"}, "ce_time: expected"),
        ({"ce_time": b"2021-02-30T12:00:00Z"}, "ce_time: day is out of range"),
    ],
)
def test_a_wrong_header_is_named(change: Changes, why: str) -> None:
    with pytest.raises(MalformedEvent, match=why):
        read(**change)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "the value is empty"),
        (b"", "not JSON"),
        (b"\x00\xff\xfe", "not JSON"),
        (b"\xef\xbb\xbf" + orjson.dumps(DATA), "not JSON: .*BOM"),
        (b'{"truck_id":"truck-1","lat":NaN,"lon":105}', "not JSON"),
        (b'{"truck_id":"truck-1","lat":-Infinity,"lon":105}', "not JSON"),
        (b'{"truck_id":"truck-1","lat":1e999,"lon":105}', "not JSON: .*infinity"),
        (b'{"truck_id":"truck-1","lat":' + b"9" * 400 + b',"lon":105}', "not JSON: .*infinity"),
        (b'{"truck_id":"truck-1","lat":' + b"9" * 300 + b',"lon":105}', "lat: Input should be"),
        (b'{"truck_id":"\\ud800","lat":10,"lon":105}', "not JSON: .*surrogate"),
        (b"[" * 5000, "not JSON: .*depth"),
        (b"[]", "must be a JSON object"),
        (b'"truck-1"', "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"{}", "truck_id: Field required"),
        (orjson.dumps({**DATA, "lat": 91}), "lat: Input should be less than or equal to 90"),
        (orjson.dumps({**DATA, "lat": "9.9"}), "lat: Input should be a valid number"),
        (orjson.dumps({**DATA, "lat": None}), "lat: Input should be a valid number"),
        (orjson.dumps(DATA) + b"{}", "not JSON"),
        (b"{" + b'"a":1,' * 300_000 + b"}", "not JSON"),
    ],
)
def test_a_wrong_value_is_refused_with_the_first_thing_wrong(value: bytes | None, why: str) -> None:
    with pytest.raises(MalformedEvent, match=why) as refused:
        read(value)
    assert len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("key", [None, b"", b"truck-2", b"\xff", b"TRUCK-1"])
def test_a_key_that_is_not_the_datas_is_refused(key: bytes | None) -> None:
    with pytest.raises(MalformedEvent, match="the key must be the data's truck_id, 'truck-1'"):
        read(key=key)


def test_the_dead_letter_topic_carries_no_event_of_its_own() -> None:
    with pytest.raises(MalformedEvent, match="carries no"):
        read(topic=DEAD_LETTERS)


def nested(depth: int) -> Any:
    node: Any = 1
    for _ in range(depth):
        node = [node]
    return node


def test_data_nested_as_deep_as_allowed_is_read() -> None:
    assert read(orjson.dumps({**DATA, "more": nested(MAX_DEPTH - 1)})).key == "truck-1"


@pytest.mark.parametrize("depth", [MAX_DEPTH, 500])
def test_data_nested_deeper_is_refused(depth: int) -> None:
    with pytest.raises(MalformedEvent, match="nested deeper than 32 levels"):
        read(json.dumps({**DATA, "more": nested(depth)}).encode())


def test_of_a_name_given_twice_the_last_value_counts() -> None:
    """JSON leaves it open; every reader here agrees, and so does the digest."""
    twice = b'{"truck_id":"truck-0","truck_id":"truck-1","lat":9.889,"lon":105.135}'
    assert read(twice).data == read().data
    assert read(twice).digest == read().digest


def test_of_a_header_given_twice_the_last_counts() -> None:
    headers = [("ce_id", b"0"), *HEADERS.items()]
    event = decode("truck.position.v1", b"truck-1", orjson.dumps(DATA), headers)
    assert event.id == "1"


def test_a_large_record_is_read() -> None:
    large = {**DATA, "more": ["x" * 1000] * 3000}
    assert read(orjson.dumps(large)).data == read().data


def test_unknown_headers_and_content_types_do_not_matter() -> None:
    assert read(traceparent=b"\xff", **{"content-type": b"text/plain"}).data == read().data


def test_the_chain_of_causes_is_kept_even_in_bad_utf_8() -> None:
    event = read(ce_correlationid=b"c" * 600, ce_causationid=b"\xff")
    assert event.correlation_id == "c" * 512
    assert event.causation_id == "\ufffd"


# what a digest tells apart

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON))
def test_a_digest_does_not_see_the_order_of_names_nor_blanks(data: dict[str, Any]) -> None:
    backwards = dict(reversed(data.items()))
    spaced = orjson.loads(json.dumps(backwards, indent=3, ensure_ascii=True))
    assert digest("lot.ready", spaced) == digest("lot.ready", data)


@given(st.dictionaries(st.text(), JSON), st.dictionaries(st.text(), JSON))
def test_other_content_has_another_digest(one: dict[str, Any], two: dict[str, Any]) -> None:
    same = orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        two, option=orjson.OPT_SORT_KEYS
    )
    assert (digest("lot.ready", one) == digest("lot.ready", two)) == same


def test_a_digest_tells_types_and_ways_to_write_a_number_apart() -> None:
    """1 and 1.0 are other content: who repeats an event repeats it as it was said."""
    assert digest("lot.ready", {"a": 1}) != digest("lot.declared", {"a": 1})
    assert digest("lot.ready", {"a": 1}) != digest("lot.ready", {"a": 1.0})
    assert digest("lot.ready", {"a": 1}) != digest("lot.ready", {"a": "1"})
    assert digest("lot.ready", orjson.loads(b"1.10")) == digest("lot.ready", orjson.loads(b"1.1"))
    assert digest("lot.ready", [1, 2]) != digest("lot.ready", [2, 1])


# the one rule of time


@pytest.mark.parametrize("ahead", [timedelta(-10_000), timedelta(0), FUTURE_LIMIT])
def test_a_time_up_to_24_hours_ahead_is_taken(ahead: timedelta) -> None:
    refuse_future(NOON + ahead, NOON)
    assert timedelta(hours=24) == FUTURE_LIMIT


def test_a_time_further_ahead_is_refused_by_name() -> None:
    with pytest.raises(RefusedEvent, match="more than 24 h ahead of the clock") as refused:
        refuse_future(NOON + FUTURE_LIMIT + timedelta(microseconds=1), NOON)
    assert refused.value.rule == "time_ahead"


# whatever comes, an event or the declared error

TOPIC_NAMES = st.sampled_from(sorted(CATALOGUE))
GOLDEN = st.sampled_from(golden_events())
NAMES = st.sampled_from([*HEADERS, "ce_correlationid", "ce_causationid", "content-type", "x"])


@given(
    TOPIC_NAMES,
    st.none() | st.binary(),
    st.none() | st.binary(),
    st.lists(st.tuples(NAMES, st.binary(max_size=40))),
)
@example("truck.position.v1", None, None, [])
def test_any_bytes_are_an_event_or_malformed(
    topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    with pytest.raises(MalformedEvent):
        decode(topic, key, value, headers)


@given(TOPIC_NAMES, st.data(), st.dictionaries(st.text(), JSON | st.floats()))
def test_any_json_under_good_headers_is_an_event_or_malformed(
    topic: str, data: st.DataObject, payload: dict[str, Any]
) -> None:
    event_type = data.draw(st.sampled_from([*CATALOGUE[topic].types, "lot.weighed"]))
    headers = {**HEADERS, "ce_type": event_type.encode()}
    try:
        event = decode(topic, b"stack", json.dumps(payload).encode(), list(headers.items()))
    except MalformedEvent as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert event.type == event_type


@given(GOLDEN, st.data())
def test_a_real_event_with_one_field_replaced_is_an_event_or_malformed(
    golden: Any, data: st.DataObject
) -> None:
    payload = json.loads(golden.value)
    payload[data.draw(st.sampled_from(sorted(payload)))] = data.draw(JSON | st.floats())
    value = json.dumps(payload).encode()
    try:
        event = decode(golden.topic, golden.key, value, golden.headers)
    except MalformedEvent as error:
        assert str(error)  # noqa: PT017 - either outcome is right
        return
    again = encode(
        event.topic,
        event.type,
        event.data,
        event_id=event.id,
        source=event.source,
        time=event.time,
    )
    assert decode(again.topic, again.key, again.value, again.headers).data == event.data


@given(GOLDEN, st.integers(0, 5000), st.integers(0, 255))
def test_a_real_event_with_one_byte_changed_is_an_event_or_malformed(
    golden: Any, where: int, byte: int
) -> None:
    value = bytearray(golden.value)
    value[where % len(value)] = byte
    try:
        event = decode(golden.topic, golden.key, bytes(value), golden.headers)
    except MalformedEvent as error:
        assert str(error)  # noqa: PT017 - either outcome is right
        return
    same = orjson.dumps(orjson.loads(bytes(value)), option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        orjson.loads(golden.value), option=orjson.OPT_SORT_KEYS
    )
    assert (event.digest == golden.reading["digest"]) == same


# writing

SOURCES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=40
)


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
    SOURCES,
    st.integers(0, 2**40).map(lambda ms: NOON + timedelta(milliseconds=ms % 10**11)),
    st.floats(-90, 90),
    st.floats(-180, 180),
)
def test_what_is_written_is_read_again(
    event_id: str, source: str, time: datetime, lat: float, lon: float
) -> None:
    data = TruckPositionReported(truck_id="truck-1", lat=lat, lon=lon)
    record = encode(
        "truck.position.v1",
        "truck.position_reported",
        data,
        event_id=event_id,
        source=source,
        time=time,
        correlation_id="c-1",
        causation_id="c-2",
    )
    event = decode(record.topic, record.key, record.value, record.headers)
    assert (event.id, event.source, event.time, event.data) == (event_id, source, time, data)
    assert (event.correlation_id, event.causation_id) == ("c-1", "c-2")


def test_more_attributes_are_written_and_empty_ones_are_not() -> None:
    record = encode(
        "harvest.lot.v1",
        "lot.revised",
        LotRevised(lot_id="lot-1", quantity_kg=500),
        event_id="1",
        source="/api",
        time=NOON,
        extra={"subject": "lot-1", "sequence": ""},
    )
    headers = dict(record.headers)
    assert headers["ce_subject"] == b"lot-1"
    assert headers["content-type"] == b"application/json"
    assert {"ce_sequence", "ce_correlationid"}.isdisjoint(headers)


def test_a_refusal_explains_a_rule_without_pydantics_words() -> None:
    with pytest.raises(MalformedEvent) as refused:
        validate(CATALOGUE["checkpoint.clearance.v1"], "checkpoint.held", {"checkpoint_id": "cp-1"})
    assert str(refused.value) == "a clearance names a truck_id or at least a plate"
    assert callable(explain)
