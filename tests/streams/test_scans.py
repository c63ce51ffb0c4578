"""Scans that cannot be right are flagged once, and no longer than they stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.streams.town import NOON, Town

FAR = {"lat": 10.4, "lon": 105.1}
"""Fifty kilometres north of the other: 33 minutes at 90 km/h."""
T0, STRAY = {"truck_id": "T0"}, {"plate": "68C-999.99"}
OF = {"T0": T0, "plate:68C99999": STRAY}


def _town() -> Town:
    town = Town()
    town.furnish(lots=0)
    town.say("checkpoint.registered", {"place_id": "FAR", "name": "Chốt xa", **FAR})
    town.run(plan=False)
    town.now = NOON + timedelta(hours=2)
    return town


def _see(
    town: Town,
    minute: float,
    checkpoint: str,
    decision: str = "arrived",
    *,
    of: dict[str, str] = T0,
    name: str | None = None,
) -> str:
    data = {"checkpoint_id": checkpoint, **of}
    when = NOON + timedelta(minutes=minute)
    said = town.say(f"checkpoint.{decision}", data, when=when, event_id=name)
    town.run(plan=False)
    return said


def _retract(town: Town, name: str, checkpoint: str, *, of: dict[str, str] = T0) -> None:
    data = {"checkpoint_id": checkpoint, **of, "retracts": {"source": "/test", "id": name}}
    town.say("checkpoint.retracted", {**data, "reason_code": "did_not_occur"})
    town.run(plan=False)


def _alerts(town: Town, code: str) -> list[tuple[str, dict[str, Any]]]:
    return [one for one in town.events("alert.v1") if one[1]["alert_id"].startswith(f"{code}/")]


def _kinds(town: Town, code: str) -> list[str]:
    return [kind.removeprefix("alert.") for kind, _ in _alerts(town, code)]


@pytest.mark.parametrize("vehicle", OF)
def test_a_vehicle_scanned_twice_is_told_once_until_it_is_taken_back(vehicle: str) -> None:
    town, of = _town(), OF[vehicle]
    _see(town, 0, "CP", of=of)
    _see(town, 10, "CP", of=of)
    assert _kinds(town, "duplicate_scan") == []
    wrong = _see(town, 14, "CP", of=of)
    _see(town, 15, "CP", "cleared", of=of)
    [(_, alert)] = _alerts(town, "duplicate_scan")
    assert (alert["subject"], alert["severity"]) == (vehicle, "info")
    assert (alert["params"]["count"], alert["params"]["apart_s"]) == (2, 240)
    _retract(town, wrong, "CP", of=of)
    assert _kinds(town, "duplicate_scan") == ["raised", "cleared"]


def test_a_vehicle_scanned_twice_and_seen_elsewhere_needs_nobody() -> None:
    town = _town()
    _see(town, 0, "CP")
    _see(town, 1, "CP")
    _see(town, 60, "FAR")
    assert _kinds(town, "duplicate_scan") == ["raised", "cleared"]


@pytest.mark.parametrize("vehicle", OF)
def test_two_checkpoints_see_one_plate_impossibly_fast(vehicle: str) -> None:
    town, of = _town(), OF[vehicle]
    _see(town, 0, "CP", "cleared", of=of)
    wrong = _see(town, 20, "FAR", of=of)
    _see(town, 24, "FAR", "cleared", of=of)
    [(_, alert)] = _alerts(town, "impossible_travel")
    assert (alert["subject"], alert["severity"]) == (vehicle, "warning")
    params = alert["params"]
    assert (params["from_checkpoint_id"], params["checkpoint_id"]) == ("CP", "FAR")
    assert params["took_s"] == 1_200
    assert params["least_s"] == pytest.approx(2_000, rel=0.05)
    _retract(town, wrong, "FAR", of=of)
    assert _kinds(town, "impossible_travel") == ["raised", "raised"], "24 minutes are too few, too"


def test_a_scan_that_is_taken_back_accuses_nobody() -> None:
    town = _town()
    _see(town, 0, "CP", "cleared")
    wrong = _see(town, 20, "FAR")
    _retract(town, wrong, "FAR")
    _see(town, 50, "FAR")
    assert _kinds(town, "impossible_travel") == ["raised", "cleared"]


def test_a_drive_that_is_possible_is_not_flagged() -> None:
    town = _town()
    _see(town, 0, "CP", "cleared")
    _see(town, 35, "FAR")
    assert _alerts(town, "impossible_travel") == []


def test_a_place_that_is_not_known_accuses_nobody() -> None:
    town = _town()
    _see(town, 0, "CP", "cleared")
    _see(town, 1, "NOWHERE")
    assert _alerts(town, "impossible_travel") == []


@settings(max_examples=15, deadline=None)
@given(order=st.permutations([(0, "CP"), (20, "FAR"), (70, "CP"), (110, "FAR")]))
def test_scans_flag_the_same_in_any_order(order: list[tuple[int, str]]) -> None:
    town = _town()
    for minute, checkpoint in order:
        _see(town, minute, checkpoint, "cleared", name=f"at{minute}")
    kinds = _kinds(town, "impossible_travel")
    assert kinds
    assert kinds[-1] == "raised"
    _retract(town, "at20", "FAR")
    assert _kinds(town, "impossible_travel")[-1] == "cleared"


def test_a_clock_that_is_ahead_is_told_once_until_the_scan_is_taken_back() -> None:
    town = _town()
    town.now = NOON
    _see(town, 2, "CP")
    assert _alerts(town, "clock_skew") == []
    wrong = [_see(town, minute, "CP", of=of) for minute, of in ((5, T0), (9, {"truck_id": "T1"}))]
    [(_, alert)] = _alerts(town, "clock_skew")
    assert (alert["subject"], alert["params"]["ahead_s"]) == ("CP", 300)
    _retract(town, wrong[0], "CP")
    assert _kinds(town, "clock_skew") == ["raised"]
    _retract(town, wrong[1], "CP", of={"truck_id": "T1"})
    assert _kinds(town, "clock_skew") == ["raised", "cleared"]


def test_a_clock_that_was_set_right_needs_nobody() -> None:
    town = _town()
    town.now = NOON
    _see(town, 10, "CP")
    town.now = NOON + timedelta(hours=1)
    for minute in range(20, 28):
        _see(town, minute, "CP", of={"truck_id": f"T{minute % 3}"})
    assert _kinds(town, "clock_skew") == ["raised", "cleared"]
