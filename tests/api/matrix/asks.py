"""Hold the rows that the matrix asks about, and how each route is asked.

`@` stands for a row: `1` is the role's own, `2` another's, `9` none.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from api.devices.taking import TRACKERS
from api.identity import keys, sessions, users
from api.personal import people
from api.webhooks.hooks import HOOKS
from schemas.device import Tracker
from schemas.identity import ApiKey, Session, User
from schemas.person import PersonKept
from schemas.topics import TOPIC_OF_TYPE
from schemas.webhook import Hook
from tests.api.conftest import ASSIGNMENT, LOT, TRUCK, Stand
from tests.golden import golden_events

HERE, ELSEWHERE = "kien-giang", "ca-mau"
"""The region of every row that has one, and the one of log-ins that must not reach it."""

OWN, FOREIGN, NONE = "1", "2", "9"
STRANGERS = ("H2", "D2", "HTX2")
"""Whose the other rows are: no refusal may say so."""

IDS = {
    "trucks": "T@",
    "lots": "L@",
    "slots": "S@",
    "assignments": "A@",
    "corridors": "K@",
    "checkpoints": "C@",
    "facilities": "F@",
    "closures": "X@",
    "alerts": "delay/A@",
    "commands": "cmd-@",
    "users": "u@",
    "keys": "000000000000000@",
    "sessions": "s@",
    "trackers": "dev@",
    "webhooks": "hook-@",
    "people": "D@",
}
"""The rows of each noun: the part of a path that stands before its id."""

KEPT = frozenset({"users", "keys", "sessions", "trackers", "devices", "webhooks", "people"})
"""Nouns whose rows the API itself holds, and requests change at once."""

_WINDOW = {"window_start": "2031-08-24T06:00:00Z", "window_end": "2031-08-24T07:00:00Z"}
_SQUARE = [[105.0, 10.0], [105.1, 10.0], [105.1, 10.1], [105.0, 10.0]]
_RIGHTS = {"role": "haulier", "subject": "H1", "regions": [HERE]}

_MADE = {"region": HERE, "home": {"lat": 10.0, "lon": 105.1, "name": "Rạch Giá"}}
_PLACE = {"name": "Bến", "lat": 10.0, "lon": 105.1, "region": HERE}
_LINE = {
    "region": HERE,
    "geometry": {"type": "LineString", "coordinates": [[105.0, 10.0], [105.1, 10.0]]},
    "valid_from": "2031-08-24T05:00:00Z",
}
_FIX = {"lat": 10.0, "lon": 105.0, "time": "2021-08-24T08:00:00Z"}
_TRACKED = "?id=dev@&lat=10.0&lon=105.0&timestamp=1629792000"

BODIES: dict[str, Any] = {
    "POST /v1/trucks": {"plate": "68C-000.0@", "haulier_id": "H1", "payload_kg": 8000, **_MADE},
    "PATCH /v1/trucks/{truck_id:path}": {"status": "unavailable", "reason": "sửa phanh"},
    "POST /v1/facilities": {"kind": "port", "gates": ["G1"], **_PLACE},
    "PATCH /v1/facilities/{facility_id:path}": {"name": "Bến mới"},
    "POST /v1/checkpoints": {"bays": 2, **_PLACE},
    "PATCH /v1/checkpoints/{checkpoint_id:path}": {"name": "Chốt mới"},
    "POST /v1/corridors": {"kind": "shuttle", "facilities": ["F1", "F2"], **_LINE},
    "PATCH /v1/corridors/{corridor_id:path}": {"name": "Hành lang mới"},
    "POST /v1/closures": {"reason": "lũ", **_LINE},
    "PATCH /v1/closures/{closure_id:path}": {"valid_until": "2031-08-26T05:00:00Z"},
    "POST /v1/lots": {
        "lot_id": "L@",
        "region": HERE,
        "product": "pineapple",
        "quantity_kg": 5000,
        "pickup": {"lat": 9.7, "lon": 105.2, "name": "Gò Quao"},
        "ready_from": "2031-08-24T05:00:00Z",
        "hold_until": "2031-08-26T05:00:00Z",
    },
    "PATCH /v1/lots/{lot_id:path}": {"quantity_kg": 4000},
    "POST /v1/facilities/{facility_id:path}/slots": {
        "gate_id": "G1",
        "capacity_trucks": 4,
        **_WINDOW,
    },
    "POST /v1/checkpoints/{checkpoint_id:path}/clearances": {"decision": "held", "plate": "69C-1"},
    "POST /v1/assignments/{assignment_id:path}/override": {"truck_id": "T1", "reason": "xe hỏng"},
    "POST /v1/what-if": {
        "measure": {"kind": "checkpoint", "checkpoint_id": "C@"},
        "until": "2001-01-01T00:00:00Z",
    },
    "POST /v1/session": {"code": "none"},
    "POST /v1/session/password": {"password": "khóm Cầu Đúc ngon lắm"},
    "POST /v1/users": {"login": "user-@", **_RIGHTS},
    "PATCH /v1/users/{user_id}": {"status": "disabled"},
    "POST /v1/keys": _RIGHTS,
    "POST /v1/positions": {"truck_id": "T@", **_FIX},
    "POST /v1/devices/traccar": {
        "position": {"latitude": 10.0, "longitude": 105.0, "fixTime": "2021-08-24T08:00:00Z"},
        "device": {"uniqueId": "dev@"},
    },
    "POST /v1/trackers": {"device_id": "new@", "truck_id": "T@"},
    "POST /v1/webhooks": {"url": "https://example.org/x"},
    "PATCH /v1/webhooks/{hook_id}": {"purpose": "sổ kho"},
    "PUT /v1/people/{person_id}": {"region": HERE, "haulier_id": "H@", "name": "Trần Thị Bưởi"},
}
"""What is sent, by route; nothing where a route is not named."""

QUERIES = {
    "GET /v1/devices/osmand": _TRACKED,
    "POST /v1/devices/osmand": _TRACKED,
}
"""What stands behind the address."""

REACHED = {
    "POST /v1/what-if": 422,
    "GET /v1/reports/daily": 503,  # there is no Kafka to read
    "GET /v1/reports/weekly": 503,
}
"""An answer other than 2xx that says the same: the role was let through."""

_KEY_FIELDS = {
    "truck.registry.v1": {"truck_id": "T@"},
    "truck.position.v1": {"truck_id": "T@"},
    "place.registry.v1": {"place_id": "F@"},
    "checkpoint.clearance.v1": {"checkpoint_id": "C@", "truck_id": None},
    "harvest.lot.v1": {"lot_id": "L@"},
    "port.slot.v1": {"facility_id": "F@"},
    "road.condition.v1": {"closure_id": "X@"},
    "dispatch.command.v1": {"assignment_id": "A@", "actor": None, "reason": "theo yêu cầu"},
    "corridor.lifecycle.v1": {"corridor_id": "K@"},
}
_MORE_FIELDS = {
    "lot.declared": {"declarer_id": "HTX1"},
    "truck.transferred": {"region": HERE},
    "checkpoint.registered": {"place_id": "C@"},
    "checkpoint.updated": {"place_id": "C@"},
    "checkpoint.retired": {"place_id": "C@"},
}


def build(stand: Stand) -> None:
    """Put a row of each kind that is the roles' own, and one that is another's."""
    for n in (OWN, FOREIGN):
        at = 105.0 + int(n)
        line = {"type": "LineString", "coordinates": [[at, 9.9], [at, 10.0], [at, 10.1]]}
        place = {"region": HERE, "status": "active", "lat": 10.0, "lon": at}
        trip = {"assignment_id": f"A{n}", "truck_id": f"T{n}", "lot_id": f"L{n}"}
        owner = {"haulier_id": f"H{n}", "driver_id": f"D{n}"}
        stand.put("truck", f"T{n}", **{**TRUCK, **owner, "truck_id": f"T{n}"})
        stand.put("lot", f"L{n}", **{**LOT, "lot_id": f"L{n}", "declarer_id": f"HTX{n}"})
        stand.put(
            "assignment",
            f"A{n}",
            **{**ASSIGNMENT, **trip, "haulier_id": f"H{n}", "facility_id": f"F{n}"},
            **_PLANNED,
            route={"geometry": line, "duration_s": 1, "distance_m": 1},
        )
        stand.put("facility", f"F{n}", place_id=f"F{n}", name="Bến", gates=["G1"], **place)
        stand.put("checkpoint", f"C{n}", place_id=f"C{n}", name="Chốt", present=[], **place)
        stand.put("corridor", f"K{n}", corridor_id=f"K{n}", region=HERE, width_m=400, **_OPEN)
        stand.put("closure", f"X{n}", closure_id=f"X{n}", region=HERE, **_IN_FORCE)
        stand.put("slot", f"S{n}", slot_id=f"S{n}", facility_id=f"F{n}", gate_id="G1", **_WINDOW)
        about = {"subject": f"A{n}", "params": {"checkpoint_id": f"C{n}"}, "region": HERE}
        stand.put("alert", f"delay/A{n}", alert_id=f"delay/A{n}", **about)
        done = {"command_id": f"cmd-{n}", "assignment_id": f"A{n}", "status": "done"}
        stand.put("command", f"cmd-{n}", command="assignment.pin", reason=None, **done)


_PLANNED = {
    "corridor_id": None,
    "plate": "68C-1",
    "pickup": {"lat": 9.9, "lon": 105.0, "name": "Gò Quao"},
    "departure": "2031-08-24T05:00:00Z",
    "pickup_eta": "2031-08-24T05:00:00Z",
    "delivery_eta": "2031-08-24T06:00:00Z",
}
_OPEN = {
    "kind": "shuttle",
    "facilities": ["F1", "F2"],
    "valid_from": "2021-08-24T05:00:00Z",
    "status": "open",
    "geometry": {"type": "LineString", "coordinates": _SQUARE[:2]},
}
_IN_FORCE = {
    "kind": "zone",
    "valid_from": "2021-08-24T05:00:00Z",
    "status": "in_force",
    "geometry": {"type": "Polygon", "coordinates": [_SQUARE]},
}


async def renew(stand: Stand, role: str) -> None:
    """Put again what a request may have taken away; webhooks are of who makes them, a role."""
    name, _, subject = role.partition(":")
    kept = stand.app.state.desk.kept
    now = datetime.now(UTC)
    made = {"created_at": now, "expires_at": now + timedelta(hours=1)}
    for n in (OWN, FOREIGN):
        at = {"created_at": now, "changed_at": now, "sessions_from": now}
        user = User(user_id=f"u{n}", login=f"chi-{n}", **_RIGHTS, **at)
        key_id = IDS["keys"].replace("@", n)
        secret = {"secret_hash": "0" * 64, "made_by": "administrator"}
        session = Session(
            session_id=f"s{n}", how="link", current="0" * 64, last_seen_at=now, **_RIGHTS, **made
        )
        await kept.put(users.TOPIC, user)
        await kept.put(keys.TOPIC, ApiKey(key_id=key_id, **_RIGHTS, **secret, **made))
        await kept.put(sessions.TOPIC, session)
        mounted = {"truck_id": f"T{n}", "made_by": "dispatcher", "created_at": now}
        await kept.put(TRACKERS, Tracker(device_id=f"dev{n}", **mounted))
        hook = Hook(
            hook_id=f"hook-{n}",
            url="https://127.0.0.1:1/",
            role=name,
            subject=(subject or None) if n == OWN else "HTX2",
            regions=[HERE],
            created_at=now,
            changed_at=now,
        )
        await kept.put(HOOKS, hook)
        await kept.put(people.TOPIC, _person(stand, n, now))
    await kept.take_away(people.TOPIC, f"D{NONE}")  # a request may have made it


def _person(stand: Stand, n: str, now: datetime) -> PersonKept:
    """Make a driver of a haulier, sealed."""
    person_id, haulier_id = f"D{n}", f"H{n}"
    said = people.Particulars(name="Trần Thị Bưởi")
    return PersonKept(
        person_id=person_id,
        kind="driver",
        region=HERE,
        haulier_id=haulier_id,
        sealed=people.seal(stand.app.state.desk, person_id, haulier_id, said),
        updated_at=now,
        keep_until=now + timedelta(days=1),
    )


def row_id(path: str, row: str) -> str | None:
    """Name the row that a route with an id, or a collection, is asked about."""
    parts = path.split("/")
    noun = next((part for part in reversed(parts) if part in IDS), None)
    return None if noun is None else IDS[noun].replace("@", row)


def ask_of(method: str, path: str, row: str) -> dict[str, Any]:
    """Return method, address and body to ask a route about a row with."""
    parts = path.split("/")
    for at, part in enumerate(parts):
        if part.startswith("{"):
            form = IDS.get(parts[at - 1], _WORDS.get(part, "none"))
            parts[at] = quote(form.replace("@", row), safe=",;")
    query = QUERIES.get(f"{method} {path}", "").replace("@", row)
    ask: dict[str, Any] = {"method": method, "path": "/".join(parts) + query}
    body = BODIES.get(f"{method} {path}")
    if body is not None:
        ask["json"] = json.loads(json.dumps(body).replace("@", row))
    return ask


_WORDS = {"{profile}": "truck", "{coordinates}": "105.1,10.0;105.2,10.0"}


def event_of(event_type: str, row: str) -> dict[str, Any]:
    """Return method, address and body to report an event about a row with."""
    topic = TOPIC_OF_TYPE[event_type].name
    golden = next(one for one in golden_events() if one.type == event_type)
    fields = {**_KEY_FIELDS[topic], **_MORE_FIELDS.get(event_type, {})}
    data = {**json.loads(golden.value), **json.loads(json.dumps(fields).replace("@", row))}
    event = {
        "specversion": "1.0",
        "id": f"{event_type}-{row}",
        "source": "/matrix",
        "type": event_type,
        "time": "2021-08-24T08:00:00Z",
        "data": {name: value for name, value in data.items() if value is not None},
    }
    headers = {"content-type": "application/cloudevents+json"}
    return {"method": "POST", "path": "/v1/events", "json": event, "headers": headers}
