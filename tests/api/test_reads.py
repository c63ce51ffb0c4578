"""Everybody reads what they may see, and no more of people than they need."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.mirror import KIND_OF
from schemas.model import format_time
from schemas.vocabulary import words
from tests.api.conftest import ASSIGNMENT, TRUCK, Stand, free_port, running_redis, standing

pytestmark = pytest.mark.integration


async def ids(stand: Stand, path: str, role: str = "dispatcher") -> list[str]:
    answer = await stand.ask("GET", path, role=role)
    assert answer.status_code == 200
    assert answer.json()["count"] >= len(answer.json()["items"])
    return [item["id"] for item in answer.json()["items"]]


async def test_every_collection_answers_every_role(world: Stand) -> None:
    for plural in KIND_OF:
        for role in words("role"):
            answer = await world.ask("GET", f"/v1/{plural}", role=role)
            assert answer.status_code == 200
            assert set(answer.json()) == {"count", "items", "next"}


async def test_an_item_is_its_state_with_its_id(world: Stand) -> None:
    answer = await world.ask("GET", "/v1/trucks/T1")
    assert answer.json() == {"id": "T1", "version": 1, **TRUCK}
    assert answer.headers["cache-control"] == "no-store"
    held = await world.ask("GET", "/v1/alerts/truck_held%2FT1")
    assert held.json()["subject"] == "T1"
    assert (await world.ask("GET", "/v1/trucks/T9")).json()["code"] == "not_found"


async def test_filters_choose_by_field_plate_and_status(world: Stand) -> None:
    assert await ids(world, "/v1/trucks?plate=123.45") == ["T1"]
    assert await ids(world, "/v1/trucks?plate=68c-12345") == ["T1"]
    assert await ids(world, "/v1/trucks?plate=-") == []
    assert await ids(world, "/v1/trucks?haulier_id=H2&status=available,unavailable") == ["T2"]
    assert await ids(world, "/v1/trucks?status=unavailable") == []
    answer = await world.ask("GET", "/v1/trucks?limit=1")
    assert (answer.json()["count"], len(answer.json()["items"])) == (2, 1)
    wrong = await world.ask("GET", "/v1/trucks?limit=none")
    assert wrong.json()["errors"][0]["pointer"] == "query:limit"


async def test_each_role_sees_its_own(world: Stand) -> None:
    world.put("assignment", "A2", **{**ASSIGNMENT, "haulier_id": "H2", "truck_id": "T2"})
    assert await ids(world, "/v1/trucks", "haulier:H1") == ["T1"]
    assert await ids(world, "/v1/assignments", "haulier:H1") == ["A1"]
    assert await ids(world, "/v1/assignments", "haulier") == []
    assert await ids(world, "/v1/assignments", "port_operator:F2") == []
    assert await ids(world, "/v1/assignments", "lot_declarer:HTX1") == ["A1", "A2"]
    assert await ids(world, "/v1/lots", "lot_declarer:HTX2") == ["L2"]
    assert await ids(world, "/v1/alerts", "haulier:H1") == ["truck_held/T1"]
    assert await ids(world, "/v1/alerts", "haulier:H2") == []
    other = await world.ask("GET", "/v1/assignments/A2", role="haulier:H1")
    assert other.status_code == 404


async def test_a_driver_sees_the_trips_of_the_own_truck(world: Stand) -> None:
    world.put("truck", "T2", **{**TRUCK, "driver_id": "D2"})
    assert await ids(world, "/v1/assignments", "driver:D1") == ["A1"]
    assert await ids(world, "/v1/assignments", "driver:D2") == []


@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        ("dispatcher", set()),
        ("haulier:H1", set()),
        ("observer", {"driver_id"}),
        ("checkpoint_officer:C1", {"driver_id", "position", "home"}),
        ("port_operator:F1", {"driver_id", "position", "home"}),
    ],
)
async def test_personal_data_is_shown_to_those_who_need_it(
    world: Stand, role: str, hidden: set[str]
) -> None:
    world.put("checkpoint", "C1", place_id="C1", present=[{"vehicle": "T1", "truck_id": "T1"}])
    truck = (await world.ask("GET", "/v1/trucks/T1", role=role)).json()
    assert TRUCK.keys() - truck.keys() == hidden


async def test_who_decided_and_prices_are_not_for_everybody(world: Stand) -> None:
    trip = (await world.ask("GET", "/v1/assignments/A1", role="haulier:H1")).json()
    assert "actor" not in trip
    lot = (await world.ask("GET", "/v1/lots/L1", role="haulier:H1")).json()
    assert "price_vnd_per_kg" not in lot


async def test_reads_wait_for_redis_with_a_problem(blind: Stand) -> None:
    answer = await blind.ask("GET", "/v1/trucks")
    assert (answer.status_code, answer.json()["code"]) == (503, "views_unavailable")
    assert answer.headers["retry-after"]


async def test_reads_go_on_by_themselves_once_redis_is_back(tmp_path: Path) -> None:
    port = free_port()
    async with standing(f"redis://127.0.0.1:{port}/0", tmp_path) as stand:
        for _ in range(2):
            with running_redis(tmp_path, port):
                assert (await stand.ask("GET", "/v1/trucks")).status_code == 200
            assert (await stand.ask("GET", "/v1/trucks")).status_code == 503


async def test_the_clock_runs_by_its_anchor(stand: Stand) -> None:
    wall = (await stand.ask("GET", "/v1/clock")).json()
    assert (wall["mode"], wall["held"]) == ("wall", False)
    assert stand.redis is not None
    anchor = {
        "mode": "scenario",
        "wall": format_time(datetime.now(UTC) - timedelta(hours=1)),
        "shows": "2021-08-24T00:00:00Z",
        "speed": 60.0,
        "lease_s": 5.0,
        "scenario": "kien-giang-2021-08",
    }
    stand.redis.set("clock", json.dumps(anchor))
    stand.app.state.desk.clock._looked_at = float("-inf")
    clock = (await stand.ask("GET", "/v1/clock")).json()
    assert clock["now"] == "2021-08-24T00:05:00Z"
    assert (clock["mode"], clock["held"], clock["speed"]) == ("scenario", True, 60.0)


async def test_a_scenarios_clock_is_unknown_before_its_replay(
    redis_url: str, stand: Stand, tmp_path: Path
) -> None:
    async with standing(redis_url, tmp_path, stand.redis, clock="scenario") as other:
        answer = await other.ask("GET", "/v1/clock")
    assert (answer.status_code, answer.json()["code"]) == (503, "clock_unknown")


async def test_the_vocabulary_has_both_languages(stand: Stand) -> None:
    answer = await stand.ask("GET", "/v1/vocabulary", role="observer")
    assert answer.json()["product"]["pineapple"]["en"] == "Pineapple"


async def test_roads_are_sent_packed_and_once(stand: Stand, tmp_path: Path) -> None:
    missing = await stand.ask("GET", "/v1/roads")
    assert (missing.status_code, missing.json()["code"]) == (503, "roads_missing")
    drawing = {"type": "FeatureCollection", "features": []}
    (tmp_path / "network").mkdir()
    (tmp_path / "network" / "roads.geojson").write_text(json.dumps(drawing), encoding="utf-8")
    answer = await stand.ask("GET", "/v1/roads")
    assert answer.json() == drawing
    assert answer.headers["content-encoding"] == "gzip"
    plain = await stand.ask("GET", "/v1/roads", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == gzip.decompress(gzip.compress(plain.content))
    known = {"if-none-match": answer.headers["etag"]}
    assert (await stand.ask("GET", "/v1/roads", headers=known)).status_code == 304
