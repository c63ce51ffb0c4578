"""The served process writes to a real Kafka, and stops soon though streams are open."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from redis import Redis

from api.broker import KafkaBroker
from api.problems import Problem
from api.tokens import read_token
from infra.logins import one_time_link, script_token
from infra.readiness import Sign
from infra.settings import Settings, free_ports
from infra.stack import Stack
from schemas.envelope import decode, encode
from schemas.lot import LotReady
from schemas.model import parse_time

pytestmark = pytest.mark.integration
Served = tuple[subprocess.Popen[bytes], httpx.Client]
LOT = {
    "lot_id": "served-1",
    "region": "kien-giang",
    "product": "pineapple",
    "quantity_kg": 5000,
    "pickup": {"lat": 9.733, "lon": 105.274, "name": "Gò Quao"},
    "ready_from": "2021-08-24T05:00:00+07:00",
    "hold_until": "2021-08-26T05:00:00+07:00",
}


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    """Run `harvestlane api` until the block ends."""
    command = [sys.executable, "-m", "infra.cli", "api"]
    process = subprocess.Popen(command, env=settings.environment())
    headers = {"authorization": f"Bearer {script_token(settings, 'dispatcher')}"}
    try:
        with httpx.Client(base_url=settings.base_url, headers=headers, timeout=20) as client:
            _wait(process, client)
            yield process, client
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def served(broker: Stack) -> Iterator[Served]:
    """Run one API process for the tests that leave it running."""
    with serving(broker.settings) as running:
        yield running


def _wait(process: subprocess.Popen[bytes], client: httpx.Client) -> None:
    for _ in range(300):
        assert process.poll() is None
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the API does not get ready")


async def test_a_write_stands_in_kafka_once_it_is_acknowledged(
    broker: Stack, served: Served
) -> None:
    settings = broker.settings
    process, client = served
    receipt = client.post("/v1/lots", json=LOT).json()["receipts"][0]
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers)
    await consumer.start()
    try:
        partition = TopicPartition(receipt["topic"], receipt["partition"])
        consumer.assign([partition])
        consumer.seek(partition, receipt["offset"])
        record = await consumer.getone()
    finally:
        await consumer.stop()
    event = decode(record.topic, record.key, record.value, record.headers)
    assert (event.type, event.id, event.key) == ("lot.declared", receipt["id"], "served-1")
    sign = Sign.read(settings.readiness_path("api"))
    assert sign is not None
    assert sign.pid == process.pid


def test_a_process_with_open_streams_stops_when_asked(broker: Stack, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    settings = broker.settings.model_copy(update={"home": tmp_path, "port": port})
    with (
        serving(settings) as (process, client),
        client.stream("GET", "/v1/stream") as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        process.send_signal(signal.SIGTERM)
        assert not any(line.startswith("event") for line in lines)
        assert process.wait(20) in {0, -signal.SIGTERM}


def test_an_api_without_its_broker_acknowledges_nothing_and_still_reads(
    broker: Stack, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    settings = broker.settings.model_copy(
        update={"home": tmp_path, "port": port, "kafka": "127.0.0.1:1"}
    )
    command = [sys.executable, "-m", "infra.cli", "api"]
    process = subprocess.Popen(command, env=settings.environment())
    headers = {"authorization": f"Bearer {script_token(settings, 'dispatcher')}"}
    try:
        with httpx.Client(base_url=settings.base_url, headers=headers, timeout=30) as client:
            for _ in range(300):
                try:
                    client.get("/healthz")
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            refused = client.post("/v1/lots", json=LOT)
            assert (refused.status_code, refused.json()["code"]) == (503, "broker_unavailable")
            assert client.get("/readyz").status_code == 503
            assert client.get("/v1/trucks").status_code == 200
    finally:
        process.kill()
        process.wait()


async def test_the_producer_tells_where_records_stand_and_which_topics_miss(broker: Stack) -> None:
    kafka = KafkaBroker(broker.settings.bootstrap_servers)
    try:
        assert await kafka.missing_topics() == set()
        record = encode(
            "harvest.lot.v1",
            "lot.ready",
            LotReady(lot_id="served-1"),
            event_id="r1",
            source="/test",
            time=parse_time("2021-08-24T00:00:00Z"),
        )
        first, second = await kafka.publish([record, record])
        assert second.offset == first.offset + 1
    finally:
        await kafka.close()


async def test_a_silent_broker_is_a_problem_and_leaves_nothing_behind() -> None:
    kafka = KafkaBroker("127.0.0.1:1")
    with pytest.raises(Problem, match="not everything was acknowledged"):
        await kafka.publish([])
    assert await kafka.missing_topics() is None
    await kafka.close()


@pytest.mark.usefixtures("served")
def test_a_taken_port_is_one_clear_line(broker: Stack) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "infra.cli", "api"],
        env=broker.settings.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert "HARVESTLANE_PORT" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_link_logs_in_with_a_code_behind_the_hash(broker: Stack, served: Served) -> None:
    settings = broker.settings
    link = one_time_link(settings, "haulier", "H1", page="/haulier")
    address, _, code = link.partition("#")
    assert address == f"{settings.base_url}/login"
    _, client = served
    answer = client.post("/v1/session", json={"code": code})
    assert answer.json()["page"] == "/haulier"
    assert client.post("/v1/session", json={"code": code}).status_code == 401


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--role", "haulier", "--subject", "H1"], 0),
        (["--role", "king"], 2),
        (["--role", "haulier", "--subject", "a b"], 2),
        ([], 2),
    ],
)
def test_the_token_command_prints_a_token_or_what_is_wrong(
    tmp_path: Path, options: list[str], status: int
) -> None:
    settings = Settings(home=tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "token", *options],
        env=settings.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status
    if status == 0:
        actor = read_token(settings.signing_secret(), done.stdout.strip(), use="api")
        assert (actor.role, actor.subject) == ("haulier", "H1")


def test_lost_connections_to_redis_are_made_anew(broker: Stack) -> None:
    with (
        serving(broker.settings) as (_, client),
        Redis.from_url(broker.settings.redis_url) as redis,
    ):
        redis.hset("view:truck", "T1", b'{"truck_id":"T1"}')
        redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert client.get("/v1/trucks/T1").json() == {"id": "T1", "truck_id": "T1"}
        redis.delete("view:truck")
