"""Hold the scene of passes: what is genuine holds, what is forged is refused and turned back."""

from __future__ import annotations

from pathlib import Path

from infra.scenario.papers import FORGED
from infra.scenario.script import Script
from infra.scenes.passes import judge_passes, passes_doc, passes_lines
from schemas.checkpoint import CheckpointCleared, CheckpointRefused
from schemas.corridor import CorridorOpened
from schemas.truck import TruckRegistered, normal_plate
from tests.infra.scenes.conftest import Heard, read_lines


def test_the_scenario_shows_one_pass_and_two_forged_ones(script: Script) -> None:
    """A registered truck on its own corridor, then two plates that nobody registered."""
    shown = script.meta["passes"]
    assert [one["forgery"] for one in shown] == [None, "foreign_key", "altered_vehicle"]
    events = list(read_lines(script))
    plates = {
        event.data.truck_id: event.data.plate
        for event in events
        if isinstance(event.data, TruckRegistered)
    }
    corridors = {
        event.data.corridor_id: event.data
        for event in events
        if isinstance(event.data, CorridorOpened)
    }
    real, *forged = shown
    assert plates[real["truck_id"]] == real["plate"]
    assert real["checkpoint_id"] in corridors[real["corridor_id"]].checkpoints
    known = {normal_plate(plate) for plate in plates.values()}
    assert not known & {normal_plate(one["plate"]) for one in forged}


def test_the_checkpoint_clears_the_pass_and_turns_the_forged_ones_back(script: Script) -> None:
    """The clearance names the pass; each refusal comes with its reason."""
    real, *forged = script.meta["passes"]
    words = [
        event.data for event in read_lines(script) if event.topic == "checkpoint.clearance.v1"
    ]  # fmt: skip
    cleared = [one for one in words if isinstance(one, CheckpointCleared) and one.pass_id]
    refused = [one for one in words if isinstance(one, CheckpointRefused)]
    assert {(one.truck_id, one.pass_id) for one in cleared} == {(real["truck_id"], real["pass_id"])}
    assert [(one.plate, one.reason_code, one.checkpoint_id) for one in refused] == [
        (one["plate"], FORGED, one["checkpoint_id"]) for one in forged
    ]


def test_what_is_genuine_holds_and_what_is_forged_does_not(script: Script, tmp_path: Path) -> None:
    """The stranger's key is not known, and the altered pass has a signature that does not fit."""
    judged = judge_passes(tmp_path / "keys", script.meta["passes"])
    doc = passes_doc(judged, Heard(read_lines(script)))
    assert (doc["presented"], doc["held"]) == (3, 1)
    assert [(one["reason"], one["posted"]) for one in doc["refused"]] == [
        ("unknown_key", True),
        ("bad_signature", True),
    ]
    told = "\n".join(passes_lines(doc))
    assert "refused, unknown_key\n" in told
    assert "Chữ ký không đúng" in told
    assert "The pass holds until" in told


def test_a_checkpoint_that_turned_nobody_back_is_told(script: Script, tmp_path: Path) -> None:
    """A verdict alone stops no truck."""
    judged = judge_passes(tmp_path / "keys", script.meta["passes"])
    doc = passes_doc(judged, Heard([]))
    assert [one["posted"] for one in doc["refused"]] == [False, False]
    assert "NOT turned it back" in "\n".join(passes_lines(doc))


def test_a_scenario_without_passes_says_so(tmp_path: Path) -> None:
    """No keys are made for it."""
    doc = passes_doc(judge_passes(tmp_path / "keys", ()), Heard([]))
    assert (doc["presented"], doc["held"], doc["refused"]) == (0, 0, [])
    assert list(passes_lines(doc)) == ["no pass was shown"]
    assert not (tmp_path / "keys").exists()
