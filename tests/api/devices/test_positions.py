"""Positions of gateways are taken one by one, in batches, and in streams of lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from starlette.types import Message

from api.devices.lines import MOST_LINE_BYTES, MOST_LINES_AT_ONCE, read_lines
from api.problems import Problem
from schemas.model import format_time
from tests.api.conftest import Stand

pytestmark = pytest.mark.integration
AT = {"lat": 10.0, "lon": 105.0}
TAKEN = {"truck_id": "T1", **AT, "time": "2021-08-24T05:00:00+07:00"}


def said(*fixes: Any) -> bytes:
    return b"\n".join(each if isinstance(each, bytes) else orjson.dumps(each) for each in fixes)


async def post(stand: Stand, body: Any, **options: Any) -> httpx.Response:
    return await stand.ask("POST", "/v1/positions", json=body, **options)


async def post_lines(stand: Stand, content: Any, **options: Any) -> httpx.Response:
    headers = {"content-type": "application/x-ndjson"}
    return await stand.ask("POST", "/v1/positions", content=content, headers=headers, **options)


async def test_one_position_is_written_with_all_it_says(stand: Stand) -> None:
    answer = await post(stand, {**TAKEN, "speed_kph": 43.5, "accuracy_m": 8, "bearing": 12})
    assert answer.status_code == 202
    (receipt,) = answer.json()["receipts"]
    (written,) = stand.broker.events
    assert (receipt["id"], receipt["topic"]) == (written.id, "truck.position.v1")
    assert (written.key, written.source) == ("T1", "/api/dispatcher")
    assert format_time(written.time) == "2021-08-23T22:00:00Z"
    assert written.data.model_dump() == {
        "truck_id": "T1",
        **AT,
        "speed_kph": 43.5,
        "accuracy_m": 8.0,
    }


async def test_a_repeated_fix_is_the_same_event_and_another_is_not(stand: Stand) -> None:
    moved = {**TAKEN, "lat": 10.00001}
    await post(stand, [TAKEN, moved])
    await post_lines(stand, said(TAKEN, {**TAKEN, "time": "2021-08-23T22:00:00Z"}))
    first, other, again, in_utc = (event.identity for event in stand.broker.events)
    assert first == again == in_utc
    assert first != other


async def test_a_batch_with_a_bad_position_writes_nothing_and_names_it(stand: Stand) -> None:
    ahead = format_time(datetime.now(UTC) + timedelta(hours=25))
    bad = [
        {**TAKEN, "lat": 91},
        {**TAKEN, "lat": 105.0, "lon": 10.0},
        {**AT},
        {**TAKEN, "time": ahead},
        {**AT, "device_id": "nobody"},
        7,
    ]
    answer = await post(stand, [TAKEN, *bad])
    assert (answer.status_code, answer.json()["code"]) == (422, "batch_refused")
    assert [(flaw["pointer"], flaw["code"]) for flaw in answer.json()["errors"]] == [
        ("#/1/lat", "less_than_equal"),
        ("#/2/lat", "swapped"),
        ("#/3/truck_id", "missing"),
        ("#/4/time", "time_ahead"),
        ("#/5", "device_unknown"),
        ("#/6", "object_type"),
    ]
    assert stand.broker.records == []


async def test_swapped_coordinates_are_refused_with_a_hint(stand: Stand) -> None:
    answer = await post(stand, {**TAKEN, "lat": 105.08, "lon": 10.01})
    assert (answer.status_code, answer.json()["code"]) == (422, "swapped")
    assert "changed places" in answer.json()["detail"]


async def test_what_is_no_fix_is_counted_and_not_written(stand: Stand) -> None:
    nonsense = [{**TAKEN, "lat": 0, "lon": 0}, {**TAKEN, "valid": False}]
    answer = await post(stand, [*nonsense, TAKEN])
    assert answer.json()["ignored"] == {"null_island": 1, "not_valid": 1}
    assert len(answer.json()["receipts"]) == len(stand.broker.records) == 1
    told = (await stand.ask("GET", "/metrics", role=None)).text
    assert 'harvestlane_positions_ignored_total{why="null_island"} 1.0' in told


async def test_each_line_is_taken_or_refused_by_itself(stand: Stand) -> None:
    lines = said(TAKEN, b"{", b"", {**TAKEN, "lat": 99}, {**TAKEN, "lat": 0, "lon": 0}, b"  ")
    answer = await post_lines(stand, lines + b"\n" + said({**TAKEN, "lat": 11}))
    assert answer.status_code == 202
    assert {**answer.json(), "errors": None} == {
        "lines": 5,
        "accepted": 2,
        "ignored": {"null_island": 1},
        "refused": 2,
        "errors": None,
    }
    places = [(flaw["pointer"], flaw["code"]) for flaw in answer.json()["errors"]]
    assert places == [("#/1", "not_json"), ("#/2/lat", "less_than_equal")]


async def test_a_stream_of_lines_may_be_longer_than_a_body(stand: Stand) -> None:
    async def lines() -> AsyncIterator[bytes]:
        for number in range(25):
            yield b"".join(
                said({**TAKEN, "lat": 10 + number / 100 + part / 1e5, "pad": "x" * 2_000}) + b"\n"
                for part in range(25)
            )

    answer = await post_lines(stand, lines())
    assert (answer.status_code, answer.json()["accepted"]) == (202, 625)
    assert len({event.id for event in stand.broker.events}) == 625


async def test_a_stream_that_breaks_says_how_much_of_it_was_written(stand: Stand) -> None:
    answer = await post_lines(stand, said(*[TAKEN] * MOST_LINES_AT_ONCE, b"x" * 9_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "0 positions before were written" in answer.json()["detail"]
    stand.broker.is_down = True
    answer = await post_lines(stand, said(TAKEN))
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")


async def test_each_role_reports_its_own_trucks_only(world: Stand) -> None:
    for role, truck_id, status in (
        ("haulier:H1", "T1", 202),
        ("haulier:H1", "T2", 403),
        ("driver:D1", "T1", 202),
        ("observer", "T1", 403),
        ("port_operator:F1", "T1", 403),
        ("checkpoint_officer:C1", "T1", 403),
        (None, "T1", 401),
    ):
        fix = {**TAKEN, "truck_id": truck_id}
        assert (await post(world, fix, role=role)).status_code == status, role
        told = (await post_lines(world, said(fix), role=role)).json()
        assert told.get("accepted") == (1 if status == 202 else 0 if role else None), role


async def test_other_media_are_refused(stand: Stand) -> None:
    answer = await stand.ask("POST", "/v1/positions", content=b"<x/>")
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type")


async def test_a_clock_that_is_ahead_is_put_right_and_its_own_time_kept(stand: Stand) -> None:
    for _ in range(2):
        before = datetime.now(UTC)
        told = before + timedelta(hours=7)
        await post(stand, {**TAKEN, "time": format_time(told)})
        written, headers = stand.broker.events[-1], dict(stand.broker.records[-1].headers)
        assert abs((written.time - before).total_seconds()) < 60
        assert headers["ce_devicetime"] == format_time(told).encode()
    waited = {**TAKEN, "time": format_time(before - timedelta(hours=3))}
    await post(stand, waited, role="administrator")
    assert "ce_devicetime" not in dict(stand.broker.records[-1].headers)


def received(*pieces: bytes, then: Message | None = None) -> Any:
    """Give pieces of a body, then a message, or nothing for ever."""
    waiting: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    waiting += [then] if then else []

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return receive


OVER = {"type": "http.request", "body": b"", "more_body": False}


async def test_lines_are_put_together_from_whatever_pieces() -> None:
    text = b"".join(b"%d\n" % number for number in range(1_200)) + b"end"
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    found = [piece async for piece in read_lines(received(*pieces, then=OVER))]
    assert b"\n".join(line for piece in found for line in piece) == text
    assert [len(piece) for piece in found] == [500, 500, 201]


async def test_a_line_is_handed_on_when_the_sender_pauses() -> None:
    lines = read_lines(received(b"a\nb\nc"), silence_s=0.1)
    assert await anext(lines) == [b"a", b"b"]
    with pytest.raises(Problem, match="nothing came"):
        await anext(lines)


async def test_lines_wait_while_kafka_is_busy_and_a_batch_is_told_so(stand: Stand) -> None:
    stand.broker.refusals = 2
    answer = await post_lines(stand, said(TAKEN))
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    stand.broker.refusals = 1
    answer = await post(stand, [TAKEN])
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")


@pytest.mark.parametrize(
    ("receive", "code"),
    [
        (received(then={"type": "http.disconnect"}), "bad_request"),
        (received(b"x" * (MOST_LINE_BYTES + 1)), "too_large"),
        (received(b"x" * (MOST_LINE_BYTES + 1) + b"\n"), "too_large"),
    ],
)
async def test_a_stream_is_bounded(receive: Any, code: str) -> None:
    with pytest.raises(Problem) as caught:
        [_ async for _ in read_lines(receive)]
    assert caught.value.code == code


async def test_nothing_is_read_ahead_of_the_work() -> None:
    asked = 0

    async def receive() -> Message:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"x\n" * MOST_LINES_AT_ONCE, "more_body": True}

    lines = read_lines(receive)
    for number in range(1, 4):
        await anext(lines)
        assert asked == number
