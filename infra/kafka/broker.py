"""Run one Kafka broker, its own controller, in a folder of the stack."""

import base64
import shutil
import subprocess
import uuid
from pathlib import Path

from infra import ports
from infra.settings import PROJECT, Settings
from infra.supervisor import Child
from infra.supervisor.probes import by_kafka
from schemas.errors import StackError

HERE = Path(__file__).resolve().parent
JARS = PROJECT / ".cache" / "kafka"
"""Where `make setup` puts Kafka's jars."""

_JVM = (
    "-Xms256m",
    "-Xmx768m",
    "-XX:MaxGCPauseMillis=50",
    "-Djava.awt.headless=true",
    f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}",
)
_FORMAT_WITHIN_S = 60


def broker(settings: Settings) -> Child:
    """Describe the broker's process.

    Parameters
    ----------
    settings
        Folder and ports.
    """
    return Child(
        name="kafka",
        command=("java", *_JVM, "-cp", str(JARS / "*"), "kafka.Kafka", str(_config(settings))),
        log=settings.log_path("kafka"),
        is_ready=by_kafka(settings.kafka_port),
        prepare=lambda: _prepare(settings),
        stop_within_s=30.0,
    )


def version() -> str | None:
    """Tell which version of Kafka the jars are; None where there are none."""
    for jar in JARS.glob("kafka_2.13-*.jar"):
        return jar.stem.removeprefix("kafka_2.13-")
    return None


def _prepare(settings: Settings) -> None:
    if version() is None:
        raise StackError("kafka: its jars are missing; run `make setup`")
    if shutil.which("java") is None:
        raise StackError("kafka: the program java is missing; run `make setup`")
    for port, variable in (
        (settings.kafka_port, "HARVESTLANE_KAFKA_PORT"),
        (settings.kafka_controller_port, "HARVESTLANE_KAFKA_CONTROLLER_PORT"),
    ):
        ports.require_free("127.0.0.1", port, process="kafka", variable=variable)
    _write_config(settings)
    if not (settings.kafka_dir / "meta.properties").exists():
        _format(settings)


def _config(settings: Settings) -> Path:
    return settings.run_dir / "kafka.properties"


def _write_config(settings: Settings) -> None:
    listen = f"PLAINTEXT://127.0.0.1:{settings.kafka_port}"
    lines = (
        (HERE / "server.properties").read_text(encoding="utf-8"),
        "# this stack",
        f"listeners={listen},CONTROLLER://127.0.0.1:{settings.kafka_controller_port}",
        f"advertised.listeners={listen}",
        f"controller.quorum.voters=1@127.0.0.1:{settings.kafka_controller_port}",
        f"log.dirs={settings.kafka_dir}",
    )
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    _config(settings).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _format(settings: Settings) -> None:
    """Give the data folder the identity of a new cluster; needed once."""
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = ("-cp", str(JARS / "*"), "kafka.tools.StorageTool", "format")
    done = subprocess.run(  # noqa: S603 - our own words only
        ("java", "-Xmx128m", *_JVM[3:], *tool, f"--cluster-id={cluster}", "-c", _config(settings)),  # noqa: S607
        capture_output=True,
        text=True,
        timeout=_FORMAT_WITHIN_S,
        check=False,
    )
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise StackError(f"kafka: {settings.kafka_dir} cannot be formatted: {words}")
