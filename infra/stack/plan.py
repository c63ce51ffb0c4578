"""Say which processes a stack consists of, and in which order they start."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

from infra import ports, topics
from infra.kafka.broker import Door, brokers
from infra.kafka.groups import WORKERS, admin_of, committed
from infra.redis.server import server
from infra.settings import Settings
from infra.supervisor import Child, Stage
from infra.supervisor.probes import by_http, by_sign, still_by_sign
from schemas.errors import StackError

DEMO_SPEED = 60.0
"""Speed of a scenario's clock where nobody says another: a day in 24 minutes."""

_WORKER_STILL_S = 10.0  # by then the group has given its partitions away


@dataclass(frozen=True, slots=True)
class Wanted:
    """Say which part of a stack is wanted.

    Attributes
    ----------
    scenario
        Name or file of a scenario to play; none where None.
    speed
        Seconds of the scenario's clock in one second.
    broker_only
        Whether Kafka and Redis, with the topics, are all that is wanted.
    doors
        Ways to the brokers that one process each takes, where it is not the common one.
    """

    scenario: str | None = None
    speed: float | None = None
    broker_only: bool = False
    doors: tuple[Door, ...] = ()

    def clocked(self, settings: Settings) -> Settings:
        """Return the settings with the clock that this stack follows."""
        if self.scenario is None:
            return settings
        speed = self.speed
        if speed is None:
            speed = DEMO_SPEED if settings.clock_speed == 1.0 else settings.clock_speed
        return settings.model_copy(update={"clock": "scenario", "clock_speed": speed})


def stages(settings: Settings, wanted: Wanted, say: Callable[[str], None]) -> list[Stage]:
    """List the stages of a stack.

    Parameters
    ----------
    settings
        The stack's settings, with its clock.
    wanted
        Which part of it.
    say
        Takes one line for people.

    Returns
    -------
    list of Stage
        Kafka and Redis (those of ours) and the topics; then workers, projector and API; then the
        scenario's player.
    """
    kafka = brokers(settings, wanted.doors) if settings.kafka is None else ()
    redis = (server(settings),) if settings.redis is None else ()
    found = [Stage((*kafka, *redis), then=lambda: _apply_topics(settings, say))]
    if wanted.broker_only:
        return found
    workers = (f"worker-{number}" for number in range(1, settings.workers + 1))
    found.append(
        Stage(
            (
                *(_worker(settings, name, wanted.doors) for name in workers),
                _ours(settings, "projector", "projector"),
                _api(settings),
            )
        )
    )
    if wanted.scenario is not None:
        words = ("play", wanted.scenario, "--speed", str(settings.clock_speed))
        found.append(Stage((_ours(settings, "scenario", *words, may_end=True),)))
    return found


def _command(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "infra.cli", *words)


def _ours(
    settings: Settings,
    name: str,
    *words: str,
    grace_s: float = 10.0,
    still_s: float = 60.0,
    may_end: bool = False,
) -> Child:
    return Child(
        name=name,
        command=_command(*words),
        log=settings.log_path(name),
        is_ready=by_sign(settings.readiness_path(name)),
        environment=settings.environment(),
        stop_within_s=grace_s,
        may_end=may_end,
        is_still=still_by_sign(settings.readiness_path(name), after_s=still_s),
    )


def _worker(settings: Settings, name: str, doors: tuple[Door, ...]) -> Child:
    for door in doors:
        if door.name == name:
            settings = settings.model_copy(update={"kafka": door.bootstrap_servers})
    return _ours(settings, name, "worker", name, grace_s=15.0, still_s=_WORKER_STILL_S)


def _api(settings: Settings) -> Child:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return Child(
        name="api",
        command=_command("api"),
        log=settings.log_path("api"),
        is_ready=by_http(host, settings.port, "/readyz"),
        environment=settings.environment(),
        prepare=lambda: ports.require_free(
            settings.host, settings.port, process="api", variable="HARVESTLANE_PORT"
        ),
    )


def _apply_topics(settings: Settings, say: Callable[[str], None]) -> None:
    _require_redis(settings)
    applied = topics.apply(settings)
    with admin_of(settings) as admin:
        committed(admin, WORKERS)  # from here on groups have a coordinator and form at once
    if applied.created:
        say(f"created {len(applied.created)} topics")
    for difference in applied.differences:
        say(f"topic {difference}")
    counts = [str(difference) for difference in applied.differences if _hurts(difference.what)]
    if counts:
        raise StackError(
            f"{counts[0]}; workers cannot share such topics: use another broker or delete the topic"
        )


def _hurts(what: str) -> bool:
    return what == "partitions"


def _require_redis(settings: Settings) -> None:
    try:
        with Redis.from_url(settings.redis_url, socket_timeout=5) as client:
            client.ping()
    except (RedisError, ValueError) as error:
        raise StackError(
            f"Redis at {settings.redis_url} does not answer ({error}); correct HARVESTLANE_REDIS, "
            "or unset it to run one"
        ) from error
