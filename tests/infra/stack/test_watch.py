"""Blame a worker whose offsets stand still, spare all others, warn people once."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from infra.kafka.groups import WORKERS
from infra.settings import Settings
from infra.stack import Stack
from infra.stack.watch import STALLED_S, Watch
from infra.supervisor import Child, Report, Stage
from schemas.envelope import decode
from streams.progress import Progress

PLACE = TopicPartition("harvest.lot.v1", 2)


def test_an_offset_that_moves_or_has_nothing_after_it_is_not_stalled() -> None:
    progress: Progress[str] = Progress(20)
    assert progress.note({"a": 5, "b": 5, "c": 5}, {"a": 9, "b": 5, "c": 9}, 0) == {}
    assert progress.note({"a": 5, "b": 5, "c": 6}, {"a": 9, "b": 5, "c": 9}, 21) == {"a": 0}
    assert progress.note({"a": 9, "b": 5, "c": 6}, {"a": 9, "b": 6, "c": 9}, 42) == {"c": 21}


def test_what_stood_still_is_counted_anew_once_forgotten() -> None:
    progress: Progress[str] = Progress(20)
    progress.note({"a": 5}, {"a": 9}, 0)
    progress.forget()
    assert progress.note({"a": 5}, {"a": 9}, 30) == {}


class Admin:
    """A broker where one partition of worker-1's has a record that nobody reads."""

    def __init__(self, state: str = "Stable") -> None:
        self.state = state
        self.done = 5

    def list_group_offsets(self, _groups: Any) -> Any:
        """Return what is committed."""
        return {WORKERS: {PLACE: SimpleNamespace(offset=self.done)}}

    def list_partition_offsets(self, asked: Any) -> Any:
        """Return the ends."""
        return {place: SimpleNamespace(offset=9) for place in asked}

    def describe_groups(self, _groups: Any) -> Any:
        """Return who owns what."""
        owned = [{"topic": PLACE.topic, "partitions": [PLACE.partition]}]
        member = {
            "group_instance_id": "worker-1",
            "member_assignment": {"assigned_partitions": owned},
        }
        return {WORKERS: {"group_state": self.state, "members": [member]}}


class Watched:
    """A watch over two workers that are ready."""

    def __init__(self, settings: Settings) -> None:
        self.said: list[str] = []
        self.watch = Watch(settings, self.said.append)
        names = ("worker-1", "worker-2", "projector")
        children = tuple(Child(n, (), settings.log_path(n), lambda _pid: True) for n in names)
        (stage,) = self.watch.over([Stage(children)])
        self.children = {child.name: child for child in stage.children}
        self.start = time.monotonic()
        self.report("worker-1", 11)
        self.report("worker-2", 12)

    def report(self, name: str, pid: int, *, ready: bool = True) -> None:
        """Say how a process is."""
        self.watch.note([Report(name, pid, "running", ready)])

    def look(self, admin: Admin, after_s: float) -> None:
        """Look so many seconds after the start."""
        self.watch.look(admin, self.start + after_s)

    def blamed(self) -> set[str]:
        """Name whom the supervisor is to end."""
        pids = {"worker-1": 11, "worker-2": 12, "projector": 13}
        return {name for name, child in self.children.items() if child.is_still(pids[name])}


def test_the_owner_of_a_stalled_partition_is_ended(tmp_path: Path) -> None:
    watched, admin = Watched(Settings.throwaway(tmp_path)), Admin()
    watched.look(admin, 1)
    watched.look(admin, 1 + STALLED_S)
    assert watched.blamed() == set()
    watched.look(admin, 2 + STALLED_S)
    assert watched.blamed() == {"worker-1"}
    assert "harvest.lot.v1:2 stands still for 21 s" in watched.said[0]


def test_who_took_its_place_is_not_blamed_for_it(tmp_path: Path) -> None:
    """It has to have been ready all the while, and is left alone for a time after each ending."""
    watched, admin = Watched(Settings.throwaway(tmp_path)), Admin()
    for after_s in (1, 2 + STALLED_S):
        watched.look(admin, after_s)
    watched.report("worker-1", 21)
    assert not watched.children["worker-1"].is_still(21)
    for after_s in (23, 24 + STALLED_S):
        watched.look(admin, after_s)
    assert not watched.children["worker-1"].is_still(21)
    for after_s in (60, 61 + STALLED_S):
        watched.look(admin, after_s)
    assert watched.children["worker-1"].is_still(21)


@pytest.mark.parametrize(("state", "ready"), [("PreparingRebalance", True), ("Stable", False)])
def test_nobody_is_blamed_while_partitions_change_hands_or_tables_are_read(
    tmp_path: Path, state: str, *, ready: bool
) -> None:
    watched, admin = Watched(Settings.throwaway(tmp_path)), Admin(state)
    watched.report("worker-1", 11, ready=ready)
    for after_s in (1, 2 + STALLED_S):
        watched.look(admin, after_s)
    assert watched.blamed() == set()


@pytest.mark.integration
def test_people_are_warned_once_and_told_when_it_is_over(broker: Stack) -> None:
    """The alert is raised with its code, and cleared once the worker has been ready for a while."""
    watched, admin = Watched(broker.settings), Admin()
    for after_s in (1, 2 + STALLED_S):
        watched.look(admin, after_s)
    watched.watch._tell_people()
    watched.watch._tell_people()
    watched.report("worker-1", 21, ready=False)
    watched.report("worker-1", 21)
    watched.watch._workers["worker-1"].ready_since -= 60
    watched.watch._tell_people()
    assert _said_of(broker.settings, "worker/worker-1") == [
        ("alert.raised", "worker_stalled"),
        ("alert.cleared", None),
    ]


def _said_of(settings: Settings, alert_id: str) -> list[tuple[str, str | None]]:
    consumer = KafkaConsumer(bootstrap_servers=settings.bootstrap_servers)
    try:
        places = [
            TopicPartition("alert.v1", number)
            for number in consumer.partitions_for_topic("alert.v1") or ()
        ]
        consumer.assign(places)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(places)
        found = []
        while any(consumer.position(place) < end for place, end in ends.items()):
            for records in consumer.poll(timeout_ms=500).values():
                found += records
    finally:
        consumer.close()
    events = (decode(one.topic, one.key, one.value, tuple(one.headers)) for one in found)
    return [
        (event.type, getattr(event.data, "code", None))
        for event in events
        if getattr(event.data, "alert_id", None) == alert_id
    ]
