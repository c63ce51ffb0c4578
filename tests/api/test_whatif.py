"""A what-if tells what is hit and what would be posted; one action commits just that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis import Redis

from api.whatif import KINDS
from routing.roads.bundled import build_bundled
from routing.roads.network import load_network
from routing.travel import RoadTravel
from routing.whatif import world as whatif_world
from schemas.clock import ClockAnchored
from schemas.road import RoadClosed, ZoneRestricted
from schemas.slot import SlotClosed
from tests.api.conftest import Stand, standing
from tests.routing.whatif.world import NOW, Docs, add_corridor, add_trip, bare, hours

pytestmark = pytest.mark.integration

GATE = {"kind": "gate", "facility_id": "port-can-tho", "gate_id": "G1"}
SPAN = {"from": NOW.isoformat(), "until": hours(12).isoformat()}


@pytest.fixture(scope="module")
def network_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a freshly built bundled network."""
    folder = tmp_path_factory.mktemp("roads") / "bundled"
    build_bundled(folder)
    return folder


@pytest.fixture(scope="module")
def docs(network_dir: Path) -> Docs:
    """Return a world with three trips to Cần Thơ."""
    travel, docs = RoadTravel(load_network(network_dir)), bare()
    for number in range(3):
        add_trip(docs, travel, number, leaves_h=0.5 + number / 4)
    add_corridor(docs, travel, "c-one", "port-can-tho", "plant-ca-mau")
    return docs


@pytest.fixture
async def held(
    redis_url: str, network_dir: Path, docs: Docs, tmp_path: Path
) -> AsyncIterator[Stand]:
    """Give an application over that world, its clock held at `NOW`."""
    (tmp_path / "network").symlink_to(network_dir)
    anchor = ClockAnchored(mode="scenario", wall=NOW, shows=NOW, speed=0)
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        redis.set("clock", anchor.model_dump_json())
        for kind, entries in docs.items():
            for entity_id, doc in entries.items():
                redis.hset(f"view:{kind}", entity_id, orjson.dumps(doc))
        async with standing(redis_url, tmp_path, redis, clock="scenario") as built:
            yield built


async def asked(stand: Stand, measure: dict[str, Any], **more: Any) -> Any:
    """Ask, and return the answer's JSON."""
    answer = await stand.ask("POST", "/v1/what-if", json={"measure": measure, **SPAN, **more})
    assert answer.status_code in {200, 202}, answer.text
    return answer.json()


def road(docs: Docs) -> dict[str, Any]:
    """Close the middle of the first trip's route."""
    line = docs["assignment"]["A-00"]["route"]["geometry"]["coordinates"]
    return {"kind": "road", "geometry": {"type": "Point", "coordinates": line[-12]}}


def test_the_views_that_are_read_are_those_of_a_world() -> None:
    assert KINDS == whatif_world.KINDS


async def test_asking_writes_nothing(held: Stand, docs: Docs) -> None:
    found = await asked(held, road(docs))
    assert held.broker.records == []
    assert "receipts" not in found
    trips = found["consequences"]["trips"]
    assert [trip["assignment_id"] for trip in trips] == ["A-00", "A-01", "A-02"]
    assert {"trucks", "tonnes_lost", "tonnes_delayed", "hours_lost"} <= (
        found["consequences"]["totals"].keys()
    )
    (event,) = found["events"]
    assert (event["type"], event["source"]) == ("road.closed", "/api/dispatcher")
    assert event["data"]["region"] in {"can-tho", "an-giang", "ca-mau", "long-xuyen"}


async def test_committing_posts_what_was_shown(held: Stand, docs: Docs) -> None:
    key = {"idempotency-key": "k1"}
    body = {"measure": road(docs), **SPAN, "reason": "Sạt lở"}
    shown = (await held.ask("POST", "/v1/what-if", json=body, headers=key)).json()
    answer = await held.ask("POST", "/v1/what-if", json={**body, "commit": True}, headers=key)
    assert answer.status_code == 202
    done = answer.json()
    assert done["events"] == shown["events"]
    assert done["consequences"] == shown["consequences"]
    (written,) = held.broker.events
    (event,) = shown["events"]
    assert (written.id, written.source, written.type) == (
        event["id"],
        event["source"],
        event["type"],
    )
    assert isinstance(written.data, RoadClosed)
    assert written.data.model_dump(mode="json") == {**event["data"]}
    assert [each["id"] for each in done["receipts"]] == [written.id]


async def test_what_was_shown_can_be_posted_as_events(held: Stand) -> None:
    shown = await asked(held, GATE, reason="Sửa cầu cân")
    assert len(shown["events"]) == 12
    media = {"content-type": "application/cloudevents-batch+json"}
    answer = await held.ask(
        "POST", "/v1/events", content=orjson.dumps(shown["events"]), headers=media
    )
    assert answer.status_code == 202
    assert {event.type for event in held.broker.events} == {"slot.closed"}


async def test_a_gate_closes_each_of_its_windows(held: Stand) -> None:
    found = await asked(held, GATE, commit=True, reason="Sửa cầu cân")
    hit = {slot["slot_id"] for slot in found["consequences"]["slots"] if slot["closed"]}
    written = [event.data for event in held.broker.events]
    assert all(isinstance(data, SlotClosed) and data.reason == "Sửa cầu cân" for data in written)
    assert {data.slot_id for data in written if isinstance(data, SlotClosed)} == hit
    assert {trip["becomes"] for trip in found["consequences"]["trips"]} == {"other_slot"}


async def test_a_repeat_says_the_same_events_though_some_windows_are_closed_by_now(
    held: Stand, docs: Docs
) -> None:
    key = {"idempotency-key": "k2"}
    body = {"measure": GATE, **SPAN, "commit": True, "reason": "Sửa cầu cân"}
    for _ in range(2):
        answer = await held.ask("POST", "/v1/what-if", json=body, headers=key)
        assert answer.status_code == 202
        slot_id = "port-can-tho|G1|20210824T0400Z"
        held.put("slot", slot_id, **{**docs["slot"][slot_id], "status": "closed"})
        await held.forget_answers()
    ids: dict[str, set[str]] = {}
    for event in held.broker.events:
        assert isinstance(event.data, SlotClosed)
        ids.setdefault(event.data.slot_id, set()).add(event.id)
    assert len(ids) == 12
    assert len(held.broker.events) == 23
    assert all(len(each) == 1 for each in ids.values())
    del body["from"]
    answer = await held.ask("POST", "/v1/what-if", json=body, headers=key)
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == ["#/from"]


async def test_a_checkpoint_and_a_zone_are_closures(held: Stand) -> None:
    checkpoint = {"kind": "checkpoint", "checkpoint_id": "cp-vam-cong"}
    await asked(held, checkpoint, commit=True, reason="F0")
    point = {"type": "Point", "coordinates": [105.6, 10.1]}
    zone = {"kind": "zone", "geometry": point, "radius_m": 2000.0}
    await asked(held, zone, commit=True, reason="Phong tỏa", region="can-tho")
    one, two = (event.data for event in held.broker.events)
    assert isinstance(one, RoadClosed)
    assert isinstance(two, ZoneRestricted)
    assert (one.geometry.type, two.geometry.type, two.region) == ("Polygon", "Polygon", "can-tho")
    assert one.region == "an-giang"


async def test_times_that_are_left_out_are_now_and_open_ended(held: Stand) -> None:
    answer = await held.ask("POST", "/v1/what-if", json={"measure": GATE})
    found = answer.json()["consequences"]
    assert (found["valid_from"], found["valid_until"]) == ("2021-08-24T03:00:00Z", None)


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"commit": True}, 422, "invalid", "#/reason"),
        ({"until": hours(-1).isoformat()}, 422, "invalid", "#/until"),
        ({"from": "2021-08-24T03:00:00"}, 422, "invalid", "#/from"),
        ({"measure": {"kind": "bridge"}}, 422, "invalid", "#/measure"),
        ({"measure": {**GATE, "gate_id": "G9"}}, 422, "invalid", "#/measure/gate_id"),
        ({"measure": {**GATE, "facility_id": "F9"}}, 404, "facility_unknown", None),
        (
            {"measure": {"kind": "checkpoint", "checkpoint_id": "C9"}},
            404,
            "checkpoint_unknown",
            None,
        ),
        (
            {
                "measure": {
                    "kind": "road",
                    "geometry": {"type": "LineString", "coordinates": [[105, 10], [105.1, 10]]},
                    "radius_m": 50.0,
                }
            },
            422,
            "invalid",
            "#/measure/radius_m",
        ),
        (
            {
                "from": hours(90).isoformat(),
                "until": None,
                "commit": True,
                "reason": "no window is left to close",
            },
            409,
            "already_decided",
            None,
        ),
    ],
)
async def test_a_bad_question_is_a_problem(
    held: Stand, change: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    answer = await held.ask("POST", "/v1/what-if", json={"measure": GATE, **SPAN, **change})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    if pointer is not None:
        assert pointer in [flaw["pointer"] for flaw in problem["errors"]]
    assert held.broker.records == []


@pytest.mark.parametrize(
    "role", ["observer", "haulier:haulier-1", "port_operator:port-can-tho", "checkpoint_officer:C1"]
)
async def test_only_dispatchers_ask(held: Stand, role: str) -> None:
    answer = await held.ask("POST", "/v1/what-if", role=role, json={"measure": GATE, **SPAN})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_nothing_is_committed_while_the_broker_is_down(held: Stand) -> None:
    held.broker.is_down = True
    body = {"measure": GATE, **SPAN, "commit": True, "reason": "bão"}
    answer = await held.ask("POST", "/v1/what-if", json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")


async def test_openapi_describes_the_answer(held: Stand) -> None:
    document = (await held.ask("GET", "/openapi.json", role=None)).json()
    answers = document["paths"]["/v1/what-if"]["post"]["responses"]
    assert answers["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/WhatIf")
    told = document["components"]["schemas"]
    assert {"Consequences", "HitTrip", "HitCorridor", "Totals"} <= told.keys()
    assert told["Consequences"]["properties"].keys() >= {"trips", "lots", "slots", "corridors"}
