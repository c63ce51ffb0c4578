"""Run three brokers: one of them may die, and what is confirmed is on two others."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer

from infra.kafka.broker import Door, brokers
from infra.kafka.groups import admin_of
from infra.settings import Settings
from infra.stack import Stack, running_stack
from infra.stack.plan import Wanted, stages
from infra.topics import wanted_topics
from schemas.errors import StackError
from tests.infra.processes import wait_for

DOOR = Door("worker-1", listens=(7001, 7002, 7003), told=(8001, 8002, 8003))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run three brokers and Redis."""
    settings = Settings.throwaway(tmp_path_factory.mktemp("three"), brokers=3)
    with running_stack(settings, broker_only=True) as stack:
        yield stack


@pytest.mark.integration
def test_status_names_three_brokers(three: Stack) -> None:
    """Each is a process of its own, and they are one cluster."""
    status = three.status()
    names = {process["name"] for process in status["processes"]}
    assert names == {"supervisor", "kafka-1", "kafka-2", "kafka-3", "redis"}
    assert status["kafka"]["brokers"] == 3


@pytest.mark.integration
def test_every_topic_has_three_copies(three: Stack) -> None:
    """The catalogue's topics, the changelogs, and the offsets of the groups."""
    names = [topic.name for topic in wanted_topics()] + ["__consumer_offsets"]
    with admin_of(three.settings) as admin:
        found = admin.describe_topics(names)
    assert {len(part["replica_nodes"]) for topic in found for part in topic["partitions"]} == {3}


@pytest.mark.integration
def test_one_broker_may_die(three: Stack) -> None:
    """Records go on being confirmed by all copies there are, on every partition."""
    producer = KafkaProducer(
        bootstrap_servers=three.settings.bootstrap_servers.split(","), acks="all", retries=1000
    )
    before = three.pid_of("kafka-2")
    try:
        os.kill(before, signal.SIGKILL)
        sent = [
            producer.send("truck.position.v1", b"x", partition=partition) for partition in range(4)
        ]
        assert [future.get(timeout=60).partition for future in sent] == list(range(4))
    finally:
        producer.close()
    wait_for(lambda: three.status()["kafka"]["brokers"] == 3 and three.status()["ready"])
    assert three.pid_of("kafka-2") != before


@pytest.mark.parametrize(("wrote", "asks"), [(1, 3), (3, 1)])
def test_a_log_of_another_number_of_brokers_is_refused(
    tmp_path: Path, wrote: int, asks: int
) -> None:
    """It would look empty; the message says what to do."""
    before = Settings.throwaway(tmp_path, brokers=wrote)
    for name in before.kafka_names:
        (tmp_path / name).mkdir()
    child = brokers(Settings.throwaway(tmp_path, brokers=asks))[0]
    with pytest.raises(StackError, match=rf"start it with `up --brokers {wrote}`"):
        child.prepare()


def test_a_worker_with_a_door_of_its_own_takes_it(tmp_path: Path) -> None:
    """Everybody else takes the common way."""
    settings = Settings.throwaway(tmp_path, brokers=3)
    workers = stages(settings, Wanted(doors=(DOOR,)), lambda _line: None)[1].children
    ways = {child.name: (child.environment or {}).get("HARVESTLANE_KAFKA") for child in workers}
    assert ways["worker-1"] == "127.0.0.1:8001,127.0.0.1:8002,127.0.0.1:8003"
    assert ways["worker-2"] is None
    assert ways["projector"] is None


@pytest.mark.integration
def test_a_broker_tells_those_at_a_door_to_come_by_it_again(tmp_path: Path) -> None:
    """Its configuration has a listener for each door, and tells the port in front of it."""
    settings = Settings.throwaway(tmp_path, brokers=3)
    brokers(settings, (DOOR,))[2].prepare()
    config = (settings.run_dir / "kafka-3.properties").read_text(encoding="utf-8").splitlines()
    assert any("WORKER_1://127.0.0.1:7003" in line for line in config if line.startswith("listen"))
    assert any("WORKER_1://127.0.0.1:8003" in line for line in config if line.startswith("advert"))
