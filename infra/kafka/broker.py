"""Run one Kafka broker or three, each its own controller, in folders of the stack."""

import base64
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra import ports
from infra.settings import PROJECT, Settings
from infra.supervisor import Child
from infra.supervisor.probes import by_kafka
from schemas.errors import StackError

HERE = Path(__file__).resolve().parent
JARS = PROJECT / ".cache" / "kafka"
"""Where `make setup` puts Kafka's jars."""

_HEAP = {1: "-Xmx768m", 3: "-Xmx384m"}
_JVM = (
    "-XX:MaxGCPauseMillis=50",
    "-Djava.awt.headless=true",
    f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}",
)
_FORMAT_WITHIN_S = 60
_COPIES = (
    "default.replication.factor",
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "share.coordinator.state.topic.replication.factor",
)
_CONFIRMING = (
    "min.insync.replicas",
    "transaction.state.log.min.isr",
    "share.coordinator.state.topic.min.isr",
)


@dataclass(frozen=True, slots=True)
class Door:
    """Name a further way to all brokers, taken by one process alone.

    Attributes
    ----------
    name
        The process that takes it, such as `worker-1`.
    listens
        The port at which each broker waits for it.
    told
        The port that each broker tells it to connect to: something may stand in between.
    """

    name: str
    listens: tuple[int, ...]
    told: tuple[int, ...]

    @property
    def listener(self) -> str:
        """Name the way as Kafka knows it."""
        return self.name.upper().replace("-", "_")

    @property
    def bootstrap_servers(self) -> str:
        """Name where its process connects to, `host:port[,…]`."""
        return ",".join(f"127.0.0.1:{port}" for port in self.told)


def brokers(settings: Settings, doors: Sequence[Door] = ()) -> tuple[Child, ...]:
    """Describe the processes of the brokers.

    Parameters
    ----------
    settings
        Folder, ports, and how many.
    doors
        Further ways to them.
    """
    return tuple(_broker(settings, number, doors) for number in range(settings.brokers))


def version() -> str | None:
    """Tell which version of Kafka the jars are; None where there are none."""
    for jar in JARS.glob("kafka_2.13-*.jar"):
        return jar.stem.removeprefix("kafka_2.13-")
    return None


def _broker(settings: Settings, number: int, doors: Sequence[Door]) -> Child:
    name = settings.kafka_names[number]
    config = _config(settings, number)
    heap = ("-Xms256m", _HEAP[settings.brokers])
    return Child(
        name=name,
        command=("java", *heap, *_JVM, "-cp", str(JARS / "*"), "kafka.Kafka", str(config)),
        log=settings.log_path(name),
        is_ready=by_kafka(settings.kafka_ports[number], number + 1),
        prepare=lambda: _prepare(settings, number, doors),
        stop_within_s=30.0,
    )


def _prepare(settings: Settings, number: int, doors: Sequence[Door]) -> None:
    name = settings.kafka_names[number]
    if version() is None:
        raise StackError("kafka: its jars are missing; run `make setup`")
    if shutil.which("java") is None:
        raise StackError("kafka: the program java is missing; run `make setup`")
    _require_own_number(settings)
    for port, variable in (
        (settings.kafka_ports[number], "HARVESTLANE_KAFKA_PORT"),
        (settings.kafka_controller_ports[number], "HARVESTLANE_KAFKA_CONTROLLER_PORT"),
    ):
        ports.require_free("127.0.0.1", port, process=name, variable=variable)
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    lines = (HERE / "server.properties").read_text(encoding="utf-8"), *_own(settings, number, doors)
    _config(settings, number).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if not (settings.home / name / "meta.properties").exists():
        _format(settings, number)


def _require_own_number(settings: Settings) -> None:
    """Refuse a folder whose log was written by another number of brokers: it would look empty."""
    for brokers in {1, 3} - {settings.brokers}:
        other = settings.model_copy(update={"brokers": brokers})
        if any((settings.home / name).exists() for name in other.kafka_names):
            raise StackError(
                f"kafka: {settings.home} holds the event log of {brokers} broker"
                f"{'s' * (brokers > 1)}, not of {settings.brokers}; start it with `up --brokers "
                f"{brokers}` (or HARVESTLANE_BROKERS={brokers}), or set HARVESTLANE_HOME to "
                "another folder"
            )


def _config(settings: Settings, number: int) -> Path:
    return settings.run_dir / f"{settings.kafka_names[number]}.properties"


def _own(settings: Settings, number: int, doors: Sequence[Door]) -> Iterator[str]:
    """Yield what one broker's configuration has of its own."""
    voters = enumerate(settings.kafka_controller_ports, 1)
    plain = f"PLAINTEXT://127.0.0.1:{settings.kafka_ports[number]}"
    listens = [f"{door.listener}://127.0.0.1:{door.listens[number]}" for door in doors]
    told = [f"{door.listener}://127.0.0.1:{door.told[number]}" for door in doors]
    controller = f"CONTROLLER://127.0.0.1:{settings.kafka_controller_ports[number]}"
    names = ("PLAINTEXT", "CONTROLLER", *(door.listener for door in doors))
    yield "# this stack"
    yield f"node.id={number + 1}"
    yield f"listeners={','.join((plain, controller, *listens))}"
    yield f"advertised.listeners={','.join((plain, *told))}"
    yield f"listener.security.protocol.map={','.join(f'{name}:PLAINTEXT' for name in names)}"
    yield f"controller.quorum.voters={','.join(f'{n}@127.0.0.1:{port}' for n, port in voters)}"
    yield f"log.dirs={settings.home / settings.kafka_names[number]}"
    yield from (f"{name}={settings.brokers}" for name in _COPIES)
    yield from (f"{name}={(settings.brokers + 1) // 2}" for name in _CONFIRMING)


def _cluster(settings: Settings) -> str:
    """Return the identity that the brokers share: that of a formatted one, else a new one."""
    for name in settings.kafka_names:
        meta = settings.home / name / "meta.properties"
        for line in meta.read_text(encoding="utf-8").splitlines() if meta.exists() else ():
            if line.startswith("cluster.id="):
                return line.partition("=")[2]
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def _format(settings: Settings, number: int) -> None:
    """Give a data folder the identity of its cluster; needed once."""
    name, config = settings.kafka_names[number], _config(settings, number)
    tool = ("-cp", str(JARS / "*"), "kafka.tools.StorageTool", "format")
    identity = f"--cluster-id={_cluster(settings)}"
    done = subprocess.run(  # noqa: S603 - our own words only
        ("java", "-Xmx128m", *_JVM[1:], *tool, identity, "-c", config),  # noqa: S607
        capture_output=True,
        text=True,
        timeout=_FORMAT_WITHIN_S,
        check=False,
    )
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise StackError(f"kafka: {settings.home / name} cannot be formatted: {words}")
