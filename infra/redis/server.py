"""Run one Redis server in a folder of the stack."""

from pathlib import Path

from infra import ports
from infra.settings import Settings
from infra.supervisor import Child
from infra.supervisor.probes import by_redis

_CONFIG = Path(__file__).resolve().parent / "redis.conf"


def server(settings: Settings) -> Child:
    """Describe the server's process.

    Parameters
    ----------
    settings
        Folder and port.
    """
    return Child(
        name="redis",
        command=(
            "redis-server",
            str(_CONFIG),
            *("--bind", "127.0.0.1"),
            *("--port", str(settings.redis_port)),
            *("--dir", str(settings.redis_dir)),
        ),
        log=settings.log_path("redis"),
        is_ready=by_redis(settings.redis_port),
        prepare=lambda: _prepare(settings),
        stop_within_s=20.0,
    )


def _prepare(settings: Settings) -> None:
    ports.require_free(
        "127.0.0.1", settings.redis_port, process="redis", variable="HARVESTLANE_REDIS_PORT"
    )
    settings.redis_dir.mkdir(parents=True, exist_ok=True)
