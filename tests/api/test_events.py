"""Events from outside are taken whole, or refused with what is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.model import format_time
from schemas.topics import TOPIC_OF_TYPE
from tests.api.conftest import Stand

pytestmark = pytest.mark.integration
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
RETRACTED = {
    "checkpoint_id": "C1",
    "plate": "1AB",
    "retracts": {"source": "/api/checkpoint_officer/C1", "id": "e1"},
    "reason_code": "did_not_occur",
}
POSITION = {"truck_id": "T1", "lat": 10.0, "lon": 105.0}


def event(**changes: Any) -> dict[str, Any]:
    whole = {
        "specversion": "1.0",
        "id": "e1",
        "source": "/gps/7",
        "type": "truck.position_reported",
        "time": "2021-08-24T05:00:00+07:00",
        "data": POSITION,
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


async def post(stand: Stand, body: Any, media: str = STRUCTURED, **options: Any) -> Any:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    headers = {"content-type": media, **options.pop("headers", {})}
    return await stand.ask("POST", "/v1/events", content=content, headers=headers, **options)


async def test_a_structured_event_is_acknowledged_with_where_it_stands(stand: Stand) -> None:
    answer = await post(stand, event(correlationid="c1"))
    assert answer.status_code == 202
    receipt = {
        "id": "e1",
        "source": "/gps/7",
        "type": "truck.position_reported",
        "status": "accepted",
        "topic": "truck.position.v1",
        "partition": 0,
        "offset": 0,
    }
    assert answer.json() == {"receipts": [receipt]}
    (written,) = stand.broker.events
    assert written.key == "T1"
    assert written.correlation_id == "c1"
    assert format_time(written.time) == "2021-08-23T22:00:00Z"


async def test_a_binary_event_is_read_from_its_headers(stand: Stand) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "ch%E1%BB%91t-1",
        "ce-source": "/gps/7",
        "ce-type": "truck.position_reported",
        "ce-time": "2021-08-24T05:00:00Z",
    }
    answer = await post(stand, POSITION, "application/json; charset=utf-8", headers=headers)
    assert answer.status_code == 202
    assert stand.broker.events[0].id == "chốt-1"


async def test_a_batch_has_one_receipt_an_event(stand: Stand) -> None:
    answer = await post(stand, [event(id="a"), event(id="b")], BATCH)
    assert [receipt["id"] for receipt in answer.json()["receipts"]] == ["a", "b"]
    assert (await post(stand, [], BATCH)).json() == {"receipts": []}


async def test_a_batch_with_a_bad_event_writes_nothing_and_names_it(stand: Stand) -> None:
    bad = event(id="b", data={"truck_id": "T1", "lat": 91, "lon": 105})
    answer = await post(stand, [event(id="a"), bad, event(id="c", time="24/8/2021")], BATCH)
    assert answer.status_code == 422
    assert answer.json()["code"] == "batch_refused"
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == ["#/1/data/lat", "#/2/time"]
    assert stand.broker.records == []


AHEAD = format_time(datetime.now(UTC) + timedelta(hours=25))
REFUSED = {
    "time without offset": (event(time="2021-08-24T05:00:00"), 422, "malformed_event", "#/time"),
    "time far ahead": (event(time=AHEAD), 422, "time_ahead", "#/time"),
    "time is a number": (event(time=7), 422, "malformed_event", "#/time"),
    "no id": (event(id=None), 422, "malformed_event", "#/id"),
    "empty id": (event(id=""), 422, "malformed_event", "#/id"),
    "source with a blank": (event(source="a b"), 422, "malformed_event", "#/source"),
    "a worker's source": (event(source="/streams/lot"), 422, "source_reserved", "#/source"),
    "no such type": (event(type="truck.flew"), 422, "type_unknown", "#/type"),
    "dispatch's type": (event(type="lot.planned"), 422, "type_not_postable", "#/type"),
    "old version": (event(specversion="0.3"), 422, "malformed_event", "#/specversion"),
    "no data": (event(data=None), 422, "invalid", "#/data"),
    "data is a list": (event(data=[1]), 422, "invalid", "#/data"),
    "out of range": (event(data={**POSITION, "lat": 99}), 422, "invalid", "#/data/lat"),
    "missing field": (event(data={"truck_id": "T1", "lat": 1}), 422, "invalid", "#/data/lon"),
    "other data": (event(datacontenttype="text/xml"), 422, "malformed_event", "#/datacontenttype"),
    "bytes as data": (event(data=None, data_base64="aGk="), 422, "malformed_event", None),
    "bad attribute": (event(Trace_Id="1"), 422, "malformed_event", "#/Trace_Id"),
    "not an object": ([1], 422, "malformed_event", "#"),
    "not json": (b"{", 400, "not_json", "#"),
    "half a character": (b'{"id": "\\ud800"}', 400, "not_json", "#"),
    "not a number": (b'{"lat": NaN}', 400, "not_json", "#"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_intake_refuses_is_named_by_a_problem(stand: Stand, name: str) -> None:
    body, status, code, pointer = REFUSED[name]
    answer = await post(stand, body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:harvestlane:problem:{code}"
    assert problem["instance"] == "/v1/events"
    assert pointer is None or pointer in [flaw["pointer"] for flaw in problem["errors"]]
    assert stand.broker.records == []


async def test_too_large_and_foreign_media_are_refused(stand: Stand) -> None:
    assert (await post(stand, b" " * 1_100_000)).status_code == 413
    assert (await post(stand, event(), "text/plain")).status_code == 415
    bare = await post(stand, POSITION, "application/json")
    assert (bare.status_code, bare.json()["code"]) == (422, "malformed_event")


async def test_whole_events_are_known_as_such_in_plain_json(stand: Stand) -> None:
    for body in (event(), [event(id="e2")]):
        assert (await post(stand, body, "application/json")).status_code == 202
    assert [written.id for written in stand.broker.events] == ["e1", "e2"]


async def test_a_missing_id_comes_from_the_idempotency_key(stand: Stand) -> None:
    for _ in range(2):
        answer = await post(stand, event(id=None), headers={"idempotency-key": "k1"})
        assert answer.status_code == 202
        await stand.forget_answers()
    first, second = stand.broker.events
    assert first.identity == second.identity


async def test_nothing_is_acknowledged_without_the_broker(stand: Stand) -> None:
    stand.broker.is_down = True
    answer = await post(stand, event())
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")
    assert answer.headers["retry-after"]


async def test_events_are_taken_while_redis_is_down(blind: Stand) -> None:
    assert (await post(blind, event())).status_code == 202


@pytest.mark.parametrize(
    ("role", "type_", "data", "status"),
    [
        ("haulier:H1", "truck.position_reported", POSITION, 202),
        ("haulier:H2", "truck.position_reported", POSITION, 403),
        ("driver:D1", "truck.position_reported", POSITION, 202),
        ("haulier:H1", "lot.ready", {"lot_id": "L1"}, 403),
        ("lot_declarer:HTX1", "lot.ready", {"lot_id": "L1"}, 202),
        ("lot_declarer:HTX2", "lot.ready", {"lot_id": "L1"}, 403),
        ("checkpoint_officer:C1", "checkpoint.held", {"checkpoint_id": "C1", "plate": "1AB"}, 202),
        ("checkpoint_officer:C2", "checkpoint.held", {"checkpoint_id": "C1", "plate": "1AB"}, 403),
        ("checkpoint_officer:C1", "checkpoint.retracted", RETRACTED, 202),
        ("checkpoint_officer:C2", "checkpoint.retracted", RETRACTED, 403),
        ("dispatcher", "checkpoint.retracted", RETRACTED, 202),
        ("haulier:H1", "checkpoint.retracted", RETRACTED, 403),
        ("observer", "truck.position_reported", POSITION, 403),
        (
            "haulier:H1",
            "assignment.accept",
            {"assignment_id": "A1", "region": "kien-giang", "actor": "haulier:H2"},
            403,
        ),
    ],
)
async def test_each_role_reports_its_own_only(
    world: Stand, role: str, type_: str, data: dict[str, Any], status: int
) -> None:
    answer = await post(world, event(type=type_, data=data), role=role)
    assert answer.status_code == status


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
FIELDS = sorted(
    {name for t in TOPIC_OF_TYPE.values() for m in t.types.values() for name in m.model_fields}
)
NAMES = ("id", "source", "type", "time", "specversion", "data", "subject", "datacontenttype")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    type_=st.sampled_from(sorted(TOPIC_OF_TYPE)),
    data=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), JSON, max_size=8),
    changes=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=2),
    media=st.sampled_from([STRUCTURED, BATCH]),
)
async def test_no_event_whatever_breaks_the_api(
    blind: Stand, type_: str, data: Any, changes: dict[str, Any], media: str
) -> None:
    body: Any = {**event(type=type_, data=data), **changes}
    content = json.dumps([body] if media == BATCH else body).encode()
    answer = await post(blind, content, media)
    assert answer.status_code in {202, 400, 422}


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=200), media=st.sampled_from([STRUCTURED, BATCH, "application/json"]))
async def test_no_bytes_whatever_break_the_api(blind: Stand, body: bytes, media: str) -> None:
    answer = await post(blind, body, media)
    assert answer.status_code in {202, 400, 422}
