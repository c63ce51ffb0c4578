"""Test that every decision is written down before it is done, and read by few."""

import ast
import csv
import hashlib
import inspect
import io
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from api.audit.ledger import MemoryLedger
from infra.audit.judge import judge_chain
from tests.api.conftest import Stand

LOT: dict[str, Any] = {
    "lot_id": "L9",
    "region": "kien-giang",
    "product": "pineapple",
    "quantity_kg": 5000,
    "pickup": {"lat": 9.733, "lon": 105.274, "name": "Gò Quao"},
    "ready_from": "2021-08-24T05:00:00+07:00",
    "hold_until": "2021-08-26T05:00:00+07:00",
}
POSITION = {
    "specversion": "1.0",
    "id": "gps-1",
    "source": "/gps/7",
    "type": "truck.position_reported",
    "data": {"truck_id": "T1", "lat": 10.0, "lon": 105.0},
}


def ledger(stand: Stand) -> MemoryLedger:
    found = stand.app.state.desk.audit.ledger
    assert isinstance(found, MemoryLedger)
    return found


async def audit(stand: Stand, query: str = "", role: str = "administrator:ops-1") -> Any:
    answer = await stand.ask("GET", f"/v1/audit{query}", role=role)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_write_says_who_what_where_and_why(world: Stand) -> None:
    answer = await world.ask(
        "POST",
        "/v1/assignments/A1/cancel",
        role="dispatcher:dd-01",
        json={"reason": "Cầu hỏng"},
    )
    (doc,) = ledger(world).docs
    (receipt,) = answer.json()["receipts"]
    assert (doc["action"], doc["outcome"]) == ("assignment.cancel", "allowed")
    assert (doc["role"], doc["subject"]) == ("dispatcher", "dd-01")
    assert doc["reason"] == "Cầu hỏng"
    assert doc["region"] == "kien-giang"
    assert doc["entities"] == ["assignment/A1"]
    assert doc["route"] == "POST /v1/assignments/{assignment_id:path}/cancel"
    assert doc["request"] == answer.headers["x-request-id"]
    (named,) = doc["events"]
    assert (named["source"], named["id"]) == (receipt["source"], receipt["id"])
    written = world.broker.records[-1].value or b""
    assert named["content"] == hashlib.sha256(written).hexdigest()


async def test_nothing_is_done_that_cannot_be_written_down(world: Stand) -> None:
    ledger(world).is_down = True
    answer = await world.ask("POST", "/v1/lots", json=LOT)
    assert answer.status_code == 503
    assert answer.json()["code"] == "broker_unavailable"
    assert answer.headers["retry-after"]
    assert world.broker.records == []


async def test_what_was_written_down_may_still_fail(world: Stand) -> None:
    world.broker.is_down = True
    assert (await world.ask("POST", "/v1/lots", json=LOT)).status_code == 503
    assert [doc["action"] for doc in ledger(world).docs] == ["lot.declared"]


async def test_positions_are_measured_not_decided(world: Stand) -> None:
    ledger(world).is_down = True
    answer = await world.ask(
        "POST",
        "/v1/events",
        json=POSITION,
        headers={"content-type": "application/cloudevents+json"},
    )
    assert answer.status_code == 202
    assert ledger(world).docs == []


async def test_a_large_batch_has_several_entries(world: Stand) -> None:
    batch = [
        {
            "specversion": "1.0",
            "id": f"e{n}",
            "source": "/list",
            "type": "lot.declared",
            "data": {**LOT, "lot_id": f"L{n}"},
        }
        for n in range(230)
    ]
    answer = await world.ask(
        "POST",
        "/v1/events",
        json=batch,
        headers={"content-type": "application/cloudevents-batch+json"},
    )
    assert answer.status_code == 202
    docs = ledger(world).docs
    assert [len(doc["events"]) for doc in docs] == [100, 100, 30]
    assert list(judge_chain(docs)) == []


async def test_a_refusal_of_somebody_known_is_written_down(world: Stand) -> None:
    for _ in range(3):
        answer = await world.ask(
            "POST", "/v1/assignments/A1/cancel", role="haulier:H1", json={"reason": "?"}
        )
        assert answer.status_code == 403
    await world.app.state.desk.audit.close()
    (doc,) = ledger(world).docs
    assert (doc["action"], doc["outcome"]) == ("access.refused", "refused")
    assert (doc["role"], doc["subject"]) == ("haulier", "H1")


async def test_neither_plates_nor_drivers_are_written_down(world: Stand) -> None:
    await world.ask(
        "POST",
        "/v1/checkpoints/C1/clearances",
        role="checkpoint_officer:C1",
        json={"decision": "cleared", "plate": "68C-123.45", "people_count": 2, "note": "Bà Ba"},
    )
    raw = ledger(world).records[-1].value or b""
    assert b"checkpoint/C1" in raw
    for personal in (b"68C", b"12345", b"D1", "Bà Ba".encode(), b"127.0.0.1"):
        assert personal not in raw


@pytest.mark.parametrize(
    "role", ["dispatcher", "observer", "haulier:H1", "checkpoint_officer:C1", "port_operator:F1"]
)
async def test_only_administrators_read_it(world: Stand, role: str) -> None:
    for path in ("/v1/audit", "/v1/audit.csv"):
        answer = await world.ask("GET", path, role=role)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def _some(world: Stand) -> None:
    for number in range(5):
        await world.ask("POST", "/v1/lots", json={**LOT, "lot_id": f"L{number}"})
    await world.ask(
        "POST", "/v1/assignments/A1/cancel", role="dispatcher:dd-01", json={"reason": "=1+1"}
    )


async def test_entries_are_found_by_who_what_and_when(world: Stand) -> None:
    await _some(world)
    by_actor = await audit(world, "?actor=dispatcher:dd-01")
    assert [doc["action"] for doc in by_actor["items"]] == ["assignment.cancel"]
    by_entity = await audit(world, "?entity=lot/L3")
    assert [doc["seq"] for doc in by_entity["items"]] == [3]
    by_action = await audit(world, "?action=lot.declared,lot.ready")
    assert [doc["seq"] for doc in by_action["items"]] == [4, 3, 2, 1, 0]
    assert (await audit(world, "?to=2021-01-01T00:00:00Z"))["items"] == []
    assert (await audit(world, "?from=2999-01-01T00:00:00Z"))["items"] == []
    event_id = by_actor["items"][0]["events"][0]["id"]
    assert len((await audit(world, f"?entity={event_id}"))["items"]) == 1


async def test_pages_follow_one_another_while_entries_are_added(world: Stand) -> None:
    await _some(world)
    seen: list[int] = []
    cursor = ""
    while True:  # each reading adds an entry of its own
        page = await audit(world, f"?action=lot.declared&limit=2{cursor}")
        seen += [doc["seq"] for doc in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [4, 3, 2, 1, 0]


async def test_the_address_is_sealed_in_the_log_and_told_to_the_reader(stand: Stand) -> None:
    here = httpx.ASGITransport(stand.app, client=("203.0.113.9", 4711))
    stand.client = httpx.AsyncClient(transport=here, base_url="http://testserver")
    await stand.ask("POST", "/v1/lots", json=LOT)
    assert b"203.0.113.9" not in (ledger(stand).records[0].value or b"")
    found = await audit(stand, "?action=lot.declared")
    assert found["items"][0]["address"] == "203.0.113.9"


async def test_reading_and_exporting_are_written_down(world: Stand) -> None:
    await audit(world)
    await world.ask("GET", "/v1/audit.csv", role="administrator:ops-1")
    assert [doc["action"] for doc in ledger(world).docs] == ["audit.read", "audit.exported"]


async def test_the_table_opens_in_a_spreadsheet_and_runs_nothing(world: Stand) -> None:
    await _some(world)
    answer = await world.ask("GET", "/v1/audit.csv?action=assignment.cancel", role="administrator")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = answer.content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["reason"] == "'=1+1"
    assert row["entities"] == "assignment/A1"


async def test_a_silent_log_is_said_so(world: Stand) -> None:
    ledger(world).is_down = True
    answer = await world.ask("GET", "/v1/audit", role="administrator")
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")


def _audits(endpoint: Any) -> bool:
    """Tell whether a route's module speaks to the audit log, or writes by what does."""
    found = ast.walk(ast.parse(inspect.getsource(inspect.getmodule(endpoint) or endpoint)))
    calls = {
        getattr(node.func, "id", getattr(node.func, "attr", ""))
        for node in found
        if isinstance(node, ast.Call)
    }
    return bool(calls & {"chronicle", "note", "send", "write"})


def test_every_route_that_writes_speaks_to_the_audit_log(stand: Stand) -> None:
    silent = {
        (method, route.path)
        for route in stand.app.routes
        if isinstance(route, APIRoute)
        for method in route.methods - {"GET", "HEAD", "OPTIONS"}
        if not _audits(route.endpoint)
    }
    assert silent == set()


@pytest.mark.parametrize("query", ["?cursor=x", "?limit=0", "?from=yesterday", "?to=2021-01-01"])
async def test_a_query_that_is_none_is_refused(world: Stand, query: str) -> None:
    answer = await world.ask("GET", f"/v1/audit{query}", role="administrator")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
