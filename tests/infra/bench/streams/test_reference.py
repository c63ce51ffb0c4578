"""See that the plain reference agrees with the reducer, and notices a table that is wrong."""

from __future__ import annotations

from collections import Counter, defaultdict

from infra.bench.streams.fleet import POSITIONS, REGISTRY, Message
from infra.bench.streams.reducer import quiet_shell
from infra.bench.streams.reference import counted
from infra.bench.streams.throughput import Load
from streams.fold import Raw
from streams.truck import TRUCK_FOLD

LOAD = Load.draw(7, trucks=20, warm=600, positions=1000)
ENDS = dict.fromkeys(range(4), 10_000)


def _table(load: Load, *, without: int = 0) -> dict[tuple[int, str], bytes]:
    """Fold a load as a contestant would, and leave the last events out."""
    shell = quiet_shell()
    offsets: Counter[tuple[str, int]] = Counter()
    batches: dict[int, list[tuple[Raw, int]]] = defaultdict(list)
    events = [*load.warm, *load.runs[0], *load.runs[1]]
    for one in [*load.registrations, *events[: len(events) - without]]:
        offset = offsets[one.topic, one.partition]
        offsets[one.topic, one.partition] += 1
        raw = Raw(one.topic, one.partition, offset, one.key, one.value, tuple(one.headers))
        batches[one.partition].append((raw, 0))
    return {
        (partition, key): row
        for partition, batch in batches.items()
        for key, row in shell.work(partition, batch).rows()
    }


def test_a_table_of_the_reducer_agrees_with_the_reference() -> None:
    """Counts, places and memories, with more positions than a truck remembers."""
    assert LOAD.reference().differences(_table(LOAD), ENDS) == []


def test_a_lost_event_is_noticed() -> None:
    """One position less is another count, and a truck elsewhere or a memory without it."""
    found = LOAD.reference().differences(_table(LOAD, without=1), ENDS)
    assert any("counts" in why for why in found)


def test_a_lost_truck_is_noticed() -> None:
    """A row that is not there is no agreement."""
    rows = _table(LOAD)
    name = next(key for key in rows if key[1] != "~journal")
    del rows[name]
    found = LOAD.reference().differences(rows, ENDS)
    assert any("elsewhere" in why for why in found)
    assert any("not remembered" in why for why in found)


def test_every_registration_is_counted() -> None:
    """Other topics' records have counts of their own."""
    assert counted(TRUCK_FOLD, _table(LOAD), REGISTRY) == {"applied": 20}


def test_a_load_is_drawn_again_by_its_seed() -> None:
    """The same positions, some of them twice."""

    def told(load: Load) -> list[tuple[bytes, bytes]]:
        return [(one.key, one.value) for one in (*load.warm, *load.runs[0])]

    again, other = (Load.draw(seed, trucks=20, warm=600, positions=1000) for seed in (7, 8))
    assert told(again) == told(LOAD)
    assert told(other) != told(LOAD)
    reference = LOAD.reference()
    assert 0.01 < reference.duplicate / reference.applied < 0.06


def test_messages_stand_in_the_partitions_of_their_keys() -> None:
    """A truck's registration and positions go to one partition."""
    where: dict[bytes, set[int]] = defaultdict(set)
    messages: list[Message] = [*LOAD.registrations, *LOAD.runs[0]]
    for one in messages:
        where[one.key].add(one.partition)
    assert {one.topic for one in messages} == {REGISTRY, POSITIONS}
    assert all(len(partitions) == 1 for partitions in where.values())
