"""Look at a made-up stack's folders as the soak does."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.bench.soak.sample import disk, group, grouped
from infra.settings import Settings


def test_partitions_add_up_to_their_topic(tmp_path: Path) -> None:
    """Also one that is about to be deleted is on the disk."""
    settings = Settings.throwaway(tmp_path)
    for name in ("truck.position.v1-0", "truck.position.v1-3", "truck.position.v1-3.0af3-delete"):
        folder = settings.home / "kafka" / name
        folder.mkdir(parents=True)
        (folder / "00000000000000000000.log").write_bytes(b"x" * 8192)
    worker = settings.tables_dir("worker-1") / "v1"
    worker.mkdir(parents=True)
    (worker / "truck.db").write_bytes(b"x" * 4096)
    found = disk(settings)
    assert found["kafka/truck.position.v1"] == 3 * 8192
    assert found["tables/worker-1"] == 4096
    assert found["redis"] == 0


def test_a_file_counts_what_it_takes_and_not_what_it_says(tmp_path: Path) -> None:
    """Kafka's index files are long and empty."""
    settings = Settings.throwaway(tmp_path)
    folder = settings.home / "kafka" / "lot.state.v1-0"
    folder.mkdir(parents=True)
    with (folder / "00000000000000000000.index").open("wb") as file:
        file.truncate(10_000_000)
    assert disk(settings)["kafka/lot.state.v1"] < 100_000


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("kafka/truck.position.v1", "kafka_windows"),
        ("kafka/truck.registry.v1", "kafka_kept"),
        ("kafka/lot.state.v1", "kafka_states"),
        ("kafka/harvestlane-workers-lot-changelog", "kafka_tables"),
        ("kafka/__consumer_offsets", "kafka_own"),
        ("tables/worker-2", "tables"),
        ("redis", "redis"),
    ],
)
def test_every_folder_has_a_kind_of_storage(folder: str, kind: str) -> None:
    """What a folder's growth means depends on what it is for."""
    assert group(folder) == kind


def test_storages_add_up_moment_by_moment() -> None:
    """A folder that comes later adds to the later moments only."""
    series = {
        "kafka/truck.position.v1": [(0.0, 1.0), (12.0, 2.0)],
        "kafka/port.slot.v1": [(12.0, 5.0)],
        "redis": [(0.0, 3.0), (12.0, 3.0)],
    }
    assert grouped(series) == {
        "kafka_windows": [(0.0, 1.0), (12.0, 7.0)],
        "redis": [(0.0, 3.0), (12.0, 3.0)],
        "all": [(0.0, 4.0), (12.0, 10.0)],
    }
