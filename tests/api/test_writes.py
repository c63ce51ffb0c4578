"""Typed writes become events in the actor's name, or problems that say why not."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.assignment import AssignmentAccept, AssignmentOverride
from schemas.checkpoint import Clearance
from schemas.lot import LotDeclared, LotRevised
from schemas.slot import SlotOpened
from tests.api.conftest import ASSIGNMENT, LOT, Stand

pytestmark = pytest.mark.integration

NEW_LOT = {
    "region": "kien-giang",
    "product": "pineapple",
    "quantity_kg": 5000,
    "pickup": {"lat": 9.733, "lon": 105.274, "name": "Gò Quao"},
    "ready_from": "2021-08-24T05:00:00+07:00",
    "hold_until": "2021-08-26T05:00:00+07:00",
}
SLOT = {
    "gate_id": "G1",
    "window_start": "2021-08-24T05:00:00+07:00",
    "window_end": "2021-08-24T06:00:00+07:00",
    "capacity_trucks": 4,
}


async def test_a_declared_lot_is_an_event_in_the_declarers_name(stand: Stand) -> None:
    answer = await stand.ask("POST", "/v1/lots", role="lot_declarer:HTX1", json=NEW_LOT)
    assert answer.status_code == 202
    (written,) = stand.broker.events
    assert isinstance(written.data, LotDeclared)
    assert (written.type, written.source) == ("lot.declared", "/api/lot_declarer/HTX1")
    assert written.data.declarer_id == "HTX1"
    assert written.data.lot_id == answer.json()["lot_id"]
    assert answer.headers["location"] == f"/v1/lots/{written.data.lot_id}"


async def test_the_same_idempotency_key_is_the_same_write(stand: Stand) -> None:
    for key in ("k1", "k1", "k2"):
        headers = {"idempotency-key": key}
        answer = await stand.ask("POST", "/v1/lots", json=NEW_LOT, headers=headers)
        assert answer.status_code == 202
    first, other = stand.broker.events
    assert other.id != first.id


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"quantity_kg": 0}, "#/quantity_kg"),
        ({"pickup": {"lat": 91, "lon": 1, "name": ""}}, "#/pickup/lat"),
        ({"product": "gold"}, "#/product"),
        ({"ready_from": "2021-08-24T05:00:00"}, "#/ready_from"),
        ({"hold_until": "2021-08-24T04:00:00+07:00"}, "#"),
        ({"time": "2999-01-01T00:00:00Z"}, "#/time"),
    ],
)
async def test_a_bad_lot_is_refused_by_its_field(
    stand: Stand, change: dict[str, Any], pointer: str
) -> None:
    answer = await stand.ask("POST", "/v1/lots", json={**NEW_LOT, **change})
    assert answer.status_code == 422
    assert pointer in [flaw["pointer"] for flaw in answer.json()["errors"]]
    assert stand.broker.records == []


async def test_a_lot_is_revised_and_readied_at_once(world: Stand) -> None:
    body = {"quantity_kg": 4000, "status": "ready"}
    answer = await world.ask("PATCH", "/v1/lots/L1", role="lot_declarer:HTX1", json=body)
    assert answer.status_code == 202
    assert [event.type for event in world.broker.events] == ["lot.revised", "lot.ready"]
    revised = world.broker.events[0].data
    assert isinstance(revised, LotRevised)
    assert (revised.quantity_kg, revised.grade) == (4000, None)


async def test_a_lot_change_is_refused_where_it_cannot_be(world: Stand) -> None:
    world.put("lot", "L3", **{**LOT, "status": "withdrawn"})
    refused = {
        ("/v1/lots/L1", "lot_declarer:HTX2"): "not_yours",
        ("/v1/lots/L9", "dispatcher"): "lot_unknown",
        ("/v1/lots/L3", "dispatcher"): "lot_withdrawn",
        ("/v1/lots/L1", "haulier:H1"): "forbidden",
    }
    for (path, role), code in refused.items():
        answer = await world.ask("PATCH", path, role=role, json={"quantity_kg": 1})
        assert answer.json()["code"] == code
    assert (await world.ask("PATCH", "/v1/lots/L1", json={})).status_code == 422
    late = {"hold_until": "2021-08-23T00:00:00Z"}
    assert (await world.ask("PATCH", "/v1/lots/L1", json=late)).status_code == 422
    assert world.broker.records == []


async def test_a_slot_is_opened_and_closed_by_its_own_facility(world: Stand) -> None:
    path, role = "/v1/facilities/F1/slots", "port_operator:F1"
    answer = await world.ask("POST", path, role=role, json=SLOT)
    assert answer.status_code == 202
    assert answer.json()["slot_id"] == "F1|G1|20210823T2200Z"
    assert answer.headers["location"] == "/v1/slots/F1%7CG1%7C20210823T2200Z"
    closed = {**SLOT, "status": "closed", "reason": "bão"}
    assert (await world.ask("POST", path, role=role, json=closed)).status_code == 202
    opened, shut = world.broker.events
    assert isinstance(opened.data, SlotOpened)
    assert (opened.type, shut.type) == ("slot.opened", "slot.closed")


async def test_a_slot_is_refused_elsewhere(world: Stand) -> None:
    path = "/v1/facilities/F1/slots"
    other = await world.ask("POST", path, role="port_operator:F2", json=SLOT)
    assert other.json()["code"] == "not_yours"
    gate = await world.ask("POST", path, json={**SLOT, "gate_id": "G9"})
    assert gate.json()["errors"][0]["pointer"] == "#/gate_id"
    unknown = await world.ask("POST", "/v1/facilities/F9/slots", json=SLOT)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "facility_unknown")


async def test_a_clearance_finds_the_truck_of_a_plate(world: Stand) -> None:
    path, role = "/v1/checkpoints/C1/clearances", "checkpoint_officer:C1"
    body = {"decision": "cleared", "plate": "68c12345", "people_count": 2}
    answer = await world.ask("POST", path, role=role, json=body)
    assert (answer.status_code, answer.json()["truck_id"]) == (202, "T1")
    stray = await world.ask("POST", path, role=role, json={"decision": "held", "plate": "51D-999"})
    assert (stray.status_code, stray.json()["truck_id"]) == (202, None)
    cleared, held = world.broker.events
    assert isinstance(cleared.data, Clearance)
    assert (cleared.type, cleared.key) == ("checkpoint.cleared", "T1")
    assert (held.type, held.key) == ("checkpoint.held", "plate:51D999")


async def test_a_clearance_is_refused_where_it_cannot_be(world: Stand) -> None:
    cases = [
        ("C1", "checkpoint_officer:C2", {"decision": "held", "plate": "1AB"}, "not_yours"),
        ("C9", "dispatcher", {"decision": "held", "plate": "1AB"}, "checkpoint_unknown"),
        ("C1", "dispatcher", {"decision": "held"}, "invalid"),
        ("C1", "dispatcher", {"decision": "waved"}, "invalid"),
        ("C1", "dispatcher", {"decision": "held", "truck_id": "T9"}, "truck_unknown"),
        ("C1", "haulier:H1", {"decision": "held", "truck_id": "T1"}, "forbidden"),
    ]
    for place, role, body, code in cases:
        path = f"/v1/checkpoints/{place}/clearances"
        assert (await world.ask("POST", path, role=role, json=body)).json()["code"] == code
    assert world.broker.records == []


async def test_a_clearance_is_recorded_by_its_plate_while_redis_is_down(blind: Stand) -> None:
    body = {"decision": "cleared", "plate": "68C-123.45"}
    answer = await blind.ask("POST", "/v1/checkpoints/C1/clearances", json=body)
    assert (answer.status_code, answer.json()["truck_id"]) == (202, None)


async def test_an_accepted_offer_is_pending_until_dispatch_decides(world: Stand) -> None:
    answer = await world.ask("POST", "/v1/assignments/A1/accept", role="haulier:H1")
    sent = answer.json()
    assert (answer.status_code, sent["status"]) == (202, "pending")
    (written,) = world.broker.events
    assert isinstance(written.data, AssignmentAccept)
    assert written.id == sent["command_id"]
    assert (written.data.actor, written.data.region) == ("haulier:H1", "kien-giang")
    path = answer.headers["location"]
    waiting = await world.ask("GET", path, role="haulier:H1")
    assert (waiting.status_code, waiting.json()["status"]) == (200, "pending")
    assert (await world.ask("GET", path, role="haulier:H2")).status_code == 404
    outcome = {"command_id": sent["command_id"], "assignment_id": "A1", "status": "done"}
    world.put("command", sent["command_id"], **outcome)
    assert (await world.ask("GET", path, role="haulier:H1")).json()["status"] == "done"
    assert (await world.ask("GET", path, role="haulier:H2")).status_code == 404


@pytest.mark.parametrize(
    ("verb", "type_", "body", "role"),
    [
        ("decline", "assignment.decline", {"reason": "xe hỏng"}, "haulier:H1"),
        ("cancel", "assignment.cancel", None, "dispatcher"),
        ("pin", "assignment.pin", {"pinned": False}, "dispatcher"),
        ("override", "assignment.override", {"truck_id": "T2", "reason": "x"}, "administrator"),
        ("loaded", "assignment.report_loaded", {"quantity_kg": 400}, "driver:D1"),
        ("delivered", "assignment.report_delivered", None, "driver:D1"),
        ("problem", "assignment.report_problem", {"kind": "flat_tyre"}, "haulier:H1"),
    ],
)
async def test_every_verb_is_a_command(
    world: Stand, verb: str, type_: str, body: dict[str, Any] | None, role: str
) -> None:
    answer = await world.ask("POST", f"/v1/assignments/A1/{verb}", role=role, json=body)
    assert answer.status_code == 202
    (written,) = world.broker.events
    assert written.type == type_
    for name, value in (body or {}).items():
        assert getattr(written.data, name) == value


async def test_an_override_names_what_is_to_change(world: Stand) -> None:
    answer = await world.ask("POST", "/v1/assignments/A1/override", json={"reason": "?"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert AssignmentOverride.model_fields.keys() >= {"truck_id", "slot_id"}


@pytest.mark.parametrize("reason", [None, "", "  "])
async def test_an_override_needs_a_reason(world: Stand, reason: str | None) -> None:
    body = {"truck_id": "T2", "reason": reason}
    answer = await world.ask("POST", "/v1/assignments/A1/override", json=body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "reason_needed")
    assert problem["errors"][0]["pointer"] == "#/reason"
    event = {
        "specversion": "1.0",
        "id": "o1",
        "source": "/desk",
        "type": "assignment.override",
        "data": {"assignment_id": "A1", "region": "kien-giang", **body},
    }
    headers = {"content-type": "application/cloudevents+json"}
    answer = await world.ask("POST", "/v1/events", json=event, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "reason_needed")
    assert world.broker.events == []


@pytest.mark.parametrize(
    ("role", "verb", "code"),
    [
        ("haulier:H2", "accept", "not_yours"),
        ("haulier", "accept", "not_yours"),
        ("haulier:H1", "cancel", "forbidden"),
        ("driver:D2", "loaded", "not_yours"),
        ("observer", "accept", "forbidden"),
    ],
)
async def test_a_command_about_anothers_trip_is_refused(
    world: Stand, role: str, verb: str, code: str
) -> None:
    answer = await world.ask("POST", f"/v1/assignments/A1/{verb}", role=role)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert world.broker.records == []


async def test_a_command_known_to_be_impossible_is_a_conflict(world: Stand) -> None:
    for status in ("delivered", "declined", "expired", "cancelled"):
        world.put("assignment", "A1", **{**ASSIGNMENT, "status": status})
        for verb in ("accept", "decline", "cancel", "pin", "loaded", "delivered", "problem"):
            answer = await world.ask("POST", f"/v1/assignments/A1/{verb}")
            assert (answer.status_code, answer.json()["code"]) == (409, "already_decided")
    unknown = await world.ask("POST", "/v1/assignments/A9/accept")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "assignment_unknown")


async def test_a_repeated_command_is_no_conflict_with_itself(world: Stand) -> None:
    headers = {"idempotency-key": "tap-1"}
    path = "/v1/assignments/A1/accept"
    first = await world.ask("POST", path, headers=headers)
    await world.forget_answers()
    world.put("assignment", "A1", **{**ASSIGNMENT, "status": "accepted"})
    again = await world.ask("POST", path, headers=headers)
    assert again.status_code == 202
    assert again.json()["command_id"] == first.json()["command_id"]
    assert (await world.ask("POST", path)).status_code == 409


async def test_a_command_needs_the_views(blind: Stand) -> None:
    answer = await blind.ask("POST", "/v1/assignments/A1/accept", role="haulier:H1")
    assert (answer.status_code, answer.json()["code"]) == (503, "views_unavailable")
    assert answer.headers["retry-after"]


async def test_a_body_that_is_no_json_is_refused(world: Stand) -> None:
    text = {"content-type": "text/plain"}
    answer = await world.ask("POST", "/v1/lots", content=b"hi", headers=text)
    assert answer.status_code == 415
    for broken in (b"{", b'{"region": "\\ud800"}', b'{"quantity_kg": NaN}'):
        json = {"content-type": "application/json"}
        answer = await world.ask("POST", "/v1/lots", content=broken, headers=json)
        assert (answer.status_code, answer.json()["code"]) == (400, "not_json")
