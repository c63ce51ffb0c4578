"""Hold the demo scenario against what it promises."""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.scenario.facts import Facts
from infra.scenario.generate import generate
from infra.scenario.script import ScenarioError, Script
from schemas.corridor import CorridorOpened
from schemas.envelope import Event, decode
from schemas.errors import MalformedEvent
from schemas.model import parse_time
from tests.infra.scenario.conftest import NAME


def _data(script: Script, event_type: str) -> list[dict[str, Any]]:
    return [line.raw["data"] for line in script.lines if line.type == event_type]


def _read(script: Script) -> tuple[list[Event], int]:
    events, malformed = [], 0
    for line in script.lines:
        message = line.message(None)
        try:
            events.append(decode(message.topic, message.key, message.value, message.headers))
        except MalformedEvent:
            malformed += 1
    return events, malformed


def test_one_seed_gives_the_same_bytes(demo_path: Path, tmp_path: Path) -> None:
    """Generating again gives the same file to the byte; another seed another file."""
    again, other = tmp_path / "again.jsonl", tmp_path / "other.jsonl"
    generate(NAME, out=again)
    generate(NAME, seed=7, out=other)
    assert again.read_bytes() == demo_path.read_bytes()
    assert other.read_bytes() != demo_path.read_bytes()


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    """The error says which scenarios there are, and nothing is written."""
    with pytest.raises(ScenarioError, match=NAME):
        generate("nowhere", out=tmp_path / "x.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_the_demo_is_as_large_as_promised(demo: Script) -> None:
    """The least numbers of the demo scenario are reached."""
    trucks = _data(demo, "truck.registered")
    available = {truck["truck_id"] for truck in trucks if truck.get("status") != "unavailable"}
    slots = _data(demo, "slot.opened")
    hourly = {
        slot["facility_id"]
        for slot in slots
        if parse_time(slot["window_end"]) - parse_time(slot["window_start"]) == timedelta(hours=1)
    }
    lots = {lot["lot_id"] for lot in _data(demo, "lot.declared")} - {"lot-900"}
    assert len(available) >= 200
    assert len(lots) >= 150
    assert len({post["place_id"] for post in _data(demo, "checkpoint.registered")}) >= 20
    assert len(hourly) >= 8
    assert len(demo.lines) >= 10_000
    assert demo.end - demo.start == timedelta(days=1)


def test_what_is_expected_is_what_the_file_holds(demo: Script) -> None:
    """Duplicates, conflicts and malformed lines are as many as the first line says."""
    events, malformed = _read(demo)
    first: dict[str, str] = {}
    again: Counter[bool] = Counter()
    for event in events:
        if event.identity in first:
            again[first[event.identity] == event.digest] += 1
        first.setdefault(event.identity, event.digest)
    expected = demo.meta["expected"]
    dead = expected["dead_letters_by_reason"]
    assert expected["events"] == len(demo.lines)
    assert malformed == dead["malformed"]
    assert again == {True: expected["duplicates"], False: dead["conflict"]}
    assert expected["dead_letters"] == sum(dead.values())
    assert 0.015 < expected["duplicates"] / len(demo.lines) < 0.025


def test_unregistered_ids_and_far_times_are_counted(demo: Script) -> None:
    """Ids that nobody registers and times a day ahead are dead letters of their own."""
    registered = {truck["truck_id"] for truck in _data(demo, "truck.registered")}
    lots = {lot["lot_id"] for lot in _data(demo, "lot.declared")}
    strangers = [
        line
        for line in demo.lines
        if (
            line.type == "truck.position_reported"
            and line.raw["data"]["truck_id"] not in registered
        )
        or (line.type == "lot.revised" and line.raw["data"]["lot_id"] not in lots)
    ]
    ahead = [
        line
        for line in demo.lines
        if "raw" not in line.raw
        and line.raw["time"].endswith("Z")
        and parse_time(line.raw["time"]) > line.at + timedelta(hours=24)
    ]
    dead = demo.meta["expected"]["dead_letters_by_reason"]
    assert len(strangers) == dead["unknown"]
    assert len(ahead) == dead["time_ahead"]


def test_the_named_troubles_are_in_it(demo: Script) -> None:
    """A hold, a closure, a zone, withdrawals, revisions, cuts and late events happen."""
    types = Counter(line.type for line in demo.lines)
    assert all(
        types[name] > 0
        for name in (
            "checkpoint.held",
            "road.closed",
            "road.reopened",
            "zone.restricted",
            "zone.lifted",
            "lot.withdrawn",
            "lot.revised",
            "slot.capacity_changed",
            "slot.closed",
            "truck.status_changed",
        )
    )
    late = [line for line in demo.lines if "recordedtime" in line.raw]
    assert len(late) > 50
    assert any(manner["decline_share"] == 1 for manner in demo.meta["hauliers"].values())


def test_a_truck_is_registered_just_after_its_first_position(demo: Script) -> None:
    """Three trucks report a position less than ten minutes before they are registered."""
    registered_at: dict[str, Any] = {}
    for line in demo.lines:
        if line.type == "truck.registered":
            registered_at.setdefault(line.raw["data"]["truck_id"], line.at)
    early = {
        line.raw["data"]["truck_id"]
        for line in demo.lines
        if line.type == "truck.position_reported"
        and timedelta(0)
        < registered_at.get(line.raw["data"]["truck_id"], line.at) - line.at
        < timedelta(minutes=10)
    }
    assert len(early) == 3


def test_plates_are_different_and_of_the_right_form(demo: Script) -> None:
    """Plates read like 68C-123.45, and most are of Kiên Giang and Cà Mau."""
    plates = {truck["truck_id"]: truck["plate"] for truck in _data(demo, "truck.registered")}
    assert all(re.fullmatch(r"\d\dC-\d{3}\.\d\d", plate) for plate in plates.values())
    assert len(set(plates.values())) == len(plates)
    home = sum(plate[:2] in {"68", "69"} for plate in plates.values())
    assert home > 0.7 * len(plates)


def test_every_place_lies_in_the_south(demo: Script) -> None:
    """Facilities, checkpoints and pickups lie between Năm Căn and Hồ Chí Minh City."""
    spots = [
        (place["lat"], place["lon"])
        for name in ("facility.registered", "checkpoint.registered")
        for place in _data(demo, name)
    ]
    spots += [(lot["pickup"]["lat"], lot["pickup"]["lon"]) for lot in _data(demo, "lot.declared")]
    assert all(8.6 < lat < 11.0 and 104.4 < lon < 107.0 for lat, lon in spots)


def test_corridors_of_both_kinds_follow_drawn_roads(demo: Script) -> None:
    """Shuttles and forks are open, each with a line from its first facility."""
    facts = Facts()
    corridors = [CorridorOpened.model_validate(data) for data in _data(demo, "corridor.opened")]
    assert {corridor.kind for corridor in corridors} == {"shuttle", "fork"}
    for corridor in corridors:
        way = facts.ways[corridor.corridor_id]
        assert len(way.lines) == len(corridor.facilities) - 1
        assert all(line.length_m > 20_000 and len(line.points) >= 4 for line in way.lines)


def test_lots_hold_until_they_can_be_delivered(demo: Script) -> None:
    """Every lot holds at least five hours, ends within the night, and goes where it is taken."""
    takes = {
        place["place_id"]: place.get("products", [])
        for place in _data(demo, "facility.registered")
        if place.get("gates")
    }
    lots = [lot for lot in _data(demo, "lot.declared") if lot["lot_id"] != "lot-900"]
    for lot in lots:
        ready, hold = parse_time(lot["ready_from"]), parse_time(lot["hold_until"])
        assert hold - ready >= timedelta(hours=5)
        assert hold <= demo.end + timedelta(hours=3)
        for place_id in lot.get("destinations", []):
            assert not takes[place_id] or lot["product"] in takes[place_id]
    assert len({lot["product"] for lot in lots}) >= 4
    assert len({lot.get("temperature", "ambient") for lot in lots}) == 3
