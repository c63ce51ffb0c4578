"""Let a worker write only what is surely its own, and end it where it learns that it is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from faust.types import TP

from schemas.envelope import encode, validate
from schemas.topics import CATALOGUE
from streams import mended, runner, table
from streams.bulk import BulkConsumer
from streams.epoch import OWNER
from streams.memory import JOURNAL
from streams.mended import MendedConsumer
from streams.runner import Heart, Runner
from streams.shell import home_of
from streams.table import Dispossessed
from streams.truck import TRUCK_FOLD
from tests.streams.changelog import PARTITION, Changelog, Copy
from tests.streams.town import NOON

REGISTRY = "truck.registry.v1"
TRUCK = next(
    name
    for name in (f"T{number}" for number in range(1_000))
    if home_of(REGISTRY, name.encode()) == PARTITION
)
_DOC = {
    "truck_id": TRUCK,
    "plate": "68C-11111",
    "haulier_id": "H",
    "region": "kien-giang",
    "payload_kg": 8000,
    "home": {"lat": 10.0, "lon": 105.0},
}
_SILENT_S, _HEARD_S = 7.1, 6.9


class _Died(Exception):
    """The process would have ended."""


class _Member:
    """A worker's app, as a runner looks at it: what the group says, and where outputs go.

    Attributes
    ----------
    consumer_generation_id
        The group's generation.
    active
        Whether flow is on; it is off while partitions change hands.
    unheard
        The answers to how long the group has been silent; the last one stays.
    """

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self.consumer_generation_id = 1
        self.active = True
        self.unheard: Iterator[float] = repeat(0.0)
        self.outputs = Changelog()
        self.sender = self.outputs
        self.consumer = SimpleNamespace(unheard_s=lambda: next(self.unheard), behind=dict)
        self.flow_control = SimpleNamespace(is_active=lambda: self.active)
        place = TP(copy.table.changelog_topic_name, PARTITION)
        copy.app.assignor = SimpleNamespace(assigned_actives=lambda: {place})
        self.Table = lambda *_args, **_options: copy.table
        self.topic = lambda *_names, **_options: None
        self.batch_in_hand = nullcontext

    def agent(self, _source: object, *, name: str) -> Callable[[Any], Any]:
        """Take the fold's agent, which the test runs by itself."""
        del name
        return lambda run: run

    def said(self) -> list[str]:
        """List the topics of what was said, in order."""
        return [record.topic for record in self.outputs.records]


class _Worker:
    """A worker with one fold and one partition, told record by record what to do."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.member = _Member(copy)
        self.runner = Runner(
            self.member,
            TRUCK_FOLD,
            SimpleNamespace(now=lambda: datetime.now(UTC)),  # type: ignore[arg-type]
            SimpleNamespace(add=lambda _fold, _outcomes: None),  # type: ignore[arg-type]
            Heart(),
            name=copy.folder.name,
            servers="broker",
        )
        self.runner._writer = copy.writer

    async def take(self) -> bool:
        """Hand out the one record that there is; return whether it counts as done then."""
        fact = validate(CATALOGUE[REGISTRY], "truck.registered", _DOC)
        record = encode(
            REGISTRY, "truck.registered", fact, event_id="e1", source="/test", time=NOON
        )
        message = SimpleNamespace(
            topic=REGISTRY,
            partition=PARTITION,
            offset=0,
            key=record.key,
            value=record.value,
            headers=list(record.headers),
            timestamp=1.5,
            generation_id=self.member.consumer_generation_id,
            acked=False,
        )

        async def events(_most: int, **_within: float) -> AsyncIterator[list[Any]]:
            yield [SimpleNamespace(message=message)]

        await self.runner._run(SimpleNamespace(take_events=events))
        return not message.acked  # what is marked beforehand, Faust does not acknowledge

    def written(self) -> list[str]:
        """List the keys of the table's rows that were written, in order."""
        return [key for key, _ in self.copy.changelog.rows_from(0)]


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Worker]:
    """Give a worker, which raises where its process would end."""

    def die(why: str) -> NoReturn:
        raise _Died(why)

    changelog = Changelog()
    monkeypatch.setattr(runner, "die", die)
    monkeypatch.setattr(table, "AIOKafkaConsumer", changelog.consumer)
    copy = Copy(changelog, tmp_path / "first")
    yield _Worker(copy)
    copy.close()


async def test_a_worker_that_its_group_answers_writes_says_and_is_done(worker: _Worker) -> None:
    worker.member.unheard = repeat(_HEARD_S)
    assert await worker.take()
    assert worker.written() == [OWNER, JOURNAL, TRUCK]
    assert "truck.state.v1" in worker.member.said()


async def test_while_the_group_is_silent_nothing_is_written_and_then_everything(
    worker: _Worker,
) -> None:
    seen: list[list[str]] = []

    def unheard() -> Iterator[float]:
        for silence_s in (_SILENT_S, 60.0, _SILENT_S, _HEARD_S):
            seen.append([*worker.written(), *worker.member.said()])
            yield silence_s
        yield from repeat(0.0)

    worker.member.unheard = unheard()
    assert await worker.take()
    assert seen == [[]] * 4
    assert worker.written() == [OWNER, JOURNAL, TRUCK]


async def test_partitions_that_go_while_the_group_is_silent_are_left_as_they_are(
    worker: _Worker,
) -> None:
    def unheard() -> Iterator[float]:
        yield 0.0
        yield _SILENT_S
        worker.member.active = False
        yield from repeat(_SILENT_S)

    worker.member.unheard = unheard()
    assert not await worker.take()
    assert worker.written() == [OWNER]
    assert worker.member.said() == []
    worker.member.unheard, worker.member.active = repeat(0.0), True
    assert await worker.take()  # though the memory had it already: it was loaded anew
    assert worker.written() == [OWNER, OWNER, JOURNAL, TRUCK]


async def test_a_journal_after_which_the_group_fell_silent_is_said_by_the_next_owner(
    worker: _Worker,
) -> None:
    def unheard() -> Iterator[float]:
        yield from [0.0, 0.0]
        worker.member.active = False
        yield from repeat(_SILENT_S)

    worker.member.unheard = unheard()
    assert not await worker.take()
    assert worker.written() == [OWNER, JOURNAL]
    assert worker.member.said() == []
    worker.member.unheard, worker.member.active = repeat(0.0), True
    worker.member.consumer_generation_id = 2
    assert await worker.take()
    assert worker.written()[2:5] == [OWNER, JOURNAL, TRUCK]
    assert worker.member.said().count("truck.state.v1") == 1


@pytest.mark.parametrize("before", [0, 1, 2])
async def test_a_worker_of_a_former_generation_writes_nothing_more(
    worker: _Worker, before: int
) -> None:
    """Before its epoch, before the journal, and before what is said."""

    def unheard() -> Iterator[float]:
        yield from [0.0] * before
        worker.member.consumer_generation_id = 2
        yield from repeat(0.0)

    worker.member.unheard = unheard()
    assert not await worker.take()
    assert worker.written() == [OWNER, JOURNAL][:before]
    assert worker.member.said() == []


async def test_a_worker_whose_partition_is_anothers_says_nothing_and_ends(
    worker: _Worker, tmp_path: Path
) -> None:
    """Its group still answers it: only the changelog shows that another has begun."""
    worker.copy.follow()
    await worker.runner._take_over(1)
    other = Copy(worker.copy.changelog, tmp_path / "second")
    await other.own()
    await other.write(x=2)
    with pytest.raises(_Died) as died:
        await worker.take()
    assert isinstance(died.value.__context__, Dispossessed)
    assert worker.written() == [OWNER, OWNER, "x", JOURNAL]  # what it wrote before it knew
    assert worker.member.said() == []
    assert worker.copy.rows() == {}
    await other.write(y=2)
    assert worker.copy.changelog.rows() == other.rows() == {"x": 2, "y": 2}
    other.close()


def test_whoever_dies_is_gone_at_once_and_tells_its_supervisor() -> None:
    script = "from streams.runner import die\ntry:\n  die('why')\nfinally:\n  print('went on')"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ended.returncode == runner._FAILED
    assert ended.stdout == b""
    assert b"why; ending" in ended.stderr


class _Coordinator:
    """The group, which answers a heartbeat, or does not, some time after it was sent."""

    def __init__(self, face: SimpleNamespace) -> None:
        self._face = face
        self.answers = True

    async def _do_heartbeat(self) -> bool:
        self._face.now += 1.5
        return self.answers


@pytest.fixture
def face(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Let the test say what time it is."""
    face = SimpleNamespace(now=100.0)
    monkeypatch.setattr(mended, "time", SimpleNamespace(monotonic=lambda: face.now))
    return face


def _consumer(face: SimpleNamespace) -> Any:
    consumer = MendedConsumer.__new__(MendedConsumer)
    consumer._listened_to = None
    consumer._heard_at = face.now
    consumer._thread = SimpleNamespace(_consumer=SimpleNamespace(_coordinator=_Coordinator(face)))
    return consumer


async def test_silence_counts_from_when_a_heartbeat_that_was_answered_was_sent(
    face: SimpleNamespace,
) -> None:
    consumer = _consumer(face)
    coordinator = consumer._thread._consumer._coordinator
    face.now += 4.0
    assert consumer.unheard_s() == 4.0
    assert await coordinator._do_heartbeat()
    assert consumer.unheard_s() == 1.5
    coordinator.answers = False
    assert not await coordinator._do_heartbeat()
    assert consumer.unheard_s() == 3.0


async def test_a_new_coordinator_is_listened_to_and_none_twice(face: SimpleNamespace) -> None:
    consumer = _consumer(face)
    consumer.unheard_s()
    first = consumer._thread._consumer._coordinator._do_heartbeat
    consumer.unheard_s()
    assert consumer._thread._consumer._coordinator._do_heartbeat is first
    consumer._thread._consumer._coordinator = _Coordinator(face)
    face.now += 9.0
    assert consumer.unheard_s() == 9.0
    await consumer._thread._consumer._coordinator._do_heartbeat()
    assert consumer.unheard_s() == 1.5


async def test_the_group_is_heard_where_it_gives_partitions(
    face: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[set[TP]] = []

    async def take(_consumer: Any, assigned: set[TP], _generation: int = 0) -> None:
        given.append(assigned)

    monkeypatch.setattr(BulkConsumer, "on_partitions_assigned", take, raising=False)
    consumer = _consumer(face)
    face.now += 60.0
    await consumer.on_partitions_assigned({TP(REGISTRY, 0)}, 2)
    assert consumer.unheard_s() == 0.0
    assert given == [{TP(REGISTRY, 0)}]
