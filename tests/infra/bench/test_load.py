"""Hold the benches' load against the shares and the seed that it promises."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from infra.bench.load import Dirt, Drawn, Load, Sent
from schemas.envelope import decode, refuse_future
from schemas.errors import MalformedEvent

NOON = datetime(2026, 8, 24, 12, 10, tzinfo=UTC)


def _drawn(seed: int, count: int, **options: Dirt) -> list[Drawn]:
    load = Load(seed, clock=lambda: NOON, **options)
    load.furniture()
    return list(islice(load.records(), count))


def _type(record: Drawn) -> str:
    return dict(record.headers)["ce_type"].decode()


def test_one_seed_draws_the_same_and_another_something_else() -> None:
    """A load can be repeated byte by byte."""
    first, again, other = _drawn(1, 500), _drawn(1, 500), _drawn(2, 500)
    assert first == again
    assert [r.value for r in first] != [r.value for r in other]


def test_dirt_has_the_shares_that_were_asked_for() -> None:
    """Of 20,000 records, the shares are met within a fifth."""
    kinds = Counter(record.kind for record in _drawn(3, 20_000))
    assert kinds["duplicate"] == pytest.approx(1_000, rel=0.2)
    assert kinds["late"] == pytest.approx(1_000, rel=0.2)
    assert kinds["malformed"] == pytest.approx(200, rel=0.2)


def test_no_dirt_is_asked_for_and_none_drawn() -> None:
    """Without dirt every record is an event of its own with the clock's time."""
    records = _drawn(4, 2_000, dirt=Dirt(duplicates=0, late=0, malformed=0))
    assert len({dict(r.headers)["ce_id"] for r in records}) == 2_000
    assert {r.kind for r in records} == {"plain"}


def test_most_records_are_positions() -> None:
    """The mix is that of a fleet on the road."""
    topics = Counter(record.topic for record in _drawn(5, 20_000))
    assert topics["truck.position.v1"] / 20_000 == pytest.approx(0.85, abs=0.02)
    assert topics["checkpoint.clearance.v1"] / 20_000 == pytest.approx(0.125, abs=0.02)
    assert topics["harvest.lot.v1"] / 20_000 == pytest.approx(0.005, abs=0.002)
    assert topics["port.slot.v1"] > 200


def test_everything_but_the_malformed_can_be_read() -> None:
    """Each record decodes as an event of its topic, and no malformed one does."""
    load = Load(6, clock=lambda: NOON)
    for record in load.furniture():
        decode(record.topic, record.key, record.value, record.headers)
    for record in islice(load.records(), 5_000):
        if record.kind == "malformed":
            with pytest.raises(MalformedEvent):
                decode(record.topic, record.key, record.value, record.headers)
            continue
        event = decode(record.topic, record.key, record.value, record.headers)
        refuse_future(event.time, NOON)
        delayed = NOON - event.time
        if record.kind == "late":
            assert timedelta(seconds=1) <= delayed <= timedelta(seconds=600)


def test_a_duplicate_is_what_came_before() -> None:
    """A record sent again is the same to the byte."""
    seen: set[tuple[object, ...]] = set()
    for record in _drawn(7, 5_000):
        content = (record.topic, record.key, record.value, record.headers)
        assert (content in seen) == (record.kind == "duplicate")
        seen.add(content)


def test_lots_and_slots_stay_few() -> None:
    """Lots are withdrawn as fast as they are declared, and windows come with the hours only."""
    load = Load(8, lots=0.1, open_lots=40, clock=lambda: NOON)
    load.furniture()
    open_lots: set[bytes] = set()
    slots: set[bytes] = set()
    most = 0
    for record in islice(load.records(), 30_000):
        if record.kind in {"duplicate", "malformed"}:
            continue
        if _type(record) == "lot.declared":
            open_lots.add(record.key)
        elif _type(record) == "lot.withdrawn":
            open_lots.remove(record.key)
        elif _type(record) == "slot.opened":
            slots.add(record.value[: record.value.index(b"window_end")])
        most = max(most, len(open_lots))
    assert most == 40
    assert len(slots) <= 8 * 13


def test_a_gate_has_a_new_window_when_the_hour_turns() -> None:
    """What was not there an hour ago is opened before it is changed."""
    now = NOON
    load = Load(9, clock=lambda: now)
    load.furniture()
    now += timedelta(hours=2)
    opened: set[tuple[str, str, datetime]] = set()
    changed_late = 0
    for record in islice(load.records(), 20_000):
        if record.topic != "port.slot.v1" or record.kind == "malformed":
            continue
        data = decode(record.topic, record.key, record.value, record.headers).data.model_dump()
        window = (data["facility_id"], data["gate_id"], data["window_start"])
        if data["window_start"] <= NOON + timedelta(hours=8, minutes=-10):
            continue
        if _type(record) == "slot.opened":
            opened.add(window)
        else:
            assert window in opened
            changed_late += 1
    assert changed_late > 0


def test_shares_that_are_none_are_refused() -> None:
    """More than everything cannot be dirty."""
    with pytest.raises(ValueError, match="at most 1"):
        Dirt(duplicates=0.6, late=0.6)
    with pytest.raises(ValueError, match="at most 1"):
        Dirt(late=-0.1)


def test_sent_counts_by_topic_and_kind_and_keeps_the_highest_offset() -> None:
    """Answers may come in any order; a copy stays as it was."""
    sent = Sent()
    sent.note("plain", "truck.position.v1", 0, 7)
    sent.note("late", "truck.position.v1", 0, 6)
    copy = sent.snapshot()
    sent.note("plain", "truck.position.v1", 1, 0)
    assert sent.acknowledged == 3
    assert copy.topics == {"truck.position.v1": 2}
    assert copy.kinds == {"plain": 1, "late": 1}
    assert copy.highest == {("truck.position.v1", 0): 7}
