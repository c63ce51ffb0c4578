"""Back a stack up and restore it elsewhere: what it knew, it knows again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka import KafkaProducer

from infra.backup import MANIFEST, backup, restore
from infra.settings import Settings
from infra.stack import running_stack
from infra.stack.record import held
from infra.verify.reader import read
from schemas.envelope import encode
from schemas.errors import BackupError, StackError
from schemas.topics import CATALOGUE
from tests.infra.processes import cli

TRUCK = {
    "truck_id": "k1",
    "plate": "68C-123.45",
    "haulier_id": "h1",
    "region": "kien-giang",
    "payload_kg": 5000,
    "home": {"lat": 10.0, "lon": 105.0},
}


def _home(folder: Path) -> Settings:
    """Make a folder like a stopped stack's."""
    settings = Settings.throwaway(folder / "home")
    for name in ("kafka/harvest.lot.v1-0/0.log", "secret", "scenario/day.json", "logs/api.log"):
        path = settings.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return settings


def test_what_lasts_is_copied_and_put_back_as_it_was(tmp_path: Path) -> None:
    made = backup(_home(tmp_path), tmp_path / "kept")
    assert made.files == 3
    assert not (tmp_path / "kept" / "logs").exists()
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700
    other = Settings.throwaway(tmp_path / "other")
    assert restore(other, tmp_path / "kept") == made
    assert (other.home / "kafka/harvest.lot.v1-0/0.log").read_bytes().endswith(b"0.log")
    assert other.secret_path.read_bytes() == b"secret"


def test_a_backup_that_is_not_whole_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    backup(_home(tmp_path), tmp_path / "kept")
    (tmp_path / "kept" / "secret").write_bytes(b"another")
    other = Settings.throwaway(tmp_path / "other")
    with pytest.raises(BackupError, match=r"secret is missing or not as it was backed up"):
        restore(other, tmp_path / "kept")
    assert not (other.home / "kafka").exists()


def test_the_logs_of_three_brokers_are_kept_and_put_back_for_three_only(tmp_path: Path) -> None:
    settings = Settings.throwaway(tmp_path / "home", brokers=3)
    for name in settings.kafka_names:
        (settings.home / name).mkdir(parents=True)
        (settings.home / name / "0.log").write_bytes(name.encode())
    backup(settings, tmp_path / "kept")
    one = Settings.throwaway(tmp_path / "one")
    with pytest.raises(BackupError, match=r"3 brokers: set HARVESTLANE_BROKERS=3"):
        restore(one, tmp_path / "kept")
    assert not one.home.exists()
    three = Settings.throwaway(tmp_path / "three", brokers=3)
    assert restore(three, tmp_path / "kept").files == 3
    assert (three.home / "kafka-3" / "0.log").read_bytes() == b"kafka-3"


@pytest.mark.parametrize("name", ["../outside", "logs/api.log", "/etc/passwd"])
def test_a_manifest_that_names_other_files_is_refused(tmp_path: Path, name: str) -> None:
    backup(_home(tmp_path), tmp_path / "kept")
    manifest = tmp_path / "kept" / MANIFEST
    manifest.write_text(json.dumps({"made": "now", "files": {name: "0"}}), encoding="utf-8")
    with pytest.raises(BackupError, match=r"names files that no backup has"):
        restore(Settings.throwaway(tmp_path / "other"), tmp_path / "kept")


def test_what_stands_in_the_way_is_named(tmp_path: Path) -> None:
    """A folder in use, a folder without a stack, a log that is there already, a stack that runs."""
    settings = _home(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(BackupError, match=r"full is there already"):
        backup(settings, tmp_path / "full")
    with pytest.raises(BackupError, match=r"holds no stack"):
        backup(Settings.throwaway(tmp_path / "none"), tmp_path / "kept")
    with held(settings), pytest.raises(StackError, match=r"already runs"):
        backup(settings, tmp_path / "kept")
    backup(settings, tmp_path / "kept")
    with pytest.raises(BackupError, match=r"holds an event log already"):
        restore(settings, tmp_path / "kept")
    with pytest.raises(BackupError, match=r"is no backup"):
        restore(Settings.throwaway(tmp_path / "other"), tmp_path / "full")


@pytest.mark.integration
def test_a_restored_stack_knows_what_the_old_one_knew(tmp_path: Path) -> None:
    """The restore starts the stack in its new folder, on other ports, and verifies it."""
    settings = Settings.throwaway(tmp_path / "home")
    with running_stack(settings) as stack:
        fact = CATALOGUE["truck.registry.v1"].types["truck.registered"].model_validate(TRUCK)
        record = encode(
            "truck.registry.v1",
            "truck.registered",
            fact,
            event_id="truck-1",
            source="/test",
            time=datetime.now(UTC),
        )
        producer = KafkaProducer(bootstrap_servers=stack.settings.bootstrap_servers)
        try:
            producer.send(
                record.topic, key=record.key, value=record.value, headers=list(record.headers)
            ).get(timeout=30)
        finally:
            producer.close()
        known = read(stack.settings)[0].views.docs["truck"]["k1"]
    backup(settings, tmp_path / "kept")
    other = Settings.throwaway(tmp_path / "other")
    done = cli(other, "restore", str(tmp_path / "kept"), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ok"] is True
    with running_stack(other) as stack:
        assert read(stack.settings)[0].views.docs["truck"]["k1"] == known
