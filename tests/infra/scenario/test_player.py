"""Play scenarios on a real broker: in time, resumed, and to the end."""

import json
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from infra.scenario import publish
from infra.scenario.lag import LagWatch
from infra.scenario.player import Player, Standing
from infra.scenario.script import dump_script, event_line, read_script
from infra.settings import Settings
from infra.stack import Stack
from schemas.model import format_time, parse_time

pytestmark = pytest.mark.integration

_START = parse_time("2021-08-23T17:00:00Z")
_TRUCKS = 3
_MINUTES = 60


class NoLag:
    """A stack that never lags."""

    lag_s = 0.0

    @property
    def measured_at_s(self) -> float:
        """Now."""
        return time.monotonic()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        del error


def _script(path: Path) -> Path:
    """Write a scenario of an hour: some trucks report a position every minute."""
    lines = []
    for number in range(_TRUCKS):
        truck = {
            "truck_id": f"{path.stem}-{number}",
            "plate": f"68C-000.0{number}",
            "haulier_id": "haulier-01",
            "region": "kien-giang",
            "payload_kg": 8_000,
            "home": {"lat": 10.0, "lon": 105.1},
        }
        lines.append(_line(f"r{number}", "truck.registered", truck, 0))
    for minute in range(1, _MINUTES + 1):
        for number in range(_TRUCKS):
            spot = {"truck_id": f"{path.stem}-{number}", "lat": 10.0, "lon": 105 + minute / 1000}
            lines.append(_line(f"p{number}-{minute}", "truck.position_reported", spot, minute))
    meta = {"name": path.stem, "start": format_time(_START), "seed": 1}
    path.write_bytes(b"".join(dump_script(meta, lines)))
    return path


def _line(event_id: str, event_type: str, data: dict[str, Any], minute: int) -> dict[str, Any]:
    at = _START + timedelta(minutes=minute)
    return event_line(event_type, data, event_id=event_id, source="/test", time=at, at=at)


async def _published(settings: Settings, topic: str, prefix: str) -> Counter[str]:
    """Return how often each event id stands in a topic, of keys with a prefix."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers)
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(4)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        found: Counter[str] = Counter()
        for place in places:
            while await consumer.position(place) < ends[place]:
                polled = await consumer.getmany(place, timeout_ms=500)
                for record in polled.get(place, []):
                    if (record.key or b"").decode().startswith(prefix):
                        found[dict(record.headers)["ce_id"].decode()] += 1
        return found
    finally:
        await consumer.stop()


def _settings(broker: Stack, home: Path) -> Settings:
    return broker.settings.model_copy(update={"home": home})


async def test_replay_sends_every_line_once_and_tells_the_run(
    broker: Stack, tmp_path: Path
) -> None:
    """Two replays of one file have different ids; as recorded the ids are the file's."""
    path = _script(tmp_path / "replayed.jsonl")
    script, settings = read_script(path), broker.settings
    first = await publish.replay(settings, script)
    second = await publish.replay(settings, script, speed=36_000)
    assert await publish.replay(settings, script, as_recorded=True) is None
    found = await _published(settings, "truck.position.v1", "replayed-")
    wanted = {
        f"p{number}-{minute}{mark}"
        for number in range(_TRUCKS)
        for minute in range(1, _MINUTES + 1)
        for mark in ("", f"~{first}", f"~{second}")
    }
    assert found == Counter(wanted)


async def test_a_stopped_player_goes_on_where_it_stood(broker: Stack, tmp_path: Path) -> None:
    """Stopped in the middle and started again, it sends every line once, in one run."""
    settings = _settings(broker, tmp_path)
    path = _script(tmp_path / "resumed.jsonl")
    seen: list[Standing] = []
    run_path = tmp_path / "scenario" / "resumed.json"

    def watch(standing: Standing) -> None:
        seen.append(standing)
        if standing.position >= 30:
            player.stop()

    player = Player(settings, path, speed=600, lag=NoLag(), watch=watch)
    assert await player.play() is False
    assert json.loads(run_path.read_bytes())["position"] < _TRUCKS * (_MINUTES + 1)

    again = Player(settings, path, speed=6_000, lag=NoLag(), watch=seen.append)
    assert await again.play() is True
    run_id = json.loads(run_path.read_bytes())["run_id"]
    found = await _published(settings, "truck.position.v1", "resumed-")
    from_file = {event_id: count for event_id, count in found.items() if event_id[0] == "p"}
    assert from_file == {
        f"p{number}-{minute}~{run_id}": 1
        for number in range(_TRUCKS)
        for minute in range(1, _MINUTES + 1)
    }
    times = [standing.now for standing in seen]
    assert times == sorted(times)
    summary = json.loads((settings.run_dir / "scenario-summary.json").read_bytes())
    assert summary["events_published"] == _TRUCKS * (_MINUTES + 1)
    assert summary["run_id"] == run_id


async def test_a_stack_without_workers_holds_the_clock(broker: Stack, tmp_path: Path) -> None:
    """What nobody processes ages, and the clock stands at the scenario's start."""
    settings = _settings(broker, tmp_path)
    seen: list[Standing] = []
    path = _script(tmp_path / "held.jsonl")

    def watch(standing: Standing) -> None:
        seen.append(standing)
        if standing.position > 0 and 2 < standing.lag_s < float("inf"):
            player.stop()

    player = Player(settings, path, speed=600, lag=LagWatch(settings), watch=watch)
    assert await player.play() is False
    assert {standing.now for standing in seen} == {_START}
    assert all(standing.held for standing in seen)
