"""Describe a running stack: its processes, its broker, its Redis, how far it lags."""

from dataclasses import asdict
from typing import Any

from infra.kafka import broker
from infra.settings import Settings
from infra.stack.lag import measure
from infra.stack.record import Record
from infra.supervisor.probes import kafka_brokers
from schemas.errors import StackError


def describe(settings: Settings) -> dict[str, Any]:
    """Describe the stack that runs from a folder.

    Parameters
    ----------
    settings
        Name the folder.

    Returns
    -------
    dict
        `processes` (name, pid, state, ready), `kafka` (bootstrap, version, brokers), `redis`
        (url, ready), `lag` (total, and by topic of the workers and of the projector; null where
        it cannot be told), `ready`, `home`, `url`.

    Raises
    ------
    StackError
        No stack runs from it.
    """
    record = Record.read(settings)
    if record is None:
        raise StackError(
            f"no stack runs from {settings.home}; start one with `harvestlane up` (or `make run`)"
        )
    running = record.running_settings(settings)
    brokers = _brokers(running)
    return {
        "ready": record.ready and all(process.ready for process in record.processes),
        "home": str(running.home),
        "url": running.base_url,
        "processes": [asdict(process) for process in record.processes],
        "kafka": {
            "bootstrap": running.bootstrap_servers,
            "version": broker.version() if running.kafka is None else None,
            "brokers": brokers,
        },
        "redis": {"url": running.redis_url, "ready": _redis_answers(running)},
        "lag": measure(running) if brokers else None,
    }


def _brokers(settings: Settings) -> int:
    for server in settings.bootstrap_servers.split(","):
        host, _, port = server.rpartition(":")
        if port.isdigit() and (nodes := kafka_brokers(host.strip("[]"), int(port))):
            return len(nodes)
    return 0


def _redis_answers(settings: Settings) -> bool:
    from redis import Redis  # noqa: PLC0415 - heavy
    from redis.exceptions import RedisError  # noqa: PLC0415

    try:
        with Redis.from_url(settings.redis_url, socket_timeout=2) as client:
            return bool(client.ping())
    except RedisError:
        return False
