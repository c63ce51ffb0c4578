"""See that the made table is one that the reducer reads, and that a log tells of assignments."""

from __future__ import annotations

from datetime import UTC, datetime

from infra.bench.streams.fleet import REGISTRY
from infra.bench.streams.recovery import assignments, rows
from infra.bench.streams.reference import counted, shell_of
from streams.shell import home_of
from streams.truck import TRUCK_FOLD

LOG = """\
2026-11-30 16:28:02,258 INFO faust.app.base: Executing _on_partitions_assigned
2026-11-30 16:28:02,300 INFO streams.runner: truck: generation 1 loaded
2026-11-30 16:28:09,500 INFO faust.app.base: Executing _on_partitions_assigned
"""


def test_a_made_table_is_one_of_registered_trucks() -> None:
    """Each row holds its own truck, in the partition of its key."""
    table = {(partition, key.decode()): value for partition, key, value in rows(50)}
    assert len(table) == 50
    assert counted(TRUCK_FOLD, table, REGISTRY) == {"applied": 50}
    shell = shell_of(table)
    for partition, key in table:
        assert partition == home_of(REGISTRY, key.encode())
        entity = shell.memory.store(partition).get(key)
        assert entity is not None
        assert entity.partition == partition
        assert entity.views[f"truck:{key}"]["truck_id"] == key
        assert entity.views[f"truck:{key}"]["registered"]


def test_every_assignment_is_read_from_a_log() -> None:
    """With the time at which it was given."""
    first, second = assignments(LOG)
    assert round(second - first, 3) == 7.242
    assert datetime.fromtimestamp(first, UTC).second == 2
