"""Run real Kafka and Redis under the supervisor, kill them, stop them, look at them."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from redis import Redis

from infra import topics
from infra.settings import Settings
from infra.stack import Stack, running_stack
from schemas.errors import StackError
from tests.infra.processes import cli, exists, kill_and_await

pytestmark = pytest.mark.integration

PLACE = TopicPartition("truck.position.v1", 0)


@contextmanager
def a_listener(port: int) -> Iterator[None]:
    """Take a port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield


def send(settings: Settings, value: bytes) -> None:
    """Put one record on a topic, confirmed."""
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap_servers)
    producer.send(PLACE.topic, value, partition=PLACE.partition).get(timeout=30)
    producer.close()


def read_all(settings: Settings) -> list[bytes]:
    """Read every record of the topic's partition."""
    consumer = KafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers, auto_offset_reset="earliest"
    )
    consumer.assign([PLACE])
    end = consumer.end_offsets([PLACE])[PLACE]
    found: list[bytes] = []
    while consumer.position(PLACE) < end:
        for records in consumer.poll(timeout_ms=500).values():
            found += [record.value for record in records]
    consumer.close()
    return found


def test_broker_has_every_topic_of_the_catalogue(broker: Stack) -> None:
    """`up` applies the catalogue before anything else may use the broker."""
    assert topics.check(broker.settings) == []


def test_status_names_processes_broker_redis_and_lag(broker: Stack) -> None:
    """`status --json` prints one object with what the contract names."""
    done = cli(broker.settings, "status", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert {process["name"] for process in found["processes"]} == {"supervisor", "kafka", "redis"}
    assert all(process["ready"] for process in found["processes"])
    assert found["kafka"]["bootstrap"] == broker.settings.bootstrap_servers
    assert found["kafka"]["version"].startswith("4.")
    assert found["kafka"]["brokers"] == 1
    assert found["redis"]["ready"] is True
    assert found["lag"]["total"] >= 0


def test_status_without_json_is_for_people(broker: Stack) -> None:
    """One line a process."""
    done = cli(broker.settings, "status")
    assert "kafka" in done.stdout
    assert "Redis        redis://127.0.0.1" in done.stdout


def test_second_up_on_the_same_folder_is_refused(broker: Stack) -> None:
    """One folder, one stack."""
    done = cli(broker.settings, "up", "--broker-only")
    assert done.returncode == 1
    assert done.stderr.startswith("harvestlane: a stack already runs from ")
    assert len(done.stderr.splitlines()) == 1


def test_status_and_down_say_where_no_stack_runs(tmp_path: Path) -> None:
    """`status` fails, `down` is content."""
    settings = Settings.throwaway(tmp_path / "home")
    asked, stopped = cli(settings, "status", "--json"), cli(settings, "down")
    assert asked.returncode == 1
    assert "no stack runs from" in asked.stderr
    assert asked.stdout == ""
    assert stopped.returncode == 0


def test_killed_kafka_and_redis_are_back_with_all_they_had(tmp_path: Path) -> None:
    """A SIGKILL loses nothing that was acknowledged."""
    with running_stack(Settings.throwaway(tmp_path), broker_only=True) as stack:
        send(stack.settings, b"first")
        with Redis.from_url(stack.settings.redis_url) as client:
            client.set("kept", "yes")
        kill_and_await(stack, "kafka")
        kill_and_await(stack, "redis")
        send(stack.settings, b"second")
        assert read_all(stack.settings) == [b"first", b"second"]
        with Redis.from_url(stack.settings.redis_url) as client:
            assert client.get("kept") == b"yes"
        assert "kafka was killed by SIGKILL" in stack.log("supervisor")


def test_detached_stack_stops_by_down_and_goes_on_where_it_stood(tmp_path: Path) -> None:
    """State lives in one folder and survives; `down` leaves no process."""
    settings = Settings.throwaway(tmp_path)
    assert cli(settings, "up", "--broker-only", "--detach").returncode == 0
    try:
        pids = [process["pid"] for process in Stack(settings).status()["processes"]]
        send(settings, b"kept")
    finally:
        stopped = cli(settings, "down")
    assert stopped.stdout == "the stack has stopped\n"
    assert not any(exists(pid) for pid in pids)
    with running_stack(settings, broker_only=True):
        assert read_all(settings) == [b"kept"]


def test_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    """SIGINT ends a stack in the foreground with status 0."""
    settings = Settings.throwaway(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "up", "--broker-only"],
        env=settings.environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Kafka is at 127.0.0.1:")
        pids = [found["pid"] for found in Stack(settings).status()["processes"]]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert not any(exists(pid) for pid in pids)


def test_taken_port_is_a_clear_message(tmp_path: Path) -> None:
    """The message names the port, the one who has it, and the variable that moves ours."""
    settings = Settings.throwaway(tmp_path)
    with a_listener(settings.redis_port):
        done = cli(settings, "up", "--broker-only")
    assert done.returncode == 1
    assert f"redis: port {settings.redis_port} of 127.0.0.1 is taken by " in done.stderr
    assert "HARVESTLANE_REDIS_PORT" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_stack_that_cannot_start_says_why_in_the_test_api_too(tmp_path: Path) -> None:
    """`running_stack` raises with the words of the supervisor."""
    settings = Settings.throwaway(tmp_path)
    with (
        a_listener(settings.kafka_port),
        pytest.raises(StackError, match=f"kafka: port {settings.kafka_port} of .* is taken"),
        running_stack(settings, broker_only=True),
    ):
        pytest.fail("the stack may not start")


def test_existing_broker_and_redis_are_used(broker: Stack, tmp_path: Path) -> None:
    """A stack given both starts neither."""
    settings = Settings.throwaway(tmp_path).model_copy(
        update={"kafka": broker.settings.bootstrap_servers, "redis": broker.settings.redis_url}
    )
    with running_stack(settings, broker_only=True) as stack:
        status = stack.status()
    assert [process["name"] for process in status["processes"]] == ["supervisor"]
    assert status["kafka"]["bootstrap"] == broker.settings.bootstrap_servers
    assert status["kafka"]["brokers"] == 1


def test_existing_redis_that_is_silent_is_a_clear_message(broker: Stack, tmp_path: Path) -> None:
    """The message names the variable."""
    settings = Settings.throwaway(tmp_path)
    lost = f"redis://127.0.0.1:{settings.redis_port}/0"
    settings = settings.model_copy(
        update={"kafka": broker.settings.bootstrap_servers, "redis": lost}
    )
    done = cli(settings, "up", "--broker-only")
    assert done.returncode == 1
    assert "correct HARVESTLANE_REDIS" in done.stderr
