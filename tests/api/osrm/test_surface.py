"""Hold OSRM's routes to who may ask, to what is closed now, and to errors in OSRM's shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.api.conftest import NOTHING, Stand, standing, token

pytestmark = pytest.mark.integration

ENDS = "105.081,10.012;105.788,10.037"
ROUTE = f"/osrm/route/v1/driving/{ENDS}"
TABLE = f"/osrm/table/v1/driving/{ENDS}"
NOON = "2021-08-24T12:00:00Z"


def closure(**fields: Any) -> dict[str, Any]:
    """Return the state of a closure across the way from Rạch Giá to Cần Thơ."""
    geometry = {"type": "LineString", "coordinates": [[105.5, 9.6], [105.5, 10.6]]}
    return {
        "closure_id": "c-1",
        "version": 1,
        "updated_at": NOON,
        "kind": "road",
        "region": "kien-giang",
        "geometry": geometry,
        "valid_from": NOON,
        "status": "in_force",
        **fields,
    }


def put(stand: Stand, state: dict[str, Any]) -> None:
    """Put a closure's state into Redis, as the projector would."""
    stand.put("closure", "c-1", **(state | {"version": 1}))


def linked(folder: Path, network_dir: Path) -> Path:
    """Put the bundled network where the application looks for it."""
    (folder / "network").symlink_to(network_dir)
    return folder


@pytest.fixture
async def served(redis_url: str, network_dir: Path, tmp_path: Path) -> AsyncIterator[Stand]:
    """Give an application over the bundled network and an empty Redis."""
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        async with standing(redis_url, linked(tmp_path, network_dir), redis) as built:
            yield built


async def osrm(stand: Stand, path: str, **options: Any) -> httpx.Response:
    """Ask without a token."""
    return await stand.ask("GET", path, role=None, **options)


async def test_this_machine_asks_without_a_token(served: Stand) -> None:
    """The answer is OSRM's, and nobody keeps it."""
    answer = await osrm(served, ROUTE)
    found = answer.json()
    assert (answer.status_code, found["code"], len(found["routes"])) == (200, "Ok", 1)
    assert answer.headers["cache-control"] == "no-store"
    assert (await osrm(served, TABLE + ".json")).json()["durations"][0][1] == (
        found["routes"][0]["duration"]
    )


@pytest.mark.parametrize("host", ["10.0.0.7", "::ffff:10.0.0.7", "fe80::1", ""])
async def test_other_machines_need_a_token(served: Stand, host: str) -> None:
    """Without one they are refused in OSRM's shape; any role may ask."""
    client = (host, 1) if host else None
    transport = httpx.ASGITransport(served.app, client=client)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as far:
        refused = await far.get(ROUTE)
        allowed = await far.get(ROUTE, headers={"authorization": f"Bearer {token('observer')}"})
    assert (refused.status_code, refused.json()["code"]) == (401, "Unauthenticated")
    assert refused.json()["message"]
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert (allowed.status_code, allowed.json()["code"]) == (200, "Ok")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
async def test_every_loopback_address_is_this_machine(served: Stand, host: str) -> None:
    """Also those of IPv6."""
    transport = httpx.ASGITransport(served.app, client=(host, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as near:
        assert (await near.get(TABLE)).status_code == 200


async def test_a_closure_in_force_is_avoided(served: Stand) -> None:
    """One that is over, lifted or yet to come is not."""
    free = (await osrm(served, ROUTE)).json()["routes"][0]["duration"]
    for over in (
        closure(status="lifted"),
        closure(valid_until="2021-08-24T13:00:00Z"),
        closure(valid_from="2999-01-01T00:00:00Z"),
    ):
        put(served, over)
        assert (await osrm(served, ROUTE)).json()["routes"][0]["duration"] == free
    point = {"type": "Point", "coordinates": (await osrm(served, ROUTE + "?geometries=geojson"))
             .json()["routes"][0]["geometry"]["coordinates"][1]}  # fmt: skip
    put(served, closure(geometry=point))
    assert (await osrm(served, ROUTE)).json()["routes"][0]["duration"] > free
    put(served, closure(status="lifted"))
    assert (await osrm(served, ROUTE)).json()["routes"][0]["duration"] == free


async def test_a_way_that_is_closed_altogether_is_no_route(served: Stand) -> None:
    """The table says null."""
    put(served, closure(geometry={
        "type": "Polygon",
        "coordinates": [[[105.4, 8], [105.41, 8], [105.41, 12], [105.4, 12], [105.4, 8]]],
    }))  # fmt: skip
    answer = await osrm(served, ROUTE)
    assert (answer.status_code, answer.json()["code"]) == (400, "NoRoute")
    assert "c-1" in answer.json()["message"]
    assert (await osrm(served, TABLE)).json()["durations"][0][1] is None


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/osrm/", "InvalidUrl"),
        ("/osrm/route", "InvalidUrl"),
        ("/osrm/route/v1/driving/", "InvalidUrl"),
        ("/osrm/route/v1/driving/1,1;2,2/3", "InvalidUrl"),
        ("/osrm/fly/v1/driving/1,1;2,2", "InvalidService"),
        ("/osrm/route/v2/driving/1,1;2,2", "InvalidVersion"),
        ("/osrm/match/v1/driving/1,1;2,2", "NotImplemented"),
        ("/osrm/trip/v1/driving/1,1;2,2", "NotImplemented"),
        ("/osrm/tile/v1/driving/tile(1,2,3).mvt", "NotImplemented"),
        ("/osrm/route/v1/bike/1,1;2,2", "InvalidValue"),
        ("/osrm/route/v1/car/a;b", "InvalidQuery"),
        ("/osrm/route/v1/car/1,1;2,2?steps=maybe", "InvalidQuery"),
        ("/osrm/route/v1/car/1,1", "InvalidOptions"),
        ("/osrm/route/v1/car/1,1;2,2", "NoSegment"),
        ("/osrm/route/v1/car/1,1;2,2?alternatives=9", "TooBig"),
        ("/osrm/nearest/v1/car/1,1;2,2", "InvalidOptions"),
        ("/osrm/route/v1/car/polyline(%00)", "InvalidQuery"),
        ("/osrm/route/v1/car/1,1;2,2?%ff=%ff", "InvalidQuery"),
    ],
)
async def test_every_error_is_a_code_and_a_message(served: Stand, path: str, code: str) -> None:
    """With status 400, as OSRM says."""
    answer = await osrm(served, path)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json().keys() == {"code", "message"}
    assert answer.headers["content-type"] == "application/json"


async def test_a_polyline_in_the_address_is_read(served: Stand) -> None:
    """With its special characters quoted, as clients do."""
    answer = await osrm(served, "/osrm/table/v1/car/polyline(_xz%7B@_%7DmwR_pR_pR)")
    assert answer.json()["code"] in {"Ok", "NoSegment"}


async def test_while_redis_is_silent_nothing_is_answered(network_dir: Path, tmp_path: Path) -> None:
    """What is closed is not known; 503 in OSRM's shape."""
    async with standing(NOTHING, linked(tmp_path, network_dir)) as blind:
        answer = await osrm(blind, ROUTE)
    assert (answer.status_code, answer.json()["code"]) == (503, "ViewsUnavailable")
    assert answer.headers["retry-after"]


async def test_without_roads_the_message_says_how_to_build_them(stand: Stand) -> None:
    """503, and a network that is built later is opened."""
    answer = await osrm(stand, ROUTE)
    assert (answer.status_code, answer.json()["code"]) == (503, "RoadsMissing")
    assert "harvestlane roads build" in answer.json()["message"]


async def test_roads_built_later_are_opened(
    stand: Stand, network_dir: Path, tmp_path: Path
) -> None:
    """The API need not be started again."""
    assert (await osrm(stand, ROUTE)).status_code == 503
    linked(tmp_path, network_dir)
    assert (await osrm(stand, ROUTE)).status_code == 200


async def test_a_scenario_without_a_clock_is_told(
    redis_url: str, network_dir: Path, tmp_path: Path
) -> None:
    """What is closed now cannot be known before."""
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    async with standing(redis_url, linked(tmp_path, network_dir), clock="scenario") as early:
        answer = await osrm(early, ROUTE)
    assert (answer.status_code, answer.json()["code"]) == (503, "ClockUnknown")


async def test_a_table_too_big_for_the_settings_is_refused(
    redis_url: str, network_dir: Path, tmp_path: Path
) -> None:
    """The size is a setting."""
    folder, three = linked(tmp_path, network_dir), f"{TABLE};105.274,9.733"
    async with standing(redis_url, folder, osrm_table_size=2) as small:
        answer = await osrm(small, three)
        assert (answer.status_code, answer.json()["code"]) == (400, "TooBig")
        assert (await osrm(small, three + "?sources=0&destinations=1;2")).status_code == 200


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("http://localhost:3000", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:80", True),
        ("https://example.org", False),
        ("http://[", False),
        ("null", False),
    ],
)
async def test_only_pages_of_this_machine_may_read(served: Stand, origin: str, may: bool) -> None:  # noqa: FBT001
    """So that a map page at another port works, and no site in the browser can look."""
    answer = await osrm(served, ROUTE, headers={"origin": origin})
    assert answer.headers.get("access-control-allow-origin") == (origin if may else None)


async def test_the_description_names_every_option(served: Stand) -> None:
    """OpenAPI has the three services with their parameters, open to this machine."""
    document = (await osrm(served, "/openapi.json")).json()
    operation = document["paths"]["/osrm/table/v1/{profile}/{coordinates}"]["get"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert {"profile", "coordinates", "sources", "destinations", "scale_factor"} <= names
    assert operation["security"] == [{}, {"token": []}, {"session": []}]
    assert {
        "/osrm/route/v1/{profile}/{coordinates}",
        "/osrm/nearest/v1/{profile}/{coordinates}",
    } < (document["paths"].keys())
