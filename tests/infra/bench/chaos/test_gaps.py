"""Measure how long records waited by what was seen from outside."""

import math

from infra.bench.chaos.gaps import Round, longest, stalls
from infra.bench.chaos.schedule import Fault, Kind
from infra.bench.chaos.watcher import Sample
from infra.verify.log import Entry, Log

PLACE = ("truck.position.v1", 0)


def a_round(kind: Kind, began: float, ended: float) -> Round:
    """Say that something went wrong."""
    return Round(Fault(kind, 0, 0.0, 0.0), began, ended)


def log(*appended: float) -> Log:
    """Return a log of some records, by when they were appended (in seconds)."""
    return Log(
        Entry(*PLACE, offset, int(at * 1000), b"k", b"{}") for offset, at in enumerate(appended)
    )


def seen(*samples: tuple[float, int]) -> list[Sample]:
    """Return samples of one partition's offset."""
    return [(at, {PLACE: offset}) for at, offset in samples]


def test_a_record_waits_until_it_is_first_seen_applied() -> None:
    committed = seen((100, 0), (101, 1), (130, 1), (131, 2))
    gaps = longest({PLACE: [0, 1]}, log(100, 102), committed, [])
    assert [(gap.waited_s, gap.place) for gap in gaps] == [(29, "truck.position.v1:0:1")]


def test_a_record_that_is_never_applied_waits_for_ever() -> None:
    gaps = longest({PLACE: [0]}, log(100), seen((100, 0), (200, 0)), [])
    assert gaps[0].waited_s == math.inf


def test_only_what_was_acknowledged_counts() -> None:
    assert longest({PLACE: []}, log(100), seen((100, 0)), []) == []


def test_what_waits_through_a_restart_is_told_apart() -> None:
    rounds = [a_round("kill_worker", 100, 110), a_round("restart_all", 120, 150)]
    committed = seen((100, 0), (109, 1), (148, 2), (170, 3))
    gaps = longest({PLACE: [0, 1, 2]}, log(101, 119, 160), committed, rounds)
    assert [(gap.waited_s, gap.kind, gap.restart) for gap in gaps] == [
        (29, "restart_all", True),
        (10, "restart_all", False),
        (8, "kill_worker", False),
    ]


def test_an_offset_that_stands_still_with_records_after_it_is_a_stall() -> None:
    committed = seen((100, 5), (120, 5), (140, 5), (141, 9))
    behind, caught_up = seen((100, 9)), seen((100, 5))
    assert stalls(behind, committed, []) == [
        "the offset of truck.position.v1:0 stood still for 40 s (None)"
    ]
    assert stalls(caught_up, committed, []) == []


def test_a_stall_that_never_ends_counts_too() -> None:
    assert len(stalls(seen((100, 9)), seen((100, 5), (120, 5), (140, 5)), [])) == 1


def test_everything_may_stand_still_for_longer_while_it_starts_anew() -> None:
    committed = seen((100, 5), (150, 5), (180, 5), (181, 9))
    rounds = [a_round("restart_all", 101, 180)]
    assert stalls(seen((100, 9)), committed, rounds) == []
