"""Write a small log by hand: records, what the tables remember of them, and the views."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from infra.verify.accounted import FOLD_OF, table_key
from infra.verify.log import CHANGELOG, KINDS, Entry, Log, Read, Views
from schemas.envelope import decode, encode
from schemas.model import format_time
from schemas.topics import CATALOGUE, OWN_TOPICS

START = datetime(2021, 8, 24, 0, 0, tzinfo=UTC)
BASE_MS = 1_700_000_000_000


def at(seconds: float) -> str:
    """Return a time of the small world."""
    return format_time(START + timedelta(seconds=seconds))


class World:
    """A log in the making: the wall's clock and the stack's go together, from `START`."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.tables: dict[str, dict[str, dict[str, Any]]] = {}
        self.docs: dict[str, dict[str, dict[str, Any]]] = {}
        self.states: dict[tuple[str, str], dict[str, Any]] = {}
        self._said = 0

    def put(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: tuple[tuple[str, bytes], ...] = (),
        *,
        seconds: float = 0,
    ) -> Entry:
        """Append one record."""
        offset = sum(entry.topic == topic for entry in self.entries)
        made = Entry(topic, 0, offset, BASE_MS + int(seconds * 1000), key, value, headers)
        self.entries.append(made)
        return made

    def say(
        self,
        topic: str,
        event_type: str,
        data: dict[str, Any],
        *,
        seconds: float,
        source: str | None = None,
        event_id: str | None = None,
        remember: bool = True,
    ) -> Entry:
        """Append one event, and let the table of its key remember it."""
        self._said += 1
        record = encode(
            topic,
            event_type,
            CATALOGUE[topic].types[event_type].model_validate(data),
            event_id=event_id or f"e{self._said}",
            source=source or ("/streams/test" if topic in OWN_TOPICS else "/test"),
            time=START + timedelta(seconds=seconds),
        )
        entry = self.put(topic, record.key, record.value, record.headers, seconds=seconds)
        if remember and topic in FOLD_OF:
            self.remember(entry)
        return entry

    def again(self, entry: Entry, *, seconds: float) -> Entry:
        """Append the same event again."""
        copied = self.put(entry.topic, entry.key, entry.value, entry.headers, seconds=seconds)
        self.remember(copied)
        return copied

    def remember(self, entry: Entry) -> None:
        """Let the table know a record."""
        event = decode(entry.topic, entry.key, entry.value, entry.headers)
        doc = self.table(FOLD_OF[entry.topic], table_key(Read(entry, event)))
        known = doc["memory"].get(event.identity)
        if known is None:
            doc["memory"][event.identity] = {"d": event.digest, "at": [entry.place]}
        else:
            known["at"].append(entry.place)
        outcome = "applied" if known is None else "duplicate"
        counts = doc["counts"].setdefault(entry.topic, {})
        counts[outcome] = counts.get(outcome, 0) + 1

    def bury(self, entry: Entry, error: str) -> Entry:
        """Append the dead letter of a record."""
        headers = {
            "dlq_topic": entry.topic,
            "dlq_partition": str(entry.partition),
            "dlq_offset": str(entry.offset),
            "dlq_error": error,
        }
        more = tuple((name, text.encode()) for name, text in headers.items())
        return self.put("dead.letter.v1", entry.key, entry.value, (*entry.headers, *more))

    def table(self, fold: str, key: str) -> dict[str, Any]:
        """Return what a table holds of a key, to be filled."""
        empty = {"partition": 0, "views": {}, "memory": {}, "counts": {}, "parked": []}
        return self.tables.setdefault(fold, {}).setdefault(key, empty)

    def view(self, kind: str, name: str, doc: dict[str, Any], key: str | None = None) -> None:
        """Set one view in the table, the state topic and Redis alike."""
        full = {"version": 1, "updated_at": at(0), **doc}
        fold = KINDS[kind]
        table_key = key or (f"{kind}:{name}" if fold == "dispatch" else name)
        self.table(fold, table_key)["views"][f"{kind}:{name}"] = full
        self.states[kind, name] = copy.deepcopy(full)
        self.docs.setdefault(kind, {})[name] = copy.deepcopy(full)

    def log(self, **options: Any) -> Log:
        """Return the log as it would be read."""
        made = list(self.entries)
        last_ms = max((entry.appended_ms for entry in made), default=BASE_MS)
        for fold, table in self.tables.items():
            for n, (key, doc) in enumerate(table.items()):
                topic = CHANGELOG.format(fold)
                made.append(Entry(topic, 0, n, BASE_MS, key.encode(), orjson.dumps(doc)))
        for n, ((kind, name), doc) in enumerate(self.states.items()):
            topic = f"{kind}.state.v1"
            headers = {"id": f"{name}@{n}", "source": "/streams/test", "specversion": "1.0"}
            headers |= {"type": f"{kind}.state", "time": at(0)}
            pairs = tuple((f"ce_{name}", text.encode()) for name, text in headers.items())
            made.append(Entry(topic, 0, n, last_ms, name.encode(), orjson.dumps(doc), pairs))
        versions = {k: {n: d["version"] for n, d in v.items()} for k, v in self.docs.items()}
        return Log(made, Views(self.docs, versions), **options)


SLOT = "f1|g1|20210824T0600Z"
ROAD = {"type": "LineString", "coordinates": [[105.0, 10.0], [105.5, 10.0]]}
ASSIGNMENT: dict[str, Any] = {
    "assignment_id": "a1",
    "trip_id": "t1",
    "region": "kien-giang",
    "truck_id": "k1",
    "haulier_id": "h1",
    "lot_id": "l1",
    "product": "fish",
    "temperature": "chilled",
    "quantity_kg": 4000,
    "facility_id": "f1",
    "gate_id": "g1",
    "slot_id": SLOT,
    "window_start": at(6 * 3600),
    "window_end": at(7 * 3600),
    "pickup": {"lat": 10.0, "lon": 105.0, "name": "Tắc Cậu"},
    "departure": at(3600),
    "pickup_eta": at(2 * 3600),
    "delivery_eta": at(6 * 3600),
    "drive_s": 3 * 3600,
    "route": {"geometry": ROAD, "duration_s": 10800.0, "distance_m": 55_000.0},
    "explanation": {},
    "accept_by": at(1200),
    "status": "proposed",
    "known_quantity_kg": 5000,
}
RESERVATION = {
    "reservation_id": "r1",
    "assignment_id": "a1",
    "truck_id": "k1",
    "region": "kien-giang",
    "facility_id": "f1",
    "gate_id": "g1",
    "window_start": at(6 * 3600),
    "window_end": at(7 * 3600),
}
WINDOW = {name: RESERVATION[name] for name in ("facility_id", "gate_id")} | {
    name: RESERVATION[name] for name in ("window_start", "window_end")
}
LOT = {
    "lot_id": "l1",
    "region": "kien-giang",
    "product": "fish",
    "quantity_kg": 5000,
    "pickup": {"lat": 10.0, "lon": 105.0, "name": "Tắc Cậu"},
    "ready_from": at(3600),
    "hold_until": at(40_000),
    "temperature": "chilled",
}
TRUCK = {
    "truck_id": "k1",
    "plate": "68C-123.45",
    "haulier_id": "h1",
    "region": "kien-giang",
    "payload_kg": 5000,
    "temperature_classes": ["ambient", "chilled"],
    "home": {"lat": 10.0, "lon": 105.0},
}
FACILITY = {
    "place_id": "f1",
    "kind": "port",
    "name": "Cái Cui",
    "lat": 9.99,
    "lon": 105.83,
    "gates": ["g1"],
}
CLOSURE = {
    "closure_id": "c1",
    "region": "kien-giang",
    "geometry": {"type": "LineString", "coordinates": [[106.0, 9.9], [106.0, 10.1]]},
    "valid_from": at(0),
}


def tick(world: World, seconds: float) -> None:
    """Let the stack's clock tick."""
    data = {"now": at(seconds)}
    world.say("stack.tick.v1", "clock.ticked", data, seconds=seconds, source="/streams/clock")


def offer(world: World, seconds: float, event: str = "proposed", **changes: Any) -> Entry:
    """Let dispatch say something of an assignment."""
    data = ASSIGNMENT | changes
    return world.say(
        "dispatch.assignment.v1",
        f"assignment.{event}",
        data,
        seconds=seconds,
        source="/streams/dispatch",
    )


def reserve(world: World, seconds: float, event: str, **changes: Any) -> Entry:
    """Let dispatch, or the slot's partition, say something of a place in the slot."""
    ours = event in {"confirmed", "rejected"}
    return world.say(
        "slot.reservation.v1",
        f"reservation.{event}",
        RESERVATION | changes,
        seconds=seconds,
        source="/streams/place" if ours else "/streams/dispatch",
    )


def close_road(world: World, seconds: float, **changes: Any) -> None:
    """Let dispatch make a closure known."""
    state = CLOSURE | {"version": 1, "updated_at": at(seconds), "kind": "road"}
    world.say(
        "closure.state.v1",
        "closure.state",
        state | {"status": "in_force"} | changes,
        seconds=seconds,
        source="/streams/dispatch",
    )


def good_world() -> World:
    """Return a world in which one truck took one lot to one port, and all is as it should be."""
    world = World()
    tick(world, 0)
    world.say("truck.registry.v1", "truck.registered", TRUCK, seconds=1)
    world.say("place.registry.v1", "facility.registered", FACILITY, seconds=1)
    opened = WINDOW | {"capacity_trucks": 1}
    world.say("port.slot.v1", "slot.opened", opened, seconds=2)
    world.say("harvest.lot.v1", "lot.declared", LOT, seconds=2)
    sign = {"truck_id": "k1", "lat": 10.0, "lon": 105.0}
    seen = world.say("truck.position.v1", "truck.position_reported", sign, seconds=3)
    world.again(seen, seconds=4)
    garbage = world.put("harvest.lot.v1", b"l9", b"not JSON", seconds=5)
    world.bury(garbage, "malformed: the header ce_id is missing")
    closure = world.say("road.condition.v1", "road.closed", CLOSURE, seconds=6)
    assert closure.offset == 0
    reserve(world, 10, "requested")
    reserve(world, 11, "confirmed")
    offer(world, 20)
    asked = {"assignment_id": "a1", "region": "kien-giang"}
    world.say("dispatch.command.v1", "assignment.accept", asked, seconds=30, event_id="cmd1")
    for seconds, event in ((31, "accepted"), (7200, "loaded"), (21_600, "delivered")):
        offer(world, seconds, event, status=event)
    planned = {"lot_id": "l1", "region": "kien-giang", "assignments": ["a1"], "revision": 4}
    amounts = {"booked_kg": 0, "loaded_kg": 0, "delivered_kg": 4000}
    world.say("lot.decision.v1", "lot.planned", planned | amounts, seconds=21_600)
    tick(world, 30_000)
    _views(world)
    return world


def _views(world: World) -> None:
    registered = {"vehicle_class": "rigid_2_axle", "driver_id": None, "status": "available"}
    home = TRUCK["home"] | {"name": None}  # type: ignore[operator]
    position = {"lat": 10.0, "lon": 105.0, "at": at(3)}
    truck = TRUCK | registered | {"home": home, "registered": True, "position": position}
    world.view("truck", "k1", truck)
    facility = FACILITY | {"region": None, "products": [], "status": "active"}
    world.view("facility", "f1", facility, key="f1")
    place = {name: RESERVATION[name] for name in ("reservation_id", "assignment_id", "truck_id")}
    slot = WINDOW | {"slot_id": SLOT, "capacity_trucks": 1, "status": "open", "reserved": [place]}
    world.view("slot", SLOT, slot, key="f1")
    nothing = {"grade": None, "price_vnd_per_kg": None, "destinations": [], "declarer_id": None}
    amounts = {"booked_kg": 0, "loaded_kg": 0, "delivered_kg": 4000}
    world.view("lot", "l1", LOT | nothing | amounts | {"status": "declared"})
    last = decode(*_parts(world, "dispatch.assignment.v1")).data.model_dump(mode="json")
    world.view("assignment", "a1", last)
    world.view("closure", "c1", CLOSURE | {"status": "in_force", "kind": "road"})
    done = {"command_id": "cmd1", "assignment_id": "a1", "command": "assignment.accept"}
    world.view("command", "cmd1", done | {"status": "done"})


def _parts(world: World, topic: str) -> tuple[Any, ...]:
    last = [entry for entry in world.entries if entry.topic == topic][-1]
    return last.topic, last.key, last.value, last.headers
