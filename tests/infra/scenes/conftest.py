"""Play the demo's day once for a stand-in of dispatch, and give what was said as a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from infra.scenario.generate import generate
from infra.scenario.script import Script, read_script
from infra.scenario.trip import Said
from infra.scenario.trucks import Simulation, record_of
from infra.scenario.world import World
from infra.verify.log import Entry, Log, Read
from schemas.envelope import Event, decode
from schemas.errors import MalformedEvent
from tests.infra.scenario.conftest import NAME
from tests.infra.scenario.fake_dispatch import FakeDispatch


class Heard(Log):
    """A log that answers with events, whoever has said them."""

    def __init__(self, events: Iterable[Event]) -> None:
        super().__init__([])
        self._heard = list(events)

    def live(self, topic: str) -> Iterator[Read]:
        """Yield the events of a topic."""
        for number, event in enumerate(self._heard):
            if event.topic == topic:
                yield Read(Entry(topic, 0, number, 0, None, None), event)


def read_said(said: Iterable[Said]) -> Iterator[Event]:
    """Yield what simulated trucks said as the log holds it."""
    for one in said:
        record = record_of(one, None)
        yield decode(record.topic, record.key, record.value, record.headers)


def read_lines(script: Script) -> Iterator[Event]:
    """Yield a scenario's lines that are events."""
    for line in script.lines:
        message = line.message(None)
        try:
            yield decode(message.topic, message.key, message.value, message.headers)
        except MalformedEvent:
            continue


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    """Return the demo scenario."""
    path = tmp_path_factory.mktemp("scenes") / f"{NAME}.jsonl"
    generate(NAME, out=path)
    return read_script(path)


@pytest.fixture(scope="session")
def heard(script: Script) -> Heard:
    """Return a whole day's log: the file, the trucks, and the stand-in of dispatch."""
    dispatch, simulation = FakeDispatch(script), Simulation(World.of(script), script.start)
    said: list[Said] = []
    events: list[Event] = []
    now = script.start
    while now < script.end + timedelta(hours=3):
        news = simulation.step(now, events)
        said += news
        events = dispatch.step(now, news)
        now += timedelta(minutes=2)
    return Heard([*read_lines(script), *read_said(said), *dispatch.said])
