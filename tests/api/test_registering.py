"""Trucks, places, corridors and closures are registered and changed, or it is said why not."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.model import Fact
from tests.api.conftest import TRUCK, Stand
from tests.api.identity.test_keys import by, make

pytestmark = pytest.mark.integration

LINE = {"type": "LineString", "coordinates": [[105.1, 10.0], [105.7, 10.0]]}
NEW: dict[str, dict[str, Any]] = {
    "trucks": {
        "plate": "68C-777.77",
        "haulier_id": "H1",
        "region": "kien-giang",
        "payload_kg": 8000,
        "home": {"lat": 10.0, "lon": 105.1},
    },
    "facilities": {"kind": "port", "name": "Cái Cui", "lat": 9.99, "lon": 105.83},
    "checkpoints": {"name": "Chốt 9", "lat": 9.99, "lon": 105.8, "bays": 2},
    "corridors": {
        "kind": "shuttle",
        "facilities": ["F1", "F2"],
        "geometry": LINE,
        "checkpoints": ["C1"],
        "valid_from": "2021-08-24T05:00:00+07:00",
    },
    "closures": {
        "region": "kien-giang",
        "geometry": LINE,
        "valid_from": "2021-08-24T05:00:00+07:00",
    },
}
KINDS = {
    "trucks": ("truck", "truck_id", "truck.registered"),
    "facilities": ("facility", "place_id", "facility.registered"),
    "checkpoints": ("checkpoint", "place_id", "checkpoint.registered"),
    "corridors": ("corridor", "corridor_id", "corridor.opened"),
    "closures": ("closure", "closure_id", "road.closed"),
}
all_of_them = pytest.mark.parametrize("plural", KINDS)


@pytest.fixture
def land(world: Stand) -> Stand:
    """Give a world with a second facility and one corridor and closure."""
    world.put("facility", "F2", place_id="F2", name="Cần Thơ", status="active", gates=[])
    corridor = {**NEW["corridors"], "corridor_id": "K1", "width_m": 200.0, "region": "kien-giang"}
    world.put("corridor", "K1", **corridor, status="open", findings=[])
    closure = {**NEW["closures"], "closure_id": "X1", "kind": "road"}
    world.put("closure", "X1", **closure, status="in_force", reason="bão")
    return world


def told(stand: Stand) -> list[tuple[str, Fact]]:
    return [(event.type, event.data) for event in stand.broker.events]


def as_known(stand: Stand, plural: str, entity_id: str, **more: Any) -> None:
    """Put into the views what was written last, as the projector would."""
    kind = KINDS[plural][0]
    doc = stand.broker.events[-1].data.model_dump(mode="json")
    more = {"kind": "road", **more} if plural == "closures" else more
    stand.put(kind, entity_id, **{"status": "active", **doc, **more})


@all_of_them
async def test_a_new_one_is_registered_under_an_id_of_its_own(land: Stand, plural: str) -> None:
    _, id_field, event_type = KINDS[plural]
    answer = await land.ask("POST", f"/v1/{plural}", json=NEW[plural])
    assert answer.status_code == 202, answer.text
    said = answer.json()
    assert answer.headers["location"] == f"/v1/{plural}/{said[id_field]}"
    ((kind, data),) = told(land)
    assert kind == event_type
    assert getattr(data, id_field) == said[id_field]


@all_of_them
async def test_said_again_it_is_the_same_event_and_otherwise_a_conflict(
    land: Stand, plural: str
) -> None:
    id_field = KINDS[plural][1]
    body = {**NEW[plural], id_field: "N1"}
    for _ in range(2):
        answer = await land.ask("POST", f"/v1/{plural}", json=body)
        assert answer.status_code == 202, answer.text
        as_known(land, plural, "N1")
    first, again = land.broker.events
    assert (first.identity, first.digest) == (again.identity, again.digest)
    name = "home" if plural == "trucks" else "name" if "name" in body else "valid_from"
    other = {"home": {"lat": 9.0, "lon": 105.0}, "name": "Khác"}.get(name, "2021-08-25T00:00:00Z")
    refused = await land.ask("POST", f"/v1/{plural}", json={**body, name: other})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_registered")
    assert refused.json()["errors"][0]["pointer"] == f"#/{name}"
    assert len(land.broker.records) == 2


@pytest.mark.parametrize(
    ("plural", "status"),
    [
        ("facilities", "retired"),
        ("checkpoints", "retired"),
        ("corridors", "closed"),
        ("closures", "lifted"),
    ],
)
async def test_what_is_over_can_only_be_registered_anew(
    land: Stand, plural: str, status: str
) -> None:
    body = {**NEW[plural], KINDS[plural][1]: "N1"}
    await land.ask("POST", f"/v1/{plural}", json=body)
    as_known(land, plural, "N1", status=status, version=5)
    changed = {"name": "Khác"} if "name" in body else {"valid_until": None}
    refused = await land.ask("PATCH", f"/v1/{plural}/N1", json=changed)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_over")
    repeated = await land.ask("PATCH", f"/v1/{plural}/N1", json={"status": status})
    assert repeated.status_code == 202
    assert (await land.ask("POST", f"/v1/{plural}", json=body)).status_code == 202
    first, _, anew = land.broker.events
    assert first.type == anew.type
    assert first.id != anew.id  # else the workers would take it for a duplicate


async def test_an_id_of_the_other_kind_of_place_is_taken(land: Stand) -> None:
    for plural, taken in (("facilities", "C1"), ("checkpoints", "F1")):
        body = {**NEW[plural], "place_id": taken}
        answer = await land.ask("POST", f"/v1/{plural}", json=body)
        assert answer.json()["code"] == "already_registered"


async def test_a_truck_is_changed_transferred_and_stopped_at_once(land: Stand) -> None:
    body = {"payload_kg": 9000, "region": "ca-mau", "status": "unavailable", "reason": "sửa xe"}
    answer = await land.ask("PATCH", "/v1/trucks/T1", json=body)
    assert answer.status_code == 202
    kinds = [kind for kind, _ in told(land)]
    assert kinds == ["truck.updated", "truck.transferred", "truck.status_changed"]
    assert (await land.ask("PATCH", "/v1/trucks/T9", json=body)).json()["code"] == "not_found"
    assert (await land.ask("PATCH", "/v1/trucks/T1", json={})).json()["code"] == "invalid"


async def test_a_haulier_changes_the_status_of_its_own_trucks_alone(land: Stand) -> None:
    path, status = "/v1/trucks/T1", {"status": "unavailable"}
    assert (await land.ask("PATCH", path, role="haulier:H1", json=status)).status_code == 202
    other = await land.ask("PATCH", path, role="haulier:H2", json=status)
    assert other.json()["code"] == "not_yours"
    more = await land.ask("PATCH", path, role="haulier:H1", json={"payload_kg": 1})
    assert more.json()["code"] == "forbidden"
    assert len(land.broker.records) == 1


async def test_places_are_changed_and_retired(land: Stand) -> None:
    answer = await land.ask("PATCH", "/v1/facilities/F1", json={"gates": ["G1", "G2"]})
    assert answer.json()["place_id"] == "F1"
    body = {"bays": 3, "status": "retired", "reason": "hết dịch"}
    assert (await land.ask("PATCH", "/v1/checkpoints/C1", json=body)).status_code == 202
    assert [kind for kind, _ in told(land)] == [
        "facility.updated",
        "checkpoint.updated",
        "checkpoint.retired",
    ]
    unknown = await land.ask("PATCH", "/v1/checkpoints/C9", json=body)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "checkpoint_unknown")


async def test_a_corridor_is_drawn_anew_with_what_stays(land: Stand) -> None:
    body = {"width_m": 300.0, "valid_until": "2021-09-01T00:00:00Z"}
    assert (await land.ask("PATCH", "/v1/corridors/K1", json=body)).status_code == 202
    ((kind, data),) = told(land)
    drawn = data.model_dump(mode="json")
    assert (kind, drawn["width_m"], drawn["facilities"]) == ("corridor.opened", 300.0, ["F1", "F2"])
    shut = await land.ask("PATCH", "/v1/corridors/K1", json={"status": "closed"})
    assert shut.status_code == 202
    assert told(land)[-1][0] == "corridor.closed"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"facilities": ["F1", "F9"]}, "#/facilities/1"),
        ({"facilities": ["F1", "F1"]}, "#"),
        ({"checkpoints": ["C1", "C9"]}, "#/checkpoints/1"),
        ({"roster": ["T9"]}, "#/roster/0"),
        ({"geometry": {"type": "Point", "coordinates": [105, 10]}}, "#/geometry/type"),
        ({"valid_until": "2021-08-20T00:00:00Z"}, "#"),
    ],
)
async def test_a_corridor_that_cannot_be_is_refused(
    land: Stand, change: dict[str, Any], pointer: str
) -> None:
    made = await land.ask("POST", "/v1/corridors", json={**NEW["corridors"], **change})
    changed = await land.ask("PATCH", "/v1/corridors/K1", json=change)
    for answer in (made, changed):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [pointer]
    assert land.broker.records == []


async def test_a_closure_gets_another_end_none_or_is_lifted(land: Stand) -> None:
    path, end = "/v1/closures/X1", "2021-09-01T00:00:00Z"
    for body in ({"valid_until": end}, {"valid_until": None}, {"status": "lifted", "reason": "ok"}):
        assert (await land.ask("PATCH", path, json=body)).status_code == 202
    ends = [(kind, data.model_dump(mode="json").get("valid_until")) for kind, data in told(land)]
    assert ends == [("road.closed", end), ("road.closed", None), ("road.reopened", None)]
    zone = {**NEW["closures"], "closure_id": "X1", "kind": "zone", "reason": "bão"}
    assert (await land.ask("POST", "/v1/closures", json=zone)).status_code == 409


@all_of_them
async def test_only_dispatchers_register(land: Stand, plural: str) -> None:
    roles = ("haulier:H1", "driver:D1", "checkpoint_officer:C1", "lot_declarer:HTX1", "observer")
    for role in roles:
        answer = await land.ask("POST", f"/v1/{plural}", role=role, json=NEW[plural])
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert land.broker.records == []


async def test_a_dispatcher_of_another_region_changes_nothing(land: Stand) -> None:
    secret = (await make(land, role="dispatcher", regions=["ca-mau"]))["secret"]
    before = len(land.broker.records)
    asked = [
        ("POST", "/v1/trucks", NEW["trucks"], "not_yours"),
        (
            "POST",
            "/v1/trucks",
            {**NEW["trucks"], "truck_id": "T1", "region": "ca-mau"},
            "not_yours",
        ),
        ("POST", "/v1/closures", NEW["closures"], "not_yours"),
        ("PATCH", "/v1/trucks/T1", {"region": "ca-mau"}, "not_found"),
        ("PATCH", "/v1/closures/X1", {"status": "lifted"}, "closure_unknown"),
        ("PATCH", "/v1/corridors/K1", {"status": "closed"}, "corridor_unknown"),
    ]
    for method, path, body, code in asked:
        answer = await by(land, secret, method, path, json=body)
        assert answer.json()["code"] == code, path
    assert len(land.broker.records) == before


async def test_while_redis_is_silent_new_things_are_taken_and_changes_of_wholes_wait(
    blind: Stand,
) -> None:
    for plural, body in NEW.items():
        assert (await blind.ask("POST", f"/v1/{plural}", json=body)).status_code == 202
    for path in ("/v1/closures/X1", "/v1/corridors/K1"):
        answer = await blind.ask("PATCH", path, json={"valid_until": None})
        assert (answer.status_code, answer.json()["code"]) == (503, "views_unavailable")
    status = {"status": "unavailable"}
    assert (await blind.ask("PATCH", "/v1/trucks/T1", json=status)).status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/v1/trucks/T1", {"payload_kg": 1}),
        ("PATCH", "/v1/facilities/F1", {"name": "a"}),
        ("PATCH", "/v1/checkpoints/C1", {"name": "a"}),
        ("PATCH", "/v1/corridors/K1", {"status": "closed"}),
        ("PATCH", "/v1/closures/X1", {"status": "lifted"}),
        ("PATCH", "/v1/lots/L1", {"quantity_kg": 9}),
        ("POST", "/v1/assignments/A1/accept", {}),
    ],
)
async def test_a_write_to_what_has_changed_meanwhile_is_refused(
    land: Stand, method: str, path: str, body: dict[str, Any]
) -> None:
    for wanted in ('"v2"', 'W/"v1"', "v1", '"x"'):
        answer = await land.ask(method, path, json=body, headers={"if-match": wanted})
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
        assert answer.headers["etag"] == '"v1"'
    assert land.broker.records == []
    for wanted in ('"v1"', '"v0", "v1"', "*"):
        answer = await land.ask(method, path, json=body, headers={"if-match": wanted})
        assert answer.status_code == 202


async def test_the_etag_of_a_read_is_what_a_write_is_conditional_on(land: Stand) -> None:
    tag = (await land.ask("GET", "/v1/trucks/T1")).headers["etag"]
    mine: dict[str, Any] = {"headers": {"if-match": tag}, "json": {"payload_kg": 9000}}
    assert (await land.ask("PATCH", "/v1/trucks/T1", **mine)).status_code == 202
    land.put("truck", "T1", **{**TRUCK, "payload_kg": 9000, "version": 2})
    assert (await land.ask("GET", "/v1/trucks/T1")).headers["etag"] == '"v2"'
    assert (await land.ask("PATCH", "/v1/trucks/T1", **mine)).status_code == 412


@all_of_them
async def test_the_example_of_the_description_is_a_sound_body(land: Stand, plural: str) -> None:
    land.put("facility", "port-tac-cau", place_id="port-tac-cau", status="active")
    land.put("facility", "port-can-tho", place_id="port-can-tho", status="active")
    document = land.app.openapi()
    body = document["paths"][f"/v1/{plural}"]["post"]["requestBody"]["content"]["application/json"]
    schema = document["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
    (example,) = schema["examples"]
    assert (await land.ask("POST", f"/v1/{plural}", json=example)).status_code == 202


async def test_a_command_tells_the_workers_which_version_it_is_meant_for(land: Stand) -> None:
    path = "/v1/assignments/A1/accept"
    for wanted in (None, '"v1"', '"v1", "v2"', "*"):
        headers = {} if wanted is None else {"if-match": wanted}
        assert (await land.ask("POST", path, headers=headers)).status_code == 202
    versions = [getattr(event.data, "expected_version", -1) for event in land.broker.events]
    assert versions == [None, 1, None, None]


async def test_a_condition_that_cannot_be_judged_is_not_passed_over(blind: Stand) -> None:
    headers = {"if-match": '"v1"'}
    answer = await blind.ask(
        "PATCH", "/v1/trucks/T1", json={"status": "available"}, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "views_unavailable")
