"""Trackers are heard in their own forms, by keys that open nothing else."""

from __future__ import annotations

import base64
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.model import format_time
from tests.api.conftest import Stand, standing

pytestmark = pytest.mark.integration

OSMAND, TRACCAR = "/v1/devices/osmand", "/v1/devices/traccar"
PLACE = {"lat": "10.5", "lon": "105.25", "timestamp": "1629756000", "speed": "10"}
IMEI = "867604050012345"


async def register(
    stand: Stand, device_id: str = IMEI, truck_id: str = "T1", **options: Any
) -> int:
    body = {"device_id": device_id, "truck_id": truck_id}
    return (await stand.ask("POST", "/v1/trackers", json=body, **options)).status_code


def forwarded(**changes: Any) -> dict[str, Any]:
    position = {
        "fixTime": "2021-08-23T22:00:00.000+00:00",
        "latitude": 10.5,
        "longitude": 105.25,
        "speed": 10.0,
        "valid": True,
        **changes,
    }
    return {"position": position, "device": {"uniqueId": IMEI}}


async def test_a_registered_tracker_reports_for_its_truck(stand: Stand) -> None:
    assert await register(stand) == 201
    answers = [
        await stand.ask("GET", OSMAND, params={"id": IMEI, **PLACE}),
        await stand.ask("POST", OSMAND, data={"id": IMEI, **PLACE}),
        await stand.ask("POST", OSMAND, params={"id": IMEI, **PLACE}),
        await stand.ask("POST", TRACCAR, json=forwarded()),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert [answer.json() for answer in answers] == [{"accepted": 1, "ignored": {}}] * 4
    assert {event.identity for event in stand.broker.events[1:]} == {
        stand.broker.events[1].identity
    }
    written = stand.broker.events[-1]
    assert (written.key, written.data.model_dump()["speed_kph"]) == ("T1", 18.52)


async def test_what_a_repetition_would_not_mend_is_answered_as_done(stand: Stand) -> None:
    await register(stand)
    ahead = int((datetime.now(UTC) + timedelta(days=2)).timestamp())
    for parameters, why in (
        ({**PLACE, "timestamp": str(ahead)}, "time_ahead"),
        ({**PLACE, "lat": "0", "lon": "0"}, "null_island"),
        ({**PLACE, "valid": "false"}, "not_valid"),
        ({"batt": "50"}, "no_position"),
    ):
        answer = await stand.ask("POST", OSMAND, data={"id": IMEI, **parameters})
        assert (answer.status_code, answer.json()) == (200, {"accepted": 0, "ignored": {why: 1}})
    answer = await stand.ask("POST", TRACCAR, json=forwarded(outdated=True))
    assert answer.json()["ignored"] == {"not_valid": 1}
    assert len(stand.broker.records) == 1


async def test_what_a_person_must_mend_is_refused(stand: Stand) -> None:
    unknown = await stand.ask("POST", TRACCAR, json=forwarded())
    assert (unknown.status_code, unknown.json()["code"]) == (422, "device_unknown")
    await register(stand)
    swapped = await stand.ask("POST", TRACCAR, json=forwarded(latitude=105.2, longitude=10.5))
    assert (swapped.status_code, swapped.json()["code"]) == (422, "swapped")
    stand.broker.is_down = True
    down = await stand.ask("POST", TRACCAR, json=forwarded())
    assert (down.status_code, down.json()["code"]) == (503, "broker_unavailable")


async def test_other_forms_are_refused(stand: Stand) -> None:
    form = "application/x-www-form-urlencoded"
    for content, media, code in (
        (b"{", "application/json", "not_json"),
        (b"[1]", "application/json", "invalid"),
        (b"<x/>", "text/xml", "media_type"),
        (b"lat=x&lon=1&id=a", form, "invalid"),
        (b"&".join([b"a=1"] * 65), form, "invalid"),
    ):
        headers = {"content-type": media}
        answer = await stand.ask("POST", OSMAND, content=content, headers=headers)
        assert answer.json()["code"] == code, content


async def test_who_shows_no_key_is_not_heard(stand: Stand) -> None:
    for headers in (
        {},
        {"authorization": "Basic !!"},
        {"authorization": "Basic " + base64.b64encode(b"a:hlk_x").decode()},
        {"authorization": "Digest x"},
        {"cookie": "harvestlane_session=x"},
    ):
        for path in (OSMAND, TRACCAR):
            answer = await stand.ask("POST", path, role=None, headers=headers, json=forwarded())
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), headers
            assert answer.headers["www-authenticate"].startswith("Basic")


async def test_a_haulier_registers_trackers_on_its_own_trucks(world: Stand) -> None:
    for role, truck_id, status in (
        ("dispatcher", "T2", 201),
        ("haulier:H1", "T1", 201),
        ("haulier:H1", "T2", 403),
        ("driver:D1", "T1", 403),
        ("observer", "T1", 403),
    ):
        assert await register(world, f"d-{truck_id}", truck_id, role=role) == status, role


async def test_a_tracker_is_moved_seen_and_forgotten_by_whose_truck_it_is_on(world: Stand) -> None:
    assert await register(world, truck_id="T2") == 201
    assert await register(world, truck_id="T1", role="haulier:H1") == 403
    seen = (await world.ask("GET", "/v1/trackers", role="haulier:H1")).json()
    assert seen == {"count": 0, "items": []}
    gone = await world.ask("DELETE", f"/v1/trackers/{IMEI}", role="haulier:H1")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert await register(world, truck_id="T1") == 201
    (tracker,) = (await world.ask("GET", "/v1/trackers", role="haulier:H1")).json()["items"]
    assert (tracker["device_id"], tracker["truck_id"], tracker["clock_off_s"]) == (IMEI, "T1", 0)
    gone = await world.ask("DELETE", f"/v1/trackers/{IMEI}", role="haulier:H1")
    assert gone.status_code == 204
    assert (await world.ask("GET", "/v1/trackers")).json()["count"] == 0


async def test_a_tracker_shows_how_far_its_clock_is_off(stand: Stand) -> None:
    await register(stand)
    fix_time = format_time(datetime.now(UTC) + timedelta(hours=7))
    await stand.ask("POST", TRACCAR, json=forwarded(fixTime=fix_time))
    (tracker,) = (await stand.ask("GET", "/v1/trackers")).json()["items"]
    assert -25_200 <= tracker["clock_off_s"] < -25_000


async def key_of(stand: Stand, **body: Any) -> str:
    body = {"role": "driver", "device": {"truck_id": "T1"}, **body}
    answer = await stand.ask("POST", "/v1/keys", json=body, role="administrator")
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["secret"]
    return secret


async def test_a_trackers_key_is_taken_in_each_place_it_can_be_put(stand: Stand) -> None:
    key = await key_of(stand)
    basic = base64.b64encode(f"tracker:{key}".encode()).decode()
    location = {
        "timestamp": "2021-08-23T22:00:00.000Z",
        "coords": {"latitude": 10.5, "longitude": 105.25, "speed": 5.144},
    }
    named = {"id": "whatever it says", **PLACE}
    answers = [
        await stand.ask("POST", OSMAND, role=None, data={**PLACE, "id": key}),
        await stand.ask("POST", OSMAND, role=None, json={"location": location, "device_id": key}),
        *[
            await stand.ask("GET", OSMAND, role=None, params=named, headers={"authorization": how})
            for how in (f"Bearer {key}", f"Basic {basic}")
        ],
        await stand.ask(
            "POST",
            TRACCAR,
            role=None,
            json=forwarded(),
            headers={"authorization": f"Basic {basic}"},
        ),
    ]
    assert [(answer.status_code, answer.json()["accepted"]) for answer in answers] == [(200, 1)] * 5
    written = [event for event in stand.broker.events if event.topic == "truck.position.v1"]
    assert {(event.key, event.identity) for event in written} == {("T1", written[0].identity)}


async def test_a_key_in_the_query_is_taken_only_where_that_is_allowed(
    redis_url: str, tmp_path: Path
) -> None:
    for allowed, status in ((False, 401), (True, 200)):
        async with standing(redis_url, tmp_path, device_query_ids=allowed) as stand:
            parameters = {"id": await key_of(stand), **PLACE}
            for method in ("GET", "POST"):
                answer = await stand.ask(method, OSMAND, role=None, params=parameters)
                assert answer.status_code == status


async def test_a_trackers_key_reports_its_truck_and_opens_nothing_else(world: Stand) -> None:
    headers = {"authorization": f"Bearer {await key_of(world)}"}
    fix = {"lat": 10.5, "lon": 105.25}
    for body, status in (
        (fix, 202),
        ({**fix, "truck_id": "T1"}, 202),
        ({**fix, "truck_id": "T2"}, 403),
        ([fix, {**fix, "truck_id": "T2"}], 422),
    ):
        answer = await world.ask("POST", "/v1/positions", json=body, role=None, headers=headers)
        assert answer.status_code == status
    for method, path in (
        ("GET", "/v1/trucks/T1"),
        ("GET", "/v1/trackers"),
        ("POST", "/v1/trackers"),
        ("POST", "/v1/webhooks"),
        ("GET", "/v1/stream"),
    ):
        answer = await world.ask(method, path, role=None, headers=headers, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("change", ["taken away", "mistyped"])
async def test_a_key_that_is_none_any_more_is_not_heard(stand: Stand, change: str) -> None:
    key = await key_of(stand)
    if change == "mistyped":
        key = key[:-1] + ("0" if key[-1] != "0" else "1")
    else:
        await stand.ask("DELETE", f"/v1/keys/{key.split('_')[1]}", role="administrator")
    answer = await stand.ask("POST", OSMAND, role=None, data={**PLACE, "id": key})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_gateways_key_is_held_to_its_scopes_and_regions(world: Stand) -> None:
    await register(world)
    report = {"device": None, "role": "dispatcher"}
    for rights, status in (
        ({"scopes": ["truck.position_reported"]}, 200),
        ({"scopes": ["lot.ready"]}, 403),
        ({"regions": ["kien-giang"]}, 200),
        ({"regions": ["ca-mau"]}, 403),
    ):
        headers = {"authorization": f"Bearer {await key_of(world, **report, **rights)}"}
        answer = await world.ask("POST", TRACCAR, role=None, json=forwarded(), headers=headers)
        assert answer.status_code == status


async def test_no_log_line_holds_a_key_or_a_place(
    redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with standing(redis_url, tmp_path, device_query_ids=True) as stand:
        key = await key_of(stand)
        with caplog.at_level(logging.DEBUG, logger="api"):
            await stand.ask("GET", OSMAND, role=None, params={"id": key, **PLACE})
            await stand.ask("GET", OSMAND, role=None, params={"id": f"{key}x", **PLACE})
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("api")]
    assert any(OSMAND in line for line in lines)
    assert not any("hlk_" in line or "105.25" in line for line in lines)
