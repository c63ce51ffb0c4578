"""Watch a loaded truck on its corridor from end to end: trips, positions, findings, alerts."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.memory import JOURNAL
from streams.planner import _marks
from tests.streams.town import Crash, Town

START, PORT = (9.8, 105.2), (10.01, 105.08)
LINE = {"type": "LineString", "coordinates": [[START[1], START[0]], [PORT[1], PORT[0]]]}
CORRIDOR = {
    "corridor_id": "C",
    "kind": "shuttle",
    "region": "kien-giang",
    "facilities": ["YARD", "PORT"],
    "geometry": LINE,
    "width_m": 200.0,
    "valid_from": "2021-08-01T00:00:00Z",
}
MINUTES = 40
"""So long is the drive, a position each half minute."""


def _town(**corridor: Any) -> Town:
    town = Town()
    town.furnish(trucks=1, lots=1)
    town.say(
        "facility.registered",
        {
            "place_id": "YARD",
            "kind": "assembly_point",
            "name": "Điểm tập kết",
            "lat": START[0],
            "lon": START[1],
            "region": "kien-giang",
        },
    )
    town.say("corridor.opened", CORRIDOR | corridor)
    town.run()
    return town


def _load(town: Town) -> str:
    (assignment_id,) = town.states("assignment")
    town.command("accept", assignment_id)
    town.command("report_loaded", assignment_id)
    town.run(plan=False)
    return assignment_id


def _drive(*, aside_m: float = 0, after: int = 15, back: int = 25) -> list[tuple[timedelta, Any]]:
    """List positions along the corridor, some of them so far to its side."""
    found = []
    for half in range(2 * MINUTES + 1):
        part = half / (2 * MINUTES)
        lat, lon = (a + part * (b - a) for a, b in zip(START, PORT, strict=True))
        if after <= half / 2 < back:
            lon += aside_m / 111_195 / 0.985  # the line runs north-west
        found.append((timedelta(seconds=30 * half), {"truck_id": "T0", "lat": lat, "lon": lon}))
    return found


def _report(town: Town, drive: list[tuple[timedelta, Any]]) -> None:
    began = town.now
    for after, position in drive:
        town.say("truck.position_reported", position, when=began + after)
    town.now = began + timedelta(minutes=MINUTES)
    town.run(plan=False)
    town.run(minutes=10, plan=False)


def _findings(town: Town) -> list[tuple[str, dict[str, Any]]]:
    return [one for one in town.events("corridor.lifecycle.v1") if one[0] != "corridor.opened"]


def test_a_deviation_is_said_once_with_evidence_and_is_mended() -> None:
    town = _town()
    assignment_id = _load(town)
    assert town.states("assignment")[assignment_id]["corridor_id"] == "C"
    _report(town, _drive(aside_m=1_500))
    (kind, found), (end, mended) = _findings(town)
    assert (kind, end) == ("corridor.deviation_detected", "corridor.finding_mended")
    assert (found["corridor_id"], found["truck_id"]) == ("C", "T0")
    assert found["assignment_id"] == assignment_id
    assert found["evidence"]["beyond_m"] > 500
    assert found["evidence"]["positions"]
    assert mended["alert_id"] == found["alert_id"]
    alerts = [(kind, data) for kind, data in town.events("alert.v1") if "corridor" in str(data)]
    assert [kind for kind, _ in alerts][:1] == ["alert.raised"]
    assert alerts[0][1]["code"] == "corridor_deviation"
    assert town.dead() == []


def test_a_truck_that_keeps_to_its_corridor_is_left_alone() -> None:
    town = _town()
    _load(town)
    _report(town, _drive())
    assert _findings(town) == []


def test_a_truck_on_its_way_to_the_lot_is_not_watched() -> None:
    town = _town()
    _report(town, _drive(aside_m=1_500))
    assert _findings(town) == []
    assert town.said("corridor.watch.v1") == []


def test_what_is_wrong_stands_on_the_corridor_until_the_trip_is_over() -> None:
    """The truck never comes back; its delivery mends what was open, and nothing is kept of it."""
    town = _town()
    assignment_id = _load(town)
    _report(town, _drive(aside_m=1_500, back=100))
    (finding,) = town.states("corridor")["C"]["findings"]
    assert (finding["kind"], finding["truck_id"]) == ("deviation", "T0")
    town.command("report_delivered", assignment_id)
    town.run(plan=False)
    assert town.states("corridor")["C"]["findings"] == []
    assert town.said("corridor.watch.v1") == ["watch.begun", "watch.ended"]
    keys = {key for rows in town.tables["truck"].rows.values() for key in rows}
    assert not {key for key in keys if key.startswith("~course/")}
    watch = next(json.loads(rows["~watch/T0"]) for rows in _tables(town) if "~watch/T0" in rows)
    assert "watch" not in watch["own"]


def _tables(town: Town) -> list[dict[str, bytes]]:
    return list(town.tables["truck"].rows.values())


def test_a_corridor_drawn_anew_is_watched_as_it_is_now_and_a_closed_one_no_longer() -> None:
    town = _town()
    _load(town)
    town.now += timedelta(minutes=1)
    town.say("corridor.opened", CORRIDOR | {"width_m": 5_000.0})
    town.run(plan=False)
    _report(town, _drive(aside_m=1_500))
    assert _findings(town) == []
    town.say("corridor.closed", {"corridor_id": "C"})
    town.run(plan=False)
    assert town.said("corridor.watch.v1") == ["watch.begun", "watch.begun", "watch.ended"]


def test_a_finding_is_no_reason_for_a_new_plan() -> None:
    town = _town()
    _load(town)
    before = _marks(town.shells["dispatch"].memory.store(0))
    _report(town, _drive(aside_m=1_500))
    after = _marks(town.shells["dispatch"].memory.store(0))
    assert town.states("corridor")["C"]["version"] > 1
    assert after["corridor:C"] == before["corridor:C"]


def test_nobody_but_the_streams_says_what_is_wrong() -> None:
    town = _town()
    data = {
        "corridor_id": "C",
        "truck_id": "T0",
        "assignment_id": "A",
        "alert_id": "x",
        "since": "2021-08-25T05:00:00Z",
        "evidence": {},
    }
    town.say("corridor.deviation_detected", data, source="/stranger")
    town.run(plan=False)
    assert "only /streams/… says corridor.deviation_detected" in town.dead()[0]
    assert town.states("corridor")["C"]["findings"] == []


@settings(max_examples=8)
@given(seed=st.integers(0, 2**20), copies=st.integers(1, 2))
def test_positions_within_five_minutes_may_come_in_any_order_and_twice(
    seed: int, copies: int
) -> None:
    draw = random.Random(seed)
    plain, mixed = _town(), _town()
    for town in (plain, mixed):
        _load(town)
    drive = _drive(aside_m=1_500)
    _report(plain, drive)
    late = sorted(drive * copies, key=lambda one: one[0] + timedelta(minutes=draw.uniform(0, 4)))
    _report(mixed, late)
    assert _findings(mixed) == _findings(plain)
    assert len(_findings(plain)) == 2


@pytest.mark.parametrize("seed", range(4))
def test_a_worker_that_dies_at_any_step_says_the_same(seed: int) -> None:
    whole, broken = _town(), _town()
    for town in (whole, broken):
        _load(town)
    _report(whole, _drive(aside_m=1_500))
    draw = random.Random(seed)

    def crash(_step: int) -> None:
        if draw.random() < 0.02:
            raise Crash

    broken.crash = crash
    began = broken.now
    for after, position in _drive(aside_m=1_500):
        broken.say("truck.position_reported", position, when=began + after)
    broken.now = began + timedelta(minutes=MINUTES)
    for _ in range(400):
        try:
            broken.run(plan=False)
            break
        except Crash:
            broken.start()
    broken.crash = lambda _step: None
    broken.run(minutes=10, plan=False)
    assert _findings(broken) == _findings(whole)
    assert all(JOURNAL in rows for rows in _tables(broken) if rows)
