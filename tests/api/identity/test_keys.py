"""A machine's key does what it was made for, until it is over or taken away."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.identity.keys import TOPIC
from api.problems import Problem
from tests.api.conftest import TRUCK, Stand

pytestmark = pytest.mark.integration
POSITION = {
    "specversion": "1.0",
    "id": "p-1",
    "source": "/gps/1",
    "type": "truck.position_reported",
    "data": {"truck_id": "T1", "lat": 10.0, "lon": 105.0},
}
LOT = {
    "region": "kien-giang",
    "product": "pineapple",
    "quantity_kg": 5000,
    "pickup": {"lat": 9.733, "lon": 105.274, "name": "Gò Quao"},
    "ready_from": "2031-08-24T05:00:00+07:00",
    "hold_until": "2031-08-26T05:00:00+07:00",
}


async def make(stand: Stand, **body: Any) -> dict[str, Any]:
    """Make a key and return what the administrator is answered."""
    answer = await stand.ask("POST", "/v1/keys", role="administrator", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def by(stand: Stand, secret: str, method: str, path: str, **options: Any) -> httpx.Response:
    """Ask as a machine."""
    headers = {"authorization": f"Bearer {secret}", **options.pop("headers", {})}
    return await stand.client.request(method, path, headers=headers, **options)


async def report(stand: Stand, secret: str, **data: Any) -> httpx.Response:
    event = {**POSITION, "data": {**POSITION["data"], **data}}  # type: ignore[dict-item]
    headers = {"content-type": "application/cloudevents+json"}
    return await by(stand, secret, "POST", "/v1/events", json=event, headers=headers)


async def test_a_key_is_told_once_and_only_its_hash_is_kept(world: Stand) -> None:
    told = await make(world, role="haulier", subject="H1", purpose="Kế toán")
    secret = told["secret"]
    assert secret.startswith(f"hlk_{told['key']['key_id']}_")
    assert (await by(world, secret, "GET", "/v1/trucks")).json()["count"] == 1
    (shown,) = (await world.ask("GET", "/v1/keys", role="administrator")).json()["items"]
    assert shown == told["key"]
    assert "secret" not in str(shown)
    (record,) = world.broker.records
    assert secret[21:-8].encode() not in (record.value or b"")


async def test_a_key_that_is_mistyped_over_or_gone_opens_nothing(world: Stand) -> None:
    told = await make(world, role="observer")
    secret, key_id = told["secret"], told["key"]["key_id"]
    head, body = secret[:21], secret[21:-8]
    other = ("0" if body[0] != "0" else "1") + body[1:]
    sound = f"{zlib.crc32(f'{key_id}_{other}'.encode()):08x}"
    mistyped = (secret[:-1], f"{secret}0", secret.upper(), f"{head}{body}{other[:8]}", "hlk_")
    for bad in (*mistyped, f"{head}{other}{sound}"):
        answer = await by(world, bad, "GET", "/v1/trucks")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), bad
    kept = world.app.state.desk.kept
    key = kept.get(TOPIC, key_id)
    await kept.put(TOPIC, key.model_copy(update={"expires_at": datetime.now(UTC)}))
    assert (await by(world, secret, "GET", "/v1/trucks")).status_code == 401
    await kept.put(TOPIC, key.model_copy(update={"expires_at": key.expires_at + timedelta(1)}))
    assert (await by(world, secret, "GET", "/v1/trucks")).status_code == 200
    gone = await world.ask("DELETE", f"/v1/keys/{key_id}", role="administrator")
    assert gone.status_code == 204
    assert (await by(world, secret, "GET", "/v1/trucks")).status_code == 401
    again = await world.ask("DELETE", f"/v1/keys/{key_id}", role="administrator")
    assert again.status_code == 404


async def test_a_key_that_was_not_written_does_not_open(world: Stand) -> None:
    world.broker.is_down = True
    body = {"role": "observer"}
    answer = await world.ask("POST", "/v1/keys", role="administrator", json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")
    world.broker.is_down = False
    assert (await world.ask("GET", "/v1/keys", role="administrator")).json()["count"] == 0


async def test_scopes_narrow_what_a_key_does(world: Stand) -> None:
    told = await make(world, role="lot_declarer", subject="HTX1", scopes=["lot.ready", "read"])
    secret = told["secret"]
    assert (await by(world, secret, "GET", "/v1/lots")).json()["count"] == 1
    ready = await by(world, secret, "PATCH", "/v1/lots/L1", json={"status": "ready"})
    assert ready.status_code == 202
    for method, path, body in (
        ("POST", "/v1/lots", LOT),
        ("PATCH", "/v1/lots/L1", {"quantity_kg": 4000}),
        ("PATCH", "/v1/lots/L1", {"status": "ready", "quantity_kg": 4000}),
    ):
        answer = await by(world, secret, method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), body
    assert len(world.broker.records) == 2  # the key, and the lot that is ready
    blind = (await make(world, role="lot_declarer", subject="HTX1", scopes=["lot.ready"]))["secret"]
    assert (await by(world, blind, "GET", "/v1/lots")).status_code == 403
    mute = (await make(world, role="lot_declarer", subject="HTX1", scopes=["read"]))["secret"]
    assert (await by(world, mute, "PATCH", "/v1/lots/L1", json={})).status_code == 403
    for secret in (blind, mute):
        assert (await by(world, secret, "GET", "/v1/session")).status_code == 200


async def test_a_key_with_scopes_administers_nothing(world: Stand) -> None:
    told = await make(world, role="administrator", scopes=["lot.declared", "read"])
    body = {"role": "administrator"}
    for method, path in (
        ("POST", "/v1/keys"),
        ("GET", "/v1/keys"),
        ("POST", "/v1/users"),
        ("POST", "/v1/what-if"),
        ("POST", "/v1/assignments/A1/driver-link"),
    ):
        answer = await by(world, told["secret"], method, path, json=body)
        assert answer.status_code == 403, path


async def test_a_device_reports_positions_of_its_truck_and_nothing_else(world: Stand) -> None:
    device = {"truck_id": "T1"}
    told = await make(world, role="driver", device=device, scopes=["assignment.report_loaded"])
    secret = told["secret"]
    assert (await report(world, secret)).status_code == 202
    other = await report(world, secret, truck_id="T2")
    assert (other.status_code, other.json()["code"]) == (403, "not_yours")
    for method, path in (("GET", "/v1/trucks"), ("POST", "/v1/assignments/A1/loaded")):
        assert (await by(world, secret, method, path)).status_code == 403
    assert world.app.state.desk.door.keys.verify(secret).truck_id == "T1"
    with pytest.raises(Problem, match="no key"):
        world.app.state.desk.door.keys.verify("")


async def test_a_key_is_refused_scopes_that_its_role_has_not(world: Stand) -> None:
    for scopes, status in (
        (["lot.declared"], 422),
        (["lot.exploded"], 422),
        (["*"], 422),
        (["truck.position_reported"], 201),
    ):
        body = {"role": "haulier", "subject": "H1", "scopes": scopes}
        answer = await world.ask("POST", "/v1/keys", role="administrator", json=body)
        assert answer.status_code == status, scopes
        if status == 422:
            assert answer.json()["errors"][0]["pointer"].startswith("#/scopes")


async def test_only_administrators_make_keys_and_for_their_regions(world: Stand) -> None:
    for role in ("dispatcher", "haulier:H1"):
        for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/x")):
            answer = await world.ask(method, f"/v1/keys{path}", role=role, json={})
            assert answer.status_code == 403
    everywhere = (await make(world, role="observer"))["key"]["key_id"]
    chief = (await make(world, role="administrator", regions=["ca-mau"]))["secret"]
    assert (await by(world, chief, "GET", "/v1/keys")).json()["count"] == 1
    assert (await by(world, chief, "DELETE", f"/v1/keys/{everywhere}")).status_code == 404
    body = {"role": "observer", "regions": ["kien-giang"]}
    assert (await by(world, chief, "POST", "/v1/keys", json=body)).status_code == 403
    body = {"role": "observer", "regions": ["ca-mau"]}
    assert (await by(world, chief, "POST", "/v1/keys", json=body)).status_code == 201


async def test_positions_of_a_device_need_no_view(blind: Stand) -> None:
    told = await make(blind, role="driver", device={"truck_id": TRUCK["truck_id"]})
    assert (await report(blind, told["secret"])).status_code == 202
