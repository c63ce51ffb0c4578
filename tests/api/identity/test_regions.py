"""Whoever is narrowed to regions, a checkpoint or one trip sees and changes nothing beyond."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from api.mirror import KIND_OF
from api.sight import Sight
from api.tokens import Actor
from tests.api.conftest import ASSIGNMENT, LOT, TRUCK, Stand
from tests.api.identity.people import enter, forget
from tests.api.identity.test_keys import by, make

pytestmark = pytest.mark.integration
HERE, THERE = "kien-giang", "ca-mau"
OPEN = {"valid_from": "2021-08-24T00:00:00Z", "reason": "lũ"}
LINE = {"type": "LineString", "coordinates": [[105.0, 10.0], [105.1, 10.0], [105.2, 10.1]]}


@pytest.fixture
def halves(stand: Stand) -> Stand:
    """Give one of everything in each of two regions, and what lies in none."""
    for number, region in (("1", HERE), ("2", THERE)):
        truck, lot, trip = f"T{number}", f"L{number}", f"A{number}"
        stand.put("truck", truck, **{**TRUCK, "truck_id": truck, "region": region})
        stand.put("lot", lot, **{**LOT, "lot_id": lot, "region": region})
        ids = {"assignment_id": trip, "truck_id": truck, "lot_id": lot, "region": region}
        stand.put("assignment", trip, **{**ASSIGNMENT, **ids})
        for kind, name in (("facility", "F"), ("checkpoint", "C")):
            place = {"place_id": name + number, "region": region, "status": "active"}
            stand.put(kind, name + number, name=name, gates=["G1"], present=[], **place)
        stand.put("corridor", f"K{number}", corridor_id=f"K{number}", region=region, width_m=400)
        stand.put("closure", f"X{number}", closure_id=f"X{number}", region=region, **OPEN)
        stand.put("alert", f"held/{truck}", alert_id=truck, subject=truck, region=region, params={})
        stand.put("slot", f"S{number}", slot_id=f"S{number}", facility_id=f"F{number}")
        stand.put(
            "command", f"c{number}", command_id=f"c{number}", assignment_id=trip, status="done"
        )
    stand.put("facility", "F0", place_id="F0", name="chung", gates=["G1"], status="active")
    stand.put("alert", "stack/1", alert_id="stack/1", subject="stack", params={})
    return stand


async def key_of(stand: Stand, role: str, subject: str | None = None, **more: Any) -> str:
    rights = {"role": role, "subject": subject, "regions": [HERE], **more}
    secret: str = (await make(stand, **rights))["secret"]
    return secret


async def ids(stand: Stand, secret: str, path: str) -> set[str]:
    answer = await by(stand, secret, "GET", path)
    assert answer.status_code == 200, answer.text
    return {item["id"] for item in answer.json()["items"]}


_EVERYWHERE = {"facilities": {"F0"}, "slots": {"S1", "S2"}, "alerts": {"stack/1"}}
_OF_REGION = {
    "trucks": "T1",
    "lots": "L1",
    "slots": "S1",
    "assignments": "A1",
    "corridors": "K1",
    "checkpoints": "C1",
    "facilities": "F1",
    "alerts": "held/T1",
    "closures": "X1",
}


@pytest.mark.parametrize("role", ["dispatcher", "administrator", "observer"])
async def test_collections_and_items_end_at_the_region(halves: Stand, role: str) -> None:
    secret = await key_of(halves, role)
    assert set(_OF_REGION) == set(KIND_OF)
    for plural, mine in _OF_REGION.items():
        assert await ids(halves, secret, f"/v1/{plural}") == {mine, *_EVERYWHERE.get(plural, ())}
        foreign = mine.replace("1", "2").replace("/", "%2F")
        seen = await by(halves, secret, "GET", f"/v1/{plural}/{mine.replace('/', '%2F')}")
        hidden = await by(halves, secret, "GET", f"/v1/{plural}/{foreign}")
        assert seen.status_code == 200, plural
        assert hidden.status_code == (200 if plural == "slots" else 404), plural
    assert (await by(halves, secret, "GET", "/v1/commands/c1")).status_code == 200
    assert (await by(halves, secret, "GET", "/v1/commands/c2")).status_code == 404


async def test_owners_see_their_own_in_their_regions_alone(halves: Stand) -> None:
    for role, subject, plural, mine in (
        ("haulier", "H1", "trucks", {"T1"}),
        ("haulier", "H1", "assignments", {"A1"}),
        ("haulier", "H1", "alerts", {"held/T1"}),
        ("driver", "D1", "trucks", {"T1"}),
        ("driver", "D1", "assignments", {"A1"}),
        ("lot_declarer", "HTX1", "lots", {"L1"}),
        ("lot_declarer", "HTX1", "assignments", {"A1"}),
        ("port_operator", "F1", "assignments", {"A1"}),
        ("port_operator", "F1", "trucks", {"T1"}),
    ):
        secret = await key_of(halves, role, subject)
        assert await ids(halves, secret, f"/v1/{plural}") == mine, (role, plural)
    everywhere = await key_of(halves, "haulier", "H1", regions=None)
    assert await ids(halves, everywhere, "/v1/trucks") == {"T1", "T2"}
    nowhere = await key_of(halves, "dispatcher", regions=[])
    assert await ids(halves, nowhere, "/v1/trucks") == set()


def _closure(region: str) -> dict[str, Any]:
    square = [[105.0, 10.0], [105.1, 10.0], [105.1, 10.1], [105.0, 10.0]]
    geometry = {"type": "Polygon", "coordinates": [square]}
    return {"closure_id": "X9", "region": region, "geometry": geometry, **OPEN}


_EVENTS: list[tuple[str, dict[str, Any], bool]] = [
    ("road.closed", _closure(HERE), True),
    ("road.closed", _closure(THERE), False),
    ("road.closed", {**_closure(HERE), "closure_id": "X2"}, False),
    ("truck.position_reported", {"truck_id": "T1", "lat": 10.0, "lon": 105.0}, True),
    ("truck.position_reported", {"truck_id": "T2", "lat": 10.0, "lon": 105.0}, False),
    ("truck.transferred", {"truck_id": "T1", "region": THERE}, True),
    ("truck.transferred", {"truck_id": "T2", "region": HERE}, False),
    ("lot.ready", {"lot_id": "L1"}, True),
    ("lot.ready", {"lot_id": "L2"}, False),
    ("facility.retired", {"place_id": "F1"}, True),
    ("facility.retired", {"place_id": "F2"}, False),
    ("checkpoint.arrived", {"checkpoint_id": "C1", "truck_id": "T1"}, True),
    ("checkpoint.arrived", {"checkpoint_id": "C2", "truck_id": "T1"}, False),
    ("assignment.cancel", {"assignment_id": "A1", "region": HERE}, True),
    ("assignment.cancel", {"assignment_id": "A2", "region": THERE}, False),
    ("assignment.cancel", {"assignment_id": "A2", "region": HERE}, False),
    ("corridor.closed", {"corridor_id": "K1"}, True),
    ("corridor.closed", {"corridor_id": "K2"}, False),
]


@pytest.mark.parametrize(("event_type", "data", "is_mine"), _EVENTS)
async def test_events_end_at_the_region(
    halves: Stand,
    event_type: str,
    data: dict[str, Any],
    is_mine: bool,  # noqa: FBT001
) -> None:
    secret = await key_of(halves, "dispatcher")
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": event_type, "data": data}
    headers = {"content-type": "application/cloudevents+json"}
    answer = await by(halves, secret, "POST", "/v1/events", json=event, headers=headers)
    if is_mine:
        assert answer.status_code == 202, answer.text
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
        assert len(halves.broker.records) == 1  # the key


async def test_routes_end_at_the_region(halves: Stand) -> None:
    secret = await key_of(halves, "dispatcher")
    slot = {"gate_id": "G1", "capacity_trucks": 3}
    slot |= {"window_start": "2031-08-24T05:00:00Z", "window_end": "2031-08-24T06:00:00Z"}
    lot = {
        "product": "pineapple",
        "quantity_kg": 5000,
        "pickup": {"lat": 9.7, "lon": 105.2, "name": "Gò Quao"},
        "ready_from": "2031-08-24T05:00:00+07:00",
        "hold_until": "2031-08-26T05:00:00+07:00",
    }
    for number, region, fits in (("1", HERE, True), ("2", THERE, False)):
        for method, path, body in (
            ("PATCH", f"/v1/lots/L{number}", {"status": "ready"}),
            ("POST", "/v1/lots", {**lot, "region": region, "declarer_id": "HTX1"}),
            ("POST", f"/v1/facilities/F{number}/slots", slot),
            (
                "POST",
                f"/v1/checkpoints/C{number}/clearances",
                {"decision": "held", "plate": "68C-1"},
            ),
            ("POST", f"/v1/assignments/A{number}/pin", {}),
            ("POST", f"/v1/assignments/A{number}/driver-link", None),
        ):
            answer = await by(halves, secret, method, path, json=body)
            assert answer.is_success == fits, (path, answer.text)
            assert fits or answer.status_code in {403, 404}


async def test_a_region_of_an_unknown_thing_is_not_guessed_while_redis_is_silent(
    blind: Stand,
) -> None:
    secret = await key_of(blind, "dispatcher")
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "lot.ready"}
    headers = {"content-type": "application/cloudevents+json"}
    body = {**event, "data": {"lot_id": "L1"}}
    answer = await by(blind, secret, "POST", "/v1/events", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "views_unavailable")


def test_what_leaves_a_region_is_no_longer_ones_own() -> None:
    sight = Sight(Actor("haulier", "H1", 9e9, regions=frozenset({HERE})))
    assert sight.show("truck", "T1", dict(TRUCK)) is not None
    assert sight.own.trucks == {"T1"}
    assert sight.show("truck", "T1", {**TRUCK, "region": THERE}) is None
    assert sight.own.trucks == set()


async def test_an_officer_sees_who_is_at_the_checkpoint_or_on_the_way_to_it(
    stand: Stand,
) -> None:
    route = {"route": {"geometry": LINE, "duration_s": 1.0, "distance_m": 1.0}}
    far = {"geometry": {"type": "LineString", "coordinates": [[106.0, 9.0], [106.1, 9.0]]}}
    present = [{"vehicle": "T3", "truck_id": "T3"}, {"vehicle": "plate:1", "truck_id": None}]
    at = {"place_id": "C1", "lat": 10.003, "lon": 105.05, "name": "Chốt", "status": "active"}
    stand.put("checkpoint", "C1", present=present, **at)
    seen_here = {"last_checkpoint": {"checkpoint_id": "C1", "decision": "cleared"}}
    for name, more in (("T1", {}), ("T2", {}), ("T3", {}), ("T4", seen_here), ("T5", {})):
        stand.put("truck", name, **{**TRUCK, "truck_id": name, **more})
    for name, status, way in (
        ("A1", "accepted", route),
        ("A2", "accepted", {"route": far}),
        ("A5", "delivered", route),
    ):
        number = name[1:]
        ids_ = {"assignment_id": name, "truck_id": f"T{number}", "lot_id": f"L{number}"}
        stand.put("assignment", name, **{**ASSIGNMENT, **ids_, "status": status, **way})
        stand.put("lot", f"L{number}", **{**LOT, "lot_id": f"L{number}"})
    secret = await key_of(stand, "checkpoint_officer", "C1", regions=None)
    assert await ids(stand, secret, "/v1/trucks") == {"T1", "T3", "T4"}
    assert await ids(stand, secret, "/v1/assignments") == {"A1", "A5"}
    assert await ids(stand, secret, "/v1/lots") == {"L1", "L5"}
    for path, status in (
        ("trucks/T1", 200),
        ("trucks/T2", 404),
        ("trucks/T5", 404),
        ("assignments/A1", 200),
        ("assignments/A2", 404),
        ("lots/L1", 200),
        ("lots/L2", 404),
    ):
        assert (await by(stand, secret, "GET", f"/v1/{path}")).status_code == status, path
    elsewhere = await key_of(stand, "checkpoint_officer", "C2", regions=None)
    assert await ids(stand, elsewhere, "/v1/trucks") == set()


async def test_what_lists_others_trucks_lists_ones_own_alone(halves: Stand) -> None:
    def of(*trucks: str) -> list[dict[str, Any]]:
        return [{"truck_id": name, "alert_id": name, "assignment_id": "A"} for name in trucks]

    halves.put("truck", "T2", **{**TRUCK, "truck_id": "T2", "haulier_id": "H2", "driver_id": "D2"})
    halves.put("assignment", "A2", **{**ASSIGNMENT, "truck_id": "T2", "status": "declined"})
    halves.put("slot", "S1", slot_id="S1", facility_id="F1", reserved=of("T1", "T2"))
    halves.put("checkpoint", "C1", place_id="C1", present=[*of("T1", "T2"), {"vehicle": "plate:9"}])
    roster = {"roster": ["T1", "T2"], "findings": of("T1", "T2"), "width_m": 400}
    halves.put("corridor", "K1", corridor_id="K1", **roster)
    for role, reserved, present, findings in (
        ("dispatcher", 2, 3, 2),
        ("observer", 2, 3, 2),
        ("haulier:H1", 1, 1, 1),
        ("driver:D1", 1, 1, 1),
        ("haulier:H9", 0, 0, 0),
        ("lot_declarer:HTX1", 1, 1, 1),
        ("port_operator:F1", 2, 1, 1),
        ("port_operator:F2", 0, 0, 0),
        ("checkpoint_officer:C1", 2, 3, 2),
        ("checkpoint_officer:C2", 0, 0, 2),
    ):
        counts = []
        for path in ("slots/S1", "checkpoints/C1", "corridors/K1"):
            one = (await halves.ask("GET", f"/v1/{path}", role=role)).json()
            many = await halves.ask("GET", f"/v1/{path.partition('/')[0]}", role=role)
            assert one in many.json()["items"], (role, path)
            counts += [
                len(one[name]) for name in ("reserved", "present", "findings") if name in one
            ]
            assert len(one.get("roster", [])) == len(one.get("findings", []))
        assert counts == [reserved, present, findings], role


async def test_lots_and_trucks_of_others_are_seen_by_trips_alone(halves: Stand) -> None:
    halves.put("lot", "L3", **{**LOT, "lot_id": "L3", "declarer_id": "HTX3"})
    for number, status in (("1", "proposed"), ("2", "declined"), ("4", "delivered")):
        names = {"truck_id": f"T{number}", "lot_id": f"L{number}", "status": status}
        halves.put("assignment", f"A{number}", **{**ASSIGNMENT, **names})
        halves.put("lot", f"L{number}", **{**LOT, "lot_id": f"L{number}"})
        halves.put("truck", f"T{number}", **{**TRUCK, "truck_id": f"T{number}"})
    for role, lots, trucks in (
        ("haulier:H1", ["L1", "L4"], ["T1", "T2", "T4"]),
        ("haulier:H9", [], []),
        ("driver:D1", ["L1", "L4"], ["T1", "T2", "T4"]),
        ("lot_declarer:HTX1", ["L1", "L2", "L4"], ["T1"]),
        ("port_operator:F1", ["L1", "L4"], ["T1"]),
        ("port_operator:F2", [], []),
    ):
        for plural, wanted in (("lots", lots), ("trucks", trucks)):
            items = (await halves.ask("GET", f"/v1/{plural}", role=role)).json()["items"]
            assert [item["id"] for item in items] == wanted, (role, plural)
            for name in ("1", "2", "3"):
                entity = f"{plural[0].upper()}{name}"
                one = await halves.ask("GET", f"/v1/{plural}/{entity}", role=role)
                assert one.is_success == (entity in wanted), (role, entity)


async def drive(halves: Stand, by_role: str = "haulier:H1") -> dict[str, Any]:
    """Open the link of trip A1 as its driver, in the browser."""
    made = await halves.ask("POST", "/v1/assignments/A1/driver-link", role=by_role)
    assert made.status_code == 201, made.text
    link: dict[str, Any] = made.json()
    forget(halves)
    assert (await enter(halves, code=link["code"])).json() == {
        "role": "driver",
        "subject": "D1",
        "expires_in_s": 43_200,
        "page": "/haulier",
        "assignment_id": "A1",
    }
    return link


async def test_a_driver_by_link_sees_and_does_one_trip(halves: Stand) -> None:
    link = await drive(halves)
    assert link["link"] == f"/login#{link['code']}"
    client = halves.client
    for plural, mine in (
        ("trucks", ["T1"]),
        ("assignments", ["A1"]),
        ("lots", ["L1"]),
        ("alerts", ["held/T1"]),
    ):
        found = (await client.get(f"/v1/{plural}")).json()["items"]
        assert [item["id"] for item in found] == mine
    for path, status in (
        ("trucks/T1", 200),
        ("trucks/T2", 404),
        ("assignments/A1", 200),
        ("assignments/A2", 404),
        ("lots/L2", 404),
        ("commands/c1", 200),
        ("commands/c2", 404),
    ):
        assert (await client.get(f"/v1/{path}")).status_code == status, path
    for path, status in (
        ("A1/loaded", 202),
        ("A1/problem", 202),
        ("A1/delivered", 202),
        ("A2/loaded", 403),
        ("A1/accept", 403),
        ("A1/driver-link", 403),
    ):
        assert (await client.post(f"/v1/assignments/{path}")).status_code == status, path
    assert (await _position(client, "T1")).status_code == 202
    assert (await _position(client, "T2")).status_code == 403


async def test_a_driver_follows_the_trip_to_another_truck_and_reports_nothing_after_it(
    halves: Stand,
) -> None:
    await drive(halves, "dispatcher")
    halves.put("assignment", "A1", **{**ASSIGNMENT, "truck_id": "T2"})
    assert (await _position(halves.client, "T1")).status_code == 403
    assert (await _position(halves.client, "T2")).status_code == 202
    assert (await halves.client.get("/v1/trucks/T2")).status_code == 200
    halves.put("assignment", "A1", **{**ASSIGNMENT, "status": "delivered"})
    assert (await _position(halves.client, "T1")).status_code == 403
    assert (await halves.client.post("/v1/assignments/A1/loaded")).status_code == 409


async def test_a_link_is_made_by_those_whose_trip_it_is(halves: Stand) -> None:
    path = "/v1/assignments/A1/driver-link"
    for role, status in (
        ("haulier:H2", 403),
        ("observer", 403),
        ("driver:D1", 403),
        ("checkpoint_officer:C1", 403),
        ("administrator", 201),
    ):
        assert (await halves.ask("POST", path, role=role)).status_code == status, role
    halves.put("assignment", "A1", **{**ASSIGNMENT, "status": "cancelled"})
    assert (await halves.ask("POST", path)).status_code == 409
    unknown = await halves.ask("POST", "/v1/assignments/A9/driver-link")
    assert unknown.json()["code"] == "assignment_unknown"


async def _position(client: httpx.AsyncClient, truck_id: str) -> httpx.Response:
    data = {"truck_id": truck_id, "lat": 10.0, "lon": 105.0}
    event = {"specversion": "1.0", "id": truck_id, "source": "/phone/1", "data": data}
    body = orjson.dumps({**event, "type": "truck.position_reported"})
    headers = {"content-type": "application/cloudevents+json"}
    return await client.post("/v1/events", content=body, headers=headers)
