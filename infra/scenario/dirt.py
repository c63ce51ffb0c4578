"""Soil a scenario as lines and machines do: repeats, conflicts, late events and garbage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from infra.scenario.draft import Draft, moment_of
from schemas.model import format_time

_REPEATED_SHARE, _LATE_SHARE = 0.02, 0.01
_REPEATABLE = frozenset(
    {
        "truck.registered",
        "truck.position_reported",
        "checkpoint.arrived",
        "checkpoint.cleared",
        "lot.declared",
        "lot.ready",
        "lot.revised",
        "slot.opened",
    }
)


def delay_some(draft: Draft) -> None:
    """Send one position in a hundred 15 to 100 minutes late, as phones without a network do."""
    chance = draft.random("late")
    for entry in draft.entries:
        if entry.content.get("type") != "truck.position_reported":
            continue
        if draft.hour(1) <= entry.at < draft.hour(22) and chance.random() < _LATE_SHARE:
            draft.delay(entry, timedelta(seconds=chance.randrange(900, 6_000)))
            draft.expected["late"] += 1


def repeat_some(draft: Draft, avoid: frozenset[str]) -> None:
    """Send about two events in a hundred again under their id, soon after.

    Parameters
    ----------
    draft
        The scenario.
    avoid
        Trucks and lots that are never registered: repeats of what is set aside count otherwise.
    """
    chance = draft.random("repeats")
    for entry in list(draft.entries):
        line = entry.content
        if line.get("type") not in _REPEATABLE or chance.random() >= _REPEATED_SHARE:
            continue
        if {line["data"].get("truck_id"), line["data"].get("lot_id")} & avoid:
            continue
        draft.repeat(line, entry.at + timedelta(seconds=chance.choice([1, 2, 5, 30, 120, 600])))
        draft.expected["duplicates"] += 1


def contradict_some(draft: Draft) -> None:
    """Send a few events again under their id with other content."""
    wanted: dict[str, dict[str, Any]] = {
        "lot.revised": {"price_vnd_per_kg": 999},
        "checkpoint.cleared": {"people_count": 9},
        "slot.capacity_changed": {"capacity_trucks": 7},
    }
    for event_type, other in wanted.items():
        line = next(
            entry.content
            for entry in draft.entries
            if entry.content.get("type") == event_type
            and moment_of(entry.content) > draft.hour(4)
            and entry.content["data"].get("truck_id", "") != "truck-999"
            and entry.content["data"].get("lot_id", "") != "lot-999"
        )
        draft.repeat(line, moment_of(line) + timedelta(minutes=3), **other)
        draft.expected["conflict"] += 1
    moved = [
        entry.content
        for entry in draft.entries
        if entry.content.get("type") == "truck.position_reported"
        and draft.hour(8) < moment_of(entry.content) < draft.hour(8.5)
        and "recordedtime" not in entry.content
    ]
    for line in moved[:2]:
        draft.repeat(line, moment_of(line) + timedelta(minutes=4), lat=10.5)
        draft.expected["conflict"] += 1


def add_garbage(draft: Draft) -> None:
    """Send what is no event of the catalogue, through each topic that people and machines use."""
    position = b'{"truck_id": "truck-001", "lat": 10.01, "lon": 105.08}'
    truck = "truck.position_reported"
    raws: tuple[tuple[float, str, bytes | None, bytes | None, dict[str, str]], ...] = (
        (3.1, "truck.position.v1", b"truck-001", position[:32], {"type": truck}),
        (4.4, "truck.position.v1", None, b"\xff\xfe\x00GPRMC,170834,V", {"type": "", "id": ""}),
        (5.2, "truck.position.v1", b"truck-001", position,
         {"type": truck, "time": "2021-08-24T05:12:00"}),
        (5.9, "truck.position.v1", b"truck-001", position, {"type": truck, "id": ""}),
        (6.6, "truck.position.v1", b"truck-002", position, {"type": truck}),
        (7.3, "truck.position.v1", b"truck-001", None, {"type": truck}),
        (7.9, "truck.position.v1", b"truck-001", position, {"type": truck, "specversion": "0.3"}),
        (8.8, "harvest.lot.v1", b"lot-001", b'{"lot_id": "lot-001"}', {"type": "lot.exploded"}),
        (9.9, "harvest.lot.v1", b"lot-001", b"lot-001;fish;4000", {"type": "lot.declared"}),
        (10.6, "checkpoint.clearance.v1", b"truck-001", b"[]", {"type": "checkpoint.cleared"}),
        (11.2, "port.slot.v1", b"port-tac-cau", b"{}", {"type": "slot.opened"}),
        (12.1, "truck.registry.v1", b"truck-300", b'{"truck_id": "truck-300"}',
         {"type": "truck.registered"}),
        (13.7, "place.registry.v1", b"cp-x", b'"cp-x"', {"type": "checkpoint.registered"}),
        (14.2, "road.condition.v1", b"kien-giang", b"{'closed': yes}", {"type": "road.closed"}),
        (15.5, "dispatch.command.v1", b"kien-giang", b"{}", {"type": "assignment.accept"}),
        (16.3, "corridor.lifecycle.v1", b"shuttle-x", b"\x00\x01", {"type": "corridor.opened"}),
    )  # fmt: skip
    for hour, topic, key, value, attributes in raws:
        draft.say_raw(topic, draft.hour(hour), key=key, value=value, **attributes)
        draft.expected["malformed"] += 1
    for hour, event_type, data in _out_of_range(draft):
        draft.say_data(event_type, data, draft.hour(hour))
        draft.expected["malformed"] += 1
    for hour, days in ((7.7, 2), (14.9, 30)):
        ahead = draft.hour(hour) + timedelta(days=days)
        data = {"truck_id": "truck-003", "lat": 10.0, "lon": 105.1}
        draft.say_data("truck.position_reported", data, ahead, at=draft.hour(hour))
        draft.expected["time_ahead"] += 1


def _out_of_range(draft: Draft) -> list[tuple[float, str, dict[str, Any]]]:
    lot = {
        "lot_id": "lot-900",
        "region": "kien-giang",
        "product": "fish",
        "quantity_kg": 3_000,
        "pickup": {"lat": 9.889, "lon": 105.135, "name": "Tắc Cậu"},
        "ready_from": format_time(draft.hour(10)),
        "hold_until": format_time(draft.hour(16)),
    }
    slot = {
        "facility_id": "port-tac-cau",
        "gate_id": "G1",
        "window_start": format_time(draft.hour(20)),
        "window_end": format_time(draft.hour(21)),
        "capacity_trucks": 5,
    }
    return [
        (3.6, "truck.position_reported", {"truck_id": "truck-004", "lat": 123.4, "lon": 105.1}),
        (4.1, "lot.declared", {**lot, "quantity_kg": -5}),
        (4.2, "lot.declared", {**lot, "quantity_kg": 2_000_000}),
        (4.3, "lot.declared", {**lot, "product": "durian"}),
        (4.35, "lot.declared", {**lot, "hold_until": lot["ready_from"]}),
        (5.6, "slot.opened", {**slot, "capacity_trucks": 900}),
        (5.7, "slot.opened", {**slot, "window_end": slot["window_start"]}),
        (6.1, "checkpoint.arrived", {"checkpoint_id": "cp-rach-soi", "truck_id": "truck-005",
                                     "people_count": 400}),
    ]  # fmt: skip
